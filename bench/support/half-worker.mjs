// A worker by hand that does its half of the items of bench/skew.ts, and sends the results as one array when it is done.
import { parentPort } from 'node:worker_threads'

const burn = (n, rounds) => {
  let x = n | 1
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}

parentPort.on('message', (items) => {
  const results = new Int32Array(items.length)
  for (let i = 0; i < items.length; i++) results[i] = burn(items[i], items[i] < 0 ? 100_000 : 1000)
  parentPort.postMessage(results, [results.buffer])
})
parentPort.postMessage('ready')
