/** What is put together wrongly is told where it is put together. */
import * as assert from 'uvu/assert'
import { compose, forEach, from, map, pipeline, sinkThrough, toArray } from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const source = from([1, 2])
const same = map((n: number) => n)
const give = (value: unknown): never => value as never

const says = (make: () => unknown, words: string): void => {
  const error = thrown(make)
  assert.is(error.code, 'ERR_MILLRACE_ARGUMENT')
  assert.match(error.message, words)
}

suite('parts', (it) => {
  it('a function is no flow, although it has apply', () => {
    says(() => source.pipe(give((n: number) => n)), 'pipe: argument 1 must be a flow; got a function. Put it in map(…)')
    says(() => source.pipe(same, give(undefined)), 'pipe: argument 2 must be a flow; got undefined')
    says(() => compose(same, give(source)), 'compose: argument 2 must be a flow; got a source')
  })

  it('a sink belongs into to, and a flow into pipe', () => {
    says(() => source.pipe(give(toArray())), 'got a sink. End the source with .to(sink)')
    says(() => source.pipe(give(fs.lines('x'))), 'got a sink. End the source with .to(sink)')
    says(() => source.to(give(same)), 'to: it takes a sink; got a flow. Use .pipe(flow)')
    says(() => source.to(give(console.log)), 'got a function. Put it in forEach(…)')
    says(() => sinkThrough(same, give(same)), 'sinkThrough: it takes a sink; got a flow')
  })

  it('outputs are named, and end somewhere', () => {
    says(() => pipeline(give(source.observe())), 'got one output, which has no name. Write pipeline({ out: source.to(sink) })')
    says(() => pipeline(give([source.observe()])), 'got a list')
    says(() => pipeline({ out: give(source) }), "output 'out' is not a closed graph")
  })

  it('an output that is observed has a capacity and a policy that there are', () => {
    says(() => source.observe({ capacity: 0 }), 'observe: capacity must be a whole number >= 1; got 0')
    says(() => source.observe({ overflow: give('drop') }), 'observe: overflow must be one of wait, dropOldest, dropNewest, fail, latest; got drop')
  })

  it('two outputs that replace one file are refused; devices and standard output may have several', () => {
    const words = from(['a'])
    says(() => pipeline({ a: words.to(fs.lines('dir/x')), b: words.to(fs.lines('dir/../dir/x')) }), "the outputs 'a' and 'b' both replace")
    says(() => pipeline({ a: words.to(fs.lines('x')) }, { deadLetters: fs.ndjson('x') }), "the outputs 'a' and 'deadLetters' both replace")
    pipeline({ a: words.to(fs.lines('/dev/null')), b: words.to(fs.lines('/dev/null')), c: words.to(fs.lines('-')), d: words.to(fs.stdout()) })
  })

  it('a run takes a signal, not its controller', () => {
    says(() => pipeline({ out: source.to(forEach(() => undefined)) }).run({ signal: give(new AbortController()) }), 'controller.signal')
  })
})
