/** The fair semaphore, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Closed, ClosedError, MAX_PERMITS, NoPermits, Semaphore, type SemaphorePermit } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { fateOf, observe, turn, waits } from '../support/settling.ts'
import { bothForms } from '../support/forms.ts'

const held = (got: SemaphorePermit | NoPermits | Closed): SemaphorePermit => {
  if (typeof got === 'symbol') throw new Error(`no permit: ${String(got)}`)
  return got
}

bothForms('Semaphore', (it, form) => {
  it('108: none to begin with is fine; more than the maximum throws, at creation and when added', () => {
    assert.is(form(new Semaphore(0)).tryAcquire(), NoPermits)
    for (const permits of [-1, 0.5, MAX_PERMITS + 1]) assert.instance(thrown(() => new Semaphore(permits)), RangeError)
    assert.instance(thrown(() => new Semaphore('4' as unknown as number)), TypeError)
    const full = form(new Semaphore(MAX_PERMITS))
    assert.instance(thrown(() => { full.addPermits(1) }), RangeError)
    assert.is(full.availablePermits, MAX_PERMITS)
    assert.instance(thrown(() => full.acquire(-1)), RangeError)
    assert.instance(thrown(() => full.tryAcquire(1.5)), RangeError)
  })

  it('109: permits come back when their holder is disposed, once', async () => {
    const semaphore = form(new Semaphore(3))
    const permit = await semaphore.acquire(2)
    assert.is(semaphore.availablePermits, 1)
    permit[Symbol.dispose]()
    permit.release()
    assert.is(semaphore.availablePermits, 3)
    assert.is(permit.count, 0)
  })

  it('110, 111: a large request at the head takes what is free, and holds back small ones that could be served', async () => {
    const semaphore = form(new Semaphore(3))
    const large = semaphore.acquire(5)
    const small = semaphore.acquire(1)
    assert.is(semaphore.availablePermits, 0)
    assert.is(semaphore.tryAcquire(), NoPermits)
    assert.ok(await waits(Promise.race([large, small])))
    semaphore.addPermits(2)
    assert.is((await large).count, 5)
    assert.ok(await waits(small))
  })

  it('112: released permits go to the head until it has enough, then to the next; one release may serve several', async () => {
    const semaphore = form(new Semaphore(5))
    const all = await semaphore.acquire(5)
    const served: string[] = []
    const waiting = (['a', 'b', 'c', 'd'] as const).map((name, i) => semaphore.acquire([2, 1, 2, 1][i]).then(() => served.push(name)))
    const part = all.split(1)!
    part.release()
    await turn()
    assert.equal(served, [])
    all.release()
    await Promise.all(waiting.slice(0, 3))
    assert.equal(served, ['a', 'b', 'c'])
    assert.is(semaphore.availablePermits, 0)
  })

  it('113: abandoning a waiting acquire gives back what it had collected', async () => {
    const semaphore = form(new Semaphore(3))
    const controller = new AbortController()
    const large = observe(semaphore.acquire(5, { signal: controller.signal }))
    const small = semaphore.acquire(2)
    controller.abort('left')
    assert.is((await small).count, 2)
    assert.equal(large.fate(), { is: 'reason', reason: 'left' })
    assert.is(semaphore.availablePermits, 1)
  })

  it('114: adding more than a waiter needs leaves exactly the rest', async () => {
    const semaphore = form(new Semaphore(5))
    const waiting = semaphore.acquire(7)
    semaphore.addPermits(5)
    assert.is((await waiting).count, 7)
    assert.is(semaphore.availablePermits, 3)
  })

  it('115: adding permits counts on a closed semaphore too', () => {
    const semaphore = form(new Semaphore(1))
    semaphore.close()
    semaphore.addPermits(2)
    assert.is(semaphore.availablePermits, 3)
  })

  it('116: close() refuses who waits and who comes later; what is held still comes back', async () => {
    const semaphore = form(new Semaphore(2))
    const permit = await semaphore.acquire(1)
    const waiting = [semaphore.acquire(2), semaphore.acquire(1)].map(fateOf)
    semaphore.close()
    semaphore.close()
    for (const fate of await Promise.all(waiting)) assert.ok(fate.is === 'reason' && fate.reason instanceof ClosedError)
    assert.is((await rejection(semaphore.acquire())).code, 'ERR_MILLRACE_CLOSED')
    assert.is(semaphore.isClosed, true)
    permit.release()
    assert.is(semaphore.availablePermits, 2)
  })

  it('117: tryAcquire tells too few permits from closed', () => {
    const semaphore = form(new Semaphore(1))
    assert.is(semaphore.tryAcquire(2), NoPermits)
    assert.is(held(semaphore.tryAcquire()).count, 1)
    assert.is(semaphore.tryAcquire(), NoPermits)
    semaphore.close()
    assert.is(semaphore.tryAcquire(), Closed)
  })

  it('118: forget() takes a held permit away for good; forgetPermits up to n free ones, open or closed', () => {
    const semaphore = form(new Semaphore(5))
    const permit = held(semaphore.tryAcquire(2))
    permit.forget()
    permit.release()
    assert.is(semaphore.availablePermits, 3)
    assert.is(semaphore.forgetPermits(2), 2)
    assert.is(semaphore.forgetPermits(2), 1)
    assert.is(semaphore.forgetPermits(2), 0)
    semaphore.addPermits(4)
    semaphore.close()
    assert.is(semaphore.forgetPermits(3), 3)
    assert.is(semaphore.availablePermits, 1)
  })

  it('119: merge joins permits of one semaphore, and refuses others', () => {
    const semaphore = form(new Semaphore(4))
    const [one, three] = [held(semaphore.tryAcquire()), held(semaphore.tryAcquire(3))]
    one.merge(three)
    assert.equal([one.count, three.count], [4, 0])
    three.release()
    assert.is(semaphore.availablePermits, 0)
    assert.is(thrown(() => { one.merge(held(form(new Semaphore(1)).tryAcquire())) }).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => { one.merge(one) }).code, 'ERR_MILLRACE_ARGUMENT')
    one.release()
    assert.is(semaphore.availablePermits, 4)
  })

  it('120: split moves permits to a new one, gives nothing if too few are held, and all parts add up', () => {
    const semaphore = form(new Semaphore(5))
    const all = held(semaphore.tryAcquire(5))
    const two = all.split(2)!
    const none = all.split(0)!
    assert.is(all.split(4), undefined)
    assert.equal([all.count, two.count, none.count], [3, 2, 0])
    for (const part of [two, none, all]) part.release()
    assert.is(semaphore.availablePermits, 5)
  })

  it('121: a request for more than there are waits, since some may be added', async () => {
    const semaphore = form(new Semaphore(1))
    const waiting = semaphore.acquire(3)
    assert.ok(await waits(waiting))
    semaphore.addPermits(2)
    assert.is((await waiting).count, 3)
  })

  it('123: 1,000 tasks through 5 permits: never more than 5 at a time, and 5 free at the end', async () => {
    const semaphore = form(new Semaphore(5))
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const permit = await semaphore.acquire()
        most = Math.max(most, ++inside)
        if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
        else await Promise.resolve()
        inside--
        permit.release()
      })
    )
    assert.is(most, 5)
    assert.is(semaphore.availablePermits, 5)
  })

  it('124: releasing from what a release has woken does not deadlock', async () => {
    const semaphore = form(new Semaphore(1))
    const first = await semaphore.acquire()
    const chain = Array.from({ length: 50 }, () => semaphore.acquire().then((permit) => { permit.release() }))
    first.release()
    await Promise.all(chain)
    assert.is(semaphore.availablePermits, 1)
  })

  it('127: the order is that of the calls, whenever their promises are awaited', async () => {
    const semaphore = form(new Semaphore(0))
    const order: number[] = []
    const waiting = [0, 1, 2, 3].map((i) => semaphore.acquire().then(() => order.push(i)))
    semaphore.addPermits(4)
    for (const one of [...waiting].reverse()) await one
    assert.equal(order, [0, 1, 2, 3])
  })

  it('a signal that ends several waits serves none of them with what the others had', async () => {
    const semaphore = form(new Semaphore(2))
    const controller = new AbortController()
    const { signal } = controller
    const fates = [3, 2, 1].map((n) => fateOf(semaphore.acquire(n, { signal })))
    controller.abort('left')
    for (const fate of await Promise.all(fates)) assert.equal(fate, { is: 'reason', reason: 'left' })
    assert.is(semaphore.availablePermits, 2)
    assert.equal(await fateOf(semaphore.acquire(1, { signal })), { is: 'reason', reason: 'left' })
  })
})

type Op = readonly ['acquire' | 'tryAcquire' | 'release' | 'split' | 'merge' | 'forget' | 'add' | 'forgetFree' | 'abort' | 'close' | 'turn', number, number]

const opArb: fc.Arbitrary<Op> = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('acquire' as const, 'acquire' as const, 'tryAcquire' as const) },
    { weight: 6, arbitrary: fc.constantFrom('release' as const, 'abort' as const) },
    { weight: 3, arbitrary: fc.constantFrom('split' as const, 'merge' as const, 'add' as const, 'turn' as const) },
    { weight: 1, arbitrary: fc.constantFrom('forget' as const, 'forgetFree' as const, 'close' as const) }
  ),
  fc.nat({ max: 6 }),
  fc.nat({ max: 6 })
)

bothForms('Semaphore, random programs', (it, form) => {
  it('agree with a count and a list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 6 }), fc.array(opArb, { maxLength: 60 }), async (initial, program) => {
        const semaphore = form(new Semaphore(initial))
        const permits: SemaphorePermit[] = []
        const calls: { readonly controller: AbortController; outcome: string | undefined }[] = []
        // the model: what is in nobody's hands, who waits for how many, and what each permit should hold
        let unheld = initial
        let closed = false
        const waiting: { readonly id: number; readonly n: number }[] = []
        const holds: number[] = []
        const outcomes = new Map<number, string>()
        const run = (): void => {
          for (let head = waiting[0]; head !== undefined && head.n <= unheld; head = waiting[0]) {
            waiting.shift()
            unheld -= head.n
            outcomes.set(head.id, 'granted')
          }
        }
        for (const [op, a, b] of program) {
          const at = a % Math.max(1, permits.length)
          const any = permits.length > 0
          if (op === 'turn') await turn()
          else if (op === 'acquire') {
            const controller = new AbortController()
            const call: (typeof calls)[number] = { controller, outcome: undefined }
            const id = calls.push(call) - 1
            semaphore.acquire(b, { signal: controller.signal }).then(
              (permit) => {
                call.outcome = 'granted'
                permits.push(permit)
                holds.push(b)
              },
              (reason: unknown) => {
                call.outcome = reason instanceof ClosedError ? 'refused' : String(reason)
              }
            )
            // of none, it is granted though others wait: there is nothing to wait for
            if (closed) outcomes.set(id, 'refused')
            else if (b === 0) outcomes.set(id, 'granted')
            else waiting.push({ id, n: b })
          } else if (op === 'tryAcquire') {
            const got = semaphore.tryAcquire(b)
            const free = waiting.length > 0 ? 0 : unheld
            assert.is(typeof got === 'symbol' ? got : 'granted', closed ? Closed : b > free ? NoPermits : 'granted')
            if (typeof got !== 'symbol') {
              permits.push(got)
              holds.push(b)
              unheld -= b
            }
          } else if (op === 'release' && any) {
            permits[at]!.release()
            unheld += holds[at]!
            holds[at] = 0
          } else if (op === 'forget' && any) {
            permits[at]!.forget()
            holds[at] = 0
          } else if (op === 'split' && any) {
            const part = permits[at]!.split(b)
            assert.is(part?.count, b > holds[at]! ? undefined : b)
            if (part !== undefined) {
              permits.push(part)
              holds[at]! -= b
              holds.push(b)
            }
          } else if (op === 'merge' && any && at !== b % permits.length) {
            const other = b % permits.length
            permits[at]!.merge(permits[other]!)
            holds[at]! += holds[other]!
            holds[other] = 0
          } else if (op === 'add') {
            semaphore.addPermits(b)
            unheld += b
          } else if (op === 'forgetFree') {
            const gone = Math.min(b, waiting.length > 0 ? 0 : unheld)
            assert.is(semaphore.forgetPermits(b), gone)
            unheld -= gone
          } else if (op === 'abort' && calls.length > 0) {
            const id = calls.length - 1 - (a % calls.length)
            calls[id]!.controller.abort('given up')
            if (!outcomes.has(id)) {
              outcomes.set(id, 'given up')
              waiting.splice(waiting.findIndex((one) => one.id === id), 1)
            }
          } else if (op === 'close') {
            semaphore.close()
            closed = true
            for (const { id } of waiting.splice(0)) outcomes.set(id, 'refused')
          }
          run()
          assert.is(semaphore.availablePermits, waiting.length > 0 ? 0 : unheld)
        }
        await turn()
        assert.equal(calls.map(({ outcome }) => outcome), calls.map((_, id) => outcomes.get(id)))
        assert.equal(permits.map(({ count }) => count), holds)
      }),
      { seed, numRuns: 1500 }
    )
  })
}, 60_000)
