// Relays and PPPoE on the user plane between hosts in namespaces: h1 - a - m - b - h2, where m only passes frames on. Real traffic, captures
// dissected by tshark.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { missing, when } from '../needs.ts';
import { Network, until } from '../network.ts';

const NEEDS = ['root', 'tun', 'netns', 'ethtool', 'iperf3', 'tshark', 'tcpdump'] as const;
const tests = suite('user plane relays');
const network = new Network('planer');

/** How a and m, m and b are joined; what m's capture looks at. */
interface Course {
  readonly a: string;
  readonly m: readonly [string, string];
  readonly b: string;
  readonly mtu: number;
}

const mac = async (space: string, device: string): Promise<string> => /link\/ether ([0-9a-f:]+)/.exec((await network.exec(space, ['ip', '-o', 'link', 'show', 'dev', device])).output)?.[1] ?? '';

const TUNNELS: Course = {
  a: 'l2tp,192.168.1.1,192.168.1.2,1,2,3,4',
  m: ['l2tp,192.168.1.2,192.168.1.1,3,4,1,2', 'l2tp,192.168.2.1,192.168.2.2,5,6,7,8'],
  b: 'l2tp,192.168.2.2,192.168.2.1,7,8,5,6',
  mtu: 1460,
};
const pppoe = async (mtu: number): Promise<Course> => ({ ...TUNNELS, a: `pppoe,w1,${await mac('m', 'w2')},77`, m: [`pppoe,w2,${await mac('a', 'w1')},77`, TUNNELS.m[1]], mtu });

/** Runs `body` while the planes of a, m and b are joined, so that the hosts reach each other through them. */
async function joined(course: Course, body: () => Promise<void>): Promise<void> {
  const router = [process.execPath, 'test/bench/plane.router.ts', 'ppp0'];
  const ends = [
    network.start('m', [process.execPath, 'test/bench/plane.lac.ts', ...course.m]),
    network.start('a', [...router, course.a, String(course.mtu)]),
    network.start('b', [...router, course.b, String(course.mtu)]),
  ];
  try {
    for (const [space, behind] of [['a', '10.2.0.0/24'], ['b', '10.1.0.0/24']] as const) {
      await until(`ppp0 in ${space}`, 10, async () => (await network.exec(space, ['ip', 'link', 'show', 'ppp0', 'up'])).output.includes('UP'));
      await network.ip(space, 'route', 'replace', behind, 'dev', 'ppp0');
    }
    await network.pings('h1', '10.2.0.2', 5);
    await body();
  } finally {
    for (const end of ends) end.kill('SIGTERM');
    await Promise.all(ends.map((end) => end.exited));
  }
}

/** Octets that arrive. */
async function iperf(...words: string[]): Promise<number> {
  const out = await network.exec('h1', ['iperf3', '-c', '10.2.0.2', '-J', ...words]);
  if (out.code !== 0) throw new Error(out.output);
  const { end } = JSON.parse(out.output) as { end: { sum_received?: { bytes: number }; sum?: { bytes: number } } };
  return end.sum_received?.bytes ?? end.sum?.bytes ?? 0;
}

async function traffic(): Promise<void> {
  for (const [what, ...words] of [
    ['TCP', '-n', '8M'],
    ['TCP back', '-n', '8M', '-R'],
    ['four flows', '-P', '4', '-n', '4M'],
    ['UDP', '-u', '-t', '1', '-b', '30M', '-l', '1200'],
    ['short UDP back', '-u', '-t', '1', '-b', '3M', '-l', '64', '-R'],
  ] as const)
    assert.ok((await iperf(...words)) > 100_000, what);
  let wrong = 0;
  for (const host of ['h1', 'h2'])
    for (const [, count] of (await network.exec(host, ['nstat', '-saz', 'TcpInCsumErrors', 'UdpInCsumErrors'])).output.matchAll(/InCsumErrors\s+(\d+)/g)) wrong += Number(count);
  assert.is(wrong, 0, 'checksums');
}

if (missing(...NEEDS) === undefined) {
  await network.space('h1', 'a', 'm', 'b', 'h2');
  for (const space of ['h1', 'a', 'm', 'b', 'h2']) await network.exec(space, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1']);
  await network.wire('h1/e1', 'a/e2');
  await network.wire('a/w1', 'm/w2');
  await network.wire('m/w3', 'b/w4');
  await network.wire('b/e3', 'h2/e4');
  for (const [space, device, address] of [
    ['h1', 'e1', '10.1.0.2/24'], ['a', 'e2', '10.1.0.1/24'], ['a', 'w1', '192.168.1.1/24'], ['m', 'w2', '192.168.1.2/24'],
    ['m', 'w3', '192.168.2.1/24'], ['b', 'w4', '192.168.2.2/24'], ['b', 'e3', '10.2.0.1/24'], ['h2', 'e4', '10.2.0.2/24'],
  ] as const) await network.ip(space, 'addr', 'add', address, 'dev', device);
  await network.ip('h1', 'route', 'add', 'default', 'via', '10.1.0.1');
  await network.ip('h2', 'route', 'add', 'default', 'via', '10.2.0.1');
  for (const space of ['a', 'b']) await network.exec(space, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  network.start('h2', ['iperf3', '-s']);
}

tests.after(() => network.remove());

when(NEEDS, tests, 'TCP and UDP cross a relay between two tunnels both ways, and tshark finds every message whole', () => joined(TUNNELS, async () => {
  const seen = await network.capture('m', 'w3', 'udp port 1701');
  await traffic();
  await seen.end();
  assert.equal(await seen.complaints('l2tp && !tcp.flags.reset'), []);
  assert.is(await seen.count('l2tp && (tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0)'), 0);
  assert.ok((await seen.count('l2tp.type == 0 && l2tp.length_bit == 1')) > 5000);
}));

when(NEEDS, tests, 'TCP and UDP cross PPPoE and a relay into a tunnel: segmented to the session\'s MTU, with right checksums', async () => joined(await pppoe(1456), async () => {
  const seen = await network.capture('m', 'w2', 'ether proto 0x8864');
  await traffic();
  await seen.end();
  assert.equal(await seen.complaints('pppoes && !tcp.flags.reset'), []);
  assert.is(await seen.count('pppoes && (tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0)'), 0);
  assert.ok((await seen.count('pppoe.session_id == 77')) > 5000);
  const longest = Math.max(...(await seen.fields('pppoes', 'pppoe.payload_length')).map(Number));
  assert.is(longest, 1458, 'a full packet and its protocol field');
  assert.is(await seen.count('frame.len > 1478'), 0);
}));

when(NEEDS, tests, 'a PPPoE session of 1492 octets carries full packets into a tunnel, which fragments them', async () => joined(await pppoe(1492), async () => {
  assert.ok((await iperf('-n', '8M')) > 1_000_000);
  assert.ok((await iperf('-n', '8M', '-R')) > 1_000_000);
}));

when(NEEDS, tests, 'frames go on after the port of a PPPoE session went down and came up again', async () => joined(await pppoe(1456), async () => {
  await network.ip('m', 'link', 'set', 'w2', 'down');
  await Bun.sleep(300);
  await network.ip('m', 'link', 'set', 'w2', 'up');
  await network.pings('h1', '10.2.0.2', 10);
  assert.ok((await iperf('-n', '4M')) > 1_000_000);
}));

tests.run();
