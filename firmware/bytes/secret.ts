// A password or key in memory: it does not come out by printing, joining, JSON or inspection, only by `reveal`.

import { equalBytes } from './integers.ts';
import { utf8 } from './text.ts';

/** What is printed in the place of a secret. */
const MASK = '(secret)';

/** A password as the operator typed it. Case-sensitive. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The clear text. Only for what must have it: the configuration writer, CHAP, the prompt of a peer. */
  reveal(): string {
    return this.#text;
  }

  /** The UTF-8 octets of the clear text. */
  octets(): Uint8Array {
    return utf8(this.#text);
  }

  /** True where `text` is this secret; takes the same time wherever the two differ. */
  matches(text: string | Uint8Array): boolean {
    return equalBytes(this.octets(), typeof text === 'string' ? utf8(text) : text);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
