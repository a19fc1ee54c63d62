/**
 * What a `try*` operation of this folder answers when it did not happen. Values that travel are ints ≥ 0, so that an
 * outcome and a value fit in one number and the hot paths allocate nothing.
 */

/** There was nothing to take. */
export const Empty = -1
/** Another thread won the race; trying again may succeed. */
export const Retry = -2
/** There was no room. */
export const Full = -3
