/** Signals to this process and to others; numbers as in the list of tokio's semantics. */
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { ctrlC } from '../../../src/connector/signal/ctrl-c.ts'
import { signals } from '../../../src/connector/signal/signals.ts'
import { map, take } from '../../../src/index.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { startNode } from '../../support/child.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { observe } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'

const listeners = (name: NodeJS.Signals): number => process.listenerCount(name)

const send = (name: NodeJS.Signals): void => {
  process.kill(process.pid, name)
}

const until = async (ready: () => boolean): Promise<void> => {
  while (!ready()) await new Promise((resolve) => setImmediate(resolve))
}

suite('signals', (it) => {
  it('293: two who wait for Ctrl-C are both told of it; the next is for those who wait then', async ({ defer }) => {
    const guard = (): void => undefined // without it, a Ctrl-C that nobody waits for would end the specs
    process.on('SIGINT', guard)
    defer(() => process.off('SIGINT', guard))
    const left = noteOpen()
    for (let round = 0; round < 3; round++) {
      const both = [ctrlC(), ctrlC()]
      assert.is(listeners('SIGINT'), 3)
      send('SIGINT')
      await Promise.all(both)
      assert.is(listeners('SIGINT'), 1)
    }
    const stop = new AbortController()
    const [waiting, other] = [rejection(ctrlC({ signal: stop.signal })), observe(ctrlC())]
    stop.abort('enough')
    assert.is(await waiting, 'enough')
    assert.is(await rejection(ctrlC({ signal: stop.signal })), 'enough')
    assert.equal([other.fate().is, listeners('SIGINT')], ['pending', 2])
    send('SIGINT')
    await until(() => other.fate().is === 'value')
    await left()
  })

  it('293: a source hears every one that comes after it has begun, and so does another', async () => {
    const [one, other] = [[], []] as [string[], string[]]
    const hear = async (into: string[], count: number): Promise<void> => {
      for await (const name of signals('SIGUSR2', 'SIGHUP')) if (into.push(name) === count) break
    }
    const both = [hear(one, 3), hear(other, 4)]
    await until(() => listeners('SIGUSR2') === 2 && listeners('SIGHUP') === 2)
    for (const [i, name] of (['SIGUSR2', 'SIGHUP', 'SIGUSR2', 'SIGHUP'] as const).entries()) {
      send(name)
      await until(() => other.length === i + 1 && one.length === Math.min(i + 1, 3))
    }
    await Promise.all(both)
    assert.equal([one, other], [['SIGUSR2', 'SIGHUP', 'SIGUSR2'], ['SIGUSR2', 'SIGHUP', 'SIGUSR2', 'SIGHUP']])
    assert.equal([listeners('SIGUSR2'), listeners('SIGHUP')], [0, 0])
  })

  it('signals that nobody takes are one of each name', async () => {
    let release: () => void = () => undefined
    const seen: string[] = []
    const slow = (async () => {
      for await (const name of signals(['SIGUSR2'], { name: 'slow' })) {
        seen.push(name)
        if (seen.length > 1) await new Promise<void>((resolve) => { release = resolve })
        if (seen.length === 4) break
      }
    })()
    await until(() => listeners('SIGUSR2') === 1)
    while (seen.length < 4) {
      for (let i = 0; i < 50; i++) send('SIGUSR2')
      await new Promise((resolve) => setTimeout(resolve, 5))
      release()
    }
    release()
    await slow
    assert.is(seen.length, 4)
  })

  it('go through operators, and let go when the run is cancelled', async () => {
    const left = noteOpen()
    const first = signals('SIGHUP').pipe(map((name) => name.toLowerCase()), take(1)).toArray({ workers: 0 })
    await until(() => listeners('SIGHUP') === 1)
    send('SIGHUP')
    assert.equal(await first, ['sighup'])
    const stop = new AbortController()
    const waiting = rejection(signals('SIGHUP').toArray({ workers: 0, signal: stop.signal }))
    await until(() => listeners('SIGHUP') === 1)
    stop.abort()
    assert.is((await waiting).code, 'ERR_MILLRACE_CANCELLED')
    assert.is(listeners('SIGHUP'), 0)
    await left()
  })

  it('refuses what is no signal, or is heard by nobody, and workers', async () => {
    for (const bad of [['SIGKILL'], ['SIGSTOP'], ['SIGNONE'], [7], []]) assert.instance(thrown(() => signals(...(bad as ['SIGHUP']))), RangeError)
    const worker = new Worker(
      `(async () => {
        const { parentPort, workerData } = require('node:worker_threads')
        ;(await import('tsx/esm/api')).register()
        const { ctrlC } = await import(workerData)
        parentPort.postMessage(await ctrlC().catch((error) => error.code))
      })()`,
      { eval: true, execArgv: [], workerData: new URL('../../../src/connector/signal/ctrl-c.ts', import.meta.url).href }
    )
    const code = await new Promise((resolve, reject) => { worker.once('message', resolve).once('error', reject) })
    await worker.terminate()
    assert.is(code, 'ERR_MILLRACE_IN_WORKER')
  })

  it('293: the first Ctrl-C asks a program to finish, the second ends it', async () => {
    const program = `
      const { ctrlC } = await import('./src/connector/signal/ctrl-c.ts')
      const pressed = ctrlC()
      console.log('waits')
      await pressed // nothing else holds the process
      console.log('asked')
      setInterval(() => undefined, 1000)
    `
    const child = startNode(['--input-type=module', '-e', program])
    await child.seen('waits')
    child.process.kill('SIGINT')
    await child.seen('asked')
    child.process.kill('SIGINT')
    const ended = await child.ended
    assert.equal([ended.code, ended.signal], [null, 'SIGINT'])
  })
}, 20_000)
