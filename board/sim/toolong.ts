// Packets longer than a session of the simulated plane takes (SessionOptions.mtu).

import { fragments, isUncuttable, isWholeIpv4, mayTell, MOST_TOO_BIG, writeFragment, writeTooBig } from '../../firmware/bytes/fragment.ts';
import { ANY_IPV4 } from '../../firmware/bytes/ip.ts';
import type { Session } from './session.ts';

const TELL_IN = 100;
const TELL_MOST = 10;

/** The packet, or its fragments; none where it may not be cut. `mtu` 0 = everything fits. */
export function fitting(packet: Uint8Array, mtu: number): Uint8Array[] {
  const { length } = packet;
  if (mtu === 0 || length <= mtu) return [packet];
  if (!isWholeIpv4(packet, 0, length) || isUncuttable(packet, 0)) return [];
  return Array.from({ length: fragments(packet, 0, length, mtu) }, (_, k) => {
    const bytes = new Uint8Array(mtu);
    return bytes.subarray(0, writeFragment(packet, { at: 0, length, mtu }, k, { bytes, at: 0 }));
  });
}

/** What the sender of a packet without fragments is told; undefined = nothing. */
export function tooBig(session: Session, packet: Uint8Array, now: number): Uint8Array | undefined {
  const { mtu, address } = session.options;
  const { length } = packet;
  if (address === ANY_IPV4 || !isWholeIpv4(packet, 0, length) || !mayTell(packet, 0, length)) return undefined;
  const tenth = Math.floor(now / TELL_IN);
  if (session.toldIn !== tenth) session.told = 0;
  session.toldIn = tenth;
  if (session.told++ >= TELL_MOST) return undefined;
  const bytes = new Uint8Array(MOST_TOO_BIG);
  return bytes.subarray(0, writeTooBig(packet, { at: 0, length, mtu }, address, { bytes, at: 0 }));
}
