/**
 * The scheduler of one simulated run: of all tasks that want to go on it lets one, and then waits until nobody can go on without it.
 *
 *     tasks ── turn() ──▶ waiting ── all is quiet ──▶ choose one ──▶ it goes on, to its next turn() …
 *
 * Invariants
 *   S1  a choice is made when nobody of this thread would go on by himself: so who waits then depends on earlier choices only
 *   S2  who waits is put in order by the step in which he came, then by his deed: within a step nobody knows who was first. The
 *       undisturbed choice is the first of them
 *   S3  time that is paused does not go on while anybody waits
 * What breaks S1: timers of Node and the world outside. Called by simulate.ts.
 */
import type { AnyFunction, Weather } from '../prelude/weather.ts'
import { clock } from '../prelude/clock.ts'
import { atTheEndOfTheTurn, underWay } from '../task/time/turns.ts'
import type { Choices } from './choices.ts'
import { InjectedFault, sayFault, type Fault, type Places } from './faults.ts'

interface Waiting {
  readonly label: string
  /** The step in which it came. */
  readonly since: number
  readonly order: number
  readonly go: () => void
}

/** Sizes of a slice, the undisturbed first. */
const SLICES = [Infinity, 1, 2, 3, 5] as const
/** Sizes of a morsel, likewise: few items, so that short inputs are many morsels. */
const MORSELS = [4, 1, 2, 7, 64] as const
/** Of so many answers one keeps a task on the caller's loop for another slice. */
const STAYS = 3

/** What the scheduler does to the run. */
export interface Hands {
  /** Ends it. */
  readonly cancel: () => void
  /** Moves time to the first timer, if there is one. */
  readonly jump: () => boolean
  /** Ends a worker, of that; false when there is none. */
  readonly kill: (reason: Error) => boolean
}

const bump = (counts: Map<string, number>, name: string): number => {
  const n = counts.get(name) ?? 0
  counts.set(name, n + 1)
  return n
}

export class Scheduler implements Weather {
  readonly pauseAt = undefined
  /** What was let go on, in order, and the faults where they happened. */
  readonly trace: string[] = []
  /** Faults that have happened. */
  readonly happened = new Set<Fault>()
  /** The run has settled: who asks from now on goes on after its end. */
  over = false
  /** Functions of the user's that were called after the end. */
  readonly after: string[] = []
  readonly #choices: Choices
  readonly #faults: readonly Fault[]
  readonly #hands: Hands
  readonly #clock = clock()
  readonly #calls = new Map<string, number>()
  readonly #pulls = new Map<string, number>()
  readonly #writes = new Map<string, number>()
  #waiting: Waiting[] = []
  #asked = 0
  #steps = 0
  #looking = false

  constructor(choices: Choices, faults: readonly Fault[], hands: Hands) {
    this.#choices = choices
    this.#faults = faults
    this.#hands = hands
  }

  /** Where faults could have happened. */
  places(failing: ReadonlySet<string>): Places {
    return { calls: this.#calls, pulls: this.#pulls, writes: this.#writes, failing, steps: this.#steps }
  }

  /** Tasks that were let go on so far. */
  get steps(): number {
    return this.#steps
  }

  get idle(): boolean {
    return this.#waiting.length === 0
  }

  turn(stage: string, what: string): Promise<void> | undefined {
    const slow = what.startsWith('writes') ? this.#faults.find((fault) => fault.type === 'slow' && fault.stage === stage) : undefined
    if (slow === undefined) return this.#wait(stage, what)
    return this.#slowly(stage, what, slow)
  }

  async slice(stage: string, items: number): Promise<number> {
    await this.#wait(stage, `takes from ${items}`)
    const sizes = SLICES.filter((size) => size === Infinity || size < items)
    const size = Math.min(items, sizes[this.#choices.choose(sizes.length)]!)
    if (size < items) this.trace.push(`${stage} takes ${size} of ${items}`)
    return size
  }

  moves(): boolean {
    return false
  }

  leaves(): boolean {
    return this.#choices.choose(STAYS) === 0
  }

  morsel(): number {
    return MORSELS[this.#choices.choose(MORSELS.length)]!
  }

  /** A decision of another part of the simulation: a whole number from 0 to below `n`. */
  choose(n: number): number {
    return this.#choices.choose(n)
  }

  fn(stage: string, fn: AnyFunction): AnyFunction {
    const called = (...args: never[]): unknown => {
      if (this.over) this.after.push(`a function of ${stage} was called`)
      this.#fail('throw', stage, bump(this.#calls, stage))
      return fn(...args)
    }
    return called
  }

  outside(stage: string, what: 'pull' | 'write'): void {
    if (what === 'pull') this.#fail('source', stage, bump(this.#pulls, stage))
    else this.#fail('sink', stage, bump(this.#writes, stage))
  }

  #fail(type: Fault['type'], stage: string, at: number): void {
    const fault = this.#faults.find((one) => one.type === type && one.stage === stage && one.at === at)
    if (fault === undefined) return
    this.#happens(fault)
    throw new InjectedFault(fault)
  }

  #happens(fault: Fault): void {
    if (this.happened.has(fault)) return
    this.happened.add(fault)
    this.trace.push(`! ${sayFault(fault)}`)
  }

  async #slowly(stage: string, what: string, fault: Fault): Promise<void> {
    this.#happens(fault)
    for (let turn = 0; turn < fault.at && this.#waiting.length > 0; turn++) await this.#wait(stage, 'is slow')
    await this.#wait(stage, what)
  }

  #wait(stage: string, what: string): Promise<void> {
    return new Promise((go) => {
      if (this.#waiting.length === 0) this.#clock.hold()
      this.#waiting.push({ label: `${stage} ${what}`, since: this.#steps, order: this.#asked++, go })
      this.#lookLater()
    })
  }

  #lookLater(): void {
    if (this.#looking) return
    this.#looking = true
    atTheEndOfTheTurn(() => {
      this.#looking = false
      if (underWay() === undefined) this.#step()
      if (this.#waiting.length > 0) this.#lookLater()
    })
  }

  #step(): void {
    if (this.#waiting.length === 0) return
    this.#waiting.sort((a, b) => a.since - b.since || (a.label < b.label ? -1 : a.label > b.label ? 1 : a.order - b.order))
    const [chosen] = this.#waiting.splice(this.#choices.choose(this.#waiting.length), 1)
    if (this.#waiting.length === 0) this.#clock.letGo()
    const cancel = this.#faults.find((fault) => fault.type === 'cancel' && fault.at === this.#steps)
    if (cancel !== undefined) {
      this.#happens(cancel)
      this.#hands.cancel()
    }
    const late = this.#faults.find((fault) => fault.type === 'late' && fault.at === this.#steps)
    if (late !== undefined && this.#hands.jump()) this.#happens(late)
    const death = this.#faults.find((fault) => fault.type === 'worker' && fault.at === this.#steps)
    if (death !== undefined && !this.happened.has(death) && this.#hands.kill(new InjectedFault(death))) this.#happens(death)
    this.#steps++
    this.trace.push(chosen!.label)
    chosen!.go()
  }
}
