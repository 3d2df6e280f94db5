// The L2TPv2 header of data messages (RFC 2661 3.1), read and written at packet rate.
//
//   0                   1
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//  |T|L|x|x|S|x|O|P|x|x|x|x|  Ver  | [Length] | Tunnel ID | Session ID | [Ns | Nr] | [Offset Size | Offset pad...]

const T_BIT = 0x80;
const L_BIT = 0x40;
const S_BIT = 0x08;
const O_BIT = 0x02;
const VERSION_MASK = 0x0f;
const VERSION = 2;
/** Address and control field of PPP in HDLC-like framing (RFC 1662 3.1); L2TP carries them unless ACFC was negotiated. */
const PPP_ADDRESS_CONTROL = 0xff03;

/** What a datagram is: a data message whose fields `Header` now holds, a control message, or none of L2TPv2. */
export type Kind = 'data' | 'control' | 'malformed';

/** The fields of the data message read last. Reused: nothing is allocated per packet. */
export class Header {
  tunnel = 0;
  session = 0;
  /** -1: not numbered. */
  ns = -1;
  /** Where the payload begins and ends in the buffer. */
  payload = 0;
  end = 0;

  /** Reads the datagram of `length` octets at `at`. Reserved bits, P and Nr are ignored, as section 3.1 asks. */
  read(view: DataView, at: number, length: number): Kind {
    if (length < 2) return length === 1 && (view.getUint8(at) & T_BIT) !== 0 ? 'control' : 'malformed';
    const flags = view.getUint8(at);
    if ((flags & T_BIT) !== 0) return 'control';
    if (length < 6 || (view.getUint8(at + 1) & VERSION_MASK) !== VERSION) return 'malformed';
    let end = at + length;
    let p = at + 2;
    if ((flags & L_BIT) !== 0) {
      const stated = view.getUint16(p);
      if (stated > length || stated < 8) return 'malformed';
      end = at + stated;
      p += 2;
    }
    this.tunnel = view.getUint16(p);
    this.session = view.getUint16(p + 2);
    p += 4;
    this.ns = -1;
    if ((flags & S_BIT) !== 0) {
      if (p + 4 > end) return 'malformed';
      this.ns = view.getUint16(p);
      p += 4;
    }
    if ((flags & O_BIT) !== 0) {
      if (p + 2 > end) return 'malformed';
      p += 2 + view.getUint16(p);
      if (p > end) return 'malformed';
    }
    this.payload = p;
    this.end = end;
    return 'data';
  }
}

/** How the data messages of a session begin. */
export interface HeaderShape {
  readonly peerTunnel: number;
  readonly peerSession: number;
  /** Leave out the PPP address and control field, compress the protocol field. */
  readonly acfc: boolean;
  readonly pfc: boolean;
}

/** The longest header before an IP packet: flags, Length, ids, Ns and Nr, address and control, protocol. */
export const MAX_HEADER = 16;

/** Octets of the L2TP header alone. */
export const l2tpLength = (ns: number): number => (ns < 0 ? 8 : 12);

/** Octets of PPP framing in front of an IP packet. */
export const pppLength = (shape: HeaderShape): number => (shape.acfc ? 0 : 2) + (shape.pfc ? 1 : 2);

/** Writes the header of a data message, numbered unless `ns` < 0; `setLength` completes it. Returns where its payload begins. */
export function writeL2tp(view: DataView, at: number, shape: HeaderShape, ns: number): number {
  view.setUint16(at, ns < 0 ? L_BIT << 8 | VERSION : (L_BIT | S_BIT) << 8 | VERSION);
  view.setUint16(at + 4, shape.peerTunnel);
  view.setUint16(at + 6, shape.peerSession);
  if (ns < 0) return at + 8;
  view.setUint16(at + 8, ns);
  view.setUint16(at + 10, 0);
  return at + 12;
}

/** Fills in the Length of a header written at `at`. */
export const setLength = (view: DataView, at: number, length: number): void => view.setUint16(at + 2, length);

/** Writes PPP framing for `protocol` (an IP protocol: below 0x100, so that it may be compressed). Returns where the packet begins. */
export function writePpp(view: DataView, at: number, shape: HeaderShape, protocol: number): number {
  let p = at;
  if (!shape.acfc) {
    view.setUint16(p, PPP_ADDRESS_CONTROL);
    p += 2;
  }
  if (shape.pfc) {
    view.setUint8(p, protocol);
    return p + 1;
  }
  view.setUint16(p, protocol);
  return p + 2;
}
