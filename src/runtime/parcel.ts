/**
 * Values on their way between threads, outside of pipelines: arguments of calls, and their outcomes.
 *
 *   value ──numbers, strings, booleans, null, and a list of these: text (JSON), for a slot of the arena
 *      └──pack──▶ without handles: bytes by node:v8, for a slot as well: an order dearer, mostly in garbage of native objects
 *            └──▶ with handles, or what bytes cannot hold (shared memory, ports): by structured clone, through a port of its own
 *
 * Arguments are taken as they are at the call: what the caller changes later is not seen. Called by jobs.ts, async-lane.ts, hands.ts,
 * async-worker.ts.
 */
import { DefaultSerializer } from 'node:v8'
import { MessageChannel, receiveMessageOnPort, type MessagePort, type Transferable } from 'node:worker_threads'
import { decodeError, encodeError } from '../error/wire.ts'
import { staysHere } from '../error/wording-runtime.ts'
import { revive } from '../frame/revive.ts'
import { forsake, pack, unpack } from '../prelude/travel.ts'
import { uncloneable } from '../ship/cloneable.ts'
import { dropEnds } from './drop.ts'
import type { Outcome } from './protocol.ts'

/** How a call ended. */
export type Ended =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'cancelled'; readonly reason?: unknown }

/** A value that has been taken apart: text or bytes, or a port through which it can be received once. */
export type Parcel = { readonly text: string } | { readonly bytes: Uint8Array } | { readonly port: MessagePort }

/** Longest text, in characters; what may take more is bytes. */
const LONGEST_TEXT = 8192

const isSimple = (value: unknown): boolean => {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'string':
      return value.length < LONGEST_TEXT / 8
    case 'boolean':
      return true
    default:
      return value === null
  }
}

/** The text of a simple value, or of a list of such; `undefined` for others. */
export const textOf = (value: unknown): string | undefined => {
  if (!isSimple(value) && !(Array.isArray(value) && value.length < 64 && isList(value))) return undefined
  const text = JSON.stringify(value)
  return text.length < LONGEST_TEXT ? text : undefined
}

/** Without holes, and without properties of its own. */
const isList = (list: readonly unknown[]): boolean => {
  for (let i = 0; i < list.length; i++) if (!isSimple(list[i])) return false
  return true
}

const writeView = (DefaultSerializer.prototype as unknown as { readonly _writeHostObject: (this: DefaultSerializer, view: ArrayBufferView) => void })._writeHostObject

/** `serialize` of node:v8 would copy views of shared memory without a word; this one refuses them. */
class Copier extends DefaultSerializer {
  /** Called by the serializer for each view; documented, but not in the published types. */
  _writeHostObject(view: ArrayBufferView): void {
    if (view.buffer instanceof SharedArrayBuffer) throw new TypeError('shared memory is posted, not copied')
    writeView.call(this, view)
  }
}

/** The bytes of a value without handles; `undefined` when it has to be posted, or cannot travel. */
export const bytesOf = (value: unknown): Buffer | undefined => {
  const copier = new Copier()
  try {
    copier.writeHeader()
    copier.writeValue(value)
    return copier.releaseBuffer()
  } catch {
    return undefined
  }
}

/** Takes a value apart; `what` and `whose` name it when it cannot travel. Throws ERR_MILLRACE_NOT_CLONEABLE, or what a handle throws. */
export const wrap = (value: unknown, what: string, whose: string): Parcel => {
  const text = textOf(value)
  if (text !== undefined) return { text }
  const { value: packed, transfer } = pack(value)
  if (packed === value && transfer.length === 0) {
    const bytes = bytesOf(value)
    if (bytes !== undefined) return { bytes }
  }
  const { port1, port2: port } = new MessageChannel()
  try {
    port1.postMessage(packed, transfer as Transferable[])
  } catch (cause) {
    forsake(transfer)
    throw staysHere(what, whose, uncloneable(value, what), cause)
  } finally {
    port1.close() // what has been posted stays in the other end
  }
  port.unref()
  return { port }
}

/** Ports that are moved when the parcel is posted. */
export const portsOf = (parcel: Parcel): readonly MessagePort[] => ('port' in parcel ? [parcel.port] : [])

/** The value again; once. */
export const unwrap = (parcel: Parcel): unknown => {
  if ('text' in parcel) return JSON.parse(parcel.text)
  return 'port' in parcel ? unwrapPort(parcel.port) : unwrapBytes(parcel.bytes)
}

export const unwrapBytes = (bytes: Uint8Array): unknown => revive(bytes)

/** Nobody will open the parcel: the ends in it are let go. */
export const discard = (parcel: Parcel): void => {
  if ('port' in parcel) dropEnds(unwrapPort(parcel.port))
}

/** The value that was posted through a port. */
const unwrapPort = (port: MessagePort): unknown => {
  const got = receiveMessageOnPort(port) as { readonly message: unknown } | undefined
  port.close()
  return unpack(got?.message)
}

/** An outcome, ready for `postMessage`. */
export interface PackedOutcome {
  readonly outcome: Outcome
  readonly transfer: readonly Transferable[]
  /** It holds no handle, so it may travel as bytes. */
  readonly plain: boolean
}

const failed = (error: unknown): PackedOutcome => ({ outcome: { kind: 'failed', error: encodeError(error) }, transfer: [], plain: true })

/** Packs once: a handle may be moved by it. One that cannot travel is a failure. */
export const packEnded = (ended: Ended): PackedOutcome => {
  if (ended.kind === 'cancelled') return { outcome: { kind: 'cancelled' }, transfer: [], plain: true }
  if (ended.kind === 'failed') return failed(ended.error)
  try {
    const { value, transfer } = pack(ended.value)
    return { outcome: { kind: 'value', value }, transfer: transfer as Transferable[], plain: value === ended.value && transfer.length === 0 }
  } catch (error) {
    return failed(error)
  }
}

/** Posts a packed outcome; one that cannot be cloned becomes the failure that says so. */
export const postOutcome = (post: (outcome: Outcome, transfer: readonly Transferable[]) => void, packed: PackedOutcome, whose: string): void => {
  try {
    post(packed.outcome, packed.transfer)
  } catch (cause) {
    if (packed.outcome.kind !== 'value') throw cause
    forsake(packed.transfer)
    post(failed(staysHere('result', whose, uncloneable(packed.outcome.value, 'result'), cause)).outcome, [])
  }
}

export const unpackOutcome = (outcome: Outcome): Ended => {
  if (outcome.kind === 'value') return { kind: 'value', value: unpack(outcome.value) }
  return outcome.kind === 'failed' ? { kind: 'failed', error: decodeError(outcome.error) } : { kind: 'cancelled' }
}
