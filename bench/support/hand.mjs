// The other end of hands.ts. Registers tsx, since the modules are TypeScript and Node 20 threads do not inherit it.
import { parentPort } from 'node:worker_threads'
const { register } = await import('tsx/esm/api')
register()

parentPort.on('message', async ({ module, name, args }) => {
  const found = await import(module)
  parentPort.postMessage(found[name](...args))
})
parentPort.postMessage('ready')
