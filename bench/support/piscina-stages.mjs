// Worker entry for piscina: the three stages of bench/latency.ts over the items of a task.
export default (items) => items.map((at) => at * 2).filter((at) => at > 0).map((at) => at / 2)
