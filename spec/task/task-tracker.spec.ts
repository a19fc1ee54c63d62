/** Counting tasks until the last has ended. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { yieldNow } from '../../src/task/cooperate.ts'
import { TaskTracker } from '../../src/task/task-tracker.ts'
import { observe, turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

suite('task-tracker', (it) => {
  it('286: wait needs closed and empty: an empty one that is closed tells at once', async () => {
    const tracker = new TaskTracker()
    assert.ok(await waits(tracker.wait()))
    assert.ok(tracker.close())
    assert.not(tracker.close())
    await tracker.wait()
  })

  it('286: wait ends by close, or by the end of the last task, whichever is last', async () => {
    const tracker = new TaskTracker()
    const first = tracker.token()
    const waiting = observe(tracker.wait())
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await turn()
    assert.is(waiting.fate().is, 'pending')
    tracker.close()
    await turn()
    assert.is(waiting.fate().is, 'value')
    tracker.reopen()
    const second = tracker.token()
    tracker.close()
    const again = observe(tracker.wait())
    await turn()
    assert.is(again.fate().is, 'pending')
    second[Symbol.dispose]()
    await turn()
    assert.is(again.fate().is, 'value')
  })

  it('286: tasks may be added after close, and are waited for', async () => {
    const tracker = new TaskTracker()
    tracker.close()
    const handle = tracker.spawn(async () => {
      await yieldNow()
      return 1
    })
    void tracker.track(yieldNow().then(yieldNow))
    assert.is(tracker.len, 2)
    const waiting = tracker.wait()
    assert.ok(await waits(tracker.wait({ signal: new AbortController().signal })) || tracker.isEmpty)
    await waiting
    assert.is(await handle, 1)
    assert.ok(tracker.isEmpty && tracker.isClosed)
  })

  it('287: a wait that saw closed and empty stays released although the tracker is reopened or refilled', async () => {
    const tracker = new TaskTracker()
    const closing = tracker.wait()
    tracker.close()
    tracker.reopen()
    await closing
    tracker.close()
    const token = tracker.token()
    const emptying = tracker.wait()
    token[Symbol.dispose]()
    tracker.token()
    await emptying
    assert.ok(await waits(tracker.wait()))
  })

  it('287: on an open tracker emptiness alone releases nobody', async () => {
    const tracker = new TaskTracker()
    const token = tracker.token()
    const waiting = observe(tracker.wait())
    token[Symbol.dispose]()
    const other = tracker.token()
    tracker.close()
    await turn()
    assert.is(waiting.fate().is, 'pending')
    other[Symbol.dispose]()
    await turn()
    assert.is(waiting.fate().is, 'value')
  })

  it('288: a tracker that is let go aborts nothing', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    const run = (): void => {
      new TaskTracker().spawn(async () => {
        await yieldNow()
        await sender.send('still here')
      })
    }
    run()
    assert.is(await receiver.recv(), 'still here')
  })

  it('286: a wait that is given up is as if it had not been', async () => {
    const tracker = new TaskTracker()
    const controller = new AbortController()
    const given = tracker.wait({ signal: controller.signal })
    controller.abort('enough')
    assert.is(await given.catch((reason: unknown) => reason), 'enough')
    tracker.close()
    await tracker.wait()
  })

  it('286: counts failures as ends', async () => {
    const tracker = new TaskTracker()
    const handle = tracker.spawn(() => Promise.reject(new Error('boom')))
    const tracked = tracker.track(Promise.reject(new Error('boom')))
    tracker.close()
    await Promise.allSettled([handle, tracked])
    await tracker.wait()
    assert.is(tracker.len, 0)
  })
})
