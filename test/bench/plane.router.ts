// One end of a tunnel with fixed ids on the user plane, without any control plane: for plane.ts and the network tests.
// bun plane.router.ts DEVICE LOCAL PEER TUNNEL SESSION PEER-TUNNEL PEER-SESSION [MTU]; prints READY; SIGUSR1 prints counters; SIGTERM ends it.

import { UserPlane } from '../../board/linux/userplane/plane.ts';
import { ANY_IPV4, parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { SessionKey } from '../../firmware/hal/dataplane.ts';

const [device = 'ppp0', local = '', peer = '', tunnel = '1', session = '1', peerTunnel = '1', peerSession = '1', mtu = '1460'] = process.argv.slice(2);

function ip(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(`${text} is no address`);
  return value;
}

function must<T>(result: T | { readonly refused: string }): T {
  if (typeof result === 'object' && result !== null && 'refused' in result) throw new Error(result.refused);
  return result as T;
}

const plane = new UserPlane();
const underlay = must(plane.listen({ address: ANY_IPV4, port: 1701 }));
const far = must(plane.open({ kind: 'tun', name: device, mtu: Number(mtu), onDemand: false }));
const key = 1 as SessionKey;
must(
  plane.attach({
    key,
    far,
    leg: {
      kind: 'l2tpv2',
      underlay,
      local: ip(local),
      peer: ip(peer),
      peerPort: 1701,
      localTunnel: Number(tunnel),
      localSession: Number(session),
      peerTunnel: Number(peerTunnel),
      peerSession: Number(peerSession),
    },
    options: { ipv4: true, ipv6: true, sequence: process.env['SEQUENCE'] === 'on' ? 'on' : 'off', checksum: process.env['CHECKSUM'] !== 'off', acfc: false, pfc: false, mss: 0, trace: false },
  }),
);
plane.set(far, { up: true });
process.on('SIGUSR1', () => console.log(JSON.stringify({ session: plane.counters(key), underlay: plane.underlayCounters(underlay) })));
process.on('SIGTERM', () => {
  plane.shutdown();
  process.exit(0);
});
setInterval(() => undefined, 1 << 30);
console.log('READY');
