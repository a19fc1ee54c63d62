/**
 * From a program to a running instance: generates one loop for all stages of a task.
 *
 *   run(items) ── for each item ── code of the stages, nested ── outs[k].push(result)
 *        │                               │
 *        │                               └ throws: hooks.failed(node, index, item, error) decides; the loop goes on behind it
 *        └ answers DONE; PAUSED: take `outs`, then resume(); WAIT: resume() after `waitMs`; CLOSED: no more input is wanted
 *
 * Invariants
 *   C1  every item that enters a node is counted there once (`counts[node]`), also when the node fails on it
 *   C2  an item that fails leaves no trace downstream but what was emitted before it failed
 *   C3  after CLOSED nothing more is emitted; `end()` still flushes the branches that are open
 * A program with an expanding stage (flatMap) or with retries is compiled to a generator, so that it can stop in the
 * middle of an item; all others to a plain function.
 *
 * Source: produce/consume code generation, Neumann 2011. Runs on the main thread and in workers; no imports but types.
 */
import type { Retry } from '../graph/options.ts'
import type { Emitter, Kernel } from './kernel.ts'
import type { Binding, Program, ProgramNode, Target } from '../plan/program.ts'

export const DONE = 0
export const PAUSED = 1
export const WAIT = 2
export const CLOSED = 3
export type Status = typeof DONE | typeof PAUSED | typeof WAIT | typeof CLOSED

/** Results that gather before an expanding stage pauses. */
export const PAUSE_AT = 1024

/** The decisions that the loop leaves to its driver. `index` is that of the item in the batch, -1 at the end of the input. */
export interface Hooks {
  /** A user's function threw. Returning drops the item; throwing ends the run. */
  failed(node: number, index: number, item: unknown, error: unknown): void
  /** A stage answered `Left`. Returning drops the item; throwing ends the run. */
  left(node: number, index: number, item: unknown, cause: unknown): void
}

export interface Instance {
  /** What the outlets hold; the driver takes an array by putting a new one in its place, between calls. */
  readonly outs: unknown[][]
  /** Items that entered each node, so far. */
  readonly counts: Float64Array
  /** Plain state by node, for snapshots. */
  readonly states: object[]
  /** After WAIT: how long. */
  readonly waitMs: number
  run(items: readonly unknown[]): Status
  resume(): Status
  /** The input has ended. */
  end(): Status
  /** Nobody reads `outlet` any more; answers whether nobody reads any outlet. */
  closeOutlet(outlet: number): boolean
}

const isRetry = (node: ProgramNode): boolean => typeof node.onError === 'object'

interface Loop {
  run(items: readonly unknown[]): Status | Iterator<number, Status>
  end(): Status | Iterator<number, Status>
}

interface Code {
  readonly source: string
  /** Compiled to generators: may pause in the middle of an item. */
  readonly resumable: boolean
}

/** Writes the text of the loop. Exported for specs and for reading what a plan became. */
export const generate = (program: Program, kernels: Readonly<Record<string, Kernel>>): Code => {
  const { nodes } = program
  const kernelOf = (k: number): Kernel => {
    const kernel = kernels[nodes[k]!.kind]
    if (kernel === undefined) throw new Error(`millrace: no kernel for stage kind '${nodes[k]!.kind}'`)
    return kernel
  }
  const resumable = nodes.some((node, k) => kernelOf(k).expands === true || isRetry(node))
  const hoisted = new Set<string>()
  const outs = program.outlets.map((_, o) => `o${o}`)
  const reload = outs.map((o, k) => `${o} = outs[${k}];`).join(' ')
  const flush = nodes.map((_, k) => `counts[${k}] += n${k}; n${k} = 0;`).join(' ')
  const gathered = outs.map((o) => `${o}.length`).join(' + ')
  const pause = !resumable || outs.length === 0 ? '' : `if (${gathered} >= ${PAUSE_AT}) { ${flush} yield -1; ${reload} }`

  /** A failure below `code` drops what was on its way there, and nothing else. */
  const guarded = (code: string): string => `try {\n${code}\n} catch (e) { fail(e, i); }`

  /** With several readers each is guarded, so that an item that fails in one still reaches the others. */
  const into = (targets: readonly Target[], value: string): string =>
    targets
      .map((t) => ('outlet' in t ? `o${t.outlet}.push(${value});` : targets.length > 1 ? guarded(enter(t.node, value)) : enter(t.node, value)))
      .join('\n')

  let names = 0
  const emitter = (k: number): Emitter => {
    const node = nodes[k]!
    return {
      args: `A${k}`,
      state: `S${k}`,
      help: 'H',
      checker: `C${k}`,
      fresh: (hint) => {
        const name = `${hint}${k}_${names++}`
        hoisted.add(name)
        return name
      },
      call: (name, ...params) => {
        const args = [...params, ...(node.hasEnv ? [`E${k}`] : [])].join(', ')
        return isRetry(node) ? `(yield* H.retry(F${k}_${name}, R${k}, [${args}]))` : `F${k}_${name}(${args})`
      },
      emit: (value, outlet = 0) => into(node.targets[outlet] ?? [], value),
      emitOne: (value, outlet = 0) => {
        const targets = node.targets[outlet] ?? []
        return targets.length === 1 && 'node' in targets[0]! ? guarded(into(targets, value)) : into(targets, value)
      },
      pause,
      mine: `at = ${k};`,
      stop: `X${k} = true; if (H.stop(${k})) { shut = true; break main; }`,
      left: (item, cause) => `H.left(${k}, i, ${item}, ${cause});`,
      refusePromise: (value) => `if (typeof ${value} === 'object' && ${value} instanceof Promise) H.promised(${value});`
    }
  }

  const enter = (k: number, value: string): string => {
    const kernel = kernelOf(k)
    const variable = `x${k}`
    const body = `${variable} = ${value}; n${k}++; at = ${k};\n${kernel.each(emitter(k), variable)}`
    return kernel.stops === true ? `if (!X${k}) {\n${body}\n}` : body
  }

  const each = into(program.roots, 'items[i]')
  const ends = nodes
    .map((_, k) => {
      const code = kernelOf(k).end?.(emitter(k))
      return code === undefined ? '' : `if (!X${k}) { try { at = ${k}; ${code} } catch (e) { fail(e, -1); } }`
    })
    .join('\n')
  const bind = nodes
    .map((node, k) =>
      [
        `const S${k} = bound.states[${k}], A${k} = bound.args[${k}]; let X${k} = false, n${k} = 0, x${k};`,
        node.hasEnv ? `const E${k} = bound.envs[${k}];` : '',
        node.hasCodec ? `const C${k} = bound.checkers[${k}];` : '',
        isRetry(node) ? `const R${k} = bound.policies[${k}];` : '',
        ...node.fns.map((f) => `const F${k}_${f} = bound.fns[${k}].${f};`)
      ].join(' ')
    )
    .join('\n')
  const star = resumable ? '*' : ''
  const source = `'use strict';
const { outs, counts, help: H } = bound;
let at = -1, shut = false;
${bind}
${[...hoisted, ...outs].map((name) => `let ${name};`).join(' ')}
const fail = (e, i) => { H.failed(at, i, [${nodes.map((_, k) => `x${k}`).join(', ')}][at], e); };
return {
  ${star}run(items) {
    const n = items.length;
    let i = 0;
    ${reload}
    try {
      main: for (; !shut;) {
        try {
          for (; i < n; i++) {
${each}
          }
          break;
        } catch (e) {
          fail(e, i);
          i++;
        }
      }
    } finally { ${flush} }
    return shut ? ${CLOSED} : ${DONE};
  },
  ${star}end() {
    const i = -1;
    ${reload}
    try {
      main: do {
${ends}
      } while (false);
    } finally { ${flush} }
    return ${DONE};
  }
};`
  return { source, resumable }
}

/** How long to wait before try number `attempt` + 1 (0-based); deterministic but for the jitter. */
export const backoffMs = (retry: Retry, attempt: number, random: () => number): number => {
  const full = Math.min(retry.maxMs, retry.initialMs * retry.factor ** attempt)
  return full * (1 - retry.jitter) + full * retry.jitter * random()
}

/** Calls `fn` until it answers or the tries are used up; yields the waits to the driver of the loop. */
function* retrying(fn: (...args: unknown[]) => unknown, retry: Retry, args: unknown[]): Generator<number, unknown> {
  for (let attempt = 0; ; attempt++) {
    try {
      return fn(...args)
    } catch (error) {
      if (attempt >= retry.times) throw error
      yield backoffMs(retry, attempt, Math.random)
    }
  }
}

/** The outlets below each node. */
const outletsBelow = (program: Program, targets: readonly Target[]): readonly number[] =>
  targets.flatMap((t) => ('outlet' in t ? [t.outlet] : outletsBelow(program, program.nodes[t.node]!.targets.flat())))

/** Refuses a promise where a value belongs. */
const promised = (value: Promise<unknown>): never => {
  value.catch(() => undefined) // its rejection, if any, is not what went wrong here
  const error = new TypeError('a synchronous stage returned a promise; use mapAsync for work that waits')
  throw Object.assign(error, { code: 'ERR_MILLRACE_STAGE_PROMISE' })
}

/** Compiles a program and gives it state: fresh, or taken over from another instance's snapshot. */
export const instantiate = (
  program: Program,
  kernels: Readonly<Record<string, Kernel>>,
  binding: Binding,
  hooks: Hooks,
  snapshot?: readonly object[]
): Instance => {
  const { source, resumable } = generate(program, kernels)
  const states = program.nodes.map((node, k) => snapshot?.[k] ?? kernels[node.kind]!.state?.(node.args) ?? {})
  const outs: unknown[][] = program.outlets.map(() => [])
  const counts = new Float64Array(program.nodes.length)
  const closed = new Set<number>()
  const close = (outlets: readonly number[]): boolean => {
    for (const outlet of outlets) closed.add(outlet)
    return closed.size === program.outlets.length
  }
  const below = program.nodes.map((node) => outletsBelow(program, node.targets.flat()))
  const help = {
    failed: hooks.failed,
    left: hooks.left,
    promised,
    retry: retrying,
    stop: (node: number) => close(below[node]!)
  }
  const bound = {
    outs,
    counts,
    states,
    help,
    args: program.nodes.map((node) => node.args),
    policies: program.nodes.map((node) => node.onError),
    ...binding
  }
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the generated loop is the point: see the header
  const loop = new Function('bound', `${source}\n//# sourceURL=millrace-task.js`)(bound) as Loop
  let going: Iterator<number, Status> | undefined
  let waitMs = 0
  const step = (): Status => {
    const at = going!.next()
    if (at.done === true) {
      going = undefined
      return at.value
    }
    if (at.value < 0) return PAUSED
    waitMs = at.value
    return WAIT
  }
  const start = (begun: Status | Iterator<number, Status>): Status => {
    if (!resumable) return begun as Status
    going = begun as Iterator<number, Status>
    return step()
  }
  return {
    outs,
    counts,
    states,
    get waitMs() {
      return waitMs
    },
    run: (items) => start(loop.run(items)),
    resume: step,
    end: () => start(loop.end()),
    closeOutlet: (outlet) => close([outlet])
  }
}
