/**
 * Puts a flow through hostile weather: whatever it is fed in, wherever it must wait, what comes out must be the same.
 *
 * Called by tests, through the door `millrace/testing`, and by specs of operators. Each weather is a run on the caller's loop, in
 * virtual time. In the manner of Hazelcast Jet's TestSupport.
 */
import { clearTimeout, setTimeout as afterMs } from 'node:timers'
import { isDeepStrictEqual } from 'node:util'
import { argumentError, PipelineError } from '../error/pipeline-error.ts'
import { collect } from '../exec/collect.ts'
import type { DeadLetter } from '../exec/failure.ts'
import { pipeline } from '../exec/pipeline.ts'
import { sinkOf, sourceOf, type Flow } from '../graph/source.ts'
import { callable, numberFrom, oneOf } from '../operator/check.ts'
import { withWeather } from '../prelude/weather.ts'
import { say, sayAll, unmet } from './expect.ts'
import { conditions, FAIR, Fed, weatherOf, type Conditions } from './hostile.ts'
import { settled } from './settled.ts'
import { withVirtualTime } from './virtual-time.ts'

export interface VerifyOptions<A, B> {
  /** What the flow is given. */
  readonly inputs: readonly A[]
  /** What must come out, compared deeply and strictly; a function that throws when it is wrong. Default: whatever comes out in fair weather. */
  readonly expected?: readonly B[] | ((items: readonly B[]) => void) | undefined
  /** The code of the error with which it must fail. Default: none. */
  readonly fails?: string | undefined
  /** `'any'` for flows that give up the order. Default `'kept'`. */
  readonly order?: 'kept' | 'any' | undefined
  /** Whether the state of synchronous stages is copied and restored between items, as when a stage moves to a worker. Default true. */
  readonly restore?: boolean | undefined
  /** How long one weather may take, in milliseconds of real time. A number >= 0. Default 2000. */
  readonly withinMs?: number | undefined
}

/** What a flow has done. */
export interface Verified<B> {
  readonly items: readonly B[]
  readonly deadLetters: readonly DeadLetter[]
  /** Items lost to policies of the stages. */
  readonly dropped: number
  readonly error: PipelineError | undefined
}

interface Came<B> extends Verified<B> {
  /** The flow wanted no more before the input had ended: what it has taken by then is a matter of chance. */
  readonly early: boolean
}

interface How {
  readonly endless?: true | undefined
  /** The reader leaves after so many items. */
  readonly leaveAfter?: number | undefined
  /** The run is cancelled when all is quiet. */
  readonly cancelled?: true | undefined
}

const drained = <B>(items: B[], leaveAfter: number) =>
  sinkOf<B, undefined>({
    role: 'sink',
    kind: 'verify',
    args: {},
    accepts: 'items',
    open: () => ({
      write: (batch) => {
        for (const item of batch) items.push(item as B)
        return items.length >= leaveAfter ? 'closed' : undefined
      },
      finish: () => undefined,
      abort: () => undefined
    })
  })

/** One run; the error is an outcome. */
const runIn = async <A, B>(flow: Flow<A, B>, inputs: readonly A[], under: Conditions, withinMs: number, how: How = {}): Promise<Came<B>> =>
  withVirtualTime(async () => {
    const fed = new Fed(inputs, under.feed, how.endless === true)
    const items: B[] = []
    const source = sourceOf<A>({ role: 'source', kind: 'inputs', args: {}, open: () => fed })
    const p = pipeline({ out: source.pipe(flow).to(drained(items, how.leaveAfter ?? Infinity)) }, under.refuses === true ? { capacity: 1 } : {})
    const stopped = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = afterMs(() => {
        reject(unmet({ where: 'verifyOperator', expected: 'the run to settle', got: `none within ${withinMs} ms`, hint: `fed ${under.name}; ${items.length} items had come out` }))
        stopped.abort(new Error('it takes too long'))
      }, withinMs)
    })
    try {
      const running = withWeather(weatherOf(under), () => collect(p, { signal: stopped.signal }))
      if (how.cancelled === true) void settled().then(() => { stopped.abort(new Error('cancelled by the test')) })
      running.catch(() => undefined) // one that is too late is told otherwise
      const { deadLetters, report } = await Promise.race([running, late])
      const dropped = Object.values(report.dropped).reduce((sum, n) => sum + n, 0)
      return { items, deadLetters, dropped, error: undefined, early: !fed.ended }
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      return { items, deadLetters: [], dropped: 0, error, early: true }
    } finally {
      clearTimeout(timer)
    }
  })

/** Equal, in any order: each of the one has one of the other. */
const sameBag = (got: readonly unknown[], wanted: readonly unknown[]): boolean => {
  if (got.length !== wanted.length) return false
  const left = [...wanted]
  return got.every((item) => {
    const at = left.findIndex((other) => isDeepStrictEqual(other, item))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

const causeOf = (cause: unknown): unknown => (cause instanceof Error ? `${cause.name}: ${cause.message}` : cause)

/** What of an error is the same in any weather. */
const essence = (error: PipelineError | undefined): unknown =>
  error === undefined ? undefined : { code: error.code, stage: error.stage, index: error.position?.index, cause: causeOf(error.cause) }

const lettersOf = (letters: readonly DeadLetter[]): readonly unknown[] =>
  letters.map(({ stage, position, cause, item }) => ({ stage, index: position.index, cause: causeOf(cause), item }))

/**
 * Runs a flow over the same items in many weathers, and answers what came out of it, which was always the same: all items at once,
 * one by one and in odd pieces with pauses between them; into an outbox that holds one item and refuses every other offer; stopped
 * after every result; with the state of its synchronous stages copied and restored between any two items. Then it is left by its
 * reader after the first item, and cancelled while its input goes on: it must end, and its source must be closed.
 *
 * Works for any flow, kernels, waiting stages, and several composed. Give a function that makes the flow when its functions remember
 * something. Compared are the items, the dead letters, the items dropped, and the error (code, stage, index, cause); after an error, the error only.
 *
 * Workers are not part of it, but for the state that moves: `simulate` with `workers` puts a pipeline on virtual ones.
 *
 * **Cost**    about ten runs on the caller's loop, in virtual time
 * **Errors**  AssertionError that names the weather and shows both outcomes
 * **Source**  Hazelcast Jet `TestSupport.verifyProcessor`
 * @example
 * await verifyOperator(compose(filter((n: number) => n % 2 === 0), batch({ count: 2 })), {
 *   inputs: [1, 2, 3, 4, 5, 6],
 *   expected: [[2, 4], [6]]
 * })
 */
export const verifyOperator = async <A, B>(flow: Flow<A, B> | (() => Flow<A, B>), options: VerifyOptions<A, B>): Promise<Verified<B>> => {
  if (typeof flow !== 'function') callable('verifyOperator', 'flow.apply', (flow as Partial<Flow<A, B>> | undefined)?.apply)
  const { inputs, expected, fails, order = 'kept', restore = true, withinMs = 2000 } = options
  if (!Array.isArray(inputs)) throw argumentError('type', 'verifyOperator: inputs must be an array', `got ${typeof inputs}`, 'give the items that the flow is fed')
  oneOf('verifyOperator', 'order', order, ['kept', 'any'])
  numberFrom('verifyOperator', 'withinMs', withinMs, 0)
  const make = (): Flow<A, B> => (typeof flow === 'function' ? flow() : flow)
  const same = order === 'any' ? sameBag : isDeepStrictEqual

  const fair = await runIn(make(), inputs, FAIR, withinMs)
  if (fair.error?.code !== fails) {
    const got = fair.error === undefined ? sayAll(fair.items) : `${fair.error.code}: ${fair.error.message}`
    throw Object.assign(unmet({ where: 'verifyOperator', expected: fails === undefined ? 'no error' : `the error ${fails}`, got }), { cause: fair.error })
  }
  if (typeof expected === 'function') expected(fair.items)
  else if (expected !== undefined && !same(fair.items, expected)) {
    throw unmet({ where: 'verifyOperator', expected: sayAll(expected), got: sayAll(fair.items), hint: `fed ${FAIR.name}`, values: { actual: fair.items, expected } })
  }

  for (const under of conditions(restore)) {
    const came = await runIn(make(), inputs, under, withinMs)
    const differ = (what: string, got: unknown, wanted: unknown): Error =>
      unmet({ where: 'verifyOperator', expected: `${what} ${say(wanted)}, as in fair weather`, got: say(got), hint: `fed ${under.name}`, values: { actual: got, expected: wanted } })
    if (!isDeepStrictEqual(essence(came.error), essence(fair.error))) throw differ('the error', essence(came.error), essence(fair.error))
    if (came.error !== undefined) continue
    if (typeof expected === 'function') expected(came.items)
    else if (!same(came.items, fair.items)) throw differ('the items', came.items, fair.items)
    if (came.early || fair.early) continue
    if (!sameBag(lettersOf(came.deadLetters), lettersOf(fair.deadLetters))) throw differ('the dead letters', lettersOf(came.deadLetters), lettersOf(fair.deadLetters))
    if (came.dropped !== fair.dropped) throw differ('dropped items:', came.dropped, fair.dropped)
  }

  if (fails === undefined) await runIn(make(), inputs, { ...FAIR, name: 'one by one, to a reader that leaves after an item', feed: 'one by one' }, withinMs, { leaveAfter: 1 })
  const stopped = await runIn(make(), inputs, { ...FAIR, name: 'without an end, and cancelled' }, withinMs, { endless: true, cancelled: true })
  const { code } = stopped.error ?? {}
  if (code !== undefined && code !== 'ERR_MILLRACE_CANCELLED' && code !== fails) {
    throw Object.assign(unmet({ where: 'verifyOperator', expected: 'the error ERR_MILLRACE_CANCELLED', got: code, hint: 'the run was cancelled' }), { cause: stopped.error })
  }
  const { items, deadLetters, dropped, error } = fair
  return { items, deadLetters, dropped, error }
}
