// PPP frames as legs of the simulated plane carry them: address, control and protocol field in all forms (RFC 1661 2, 6.5, 6.6).

import { put16, u16 } from '../../firmware/bytes/integers.ts';

export const PPP = { ipv4: 0x0021, ipv6: 0x0057, lcp: 0xc021 } as const;
export const ADDRESS_CONTROL = 0xff03;

export interface PppFrame {
  readonly protocol: number;
  /** Whether address and control field were there. */
  readonly addressed: boolean;
  /** Where the protocol field begins, where the information behind it does. */
  readonly start: number;
  readonly information: number;
}

/** Undefined where there is no whole protocol field. */
export function readPppFrame(b: Uint8Array): PppFrame | undefined {
  const addressed = b.length >= 2 && u16(b, 0) === ADDRESS_CONTROL;
  const start = addressed ? 2 : 0;
  if (b.length <= start) return undefined;
  // A protocol's first octet is even, its second odd: an odd first octet is a compressed protocol.
  if (((b[start] ?? 0) & 1) === 1) return { protocol: b[start] ?? 0, addressed, start, information: start + 1 };
  if (b.length < start + 2) return undefined;
  return { protocol: u16(b, start), addressed, start, information: start + 2 };
}

/** A frame with its protocol field first, always two octets. */
export function plainFrame(protocol: number, information: Uint8Array): Uint8Array {
  const b = new Uint8Array(2 + information.length);
  put16(b, 0, protocol);
  b.set(information, 2);
  return b;
}

/** The frame with address and control in front. */
export function addressedFrame(frame: Uint8Array): Uint8Array {
  const b = new Uint8Array(2 + frame.length);
  put16(b, 0, ADDRESS_CONTROL);
  b.set(frame, 2);
  return b;
}
