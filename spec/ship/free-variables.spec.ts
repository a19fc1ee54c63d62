/** The scope analysis, on sources as text: what is written here is what is analysed, whatever runs the spec. */
import * as assert from 'uvu/assert'
import { readSource } from '../../src/ship/source.ts'
import { suite } from '../support/suite.ts'

/** The function that an expression evaluates to. */
const made = (text: string): object => (0, eval)(`(${text})`) as object

const needs = (text: string): { free: string; bound: string } => {
  const read = readSource(made(text))
  if ('unreadable' in read) throw new Error(`${text}: ${read.unreadable}: ${read.detail}`)
  return {
    free: read.needs.free.map(({ name, assigned }) => (assigned ? `${name}=` : name)).sort().join(' '),
    bound: read.needs.bound.map(({ what }) => what).join(' ')
  }
}

/** What stands free in a function; `name=` where it is assigned. */
const FREE: readonly (readonly [source: string, free: string])[] = [
  // parameters
  ['(a) => a', ''],
  ['(a) => b', 'b'],
  ['(a, b = a) => b', ''],
  ['(a = b) => a', 'b'],
  ['(a = b, b) => a', ''],
  ['({ a, b: c, ...rest }) => a + c + rest', ''],
  ['({ a, b: c }) => b', 'b'],
  ['({ a = z }) => a', 'z'],
  ['({ [k]: a }) => a', 'k'],
  ['([a, , [b], ...c]) => a + b + c', ''],
  ['(...all) => all', ''],
  ['(a, { re }) => re.test(a)', ''],
  // a default does not see what the body declares
  ['(a = b) => { var b = 1; return a }', 'b'],
  ['(a = () => b) => { const b = 1; return a() + b }', 'b'],
  // declarations of the body, before and after their use
  ['() => { const a = 1; return a }', ''],
  ['() => { return a; var a }', ''],
  ['() => { if (x()) { var a = 1 } return a }', 'x'],
  ['() => { { let a = 1 } return a }', 'a'],
  ['() => { { const a = 1; { const b = a; return b } } }', ''],
  ['() => { return f(); function f() { return 1 } }', ''],
  ['() => { { function f() {} } return f() }', 'f'],
  ['() => { class A {} return new A() }', ''],
  ['() => { { class A {} } return new A() }', 'A'],
  ['() => { const { a, b: [c] } = z, d = a + c; return d }', 'z'],
  ['() => { let a = a1, b; [a, b] = [b, a]; return a }', 'a1'],
  // loops
  ['(n) => { for (let i = 0; i < n; i++) { i } return i }', 'i'],
  ['(n) => { for (var i = 0; i < n; i++) { i } return i }', ''],
  ['(xs) => { for (const x of xs) { x } }', ''],
  ['(xs) => { for (const { x, y = z } of xs) { x + y } }', 'z'],
  ['(xs) => { for (const x in x.y) { x } return xs }', ''],
  ['(xs) => { for (x of xs) { x } }', 'x='],
  ['(xs) => { for (xs.y of xs) { 1 } }', ''],
  ['async (xs) => { for await (const x of xs) { x } }', ''],
  // catch, labels, switch
  ['() => { try { a() } catch (e) { e } }', 'a'],
  ['() => { try { 1 } catch ({ code, ...e }) { code + e } }', ''],
  ['() => { try { 1 } catch { e } }', 'e'],
  ['() => { try { 1 } catch (e) { var f = e } return f + e }', 'e'],
  ['(xs) => { outer: for (const x of xs) { if (x) continue outer; break outer } }', ''],
  ['(a) => { switch (a) { case b: let c = 1; return c; default: return c } }', 'b'],
  // members, keys, shorthand
  ['(a) => a.b.c', ''],
  ['(a) => a?.b?.[c]', 'c'],
  ['(a) => ({ a, b: 1, c() { return 2 }, get d() { return e }, [f]: 3 })', 'e f'],
  ['() => ({ a })', 'a'],
  ['() => ({ ...a })', 'a'],
  ['(a) => a`x${b}y`', 'b'],
  ['(a) => `${a}${b}`', 'b'],
  // assignments
  ['() => { count++ }', 'count='],
  ['() => { total += 1 }', 'total='],
  ['() => { last = 1; return last }', 'last='],
  ['(a) => { a = 1 }', ''],
  ['() => { ({ a, b: c.d, e = f } = g) }', 'a= c e= f g'],
  ['() => { [a, ...b] = c }', 'a= b= c'],
  ['() => { cache.x = 1 }', 'cache'],
  // functions inside, and their own names
  ['(a) => (b) => a + b + c', 'c'],
  ['function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }', ''],
  ['() => { const f = function g(n) { return g(n) }; return g }', 'g'],
  ['function () { return arguments.length }', ''],
  ['() => arguments.length', 'arguments'],
  ['() => function () { return arguments[0] }', ''],
  ['() => () => arguments', 'arguments'],
  ['function* (n) { yield* each(n) }', 'each'],
  ['async (a) => { await b(a) }', 'b'],
  // classes inside
  ['() => class A extends B { #p = q; static s = A; [k] = 1; m(x = y) { return this.#p + x + z } static { var v = w; v } }', 'B k q w y z'],
  ['() => { const A = class Inner { m() { return Inner } }; return Inner }', 'Inner'],
  ['(o) => class { #p = 1; static has() { return #p in o } }', ''],
  // globals are names like others here; describe.ts knows them
  ['(a) => Math.max(a, undefined)', 'Math undefined'],
  ['(a) => globalThis.foo + globalThis[a] + global.process', 'global.process globalThis globalThis.foo'],
  ['(globalThis) => globalThis.foo', ''],
  ['() => typeof a', 'a'],
  ['(a) => new a.B(C)', 'C'],
  ['async () => (await import("node:os")).cpus', '']
]

/** Constructs that mean something else away from their place. */
const BOUND: readonly (readonly [source: string, bound: string])[] = [
  ['() => this', 'this'],
  ['function () { return this.x }', 'this'],
  ['function (a = this) {}', 'this'],
  ['() => () => this', 'this'],
  ['() => function () { return this }', ''],
  ['() => ({ m() { return this } })', ''],
  ['() => class { a = this; m() { return this } static { this.b = 1 } }', ''],
  ['() => class { [this.k] = 1 }', 'this'],
  ['() => class extends this.B {}', 'this'],
  ['function () { return new.target }', 'new.target'],
  ['() => function () { return new.target }', ''],
  ['() => class extends Array { constructor() { super(); super.at(0) } }', ''],
  ['{ m() { return super.toString() } }.m', 'super'],
  ['() => eval("1")', 'eval'],
  ['() => import("./a.js")', 'import()'],
  ['() => import("lodash")', 'import()'],
  ['(a) => import(a)', 'import()'],
  ['() => import("node:fs")', '']
]

/** Methods of every kind become functions. */
const METHODS: readonly (readonly [source: string, expression: string, free: string])[] = [
  ['{ m(a) { return a + b } }.m', 'function (a) { return a + b }', 'b'],
  ['{ async m(a) { return a } }.m', 'async function (a) { return a }', ''],
  ['{ *m(a) { yield a } }.m', 'function* (a) { yield a }', ''],
  ['{ async *m(a) { yield a } }.m', 'async function* (a) { yield a }', ''],
  ['{ ["a b"](a) { return a } }["a b"]', 'function (a) { return a }', ''],
  ['{ "quoted"(a) { return a } }.quoted', 'function (a) { return a }', ''],
  ['{ 7(a) { return a } }[7]', 'function (a) { return a }', ''],
  ['{ get(a) { return a } }.get', 'function (a) { return a }', ''],
  ['{ async(a) { return a } }.async', 'function (a) { return a }', ''],
  ['{ static(a) { return a } }.static', 'function (a) { return a }', ''],
  ['{ class(a) { return a } }.class', 'function (a) { return a }', ''],
  ['class { static m(a) { return a } }.m', 'function (a) { return a }', ''],
  ['class { m(a) { return a } }.prototype.m', 'function (a) { return a }', ''],
  ['(() => { class A { static #m(a) { return a } static get() { return A.#m } } return A.get() })()', 'function (a) { return a }', ''],
  ['Object.getOwnPropertyDescriptor({ get a() { return 1 } }, "a").get', 'function () { return 1 }', '']
]

suite('free variables', (it) => {
  for (const [source, free] of FREE) {
    it(`of  ${source}  are  ${free === '' ? 'none' : free}`, () => {
      assert.is(needs(source).free, free)
    })
  }

  for (const [source, bound] of BOUND) {
    it(`bound to its place in  ${source}  is  ${bound === '' ? 'nothing' : bound}`, () => {
      assert.is(needs(source).bound, bound)
    })
  }

  for (const [source, expression, free] of METHODS) {
    it(`a method as a function:  ${source}`, () => {
      const read = readSource(made(source))
      if ('unreadable' in read) throw new Error(read.detail)
      assert.is(read.expression, expression)
      assert.is(read.needs.free.map(({ name }) => name).join(' '), free)
      assert.type(made(read.expression), 'function')
    })
  }

  it('tells lines, counted in the function', () => {
    const read = readSource(made('(a) => {\n  const b = a\n  return b + rate\n}'))
    assert.equal('needs' in read && read.needs.free, [{ name: 'rate', line: 3, assigned: false }])
  })

  it('does not read what has no source, is a class, or is not strict code', () => {
    const kind = (fn: object): string => {
      const read = readSource(fn)
      return 'unreadable' in read ? read.unreadable : 'read'
    }
    assert.is(kind(Math.max), 'native')
    assert.is(kind(((a: number) => a).bind(null)), 'native')
    assert.is(kind(new Proxy((a: number) => a, {})), 'native')
    assert.is(kind(made('class A {}')), 'class')
    assert.is(kind(made('function (o) { with (o) { return a } }')), 'not understood')
    assert.is(kind(made('function () { return 010 }')), 'not understood')
  })
})
