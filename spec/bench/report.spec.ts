/** The page that is made from a run: every row is in it, a missed target has its reason, and the pictures say in words what they show. */
import * as assert from 'uvu/assert'
import { chart } from '../../bench/report/chart.ts'
import { page } from '../../bench/report/page.ts'
import { rowOf, type Row } from '../../bench/support/row.ts'
import { suite } from '../support/suite.ts'

const row = (change: Partial<Parameters<typeof rowOf>[0]>): Row =>
  rowOf({ bench: 'fused', work: 'w', against: 'a', unit: 'items/s', ours: [20], theirs: [10], better: 'more', ...change })

const made = (rows: readonly Row[]): string =>
  page({ rows, claims: new Map([['fused', 'Claim: it is fast.']]), machine: [['processor', 'one']], note: 'A note.', example: 'const x = 1' })

suite('the page of the benchmarks', (it) => {
  it('has the claim, the machine, the note and every row', () => {
    const text = made([row({ against: 'first | peer' }), row({ against: 'second', target: 1.5 })])
    for (const part of ['Claim: it is fast.', '| processor | one |', 'A note.', 'first \\| peer', 'second', '1 of 1 targets']) assert.ok(text.includes(part), part)
    assert.not.ok(text.includes('Not reached'))
  })

  it('leaves a missed target in, and says that its reason is not known where it is not', () => {
    const text = made([row({ bench: 'nobody', against: 'a rival', target: 3 })])
    assert.match(text, /Not reached:[\s\S]*a rival: 2\.00 × of 3 ×\.\n {2}Not looked into yet\./)
  })
})

suite('the pictures of the benchmarks', (it) => {
  it('name every bar in words, and do not rely on colours', () => {
    const picture = chart('fused', [row({ against: 'a < b', target: 1 }), row({ against: 'c', ours: [1], target: 1 })])
    assert.ok(picture.includes('role="img"'))
    assert.ok(picture.includes('a &lt; b') && !picture.includes('a < b'))
    assert.match(picture, /<desc id="said">w, against a &lt; b: 2\.00 ×; w, against c: 0\.10 ×<\/desc>/)
    assert.ok(picture.includes('2.00 × ✓') && picture.includes('0.10 × ✗'))
    assert.ok(picture.includes('prefers-color-scheme: dark'))
  })

  it('keep bars inside, however large or small a ratio is', () => {
    const picture = chart('fused', [row({ ours: [1e9] }), row({ ours: [1e-9] })])
    for (const [, x, width] of picture.matchAll(/<rect [^>]*x="([\d.]+)"[^>]*width="([\d.]+)"/g)) {
      assert.ok(Number(x) >= 400 && Number(x) + Number(width) <= 770.1, `${x!} + ${width!}`)
    }
  })
})
