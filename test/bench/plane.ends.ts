// Legs of sessions with fixed ids for the programs that stand in for routers in plane.ts and the network tests.

import type { UserPlane } from '../../board/linux/userplane/plane.ts';
import { ANY_IPV4, parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Leg, Refusal, SessionOptions } from '../../firmware/hal/dataplane.ts';

export function ip(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(`${text} is no address`);
  return value;
}

/** What was asked for, or an error with the sentence why not. */
export function must<T>(result: T): Exclude<T, Refusal> {
  if (typeof result === 'object' && result !== null && 'refused' in result) throw new Error(String(result.refused));
  return result as Exclude<T, Refusal>;
}

/** Open and plain; SEQUENCE=on and CHECKSUM=off in the environment change that. */
export const options = (): SessionOptions => ({
  ipv4: true, ipv6: true, sequence: process.env['SEQUENCE'] === 'on' ? 'on' : 'off', checksum: process.env['CHECKSUM'] !== 'off', acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false,
});

/** "l2tp,LOCAL,PEER,TUNNEL,SESSION,PEER-TUNNEL,PEER-SESSION" on port 1701, or "pppoe,DEVICE,PEER'S ADDRESS,SESSION". */
export function legs(plane: UserPlane, texts: readonly string[]): Leg[] {
  const underlay = texts.some((text) => text.startsWith('l2tp')) ? must(plane.listen({ address: ANY_IPV4, port: 1701 })) : undefined;
  return texts.map((text): Leg => {
    const words = text.split(',');
    const number = (index: number): number => Number(words[index]);
    if (words[0] === 'pppoe') return { kind: 'pppoe', port: must(plane.openEther(words[1] ?? '')), peer: Uint8Array.from((words[2] ?? '').split(':'), (octet) => Number.parseInt(octet, 16)), session: number(3) };
    if (underlay === undefined) throw new Error(`${text} is no leg`);
    return {
      kind: 'l2tpv2', underlay, local: ip(words[1] ?? ''), peer: ip(words[2] ?? ''), peerPort: 1701,
      localTunnel: number(3), localSession: number(4), peerTunnel: number(5), peerSession: number(6),
    };
  });
}
