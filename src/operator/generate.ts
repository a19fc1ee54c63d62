/**
 * Writes the text of a task's loop: the code of its kernels, nested.
 *
 *   run(items)   for each item ── code of the stages, one inside the other ── o0.push(result)
 *   end()        for each stage that holds something, inputs first: the code that lets it go
 *
 * Everything that an item touches is a local variable of `run`, so that V8 keeps numbers in registers (variables of an outer
 * scope cost three times as much, measured over map, filter, map). What outlasts a call lives in `states`; the flags `X`
 * (this stage wants no more) only repeat what the states say.
 * No text of the user's goes in: functions, values and names are reached through `bound`, by names of our own.
 *
 * Called by compile.ts, and by specs. Imports nothing that takes time to load. Source: produce/consume code generation, Neumann 2011.
 */
import { stopsOnFailure, type Program, type ProgramNode, type Target } from '../plan/program.ts'
import type { Emitter, Kernel } from './kernel.ts'

/** What a call of the loop answers. */
export const DONE = 0
/** Results wait to be taken; then `resume`. */
export const PAUSED = 1
/** A retry waits; then `resume`. */
export const WAIT = 2
/** No more input is wanted. */
export const CLOSED = 3
export type Status = typeof DONE | typeof PAUSED | typeof WAIT | typeof CLOSED

export interface Code {
  readonly source: string
  /** Compiled to generators: may pause in the middle of an item. */
  readonly resumable: boolean
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

/** Nodes that are one of several readers: only where ways part can one of them be closed while the others go on. */
const branches = ({ roots, nodes }: Program): ReadonlySet<number> => {
  const several = [roots, ...nodes.map((node) => node.targets.flat())].filter((targets) => targets.length > 1)
  return new Set(several.flat().flatMap((t) => ('node' in t ? [t.node] : [])))
}

/** The text of the loop; `pauseAt` results gather before an expanding stage pauses. */
export const generate = (program: Program, kernels: Readonly<Record<string, Kernel>>, pauseAt: number): Code => {
  const { nodes } = program
  const all = nodes.map((node) => kernelOf(kernels, node))
  const resumable = nodes.some((node, k) => all[k]!.expands === true || isRetry(node))
  const outs = program.outlets.map((_, o) => `o${o}`)
  const parted = branches(program)
  const locals: string[] = []
  const reload = outs.map((o, k) => `${o} = outs[${k}]`)
  const flush = nodes.flatMap((_, k) => [`counts[${k}] += n${k}`, `n${k} = 0`])
  const failing = `fail(at, i, [${nodes.map((_, k) => `x${k}`).join(', ')}][at], e);`
  const gathered = outs.length === 0 ? '0' : outs.map((o) => `${o}.length`).join(' + ')
  const rest = `if (${gathered} >= ${pauseAt} || --turns < 0) { ${flush.join('; ')}; yield -1; turns = P.turns; ${reload.join('; ')}; }`

  /** What is being written is the code for the end of the input. */
  let ending = false
  /** A failure may end the input. */
  const stopping = stopsOnFailure(program)
  /** The stages whose loops the code is being written into, outermost first. */
  const around: number[] = []

  const fresh = (hint: string, k: number): string => {
    const name = `${hint}${k}_${locals.length}`
    locals.push(name)
    return name
  }

  /** A failure below `code` drops what was on its way there, and nothing else. */
  const guarded = (code: string): string => {
    const loop = around.at(-1)
    const over = stopping && !ending ? ` if (shut) { ${loop === undefined ? '' : `at = ${loop};`} break main; }` : ''
    return `try {\n${code}\n} catch (e) { ${failing}${over} }`
  }

  /** With several readers each is guarded, so that an item that fails in one still reaches the others. */
  const into = (targets: readonly Target[], value: string): string => {
    const guard = targets.length > 1 ? guarded : (code: string): string => code
    return targets.map((t) => ('outlet' in t ? `o${t.outlet}.push(${value});` : guard(enter(t.node, value)))).join('\n')
  }

  const call = (k: number, name: string, params: readonly string[]): string => {
    const node = nodes[k]!
    if (!OURS.test(name)) throw new Error(`millrace: '${name}' is no name for a function of a kernel`)
    const args = [...params, ...(node.hasEnv ? [`E${k}`] : [])].join(', ')
    if (!isRetry(node)) return `F${k}_${name}(${args})`
    // While a retry waits the driver takes what has gathered: the outlets are other arrays afterwards, also when it gives up.
    const [given, answer] = [fresh('given', k), fresh('answer', k)]
    const again = [...flush, `${answer} = yield* H.retry(F${k}_${name}, R${k}, ${given}, ${answer})`, ...reload, `H.answerOf(${answer})`].join(', ')
    return `(${given} = [${args}], (${answer} = H.attempt(F${k}_${name}, ${given})) instanceof H.Failed ? (${again}) : ${answer})`
  }

  const emitter = (k: number): Emitter => ({
    args: `A${k}`,
    state: `S${k}`,
    help: 'H',
    checker: `C${k}`,
    outlets: nodes[k]!.targets.length,
    has: (name) => nodes[k]!.fns.includes(name),
    fresh: (hint) => fresh(hint, k),
    call: (name, ...params) => call(k, name, params),
    emit: (value, outlet = 0) => into(nodes[k]!.targets[outlet] ?? [], value),
    emitOne: (value, outlet = 0) => {
      const targets = nodes[k]!.targets[outlet] ?? []
      return targets.length === 1 && 'node' in targets[0]! ? guarded(into(targets, value)) : into(targets, value)
    },
    pause: `${rest} at = ${k}; if (X${k}) break;`,
    mine: `at = ${k};`,
    // Leaving an iterable's loop calls its `return`, which is code of the stage that made the loop.
    // At the end of the input there is nothing to stop but the stage itself: what comes behind it is for the others too.
    stop: ending ? `H.stop(${k});` : `if (H.stop(${k})) { at = ${around.at(-1) ?? k}; break main; }`,
    left: (item, cause) => `left(${k}, i, ${item}, ${cause});`,
    failed: (item, error) => `fail(${k}, i, ${item}, ${error});`,
    uncount: `n${k}--;`,
    drop: `H.dropped(${k});`,
    refusePromise: (value) => `if (typeof ${value} === 'object' && ${value} instanceof Promise) H.promised(${value});`
  })

  const enter = (k: number, value: string): string => {
    const kernel = all[k]!
    const emit = emitter(k)
    if (kernel.expands === true) around.push(k)
    const body = `x${k} = ${value}; n${k}++; at = ${k};\n${kernel.each(emit, `x${k}`)}`
    if (kernel.expands === true) around.pop()
    return kernel.stops === true || parted.has(k) ? `if (!X${k}) {\n${body}\n}` : body
  }

  /** What each stage does where there is no item. At the end a stage that a failure has stopped lets go of what it holds, as the others. */
  const without = (codeOf: (kernel: Kernel, g: Emitter) => string | undefined, alsoHalted = false): string =>
    nodes
      .map((_, k) => {
        const code = codeOf(all[k]!, emitter(k))
        const open = alsoHalted ? `if (H.halted(${k})) X${k} = false;\n` : ''
        return code === undefined ? '' : `${open}if (!X${k}) { try { x${k} = undefined; at = ${k}; ${code} } catch (e) { ${failing} } }`
      })
      .join('\n')

  const each = into(program.roots, 'items[i]')
  ending = true
  const batchEnds = without((kernel, g) => kernel.batchEnd?.(g))
  const ends = without((kernel, g) => kernel.end?.(g), stopping)
  const bind = nodes
    .map((node, k) =>
      [
        `const S${k} = bound.states[${k}], A${k} = bound.args[${k}]; let X${k} = false;`,
        node.hasEnv ? `const E${k} = bound.envs[${k}];` : '',
        node.hasCodec ? `const C${k} = bound.checkers[${k}];` : '',
        isRetry(node) ? `const R${k} = bound.policies[${k}];` : '',
        ...node.fns.map((f) => `const F${k}_${f} = bound.fns[${k}].${f};`)
      ].join(' ')
    )
    .join('\n')
  const own = [...nodes.flatMap((_, k) => [`n${k} = 0`, `x${k}`]), ...locals, ...reload, 'at = -1', 'turns = P.turns'].join(', ')
  const star = resumable ? '*' : ''
  const source = `'use strict';
const { outs, counts, help: H, pace: P } = bound;
${bind}
let shut = false, fatal = false;
const fail = (at, i, item, e) => { if (fatal) throw e; fatal = true; H.failed(at, i, item, e); fatal = false; };
const left = (at, i, item, cause) => { fatal = true; H.left(at, i, item, cause); fatal = false; };
return {
  ${star}run(items) {
    const n = items.length;
    let i = 0, ${own};
    fatal = false;
    try {
      main: for (; !shut;) {
        try {
          for (; i < n${stopping ? ' && !shut' : ''}; i++) {
${each}
          }
          break;
        } catch (e) {
          ${failing}
          i++;
        }
      }
${batchEnds}
    } finally { ${flush.join('; ')}; }
    return shut ? ${CLOSED} : ${DONE};
  },
  ${star}end() {
    const i = -1;
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
};`
  return { source, resumable }
}
