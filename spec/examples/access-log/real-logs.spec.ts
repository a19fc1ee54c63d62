/** The access-log example answers right for real logs, where they lie beside the project. */
import * as assert from 'uvu/assert'
import { suite } from '../../support/suite.ts'
import { answered } from '../support/answers.ts'
import { runExample, sharedData, tempDir } from '../support/example.ts'

suite('access log: real logs', (it) => {
  for (const [file, lineCount, parsed, bytes, clients, paths, statuses, first, last] of [
    ['access/apache_logs', 10_000, 9999, 2_747_282_505, 1753, 1368, { 200: 9125, 206: 45, 301: 164, 304: 445, 403: 2, 404: 213, 416: 2, 500: 3 }, '2015-05-17T10:05Z', '2015-05-20T21:05Z'],
    ['access/rotated/access.log.48.gz', 13_960, 13_959, 107_261_327, 801, 481, { 200: 10_232, 206: 90, 301: 2, 302: 169, 304: 2328, 400: 14, 403: 814, 404: 310 }, '2013-11-03T05:25Z', '2013-11-10T05:25Z'],
    ['access/rotated/access.log.5.gz', 14_853, 14_850, 208_815_664, 1236, 297, { 200: 12_328, 206: 428, 302: 226, 304: 1109, 400: 1, 403: 419, 404: 339 }, '2014-08-31T04:25Z', '2014-09-07T04:25Z']
  ] as const) {
    it(`answers right for the real log ${file}`, async ({ defer }) => {
      const path = sharedData(file)
      if (path === undefined) return
      for (const workers of ['0', '2']) {
        const answer = answered(await runExample(defer, 'access-log', ['--json', '--workers', workers, '--out', tempDir(defer), path]))
        assert.equal(
          [answer.lines, answer.parsed, answer.deadLetters, answer.bytes, answer.clients, answer.paths],
          [lineCount, parsed, lineCount - parsed, bytes, clients, paths]
        )
        assert.equal(answer.statuses, statuses)
        assert.equal([answer.perMinute[0]![0], answer.perMinute.at(-1)![0]], [first, last])
      }
    })
  }
}, 30_000)
