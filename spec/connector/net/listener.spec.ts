/** Listeners: the accept loop by calls and as a pipeline, what waits, what is refused, and how it ends. */
import * as assert from 'uvu/assert'
import { connect } from '../../../src/connector/net/connect.ts'
import type { Connection } from '../../../src/connector/net/connection.ts'
import { listen } from '../../../src/connector/net/listener.ts'
import { forEach, mapAsync, pipeline, take } from '../../../src/index.ts'
import { rejection } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { suite } from '../../support/suite.ts'
import { all, bytesOf, connected, listening, textOf } from './pair.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

const until = async (ready: () => boolean): Promise<void> => {
  while (!ready()) await new Promise((resolve) => setImmediate(resolve))
}

const echo = async (connection: Connection): Promise<number> => {
  const { done } = pipeline({ sent: connection.source.to(connection.sink) }).run({ workers: 0 })
  return ((await done).results.sent).bytes
}

suite('a listener', (it) => {
  it('gives each connection to one caller, in order; an abandoned accept takes none', async ({ defer }) => {
    const listener = await listening(defer)
    const stop = new AbortController()
    const abandoned = rejection(listener.accept({ signal: stop.signal }))
    stop.abort('enough')
    assert.is(await abandoned, 'enough')
    const clients = [await connected(defer, listener), await connected(defer, listener), await connected(defer, listener)]
    const accepted = [await listener.accept(), await listener.accept(), await listener.accept()]
    assert.equal(accepted.map((one) => one.remote), clients.map((one) => one.local))
    for (const one of accepted) one.reset()
  })

  it('is a source: handled so many at a time, the others wait unread', async ({ defer }) => {
    const left = noteOpen()
    const listener = await listen({ port: 0 })
    let now = 0
    let most = 0
    const handle = mapAsync(async (connection: Connection) => {
      most = Math.max(most, ++now)
      const bytes = await echo(connection)
      now--
      return bytes
    }, { concurrency: 3, ordered: false })
    const seen: number[] = []
    const server = pipeline({ all: listener.connections.pipe(handle).to(forEach((bytes) => { seen.push(bytes) })) }).run({ workers: 0 })
    const clients = await Promise.all(Array.from({ length: 12 }, () => connected(defer, listener)))
    const texts = await Promise.all(
      clients.map(async (client, i) => {
        await client.write(bytesOf(`client ${i}`))
        await client.end()
        return all(client)
      })
    )
    assert.equal(texts, clients.map((_, i) => `client ${i}`))
    assert.is(most, 3)
    const report = await server.drain()
    assert.equal([report.results.all, seen.length], [12, 12])
    assert.ok(listener.isClosed)
    await left()
  })

  it('resets what comes when too many wait, and counts it', async ({ defer }) => {
    const listener = await listening(defer, { maxWaiting: 2 })
    const clients = [await connected(defer, listener), await connected(defer, listener)]
    await until(() => listener.waiting === 2)
    // it may be told while it still connects, or in its first read
    const third = await rejection(connected(defer, listener).then((client) => client.read()))
    assert.is((third as { system?: unknown }).system, 'ECONNRESET')
    assert.equal([listener.refused, listener.waiting], [1, 2])
    for (const client of clients) {
      const accepted = await listener.accept()
      assert.equal(accepted.remote, client.local)
      accepted.reset()
    }
  })

  it('ends: who waits for connections is told, who waits to be accepted is reset, who was accepted goes on', async ({ defer }) => {
    const left = noteOpen()
    const listener = await listen({ port: 0 })
    const [first, second] = [await connected(defer, listener), await connected(defer, listener)]
    const accepted = await listener.accept()
    await until(() => listener.waiting === 1)
    const { port } = listener
    await listener.close()
    await listener.close()
    assert.is(codeOf(await rejection(second.read())), 'ERR_MILLRACE_CONNECTION')
    assert.is(codeOf(await rejection(listener.accept())), 'ERR_MILLRACE_CLOSED')
    for await (const _ of listener) throw new Error('nobody comes')
    await accepted.write(bytesOf('goes on'))
    assert.is(textOf([(await first.read())!]), 'goes on')
    await Promise.all([accepted.close(), first.close()])
    const again = await listen({ port }) // the port is free
    const waiting = rejection(again.accept())
    await again.close()
    assert.is(codeOf(await waiting), 'ERR_MILLRACE_CLOSED')
    await left()
  })

  it('closes when its run is cancelled, and resets what nobody has begun to use', async ({ defer }) => {
    const left = noteOpen()
    const listener = await listen({ port: 0 })
    const never = mapAsync(() => new Promise(() => undefined), { concurrency: 1 })
    const server = pipeline({ all: listener.connections.pipe(never).to(forEach(() => undefined)) }).run({ workers: 0 })
    const ended = rejection(server.done)
    const clients = await Promise.all(Array.from({ length: 10 }, () => connected(defer, listener)))
    const told = clients.map((client) => rejection(client.read()))
    await until(() => listener.waiting < 10)
    server.cancel('enough')
    assert.is((await ended).code, 'ERR_MILLRACE_CANCELLED')
    assert.ok(listener.isClosed)
    assert.equal(new Set((await Promise.all(told)).map(codeOf)), new Set(['ERR_MILLRACE_CONNECTION']))
    assert.is(codeOf(await rejection(connect({ port: listener.port }))), 'ERR_MILLRACE_CONNECT')
    await left()
  })

  it('closes when nobody wants more; its source runs once', async ({ defer }) => {
    const listener = await listening(defer)
    const clients = [connected(defer, listener), connected(defer, listener)].map((client) => client.catch(() => undefined)) // one may be reset
    const [one] = await listener.connections.pipe(take(1)).toArray({ workers: 0 })
    await Promise.all(clients)
    assert.ok(listener.isClosed)
    await one!.close()
    assert.is((await rejection(listener.connections.toArray({ workers: 0 }))).code, 'ERR_MILLRACE_SOURCE_USED')
  })

  it('says why it cannot listen', async ({ defer }) => {
    const listener = await listening(defer)
    const used = await rejection(listen({ port: listener.port }))
    assert.equal([codeOf(used), (used as { system?: unknown }).system], ['ERR_MILLRACE_LISTEN', 'EADDRINUSE'])
    assert.match(used.message, `127.0.0.1:${listener.port}`)
    assert.is(codeOf(await rejection(listen({ port: 0, host: '192.0.2.1' }))), 'ERR_MILLRACE_LISTEN')
  })
}, 20_000)
