/**
 * How items are gathered into an answer: the form of a user's own, and the type of those that come with millrace.
 *
 * Taken by aggregate, aggregateBy and windows; aggregates/ has the ready ones, and says how each travels. Types only.
 */

/**
 * How to gather items into an answer, in parts that can be combined. Each function travels like a stage's function (inline and
 * self-contained, or `portable`). States must survive structured clone. Parts are made of whatever items a worker came by, and
 * combined in any order, so `combine` must not care (be associative and commutative), and a fresh state must change nothing;
 * where the order matters, say `ordered`.
 *
 * @typeParam A  items
 * @typeParam S  the state that gathers
 * @typeParam R  the answer
 * @typeParam E  `env`, given to every function as its last argument
 */
export interface Combiner<in A, S, R = S, in E = undefined> {
  /** A fresh state. */
  readonly create: (env: E) => S
  /** The state with one item added; may change and return the given state. */
  readonly add: (state: S, item: A, env: E) => S
  /** Two states as one; may change and return the first. */
  readonly combine: (a: S, b: S, env: E) => S
  /** The answer; default: the state itself. */
  readonly finish?: ((state: S, env: E) => R) | undefined
  /**
   * The first state without the items of the second, which were added to it before: the reverse of `combine`; may change and
   * return the first. With it a sliding window lets go what leaves it instead of adding up again what stays.
   */
  readonly deduct?: ((a: S, b: S, env: E) => S) | undefined
  /**
   * How much a state holds of what grows with the input, in keys or list items; for a state that may grow large. A worker sends a
   * part of {@link PART_SIZE} or more on to be combined and begins a fresh one, so that what many keys take is taken once, where
   * the parts are combined, and not again on every worker. Looked at every {@link PART_CHECK} items. Default: parts leave at the end.
   */
  readonly size?: ((state: S, env: E) => number) | undefined
  /** The answer depends on the order of the items (the first, the last, a list): the stage then gathers in one place, in order. */
  readonly ordered?: boolean | undefined
}

/** An aggregate that comes with millrace: a {@link Combiner} whose state is nobody's business. */
export interface Aggregate<in A, out R, in E = unknown> extends Combiner<A, unknown, R, E> {
  readonly finish: (state: unknown, env: E) => R
}

/** What a worker's part may hold, in keys, before it is sent on to be combined. Serialized it is a few hundred KiB. */
export const PART_SIZE = 16_384
/** How many items are added between two looks at the size of a part. */
export const PART_CHECK = 1024
