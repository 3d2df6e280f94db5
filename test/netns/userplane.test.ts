// The user plane between two routers in namespaces with a host behind each: real traffic, captures dissected by tshark.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { missing, when } from '../needs.ts';
import { must, Network, until, type Capture } from '../network.ts';
import { PlaneBench, Wire } from './plane.bench.ts';
import { ANY_IPV4 } from '../../firmware/bytes/ip.ts';
import type { Punt, SessionKey, SessionOptions } from '../../firmware/hal/dataplane.ts';

const NEEDS = ['root', 'tun', 'netns', 'ethtool', 'iperf3', 'tshark', 'tcpdump'] as const;
const tests = suite('user plane');
const network = new Network('plane');
const OPEN: SessionOptions = { ipv4: true, ipv6: true, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false };

/** Runs `body` while both routers' planes are joined with these settings, so that the hosts reach each other through them. */
async function tunnel({ MTU = '1460', ...env }: Record<string, string>, body: () => Promise<void>): Promise<void> {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const router = ['env', ...words, process.execPath, 'test/bench/plane.router.ts', 'ppp0'];
  const ends = [
    network.start('a', [...router, '192.168.77.1', '192.168.77.2', '7', '9', '17', '19', MTU]),
    network.start('b', [...router, '192.168.77.2', '192.168.77.1', '17', '19', '7', '9', MTU]),
  ];
  try {
    for (const [space, behind, behind6] of [['a', '10.2.0.0/24', 'fd00:2::/64'], ['b', '10.1.0.0/24', 'fd00:1::/64']] as const) {
      await until(`ppp0 in ${space}`, 10, async () => (await network.exec(space, ['ip', 'link', 'show', 'ppp0', 'up'])).output.includes('UP'));
      await network.ip(space, 'route', 'replace', behind, 'dev', 'ppp0');
      await network.ip(space, '-6', 'route', 'replace', behind6, 'dev', 'ppp0');
    }
    await network.pings('h1', '10.2.0.2', 5);
    await body();
  } finally {
    for (const end of ends) end.kill('SIGTERM');
    await Promise.all(ends.map((end) => end.exited));
  }
}

/** Octets per second that arrive; `words` for iperf3. */
async function iperf(address: string, ...words: string[]): Promise<number> {
  const out = await network.exec('h1', ['iperf3', '-c', address, '-J', ...words]);
  if (out.code !== 0) throw new Error(out.output);
  const end = (JSON.parse(out.output) as { end: { sum_received?: { bytes: number }; sum?: { bytes: number; lost_percent: number } } }).end;
  return end.sum_received?.bytes ?? end.sum?.bytes ?? 0;
}

/** Segments and datagrams that arrived at the hosts with wrong checksums. */
async function wrongChecksums(): Promise<number> {
  let wrong = 0;
  for (const host of ['h1', 'h2'])
    for (const [, count] of (await network.exec(host, ['nstat', '-saz', 'TcpInCsumErrors', 'UdpInCsumErrors', 'Udp6InCsumErrors'])).output.matchAll(/InCsumErrors\s+(\d+)/g)) wrong += Number(count);
  return wrong;
}

const capture = (): Promise<Capture> => network.capture('a', 'w1', 'udp port 1701');

if (missing(...NEEDS) === undefined) {
  await network.space('h1', 'a', 'b', 'h2');
  await network.wire('h1/e1', 'a/e2');
  await network.wire('a/w1', 'b/w2');
  await network.wire('b/e3', 'h2/e4');
  for (const [space, device, four, six] of [
    ['h1', 'e1', '10.1.0.2/24', 'fd00:1::2/64'],
    ['a', 'e2', '10.1.0.1/24', 'fd00:1::1/64'],
    ['a', 'w1', '192.168.77.1/24', undefined],
    ['b', 'w2', '192.168.77.2/24', undefined],
    ['b', 'e3', '10.2.0.1/24', 'fd00:2::1/64'],
    ['h2', 'e4', '10.2.0.2/24', 'fd00:2::2/64'],
  ] as const) {
    await network.ip(space, 'addr', 'add', four, 'dev', device);
    if (six !== undefined) await network.ip(space, 'addr', 'add', six, 'dev', device, 'nodad');
  }
  for (const [space, via, via6] of [['h1', '10.1.0.1', 'fd00:1::1'], ['h2', '10.2.0.1', 'fd00:2::1']] as const) {
    await network.ip(space, 'route', 'add', 'default', 'via', via);
    await network.ip(space, '-6', 'route', 'add', 'default', 'via', via6);
  }
  for (const space of ['a', 'b']) await network.exec(space, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  network.start('h2', ['iperf3', '-s']);
}

tests.after(() => network.remove());

when(NEEDS, tests, 'TCP and UDP cross both ways, and tshark finds every message whole', () => tunnel({}, async () => {
  const seen = await capture();
  for (const [what, ...words] of [
    ['TCP', '-n', '8M'],
    ['TCP back', '-n', '8M', '-R'],
    ['four flows', '-P', '4', '-n', '4M'],
    ['UDP', '-u', '-t', '1', '-b', '30M', '-l', '1200'],
    ['UDP back', '-u', '-t', '1', '-b', '30M', '-l', '1200', '-R'],
    ['short UDP', '-u', '-t', '1', '-b', '3M', '-l', '64'],
  ] as const)
    assert.ok((await iperf('10.2.0.2', ...words)) > 100_000, what);
  await seen.end();
  assert.equal(await seen.complaints('l2tp && !tcp.flags.reset'), []);
  assert.is(await seen.count('l2tp && (tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0)'), 0);
  assert.is(await seen.count('l2tp.type == 0 && l2tp.length_bit == 0'), 0, 'every data message carries its Length');
  assert.ok((await seen.count('l2tp.type == 0')) > 10_000);
  assert.is(await wrongChecksums(), 0);
}));

when(NEEDS, tests, 'IPv6 crosses in TCP and UDP', () => tunnel({}, async () => {
  const seen = await capture();
  assert.ok((await iperf('fd00:2::2', '-n', '8M')) > 1_000_000);
  assert.ok((await iperf('fd00:2::2', '-u', '-t', '1', '-b', '30M', '-l', '1200')) > 1_000_000);
  await seen.end();
  assert.equal(await seen.complaints('l2tp && !tcp.flags.reset'), []);
  assert.is(await seen.count('l2tp && (tcp.checksum.status == 0 || udp.checksum.status == 0)'), 0);
  assert.ok((await seen.count('l2tp && ipv6')) > 1000);
  assert.is(await wrongChecksums(), 0);
}));

when(NEEDS, tests, 'numbered sessions count without a gap, whole bursts included', () => tunnel({ SEQUENCE: 'on', MTU: '1456' }, async () => {
  const seen = await capture();
  assert.ok((await iperf('10.2.0.2', '-n', '4M', '-b', '60M')) > 1_000_000);
  await seen.end();
  const numbers = (await seen.fields('l2tp && ip.src == 192.168.77.1', 'l2tp.Ns')).map(Number);
  assert.ok(numbers.length > 1000);
  for (const [i, ns] of numbers.entries()) if (i > 0) assert.is(ns, ((numbers[i - 1] ?? 0) + 1) & 0xffff);
  assert.equal(await seen.complaints('l2tp && !tcp.flags.reset'), []);
}));

when(NEEDS, tests, 'a session with its checksum off sends UDP checksum 0 and carries traffic all the same', () => tunnel({ CHECKSUM: 'off' }, async () => {
  const seen = await capture();
  assert.ok((await iperf('10.2.0.2', '-n', '4M')) > 1_000_000);
  await seen.end();
  assert.equal([...new Set(await seen.fields('l2tp', 'udp.checksum'))].map((sums) => sums.split(',')[0]).filter((sum) => sum !== '0x0000'), []);
}));

when(NEEDS, tests, 'traffic goes on when the path takes less than the interface promises', () => tunnel({}, async () => {
  for (const [space, device] of [['a', 'w1'], ['b', 'w2']] as const) await network.ip(space, 'link', 'set', device, 'mtu', '1300');
  assert.ok((await iperf('10.2.0.2', '-n', '4M')) > 1_000_000);
  assert.ok((await iperf('10.2.0.2', '-n', '4M', '-R')) > 1_000_000);
  for (const [space, device] of [['a', 'w1'], ['b', 'w2']] as const) await network.ip(space, 'link', 'set', device, 'mtu', '1500');
}));

when(NEEDS, tests, 'control messages keep their checksum beside a session that has none', async () => {
  const wire = new Wire();
  await wire.up();
  const bench = new PlaneBench(wire);
  try {
    bench.listen(bench.peers[0], 1701);
    const underlay = bench.plane.listen({ address: ANY_IPV4, port: 1701 });
    if (typeof underlay === 'object') throw new Error(underlay.refused);
    const key = 1 as SessionKey;
    const ids = { localTunnel: 1, localSession: 1, peerTunnel: 1, peerSession: 1 };
    const leg = { kind: 'l2tpv2', underlay, local: bench.local[0], peer: bench.peers[0], peerPort: 1701, ...ids } as const;
    assert.is(bench.plane.attach({ key, far: undefined, leg, options: { ...OPEN, checksum: false } }), undefined);
    const seen = await wire.network.capture('r', 'w0', 'udp port 1701');
    const data = Uint8Array.of(0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0);
    const control = { to: 'peer', underlay, local: ANY_IPV4, peer: bench.peers[0], peerPort: 1701, data } as const;
    const frame = { to: 'session', session: key, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) } as const;
    bench.plane.send([control, frame, frame, control]);
    await seen.end();
    const sums = await seen.fields('l2tp', 'l2tp.type', 'udp.checksum');
    assert.equal(sums.map((line) => line.replace(/0x(?!0000).*/, 'some')), ['1\tsome', '0\t0x0000', '0\t0x0000', '1\tsome']);
  } finally {
    await bench.close();
    await wire.down();
  }
});

when(NEEDS, tests, 'an interface deleted by another program is reported, and the plane goes on', async () => {
  const wire = new Wire();
  await wire.up();
  const bench = new PlaneBench(wire);
  try {
    const punts: Punt[] = [];
    bench.plane.onPunt = (batch) => punts.push(...batch);
    const underlay = bench.plane.listen({ address: ANY_IPV4, port: 1701 });
    const far = bench.plane.open({ kind: 'tun', name: 'ppp7', mtu: 1400, onDemand: false });
    if (typeof underlay === 'object' || typeof far === 'object') throw new Error('refused');
    const key = 1 as SessionKey;
    const ids = { localTunnel: 1, localSession: 1, peerTunnel: 1, peerSession: 1 };
    const leg = { kind: 'l2tpv2', underlay, local: bench.local[0], peer: bench.peers[0], peerPort: 1701, ...ids } as const;
    assert.is(bench.plane.attach({ key, far, leg, options: OPEN }), undefined);
    await must(['ip', '-n', wire.network.name('r'), 'link', 'del', 'ppp7']);
    assert.ok(await bench.until(() => punts.some((p) => p.kind === 'failed' && p.session === key)));
    bench.listen(bench.peers[0], 1701);
    bench.plane.send([{ to: 'session', session: key, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
    assert.ok(await bench.until(() => bench.received().length === 1));
    bench.plane.close(far);
    assert.type(bench.plane.open({ kind: 'tun', name: 'ppp7', mtu: 1400, onDemand: false }), 'number');
  } finally {
    await bench.close();
    await wire.down();
  }
});

tests.run();
