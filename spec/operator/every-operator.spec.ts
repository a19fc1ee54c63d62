/** No operator is left out: each of docs/operators.md has an entry in the conformance table, and a type test. */
import { readFileSync, readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import { table } from './every/table.ts'

const here = (path: string): URL => new URL(path, import.meta.url)

/** The operators of docs/operators.md, which .ci/operators.mjs makes of what src/index.ts exports. */
const operators = [...readFileSync(here('../../docs/operators.md'), 'utf8').matchAll(/^\| \[`(\w+)`\]/gm)].map(([, name]) => name!)

const TYPES = '../types/'

/** The statements of the type tests, each with the comment in front of it. */
const statements = readdirSync(here(TYPES))
  .filter((file) => file.endsWith('.types.ts'))
  .flatMap((file) => readFileSync(here(TYPES + file), 'utf8').split(/\n(?=[^\s})\]])/))
  .reduce<{ readonly text: string, readonly refused: boolean }[]>((all, text) => {
    if (text.startsWith('import')) return all
    const comment = text.startsWith('//')
    const refused = all.at(-1)?.text.startsWith('// @ts-expect-error') === true || /^ *\/\/ @ts-expect-error/m.test(text)
    return comment && !text.startsWith('// @ts-expect-error') ? all : [...all, { text, refused }]
  }, [])

const uses = (text: string, name: string): boolean => new RegExp(`(?<![.\\w])${name}(?:<[^\\n]*?>)?\\(`).test(text)

suite('every operator', (it) => {
  it('has an entry in the conformance table', () => {
    assert.ok(operators.length > 50, 'the names are found')
    const missing = operators.filter((name) => !Object.hasOwn(table, name))
    const where = 'spec/operator/every/kernels.ts (fuses and travels), waiting.ts (one source) or several.ts'
    assert.equal(missing, [], `add to ${where}: ${missing.map((name) => `${name}: { make: (source, given) => source.pipe(${name}(…, given)), model: (items) => … }`).join('; ')}`)
    const unknown = Object.keys(table).filter((name) => !operators.includes(name))
    assert.equal(unknown, [], `in spec/operator/every/ but not in docs/operators.md (remove, or run node .ci/operators.mjs): ${unknown.join(', ')}`)
  })

  it('has a type test: something that must compile and something that must not', () => {
    const compiles = operators.filter((name) => !statements.some(({ text, refused }) => !refused && uses(text, name)))
    const refused = operators.filter((name) => !statements.some((one) => one.refused && uses(one.text, name)))
    const said = `add to spec/types/*.types.ts an expectTypeOf(…) of: ${compiles.join(', ') || 'none'}; and a line behind // @ts-expect-error of: ${refused.join(', ') || 'none'}`
    assert.equal([compiles, refused], [[], []], said)
  })
})
