/**
 * Runs actors over shared memory in every order in which their accesses can be interleaved, and looks at each state.
 *
 *     actor 0   load ─ get ─ cas ─┐
 *     actor 1   put ─ store ──────┤   one access at a time, of any actor, in every order; states that were seen before are not
 *     actor 2   until … ──────────┘   visited again, so loops that retry end
 *
 * An actor is a list of turns over a private state. It is stopped before an access by an exception, and taken up again by running
 * the turn anew from its beginning with the answers it has had: so a turn reads and writes nothing but its own state and
 * memory, and every structure that is written over `Memory` can be run as it is.
 *
 * Plain accesses. Interleaving alone would give them the order that only the atomic ones have. So happens-before is kept as
 * vector clocks (an atomic read is after the atomic write it reads from), and a plain read that races with a plain or atomic
 * write gets {@link POISON}: whoever lets it out, or decides by it, is caught. Two plain writes that race are an error.
 *
 * Less work for the same answer. An access that no other actor can notice (of a word that no other writes; a write of one that no
 * other touches) is done at once: its order among the others' accesses makes no difference. Who writes and touches what is
 * found out on the way; when it turns out to be more than was thought, everything is explored anew.
 *
 * Death. A `mortal` actor may end before any of its accesses; the word that it `tells` is 1 then, as a thread's exit is told.
 * What this does not see: more actors or turns than the scene has. Idea: loom and CHESS (preemption bounds).
 */
import type { Memory } from '../../src/atomic/memory.ts'

/** What a plain read that races with a write gives. */
export const POISON = -0x0bad_0bad

/** Memory as an actor has it. */
export interface Stepping extends Memory {
  /** Waits, as a parked thread does, until the word is one that `ready` wants; answers it. Atomic. */
  until(words: Int32Array, index: number, ready: (value: number) => boolean): number
}

/** A private state: numbers, and lists of numbers. */
export type Private = Record<string, number | readonly number[]>

/** The turn is to be run again: with what it has made of the state. */
export const AGAIN: unique symbol = Symbol('again')

/** One turn of an actor: changes its state (a copy), and memory. */
export type Turn<S> = (state: S, m: Stepping) => undefined | typeof AGAIN

export interface Actor<S extends Private> {
  readonly name: string
  readonly state: S
  readonly turns: readonly Turn<S>[]
  /** The word that becomes 1 when it dies; without, it does not. */
  readonly mortal?: number | undefined
}

/** What is explored: memory as it begins, and who is let loose on it. */
export interface Scene<S extends Private> {
  readonly words: Int32Array
  readonly actors: readonly Actor<S>[]
  /** Throws when a state cannot be right; about words that several actors touch. */
  readonly always?: () => void
  /** Throws when the states in which nobody can go on cannot be right. `waits`: who is in an `until`; `died`: who did. */
  readonly end: (states: readonly S[], fates: { readonly waits: readonly boolean[]; readonly died: readonly boolean[] }) => void
  /** The name of a word, for the story of a failure. */
  readonly label?: ((index: number) => string) | undefined
}

export interface Explored {
  /** States that were looked at. */
  readonly states: number
  /** States in which nobody could go on. */
  readonly ends: number
}

type Op = 'get' | 'put' | 'load' | 'store' | 'cas' | 'add' | 'exchange' | 'until'

interface Access {
  readonly op: Op
  readonly index: number
  readonly a: number
  readonly b: number
  readonly ready: ((value: number) => boolean) | undefined
}

/** Where an actor can be: between two accesses of a turn, having had certain answers. Found out once, by running the turn. */
interface Spot<S> {
  readonly id: number
  readonly turn: number
  /** As it was when the turn began. */
  readonly state: S
  readonly answers: readonly number[]
  /** What the actor does next; none: it has ended. */
  readonly next: Access | undefined
  /** Where that leads, by its answer. */
  readonly then: Map<number, Spot<S>>
}

/** An actor in a state of the whole: where it is, and what it knows of the others. */
interface Place<S> {
  readonly spot: Spot<S>
  readonly clock: number
  readonly died: boolean
}

const STOP = Symbol('stop')

const copyOf = <S extends Private>(state: S): S => {
  const copy: Private = {}
  for (const name in state) {
    const value = state[name]!
    copy[name] = typeof value === 'number' ? value : value.slice()
  }
  return copy as S
}

/** Numbers for texts: the same text, the same number. */
const makeNumbers = (): ((text: string) => number) => {
  const numbers = new Map<string, number>()
  return (text) => {
    let number = numbers.get(text)
    if (number === undefined) numbers.set(text, (number = numbers.size))
    return number
  }
}

/** Vector clocks by number, so that they compare and print as numbers. */
const makeClocks = (actors: number) => {
  const clocks: number[][] = []
  const numberOf = makeNumbers()
  const number = (clock: number[]): number => {
    const id = numberOf(clock.join())
    if (id === clocks.length) clocks.push(clock)
    return id
  }
  return {
    zero: number(new Array<number>(actors).fill(0)),
    at: (id: number, actor: number): number => clocks[id]![actor]!,
    joined: (a: number, b: number): number => (a === b ? a : number(clocks[a]!.map((ticks, i) => Math.max(ticks, clocks[b]![i]!)))),
    ticked: (id: number, actor: number): number => number(clocks[id]!.map((ticks, i) => (i === actor ? ticks + 1 : ticks)))
  }
}

/** What is known of a word besides its value. */
interface Known {
  /** Who wrote it last, -1 for nobody, and that actor's own tick then. */
  readonly writer: number
  readonly tick: number
  /** What a reader of the last write knows, when that was atomic; -1 otherwise. */
  readonly released: number
  /** Number of all this and the value. */
  readonly key: number
}

const INITIAL: Known = { writer: -1, tick: 0, released: -1, key: -1 }

export interface ExploreOptions {
  /** How often an actor that could go on is interrupted, at most, where others can notice. Default: any number, which is every order. */
  readonly preemptions?: number | undefined
  /** Whether plain accesses are ordered by happens-before only (default), or as the atomic ones are: fewer states. */
  readonly plain?: 'happens-before' | 'ordered' | undefined
}

/** Explores the scene; throws, with the story, at the first state that cannot be right. */
export const explore = <S extends Private>(make: () => Scene<S>, options: ExploreOptions = {}): Explored => {
  const uses: Uses = { writers: new Map(), users: new Map(), grown: false }
  for (;;) {
    uses.grown = false
    const explored = exploreOnce(make(), options, uses)
    if (!uses.grown) return explored
  }
}

/** Which actors write a word, and which touch it at all: one bit each. */
interface Uses {
  readonly writers: Map<number, number>
  readonly users: Map<number, number>
  /** It is more than it was when the exploration began. */
  grown: boolean
}

const note = (uses: Uses, map: Map<number, number>, index: number, actor: number): void => {
  const before = map.get(index) ?? 0
  const now = before | (1 << actor)
  if (now === before) return
  map.set(index, now)
  uses.grown = true
}

const exploreOnce = <S extends Private>(scene: Scene<S>, options: ExploreOptions, uses: Uses): Explored => {
  const { preemptions = Infinity, plain = 'happens-before' } = options
  const { words, actors, always, end, label = (index: number) => `[${index}]` } = scene
  const clocks = makeClocks(actors.length)
  const numberOf = makeNumbers()
  const known: (Known | undefined)[] = []
  const touched: number[] = []
  const story: string[] = []
  const seen = new Map<string, number>()
  let states = 0
  let ends = 0

  // ---- an actor, up to its next access ----

  // One memory for all turns: the answers of the one that runs now, and what it asks for next.
  let log: readonly number[] = []
  let asked = 0
  let next: Access | undefined

  const access = (op: Op, used: Int32Array, index: number, a: number, b: number, ready?: (value: number) => boolean): number => {
    if (asked < log.length) return log[asked++]!
    if (used !== words) throw new Error('an actor uses words that are not the scene\'s')
    next = { op, index, a, b, ready }
    throw STOP
  }

  const m: Stepping = {
    get: (w, i) => access('get', w, i, 0, 0),
    put: (w, i, value) => void access('put', w, i, value, 0),
    load: (w, i) => access('load', w, i, 0, 0),
    store: (w, i, value) => void access('store', w, i, value, 0),
    cas: (w, i, expected, value) => access('cas', w, i, expected, value) === 1,
    add: (w, i, value) => access('add', w, i, value, 0),
    exchange: (w, i, value) => access('exchange', w, i, value, 0),
    until: (w, i, ready) => access('until', w, i, 0, 0, ready)
  }

  /** Runs a turn with these answers: to its end, or to the access that it asks for next. */
  const run = (turn: Turn<S>, state: S, answers: readonly number[]): 'asks' | 'ended' | 'again' => {
    log = answers
    asked = 0
    try {
      return turn(state, m) === AGAIN ? 'again' : 'ended'
    } catch (error) {
      if (error !== STOP) throw error
      return 'asks'
    }
  }

  const begun = actors.map(() => new Map<string, Spot<S>>())
  let spots = 0

  /** The spot before the first access of a turn, or of the first one after it that has an access. */
  const spotAt = (i: number, turn: number, state: S): Spot<S> => {
    const { name, turns } = actors[i]!
    for (let idle = 0; turn < turns.length; idle++) {
      const mine = copyOf(state)
      const how = run(turns[turn]!, mine, [])
      if (how === 'asks') break
      if (idle > 1000) throw new Error(`${name} runs turns without an access for ever`)
      state = mine
      if (how === 'ended') turn++
    }
    const key = `${turn};${JSON.stringify(state)}`
    let spot = begun[i]!.get(key)
    if (spot === undefined) {
      spot = { id: spots++, turn, state, answers: [], next: turn < turns.length ? next : undefined, then: new Map() }
      begun[i]!.set(key, spot)
    }
    return spot
  }

  /** The spot after the next access, given its answer. */
  const spotAfter = (i: number, spot: Spot<S>, answer: number): Spot<S> => {
    const known = spot.then.get(answer)
    if (known !== undefined) return known
    const { turn, state } = spot
    const answers = [...spot.answers, answer]
    const mine = copyOf(state)
    const how = run(actors[i]!.turns[turn]!, mine, answers)
    const found =
      how === 'asks'
        ? { id: spots++, turn, state, answers, next, then: new Map<number, Spot<S>>() }
        : spotAt(i, how === 'ended' ? turn + 1 : turn, mine)
    spot.then.set(answer, found)
    return found
  }

  // ---- memory ----

  const write = (i: number, index: number, value: number, released: number, clock: number): void => {
    if (known[index] === undefined) touched.push(index)
    words[index] = value
    const tick = clocks.at(clock, i)
    known[index] =
      plain === 'ordered'
        ? { writer: -1, tick: 0, released: -1, key: numberOf(`v${value}`) }
        : { writer: i, tick, released, key: numberOf(`w${value},${i},${tick},${released}`) }
  }

  /** Does an access for an actor: the answer, and what the actor knows then. */
  const perform = (i: number, { op, index, a, b }: Access, clock: number): { readonly answer: number; readonly clock: number } => {
    note(uses, uses.users, index, i)
    if (op !== 'get' && op !== 'load' && op !== 'until') note(uses, uses.writers, index, i)
    const { writer, tick, released } = known[index] ?? INITIAL
    const value = words[index]!
    const raced = plain !== 'ordered' && writer >= 0 && writer !== i && tick > clocks.at(clock, writer)
    if (op === 'get') return { answer: raced ? POISON : value, clock }
    if (op === 'put') {
      if (raced) throw new Error(`two writes of ${label(index)} race, of ${actors[writer]!.name} and ${actors[i]!.name}`)
      write(i, index, a, -1, clock)
      return { answer: 0, clock }
    }
    // atomic: what is read from an atomic write is after it
    const after = released >= 0 && op !== 'store' && plain !== 'ordered' ? clocks.joined(clock, released) : clock
    const written = op === 'store' || op === 'exchange' ? a : op === 'add' ? (value + a) | 0 : op === 'cas' && value === a ? b : undefined
    const answer = op === 'cas' ? Number(written !== undefined) : op === 'store' ? 0 : value
    if (written === undefined) return { answer, clock: after }
    write(i, index, written | 0, after, after)
    return { answer, clock: plain === 'ordered' ? after : clocks.ticked(after, i) }
  }

  // ---- every order ----

  const told = (message: string, cause: unknown): Error => new Error(`${message}\nafter\n  ${story.join('\n  ')}`, { cause })

  const guarded = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      throw told(error instanceof Error ? error.message : String(error), error)
    }
  }

  const canGoOn = ({ spot: { next }, died }: Place<S>): boolean =>
    !died && next !== undefined && (next.ready === undefined || next.ready(words[next.index]!))

  const keyOf = (places: readonly Place<S>[], last: number): string => {
    let key = preemptions === Infinity ? '' : `${last}|`
    for (const index of touched) key += `${known[index]!.key},`
    for (const { spot, clock, died } of places) key += died ? `${spot.id}.died,` : `${spot.id}.${clock},`
    return key
  }

  /** Does something that changes at most one word, goes on from there, and takes it back. */
  const branch = (index: number, line: () => string, act: () => readonly Place<S>[], last: number, left: number): boolean => {
    const value = words[index]!
    const before = known[index]
    story.push('')
    let places: readonly Place<S>[] | undefined
    guarded(() => {
      places = act()
    })
    story[story.length - 1] = line()
    const old = visit(places!, last, left)
    story.pop()
    words[index] = value
    known[index] = before ?? (known[index] === undefined ? undefined : INITIAL)
    return old
  }

  /** Whether nobody but its actor can tell when the access happens. */
  const isPrivate = (i: number, { op, index }: Access): boolean => {
    const others = op === 'get' || op === 'load' ? uses.writers.get(index) : op === 'until' ? -1 : uses.users.get(index)
    return ((others ?? 0) & ~(1 << i)) === 0
  }

  /** Lets an actor do its next access; answers whether that led to a state that was known. */
  const step = (places: readonly Place<S>[], i: number, last: number, left: number): boolean => {
    const place = places[i]!
    const next = place.spot.next!
    let answer = 0
    const act = (): readonly Place<S>[] => {
      const done = perform(i, next, place.clock)
      answer = done.answer
      return places.with(i, { spot: spotAfter(i, place.spot, answer), clock: done.clock, died: false })
    }
    return branch(next.index, () => tell(i, next, answer), act, last, left)
  }

  const tell = (i: number, { op, index, a, b }: Access, answer: number): string => {
    const what = op === 'cas' ? ` ${a}→${b}` : op === 'store' || op === 'put' || op === 'add' || op === 'exchange' ? ` ${a}` : ''
    return `${actors[i]!.name}: ${op} ${label(index)}${what}${op === 'store' || op === 'put' ? '' : ` = ${answer}`}`
  }

  const die = (places: readonly Place<S>[], i: number, mortal: number, left: number): void => {
    const place = places[i]!
    const act = (): readonly Place<S>[] => {
      note(uses, uses.users, mortal, i)
      note(uses, uses.writers, mortal, i)
      write(i, mortal, 1, place.clock, place.clock)
      return places.with(i, { ...place, died: true })
    }
    branch(mortal, () => `${actors[i]!.name} dies before its ${place.spot.next!.op} of ${label(place.spot.next!.index)}`, act, i, left)
  }

  /** Answers whether the state was known. */
  const visit = (places: readonly Place<S>[], last: number, left: number): boolean => {
    const key = keyOf(places, last)
    if ((seen.get(key) ?? -1) >= left) return true
    seen.set(key, left)
    states++
    if (always !== undefined) guarded(always)
    const able = places.map(canGoOn)
    if (!able.includes(true)) {
      ends++
      const fates = { waits: places.map(({ spot, died }) => !died && spot.next !== undefined), died: places.map(({ died }) => died) }
      guarded(() => {
        end(places.map(({ spot }) => spot.state), fates)
      })
    }
    // alone, unless it goes round in a circle, where the others would never get their turn
    const first = places.findIndex(({ spot }, i) => able[i]! && actors[i]!.mortal === undefined && isPrivate(i, spot.next!))
    if (first >= 0 && !step(places, first, last, left)) return false
    for (const [i, { spot, died }] of places.entries()) {
      const left1 = last >= 0 && last !== i && able[last]! ? left - 1 : left
      if (spot.next === undefined || died || left1 < 0) continue
      if (able[i]!) step(places, i, i, left1)
      const { mortal } = actors[i]!
      if (mortal !== undefined) die(places, i, mortal, left1)
    }
    return false
  }

  const begin: Place<S>[] = []
  guarded(() => {
    for (const [i, { state }] of actors.entries()) {
      begin.push({ spot: spotAt(i, 0, state), clock: clocks.ticked(clocks.zero, i), died: false })
    }
  })
  visit(begin, -1, preemptions)
  return { states, ends }
}

/** The story of how a scene goes wrong; throws when it does not: for specs that show that the explorer sees a mistake. */
export const howItFails = <S extends Private>(make: () => Scene<S>, options: ExploreOptions = {}): string => {
  let explored: Explored
  try {
    explored = explore(make, options)
  } catch (error) {
    if (error instanceof Error && error.message.includes('\nafter\n')) return error.message
    throw error
  }
  throw new Error(`nothing went wrong in ${explored.states} states`)
}
