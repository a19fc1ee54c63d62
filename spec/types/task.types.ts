/** Types of tasks, sets and select: what is inferred, and what must not compile. Checked by tsc, never run. */
import { expectTypeOf } from 'expect-type'
import type { AbortHandle } from '../../src/task/abort-handle.ts'
import { CancellationToken } from '../../src/task/cancellation-token.ts'
import { NoMatch } from '../../src/task/first-of.ts'
import { JoinError } from '../../src/task/join-error.ts'
import type { JoinHandle } from '../../src/task/join-handle.ts'
import { JoinMap, type JoinedKey } from '../../src/task/join-map.ts'
import { JoinQueue } from '../../src/task/join-queue.ts'
import { JoinSet } from '../../src/task/join-set.ts'
import { join, tryJoin } from '../../src/task/join.ts'
import type { Cancelled } from '../../src/task/outcome.ts'
import { race, select } from '../../src/task/select.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import type { Joined } from '../../src/task/task-cell.ts'
import { taskLocal } from '../../src/task/task-local.ts'
import { Closed, Empty, mpsc } from '../../src/sync.ts'

// a handle is of what its function answers, promise or not
const handle = spawnTask(async ({ signal, id }) => {
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  expectTypeOf(id).toEqualTypeOf<number>()
  await Promise.resolve()
  return 'text'
})
expectTypeOf(handle).toEqualTypeOf<JoinHandle<string>>()
expectTypeOf(spawnTask(() => 1)).toEqualTypeOf<JoinHandle<number>>()
expectTypeOf(await handle).toEqualTypeOf<string>()
expectTypeOf(await handle.join()).toEqualTypeOf<string>()
expectTypeOf(handle.blockingJoin()).toEqualTypeOf<string>()
expectTypeOf<Awaited<typeof handle>>().toEqualTypeOf<string>()
const joined = await handle.joined()
if (joined.status === 'fulfilled') expectTypeOf(joined.value).toEqualTypeOf<string>()
else expectTypeOf(joined.reason).toEqualTypeOf<JoinError>()
// @ts-expect-error a handle has no value by itself
export const { value } = handle

// sets hand out results, or Empty
const set = new JoinSet<number>({ limit: 2 })
expectTypeOf(set.spawn(() => 1)).toEqualTypeOf<AbortHandle>()
expectTypeOf(await set.joinNext()).toEqualTypeOf<Joined<number> | Empty>()
expectTypeOf(set.tryJoinNext()).toEqualTypeOf<Joined<number> | Empty>()
expectTypeOf(await set.joinAll()).toEqualTypeOf<number[]>()
for await (const one of set) expectTypeOf(one).toEqualTypeOf<Joined<number>>()
// @ts-expect-error a function of another type
set.spawn(() => 'text')
// @ts-expect-error a handle of another type
set.add(handle)
expectTypeOf(JoinSet.from([() => 1, async () => 2])).toEqualTypeOf<JoinSet<number>>()
expectTypeOf(new JoinSet<number>().spawnBlocking((n: number) => n + 1, 1)).toEqualTypeOf<AbortHandle>()
// @ts-expect-error an argument of another type
new JoinSet<number>().spawnBlocking((n: number) => n + 1, 'text')
expectTypeOf(await new JoinMap<string, number>().joinNext()).toEqualTypeOf<JoinedKey<string, number> | Empty>()
expectTypeOf(await new JoinQueue<boolean>().joinAll()).toEqualTypeOf<boolean[]>()

// select answers a union, told apart by its key
const { receiver } = mpsc<number>({ capacity: 1 })
const won = await select({
  item: (signal) => receiver.recv({ signal }),
  text: async () => 'text',
  given: Promise.resolve(true),
  task: handle
})
expectTypeOf(won).toEqualTypeOf<
  | { readonly key: 'item'; readonly value: number | Closed }
  | { readonly key: 'text'; readonly value: string }
  | { readonly key: 'given'; readonly value: boolean }
  | { readonly key: 'task'; readonly value: string }
>()
switch (won.key) {
  case 'item':
    expectTypeOf(won.value).toEqualTypeOf<number | Closed>()
    break
  case 'given':
    expectTypeOf(won.value).toEqualTypeOf<boolean>()
    break
  default:
    expectTypeOf(won.value).toEqualTypeOf<string>()
}
// a branch that may be disabled, one that may not match, and else
const enabled: boolean = Math.random() > 0.5
const some = await select(
  { a: enabled && (() => 1), b: async () => (Math.random() > 0.5 ? 'text' : NoMatch), c: undefined },
  {
    else: () => null,
    late: (loser) => {
      expectTypeOf(loser.key).toEqualTypeOf<'a' | 'b' | 'c'>()
    }
  }
)
if (some.key === 'a') expectTypeOf(some.value).toEqualTypeOf<number>()
if (some.key === 'b') expectTypeOf(some.value).toEqualTypeOf<'text'>()
if (some.key === 'else') expectTypeOf(some.value).toEqualTypeOf<null>()
// @ts-expect-error no such branch
if (won.key === 'none') throw new Error(String(won))
// @ts-expect-error a branch is a function or a promise
void select({ a: 1 })

// the others
expectTypeOf(await race(() => 1, async () => 2)).toEqualTypeOf<number>()
// @ts-expect-error at least one
void race()
expectTypeOf(await join(() => 1, Promise.resolve('text'), async () => true)).toEqualTypeOf<[number, string, boolean]>()
expectTypeOf(await tryJoin((signal) => signal.aborted, handle)).toEqualTypeOf<[boolean, string]>()
expectTypeOf(await join()).toEqualTypeOf<[]>()
expectTypeOf(await new CancellationToken().runUntilCancelled(async () => 1)).toEqualTypeOf<number | Cancelled>()
const local = taskLocal<{ readonly id: number }>()
expectTypeOf(local.scope({ id: 1 }, () => local.get().id)).toEqualTypeOf<number>()
expectTypeOf(local.tryGet()).toEqualTypeOf<{ readonly id: number } | undefined>()
// @ts-expect-error a value of another type
local.scope('text', () => undefined)
