/**
 * `millrace/testing`: helpers for testing pipelines. A door: named re-exports, no logic.
 */
export { collect } from './exec/collect.ts'
export type { Collected } from './exec/collect.ts'
// probes
export { probeSource } from './testing/probe-source.ts'
export type { ProbeSource, WithinOptions } from './testing/probe-source.ts'
export { probeSink } from './testing/probe-sink.ts'
export type { ProbeSink } from './testing/probe-sink.ts'
// time
export { withVirtualTime } from './testing/virtual-time.ts'
export type { VirtualTime } from './testing/virtual-time.ts'
// marble diagrams
export { cold, expectMarbles } from './testing/marbles.ts'
export type { Marbles } from './testing/marbles.ts'
// operators
export { verifyOperator } from './testing/verify-operator.ts'
export type { Verified, VerifyOptions } from './testing/verify-operator.ts'
// simulation
export { simulate, SimulationError } from './testing/simulate.ts'
export type { SimulateOptions, Simulation } from './testing/simulate.ts'
export type { SimulatedRun } from './testing/simulated-run.ts'
export { InjectedFault } from './testing/faults.ts'
export type { Fault, FaultType } from './testing/faults.ts'
