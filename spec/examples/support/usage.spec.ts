/** A command line is refused with a sentence that names the option, before anything is started. */
import * as assert from 'uvu/assert'
import { optionsOf as accessLog } from '../../../examples/access-log/options.ts'
import { optionsOf as csvEtl } from '../../../examples/csv-etl/options.ts'
import { UsageError } from '../../../examples/support/usage.ts'
import { suite } from '../../support/suite.ts'

suite('examples: options', (it) => {
  it('has defaults for everything', () => {
    assert.equal(accessLog([]), { files: [], workers: undefined, out: 'out', lines: 200_000, json: false, help: false })
    assert.equal(csvEtl([]), { files: [], codec: undefined, workers: undefined, out: 'out', rows: 20_000, json: false, help: false })
  })

  it('takes files, standard input and options in any order', () => {
    assert.equal(accessLog(['a*.log', '--workers', '0', 'b', '--out=x', '--json']), { files: ['a*.log', 'b'], workers: 0, out: 'x', lines: 200_000, json: true, help: false })
    assert.equal(accessLog(['-']).files, ['-'])
    assert.equal(accessLog(['--', '--odd']).files, ['--odd'])
  })

  for (const [words, named] of [
    [['--nonsense'], '--nonsense'], [['--workers', 'two'], "--workers takes a whole number from 0 to 128; got 'two'"], [['--workers=-1'], '--workers'],
    [['--workers', '129'], '--workers'], [['--workers', '1.5'], '--workers'], [['--workers', ''], '--workers'], [['--lines', '1e3'], '--lines'],
    [['--out', ''], '--out'], [['--out'], '--out'], [['--json=yes'], '--json'], [[''], 'FILE'], [['-', 'a.log'], 'standard input'], [['--lines', '5', 'a.log'], '--lines']
  ] as const) {
    it(`refuses ${JSON.stringify(words)}`, () => {
      assert.throws(() => accessLog(words), (error: unknown) => error instanceof UsageError && error.message.includes(named))
    })
  }

  for (const words of [['--codec', 'x.ts'], ['--rows', '5', 'a.csv'], ['--lines', '5']]) {
    it(`refuses ${JSON.stringify(words)} for the ETL`, () => {
      assert.throws(() => csvEtl(words), (error: unknown) => error instanceof UsageError && error.message.includes(words[0]!))
    })
  }
})
