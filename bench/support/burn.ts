/**
 * Integer work that takes a known time, for benchmarks: a chain of multiplications, about 1 ns each, that nothing can be left out of.
 * Over numbers and over records, at four prices. Loaded by main and by workers; piscina-burn.mjs has the same.
 */
import { portable } from 'millrace/portable'
import type { Visit } from './visit.ts'

const NS_200 = 200
const US_1 = 1000
const US_10 = 10_000
const US_100 = 100_000

const burn = (n: number, rounds: number): number => {
  let x = n | 1
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}

const worked = (v: Visit, rounds: number): Visit => ({
  ts: v.ts, method: v.method, path: v.path, status: v.status, bytes: burn(v.bytes, rounds), ua: v.ua, dur: v.dur
})

const number200ns = portable(import.meta, 'number200ns', (n: number): number => burn(n, NS_200))
const number1us = portable(import.meta, 'number1us', (n: number): number => burn(n, US_1))
const number10us = portable(import.meta, 'number10us', (n: number): number => burn(n, US_10))
const number100us = portable(import.meta, 'number100us', (n: number): number => burn(n, US_100))
const record200ns = portable(import.meta, 'record200ns', (v: Visit): Visit => worked(v, NS_200))
const record1us = portable(import.meta, 'record1us', (v: Visit): Visit => worked(v, US_1))
const record10us = portable(import.meta, 'record10us', (v: Visit): Visit => worked(v, US_10))
const record100us = portable(import.meta, 'record100us', (v: Visit): Visit => worked(v, US_100))

/** A price, with the functions that take it. */
export interface Price {
  readonly us: number
  readonly rounds: number
  readonly number: (n: number) => number
  readonly record: (v: Visit) => Visit
}

export const prices: readonly Price[] = [
  { us: 0.2, rounds: NS_200, number: number200ns, record: record200ns },
  { us: 1, rounds: US_1, number: number1us, record: record1us },
  { us: 10, rounds: US_10, number: number10us, record: record10us },
  { us: 100, rounds: US_100, number: number100us, record: record100us }
]

/** 1 us for most items, 100 us for those that are marked as heavy by their sign. */
export const skewed = portable(import.meta, 'skewed', (n: number): number => burn(n, n < 0 ? US_100 : US_1))

/** All of them, for a worker by hand. */
export const skewedAll = (items: Int32Array): Int32Array => items.map((n) => burn(n, n < 0 ? US_100 : US_1))
