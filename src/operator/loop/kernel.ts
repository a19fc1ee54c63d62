/**
 * The contract between an operator and the loop that it is fused into.
 *
 * A kernel writes code: statements for one item, statements for the end of the input. generate.ts nests the kernels of a
 * task into one loop, so that a chain of stages costs no call, no array and no closure per item of millrace's own, and
 * each user function has a call site of its own that V8 can inline (T. Neumann, "Efficiently compiling efficient query
 * plans for modern hardware", VLDB 2011: produce/consume).
 *
 * Rules that a kernel keeps
 *   K1  it holds no data: what an instance remembers is a plain object made by `state`, which can be snapshot and moved
 *       between any two items
 *   K2  its state is right before it emits: when something downstream fails, the statements behind an `emit` do not run
 *       (behind an `emitOne` they do)
 *   K3  what it writes names only what the emitter gives it and globals of the language, never text of the user's
 * Loaded by the main thread and by workers: imports types only.
 */

/** What a kernel may say while it writes its code. Names are names of JavaScript variables in the generated loop. */
export interface Emitter {
  /** The kernel's plain arguments (`args` of its spec). */
  readonly args: string
  /** The kernel's state, as made by {@link Kernel.state}. */
  readonly state: string
  /** Helpers of the loop: see `help` in compile.ts. */
  readonly help: string
  /** How many outlets the stage has. */
  readonly outlets: number
  /** Whether the stage has the user's function `name`. */
  has(name: string): boolean
  /** A local variable of the loop that no other kernel uses; it still holds what the item before left there. */
  fresh(hint: string): string
  /** Expression for the field of the state that the kernel `keeps`. */
  readonly kept: string
  /** Statements that set it, the last of `each`. */
  keep(value: string): string
  /** An expression that calls the user's function `name`; `env` goes last where the stage has one. */
  call(name: string, ...params: readonly string[]): string
  /** The stage's checker for its codec: value -> Either. */
  readonly checker: string
  /** Statements that pass variable `value` to whatever is downstream of `outlet`. Nothing that matters may follow: see K2. */
  emit(value: string, outlet?: number): string
  /** Like `emit`, where statements follow or the result is one of many of one item: a failure downstream drops that result only. */
  emitOne(value: string, outlet?: number): string
  /**
   * Statements to put after each `emitOne` inside a loop over many results: they let the driver take what has gathered, leave
   * the loop when nobody wants more, and say `mine`.
   */
  readonly pause: string
  /** Statement that says whose user code runs now; needed again after an `emit`, before more of this stage's user code. */
  readonly mine: string
  /** Statement: this stage wants no more input. Its state has to say so too: see {@link Kernel.stopped}. */
  readonly stop: string
  /** Statement that sets the item aside as a dead letter. */
  left(item: string, cause: string): string
  /** Statement that handles `item` by the stage's policy: it has failed with `error`. For what is not the item that has just come. */
  failed(item: string, error: string): string
  /** Statement for what came with the items and is none: it is not counted as one. */
  readonly uncount: string
  /** Statement that counts the item as one that the stage has dropped by a policy of its own. */
  readonly drop: string
  /** Statements that refuse a promise as a result: the stage is synchronous. */
  refusePromise(value: string): string
}

/** Functions by name, type erased. */
export type Fns = Readonly<Record<string, unknown>>

export interface Kernel {
  readonly kind: string
  /** Statements for one item, held by variable `item`; only where the kernel `expands` they may set it. */
  readonly each: (g: Emitter, item: string) => string
  /** Statements for the end of each batch of items that the loop is given, where something is held that is for that batch only. */
  readonly batchEnd?: (g: Emitter) => string
  /** Statements for when the input has ended. */
  readonly end?: (g: Emitter) => string
  /** Fresh state; a plain object that survives structured clone. */
  readonly state?: (args: Readonly<Record<string, unknown>>) => object
  /**
   * The functions that the code calls, made of the user's once per instance: with those of an aggregate that is known here by its
   * name. Default: the user's.
   */
  readonly bind?: (fns: Fns, args: Readonly<Record<string, unknown>>) => Fns
  /** What `each` emits of an item on which it does not throw, with nothing behind the `emit`; `none`: it emits at the end. Absent: as much as it likes. */
  readonly emits?: 'one' | 'oneOrNone' | 'none'
  /** A field of the state that `each` alone changes: where it can, the loop holds it in a variable. */
  readonly keeps?: string
  /** May emit many items for one: the loop must be able to stop in the middle and go on later. */
  readonly expands?: boolean
  /** May say `stop`. */
  readonly stops?: boolean
  /** For a kernel that stops: whether its state says that it has. Asked when an instance is made. */
  readonly stopped?: (state: object, args: Readonly<Record<string, unknown>>) => boolean
}
