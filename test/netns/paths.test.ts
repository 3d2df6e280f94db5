// Two callers of one PPP template whose paths are not equally wide, on the real kernel: each has its own MTU on the device they share.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when } from '../needs.ts';
import type { Network } from '../network.ts';
import { lans, NEEDS, PORTS, PRELUDE } from './lans.ts';

const test = suite('paths of callers');
/** Of the narrow path, and what a tunnel leaves of it and of a usual one (RFC 2661: 8 octets of L2TP, 4 of PPP, 28 of UDP and IPv4). */
const NARROW = 1400;
const INNER = { wide: 1460, narrow: 1360 } as const;
const LONGEST = 2000;
const ECHO_HEADER = 28;

const caller = (user: string): string => `ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP CALL=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=OUT PASSWORD=l2tpB
CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF IPREQUEST=ON
SET PPP=1 USER=${user} PASSWORD=secret
ENABLE IP REMOTEASSIGN
ADD IP INT=ppp1 IP=0.0.0.0
ADD IP ROUTE=192.168.20.0 MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0
`;
const SERVER = `ADD USER=wide PASSWORD=secret LOGIN=NO IPADDRESS=192.168.20.201
ADD USER=narrow PASSWORD=secret LOGIN=NO IPADDRESS=192.168.20.202
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHEN=EITHER
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP PASSWORD=l2tpB
ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0
`;

/** Answers each UDP datagram with its length, and gives TCP back what it got. */
const ECHO = `await Bun.udpSocket({ hostname: '0.0.0.0', port: 9000, socket: { data(s, d, port, from) { s.send(String(d.length), port, from); } } });
Bun.listen({ hostname: '0.0.0.0', port: 9001, socket: { data(s, d) { s.data = (s.data ?? 0) + d.length; if (s.data === 2e6) s.write('whole'); } } });`;
/** Prints which lengths of datagrams came whole. */
const SWEEP = `const seen = new Set();
const s = await Bun.udpSocket({ hostname: '0.0.0.0', connect: { hostname: process.argv[1], port: 9000 }, socket: { data(_, d) { seen.add(Number(d.toString())); } } });
for (let round = 0; round < 20 && seen.size < ${LONGEST}; round++) for (let n = 1; n <= ${LONGEST}; n++) if (!seen.has(n)) { s.send(new Uint8Array(n)); if (n % 20 === 0) await Bun.sleep(2); }
await Bun.sleep(300);
console.log(seen.size); process.exit(0);`;
const STREAM = `let left = 2e6;
const push = (s) => { while (left > 0) { const n = s.write(new Uint8Array(Math.min(left, 65536))); left -= n; if (n === 0) return; } };
await Bun.connect({ hostname: process.argv[1], port: 9001, socket: { open: push, drain: push, data(_, d) { console.log(d.toString()); process.exit(0); } } });`;

async function script(net: Network, text: string, address: string): Promise<string> {
  return (await net.exec('h2', [process.execPath, '-e', text, address], { seconds: 40 })).output.trim();
}

const ping = (net: Network, address: string, octets: number, how: 'do' | 'dont'): ReturnType<Network['exec']> =>
  net.exec('h2', ['ping', '-n', '-c', '1', '-W', '2', '-M', how, '-s', String(octets - ECHO_HEADER), address]);

when(NEEDS, test, 'callers of one template are each told about with the MTU of their own path, and everything else arrives whole', async () => {
  const net = await lans('pa');
  try {
    await net.space('c');
    await net.wire('inet/toc', 'c/wan');
    await net.ip('inet', 'addr', 'add', '3.3.3.254/24', 'dev', 'toc');
    for (const [space, device] of [['inet', 'toc'], ['c', 'wan']] as const) await net.ip(space, 'link', 'set', device, 'mtu', String(NARROW));
    await net.router('b', PORTS, `${PRELUDE.b}ADD IP ROUTE=3.3.3.0 MASK=255.255.255.0 INT=eth1 NEXT=2.2.2.254\n${SERVER}`);
    await net.router('a', PORTS, PRELUDE.a + caller('wide'));
    await net.router('c', ['eth1=wan'], `SET SYSTEM NAME=RouterC
ENABLE IP
ADD IP INT=eth1 IP=3.3.3.3 MASK=255.255.255.0
ADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=3.3.3.254
${caller('narrow')}`);
    for (const space of ['a', 'c']) net.start(space, [process.execPath, '-e', ECHO]);
    for (const [path, address] of [['wide', '192.168.20.201'], ['narrow', '192.168.20.202']] as const) {
      const mtu = INNER[path];
      await net.pings('h2', address, 20);
      assert.is((await ping(net, address, mtu, 'do')).code, 0, `${path}: ${mtu} octets pass`);
      const refused = await ping(net, address, mtu + 1, 'do');
      assert.is(refused.code, 1, `${path}: ${mtu + 1} octets do not\n${refused.output}`);
      assert.match(refused.output, new RegExp(`From 192\\.168\\.20\\.1 .*[Ff]rag needed.*mtu = ${mtu}\\b`));
      assert.is(await script(net, STREAM, address), 'whole', `${path}: TCP`);
      // From here on h2 sets no DF and heeds no MTU.
      await net.exec('h2', ['sysctl', '-qw', 'net.ipv4.ip_no_pmtu_disc=1']);
      await net.ip('h2', 'route', 'flush', 'cache');
      for (const octets of [mtu, mtu + 1, 1500, 2000]) assert.is((await ping(net, address, octets, 'dont')).code, 0, `${path}: ${octets} octets in fragments`);
      assert.is(await script(net, SWEEP, address), String(LONGEST), `${path}: datagrams of 1 to ${LONGEST} octets`);
      await net.exec('h2', ['sysctl', '-qw', 'net.ipv4.ip_no_pmtu_disc=0']);
    }
    assert.is((await net.exec('b', ['ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', '1400', '192.168.20.202'])).code, 1);
    assert.match((await net.exec('b', ['ip', 'route', 'get', '192.168.20.202'])).output, /mtu 1360/, 'the router itself heeds it too');
  } finally {
    await net.remove();
  }
});

test.run();
