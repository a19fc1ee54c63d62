/**
 * RxJS's Observable, and nothing else of RxJS.
 *
 * In Node `rxjs` is one file that loads two hundred others, operators and schedulers: two thirds of the time and half of the memory
 * that `import 'millrace'` would cost, for a program that may never subscribe. The class lies in a file of its own that rxjs's
 * `exports` name ("./internal/*", in all of 7.x), the very file from which its front door takes it: what is made here is an
 * instance of the `Observable` that users import (spec/prelude/observable.spec.ts). Types come from the front door.
 * Called by exec/ and connector/, on the caller's thread. Workers never load it.
 */
import type { Observable, Subscriber, TeardownLogic } from 'rxjs'
import { Observable as Implementation } from 'rxjs/internal/Observable'

/** An observable that calls `subscribe` for each of its subscribers. */
export const observable = <A>(subscribe: (subscriber: Subscriber<A>) => TeardownLogic): Observable<A> => new Implementation<A>(subscribe)
