/**
 * Bounds the silence between two items.
 *
 *     in  a--b-----------c--|   idleTimeout({ ms: 5 })                     out  a--b----X
 *                               idleTimeout({ ms: 5, whenIdle: 'end' })    out  a--b----|
 *     lane async                state one instant
 */
import { silentFor } from '../error/wording-time.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { milliseconds, oneOf, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { passesAll, processSpec } from './process.ts'

export interface IdleTimeoutOptions extends StageOptions {
  /** The longest silence, in milliseconds: from the start to the first item, from item to item, and to the end. */
  readonly ms: number
  /** What happens then: the run fails (default), or the stream ends and what only feeds it is stopped. */
  readonly whenIdle?: 'fail' | 'end' | undefined
}

const timing =
  (ms: number, whenIdle: 'fail' | 'end') =>
  async ({ context: { signal, inlets, outlets }, bell, time, wake }: AtHand): Promise<void> => {
    const feed = new Feed(inlets[0]!, bell)
    let since = time.now()
    for (;;) {
      signal.throwIfAborted()
      if (feed.want()) {
        if (!(await outlets[0]!.push(feed.take(Infinity)))) return
        since = time.now() // the reader's time is not the input's
      } else if (feed.over) return
      else if (time.now() >= since + ms) {
        if (whenIdle === 'end') return
        throw silentFor(ms)
      } else {
        wake.at(since + ms)
        await bell.next()
      }
    }
  }

/**
 * Passes items on, and fails the run, or ends the stream, when the input says nothing for `ms`. Only the time counts in which it
 * waits for the input, not that in which a slow reader holds it back.
 *
 * **Order**   kept
 * **Cost**    one look at the clock per batch, and one timer at a time; the items cross to the event loop
 * **Errors**  `ERR_MILLRACE_TIMEOUT`
 * **Memory**  none
 * **Source**  Pekko `idleTimeout`, RxJS `timeout({ each })`, Tokio `StreamExt::timeout`
 * @example
 * await interval(10_000).pipe(idleTimeout({ ms: 20, whenIdle: 'end' })).toArray() // => []
 */
export const idleTimeout = <A>(options: IdleTimeoutOptions): Flow<A, A> => {
  stageOptions('idleTimeout', options)
  const ms = milliseconds('idleTimeout', 'ms', options.ms, 1)
  const whenIdle = oneOf('idleTimeout', 'whenIdle', options.whenIdle ?? 'fail', ['fail', 'end'])
  return flowOf(passesAll(processSpec('idleTimeout', atHand(timing(ms, whenIdle)), options, { ms, whenIdle })), options.name)
}
