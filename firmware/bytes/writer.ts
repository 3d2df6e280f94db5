// A growing byte buffer for encoders: control messages, options, text. Never on the packet path.

import { put16, put32 } from './integers.ts';

/** Appends octets in network byte order and hands out a copy of exactly what was written. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 128) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    put16(this.#bytes, this.#length, value);
    this.#length += 2;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    put32(this.#bytes, this.#length, value);
    this.#length += 4;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  zeros(count: number): this {
    this.#room(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
    return this;
  }

  /** Overwrites two octets at `offset`, which must have been written already (a length known only at the end). */
  patch16(offset: number, value: number): this {
    put16(this.#bytes, offset, value);
    return this;
  }

  /** A copy of all octets written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
