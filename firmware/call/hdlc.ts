// PPP in HDLC-like framing on asynchronous lines (RFC 1662 4, appendix C): flags, escapes and the frame check sequence, streaming
// both ways. Knows nothing of PPP but which frames are LCP, which are always sent with every control character escaped.

import { u16, u8 } from '../bytes/integers.ts';

/** RFC 1662 3.1, 4.2, C.2. */
export const HDLC = {
  FLAG: 0x7e,
  ESCAPE: 0x7d,
  FLIP: 0x20,
  ADDRESS: 0xff,
  CONTROL: 0x03,
  /** The async-control-character-map before LCP agreed another one (RFC 1662 7.1): all 32 are escaped. */
  ALL_ESCAPED: 0xffffffff,
} as const;
const LCP = 0xc021;

/** Why octets that arrived were no frame; each is a counter. */
export type HdlcRefusal =
  /** Ended by the sender (7d 7e). */
  | 'aborted'
  /** Too short for a protocol and the check sequence. */
  | 'short'
  /** Longer than the line's limit: its rest is skipped up to the next flag. */
  | 'oversize'
  /** The frame check sequence is wrong. */
  | 'bad check';

/** 16 bits is what PPP begins with and hashi's LCP keeps; 32 for lines where both ends were set so (RFC 1662 C.3). */
export type FcsSize = 16 | 32;

const FCS16_START = 0xffff;
const FCS16_GOOD = 0xf0b8;
const FCS32_START = 0xffffffff;
const FCS32_GOOD = 0xdebb20e3;

function table(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, octet) => {
    let value = octet;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}

const TABLE16 = table(0x8408);
const TABLE32 = table(0xedb88320);

/** The 16-bit check sequence over `b` from `from` to `to`, not complemented (RFC 1662 C.2). */
export function fcs16(b: Uint8Array, from: number, to: number, start = FCS16_START): number {
  let fcs = start;
  for (let i = from; i < to; i++) fcs = (fcs >>> 8) ^ (TABLE16[(fcs ^ u8(b, i)) & 0xff] ?? 0);
  return fcs;
}

/** The 32-bit check sequence, not complemented, as an unsigned number (RFC 1662 C.3). */
export function fcs32(b: Uint8Array, from: number, to: number, start = FCS32_START): number {
  let fcs = start;
  for (let i = from; i < to; i++) fcs = (fcs >>> 8) ^ (TABLE32[(fcs ^ u8(b, i)) & 0xff] ?? 0);
  return fcs >>> 0;
}

/** Octets that a frame may be longer than the MRU: address, control, protocol, check sequence, and some for peers that reckon otherwise. */
const SPARE = 64;

export interface HdlcReceiverOptions {
  /** Largest information field taken, octets. */
  readonly mru: number;
  readonly fcs?: FcsSize;
  /** Control characters (bit n = octet n) that the line itself puts in and that are left out when they come unescaped (RFC 1662 4.2). Default none. */
  readonly remove?: number;
}

/** Octets of a line in, frames out. */
export class HdlcReceiver {
  readonly #frame: (frame: Uint8Array) => void;
  readonly #held: Uint8Array;
  readonly #fcs: FcsSize;
  readonly #remove: number;
  #length = 0;
  #escaped = false;
  /** Nothing counts before the first flag, or from an error to the next one. */
  #state: 'hunting' | 'open' | 'skipping' = 'hunting';
  readonly refused: Record<HdlcRefusal, number> = { aborted: 0, short: 0, oversize: 0, 'bad check': 0 };
  /** Good frames. */
  frames = 0;

  /** `frame` gets each good frame without flags, escapes and check sequence, address and control as they came; valid until it returns. */
  constructor(options: HdlcReceiverOptions, frame: (frame: Uint8Array) => void) {
    this.#frame = frame;
    this.#fcs = options.fcs ?? 16;
    this.#remove = options.remove ?? 0;
    this.#held = new Uint8Array(options.mru + SPARE);
  }

  receive(data: Uint8Array): void {
    for (let i = 0; i < data.length; i++) {
      const octet = u8(data, i);
      if (octet === HDLC.FLAG) {
        this.#end();
        continue;
      }
      if (this.#state !== 'open') continue;
      if (octet < 0x20 && this.#remove !== 0 && ((this.#remove >>> octet) & 1) === 1) continue;
      if (octet === HDLC.ESCAPE && !this.#escaped) {
        this.#escaped = true;
        continue;
      }
      if (this.#length === this.#held.length) {
        this.refused.oversize++;
        this.#state = 'skipping';
        continue;
      }
      this.#held[this.#length++] = this.#escaped ? octet ^ HDLC.FLIP : octet;
      this.#escaped = false;
    }
  }

  /** A flag: the end of one frame and the beginning of the next. */
  #end(): void {
    const state = this.#state;
    const length = this.#length;
    const escaped = this.#escaped;
    this.#state = 'open';
    this.#length = 0;
    this.#escaped = false;
    if (state !== 'open') return;
    if (escaped) {
      this.refused.aborted++;
      return;
    }
    if (length === 0) return;
    const check = this.#fcs / 8;
    // One octet of protocol is the least, where it is compressed.
    if (length < check + 1) {
      this.refused.short++;
      return;
    }
    const good = this.#fcs === 16 ? fcs16(this.#held, 0, length) === FCS16_GOOD : fcs32(this.#held, 0, length) === FCS32_GOOD;
    if (!good) {
      this.refused['bad check']++;
      return;
    }
    this.frames++;
    this.#frame(this.#held.subarray(0, length - check));
  }
}

/** Frames in, octets for the line out. */
export class HdlcSender {
  /** Control characters to escape (bit n = octet n), as the peer asked (RFC 1662 7.1). LCP goes with all of them escaped whatever it says. */
  accm: number = HDLC.ALL_ESCAPED;
  /** Leave out address and control, or the high octet of the protocol, as LCP agreed (RFC 1661 6.5, 6.6). Never with LCP. */
  acfc = false;
  pfc = false;
  readonly #fcs: FcsSize;
  #buffer = new Uint8Array(4096);

  constructor(fcs: FcsSize = 16) {
    this.#fcs = fcs;
  }

  /**
   * The octets of one frame, both flags included. `frame` begins with a protocol of two octets. What is returned is valid until the
   * next call. A frame without a whole protocol gives no octets.
   */
  encode(frame: Uint8Array): Uint8Array {
    if (frame.length < 2) return this.#buffer.subarray(0, 0);
    const most = (frame.length + 6) * 2 + 2;
    if (this.#buffer.length < most) this.#buffer = new Uint8Array(most);
    const lcp = u16(frame, 0) === LCP;
    const map = lcp ? HDLC.ALL_ESCAPED : this.accm;
    const out = this.#buffer;
    let fcs = this.#fcs === 16 ? FCS16_START : FCS32_START;
    const table = this.#fcs === 16 ? TABLE16 : TABLE32;
    let at = 0;
    out[at++] = HDLC.FLAG;
    if (lcp || !this.acfc) {
      fcs = (fcs >>> 8) ^ (table[(fcs ^ HDLC.ADDRESS) & 0xff] ?? 0);
      fcs = (fcs >>> 8) ^ (table[(fcs ^ HDLC.CONTROL) & 0xff] ?? 0);
      out[at++] = HDLC.ADDRESS;
      at = put(out, at, HDLC.CONTROL, map);
    }
    for (let i = !lcp && this.pfc && u8(frame, 0) === 0 ? 1 : 0; i < frame.length; i++) {
      const octet = u8(frame, i);
      fcs = (fcs >>> 8) ^ (table[(fcs ^ octet) & 0xff] ?? 0);
      at = put(out, at, octet, map);
    }
    fcs = ~fcs;
    for (let shift = 0; shift < this.#fcs; shift += 8) at = put(out, at, (fcs >>> shift) & 0xff, map);
    out[at++] = HDLC.FLAG;
    return out.subarray(0, at);
  }
}

function put(out: Uint8Array, at: number, octet: number, map: number): number {
  if (octet === HDLC.FLAG || octet === HDLC.ESCAPE || (octet < 0x20 && ((map >>> octet) & 1) === 1)) {
    out[at] = HDLC.ESCAPE;
    out[at + 1] = octet ^ HDLC.FLIP;
    return at + 2;
  }
  out[at] = octet;
  return at + 1;
}
