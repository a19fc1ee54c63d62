/** Moves a channel to shared memory, as the first of its handles to cross threads does. */
import { pack } from '../../src/prelude/travel.ts'

/** Packs a weak sender, which counts nowhere, and lets it be lost on its way. Answers the memory where the items are. */
export const share = (sender: { downgrade(): Disposable }): SharedArrayBuffer => {
  const weak = sender.downgrade()
  const { value } = pack(weak)
  weak[Symbol.dispose]()
  return (value as { readonly parts: { readonly items: SharedArrayBuffer } }).parts.items
}
