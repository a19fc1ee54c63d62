/** Connections over real sockets: both directions, their ends, backpressure, failures. */
import { getEventListeners } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { IoError } from '../../../src/error/io-error.ts'
import { connect } from '../../../src/connector/net/connect.ts'
import { listen } from '../../../src/connector/net/listener.ts'
import { from, map, pipeline, PipelineError, range, take } from '../../../src/index.ts'
import { rejection } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { suite } from '../../support/suite.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { all, bytesOf, pair, textOf } from './pair.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code
const systemOf = (error: unknown): unknown => (error as { system?: unknown }).system

const MEGABYTE = new Uint8Array(1024 * 1024)

suite('a connection', (it) => {
  it('carries bytes both ways, and each direction ends on its own', async ({ defer }) => {
    const [client, server] = await pair(defer)
    assert.equal([client.remote, server.local], [server.local, client.remote])
    await client.write(bytesOf('ping'))
    assert.is(textOf([(await server.read())!]), 'ping')
    await client.end()
    assert.is(await server.read(), undefined)
    assert.is(await server.read(), undefined)
    await server.write(bytesOf('still here'))
    assert.is(textOf([(await client.read())!]), 'still here')
    await server.end()
    assert.is(await client.read(), undefined)
    await Promise.all([client.closed, server.closed])
    assert.equal([client.bytesWritten, client.bytesRead, server.bytesRead], [4, 10, 4])
  })

  it('is a source and a sink of pipelines; the sink ends its direction and counts', async ({ defer }) => {
    const left = noteOpen()
    const [client, server] = await pair(defer)
    const lines = range(0, 5000).pipe(map((n) => Buffer.from(`${n}\n`)))
    const sent = pipeline({ sent: lines.to(client.sink) }).run({ workers: 0 })
    const echo = pipeline({ echoed: server.source.to(server.sink) }).run({ workers: 0 })
    const back = await client.source.toArray({ workers: 0 })
    const wanted = Array.from({ length: 5000 }, (_, n) => `${n}\n`).join('')
    assert.is(textOf(back), wanted)
    assert.equal([(await sent.done).results.sent, (await echo.done).results.echoed], [{ bytes: wanted.length }, { bytes: wanted.length }])
    await Promise.all([client.closed, server.closed])
    await left()
  })

  it('a side that does not read holds the other one up, in writes and in a pipeline', async ({ defer }) => {
    const [client, server] = await pair(defer)
    const endless = from((function* () { for (;;) yield MEGABYTE })())
    const run = pipeline({ sent: endless.to(client.sink) }).run({ workers: 0 })
    const ended = rejection(run.done)
    let before = -1
    while (client.bytesWritten === 0 || client.bytesWritten !== before) {
      before = client.bytesWritten
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.ok(before < 64 * MEGABYTE.length, `${before} bytes written, and nobody reads`)
    let read = 0
    while (read < 100 * MEGABYTE.length) read += (await server.read())!.length
    assert.ok(client.bytesWritten >= 100 * MEGABYTE.length)
    run.cancel('enough')
    assert.is((await ended).code, 'ERR_MILLRACE_CANCELLED')
    // cut off, not ended: what came is not all there was
    const cut = await rejection((async () => { for await (const chunk of server) read += chunk.length })())
    assert.equal([codeOf(cut), systemOf(cut)], ['ERR_MILLRACE_CONNECTION', 'ECONNRESET'])
  })

  it('an abandoned read takes nothing, an abandoned write sends all', async ({ defer }) => {
    const [client, server] = await pair(defer)
    for (let i = 0; i < 20; i++) {
      const stop = new AbortController()
      const reading = rejection(server.read({ signal: stop.signal }))
      stop.abort('enough')
      assert.is(await reading, 'enough')
      assert.is(getEventListeners(stop.signal, 'abort').length, 0)
    }
    await client.write(bytesOf('all of it'))
    assert.is(textOf([(await server.read())!]), 'all of it')
    const stop = new AbortController()
    const big = rejection(client.write(new Uint8Array(32 * MEGABYTE.length), { signal: stop.signal }))
    stop.abort('enough')
    assert.is(await big, 'enough')
    const ending = client.end()
    let got = 0
    for await (const chunk of server) got += chunk.length
    await ending
    assert.is(got, 32 * MEGABYTE.length)
  })

  it('a source that is left early leaves the rest unread, and runs once; the other direction goes on', async ({ defer }) => {
    const [client, server] = await pair(defer)
    await client.write(bytesOf('first'))
    assert.is(textOf(await server.source.pipe(take(1)).toArray({ workers: 0 })), 'first')
    assert.is((await rejection(server.source.toArray({ workers: 0 }))).code, 'ERR_MILLRACE_SOURCE_USED')
    await server.write(bytesOf('reply'))
    assert.is(textOf([(await client.read())!]), 'reply')
    const waiting = client.source.toArray({ workers: 0 })
    await pipeline({ sent: from([bytesOf('bye')]).to(server.sink) }).run({ workers: 0 }).done
    assert.is(textOf(await waiting), 'bye')
    await server.closed // both of its directions are over
  })

  it('a cancelled source ends at once though nothing comes', async ({ defer }) => {
    const [client, server] = await pair(defer)
    const stop = new AbortController()
    const reading = rejection(server.source.toArray({ workers: 0, signal: stop.signal }))
    await new Promise((resolve) => setTimeout(resolve, 10))
    stop.abort()
    assert.is((await reading).code, 'ERR_MILLRACE_CANCELLED')
    await client.close()
  })

  it('breaks with a code of its own, in calls and in runs; uses after the end are refused', async ({ defer }) => {
    const [client, server] = await pair(defer)
    const waiting = rejection(server.source.toArray({ workers: 0 }))
    await client.write(bytesOf('x'))
    client.reset() // with bytes right before it, which must not look like all there was
    const error = await waiting
    assert.instance(error, PipelineError)
    assert.equal([error.code, error.stage], ['ERR_MILLRACE_CONNECTION', 'connection'])
    assert.instance(error.cause, IoError)
    assert.is(codeOf(await rejection(server.write(bytesOf('x')))), 'ERR_MILLRACE_CONNECTION')
    assert.is(codeOf(await rejection(client.write(bytesOf('x')))), 'ERR_MILLRACE_CONNECTION')
    assert.is(codeOf(await rejection(client.read())), 'ERR_MILLRACE_CONNECTION')
    assert.is(codeOf(await rejection(client.write('text' as never))), 'ERR_MILLRACE_ARGUMENT')
    await client.close()
    await client.close()
    const [one, other] = await pair(defer)
    await one.end()
    await one.end()
    assert.is(codeOf(await rejection(one.write(bytesOf('late')))), 'ERR_MILLRACE_CONNECTION')
    const sink = await rejection(pipeline({ out: range(0, 2).to(other.sink as never) }).run({ workers: 0 }).done)
    assert.is(sink.code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('close lets what was written leave, dispose too', async ({ defer }) => {
    const [client, server] = await pair(defer)
    const reading = all(server)
    void client.write(bytesOf('x'.repeat(3_000_000)))
    await client[Symbol.asyncDispose]()
    assert.is((await reading).length, 3_000_000)
  })

  it('connect says why it could not, gives up by its signal, and goes by path', async ({ defer }) => {
    const left = noteOpen()
    const listener = await listen({ port: 0 })
    await listener.close()
    const refused = await rejection(connect({ port: listener.port }))
    assert.equal([codeOf(refused), systemOf(refused)], ['ERR_MILLRACE_CONNECT', 'ECONNREFUSED'])
    assert.match(refused.message, `127.0.0.1:${listener.port}`)
    assert.is(await rejection(connect({ port: 1, signal: AbortSignal.abort('enough') })), 'enough')
    const stop = new AbortController()
    const connecting = rejection(connect({ port: 1, host: '192.0.2.1', signal: stop.signal })) // nobody is there to answer
    stop.abort('enough')
    assert.is(await connecting, 'enough')
    for (const bad of [{ port: -1 }, { port: 70_000 }, { port: 1.5 }]) assert.instance(await rejection(connect(bad)), RangeError)
    assert.instance(await rejection(connect({ path: '' })), TypeError)
    assert.is(codeOf(await rejection(listen({ port: 0, maxWaiting: 0 }))), 'ERR_MILLRACE_ARGUMENT')

    const path = join(tempDir(defer), 'socket')
    const local = await listen({ path })
    const client = await connect({ path })
    const server = await local.accept()
    await client.write(bytesOf('by path'))
    await client.end()
    assert.is(await all(server), 'by path')
    assert.equal([local.address, client.remote], [{ path }, { path }])
    await Promise.all([client.close(), server.close(), local.close()])
    assert.equal([codeOf(await rejection(connect({ path: `${path}x` })))], ['ERR_MILLRACE_CONNECT'])
    await left()
  })

  it('speaks with any other socket', async ({ defer }) => {
    const plain = createServer((socket) => socket.end('hello'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    defer(() => plain.close())
    const client = await connect({ port: (plain.address() as { port: number }).port })
    assert.is(await all(client), 'hello')
    await client.close()
  })
}, 20_000)
