/** A record of seven fields, for channels: made by who sends, weighed by who receives. bench/tokio/src/main.rs has the same. */
export interface LogRecord {
  readonly id: number
  readonly host: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly ms: number
  readonly cached: boolean
}

export const recordOf = (id: number): LogRecord => ({
  id,
  host: `host-${id % 7}.example`,
  path: `/items/${id % 1000}`,
  status: id % 10 === 0 ? 404 : 200,
  bytes: 100 + (id % 5000),
  ms: (id % 100) / 4,
  cached: id % 3 === 0
})

export const weightOf = ({ id, host, path, status, bytes, ms, cached }: LogRecord): number =>
  id + bytes + status + host.length + path.length + Math.floor(ms) + (cached ? 1 : 0)

/** What `count` of them weigh together. */
export const weightOfAll = (count: number): number => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += weightOf(recordOf(i))
  return sum
}

/** 0 + 1 + … + (count − 1). */
export const sumTo = (count: number): number => (count * (count - 1)) / 2
