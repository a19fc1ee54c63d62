/**
 * What TypeScript infers for time and for connections, processes and signals, and what it refuses. Checked by `tsc` alone; nothing here runs.
 */
import { expectTypeOf } from 'expect-type'
import type { Flow, Sink, Source } from '../../src/graph/source.ts'
import { map } from '../../src/operator/map.ts'
import {
  command, connect, copyBidirectional, ctrlC, DelayQueue, interval, listen, signals, sleep, time, timeout, timeoutAt, Timer,
  type Child, type ChildStatus, type CommandResult, type Connection, type Copied, type Expired, type Listener, type SentBytes
} from '../../src/runtime.ts'

declare const bytes: Source<Uint8Array>
declare const texts: Source<string>
declare const listener: Listener
declare const connection: Connection
declare const child: Child

// time
expectTypeOf(sleep(5)).toEqualTypeOf<Promise<void>>()
expectTypeOf(time.now()).toEqualTypeOf<number>()
expectTypeOf(time.advance(5)).toEqualTypeOf<Promise<void>>()
expectTypeOf(timeout(5, () => 1)).toEqualTypeOf<Promise<number>>()
expectTypeOf(timeout(5, async (signal) => { await sleep(1, { signal }); return 'text' })).toEqualTypeOf<Promise<string>>()
expectTypeOf(timeoutAt(5, Promise.resolve(true))).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(interval(5, { missed: 'skip', startAt: 7 }).tick()).toEqualTypeOf<Promise<number>>()
expectTypeOf(new Timer(5).wait()).toEqualTypeOf<Promise<void>>()
expectTypeOf(new DelayQueue<string>().next()).toEqualTypeOf<Promise<Expired<string> | undefined>>()
// @ts-expect-error a policy that there is not
interval(5, { missed: 'never' })
// @ts-expect-error a number is no work
void timeout(5, 7)
// @ts-expect-error a key is what insert answered
new DelayQueue<string>().remove({})

// connections
expectTypeOf(listen({ port: 0 })).toEqualTypeOf<Promise<Listener>>()
expectTypeOf(listen({ path: '/tmp/socket' })).toEqualTypeOf<Promise<Listener>>()
expectTypeOf(connect({ port: 1, host: 'a' })).toEqualTypeOf<Promise<Connection>>()
expectTypeOf(listener.connections).toEqualTypeOf<Source<Connection>>()
expectTypeOf(listener.accept()).toEqualTypeOf<Promise<Connection>>()
expectTypeOf(connection.source).toEqualTypeOf<Source<Uint8Array>>()
expectTypeOf(connection.sink).toEqualTypeOf<Sink<Uint8Array, SentBytes>>()
expectTypeOf(connection.read()).toEqualTypeOf<Promise<Uint8Array | undefined>>()
expectTypeOf(copyBidirectional(connection, connection)).toEqualTypeOf<Promise<Copied>>()
// @ts-expect-error neither a port nor a path
void listen({ host: 'a' })
// @ts-expect-error text is no bytes
texts.to(connection.sink)

// processes
expectTypeOf(bytes.pipe(command('cat'))).toEqualTypeOf<Source<Uint8Array>>()
expectTypeOf(command('cat')).toExtend<Flow<Uint8Array, Uint8Array>>()
expectTypeOf(command('cat').sink()).toEqualTypeOf<Sink<Uint8Array, CommandResult>>()
expectTypeOf(command('cat').spawn()).toEqualTypeOf<Promise<Child>>()
expectTypeOf(child.status).toEqualTypeOf<Promise<ChildStatus>>()
expectTypeOf(texts.pipe(map((text) => Buffer.from(text)), command('cat'))).toEqualTypeOf<Source<Uint8Array>>()
// @ts-expect-error text is no bytes
texts.pipe(command('cat'))
// @ts-expect-error a command line is no list of arguments
command('cat', '-n')

// signals
expectTypeOf(ctrlC()).toEqualTypeOf<Promise<void>>()
expectTypeOf(signals('SIGHUP', 'SIGTERM')).toEqualTypeOf<Source<'SIGHUP' | 'SIGTERM'>>()
// @ts-expect-error no signal of that name
signals('SIGNONE')
