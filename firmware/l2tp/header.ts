// The L2TPv2 header, control and data (RFC 2661 3.1).
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |T|L|x|x|S|x|O|P|x|x|x|x|  Ver  |          Length (if L)        |
// |           Tunnel ID           |           Session ID          |
// |             Ns (if S)         |             Nr (if S)         |
// |      Offset Size (if O)       |    Offset padding (if O) ...
// Fields that the flags leave out take no space.

import { put16, u16 } from '../bytes/integers.ts';

export const FLAG = { T: 0x8000, L: 0x4000, S: 0x0800, O: 0x0200, P: 0x0100, Ver: 0x000f } as const;
export const VERSION = 2;
/** T, L, S and version 2: the only form of a control header. */
export const CONTROL_FLAGS = FLAG.T | FLAG.L | FLAG.S | VERSION;
export const CONTROL_HEADER = 12;
/** The longest data header we send: L, S, no offset. */
export const DATA_HEADER = 12;

/** A decoded header. One struct is reused for all packets: nothing here outlives the next decode. */
export interface Header {
  /** All 16 bits of flags and version as received; reserved bits mean nothing. */
  flags: number;
  control: boolean;
  /** The Length field; the octets from the T bit to the end of the message. The datagram's length where there is no field. */
  length: number;
  tunnelId: number;
  sessionId: number;
  /** True where Ns and Nr are there (always in control messages). */
  sequenced: boolean;
  ns: number;
  /** Means nothing in data messages. */
  nr: number;
  priority: boolean;
  /** Offset in the buffer of the first octet behind the header. */
  payload: number;
  /** Offset in the buffer behind the last octet of the message; octets of the datagram beyond it are to be ignored. */
  end: number;
}

/** Why a datagram is no L2TPv2 message. */
export type HeaderRefusal =
  /** Fewer octets than the flags call for. */
  | 'header truncated'
  /** L2F (version 1), L2TPv3 (3) or unknown: discarded silently (RFC 2661 8.1). */
  | 'version not 2'
  /** A control message without L or S, or with O or P. */
  | 'control flags wrong'
  /** Length shorter than the header or longer than the datagram. */
  | 'length wrong'
  /** The offset padding ends past the message. */
  | 'offset past end';

export const newHeader = (): Header => ({
  flags: 0, control: false, length: 0, tunnelId: 0, sessionId: 0, sequenced: false, ns: 0, nr: 0, priority: false, payload: 0, end: 0,
});

/** Reads the header of the datagram `b[from..to)` into `h`. After a refusal `h` holds nothing of use. */
export function decodeHeader(b: Uint8Array, from: number, to: number, h: Header): HeaderRefusal | undefined {
  if (to - from < 6) return 'header truncated';
  const flags = u16(b, from);
  if ((flags & FLAG.Ver) !== VERSION) return 'version not 2';
  const control = (flags & FLAG.T) !== 0;
  if (control && ((flags & (FLAG.L | FLAG.S)) !== (FLAG.L | FLAG.S) || (flags & (FLAG.O | FLAG.P)) !== 0)) return 'control flags wrong';
  const size = sizeOf(flags);
  if (to - from < size) return 'header truncated';
  let at = from + 2;
  let end = to;
  if ((flags & FLAG.L) !== 0) {
    const length = u16(b, at);
    if (length < size || length > to - from) return 'length wrong';
    end = from + length;
    at += 2;
  }
  h.flags = flags;
  h.control = control;
  h.length = end - from;
  h.tunnelId = u16(b, at);
  h.sessionId = u16(b, at + 2);
  at += 4;
  h.sequenced = (flags & FLAG.S) !== 0;
  h.ns = h.sequenced ? u16(b, at) : 0;
  h.nr = h.sequenced ? u16(b, at + 2) : 0;
  if (h.sequenced) at += 4;
  if ((flags & FLAG.O) !== 0) {
    at += 2 + u16(b, at);
    if (at > end) return 'offset past end';
  }
  h.priority = (flags & FLAG.P) !== 0;
  h.payload = at;
  h.end = end;
  return undefined;
}

/** Octets that the flags call for, without offset padding. */
const sizeOf = (flags: number): number =>
  6 + ((flags & FLAG.L) !== 0 ? 2 : 0) + ((flags & FLAG.S) !== 0 ? 4 : 0) + ((flags & FLAG.O) !== 0 ? 2 : 0);

/** The ids and numbers of a control header. */
export interface ControlFields {
  /** The recipient's tunnel id, 0 until learned. */
  readonly tunnelId: number;
  /** The recipient's session id; 0 in messages about the tunnel. */
  readonly sessionId: number;
  readonly ns: number;
  readonly nr: number;
}

/** A whole control message: header and `body` (the AVPs). An empty body makes a ZLB acknowledgement. At most 65535 octets. */
export function encodeControl(fields: ControlFields, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(CONTROL_HEADER + body.length);
  put16(out, 0, CONTROL_FLAGS);
  put16(out, 2, out.length);
  put16(out, 4, fields.tunnelId);
  put16(out, 6, fields.sessionId);
  put16(out, 8, fields.ns);
  put16(out, 10, fields.nr);
  out.set(body, CONTROL_HEADER);
  return out;
}

/** What a data header carries; an absent `ns` leaves the sequence numbers out, an absent `offset` the Offset Size. */
export interface DataFields {
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly withLength?: boolean;
  readonly ns?: number;
  /** Octets of padding, 0..65535. */
  readonly offset?: number;
  readonly priority?: boolean;
}

/** Writes a data header for a payload of `payload` octets at `out[at]`; the offset behind it, where the payload goes. */
export function encodeDataHeader(fields: DataFields, payload: number, out: Uint8Array, at: number): number {
  const flags =
    VERSION |
    (fields.withLength === true ? FLAG.L : 0) |
    (fields.ns !== undefined ? FLAG.S : 0) |
    (fields.offset !== undefined ? FLAG.O : 0) |
    (fields.priority === true ? FLAG.P : 0);
  const end = at + sizeOf(flags) + (fields.offset ?? 0);
  put16(out, at, flags);
  let o = at + 2;
  if (fields.withLength === true) {
    put16(out, o, end - at + payload);
    o += 2;
  }
  put16(out, o, fields.tunnelId);
  put16(out, o + 2, fields.sessionId);
  o += 4;
  if (fields.ns !== undefined) {
    put16(out, o, fields.ns);
    put16(out, o + 2, 0);
    o += 4;
  }
  if (fields.offset !== undefined) {
    put16(out, o, fields.offset);
    out.fill(0, o + 2, end);
  }
  return end;
}
