// NO CARRIER among the data of a call: the modem's word for the end comes the same way as the frames, and a frame may hold these very words.

import { NEVER, type Millis } from '../bytes/time.ts';
import { AT_LIMITS, latin } from './words.ts';

const GONE = latin('\r\nNO CARRIER\r\n');
/** NO CARRIER and one octet before it. */
const LENGTH = GONE.length + 1;
const FLAG = 0x7e;

/**
 * Watches the end of what came. The words count as a line of its own right behind a flag, where no PPP frame begins so; in the midst of
 * an open frame when nothing comes after them for a while.
 */
export class Tail {
  readonly #octets = new Uint8Array(LENGTH);
  #length = 0;
  #due: Millis = NEVER;

  /** When the call is over unless more has come by then. */
  get deadline(): Millis {
    return this.#due;
  }

  /** From the beginning: a call comes up, or is over. */
  reset(): void {
    this.#length = 0;
    this.#due = NEVER;
  }

  /** More has come; true = the call is over. */
  push(octets: Uint8Array, now: Millis): boolean {
    this.#due = NEVER;
    this.#keep(octets);
    if (this.#length < GONE.length) return false;
    const at = this.#length - GONE.length;
    for (let i = 0; i < GONE.length; i++) if (this.#octets[at + i] !== GONE[i]) return false;
    if (at === 0 || this.#octets[0] === FLAG) return true;
    this.#due = now + AT_LIMITS.quiet;
    return false;
  }

  #keep(octets: Uint8Array): void {
    if (octets.length >= LENGTH) {
      this.#octets.set(octets.subarray(octets.length - LENGTH));
      this.#length = LENGTH;
      return;
    }
    const kept = Math.min(this.#length, LENGTH - octets.length);
    this.#octets.copyWithin(0, this.#length - kept, this.#length);
    this.#octets.set(octets, kept);
    this.#length = kept + octets.length;
  }
}
