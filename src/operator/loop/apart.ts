/**
 * Which of the user's functions had better not become a part of the generated loop: those that may have a loop of their own, where others are
 * called behind them.
 *
 *     burn ──▶ reduce((a, b) => a + b)     a part: no call, no objects for numbers
 *     burn ──▶ aggregate(sum())            apart: what burn computes with stays in registers (generate.ts, decision 0021)
 *
 * A guess by the text; a wrong one costs a call, some nanoseconds an item, or what is said there. Pure; called by compile.ts.
 */
import type { Program, Target } from '../../plan/program.ts'
import type { Fns, Kernel } from './kernel.ts'
import { textOf } from './makers.ts'

/** A loop, or a call of something by its bare name: nobody knows what that does. */
const LOOPS =
  /\b(?:for|while|do)\b|(?<![.\w$])(?!(?:if|switch|catch|function|return|typeof|Number|String|Boolean|BigInt|parseInt|parseFloat|isNaN)\b)[A-Za-z_$][\w$]*\s*\((?!\w+(?:, ?\w+)*\) ?=>)/
/** A call, but for those that are single instructions. */
const CALLS = /(?<!\bMath\.\w{1,8}|\b(?:if|while|switch|for))\s*[\w$\])]\s*\((?!\w+(?:, ?\w+)*\) ?=>)/

const looking = (text: RegExp): ((fn: unknown) => boolean) => {
  const known = new WeakMap<object, boolean>()
  return (fn) => {
    if (typeof fn !== 'function') return false
    let answer = known.get(fn)
    if (answer === undefined) known.set(fn, (answer = text.test(textOf(fn).replace(/^[^=]*=>|^[^{]*\{/, ''))))
    return answer
  }
}

/** Whether a function may have a loop of its own, by its text. */
export const mayLoop = looking(LOOPS)
const calls = looking(CALLS)

const NONE: ReadonlySet<string> = new Set()

/** By node: the names of the functions that should stay apart. `columns`: outlets that numbers go to without a call. */
export const apartOf = ({ nodes }: Program, kernels: readonly Kernel[], fns: readonly Fns[], columns: ReadonlySet<number>): readonly ReadonlySet<string>[] => {
  const isQuiet = (node: number): boolean =>
    (kernels[node]!.emits !== undefined || kernels[node]!.keeps !== undefined) && !Object.values(fns[node]!).some(calls)
  /** What is entered in the loop, not when the input has ended. */
  const behind = (node: number): readonly Target[] => (kernels[node]!.emits === 'none' ? [] : nodes[node]!.targets.flat())
  const callsBehind = (targets: readonly Target[]): boolean =>
    targets.some((t) => ('outlet' in t ? !columns.has(t.outlet) : !isQuiet(t.node) || callsBehind(behind(t.node))))
  return nodes.map((_, k) => {
    const names = Object.entries(fns[k]!).flatMap(([name, fn]) => (mayLoop(fn) ? [name] : []))
    return names.length > 0 && callsBehind(behind(k)) ? new Set(names) : NONE
  })
}
