/**
 * The time of one runtime: goes with the machine's until it is paused; then it stands still, is advanced by hand, and jumps to
 * the next alarm when there is nothing else to do.
 *
 *   going    now = what it was + what the machine's clock has gone since       one alarm of the machine's, for the first of ours
 *   paused   now = where it was put                                            looks, at the end of a turn of the event loop:
 *
 *     something is due ──▶ ring
 *     held, or advanced by hand ──▶ stop looking: who lets go looks again
 *     somebody's setImmediate, a file or DNS request is under way ──▶ look again, from the beginning
 *     quiet for QUIET turns ──▶ now = instant of the first alarm, ring
 *
 * Invariants
 *   V1  `now` never goes back; it goes on from where it is when time is resumed
 *   V2  alarms ring in the order of their instants, those of one instant in the order in which they were set; none within `at`
 *   V3  an alarm rings in the asynchronous context in which it was set
 *   V4  paused time does not move while anybody holds it, but by `advance` and `jump`; nor for alarms that are all unref'd
 * What promises do ends before the loop turns, so a quiet turn is one in which nobody could go on. Open sockets and timers of
 * others may move things later; they do not hold the time, as in tokio.
 * Called by runtime/, which installs it (`withClock`), and by time.ts; everyone else sees a Clock.
 */
import { AsyncResource } from 'node:async_hooks'
import { setTimeout as afterMs } from 'node:timers'
import { alreadyPaused, notPaused } from '../../error/wording-time.ts'
import { realClock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { duration } from './check.ts'
import { entry, Heap, type Entry } from './heap.ts'
import { atTheEndOfTheTurn, underWay } from './turns.ts'

/** Turns of the event loop without anything to do, before paused time jumps. */
const QUIET = 3
/** After so many looks that found a request under way, looking is left to a timer: a disk may take its time. */
const PATIENCE = 64

/** Turns after which `advance` takes it that who goes on will go on for ever. */
const MOST_TURNS = 64

interface Pending extends Entry {
  readonly ring: () => void
  readonly lost: ((reason: Error) => void) | undefined
  cancelled: boolean
  /** Holds the process. */
  held: boolean
}

export interface VirtualClockOptions {
  /** Whether it stands still from the beginning. Default false. */
  readonly paused?: boolean | undefined
  /** Whether `time.pause()` may stop it. Default true. */
  readonly pausable?: boolean | undefined
}

type Mode = { readonly is: 'going'; readonly sinceReal: number } | { readonly is: 'paused' }

export class VirtualClock implements Clock {
  readonly pausable: boolean
  readonly #alarms = new Heap<Pending>()
  /** Where time is, or was when it began to go. */
  #now = 0
  #mode: Mode
  #closed: Error | undefined
  /** The machine's alarm for the first of ours, while time goes. */
  #real: { readonly due: number; readonly alarm: Alarm } | undefined
  /** Alarms that hold the process. */
  #holding = 0
  #held = 0
  #looking = false
  #quiet = 0
  #patience = PATIENCE

  constructor({ paused = false, pausable = true }: VirtualClockOptions = {}) {
    this.pausable = pausable
    this.#mode = paused ? { is: 'paused' } : { is: 'going', sinceReal: realClock.now() }
  }

  get paused(): boolean {
    return this.#mode.is === 'paused'
  }

  now(): number {
    return this.#mode.is === 'paused' ? this.#now : this.#now + (realClock.now() - this.#mode.sinceReal)
  }

  at(instant: number, ring: () => void, lost?: (reason: Error) => void): Alarm {
    if (this.#closed !== undefined) throw this.#closed
    const alarm: Pending = {
      ...entry(instant),
      ring: AsyncResource.bind(ring),
      lost: lost === undefined ? undefined : AsyncResource.bind(lost),
      cancelled: false,
      held: true
    }
    this.#quiet = 0
    this.#alarms.put(alarm)
    this.#count(1)
    this.#set()
    return {
      cancel: () => {
        alarm.cancelled = true // those that ring with it may cancel it
        this.#take(alarm)
        if (this.#alarms.size === 0) this.#set()
      },
      ref: () => {
        this.#hold(alarm, true)
      },
      unref: () => {
        this.#hold(alarm, false)
      }
    }
  }

  hold(): void {
    this.#held++
  }

  letGo(): void {
    this.#held--
    this.#quiet = 0
    this.#set()
  }

  /** Throws ERR_MILLRACE_TIME when it stands still already. */
  pause(): void {
    if (this.paused) throw alreadyPaused()
    this.#now = this.now()
    this.#mode = { is: 'paused' }
    this.#set()
  }

  /** Time goes again, from where it is. Throws ERR_MILLRACE_TIME when it goes already. */
  resume(): void {
    if (!this.paused) throw notPaused('resume')
    this.#mode = { is: 'going', sinceReal: realClock.now() }
    this.#set()
  }

  /**
   * Moves paused time by so many milliseconds at once, rings what is due then, and resolves when those who were waiting have
   * gone on as far as they can.
   */
  async advance(ms: number): Promise<void> {
    if (!this.paused) throw notPaused('advance')
    duration('time.advance', 'ms', ms)
    this.hold()
    try {
      this.#now += ms
      this.#ringDue()
      for (let turns = 0, quiet = 0; quiet < QUIET && turns < MOST_TURNS; turns++) {
        await new Promise<void>(atTheEndOfTheTurn)
        quiet = underWay() === 'turns' ? 0 : quiet + 1
      }
      this.#ringDue() // what was set meanwhile, for now
    } finally {
      this.letGo()
    }
  }

  /** Moves paused time to the instant of the first alarm, whoever holds it, and rings what is due then; answers whether there was one. */
  jump(): boolean {
    if (!this.paused) throw notPaused('jump')
    const due = this.#alarms.first?.due
    if (due === undefined || due === Infinity) return false
    this.#now = Math.max(this.#now, due)
    this.#ringDue()
    return true
  }

  /** Ends it with the runtime that it belongs to: alarms are lost, and no more can be set. */
  close(reason: Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    const lost = [...this.#alarms.takeAll()].sort((a, b) => a.order - b.order)
    this.#holding = 0
    this.#set()
    for (const alarm of lost) alarm.lost?.(reason)
  }

  #take(alarm: Pending): void {
    if (this.#alarms.take(alarm) && alarm.held) this.#count(-1)
  }

  #hold(alarm: Pending, held: boolean): void {
    if (alarm.held === held) return
    alarm.held = held
    if (!this.#alarms.has(alarm)) return
    this.#count(held ? 1 : -1)
    this.#set()
  }

  #count(by: number): void {
    this.#holding += by
    if (this.#holding > 0) this.#real?.alarm.ref()
    else this.#real?.alarm.unref()
  }

  /** Sees to it that the first alarm will ring, however time goes. */
  #set(): void {
    const due = this.#alarms.first?.due
    if (this.#mode.is === 'going' && due !== undefined) this.#setReal(due, this.#mode.sinceReal - this.#now)
    else {
      this.#real?.alarm.cancel()
      this.#real = undefined
    }
    if (this.#mode.is === 'paused' && due !== undefined && !this.#looking && (due <= this.#now || this.#mayJump(due))) this.#lookLater()
  }

  /** Alarms that do not hold the process are not waited for, so time does not jump for them alone. */
  #mayJump(due: number): boolean {
    return this.#held === 0 && this.#holding > 0 && due < Infinity
  }

  /** `origin` is the machine's instant of our 0. */
  #setReal(due: number, origin: number): void {
    if (this.#real !== undefined && this.#real.due <= due) return // one that rings too early sets the next
    this.#real?.alarm.cancel()
    const ring = (): void => {
      this.#real = undefined
      this.#ringDue()
    }
    // one context for all: each alarm brings its own
    this.#real = { due, alarm: realClock.at(origin + due, ring) }
    if (this.#holding === 0) this.#real.alarm.unref()
  }

  #ringDue(): void {
    const now = this.now()
    const due: Pending[] = []
    for (let first = this.#alarms.first; first !== undefined && first.due <= now; first = this.#alarms.first) {
      this.#take(first)
      due.push(first)
    }
    this.#quiet = 0
    for (const alarm of due) if (!alarm.cancelled) this.#ring(alarm)
    this.#set()
  }

  /** What one throws is uncaught, as it would be in a timer of its own; the others ring. */
  #ring(alarm: Pending): void {
    try {
      alarm.ring()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #lookLater(): void {
    this.#looking = true
    const look = (): void => {
      this.#looking = false
      this.#look()
    }
    if (this.#patience > 0) atTheEndOfTheTurn(look)
    else {
      this.#patience = PATIENCE
      afterMs(look, 1)
    }
  }

  #look(): void {
    const due = this.#alarms.first?.due
    if (!this.paused || due === undefined) return
    if (due <= this.#now) {
      this.#ringDue()
      return
    }
    if (!this.#mayJump(due)) return
    const busy = underWay()
    if (busy === 'requests') this.#patience--
    else this.#patience = PATIENCE
    this.#quiet = busy === undefined ? this.#quiet + 1 : 0
    if (this.#quiet < QUIET) {
      this.#lookLater()
      return
    }
    this.#now = due
    this.#ringDue()
  }
}
