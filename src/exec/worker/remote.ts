/**
 * The worker's half of the executor: runs the morsels of registered tasks (remote-task.ts), and lets results leave as frames (leaving.ts: R6, R8).
 *
 *   morsel ── decode frame, or read split ──▶ instance.run ──▶ outs ──▶ frames ──▶ NOTICE_OUT … NOTICE_DONE
 *                                                                 │
 *                                                                 └ after FRAMES_PER_MORSEL frames: NOTICE_MORE, and the
 *                                                                   morsel rests until the caller's loop resumes it
 * Invariants
 *   R1  a worker never waits for room: a morsel rests (its driver is a generator) and the worker takes another one,
 *       so a full pipeline cannot block the pool
 *   R2  a morsel at rest goes on in the worker where it began
 *   R3  an instance serves one morsel at a time; its partial state lives as long as the task
 *   R4  an error never escapes: it is told by NOTICE_FAIL, and NOTICE_DONE still follows
 *   R5  morsels of a serial task are run one after the other: its one instance sees them in order
 *   R7  where a task has many instances one that a failure has stopped is open again for its next morsel, which may come before that
 *       one: the caller's loop, which has their order, leaves out what is behind it
 * Called by src/worker.ts. Knows operator/ and frame/; the pool calls `run` and `onMessage`.
 */
import { DONE, PAUSED, WAIT, CLOSED, type Status } from '../../operator/loop/compile.ts'
import { decodeAlone, itemsIn, type AloneFrame } from '../../frame/frame.ts'
import type { Arena } from '../../frame/arena.ts'
import { shared as memory } from '../../atomic/memory.ts'
import { load, sleep } from '../../atomic/park.ts'
import { encodeError } from '../../error/wire.ts'
import type { ItemBatch, Split } from '../../graph/spec.ts'
import { listOf, type Items } from '../../prelude/items.ts'
import {
  INPUT_ALONE, INPUT_END, INPUT_SPLIT, NOTICE_CLOSED, NOTICE_DONE, NOTICE_FAIL, STOP_ABORT, STOP_DRAIN, WORD_BEGUN, WORD_INPUT, WORD_STOP, WORD_TASK,
  type FromWorker, type Registration, type Told, type ToWorker
} from '../protocol.ts'
import { swapContext } from '../../prelude/context.ts'
import { createLeaving, type Emit, type Step } from './leaving.ts'
import type { Sent } from './results.ts'
import { Fatal, freeLoop, makeLoop, paceOf, publish, taskOf, type Kernels, type Machine, type Readers, type RemoteLoop, type RemoteTask } from './remote-task.ts'
import { tell } from '../told.ts'

export interface RemoteOptions {
  readonly worker: number
  readonly arena: Arena
  readonly kernels: Kernels
  readonly readers: Readers
  readonly emit: Emit
  /** Tells without waking the caller's loop, and wakes it. */
  readonly whisper: Emit
  readonly nudge: () => void
  readonly post: (message: FromWorker) => void
  /** Default: that of a thread. */
  readonly machine?: Machine | undefined
}

/** A thread: it may block, and its functions are the user's. */
const thread: Machine = { now: () => performance.now(), sleep, fn: (_, fn) => fn, steady: false }

export interface Remote {
  run(slot: number): void | Promise<void>
  onMessage(message: ToWorker): void | Promise<void>
}

/**
 * A drain stops the reading of splits that are longer than this. Shorter ones are read to their end: they lie between others,
 * and what a drained run has written should be the beginning of a file, without holes.
 */
const LONG_BYTES = 4 * 1024 * 1024

/** Items of a morsel, with where they came from. */
interface Input extends Pick<ItemBatch, 'origin'> {
  readonly items: Items
}

/** Items of the largest slice of a loop. */
const LARGEST_SLICE = 16_384

/** Results, but for numbers, that a slice should bring at most: a frame of them. What is alive when garbage is collected is copied. */
const MOST_RESULTS = 2048

/** The size of the next slice, after one of `items` that took `usedMs` and has left the fullest outlet with `results`. */
const sliceAfter = (slice: number, items: number, usedMs: number, pace: number, results: number): number => {
  if (usedMs > pace * 2 || results > MOST_RESULTS) return Math.max(1, slice >> 1)
  return usedMs < pace / 2 && items >= slice && results <= MOST_RESULTS / 2 ? Math.min(LARGEST_SLICE, slice * 2) : slice
}

/** Of the outlet that holds most. */
const mostHeld = ({ instance: { outs } }: RemoteLoop): number => {
  let most = 0
  for (const { length } of outs) most = Math.max(most, length)
  return most
}

export const createRemote = ({ worker, arena, kernels, readers, emit, whisper, nudge, post, machine = thread }: RemoteOptions): Remote => {
  const tasks = new Map<number, RemoteTask>()
  const awaited = new Map<number, (() => void)[]>()
  const resting = new Map<number, { readonly task: number; readonly driver: Generator<Step, void, unknown> }>()
  /** Tasks whose functions are being fetched. */
  const coming = new Set<number>()
  const alone = new Map<number, AloneFrame>()
  /** States that came before their task was ready: to a worker that replaces a dead one. */
  const adopted = new Map<number, readonly object[]>()
  const leaving = createLeaving({ worker, arena, taskOf: (slot) => tasks.get(arena.words(slot)[WORD_TASK]!), whisper, nudge, post, now: machine.now })

  /** Carries a status of the instance to its end: pauses are flushed, waits are slept. */
  function* settle(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, begun: Status): Generator<Step, Status, unknown> {
    let status = begun
    while (status === PAUSED || status === WAIT) {
      yield* leaving.flushDue(task, loop, slot, sent, status === WAIT)
      if (status === WAIT) {
        const slept = machine.sleep(loop.instance.waitMs)
        if (slept !== undefined) yield slept
      }
      if (load(task.stop, WORD_STOP) === STOP_ABORT) {
        loop.instance.close()
        return CLOSED
      }
      if (!leaving.isHeld(task, loop)) loop.since = machine.now()
      status = loop.instance.resume()
    }
    return status
  }

  function* input(task: RemoteTask, slot: number): Generator<Step, Input | undefined, unknown> {
    yield* []
    const words = arena.words(slot)
    if (words[WORD_INPUT] === INPUT_ALONE) {
      const frame = alone.get(slot)!
      alone.delete(slot)
      return { items: decodeAlone(frame) }
    }
    return { items: itemsIn(arena, slot) } // numbers are read where they are: the slot is the morsel's until it is done
  }

  /** Runs a batch, in slices of about half of `maxLatencyMs`: between them results may leave. */
  function* feed(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, batch: Input, base: number): Generator<Step, boolean, unknown> {
    const { items } = batch
    const pace = paceOf(task)
    loop.batch = batch
    loop.base = base
    loop.places.came(batch, base)
    for (let from = 0; from < items.length; ) {
      const to = Math.min(items.length, from + loop.slice)
      const began = machine.now()
      if (!leaving.isHeld(task, loop)) loop.since = began
      const status = yield* settle(task, loop, slot, sent, loop.instance.run(items, from, to))
      loop.slice = sliceAfter(loop.slice, to - from, machine.now() - began, pace, mostHeld(loop))
      yield* leaving.flushDue(task, loop, slot, sent)
      if (status !== DONE || load(task.stop, WORD_STOP) === STOP_ABORT) return false
      from = to
    }
    return true
  }

  /** Reads a split to its end, or until nobody wants more. */
  function* readSplit(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, split: Split): Generator<Step, { lines: number; bytes: number; items: number; open: boolean }, unknown> {
    const cursor = task.reader!.open(split, task.registration.reader!.args, 'blocking')
    const long = split.end - split.start > LONG_BYTES
    let base = 0
    let open = true
    try {
      while (open && !(long && load(task.stop, WORD_STOP) === STOP_DRAIN)) {
        const pulled = cursor.pull()
        if (pulled instanceof Promise && leaving.isHeld(task, loop)) yield* leaving.flushDue(task, loop, slot, sent, true)
        const batch = pulled instanceof Promise ? ((yield pulled) as ItemBatch | undefined) : pulled
        if (batch === undefined) break
        open = yield* feed(task, loop, slot, sent, batch, base)
        base += batch.items.length
      }
      return { lines: cursor.lines, bytes: cursor.bytes, items: base, open }
    } finally {
      const closing = cursor.close()
      if (closing instanceof Promise) yield closing
    }
  }

  /** Whether the caller's loop still knows the task; its slots are others' when it does not. */
  const known = (task: RemoteTask): boolean => tasks.get(task.registration.task) === task

  function* drive(task: RemoteTask, loop: RemoteLoop, slot: number): Generator<Step, void, unknown> {
    const sent: Sent = { frames: 0, restedMs: 0, awaited: false }
    const began = machine.now()
    loop.places.begin()
    const kind = arena.words(slot)[WORD_INPUT]!
    let lines = 0
    let bytes = 0
    let items = 0
    let open = true
    try {
      if (load(task.stop, WORD_STOP) === STOP_ABORT) return
      if (kind === INPUT_END) {
        for (const each of task.loops) {
          each.batch = {}
          each.since = began
          yield* settle(task, each, slot, sent, each.instance.end())
          yield* leaving.flush(task, each, slot, sent, 'all')
        }
        return
      }
      if (kind === INPUT_SPLIT) memory.add(task.stop, WORD_BEGUN, 1)
      const batch = (yield* input(task, slot))!
      if (kind === INPUT_SPLIT) ({ lines, bytes, items, open } = yield* readSplit(task, loop, slot, sent, (listOf(batch.items) as readonly Split[])[0]!))
      else open = yield* feed(task, loop, slot, sent, batch, 0)
      leaving.ending = slot
      yield* leaving.flush(task, loop, slot, sent, 'all')
    } catch (error) {
      if (!known(task)) return
      loop.instance.outs.forEach((_, o) => (loop.instance.outs[o] = []))
      for (const column of loop.instance.columns) column?.view()
      loop.dead = []
      const told: Told = error instanceof Fatal ? error.told : { ...tell(-1, loop.batch, -1, 0, undefined, error) }
      sent.frames = 0 // the last word is always said
      yield* leaving.send(NOTICE_FAIL, slot, 0, [told], false, sent, new Map())
    } finally {
      if (task.stops && !task.registration.serial) loop.instance.reopen()
      leaving.ending = -1
      loop.busy = false
      task.behind.shift()?.()
      if (known(task)) {
        if (!open) emit(NOTICE_CLOSED, slot, 0, 0, 0, 0)
        publish(task)
        const micros = Math.round((machine.now() - began - sent.restedMs) * 1000)
        const kib = Math.ceil(bytes / 1024)
        if (kind === INPUT_SPLIT) leaving.tellSplit(task, slot, sent.awaited, lines, micros, kib, items)
        else emit(NOTICE_DONE, slot, lines, micros, kib, 0)
      }
    }
  }

  /** Runs a driver until it is finished, rests or waits; what it calls sees the context of its run. */
  const advance = (id: number, slot: number, driver: Generator<Step, void, unknown>, answer?: unknown, failure?: unknown): void | Promise<void> => {
    const before = swapContext(tasks.get(id)?.registration.context)
    try {
      const step = failure === undefined ? driver.next(answer) : driver.throw(failure)
      if (step.done === true) return
      if (step.value === 'rest') {
        resting.set(slot, { task: id, driver })
        return
      }
      return step.value.then(
        (value) => advance(id, slot, driver, value),
        (error: unknown) => advance(id, slot, driver, undefined, error ?? new Error('rejected with nothing'))
      )
    } finally {
      swapContext(before)
    }
  }

  const begin = (slot: number, itsTurn = false): void | Promise<void> => {
    const id = arena.words(slot)[WORD_TASK]!
    const task = tasks.get(id)
    if (task !== undefined) {
      // A serial task has one state, so what comes behind a morsel at rest waits for it (R5).
      if (task.registration.serial && !itsTurn && (task.loops[0]!.busy || task.waiting > 0)) {
        task.waiting++
        return new Promise<void>((resolve) => task.behind.push(resolve)).then(() => {
          task.waiting--
          return begin(slot, true)
        })
      }
      return advance(id, slot, drive(task, freeLoop(task, kernels), slot))
    }
    // A worker that replaces a dead one may be handed a morsel before it has been told of the task.
    return new Promise<void>((resolve) => {
      awaited.set(id, [...(awaited.get(id) ?? []), resolve])
    }).then(() => begin(slot))
  }

  const register = async (registration: Registration): Promise<void> => {
    const { task: id } = registration
    coming.add(id)
    try {
      const task = await taskOf(registration, worker, readers, machine)
      task.loops.push(makeLoop(task, kernels, adopted.get(id))) // compiles, so that what cannot be compiled is found before the first item
      if (!coming.has(id)) return // the run is over already
      tasks.set(id, task)
      post({ type: 'ready', task: id })
      for (const go of awaited.get(id) ?? []) go()
      awaited.delete(id)
    } catch (error) {
      post({ type: 'refused', task: id, error: encodeError(error) })
    } finally {
      coming.delete(id)
    }
  }

  const unregister = async (id: number): Promise<void> => {
    coming.delete(id)
    adopted.delete(id)
    const loops = tasks.get(id)?.loops ?? []
    tasks.delete(id)
    for (const [slot, { task, driver }] of [...resting]) {
      if (task !== id) continue
      resting.delete(slot)
      await advance(id, slot, driver, undefined, new Error('the run is over')) // closes what it reads
    }
    for (const loop of loops) loop.instance.close()
  }

  return {
    run: (slot) => {
      const rests = resting.get(slot)
      if (rests === undefined) return begin(slot)
      resting.delete(slot)
      return advance(rests.task, slot, rests.driver)
    },
    onMessage: (message) => {
      switch (message.type) {
        case 'register':
          return register(message)
        case 'unregister':
          return unregister(message.task)
        case 'adopt': {
          const task = tasks.get(message.task)
          if (task === undefined) adopted.set(message.task, message.states)
          else task.loops.splice(0, 1, makeLoop(task, kernels, message.states)) // nothing has run in the old one
          return
        }
        case 'alone':
          alone.set(message.slot, message.frame)
      }
    }
  }
}
