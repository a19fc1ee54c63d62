/** Standard streams, in processes of their own: lines in and out, a reader that goes, an input that goes on. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'

const program = fileURLToPath(new URL('../support/fixtures/filter-stdio.ts', import.meta.url))

const start = (defer: (cleanup: () => unknown) => void, ...args: readonly string[]): ChildProcessWithoutNullStreams => {
  const child = spawn(process.execPath, ['-C', 'millrace-source', '--import', 'tsx', program, ...args])
  defer(() => child.kill('SIGKILL'))
  child.stdin.on('error', () => undefined) // it may go before we have written all
  return child
}

const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

const ended = async (child: ChildProcessWithoutNullStreams): Promise<{ code: number; out: string; err: string }> => {
  const [out, err, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close') as Promise<[number]>])
  return { code, out, err }
}

suite('standard streams', (it) => {
  it('are lines in and lines out, or nothing', async ({ defer }) => {
    const [child, silent] = [start(defer), start(defer)]
    child.stdin.end('a\r\nüb\n\nlast')
    silent.stdin.end()
    const [some, none] = await Promise.all([ended(child), ended(silent)])
    assert.is(some.out, '1 a\n2 üb\n0 \n4 last\n')
    assert.is(some.err, 'done {"path":"<stdout>","items":4,"bytes":20}\n')
    assert.equal([some.code, none.code, none.out], [0, 0, ''])
  })

  it('hold the source back while the reader waits, and end quietly when it goes', async ({ defer }) => {
    const child = start(defer, '--endless')
    await once(child.stdout, 'readable')
    await new Promise((resolve) => setTimeout(resolve, 200)) // time to run ahead, if it could
    assert.ok(child.stdout.readableLength < 1_000_000)
    child.stdout.destroy()
    const [err, [code]] = await Promise.all([textOf(child.stderr), once(child, 'close') as Promise<[number]>])
    assert.match(err, /^done \{"path":"<stdout>"/)
    assert.is(code, 0)
  })

  it('do not keep a process that has seen enough of its input', async ({ defer }) => {
    const child = start(defer, '--first')
    child.stdin.write('one\ntwo\n') // and stays open
    const { code, out } = await ended(child)
    assert.equal([code, out], [0, '3 one\n'])
  })
}, 20_000)
