/** The types of runtimes, tasks and calls. */
import { expectTypeOf } from 'expect-type'
import { pipeline, range } from '../../src/index.ts'
import { Runtime, blockOn, spawn, spawnBlocking, type AsyncContext, type BlockingSignal, type JobContext, type JoinHandle } from '../../src/runtime.ts'

declare const runtime: Runtime

// values and promises of values
expectTypeOf(runtime.spawn(async () => 1)).toEqualTypeOf<JoinHandle<number>>()
expectTypeOf(spawn(() => 'x')).toEqualTypeOf<JoinHandle<string>>()
expectTypeOf(runtime.spawnBlocking((a: number, b: string) => `${a}${b}`, 1, 'b')).toEqualTypeOf<JoinHandle<string>>()
expectTypeOf(blockOn(async (n: number) => n, 1)).toEqualTypeOf<number>()
expectTypeOf(runtime.blockOn((n: number) => n, 1)).toEqualTypeOf<number>()

// env and signal
expectTypeOf(spawnBlocking({ fn: (n: number, { env, signal }: JobContext<{ k: number }>) => { expectTypeOf(signal).toEqualTypeOf<BlockingSignal>(); return n * env.k }, env: { k: 2 } }, 1)).toEqualTypeOf<JoinHandle<number>>()
expectTypeOf(blockOn({ fn: async (n: number, { env }: AsyncContext<string>) => env + String(n), env: 'x' }, 1)).toEqualTypeOf<string>()
expectTypeOf(spawn(async (n: number, { signal }: AsyncContext<undefined>) => signal.aborted || n > 1, { on: 'async-worker', args: [1] })).toEqualTypeOf<JoinHandle<boolean>>()

// @ts-expect-error an argument of another type
void spawnBlocking((n: number) => n, 'one')
// @ts-expect-error an argument is missing
void spawnBlocking((a: number, b: number) => a + b, 1)
// @ts-expect-error there is no such option
Runtime.multiThread({ threads: 2 })
// @ts-expect-error time is 'real' or 'paused'
Runtime.currentThread({ time: 'slow' })

// pipelines keep their outputs
const p = pipeline({ out: range(0, 1).observe() })
expectTypeOf(runtime.run(p).outputs.out).toEqualTypeOf<ReturnType<typeof p.run>['outputs']['out']>()
