/** What the specs of the test kit use of the other doors. */
export * from '../../src/index.ts'
export { sleep, time } from '../../src/runtime.ts'
