// The L2TPv2 data header as the simulated plane reads it (RFC 2661 3.1), in all flag forms.

import { u16 } from '../../firmware/bytes/integers.ts';

export interface DataHeader {
  readonly tunnel: number;
  readonly session: number;
  /** The message's sequence number; undefined where it carries none. */
  readonly ns: number | undefined;
  /** Where the PPP frame begins. */
  readonly payload: number;
  /** Where it ends: the header's length, where it carries one. */
  readonly end: number;
}

const FLAG = { L: 0x4000, S: 0x0800, O: 0x0200 } as const;

/** Undefined for anything that is not a whole version 2 data header: a wrong version, a length or an offset beyond the end. */
export function readDataHeader(b: Uint8Array): DataHeader | undefined {
  if (b.length < 6) return undefined;
  const flags = u16(b, 0);
  if ((flags & 15) !== 2) return undefined;
  let at = 2;
  if ((flags & FLAG.L) !== 0) {
    if (u16(b, 2) > b.length) return undefined;
    at += 2;
  }
  const fixed = at + 4 + ((flags & FLAG.S) !== 0 ? 4 : 0) + ((flags & FLAG.O) !== 0 ? 2 : 0);
  if (fixed > b.length) return undefined;
  const tunnel = u16(b, at);
  const session = u16(b, at + 2);
  const ns = (flags & FLAG.S) !== 0 ? u16(b, at + 4) : undefined;
  const payload = (flags & FLAG.O) !== 0 ? fixed + u16(b, fixed - 2) : fixed;
  if (payload > b.length || ((flags & FLAG.L) !== 0 && u16(b, 2) < payload)) return undefined;
  return { tunnel, session, ns, payload, end: (flags & FLAG.L) !== 0 ? u16(b, 2) : b.length };
}
