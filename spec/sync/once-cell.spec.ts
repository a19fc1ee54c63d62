/** The cell that is filled once, in one thread, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { Empty, OnceCell } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { bothForms } from '../support/forms.ts'
import { fateOf, turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const later = async <T>(value: T): Promise<T> => {
  await turn()
  return value
}

bothForms('OnceCell', (it, form) => {
  it('163: of concurrent initialisers one runs, and all get its value', async () => {
    const cell = form(new OnceCell<number>())
    let runs = 0
    const values = await Promise.all([1, 2, 3].map((n) => cell.getOrInit(() => (runs++, later(n)))))
    assert.equal(values, [1, 1, 1])
    assert.is(runs, 1)
    assert.is(cell.get(), 1)
    assert.is(await cell.getOrInit(() => 9), 1)
  })

  it('164: an initialiser that fails leaves it empty; who waits tries next', async () => {
    const cell = form(new OnceCell<number>())
    const fails = cell.getOrInit(() => turn().then(() => { throw new Error('on purpose') }))
    const next = cell.getOrInit(() => later(2))
    assert.is((await rejection(fails)).message, 'on purpose')
    assert.is(await next, 2)
    const thrower = form(new OnceCell<number>())
    await rejection(thrower.getOrInit(() => { throw new Error('at once') }))
    assert.is(thrower.get(), Empty)
  })

  it('164: an initialiser that is abandoned leaves it empty, and what it still answers is dropped', async () => {
    const cell = form(new OnceCell<number>())
    const controller = new AbortController()
    let late: (n: number) => void = () => undefined
    let told: AbortSignal | undefined
    const leaves = cell.getOrInit(({ signal }) => ((told = signal), new Promise((resolve) => (late = resolve))), { signal: controller.signal })
    const next = cell.getOrInit(() => later(2))
    assert.ok(await waits(Promise.race([leaves, next])))
    controller.abort('left')
    late(1)
    assert.equal(await fateOf(leaves), { is: 'reason', reason: 'left' })
    assert.is(told, controller.signal)
    assert.is(await next, 2)
    assert.is(cell.get(), 2)
  })

  it('164: a wait that is abandoned leaves the initialiser at work', async () => {
    const cell = form(new OnceCell<number>())
    const controller = new AbortController()
    const works = cell.getOrInit(() => later(1))
    const leaves = fateOf(cell.getOrInit(() => 2, { signal: controller.signal }))
    controller.abort('left')
    assert.equal(await leaves, { is: 'reason', reason: 'left' })
    assert.is(await works, 1)
  })

  it('165: get before is empty; set on a full cell fails, and while it is being filled', async () => {
    const cell = form(new OnceCell<number | undefined>())
    assert.is(cell.get(), Empty)
    assert.match(String(cell), 'empty')
    const filling = cell.getOrInit(() => later(1))
    await turn()
    const other = form(new OnceCell<number>())
    const busy = other.getOrInit(() => turn().then(turn).then(() => 5))
    await Promise.resolve()
    assert.equal(other.set(4), { _tag: 'Busy', value: 4 })
    assert.is(await busy, 5)
    await filling
    assert.equal(cell.set(2), { _tag: 'Full', value: 2 })
    assert.is(cell.isInitialized, true)
    assert.match(String(cell), '{ 1 }')
  })

  it('165: set fills an empty one, also with undefined', () => {
    const cell = form(new OnceCell<undefined>())
    assert.is(cell.set(undefined), undefined)
    assert.is(cell.get(), undefined)
    assert.equal(cell.set(undefined), { _tag: 'Full', value: undefined })
  })

  it('166: wait resolves at set, for all who wait', async () => {
    const cell = form(new OnceCell<string>())
    const waiting = [cell.wait(), cell.wait()]
    assert.ok(await waits(Promise.race(waiting)))
    assert.is(cell.set('there'), undefined)
    assert.equal(await Promise.all(waiting), ['there', 'there'])
    assert.is(await cell.wait(), 'there')
  })

  it('taking the value leaves it empty, to be filled again', async () => {
    const cell = form(new OnceCell<{ n: number }>())
    assert.is(cell.take(), Empty)
    cell.set({ n: 1 })
    assert.equal(cell.take(), { n: 1 })
    assert.is(cell.get(), Empty)
    const waiting = cell.wait()
    cell.set({ n: 2 })
    assert.equal(await waiting, { n: 2 })
    assert.is(cell.get(), cell.get())
  })

  it('the blocking forms throw on a thread with an event loop', () => {
    const cell = form(new OnceCell<number>())
    assert.is(thrown(() => cell.blockingWait()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(thrown(() => cell.blockingGetOrInit(() => 1)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(cell.get(), Empty)
  })
})

suite('OnceCell, travelling', (it) => {
  it('a full cell takes its value along; what cannot be cloned is refused, where it is set', async () => {
    const cell = new OnceCell<unknown>({ a: [1, 2] })
    const twin = unpack(structuredClone(pack(cell).value)) as OnceCell<unknown>
    assert.equal(twin.get(), { a: [1, 2] })
    assert.is(thrown(() => pack(new OnceCell<unknown>(() => 1))).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    const far = new OnceCell<unknown>()
    pack(far)
    assert.is(thrown(() => far.set(() => 1)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is((await rejection(far.getOrInit(() => () => 1))).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(far.get(), Empty)
    assert.is(far.set(1), undefined)
  })

  it('values of any size come and go, one after the other', () => {
    const cell = new OnceCell<string>()
    const twin = unpack(structuredClone(pack(cell).value)) as OnceCell<string>
    for (const size of [0, 100, 240, 250, 256, 257, 5000, 1_000_000, 3, 70_000]) {
      assert.is(cell.set('x'.repeat(size)), undefined)
      assert.is(twin.get(), 'x'.repeat(size))
      assert.is(twin.take(), 'x'.repeat(size))
    }
  })

  it('forty thousand are alive at the same time: more than a process has mappings for memory that has begun to grow', () => {
    const cells: OnceCell<number>[] = []
    for (let i = 0; i < 40_000; i++) {
      const cell = new OnceCell<number>()
      pack(cell)
      cell.set(i)
      cells.push(cell)
    }
    assert.ok(cells.every((cell, i) => cell.get() === i))
  })

  it('one that is being filled, and waited for, when it travels goes on', async () => {
    const cell = new OnceCell<number>()
    const filling = cell.getOrInit(() => later(1))
    const waiting = cell.wait()
    pack(cell)
    assert.equal(await Promise.all([filling, waiting]), [1, 1])
  })
}, 30_000)
