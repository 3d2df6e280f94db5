// One turn of the L2TP server: whatever its machines send while an event is dealt with leaves at the end in one batch, and the
// timers of those that were touched are set anew.

import type { DataPlane, Frame } from '../hal/dataplane.ts';
import type { PeerAddress } from './entry.ts';

export class Turn<T> {
  readonly #plane: DataPlane;
  readonly #arm: (touched: T) => void;
  readonly #touched = new Set<T>();
  #frames: Frame[] = [];
  #depth = 0;

  /** `arm` sets the timer of one that was touched. */
  constructor(plane: DataPlane, arm: (touched: T) => void) {
    this.#plane = plane;
    this.#arm = arm;
  }

  /** Runs `task`; the turn ends with the outermost of such calls. */
  take<R>(task: () => R): R {
    this.#depth++;
    const result = task();
    if (--this.#depth === 0) this.#end();
    return result;
  }

  touch(one: T): void {
    this.#touched.add(one);
  }

  /** It is gone: nothing is to be timed. */
  forget(one: T): void {
    this.#touched.delete(one);
  }

  forgetAll(): void {
    this.#touched.clear();
  }

  /** A control message for a peer. */
  send(at: PeerAddress, data: Uint8Array): void {
    this.#frames.push({ to: 'peer', underlay: at.underlay, local: at.local, peer: at.peer, peerPort: at.port, data });
    if (this.#depth === 0) this.#flush();
  }

  #end(): void {
    this.#flush();
    for (const one of this.#touched) this.#arm(one);
    this.#touched.clear();
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length > 0) this.#plane.send(frames);
  }
}
