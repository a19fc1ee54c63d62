/** What channels leave behind: nothing; and what is said of senders that nobody closed. */
import * as assert from 'uvu/assert'
import { mpsc, oneshot } from '../../src/sync.ts'
import { runText } from '../support/child.ts'
import { heapInUse } from '../support/collected.ts'
import { suite } from '../support/suite.ts'

const MB = 2 ** 20

/** Bytes by which the heap has grown over `cycles` calls, after as many to warm up. */
const growth = async (cycles: number, cycle: (i: number) => Promise<void> | void): Promise<number> => {
  const run = async (): Promise<number> => {
    for (let i = 0; i < cycles; i++) await cycle(i)
    return heapInUse()
  }
  const before = await run()
  return (await run()) - before
}

suite('mpsc, what it leaves', (it) => {
  it('10⁵ channels that were made, used and dropped leave the heap flat', async () => {
    const grown = await growth(100_000, (i) => {
      const { sender, receiver } = mpsc<number>({ capacity: 2 })
      const other = sender.clone()
      sender.trySend(i)
      void other.send(i)
      void other.send(i)
      receiver.tryRecv()
      sender.close()
      if (i % 2 === 0) other.close()
      receiver[Symbol.dispose]()
    })
    assert.ok(grown < 3 * MB, `${grown} bytes`)
  })

  it('10⁵ abandoned calls, permits and weak senders of one channel leave the heap flat', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const grown = await growth(100_000, async (i) => {
      const controller = new AbortController()
      const { signal } = controller
      const calls = i % 2 === 0 ? [receiver.recv({ signal }), receiver.recvMany(3, { signal })] : [sender.reserveMany(1).then((permits) => { permits[0]!.release() })]
      controller.abort()
      await Promise.allSettled(calls)
      using weak = sender.downgrade()
      weak.upgrade()?.close()
    })
    assert.ok(grown < 3 * MB, `${grown} bytes`)
    assert.equal([sender.capacity, sender.strongCount, sender.weakCount], [1, 1, 0])
  })

  it('10⁵ oneshots leave the heap flat', async () => {
    const grown = await growth(100_000, async (i) => {
      const { sender, receiver } = oneshot<number>()
      const received = receiver.recv()
      if (i % 3 === 0) sender.close()
      else sender.send(i)
      await received
    })
    assert.ok(grown < 3 * MB, `${grown} bytes`)
  })
}, 60_000)

const program = (body: string): string => `
  import { setFlagsFromString } from 'node:v8'
  import { runInNewContext } from 'node:vm'
  import { mpsc } from './src/sync.ts'
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  const collect = async () => { for (let i = 0; i < 4; i++) { await new Promise((resolve) => setTimeout(resolve, 5)); gc() } }
  process.on('warning', ({ code, message }) => console.log(code, message.includes('close()')))
  ${body}
`

suite('mpsc, lost senders', (it) => {
  it('a sender that was collected open, and keeps a receive waiting, is a warning, once', async () => {
    const { stdout } = await runText(program(`
      const receivers = [1, 2].map(() => { const { receiver } = mpsc({ capacity: 1 }); void receiver.recv(); return receiver })
      await collect()
      const { receiver, ...rest } = mpsc.unbounded()
      rest.sender = undefined
      await collect()
      void receiver.recv()
      await collect()
    `))
    assert.is(stdout, 'MILLRACE_LEAKED_SENDER true\n')
  })

  it('a receive that begins to wait after all senders were lost is warned of, too', async () => {
    const { stdout } = await runText(program(`
      const { receiver } = mpsc({ capacity: 1 })
      await collect()
      console.log('collected')
      void receiver.recv()
      await collect()
    `))
    assert.is(stdout, 'collected\nMILLRACE_LEAKED_SENDER true\n')
  })

  it('nothing is said of senders that were closed, of those that are held, nor of a channel that nobody waits on', async () => {
    const { stdout } = await runText(program(`
      const closed = mpsc({ capacity: 1 })
      closed.sender.close()
      const { receiver, sender } = mpsc({ capacity: 1 })
      const weak = (() => { const clone = sender.clone(); const weak = clone.downgrade(); clone.close(); return weak })()
      void receiver.recv()
      for (let i = 0; i < 100; i++) mpsc({ capacity: 1 })
      await collect()
      console.log('quiet', sender.strongCount, weak.weakCount)
    `))
    assert.is(stdout, 'quiet 1 1\n')
  })
}, 30_000)
