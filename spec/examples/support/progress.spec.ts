/** Progress: what is known and nothing that is not; one line that is rewritten on a terminal, lines of their own elsewhere. */
import * as assert from 'uvu/assert'
import { progressLine, showProgress } from '../../../examples/support/progress.ts'
import { count, duration, printable, size } from '../../../examples/support/format.ts'
import { suite } from '../../support/suite.ts'

suite('examples: progress', (it) => {
  it('says share, rates and time left where the size is known', () => {
    assert.is(
      progressLine({ ms: 2000, items: 50_000, bytesDone: 10_000_000, bytesTotal: 40_000_000 }, 'lines'),
      '25 %  50,000 lines  25,000 lines/s  5.0 MB/s  6.0 s left'
    )
  })

  it('says no share and no time left where it is not known', () => {
    assert.is(progressLine({ ms: 2000, items: 50_000, bytesDone: 0, bytesTotal: undefined }, 'lines'), '50,000 lines  25,000 lines/s')
    assert.is(progressLine({ ms: 0, items: 0, bytesDone: 0, bytesTotal: 100 }, 'lines'), '0 lines  0 lines/s')
  })

  it('rewrites one line on a terminal, and leaves nothing of it', async ({ defer }) => {
    const { written, shown, stream } = recorder(true)
    const progress = showProgress(() => ({ ms: 1000, items: 7, bytesDone: 0, bytesTotal: undefined }), 'lines', stream)
    defer(() => {
      progress.stop()
    })
    const held = setInterval(() => undefined, 1000) // progress does not hold the process
    await shown
    clearInterval(held)
    progress.say('draining')
    progress.stop()
    assert.ok(written.every((text) => text.startsWith('\r\u001b[K')))
    assert.match(written.join(''), /\r\u001b\[K7 lines/)
    assert.match(written.join(''), /\r\u001b\[Kdraining\n/)
    assert.is(written.at(-1), '\r\u001b[K')
  })

  it('shows numbers, sizes, times and foreign text', () => {
    assert.is(count(1_234_567), '1,234,567')
    assert.equal([0, 999, 1000, 24_100_000, 1e18].map(size), ['0 B', '999 B', '1.0 kB', '24.1 MB', '1000.0 PB'])
    assert.equal([40, 4000, 12_400, 200_000, 7_500_000].map(duration), ['0.04 s', '4.0 s', '12 s', '3 min 20 s', '2 h 5 min'])
    assert.is(printable('a\u001b[2Jb\u202e\n', 40), 'a\\x1b[2Jb\\x202e\\x0a')
    assert.is(printable('abcdef', 4), 'abc…')
  })
})

const recorder = (isTTY: boolean) => {
  const written: string[] = []
  let tell: () => void = () => undefined
  const shown = new Promise<void>((resolve) => (tell = resolve))
  const stream = {
    isTTY,
    columns: 80,
    write: (text: string) => {
      written.push(text)
      tell()
    }
  }
  return { written, shown, stream }
}
