/** The echo server as a program of its own: a thousand connections at the same time, from sockets that are not millrace's. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { noteOpen } from '../support/leftovers.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startExample, type Example } from './support/example.ts'

/** Files that this process, and a child, may have open. */
const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim().replace('unlimited', '1000000'))

const CLIENTS = 1000
/** Besides the sockets: standard streams, modules, the event loop's own. */
const OTHERS = 100
const clients = Math.min(CLIENTS, openFiles - OTHERS)
if (clients < CLIENTS) console.log(`ulimit -n is ${openFiles}: ${clients} connections instead of ${CLIENTS}`)

const ROUNDS = 5

/** Starts the server at a free port, and waits until it listens. */
const start = async (defer: Scope['defer'], ...args: readonly string[]): Promise<{ readonly server: Example; readonly port: number }> => {
  const server = startExample(defer, 'echo-server', ['--port', '0', ...args])
  let said = ''
  const port = new Promise<number>((resolve) => {
    server.process.stdout.on('data', (text: string) => {
      said += text
      const found = /listening on 127\.0\.0\.1:(\d+)\n/.exec(said)
      if (found !== null) resolve(Number(found[1]))
    })
  })
  return { server, port: await Promise.race([port, server.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]) }
}

const dial = async (port: number): Promise<Socket> => {
  const socket = createConnection(port, '127.0.0.1')
  socket.setNoDelay()
  await once(socket, 'connect')
  return socket
}

/** Sends a text and reads it back. */
const ask = async (socket: Socket, text: string): Promise<void> => {
  socket.write(text)
  let back = ''
  while (back.length < text.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    back += chunk.toString('latin1')
  }
  assert.is(back, text)
}

interface Counts {
  readonly connections: number
  readonly most: number
  readonly bytes: number
  readonly broken: number
}

const counts = (stdout: string): Counts => JSON.parse(stdout.trim().split('\n').at(-1)!) as Counts

suite('echo server', (it) => {
  it(`holds ${CLIENTS} connections at the same time, answers all of them, and leaves nothing behind`, async ({ defer }) => {
    const { server, port } = await start(defer)
    const left = noteOpen()
    const sockets: Socket[] = []
    for (let i = 0; i < clients; i += 100) {
      sockets.push(...(await Promise.all(Array.from({ length: Math.min(100, clients - i) }, () => dial(port)))))
    }
    let bytes = 0
    for (let round = 0; round < ROUNDS; round++) {
      // every one of them, while all are open
      await Promise.all(
        sockets.map(async (socket, i) => {
          const text = `message ${round} of client ${i} ${'x'.repeat((i * 7 + round * 13) % 300)}\n`
          bytes += text.length
          await ask(socket, text)
        })
      )
    }
    const closed = sockets.map((socket) => once(socket, 'close'))
    for (const socket of sockets) socket.end()
    await Promise.all(closed)
    await left()
    server.process.kill('SIGINT') // nobody is connected any more: it is done
    const { code, stdout, stderr } = await server.ended
    assert.equal([code, counts(stdout)], [0, { connections: clients, most: clients, bytes, broken: 0 }], stderr)
  })

  it('the first Ctrl-C lets those that are connected finish; a client that breaks off harms nobody', async ({ defer }) => {
    const { server, port } = await start(defer)
    const [breaks, stays] = [await dial(port), await dial(port)]
    await ask(breaks, 'one')
    await ask(stays, 'two')
    breaks.resetAndDestroy()
    server.process.kill('SIGINT')
    await server.seen('draining')
    await ask(stays, 'still served')
    const refused = await once(createConnection(port, '127.0.0.1'), 'connect').catch((error: unknown) => (error as { code?: unknown }).code)
    assert.is(refused, 'ECONNREFUSED')
    stays.end()
    const { code, stdout } = await server.ended
    assert.equal([code, counts(stdout).connections, counts(stdout).broken], [0, 2, 1])
  })

  it('the second Ctrl-C cuts them off', async ({ defer }) => {
    const { server, port } = await start(defer)
    const socket = await dial(port)
    await ask(socket, 'hello')
    const told = once(socket, 'error')
    server.process.kill('SIGINT')
    await server.seen('draining')
    await new Promise((resolve) => setTimeout(resolve, 250)) // two within 200 ms are one
    server.process.kill('SIGINT')
    assert.is((await server.ended).code, 130)
    const [error] = (await told) as [NodeJS.ErrnoException]
    assert.is(error.code, 'ECONNRESET')
  })

  it('takes as many as --max at a time, the others wait; refuses wrong options', async ({ defer }) => {
    const { server, port } = await start(defer, '--max', '1')
    const [first, second] = [await dial(port), await dial(port)]
    await ask(first, 'one')
    let answered = false
    const waits = ask(second, 'two').then(() => { answered = true })
    await ask(first, 'three')
    assert.not(answered)
    first.end()
    await waits
    second.end()
    await once(second, 'close')
    server.process.kill('SIGINT')
    assert.is(counts((await server.ended).stdout).most, 1)
    const wrong = startExample(defer, 'echo-server', ['--port', 'seven'])
    const { code, stderr } = await wrong.ended
    assert.is(code, 2)
    assert.match(stderr, '--port takes a whole number')
  })
}, 60_000)
