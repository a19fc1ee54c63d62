/** Numbers, times and foreign text as a terminal shows them. Pure; called by the examples' reports. */

/** `1,234,567`: of whole numbers. By hand, because `toLocaleString` loads 7 MB of knowledge about the world's languages. */
export const count = (n: number): string => String(n).replace(/\B(?=(?:\d{3})+$)/g, ',')

/** `1 line`, `2 lines` */
export const counted = (n: number, one: string): string => `${count(n)} ${one}${n === 1 ? '' : 's'}`

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `24.1 MB` */
export const size = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power]!}`
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export const duration = (ms: number): string => {
  if (ms < 10_000) return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** Control characters, and those that turn the direction of what follows. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Text from outside, safe to print: no control characters (a log can hold escape sequences), at most `width` characters. */
export const printable = (text: string, width: number): string => {
  const safe = text.replace(UNSAFE, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return safe.length <= width ? safe : `${safe.slice(0, width - 1)}…`
}
