/**
 * The contract between an operator and the loop that it is fused into.
 *
 * A kernel writes code: statements for one item, statements for the end of the input. compile.ts nests the kernels of a
 * task into one loop, so that a chain of stages costs no call, no array and no closure per item of millrace's own, and
 * each user function has a call site of its own that V8 can inline (T. Neumann, "Efficiently compiling efficient query
 * plans for modern hardware", VLDB 2011: produce/consume).
 *
 * Kernels hold no data: what an instance remembers is a plain object made by `state`, so that it can be snapshot and moved.
 * Loaded by the main thread and by workers: imports types only.
 */

/** What a kernel may say while it writes its code. Names are names of JavaScript variables in the generated loop. */
export interface Emitter {
  /** The kernel's plain arguments (`args` of its spec). */
  readonly args: string
  /** The kernel's state, as made by {@link Kernel.state}. */
  readonly state: string
  /** Helpers of the loop: `promised`, `weigh`. */
  readonly help: string
  /** A variable of the loop that no other kernel uses. */
  fresh(hint: string): string
  /** An expression that calls the user's function `name`; `env` goes last where the stage has one. */
  call(name: string, ...params: readonly string[]): string
  /** The stage's checker for its codec: value -> Either. */
  readonly checker: string
  /** Statements that pass variable `value` to whatever is downstream of `outlet`. */
  emit(value: string, outlet?: number): string
  /** Like `emit`, for one of many results of one item: a failure downstream drops that result only. */
  emitOne(value: string, outlet?: number): string
  /** Statement to put after each `emitOne` inside a loop over many results: lets the driver take what has gathered. */
  readonly pause: string
  /** Statement that says whose user code runs now; needed again after an `emit`, before more of this stage's user code. */
  readonly mine: string
  /** Statement: this stage wants no more input. */
  readonly stop: string
  /** Statement that sets the item aside as a dead letter (or fails, or skips: the stage's policy for `Left`). */
  left(item: string, cause: string): string
  /** Statements that refuse a promise as a result: the stage is synchronous. */
  refusePromise(value: string): string
}

export interface Kernel {
  readonly kind: string
  /** Statements for one item, held by variable `item`. */
  readonly each: (g: Emitter, item: string) => string
  /** Statements for when the input has ended. */
  readonly end?: (g: Emitter) => string
  /** Fresh state; a plain object that survives structured clone. */
  readonly state?: (args: Readonly<Record<string, unknown>>) => object
  /** May emit many items for one: the loop must be able to stop in the middle and go on later. */
  readonly expands?: boolean
  /** May say `stop`. */
  readonly stops?: boolean
}
