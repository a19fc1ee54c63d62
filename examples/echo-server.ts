/**
 * An echo server: sends back what it is sent, to many at a time.
 *
 *     listener ── connections ── echo, at most --max at a time ──▶ counts
 *                                  └─ connection.source ──▶ connection.sink: one small pipeline each
 *
 * A client that does not read holds up its own connection and no other. Ctrl-C stops listening and lets those that are connected finish;
 * a second one cuts them off. `node -C millrace-source --import tsx examples/echo-server.ts --help` says how to use it.
 */
import { forEach, mapAsync, pipeline } from 'millrace'
import { listen, type Connection } from 'millrace/runtime'
import { program } from './support/shell.ts'
import { parseWords, UsageError, wholeNumber } from './support/usage.ts'

const usage = `usage: echo-server [options]

  --port N    where to listen (default: 7000); 0 is a free one
  --host H    at which address (default: 127.0.0.1, this machine only)
  --max N     connections at a time; more wait, unread (default: 10000)
  --help      prints this

Try it: nc 127.0.0.1 7000. Ctrl-C lets those that are connected finish; a second one cuts them off.
`

await program("'--help' says what there is", async ({ words, signal, print, attend }) => {
  const { values, files } = parseWords(words, {
    port: { type: 'string' }, host: { type: 'string' }, max: { type: 'string' }, help: { type: 'boolean', short: 'h' }
  })
  if (files.length > 0) throw new UsageError(`it takes no FILE; got '${files.join(' ')}'`)
  if (values.help === true) {
    print(usage)
    return
  }
  const max = wholeNumber('max', values.max, 1, 1_000_000) ?? 10_000
  const counts = { connections: 0, most: 0, bytes: 0, broken: 0 }
  let open = 0

  /** One connection, to its end: what comes goes back. */
  const echo = async (connection: Connection, context: { readonly signal: AbortSignal }): Promise<void> => {
    counts.connections++
    counts.most = Math.max(counts.most, ++open)
    try {
      await pipeline({ echoed: connection.source.to(connection.sink) }).run({ workers: 0, signal: context.signal }).done
    } catch (error) {
      if (context.signal.aborted) throw error
      counts.broken++ // the client has gone: that is its own business
    } finally {
      open--
      counts.bytes += connection.bytesRead
      await connection.close()
    }
  }

  await using listener = await listen({ port: wholeNumber('port', values.port, 0, 65_535) ?? 7000, host: values.host })
  const run = pipeline({
    ended: listener.connections.pipe(mapAsync(echo, { concurrency: max, ordered: false })).to(forEach(() => undefined))
  }).run({ workers: 0, signal })
  print(`listening on ${values.host ?? '127.0.0.1'}:${listener.port}\n`)
  await attend(run, () => ({ ms: run.metrics().wallMs, items: counts.connections, bytesDone: counts.bytes, bytesTotal: undefined }), 'connections')
  print(`${JSON.stringify(counts)}\n`)
})
