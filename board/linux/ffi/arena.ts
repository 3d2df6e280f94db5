// One fixed block of memory that both JavaScript and system calls use: typed views, a base address, and writers for the
// kernel's pointers. Offsets are octets from the start of the block.

import { ptr } from './libc.ts';

/** struct iovec, struct mmsghdr on 64-bit Linux. */
export const SIZEOF_IOVEC = 16;
export const SIZEOF_MMSGHDR = 64;
/** Where the fields of struct mmsghdr lie. */
export const MSG = { NAME: 0, NAMELEN: 8, IOV: 16, IOVLEN: 24, CONTROL: 32, CONTROLLEN: 40, FLAGS: 48, LEN: 56 } as const;

const PAGE = 65536;

export class Arena {
  /** The block is a WebAssembly memory, so that vector code can work on it. It never grows and never moves. */
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  /** For values at any alignment; big-endian unless told otherwise. */
  readonly view: DataView<ArrayBuffer>;
  /** Address of offset 0. */
  readonly base: number;
  #top = 0;

  /** `size`: octets, rounded up to whole pages of 64 KiB. */
  constructor(size: number) {
    const pages = Math.ceil(size / PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
    this.base = ptr(buffer);
  }

  /** The offset of `size` fresh octets at a multiple of `align`. Throws where the block is used up: sizes are fixed at start. */
  take(size: number, align = 64): number {
    const offset = Math.ceil(this.#top / align) * align;
    if (offset + size > this.u8.length) throw new RangeError(`arena of ${this.u8.length} octets is used up`);
    this.#top = offset + size;
    return offset;
  }

  /** Writes at `at` (a multiple of 4) the 64-bit address of `target`. */
  putPointer(at: number, target: number): void {
    const address = this.base + target;
    this.u32[at >> 2] = address >>> 0;
    this.u32[(at >> 2) + 1] = address / 0x100000000;
  }

  /** Writes at `at` a struct iovec of `length` octets from `target`. */
  putIovec(at: number, target: number, length: number): void {
    const address = this.base + target;
    const word = at >> 2;
    this.u32[word] = address >>> 0;
    this.u32[word + 1] = address / 0x100000000;
    this.u32[word + 2] = length;
    this.u32[word + 3] = 0;
  }
}
