/**
 * Writes the text of a task's loop: the code of its kernels, nested.
 *
 *   run(items, from, to)   for each item ── code of the stages, one inside the other ── o0.push(result)
 *   end()                  for each stage that holds something, inputs first: the code that lets it go
 *
 * Everything that an item touches is a local variable of `run`, so that V8 keeps numbers in registers (variables of an outer
 * scope cost three times as much, measured over map, filter, map). For that no variable may keep a number for the next item, not even
 * for the code that tells of a failure: what is nothing before the loop and a number in it becomes an object for each item. So the `x`
 * are cleared, and what a loop keeps of a state (`kept`) has a text of its own for numbers (decision 0021).
 * What outlasts a call lives in `states`; the flags `X` (this stage wants no more) only repeat what the states say.
 * No text of the user's goes in: functions, values and names are reached through `bound`, by names of our own. Only the names of fields are
 * there where the loop makes the records of a frame, as string literals (`making`, decision 0022).
 *
 * Called by compile.ts, and by specs. Imports nothing that takes time to load. Source: produce/consume code generation, Neumann 2011.
 */
import { stopsOnFailure, type Program, type ProgramNode, type Target } from '../../plan/program.ts'
import type { Making } from '../../prelude/items.ts'
import type { Emitter, Kernel } from './kernel.ts'
import { branches, traits } from './traits.ts'

/** What a call of the loop answers. */
export const DONE = 0
/** Results wait to be taken; then `resume`. */
export const PAUSED = 1
/** A retry waits; then `resume`. */
export const WAIT = 2
/** No more input is wanted. */
export const CLOSED = 3
export type Status = typeof DONE | typeof PAUSED | typeof WAIT | typeof CLOSED
/** Between a loop and compile.ts: what it keeps is not a number any more; the others go on with `pace.next`. */
export const LEFT = 4

/** What can be told of a loop without its text. */
export interface Nature {
  /** Compiled to generators: may pause in the middle of an item. */
  readonly resumable: boolean
  /** Fields of states that a `numeric` loop keeps in variables, while they are numbers. */
  readonly keeps: readonly { readonly node: number; readonly field: string }[]
}

export interface Code extends Nature {
  readonly source: string
}

/** In which form the items come: each has a text of its own, since V8 compiles a loop for what it has seen in it. */
interface Head {
  /** Statements before the loop. */
  readonly before: string
  readonly from: string
  readonly to: string
  readonly item: string
  /** The place of the item in the batch. */
  readonly place: string
}

const listed: Head = { before: '', from: 'from', to: 'to', item: 'items[i]', place: 'i' }
const made = (item: string): Head => ({ before: 'const { start, step, first } = items;', from: 'first + from', to: 'first + to', item, place: 'i - first' })

const heads = {
  list: listed,
  ints: listed,
  floats: listed,
  /** A progression; of step 1; from 0 on. */
  steps: made('start + i * step'),
  follow: made('start + i'),
  count: made('i'),
  /** Records that the loop makes: see `Making`. */
  rows: listed
} as const satisfies Readonly<Record<string, Head>>

export type HeadName = keyof typeof heads

export interface Wanted {
  /** Results that gather before an expanding stage pauses. */
  readonly pauseAt: number
  readonly head?: HeadName
  /** For `rows`: how a record is made. */
  readonly making?: Making | undefined
  /** What it keeps are numbers; a loop that is not leaves them be. */
  readonly numeric?: boolean
  /** Outlets that gather numbers in a column. */
  readonly columns?: ReadonlySet<number>
  /** Functions that are not to become a part of the loop: by node, their names. */
  readonly apart?: readonly ReadonlySet<string>[]
}

/**
 * Turns of an expanding stage's loop without a pause, at first and at most; the driver finds out in between how many take how long.
 * An endless iterable of which nothing comes out can still be stopped.
 */
export const FIRST_TURNS = 64
export const MOST_TURNS = 16_384

const OURS = /^[A-Za-z]\w*$/

export const isRetry = (node: ProgramNode): boolean => typeof node.onError === 'object'

export const kernelOf = (kernels: Readonly<Record<string, Kernel>>, node: ProgramNode): Kernel => {
  const kernel = kernels[node.kind]
  if (kernel === undefined) throw new Error(`millrace: no kernel for stage kind '${node.kind}'`)
  return kernel
}

const NO_COLUMNS: ReadonlySet<number> = new Set()

/**
 * Items between two turns of an outer loop, which is for V8. It compiles a loop in the middle of a call (OSR) without knowing what the variables
 * hold, so that a sum is an object for each item; and such code is entered again in each call, for ever, where nothing makes V8 throw it away:
 * 2.15 ns an item in place of 1.18 (decision 0026). The inner loop begins anew with what is known then.
 */
const BLOCK = 1024

/** More than V8 takes into another function (460 bytes of its code), and never run. */
const TOO_LARGE = `if (P.never !== undefined) { ${'P.never = [P.never, P.never, P.never]; '.repeat(40)}}`

const lookAt = (program: Program, kernels: Readonly<Record<string, Kernel>>) => {
  const { nodes } = program
  const all = nodes.map((node) => kernelOf(kernels, node))
  const resumable = nodes.some((node, k) => all[k]!.expands === true || isRetry(node))
  const parted = branches(program)
  const told = traits(program, all, resumable, parted)
  const keeps = nodes.flatMap((_, node) => (told.plain[node] && all[node]!.keeps !== undefined ? [{ node, field: all[node]!.keeps }] : []))
  return { ...told, all, resumable, parted, keeps }
}

export const natureOf = (program: Program, kernels: Readonly<Record<string, Kernel>>): Nature => {
  const { resumable, keeps } = lookAt(program, kernels)
  return { resumable, keeps }
}

/** The text of the loop. */
export const generate = (program: Program, kernels: Readonly<Record<string, Kernel>>, wanted: Wanted): Code => {
  const { pauseAt, head: name = 'list', numeric = false, columns = NO_COLUMNS, apart = [], making } = wanted
  const { nodes } = program
  const head: Head = making === undefined ? heads[name] : { ...listed, before: making.before, item: making.item }
  const { all, resumable, parted, keeps, plain, counters, behind, placed } = lookAt(program, kernels)
  const outs = program.outlets.map((_, o) => `o${o}`)
  const locals: string[] = []
  const reload = outs.flatMap((o, k) => [
    `${o} = outs[${k}]`,
    ...(columns.has(k) ? [`c${k} = N${k}.numbers`, `m${k} = N${k}.count`, `l${k} = ${o}.length === 0 ? c${k}.length : 0`] : [])
  ])
  const counted = [...new Set(counters)].map((k) => `n${k}`)
  const flush = [
    ...nodes.map((_, k) => `counts[${k}] += n${counters[k]!}`),
    ...counted.map((n) => `${n} = 0`),
    ...[...columns].map((k) => `N${k}.count = m${k}`)
  ]
  const gathered = outs.length === 0 ? '0' : outs.map((o, k) => (columns.has(k) ? `${o}.length + m${k}` : `${o}.length`)).join(' + ')
  const rest = `if (${gathered} >= ${pauseAt} || --turns < 0) { ${flush.join('; ')}; yield -1; turns = P.turns; ${reload.join('; ')}; }`

  /** An item that the loop is left at, and that does not throw, has been taken: where they are counted by the place, it is behind it then. */
  const taken = placed < 0 ? '' : 'i++; '

  /** What is being written is the code for the end of the input. */
  let ending = false
  /** A failure may end the input. */
  const stopping = stopsOnFailure(program)
  /** The stages whose loops the code is being written into, outermost first. */
  const around: number[] = []

  const place = (): string => (ending ? '-1' : head.place)
  const missing = nodes.flatMap((_, k) => {
    const missed = behind(k)
    return missed.length === 0 ? [] : [`case ${k}: ${missed.map((other) => `counts[${other}]--;`).join(' ')} break;`]
  })
  const miss = missing.length === 0 ? '' : `switch (at) { ${missing.join(' ')} } `
  /**
   * Stages that are given a record which the loop has made have no variable of their own for it: what the code that tells of a failure
   * might still ask for V8 has to make. That code has it made anew.
   */
  const given = new Set<number>()
  const isGiven = (value: string): boolean => making !== undefined && value === 'item'
  const failing = (): string => {
    const values = `[${nodes.map((_, k) => `x${k}`).join(', ')}][at]`
    return `fail(at, ${place()}, ${making === undefined || ending ? values : `G[at] ? items.list()[i] : ${values}`}, e);`
  }

  const fresh = (hint: string, k: number): string => {
    const local = `${hint}${k}_${locals.length}`
    locals.push(local)
    return local
  }

  /** A failure below `code` drops what was on its way there, and nothing else. */
  const guarded = (code: string): string => {
    const loop = around.at(-1)
    const over = stopping && !ending ? ` if (shut) { ${loop === undefined ? '' : `at = ${loop};`} ${taken}break main; }` : ''
    return `try {\n${code}\n} catch (e) { ${failing()}${over} }`
  }

  /**
   * A number goes to the column while there is room and nothing in the list. The column grows between calls only: with a call for that in the
   * loop V8 spills what the user's function has in registers, inlined, which took 2.7 times as long (measured, a function of 200 turns).
   */
  const gather = (o: number, value: string): string =>
    columns.has(o)
      ? `if (typeof ${value} === 'number' && m${o} < l${o}) c${o}[m${o}++] = ${value}; else { l${o} = 0; o${o}.push(${value}); }`
      : `o${o}.push(${value});`

  /** With several readers each is guarded, so that an item that fails in one still reaches the others. */
  const into = (targets: readonly Target[], value: string): string => {
    const guard = targets.length > 1 ? guarded : (code: string): string => code
    return targets.map((t) => ('outlet' in t ? gather(t.outlet, value) : guard(enter(t.node, value)))).join('\n')
  }

  /** How many arguments the functions are called with that stay apart; NaN: now so many, now others. */
  const arity = new Map<string, number>()
  const stays = (name: string, count: number): void => {
    arity.set(name, (arity.get(name) ?? count) === count ? count : NaN)
  }

  const call = (k: number, fn: string, params: readonly string[]): string => {
    const node = nodes[k]!
    if (apart[k]?.has(fn) === true) stays(`${k}_${fn}`, params.length + (node.hasEnv ? 1 : 0))
    if (!OURS.test(fn)) throw new Error(`millrace: '${fn}' is no name for a function of a kernel`)
    const args = [...params, ...(node.hasEnv ? [`E${k}`] : [])].join(', ')
    if (!isRetry(node)) return `f${k}_${fn}(${args})`
    // While a retry waits the driver takes what has gathered: the outlets are other arrays afterwards, also when it gives up.
    const [given, answer] = [fresh('given', k), fresh('answer', k)]
    const again = [...flush, `${answer} = yield* H.retry(f${k}_${fn}, R${k}, ${given}, ${answer})`, ...reload, `H.answerOf(${answer})`].join(', ')
    return `(${given} = [${args}], (${answer} = H.attempt(f${k}_${fn}, ${given})) instanceof H.Failed ? (${again}) : ${answer})`
  }

  const emitter = (k: number): Emitter => {
    const field = `S${k}.${all[k]!.keeps}`
    const holds = !ending && plain[k]!
    return {
      args: `A${k}`,
      state: `S${k}`,
      help: 'H',
      checker: `C${k}`,
      outlets: nodes[k]!.targets.length,
      has: (fn) => nodes[k]!.fns.includes(fn),
      fresh: (hint) => fresh(hint, k),
      kept: holds ? `v${k}` : field,
      // The loop is left with the item done: nothing follows, here or in the stages before.
      keep: (value) =>
        !holds ? `${field} = ${value};`
        : numeric ? `if (typeof ${value} === 'number') v${k} = ${value}; else { v${k} = ${value}; leaves = true; i++; break main; }`
        : `v${k} = ${value};`,
      call: (fn, ...params) => call(k, fn, params),
      emit: (value, outlet = 0) => into(nodes[k]!.targets[outlet] ?? [], value),
      emitOne: (value, outlet = 0) => {
        const targets = nodes[k]!.targets[outlet] ?? []
        return targets.length === 1 && 'node' in targets[0]! ? guarded(into(targets, value)) : into(targets, value)
      },
      pause: `${rest} at = ${k}; if (X${k}) break;`,
      mine: `at = ${k};`,
      // Leaving an iterable's loop calls its `return`, which is code of the stage that made the loop.
      // At the end of the input there is nothing to stop but the stage itself: what comes behind it is for the others too.
      stop: ending ? `H.stop(${k});` : `if (H.stop(${k})) { at = ${around.at(-1) ?? k}; ${taken}break main; }`,
      left: (item, cause) => `left(${k}, ${place()}, ${item}, ${cause});`,
      failed: (item, error) => `fail(${k}, ${place()}, ${item}, ${error});`,
      uncount: `counts[${k}]--;`,
      drop: `H.dropped(${k});`,
      refusePromise: (value) => `if (typeof ${value} === 'object' && ${value} instanceof Promise) H.promised(${value});`
    }
  }

  const enter = (k: number, value: string): string => {
    const kernel = all[k]!
    const emit = emitter(k)
    if (kernel.expands === true) around.push(k)
    const own = isGiven(value) ? value : `x${k}`
    if (own === value) given.add(k)
    const body = `${own === value ? '' : `${own} = ${value}; `}${counters[k] === k && k !== placed ? `n${k}++; ` : ''}at = ${k};\n${kernel.each(emit, own)}`
    if (kernel.expands === true) around.pop()
    return kernel.stops === true || parted.has(k) ? `if (!X${k}) {\n${body}\n}` : body
  }

  /** What each stage does where there is no item. At the end a stage that a failure has stopped lets go of what it holds, as the others. */
  const without = (codeOf: (kernel: Kernel, g: Emitter) => string | undefined, alsoHalted = false): string =>
    nodes
      .map((_, k) => {
        const code = codeOf(all[k]!, emitter(k))
        const open = alsoHalted ? `if (H.halted(${k})) X${k} = false;\n` : ''
        return code === undefined ? '' : `${open}if (!X${k}) { try { x${k} = undefined; at = ${k}; ${code} } catch (e) { ${failing()} } }`
      })
      .join('\n')

  const each = into(program.roots, 'item')
  ending = true
  const batchEnds = without((kernel, g) => kernel.batchEnd?.(g))
  const ends = without((kernel, g) => kernel.end?.(g), stopping)
  ending = false
  /**
   * A function with a loop in it is fast in registers of its own. As a part of ours, behind which others are called, V8 keeps its variables
   * in memory: 2.8 times as long, measured with 200 turns.
   */
  const bound = (k: number, fn: string): string => {
    const count = arity.get(`${k}_${fn}`) ?? NaN
    if (Number.isNaN(count)) return `const F${k}_${fn} = bound.fns[${k}].${fn};`
    const args = Array.from({ length: count }, (_, i) => `a${i}`).join(', ')
    return `const U${k}_${fn} = bound.fns[${k}].${fn}, F${k}_${fn} = (${args}) => { ${TOO_LARGE} return U${k}_${fn}(${args}); };`
  }
  const bind = nodes
    .map((node, k) =>
      [
        `const S${k} = bound.states[${k}], A${k} = bound.args[${k}]; let X${k} = false;`,
        node.hasEnv ? `const E${k} = bound.envs[${k}];` : '',
        node.hasCodec ? `const C${k} = bound.checkers[${k}];` : '',
        isRetry(node) ? `const R${k} = bound.policies[${k}];` : '',
        ...node.fns.map((f) => bound(k, f))
      ].join(' ')
    )
    .join('\n')
  const calls = nodes.flatMap((node, k) => node.fns.map((f) => `f${k}_${f} = F${k}_${f}`))
  const own = [...counted.map((n) => `${n} = 0`), ...nodes.map((_, k) => `x${k}`), ...locals, ...calls, ...reload, 'at = -1', 'turns = P.turns'].join(', ')
  const hold = keeps.map(({ node, field }) => `, v${node} = ${numeric ? '+' : ''}S${node}.${field}`).join('')
  const store = keeps.map(({ node, field }) => `; S${node}.${field} = v${node}`).join('')
  const clear = nodes.length === 0 ? '' : `${nodes.map((_, k) => `x${k} = `).join('')}undefined;`
  const star = resumable ? '*' : ''
  const open = stopping ? ' && !shut' : ''
  const heading = resumable
    ? `for (; i < end${open}; i++) {`
    : `while (i < end${open}) { const stop = end - i > ${BLOCK} ? i + ${BLOCK} : end; ${numeric ? keeps.map(({ node }) => `v${node} = +v${node}; `).join('') : ''}for (; i < stop${open}; i++) {`
  const sofar = placed < 0 ? '' : `n${placed} = i - i0 + (over ? 0 : 1); `
  const source = `'use strict';
const { outs, counts, help: H, pace: P } = bound;
${[...columns].map((o) => `const N${o} = bound.columns[${o}];`).join(' ')}
${bind}${making === undefined ? '' : `\nconst G = [${nodes.map((_, k) => given.has(k)).join(', ')}];`}
let shut = false, fatal = false;
const fail = (at, i, item, e) => { if (fatal) throw e; ${miss}fatal = true; H.failed(at, i, item, e); fatal = false; };
const left = (at, i, item, cause) => { fatal = true; H.left(at, i, item, cause); fatal = false; };
return {
  ${star}run(items, from, to) {
    ${head.before}
    const end = ${head.to};
    const i0 = ${head.from};
    let i = i0, item, leaves = false, over = false, ${own}${hold};
    fatal = false;
    try {
      if (!shut) main: ${heading}
        ${clear}
        try {
          item = ${head.item};
${each}
        } catch (e) {
          ${failing()}
          if (shut) { ${taken}break main; }
        }
      ${resumable ? '}' : '}}'}
      over = true;
${batchEnds}
    } finally { ${sofar}${flush.join('; ')}${store}; }
    if (leaves) { P.next = ${head.place}; return ${LEFT}; }
    return shut ? ${CLOSED} : ${DONE};
  },
  ${star}end() {
    let ${own};
    fatal = false;
    try {
${ends}
    } finally { ${flush.join('; ')}; }
    return ${DONE};
  },
  skip(k) { switch (k) { ${nodes.map((_, k) => `case ${k}: X${k} = true; break;`).join(' ')} } },
  shut() { shut = true; },
  open() { shut = false; ${nodes.map((_, k) => `X${k} = false;`).join(' ')} },
  fatal() { fatal = true; }
};
// ${name}${numeric ? ', numbers kept' : ''}`
  return { source, resumable, keeps }
}
