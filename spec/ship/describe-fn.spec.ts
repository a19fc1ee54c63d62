import { once } from 'node:events'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { describeFn, type NotPortable } from '../../src/ship/describe.ts'
import { uncloneable } from '../../src/ship/cloneable.ts'
import { knownGlobals } from '../../src/ship/globals.ts'
import { resolveFn } from '../../src/ship/resolve.ts'
import { shout } from '../support/fixtures/ship-words.ts'
import { suite } from '../support/suite.ts'

type Fn = (...args: never[]) => unknown

const made = (text: string): Fn => (0, eval)(`(${text}\n)`) as Fn

const refusal = (fn: Fn, options?: { env?: unknown }): NotPortable => {
  const found = describeFn(fn, options)
  if (found._tag === 'Right') throw new Error(`described as ${JSON.stringify(found.right)}`)
  return found.left
}

/** Described, sent and compiled again. */
const travelled = async (fn: Fn): Promise<(...args: unknown[]) => unknown> => {
  const found = describeFn(fn)
  if (found._tag === 'Left') throw new Error(found.left.reason)
  return (await resolveFn(structuredClone(found.right))) as (...args: unknown[]) => unknown
}

suite('describeFn', (it) => {
  it('prefers the address of a portable function to its source', () => {
    const found = describeFn(shout)
    assert.is(found._tag === 'Right' && found.right.type, 'module')
  })

  it('sends the source of what needs nothing from around it, and it does the same there', async () => {
    const cases: readonly (readonly [fn: Fn, args: readonly unknown[]])[] = [
      [made('(a, b = a * 2) => a + b'), [3]],
      [made('function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }'), [10]],
      [made('{ words(text) { return text.split(/\\s+/) } }.words'), ['a b  c']],
      [made('(xs) => { const seen = new Set(); for (const x of xs) seen.add(x); return [...seen].sort((a, b) => a - b) }'), [[3, 1, 3]]],
      [made('(text) => { try { return JSON.parse(text) } catch ({ name }) { return name } }'), ['{']],
      [made('(n) => { class P { #n = n; get twice() { return this.#n * 2 } } return new P().twice }'), [4]],
      [made('(url) => new URL(url).searchParams.get("q") ?? Buffer.from(url).length'), ['http://a/?q=1']],
      [made('(a) => a // a comment at its end'), [1]]
    ]
    for (const [fn, args] of cases) {
      assert.equal((await travelled(fn))(...args), (fn as (...args: unknown[]) => unknown)(...args), String(fn))
    }
  })

  it('sends generators and asynchronous functions as what they are', async () => {
    assert.equal([...((await travelled(made('function* (n) { yield n; yield n + 1 }')))(1) as Iterable<number>)], [1, 2])
    assert.is(await (await travelled(made('async (n) => n + 1')))(1), 2)
  })

  it('knows native functions that every thread has', async () => {
    for (const fn of [Number, String, Boolean, JSON.parse, JSON.stringify, Math.round, parseInt, encodeURIComponent, Object.keys, Number.isInteger, Array.isArray] as Fn[]) {
      assert.is(await travelled(fn), fn, fn.name)
    }
  })

  it('names the variable, the line, and the ways out', () => {
    const { reason, remedy } = refusal(made('(a) => {\n  return a * rate\n}'))
    assert.match(reason, /'rate'.*line 2/)
    assert.match(remedy, /env: \{ rate \}/)
    assert.match(remedy, /portable\(import\.meta/)
    assert.match(refusal(made('() => [a, b, c, d, e, f]')).reason, /'a', 'b', 'c', 'd' and 2 more/)
  })

  it('says more of what it can tell the cause of', () => {
    const cases: readonly (readonly [source: string, reason: RegExp])[] = [
      ['() => { count++ }', /assigns 'count'/],
      ['() => { Math = 1 }', /assigns 'Math'/],
      ['() => this.x', /uses this/],
      ['() => eval("1")', /uses eval/],
      ['(f) => f(eval)', /'eval'/],
      ['() => import("./x.js")', /uses import\(\)/],
      ['() => arguments[0]', /'arguments'/],
      ['() => globalThis.config', /'globalThis\.config'/],
      ['() => globalThis', /'globalThis'/],
      ['() => { cov_1x2y().s[0]++ }', /'cov_1x2y'.*coverage/],
      ['(a) => __spreadValues({}, a)', /'__spreadValues'.*transpiler/],
      ['(a) => __async(this, null, function* () {})', /this|__async/],
      ['(a) => _object_spread({}, a)', /'_object_spread'.*transpiler/],
      ['(a) => __vi_import_0__.parse(a)', /'__vi_import_0__'.*import/],
      ['(a) => (0, import_path.join)(a)', /'import_path'.*import/],
      ['() => require("node:fs")', /'require'/],
      ['class A {}', /class/],
      ['(() => 1).bind(null)', /bound/],
      ['new Proxy(() => 1, {})', /proxy/]
    ]
    for (const [source, reason] of cases) assert.match(refusal(made(source)).reason, reason, source)
  })

  it('takes the helper that names inner functions for granted', async () => {
    const fn = await travelled(made('(n) => { const twice = __name((a) => a * 2, "named"); return [twice(n), twice.name] }'))
    assert.equal(fn(2), [4, 'named'])
  })

  it('does not take for global what the program has put there', ({ defer }) => {
    const home = globalThis as Record<string, unknown>
    home['millraceSpecGlobal'] = 1
    defer(() => delete home['millraceSpecGlobal'])
    assert.match(refusal(made('() => millraceSpecGlobal')).reason, /'millraceSpecGlobal'/)
  })

  it('knows as global what a worker of this Node has, and nothing else', async ({ defer }) => {
    const worker = new Worker("require('node:worker_threads').parentPort.postMessage(Object.getOwnPropertyNames(globalThis))", { eval: true, execArgv: [] })
    defer(() => worker.terminate())
    const [there] = (await once(worker, 'message')) as [string[]]
    const known = knownGlobals()
    // of evaluated text only, and per process
    const apart = new Set(['require', 'module', 'exports', '__filename', '__dirname', 'Storage', 'localStorage', 'sessionStorage'])
    assert.equal(there.filter((name) => !known.has(name) && !apart.has(name)), [])
    assert.equal([...known].filter((name) => !there.includes(name)), [])
  })

  it('describes a function once', () => {
    const fn = made('(a) => a')
    const bad = made('(a) => b')
    assert.is(describeFn(fn), describeFn(fn))
    assert.is(describeFn(bad), describeFn(bad))
  })

  it('wants an env that arrives as what it is, also beside a portable function', () => {
    const fn = made('(a, { re }) => re.test(a)')
    assert.is(describeFn(fn, { env: { re: /a/, list: [1, 'b', null, undefined], map: new Map([['k', new Set([1n])]]) } })._tag, 'Right')
    for (const each of [fn, shout]) assert.match(refusal(each, { env: { rules: [{ test: () => true }] } }).reason, /^env\.rules\[0\]\.test is a function/)
  })

  it('looks at a large env once', () => {
    const fn = made('(a) => a')
    let looks = 0
    const env = { get a() { return ++looks } }
    describeFn(fn, { env })
    const once = looks
    describeFn(fn, { env })
    assert.is(looks, once)
  })
})

suite('uncloneable', (it) => {
  class Parser {
    parse(): number {
      return 1
    }
  }

  it('lets through what structured clone keeps as it is', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const good: readonly unknown[] = [
      undefined, null, 1, 'a', 1n, true, [], [[1]], {}, Object.create(null), cycle, new Date(), /a/g, new Map(), new Set(), new Uint8Array(2),
      new Float64Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), new SharedArrayBuffer(1), new Error('a'), new RangeError('a'),
      runInNewContext('({ a: [1] })')
    ]
    for (const value of good) assert.is(uncloneable(value, 'env'), undefined)
  })

  it('names the place of what does not arrive, or arrives as something else', () => {
    const cases: readonly (readonly [value: unknown, path: string])[] = [
      [() => 1, 'env'],
      [{ a: { b: Symbol('s') } }, 'env.a.b'],
      [[1, [() => 1]], 'env[1][0]'],
      [{ 'odd key': () => 1 }, 'env["odd key"]'],
      [new Map([['k', { f: () => 1 }]]), 'env.get("k").f'],
      [new Map([[() => 1, 1]]), 'env (key 0)'],
      [new Set([1, () => 1]), 'env (member 1)'],
      [{ p: new Parser() }, 'env.p'],
      [{ p: Promise.resolve(1) }, 'env.p'],
      [{ w: new WeakMap() }, 'env.w'],
      [{ u: new URL('http://a') }, 'env.u'],
      [{ b: Buffer.from('a') }, 'env.b'],
      [{ x: new Proxy({}, {}) }, 'env.x'],
      [{ l: new (class extends Array {})() }, 'env.l'],
      [{ m: new (class extends Map {})() }, 'env.m'],
      [{ e: Object.assign(new Error('a'), { name: 'a' }) && new (class extends Error {})() }, 'env.e'],
      [{ first: () => 1, second: () => 2 }, 'env.first']
    ]
    for (const [value, path] of cases) assert.is(uncloneable(value, 'env')?.path, path)
  })

  it('goes deep without a deep stack', () => {
    let deep: unknown = () => 1
    for (let i = 0; i < 20_000; i++) deep = [deep]
    assert.is(uncloneable(deep, 'env')?.what, 'a function')
  })
})
