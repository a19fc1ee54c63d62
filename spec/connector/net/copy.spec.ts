/** The copy both ways between two connections; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { copyBidirectional } from '../../../src/connector/net/duplex.ts'
import { rejection } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { observe } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'
import { all, bytesOf, pair, textOf } from './pair.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

suite('copyBidirectional', (it) => {
  it('292: each direction ends on its own, and both are counted', async ({ defer }) => {
    const left = noteOpen()
    const [client, a] = await pair(defer)
    const [b, server] = await pair(defer)
    const copied = copyBidirectional(a, b)
    await client.write(bytesOf('question'))
    assert.is(textOf([(await server.read())!]), 'question')
    await client.end()
    assert.is(await server.read(), undefined)
    await server.write(bytesOf('a long answer'))
    await server.end()
    assert.is(await all(client), 'a long answer')
    assert.equal(await copied, { aToB: 8, bToA: 13 })
    await Promise.all([client.closed, server.closed, a.closed, b.closed])
    await left()
  })

  it('292: a side that is blocked does not stop the other direction', async ({ defer }) => {
    const [client, a] = await pair(defer)
    const [b, server] = await pair(defer)
    const copied = copyBidirectional(a, b)
    const blocked = observe(client.write(new Uint8Array(64 * 1024 * 1024))) // the server reads nothing
    for (let i = 0; i < 200; i++) {
      await server.write(bytesOf(`${i};`))
      let got = ''
      while (!got.endsWith(';')) got += textOf([(await client.read())!])
      assert.is(got, `${i};`)
    }
    assert.is(blocked.fate().is, 'pending')
    let read = 0
    while (read < 64 * 1024 * 1024) read += (await server.read())!.length
    await Promise.all([client.end(), server.end()])
    assert.is((await copied).aToB, 64 * 1024 * 1024)
  })

  it('292: a failure to read, or to write, ends both directions at once', async ({ defer }) => {
    for (const broken of ['client', 'server'] as const) {
      const [client, a] = await pair(defer)
      const [b, server] = await pair(defer)
      const copied = rejection(copyBidirectional(a, b))
      const [dies, lives] = broken === 'client' ? [client, server] : [server, client]
      if (broken === 'server') void client.write(new Uint8Array(64 * 1024 * 1024)).catch(() => undefined) // a write is under way when it breaks
      const told = rejection((async () => { for await (const _ of lives); })())
      await new Promise((resolve) => setTimeout(resolve, 20))
      dies.reset()
      assert.is(codeOf(await copied), 'ERR_MILLRACE_CONNECTION')
      assert.is(codeOf(await told), 'ERR_MILLRACE_CONNECTION')
      await Promise.all([a.closed, b.closed])
    }
  })

  it('292: is cancelled by its signal: both are reset', async ({ defer }) => {
    const left = noteOpen()
    const [client, a] = await pair(defer)
    const [b, server] = await pair(defer)
    const stop = new AbortController()
    const copied = rejection(copyBidirectional(a, b, { signal: stop.signal }))
    const told = [client, server].map((end) => rejection(end.read()))
    stop.abort('enough')
    assert.is(await copied, 'enough')
    assert.equal((await Promise.all(told)).map(codeOf), ['ERR_MILLRACE_CONNECTION', 'ERR_MILLRACE_CONNECTION'])
    assert.is(await rejection(copyBidirectional(a, b, { signal: AbortSignal.abort('before') })), 'before')
    await left()
  })
}, 20_000)
