/** Every error code that the sources can give is in docs/errors.md, and no other. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const codesIn = (text: string): readonly string[] => text.match(/ERR_MILLRACE_[A-Z]+(?:_[A-Z]+)*/g) ?? []

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))

suite('error codes', (it) => {
  it('of the sources are documented, and no others', () => {
    const used = new Set(sources.flatMap((name) => codesIn(readFileSync(join(root, 'src', name), 'utf8'))))
    const told = new Set(codesIn(readFileSync(join(root, 'docs/errors.md'), 'utf8')))
    assert.equal([...told].sort(), [...used].sort())
  })
})
