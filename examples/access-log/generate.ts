/**
 * A made-up web server log in the "combined" format: the same lines for the same count and seed, on every machine.
 *
 * It has what real logs have: popular pages and clients, IPv6, a clock change (30 Mar 2025, +0100 -> +0200), lines up to a
 * minute out of order, `-` sizes, escaped quotes, UTF-8, and about one line in a thousand that is broken in one of five ways.
 * Draws are made in the order in which a line is written. Text is held as bytes, one character a byte, because broken lines
 * are cut inside of characters.
 *
 * Touches nothing but the file that `writeLog` writes. Called by ../access-log.ts.
 */
import { open, rename, rm } from 'node:fs/promises'
import { draws } from '../support/random.ts'

/** The end of winter time, in seconds since 1970. */
const SUMMER = 1_743_296_400
/** 29 Mar 2025, 12:00 UTC. */
const BEGIN = 1_743_249_600

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36',
  'curl/8.12.1',
  'Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)',
  '-',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
  'Quoted \\"Agent\\" 1.0',
  'Mühle/1.0 (水車)'
].map(bytesOf)

const REFERRERS = ['-', 'https://shop.example/', 'https://search.example/?q=mill', 'https://shop.example/products/7']

/** `[day/Mon/year:h:m:s zone]` without the brackets; all days of the log are in March or April 2025 or soon after. */
const stamp = (seconds: number): string => {
  const [offset, zone] = seconds < SUMMER ? [3600, '+0100'] : [7200, '+0200']
  const [, day, month, year, time] = new Date((seconds + offset) * 1000).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} ${zone}`
}

/** The lines of the log, without line ends, one character a byte. */
export function* logLines(count: number, seed: number): Generator<string, void, undefined> {
  const draw = draws(seed)
  let clock = BEGIN
  let stamped = -1
  let stampedAs = ''
  /** Small values far more often than large ones. */
  const low = (below: number): number => draw(1 + draw(below))
  const pick = (list: readonly string[]): string => list[low(list.length)]!
  const stampOf = (seconds: number): string => {
    if (seconds !== stamped) stampedAs = stamp((stamped = seconds))
    return stampedAs
  }
  const client = (): string => {
    const c = low(5000)
    return draw(100) < 3 ? `2001:db8::${c.toString(16)}` : `198.18.${Math.floor(c / 256)}.${c % 256}`
  }
  const target = (): string => {
    const k = draw(10)
    if (k < 2) return '/'
    if (k < 5) return `/products/${1 + low(400)}`
    if (k < 7) return `/assets/app.${1 + draw(12)}.js`
    if (k < 8) return `/api/v1/items/${1 + low(5000)}?page=${1 + draw(9)}&q=caf%C3%A9`
    if (k < 9) return `/search?q=mill+race+${draw(700)}`
    return '/favicon.ico'
  }
  const method = (): string => {
    const m = draw(100)
    return m < 92 ? 'GET' : m < 97 ? 'POST' : 'HEAD'
  }
  const status = (): number => {
    const s = draw(1000)
    return s < 900 ? 200 : s < 930 ? 304 : s < 955 ? 301 : s < 985 ? 404 : s < 995 ? 403 : s < 999 ? 500 : 503
  }
  const size = (verb: string, code: number): string => {
    const v = draw(1000)
    return code === 304 ? '-' : verb === 'HEAD' ? '0' : String(200 + ((v * v * v) % 1_500_000))
  }
  for (let i = 0; i < count; i++) {
    clock += draw(1000) > 0 ? draw(3) : 300
    const at = clock - (draw(50) > 0 ? 0 : draw(60))
    const host = client()
    const verb = method()
    const code = status()
    const bytes = size(verb, code)
    const user = draw(40) > 0 ? '-' : `user${low(30)}`
    const request = `${verb} ${target()} HTTP/${draw(3) > 0 ? '2.0' : '1.1'}`
    const line = `${host} - ${user} [${stampOf(at)}] "${request}" ${code} ${bytes} "${pick(REFERRERS)}" "${pick(AGENTS)}"`
    switch (draw(4985)) {
      case 0: // a TLS handshake sent to the plain port
        yield `${host} - - [${stampOf(at)}] "\\x16\\x03\\x01\\x02" 400 0 "-" "-"`
        break
      case 1: // a disk was full
        yield line.slice(0, 40 + draw(60))
        break
      case 2:
        yield ''
        break
      case 3: // no such month
        yield line.replace('Mar', 'Foo')
        break
      case 4: // the last quote is missing
        yield line.slice(0, -1)
        break
      default:
        yield line
    }
  }
}

/** Characters gathered before they are written. */
const CHUNK = 1 << 18

/** The log as chunks of bytes, every line ended. */
export function* logChunks(count: number, seed: number): Generator<Buffer, void, undefined> {
  let text = ''
  for (const line of logLines(count, seed)) {
    text += `${line}\n`
    if (text.length < CHUNK) continue
    yield Buffer.from(text, 'latin1')
    text = ''
  }
  if (text !== '') yield Buffer.from(text, 'latin1')
}

/** Writes the log; `file` appears when it is complete, and not at all when `signal` stops the work. Answers its size. */
export const writeLog = async (file: string, count: number, seed: number, signal?: AbortSignal): Promise<number> => {
  const part = `${file}.${process.pid}.part`
  const handle = await open(part, 'w')
  try {
    let bytes = 0
    for (const chunk of logChunks(count, seed)) {
      signal?.throwIfAborted()
      await handle.writeFile(chunk)
      bytes += chunk.length
    }
    await handle.close()
    await rename(part, file)
    return bytes
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(part, { force: true })
    throw error
  }
}
