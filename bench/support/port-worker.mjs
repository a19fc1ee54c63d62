// The other end of a bare MessagePort. Registers tsx, since the record is TypeScript and Node 20 threads do not inherit it.
import { parentPort } from 'node:worker_threads'
const { register } = await import('tsx/esm/api')
register()
const { recordOf } = await import('../sync/record.ts')

const answers = {
  numbers: (items) => {
    for (let i = 0; i < items; i++) parentPort.postMessage(i)
  },
  records: (items) => {
    for (let i = 0; i < items; i++) parentPort.postMessage(recordOf(i))
  },
  echo: (item) => {
    parentPort.postMessage(item + 1)
  }
}
parentPort.on('message', ({ kind, value }) => {
  answers[kind](value)
})
parentPort.postMessage('ready')
