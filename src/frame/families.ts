/**
 * Families: the shapes that a thread's items have shown, and when it stops looking for more.
 *
 *   first item ──keys──▶ family ──gather──▶ n items ──▶ frame
 *        │ unknown keys                │ an item of another shape
 *        ▼                             ▼
 *   infer a shape from the run     widen the shape to the rest of the run, gather again
 *
 * Rules
 *   F1  a family's loop is compiled when it has gathered WARM items, again when it was widened; a thread compiles MAX_COMPILED
 *   F2  a family may be widened MAX_WIDENED times; after that the item of another shape ends the frame
 *   F3  a frame of too few items is a loss. MAX_LOSSES in a row, and the family's items go as values for good
 *   F4  there are MAX_FAMILIES families; after MAX_STRANGERS new ones in a row that did not make a frame, one unknown run in
 *       STRANGER_EVERY is tried
 *   F5  with a hint the first item is enough: the family has the hint's kinds and optional fields, and its loop is compiled at once
 *   F6  a run of less than WORTH items makes no family: it is a frame if the family that it is of has its loop
 * So items whose shapes never settle cost a bounded number of inferences and compilations, then what they cost without columns.
 * Getters: a shape is not inferred from items with accessors; where a later item has them, they are called by the gathering,
 * and once more by another codec if that item is not for columns after all.
 * Called by records.ts. The state is the thread's.
 */
import { compileGather, type Gather } from './gather.ts'
import { plainGather } from './gather-plain.ts'
import { hinted } from './hint.ts'
import { columnOfItem, isPlain, widened } from './infer.ts'
import { writeColumns } from './lay-out.ts'
import { MAX_ITEMS, MISFIT, createScratch, forget, layOut, prepare, type Layout, type Scratch } from './layout.ts'
import { MAX_FIELDS, textOf, type Column, type Shape } from './shape.ts'
import { createPacking, type Packing } from './words.ts'

/** Items that are gathered without a loop of their own: compiling one costs as much as a few hundred. */
const WARM = 256
const MAX_COMPILED = 256
const MAX_WIDENED = 16
const MAX_LOSSES = 16
const MAX_FAMILIES = 256
const MAX_STRANGERS = 64
const STRANGER_EVERY = 256
/** Signatures that are remembered. */
const MAX_SIGNATURES = 4096
/** Runs shorter than this go as values as long as their family has no loop. */
const WORTH = 16
/** Runs shorter than this go as values in any case: a frame of columns takes 5 us besides its items, one of values as long. */
const LEAST = 4
/** Items of each variant that a frame has to have, on average. */
const WORTH_PER_VARIANT = 8

interface Family {
  shape: Shape
  layout: Layout
  packing: Packing
  gather: Gather
  compiled: boolean
  /** Items gathered by the current loop. */
  gathered: number
  widened: number
  losses: number
  /** The text of the shape, and the packing that it was written for. */
  text: Buffer
  textFor: readonly number[]
}

/** Families by signature; `undefined` for what goes as values. */
type Signatures = Map<string, Family | undefined>

/** What identifies the family of an item: its keys in order. None when there are too many. */
const signatureOf = (item: object): string | undefined => {
  if (Array.isArray(item)) return `[${Math.min(item.length, WORTH + 1)}`
  let signature = ''
  let fields = 0
  for (const key in item) {
    if (fields++ === MAX_FIELDS) return undefined
    signature += `${key}\0`
  }
  return signature
}

export interface ColumnsWriter {
  /** As the codec's `encode`; `hint` is the shape that the items are supposed to have. */
  write(items: readonly unknown[], from: number, to: number, target: Buffer, written: { bytes: number }, hint?: Shape): number
  /** Families, and loops compiled so far: for specs. */
  counts(): { readonly families: number; readonly compiled: number }
}

/** A writer with families of its own; `plain`: it never compiles. */
export const createColumnsWriter = (plain = false): ColumnsWriter => {
  /** Those of items without a hint. */
  const signatures: Signatures = new Map()
  const byHint = new WeakMap<Shape, Signatures>()
  const families: Family[] = []
  const scratch: Scratch = createScratch()
  let compiled = 0
  let strangers = 0
  let busy = false

  const reshape = (family: Family, shape: Shape): void => {
    const layout = layOut(shape)
    Object.assign(family, {
      shape, layout, packing: createPacking(layout), gather: plainGather(layout), compiled: plain, gathered: 0, textFor: []
    })
  }

  const textFor = (family: Family) => (packing: readonly number[]): Buffer => {
    if (family.textFor.length !== packing.length || packing.some((each, id) => each !== family.textFor[id])) {
      family.text = Buffer.from(textOf(family.shape, packing), 'latin1')
      family.textFor = [...packing]
    }
    return family.text
  }

  /** The shape of as many items as it has room for; none when not even the first is for columns. */
  const infer = (shape: Shape, items: readonly unknown[], from: number, to: number): Shape => {
    let all = shape
    for (let i = from; i < to; i++) {
      const column = columnOfItem(items[i])
      const wider = column && widened(all, column)
      if (wider === undefined) break
      all = wider
    }
    return all
  }

  const signaturesOf = (hint: Shape | undefined): Signatures => {
    if (hint === undefined) return signatures
    let known = byHint.get(hint)
    if (known === undefined) byHint.set(hint, (known = new Map<string, Family | undefined>()))
    return known
  }

  /** A family that has room for items of these columns as it is. */
  const taking = (columns: readonly Column[]): Family | undefined =>
    families.find(({ shape }) => {
      const text = textOf(shape, [])
      return columns.every((column) => {
        const wider = widened(shape, column)
        return wider !== undefined && textOf(wider, []) === text
      })
    })

  const create = (shape: Shape): Family => {
    const family = { widened: 0, losses: 0, text: Buffer.alloc(0), textFor: [] } as unknown as Family
    reshape(family, shape)
    families.push(family)
    return family
  }

  /** The family that the hint and the first item foretell; none when the item is not for columns. */
  const foretold = (hint: Shape, first: Column): Family | undefined => {
    const shape = hinted(hint, first)
    if (shape === undefined) return undefined
    const settled = taking(shape)
    if (settled !== undefined || families.length === MAX_FAMILIES) return settled
    const family = create(shape)
    warm(family, WARM)
    return family
  }

  const familyOf = (items: readonly unknown[], from: number, to: number, hint: Shape | undefined): Family | undefined => {
    const first = items[from]
    if (typeof first !== 'object' || first === null || !(Array.isArray(first) || isPlain(first))) return undefined
    const signature = signatureOf(first)
    if (signature === undefined) return undefined
    const known = signaturesOf(hint)
    if (known.has(signature)) return known.get(signature)
    strangers++ // until a frame has been made
    if (strangers > MAX_STRANGERS && strangers % STRANGER_EVERY !== 0) return undefined
    const remember = (family: Family | undefined): Family | undefined => {
      if (known.size === MAX_SIGNATURES) known.clear()
      known.set(signature, family)
      return family
    }
    const column = columnOfItem(first)
    if (column === undefined) return remember(undefined)
    const settled = (hint && foretold(hint, column)) ?? taking([column])
    if (settled !== undefined) return remember(settled)
    if (families.length === MAX_FAMILIES) return undefined
    const shape = infer([], items, from, to)
    return remember(shape.length === 0 ? undefined : create(shape))
  }

  /** The family of a short run: one that is known, and whose loop is compiled. */
  const knownOf = (first: unknown, hint: Shape | undefined): Family | undefined => {
    if (typeof first !== 'object' || first === null || !(Array.isArray(first) || isPlain(first))) return undefined
    const signature = signatureOf(first)
    const family = signature === undefined ? undefined : signaturesOf(hint).get(signature)
    return family?.compiled === true ? family : undefined
  }

  const gather = (family: Family, items: readonly unknown[], from: number, n: number, room: number): number => {
    prepare(scratch, family.layout, n)
    return family.gather(items, from, n, room, scratch)
  }

  const warm = (family: Family, n: number): void => {
    family.gathered += n
    if (family.compiled || family.gathered < WARM || compiled === MAX_COMPILED) return
    family.compiled = true
    compiled++
    family.gather = compileGather(family.layout) ?? family.gather
  }

  /** Gathers a run; widens the family when an item is of another shape. */
  const run = (family: Family, items: readonly unknown[], from: number, wanted: number, room: number): number => {
    const n = gather(family, items, from, wanted, room)
    if (n === wanted || scratch.why !== MISFIT || family.widened === MAX_WIDENED) return n
    family.widened++
    const shape = infer(family.shape, items, from + n, from + wanted)
    if (textOf(shape, []) === textOf(family.shape, [])) return n
    forget(scratch, family.layout)
    reshape(family, shape)
    return gather(family, items, from, wanted, room)
  }

  const attempt = (
    family: Family, items: readonly unknown[], from: number, wanted: number, target: Buffer, written: { bytes: number }
  ): number => {
    const n = run(family, items, from, wanted, target.byteLength)
    const enough = Math.min(wanted, Math.max(WORTH, WORTH_PER_VARIANT * family.layout.variants.length))
    if (n < enough && (n === 0 || scratch.why === MISFIT)) {
      family.losses++
      return 0
    }
    family.losses = 0
    strangers = 0
    warm(family, n)
    return writeColumns(family.layout, scratch, family.packing, textFor(family), n, target, written)
  }

  const write = (
    items: readonly unknown[], from: number, to: number, target: Buffer, written: { bytes: number }, hint?: Shape
  ): number => {
    const wanted = Math.min(to - from, MAX_ITEMS)
    if (wanted < LEAST || busy) return 0 // busy: a getter writes a frame
    for (const _ in Object.prototype) return 0 // every loop over keys would see it
    const family = wanted < WORTH ? knownOf(items[from], hint) : familyOf(items, from, from + wanted, hint)
    if (family === undefined || family.losses > MAX_LOSSES) return 0
    busy = true
    try {
      return attempt(family, items, from, wanted, target, written)
    } catch {
      return 0 // an accessor's error, or what cannot be cloned: the codec of all values finds it again, and names it
    } finally {
      busy = false
      forget(scratch, family.layout)
    }
  }

  return { write, counts: () => ({ families: families.length, compiled }) }
}
