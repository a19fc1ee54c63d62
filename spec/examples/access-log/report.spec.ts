/** The report says what the summary says, in a form that a terminal can show whatever the log holds. */
import * as assert from 'uvu/assert'
import { answerOf, reportText, sparkline, type Work } from '../../../examples/access-log/report.ts'
import type { Summary } from '../../../examples/access-log/summary.ts'
import { suite } from '../../support/suite.ts'

const work: Work = {
  lines: 1003, deadLetters: 3, wallMs: 500, cpuMs: 900, loopUtilization: 0.123, workers: 2, bytesRead: 2_000_000, drained: false,
  recordsFile: 'out/records.ndjson', deadLettersFile: 'out/dead-letters.ndjson'
}

const summary: Summary = {
  parsed: 1000, bytes: 123_456_789, statuses: { 200: 900, 404: 100 }, statusClasses: { '2xx': 900, '4xx': 100 }, clients: 2, paths: 3,
  topPaths: [['/a', 700], ['/\u001b[31mred', 300]], topClients: [['::1', 1000]],
  perMinute: [['2015-05-17T10:05Z', 400], ['2015-05-17T10:06Z', 600]]
}

suite('access log: report', (it) => {
  it('says counts, rates, shares and the busiest minutes', () => {
    const text = reportText(summary, work)
    for (const part of [
      '1,003 lines in 0.50 s (0.90 s of CPU) on 2 workers, the main thread busy for 12.3 %: 2,006 lines/s, 4.0 MB/s', '1,000 requests of 2 clients for 3 paths, 123.5 MB served',
      '3 lines (0.3 %) could not be parsed', '90.0 %', '404: 100', 'busiest: 2015-05-17T10:06Z 600, 2015-05-17T10:05Z 400', '700  /a', 'out/records.ndjson'
    ]) assert.ok(text.includes(part), `no "${part}" in\n${text}`)
  })

  it('shows no control characters of the log', () => {
    const text = reportText(summary, work)
    assert.not.match(text, /\u001b/)
    assert.ok(text.includes('/\\x1b[31mred'))
  })

  it('can report that there was nothing', () => {
    const nothing: Summary = { parsed: 0, bytes: 0, statuses: {}, statusClasses: {}, clients: 0, paths: 0, topPaths: [], topClients: [], perMinute: [] }
    const text = reportText(nothing, { ...work, lines: 0, deadLetters: 0, workers: 0, bytesRead: undefined })
    assert.ok(text.includes("0 lines in 0.50 s (0.90 s of CPU) on the caller's loop: 0 lines/s"), text)
    assert.not.match(text, /NaN|Infinity|undefined/)
  })

  it('says that the input was ended early', () => {
    assert.match(reportText(summary, { ...work, drained: true }), /ended early/)
  })

  it('draws any span of time in at most sixty marks', () => {
    const minute = (n: number): string => `${new Date(n * 60_000).toISOString().slice(0, 16)}Z`
    for (const span of [1, 2, 59, 60, 61, 100_000, 2_000_000_000]) {
      const perMinute: Summary['perMinute'] = [[minute(0), 1], [minute(span - 1), 8]]
      const { marks, minutesPerMark } = sparkline(span === 1 ? perMinute.slice(1) : perMinute)
      assert.ok(marks.length <= 60, `${marks.length} marks for ${span} minutes`)
      assert.ok(minutesPerMark * marks.length >= span)
      assert.is(marks.at(-1), '█')
    }
    assert.is(sparkline([]).marks, '')
  })

  it('answers plain data with the counts of the run', () => {
    const answer = answerOf(summary, work)
    assert.equal(Object.keys(answer), ['lines', 'parsed', 'deadLetters', 'bytes', 'statuses', 'statusClasses', 'clients', 'paths', 'topPaths', 'topClients', 'perMinute'])
    assert.is(answer.lines, answer.parsed + answer.deadLetters)
  })
})
