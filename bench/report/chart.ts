/**
 * A benchmark's rows as a picture: one bar per row, to the right of the line when ours is better, to the left when theirs is, on a scale of ratios;
 * a tick where the target is. SVG as text, by hand; pure.
 *
 * It is shown by `<img>`, so it brings its own ground and colours, for light and for dark. What a colour says a sign and a number say too.
 */
import type { Row } from '../support/row.ts'

const WIDTH = 860
const LABEL = 400
const VALUE = 90
const BAR = 16
const STEP = 30
const TOP = 40
const BOTTOM = 26
/** Ratios beyond this are drawn at the edge; the number beside the bar is the truth. */
const MOST = 100

const style = `
  .back { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px; fill: #59636e }
  .axis { stroke: #8c959f } .grid { stroke: #d1d9e0 }
  .met { fill: #1a7f37 } .missed { fill: #bc4c00 } .reported { fill: #57606a }
  .target { stroke: #1f2328; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 } .axis { stroke: #9198a1 } .grid { stroke: #3d444d }
    .met { fill: #3fb950 } .missed { fill: #f0883e } .reported { fill: #8b949e } .target { stroke: #e6edf3 }
  }`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)

const kindOf = ({ met }: Row): 'met' | 'missed' | 'reported' => (met === null ? 'reported' : met ? 'met' : 'missed')

const signs = { met: '✓', missed: '✗', reported: '' } as const

export const ratioText = (ratio: number): string => `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)} ×`

/** Where ratios lie: logarithms, as many powers of ten to both sides as the rows need. */
const scaleOf = (rows: readonly Row[]): { readonly x: (ratio: number) => number; readonly ticks: readonly number[] } => {
  const all = rows.flatMap(({ ratio, target }) => [ratio, target ?? 1]).map((ratio) => Math.min(MOST, Math.max(1 / MOST, ratio)))
  const low = Math.min(0, Math.floor(Math.log10(Math.min(...all)) * 2) / 2)
  const high = Math.max(0.5, Math.ceil(Math.log10(Math.max(...all)) * 2) / 2)
  const [left, right] = [LABEL, WIDTH - VALUE]
  const x = (ratio: number): number => {
    const at = (Math.log10(Math.min(10 ** high, Math.max(10 ** low, ratio))) - low) / (high - low)
    return Math.round((left + at * (right - left)) * 10) / 10
  }
  return { x, ticks: [0.01, 0.1, 0.3, 1, 3, 10, 30, 100].filter((tick) => Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) }
}

/** The drawing; `title` and a sentence per row are for those who do not see it. */
export const chart = (title: string, rows: readonly Row[]): string => {
  const { x, ticks } = scaleOf(rows)
  const height = TOP + rows.length * STEP + BOTTOM
  const told = rows.map((row) => `${row.work}, against ${row.against}: ${ratioText(row.ratio)}`).join('; ')
  const bars = rows.map((row, i) => {
    const [y, kind] = [TOP + i * STEP, kindOf(row)]
    const [one, end] = [x(1), x(row.ratio)]
    const target = row.target === null ? '' : `<line class="target" x1="${x(row.target)}" x2="${x(row.target)}" y1="${y - 3}" y2="${y + BAR + 3}"/>`
    return `
  <text x="${LABEL - 10}" y="${y + 7}" text-anchor="end">${escaped(cut(row.against, 56))}</text>
  <text class="small" x="${LABEL - 10}" y="${y + 20}" text-anchor="end">${escaped(cut(row.work, 64))}</text>
  <rect class="${kind}" x="${Math.min(one, end)}" y="${y}" width="${Math.max(1, Math.round(Math.abs(end - one) * 10) / 10)}" height="${BAR}" rx="2"/>${target}
  <text x="${WIDTH - VALUE + 8}" y="${y + 13}">${ratioText(row.ratio)} ${signs[kind]}</text>`
  })
  const grid = ticks.map((tick) => `
  <line class="${tick === 1 ? 'axis' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${height - BOTTOM}"/>
  <text class="small" x="${x(tick)}" y="${height - 8}" text-anchor="middle">${tick} ×</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title said">
  <title id="title">${escaped(title)}: ours over theirs</title>
  <desc id="said">${escaped(told)}</desc>
  <style>${style}
  </style>
  <rect class="back" width="${WIDTH}" height="${height}" rx="6"/>
  <line class="target" x1="16" x2="16" y1="9" y2="24"/>
  <text x="24" y="20" class="small">to reach · ✓ reached · ✗ not reached · no sign: reported only</text>
  <text x="${x(1) + 6}" y="20" class="small">ours is better →</text>
  <text x="${x(1) - 6}" y="20" class="small" text-anchor="end">← theirs</text>${grid.join('')}${bars.join('')}
</svg>
`
}
