/** DuckDB in this process, with two threads; or why there is none. */
import type { DuckDBConnection } from '@duckdb/node-api'

export type Query = (sql: string) => Promise<readonly (readonly unknown[])[]>

let connected: Promise<DuckDBConnection> | undefined

const connect = async (): Promise<DuckDBConnection> => {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  return instance.connect()
}

/** The rows of a query; undefined where the platform has no build of DuckDB. */
export const duckdb = async (): Promise<Query | undefined> => {
  try {
    const connection = await (connected ??= connect())
    return async (sql) => (await connection.runAndReadAll(sql)).getRowsJS()
  } catch (error) {
    console.log(`without DuckDB, since ${(error as Error).message.split('\n')[0]!}`)
    return undefined
  }
}
