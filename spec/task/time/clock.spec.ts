/** Time of a runtime's own: paused, advanced, jumping, held; numbers as in the list of tokio's semantics. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as realSleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { clock, realClock, withClock } from '../../../src/prelude/clock.ts'
import { sleep, sleepUntil } from '../../../src/task/time/sleep.ts'
import { time } from '../../../src/task/time/time.ts'
import { VirtualClock } from '../../../src/task/time/virtual-clock.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { observe, turn } from '../../support/settling.ts'
import { seed } from '../../support/seed.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

/** A reproducible sequence: mulberry32. */
const random = (from: number): (() => number) => {
  let state = from | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

suite('the clock of a runtime', (it) => {
  it('277: time is paused where it is a runtime\'s own, and nowhere else', async () => {
    for (const call of [() => { time.pause() }, () => { time.resume() }]) assert.is(codeOf(thrown(call)), 'ERR_MILLRACE_TIME')
    assert.is(codeOf(await rejection(time.advance(1))), 'ERR_MILLRACE_TIME')
    withClock(new VirtualClock({ pausable: false }), () => {
      assert.is(codeOf(thrown(() => { time.pause() })), 'ERR_MILLRACE_TIME')
    })
    await withClock(new VirtualClock(), async () => {
      await sleep(1) // also behind an await
      time.pause()
      time.resume()
    })
  })

  it('277: pausing what is paused, advancing or resuming what is not, is refused', async () => {
    await withClock(new VirtualClock(), async () => {
      assert.is(codeOf(thrown(() => { time.resume() })), 'ERR_MILLRACE_TIME')
      assert.is(codeOf(await rejection(time.advance(5))), 'ERR_MILLRACE_TIME')
      time.pause()
      assert.is(codeOf(thrown(() => { time.pause() })), 'ERR_MILLRACE_TIME')
      assert.instance(await rejection(time.advance(-1)), RangeError)
      assert.is(time.now(), time.now())
    })
  })

  it('278: advance moves now by exactly so much, less than a millisecond too, and fires what is due and nothing else', async () => {
    await paused(async () => {
      const half = observe(sleep(0.5))
      const one = observe(sleep(1))
      const two = observe(sleep(2))
      await time.advance(0.25)
      assert.is(time.now(), 0.25)
      assert.is(half.fate().is, 'pending')
      await time.advance(0.25)
      assert.equal([time.now(), half.fate().is, one.fate().is], [0.5, 'value', 'pending'])
      await time.advance(0.5)
      assert.equal([time.now(), one.fate().is, two.fate().is], [1, 'value', 'pending'])
      await time.advance(0)
      assert.is(time.now(), 1)
      await time.advance(100_000)
      assert.equal([time.now(), two.fate().is], [100_001, 'value'])
    })
  })

  it('278: a jump is one jump: who is woken sees the new time, in the order of the deadlines', async () => {
    await paused(async () => {
      const seen: [string, number][] = []
      for (const [name, ms] of [['c', 3], ['a', 1], ['b', 2], ['a2', 1]] as const) void sleep(ms).then(() => seen.push([name, time.now()]))
      await time.advance(5)
      assert.equal(seen, [['a', 5], ['a2', 5], ['b', 5], ['c', 5]])
    })
  })

  it('278: who is woken by an advance and sleeps again is not woken by the same advance', async () => {
    await paused(async () => {
      const seen: number[] = []
      void (async () => { for (;;) { await sleep(10); seen.push(time.now()); if (seen.length === 3) return } })()
      await time.advance(10)
      assert.equal(seen, [10])
      await time.advance(25)
      assert.equal(seen, [10, 35])
    })
  })

  it('278: two advances at once add up', async () => {
    await paused(async () => {
      await Promise.all([time.advance(1), time.advance(2)])
      assert.is(time.now(), 3)
    })
  })

  it('279: 10 000 sleeps of random length end at the same instants in two runs, in no time', async () => {
    const run = (): Promise<number[]> =>
      paused(async () => {
        const next = random(seed)
        const ends: number[] = []
        await Promise.all(
          Array.from({ length: 100 }, async () => {
            for (let i = 0; i < 100; i++) {
              await sleep(next() * 1000)
              ends.push(time.now())
            }
          })
        )
        return ends
      })
    const began = performance.now()
    const first = await run()
    assert.is(first.length, 10_000)
    assert.equal(first, await run())
    assert.ok(time.now() - began < 5_000)
    assert.ok(first.at(-1)! > 10_000)
  })

  it('279: time jumps only when nobody has anything to do: turns of the loop, files, held work', async ({ defer }) => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-spec-'))
    defer(() => rm(dir, { recursive: true, force: true }))
    await writeFile(join(dir, 'file'), 'x'.repeat(1_000_000))
    await paused(async () => {
      const hour = observe(sleep(3_600_000))
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
      assert.equal([time.now(), hour.fate().is], [0, 'pending'])
      for (let i = 0; i < 30; i++) assert.is((await readFile(join(dir, 'file'))).length, 1_000_000)
      assert.equal([time.now(), hour.fate().is], [0, 'pending'])
    })
  })

  it('221: time does not jump while work runs elsewhere, and goes on when it has ended', async () => {
    await paused(async (virtual) => {
      const worker = new Worker('const { parentPort } = require("node:worker_threads"); setTimeout(() => parentPort.postMessage(1), 30)', { eval: true })
      virtual.hold()
      const message = new Promise<number>((resolve) => worker.once('message', () => {
        resolve(time.now())
        virtual.letGo()
      }))
      const hour = sleep(3_600_000).then(() => time.now())
      assert.is(await message, 0)
      assert.is(await hour, 3_600_000)
    })
  })

  it('221: what is due already rings though time is held, and holds are counted', async () => {
    await paused(async (virtual) => {
      virtual.hold()
      virtual.hold()
      await sleep(0)
      await sleepUntil(-5)
      const later = observe(sleep(1))
      virtual.letGo()
      await turn()
      await turn()
      assert.is(later.fate().is, 'pending')
      await time.advance(1)
      assert.is(later.fate().is, 'value')
      virtual.letGo()
      await sleep(50)
      assert.is(time.now(), 51)
    })
  })

  it('280: resumed, time goes on from where it was put; paused again, it stands', async () => {
    await paused(async (virtual) => {
      await time.advance(1_000_000)
      time.resume()
      const then = time.now()
      assert.ok(then >= 1_000_000 && then < 1_000_900, `${then}`)
      await sleep(20)
      const after = time.now()
      assert.ok(after - then >= 20 && after - then < 1000, `${after - then}`)
      const waiting = sleep(100_000)
      time.pause()
      assert.ok(virtual.paused)
      const stands = time.now()
      await realSleep(5)
      await waiting // jumps, though it was set while time went
      assert.ok(time.now() >= stands + 99_000 && time.now() < stands + 101_000)
    })
  })

  it('280: time begins paused, at 0, when that is asked for; sleepers of a paused time are kept when it goes again', async () => {
    await paused(async (virtual) => {
      assert.equal([virtual.paused, time.now()], [true, 0])
      virtual.hold()
      const sleeping = sleep(15)
      time.resume()
      await sleeping // by the machine's clock
      assert.ok(time.now() >= 15)
      virtual.letGo()
    })
  })

  it('211: timers of a clock that is closed fail, those that wait and those that come', async () => {
    const over = new Error('shut down')
    for (const isPaused of [true, false]) {
      const own = new VirtualClock({ paused: isPaused })
      await withClock(own, async () => {
        own.hold()
        const waiting = [rejection(sleep(100_000)), rejection(sleep(50_000))]
        own.close(over)
        assert.equal(await Promise.all(waiting), [over, over])
        assert.is(await rejection(sleep(1)), over)
        const now = time.now()
        assert.ok(time.now() >= now)
      })
    }
  })

  it('rings in the context in which the alarm was set', async () => {
    const names = new AsyncLocalStorage<string>()
    await paused(async () => {
      const seen = await Promise.all(
        ['a', 'b', 'c'].map((name, i) => names.run(name, () => new Promise((resolve) => {
          clock().at(3 - i, () => {
            resolve(names.getStore())
          })
        })))
      )
      assert.equal(seen, ['a', 'b', 'c'])
    })
  })

  it('266: alarms may be cancelled, and set, by one that rings with them', async () => {
    for (const own of [new VirtualClock({ paused: true }), realClock]) {
      let rung = 0
      await new Promise<void>((resolve) => {
        const at = own.now() + 5
        const others = Array.from({ length: 100 }, () => own.at(at, () => rung++))
        own.at(at - 1, () => {
          for (const other of others) other.cancel()
          own.at(at + 5, () => {
            resolve()
          })
        })
      })
      assert.is(rung, 0)
      const order: number[] = []
      const at = own.now()
      const alarms = [0, 1, 2, 3].map((i) => own.at(at, () => {
        order.push(i)
        if (i === 1) alarms[2]!.cancel()
      }))
      await new Promise<void>((resolve) => {
        own.at(at + 2, () => {
          resolve()
        })
      })
      assert.equal(order, [0, 1, 3])
    }
  })

  it('alarms that are unref\'d do not hold the process, nor do they make paused time jump', async () => {
    await paused(async (virtual) => {
      const quiet = virtual.at(10, () => undefined)
      quiet.unref()
      for (let i = 0; i < 20; i++) await turn()
      assert.is(time.now(), 0)
      quiet.ref()
      await new Promise<void>((resolve) => {
        virtual.at(11, () => {
          resolve()
        })
      })
      assert.is(time.now(), 11)
      virtual.at(Infinity, () => undefined)
      for (let i = 0; i < 20; i++) await turn()
      assert.is(time.now(), 11)
    })
  })
})
