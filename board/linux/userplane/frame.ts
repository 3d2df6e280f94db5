// A PPP frame as any leg brings it: address and control there or not, protocol field in two octets or one (RFC 1661 2, 6.5, 6.6).

export const ADDRESS_CONTROL = 0xff03;
export const PPP_LCP = 0xc021;

/** The frame read last. Reused: nothing is allocated per packet. */
export class Frame {
  /** Whether address and control were there. */
  addressed = false;
  /** Where the protocol field begins, where the information behind it does, where the frame ends. */
  start = 0;
  information = 0;
  end = 0;
  protocol = 0;
  /** Octets before the frame from here on may be overwritten. */
  lowest = 0;

  /** Reads the frame from `at` to `end`; false where there is no whole protocol field. */
  read(view: DataView, at: number, end: number, lowest: number): boolean {
    let p = at;
    this.addressed = p + 2 <= end && view.getUint16(p) === ADDRESS_CONTROL;
    if (this.addressed) p += 2;
    if (p >= end) return false;
    this.start = p;
    this.end = end;
    this.lowest = lowest;
    let protocol = view.getUint8(p++);
    // A protocol's first octet is even, its second odd (RFC 1661 2): an odd first octet is a compressed protocol.
    if ((protocol & 1) === 0) {
      if (p === end) return false;
      protocol = (protocol << 8) | view.getUint8(p++);
    }
    this.protocol = protocol;
    this.information = p;
    return true;
  }
}
