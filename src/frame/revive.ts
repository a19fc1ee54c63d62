/**
 * Values from what `node:v8` has made of them, as structured clone would have made them: typed arrays own their memory, and a `Buffer` is
 * the `Uint8Array` that it is where it goes alone.
 *
 * `deserialize` of node:v8 makes typed arrays that are views of what it is given, or of Node's pool: to transfer one would take the memory
 * of all others. Only views that had one buffer in common do not have one afterwards: each has its own. Called by the codecs of frames, and by channels, cells and parcels.
 */
import { DefaultDeserializer } from 'node:v8'

interface ReadsViews {
  _readHostObject(): ArrayBufferView
}

const base = DefaultDeserializer.prototype as unknown as ReadsViews

const owned = (view: ArrayBufferView): ArrayBufferView => {
  if (view instanceof DataView) return new DataView(Uint8Array.prototype.slice.call(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)).buffer)
  return Buffer.isBuffer(view) ? new Uint8Array(view) : (view as Uint8Array).slice()
}

class Reviver extends DefaultDeserializer implements ReadsViews {
  _readHostObject(): ArrayBufferView {
    return owned(base._readHostObject.call(this))
  }
}

/** The value that was serialised. Shares no memory with `bytes`, which may be shared memory. */
export const revive = (bytes: Uint8Array): unknown => {
  const reviver = new Reviver(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  reviver.readHeader()
  return reviver.readValue() as unknown
}
