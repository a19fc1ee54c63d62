/**
 * What there is once in a thread, however many copies of this library's code the thread has loaded.
 *
 * In a build the worker's own program and the doors that a user's module imports are two bundles: a seat that one of them takes, or
 * a task that one of them enters, the other must see. Hence a symbol of the process-wide registry on `globalThis`, with the
 * layout's version in it: copies that would not understand each other do not see each other.
 * Called at module level, by whoever keeps such a thing.
 */

/** The thing of that name in this thread; made by the first who asks. The name ends in a version. */
export const perThread = <T extends object>(name: `${string}.${number}`, make: () => T): T => {
  const home = globalThis as unknown as Record<symbol, T | undefined>
  return (home[Symbol.for(`millrace.${name}`)] ??= make())
}
