/**
 * The answer of the access-log example, computed in two other ways: by a loop over the regular expression, and by an awk
 * program that shares nothing with it but the grammar.
 */
import { spawnSync } from 'node:child_process'
import type { Answer } from '../../../examples/access-log/report.ts'
import { byRegex } from './by-regex.ts'

const text = (bytes: string): string => {
  const utf8 = Buffer.from(bytes, 'latin1').toString('utf8')
  return utf8.includes('\ufffd') ? bytes : utf8
}

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]): number => (a < b ? -1 : a > b ? 1 : 0)

const top = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].map(([key, n]): [string, number] => [text(key), n]).sort((a, b) => b[1] - a[1] || byName(a, b)).slice(0, 10)

/** What `--json` has to print for these lines, one character a byte. */
export const answerByHand = (lines: readonly string[]): Answer => {
  const counts = { statuses: new Map<string, number>(), classes: new Map<string, number>(), hosts: new Map<string, number>(), paths: new Map<string, number>(), minutes: new Map<string, number>() }
  const count = (of: Map<string, number>, key: string): void => {
    of.set(key, (of.get(key) ?? 0) + 1)
  }
  let parsed = 0
  let bytes = 0
  for (const line of lines) {
    const record = byRegex(line)
    if (record === undefined) continue
    parsed++
    bytes += record.bytes
    const status = String(record.status).padStart(3, '0')
    count(counts.statuses, status)
    count(counts.classes, `${status[0]!}xx`)
    count(counts.hosts, record.host)
    count(counts.paths, record.path)
    count(counts.minutes, `${new Date(record.time * 1000).toISOString().slice(0, 16)}Z`)
  }
  return {
    lines: lines.length, parsed, deadLetters: lines.length - parsed, bytes,
    statuses: Object.fromEntries(counts.statuses), statusClasses: Object.fromEntries(counts.classes),
    clients: counts.hosts.size, paths: counts.paths.size, topPaths: top(counts.paths), topClients: top(counts.hosts),
    perMinute: [...counts.minutes].sort(byName)
  }
}

const PROGRAM = String.raw`
function days(y, m, d,   e) { if (m <= 2) y--; e = int(y / 400); y -= e * 400; return e * 146097 + y * 365 + int(y / 4) - int(y / 100) + int((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5) + d - 1 - 719468 }
function two(n) { return (n < 10 ? "0" : "") n }
function stamp(minute,   d, z, e, doe, yoe, y, doy, mp, m) {
  d = int(minute / 1440); z = d + 719468; e = int(z / 146097); doe = z - e * 146097
  yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365); doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
  mp = int((5 * doy + 2) / 153); m = mp < 10 ? mp + 3 : mp - 9; y = yoe + e * 400 + (m <= 2)
  return y "-" two(m) "-" two(doy - int((153 * mp + 2) / 5) + 1) "T" two(int(minute % 1440 / 60)) ":" two(minute % 60) "Z" }
BEGIN { split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " "); for (i in names) month[names[i]] = i; w = "[^ \t\v\f\r]+"
  two_ = "[0-9][0-9]"
  line = "^" w " " w " " w " \\[" two_ "/[A-Za-z0-9_][A-Za-z0-9_][A-Za-z0-9_]/" two_ two_ ":" two_ ":" two_ ":" two_ " [+-]" two_ two_ "\\] \"[A-Z]+ [^ \"]+ HTTP/[0-9]\\.[0-9]\" " two_ "[0-9] ([0-9]+|-)( \"([^\"\\\\]|\\\\.)*\")*$" }
{ lines++; if ($0 !~ line) { bad++; next }
  match($0, "^" w " " w " " w " "); at = RLENGTH + 1; s = substr($0, at + 1, 26); if (!(substr(s, 4, 3) in month)) { bad++; next }
  minute = days(substr(s, 8, 4) + 0, month[substr(s, 4, 3)] + 0, substr(s, 1, 2) + 0) * 1440 + substr(s, 13, 2) * 60 + substr(s, 16, 2)
  minute -= (substr(s, 22, 1) == "+" ? 1 : -1) * (substr(s, 23, 2) * 60 + substr(s, 25, 2))
  split(substr($0, at + 30), q, "\""); split(q[1], request, " "); sub(/\?.*/, "", request[2]); split(q[2], numbers, " ")
  bytes += numbers[2] == "-" ? 0 : numbers[2]; st[numbers[1]]++; hosts[substr($0, 1, index($0, " ") - 1)]++; paths[request[2]]++; minutes[minute]++ }
END { printf "lines\t\t%d\nbad\t\t%d\nbytes\t\t%.0f\n", lines, bad, bytes
  for (k in st) print "status\t" k "\t" st[k]
  for (k in hosts) print "host\t" k "\t" hosts[k]
  for (k in paths) print "path\t" k "\t" paths[k]
  for (k in minutes) print "minute\t" stamp(k) "\t" minutes[k] }
`

/** The same by awk; undefined where there is no awk, and it says so. */
export const answerByAwk = (log: Buffer): Answer | undefined => {
  const awk = spawnSync('awk', [PROGRAM], { input: log, env: { ...process.env, LC_ALL: 'C' }, encoding: 'latin1', maxBuffer: 1 << 26 })
  if (awk.error !== undefined || awk.status !== 0) {
    console.log(`skipped: no awk${awk.status === null ? '' : ` that understands the program: ${awk.stderr}`}`)
    return undefined
  }
  const rows = awk.stdout.trimEnd().split('\n').map((row) => row.split('\t') as [string, string, string])
  const of = (kind: string): Map<string, number> => new Map(rows.filter(([k]) => k === kind).map(([, key, n]) => [key, Number(n)]))
  const single = (kind: string): number => of(kind).get('') ?? 0
  const classes = new Map<string, number>()
  for (const [status, n] of of('status')) classes.set(`${status[0]!}xx`, (classes.get(`${status[0]!}xx`) ?? 0) + n)
  return {
    lines: single('lines'), parsed: single('lines') - single('bad'), deadLetters: single('bad'), bytes: single('bytes'),
    statuses: Object.fromEntries(of('status')), statusClasses: Object.fromEntries(classes), clients: of('host').size, paths: of('path').size,
    topPaths: top(of('path')), topClients: top(of('host')), perMinute: [...of('minute')].sort(byName)
  }
}
