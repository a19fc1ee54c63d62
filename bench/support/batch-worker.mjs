// The other end of batch-peer.ts. Registers tsx, since the record is TypeScript and Node 20 threads do not inherit it.
import { parentPort } from 'node:worker_threads'
const { register } = await import('tsx/esm/api')
register()
const { visitOf, weightOf } = await import('./visit.ts')

const BATCH = 128
const makers = { numbers: (i) => i * 0.5, visits: visitOf }
const weights = { numbers: (n) => n, visits: weightOf }

let make = makers.numbers
let weigh = weights.numbers
let items = 0
let at = 0
let sum = 0

const sendOne = () => {
  const batch = []
  for (const end = Math.min(items, at + BATCH); at < end; at++) batch.push(make(at))
  if (batch.length > 0) parentPort.postMessage(batch)
}

parentPort.on('message', (message) => {
  if (message.batch !== undefined) {
    for (const item of message.batch) sum += weigh(item)
    items -= message.batch.length
    parentPort.postMessage(items > 0 ? 'more' : sum)
  } else if (message.more !== undefined) sendOne()
  else {
    items = message.items
    at = sum = 0
    if (message.make !== undefined) {
      make = makers[message.make]
      for (let i = 0; i < message.ahead; i++) sendOne()
    } else weigh = weights[message.weigh]
  }
})
parentPort.postMessage('ready')
