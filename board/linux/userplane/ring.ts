// A ring of records in shared memory between two threads: one writes, the other reads, neither ever waits in here.
// A record is eight 32-bit words (word 0: its whole size, word 1: its kind, the rest free) and then its octets.

const RECORD_WORDS = 8;
export const RECORD_HEADER = RECORD_WORDS * 4;
const ALIGN = 16;
/** Kind of the filler before the end of the block, so that no record wraps. */
const FILLER = 0;
/** Words in front of the block: written so far, read so far (both in octets, modulo 2^32), the reader sleeps; each on its own cache line. */
const WRITTEN = 0;
const READ = 16;
const ASLEEP = 32;
const FRONT_WORDS = 48;

/** Shared memory for a ring of `capacity` octets (a power of two). */
export const ringMemory = (capacity: number): SharedArrayBuffer => new SharedArrayBuffer(FRONT_WORDS * 4 + capacity);

/** Both ends of a ring look at the same memory through one of these, each thread through its own. */
class RingEnd {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  protected readonly front: Int32Array<SharedArrayBuffer>;
  /** Octets of the block. */
  readonly capacity: number;

  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - FRONT_WORDS * 4;
    this.front = new Int32Array(memory, 0, FRONT_WORDS);
    this.words = new Int32Array(memory, FRONT_WORDS * 4);
    this.bytes = new Uint8Array(memory, FRONT_WORDS * 4);
  }
}

export class RingWriter extends RingEnd {
  #at = 0;
  #size = 0;
  #position: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#position = Atomics.load(this.front, WRITTEN);
  }

  /**
   * Room for a record with `length` octets of data: the offset of its data in `bytes`; -1 where the ring is full now, or would have less
   * than `spare` octets left for what matters more.
   * Its words begin at `(offset - RECORD_HEADER) / 4`; fill `kind` and what follows, then `commit`.
   */
  reserve(kind: number, length: number, spare = 0): number {
    const size = (RECORD_HEADER + length + ALIGN - 1) & ~(ALIGN - 1);
    const free = this.capacity - ((this.#position - Atomics.load(this.front, READ)) | 0);
    let start = this.#position & (this.capacity - 1);
    const filler = start + size > this.capacity ? this.capacity - start : 0;
    if (filler + size + spare > free || size > this.capacity / 2) return -1;
    if (filler > 0) {
      this.words[start >> 2] = filler;
      this.words[(start >> 2) + 1] = FILLER;
      start = 0;
    }
    this.#at = start;
    this.#size = filler + size;
    this.words[start >> 2] = size;
    this.words[(start >> 2) + 1] = kind;
    this.words[(start >> 2) + 2] = length;
    return start + RECORD_HEADER;
  }

  /** Sets free word `index` (3..7) of the record reserved last. */
  word(index: number, value: number): void {
    this.words[(this.#at >> 2) + index] = value;
  }

  /** Shows the reserved record to the reader. */
  commit(): void {
    this.#position = (this.#position + this.#size) | 0;
    Atomics.store(this.front, WRITTEN, this.#position);
  }

  /** True once after the reader has fallen asleep: then wake it. */
  takeSleep(): boolean {
    return Atomics.load(this.front, ASLEEP) === 1 && Atomics.compareExchange(this.front, ASLEEP, 1, 0) === 1;
  }

  /** Blocks until the reader has taken something, or `milliseconds` have passed. Only for a thread that may block. */
  waitForRoom(milliseconds: number): void {
    const read = Atomics.load(this.front, READ);
    if (read !== this.#position) Atomics.wait(this.front, READ, read, milliseconds);
  }

  /** Blocks until the reader has taken all that was written; false where that did not happen within `milliseconds`. */
  drained(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    for (;;) {
      const read = Atomics.load(this.front, READ);
      if (read === this.#position) return true;
      const left = end - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.front, READ, read, left);
    }
  }
}

export class RingReader extends RingEnd {
  #position: number;
  #size = 0;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#position = Atomics.load(this.front, READ);
  }

  /** The offset in `bytes` of the next record's data, -1 where there is none. It stays in place until `release`. */
  next(): number {
    for (;;) {
      if (Atomics.load(this.front, WRITTEN) === this.#position) return -1;
      const start = this.#position & (this.capacity - 1);
      this.#size = this.words[start >> 2] as number;
      if (this.words[(start >> 2) + 1] !== FILLER) return start + RECORD_HEADER;
      this.#position = (this.#position + this.#size) | 0;
    }
  }

  kind(offset: number): number {
    return this.words[((offset - RECORD_HEADER) >> 2) + 1] as number;
  }

  /** How many octets of data the record has. */
  length(offset: number): number {
    return this.words[((offset - RECORD_HEADER) >> 2) + 2] as number;
  }

  /** Free word `index` (3..7). */
  word(offset: number, index: number): number {
    return this.words[((offset - RECORD_HEADER) >> 2) + index] as number;
  }

  /** Gives the room of the record from `next` back; the writer learns of it at `publish`. */
  release(): void {
    this.#position = (this.#position + this.#size) | 0;
  }

  /** Tells the writer what was released. */
  publish(): void {
    Atomics.store(this.front, READ, this.#position);
    Atomics.notify(this.front, READ);
  }

  /** Says that this side is going to sleep; false where something has come meanwhile: then do not. */
  sleep(): boolean {
    Atomics.store(this.front, ASLEEP, 1);
    if (Atomics.load(this.front, WRITTEN) === this.#position) return true;
    Atomics.store(this.front, ASLEEP, 0);
    return false;
  }

  wake(): void {
    Atomics.store(this.front, ASLEEP, 0);
  }
}
