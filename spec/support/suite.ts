import { test as _t } from 'uvu'
import * as uvu from 'uvu'
type It = (title: string, test: (scope: { defer: (cleanup: () => unknown) => void }) => unknown) => void
export const suite = (name: string, body: (it: It) => void, deadlineMs = 5_000): void => {
  const t = uvu.suite(name)
  body((title, test) => t(title, async () => {
    const cleanups: Array<() => unknown> = []
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, no) => { timer = setTimeout(() => no(new Error(`${title}: not settled after ${deadlineMs} ms`)), deadlineMs) })
    try { await Promise.race([test({ defer: f => void cleanups.push(f) }), late]) }
    finally { clearTimeout(timer); for (const f of cleanups.reverse()) await f() }
  }))
  t.run()
}
