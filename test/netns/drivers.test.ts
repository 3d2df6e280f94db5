// The Linux drivers on a real kernel: the IP host, raw sockets, TUN and TAP devices. Runs in a network namespace of its own.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxIpHost } from '../../board/linux/iphost.ts';
import { linuxRawIp } from '../../board/linux/raw-ip.ts';
import { AddressFamily, createChecksum, createSocket, Protocol, SocketLevel, SocketOption, writeChecksum } from '../../board/linux/raw-socket.ts';
import { Tap, Tun } from '../../board/linux/tuntap.ts';
import { NetlinkEvents, RTMGRP } from '../../board/linux/netlink/events.ts';
import { monotonic } from '../../board/linux/clock.ts';
import { ANY_IPV4, formatIpv4, parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { IcmpAnswer } from '../../firmware/hal/io.ts';
import { inside } from '../inside.ts';
import { when } from '../needs.ts';
import { must, until } from '../network.ts';

const NEEDS = ['root', 'netns'] as const;
inside(import.meta.path, 'net');

const drivers = suite('drivers');
const folder = mkdtempSync(join(tmpdir(), 'hs-board-'));
const traces = join(folder, 'kernel.json');

function ip(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(text);
  return value;
}
/** What a command prints; a dump of ip(8) during which something else changed is taken again. */
const sh = async (...words: string[]): Promise<string> => {
  for (;;) {
    const printed = (await must(words)).trim();
    if (!printed.includes('Dump was interrupted')) return printed;
  }
};
const host = (ports: Record<string, string> = { eth0: 'va' }): LinuxIpHost => new LinuxIpHost({ ports: new Map(Object.entries(ports)), traces });
const route = { destination: ip('10.9.0.0'), length: 16, via: ip('10.0.0.2'), name: 'eth0', metric: 5 };
const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/ip_forward', 'latin1').trim();

drivers.before.each(async () => {
  await sh('ip', 'link', 'set', 'lo', 'up');
  await sh('ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
  await sh('ip', 'link', 'set', 'vb', 'up');
});
drivers.after.each(async () => {
  await must(['ip', 'link', 'del', 'va']);
});
drivers.after(() => rmSync(folder, { recursive: true, force: true }));

when(NEEDS, drivers, 'the IP host sets addresses, routes and forwarding, and takes everything back when it closes', async () => {
  const before = [await sh('ip', '-o', '-4', 'addr'), await sh('ip', 'route'), await sh('ip', '-br', 'link', 'show', 'va'), forwarding()];
  const board = host();
  assert.is(board.setUp('eth0', true), undefined);
  assert.is(board.addAddress('eth0', ip('10.0.0.1'), 24), undefined);
  assert.is(board.addAddress('eth0', ip('10.0.0.1'), 24), undefined, 'twice is the same as once');
  assert.is(board.addRoute(route), undefined);
  assert.is(board.addRoute(route), undefined);
  assert.is(board.addRoute({ ...route, via: ip('10.0.0.3') }), undefined, 'a second next hop beside the first');
  assert.is(board.setForwarding(true), undefined);
  assert.match(await sh('ip', 'route'), /10\.9\.0\.0\/16 via 10\.0\.0\.2 dev va proto 249 metric 5/);
  assert.is(forwarding(), '1');
  const found = board.lookup(ip('10.9.1.1'));
  assert.equal(found, { name: 'eth0', source: ip('10.0.0.1'), mtu: 1500 });
  assert.is(board.lookup(ip('8.8.8.8')), undefined);
  board.deleteRoute({ ...route, via: ip('10.0.0.3') });
  assert.not.match(await sh('ip', 'route'), /10\.0\.0\.3/);
  board.close();
  assert.equal([await sh('ip', '-o', '-4', 'addr'), await sh('ip', 'route'), await sh('ip', '-br', 'link', 'show', 'va'), forwarding()], before);
  assert.not.ok(existsSync(traces));
});

when([...NEEDS, 'tun'], drivers, 'the IP host answers ARP for an address that is routed elsewhere, and for no other', async () => {
  const board = host();
  const tun = new Tun('dyn0');
  try {
    assert.is(board.setUp('eth0', true), undefined);
    assert.is(board.addAddress('eth0', ip('10.0.0.1'), 24), undefined);
    assert.is(board.setForwarding(true), undefined);
    assert.is(board.setUp('dyn0', true), undefined);
    assert.ok(board.links().some(({ name }) => name === 'dyn0'), 'a device that dynamic interfaces share is an interface');
    assert.is(board.addAddress('dyn0', ip('10.0.0.1'), 32), undefined);
    assert.is(readFileSync('/proc/sys/net/ipv4/conf/dyn0/send_redirects', 'latin1').trim(), '0');
    assert.is(readFileSync('/proc/sys/net/ipv4/conf/all/send_redirects', 'latin1').trim(), '0');
    assert.is(board.addRoute({ destination: ip('10.0.0.9'), length: 32, via: ANY_IPV4, name: 'dyn0', metric: 0 }), undefined);
    assert.is(board.addProxy('eth0', ip('10.0.0.9')), undefined);
    assert.is(board.addProxy('eth0', ip('10.0.0.9')), undefined, 'twice is the same as once');
    assert.match(await sh('ip', 'neigh', 'show', 'proxy'), /^10\.0\.0\.9 dev va/);
    board.deleteProxy('eth0', ip('10.0.0.9'));
    assert.is(await sh('ip', 'neigh', 'show', 'proxy'), '');
    board.addProxy('eth0', ip('10.0.0.9'));
  } finally {
    board.close();
    tun.destroy();
  }
  assert.is(await sh('ip', 'neigh', 'show', 'proxy'), '');
  assert.is(readFileSync('/proc/sys/net/ipv4/conf/all/send_redirects', 'latin1').trim(), '1');
});

when(NEEDS, drivers, 'the IP host finds and removes what a crash left behind', async () => {
  const before = [await sh('ip', '-o', '-4', 'addr'), await sh('ip', 'route'), forwarding()];
  const script = `
    import { LinuxIpHost } from '${join(import.meta.dir, '../../board/linux/iphost.ts')}';
    const board = new LinuxIpHost({ ports: new Map([['eth0', 'va']]), traces: '${traces}' });
    board.setUp('eth0', true); board.addAddress('eth0', ${ip('10.0.0.1')}, 24); board.setForwarding(true);
    board.addRoute({ destination: ${route.destination}, length: 16, via: ${route.via}, name: 'eth0', metric: 5 });
    process.kill(process.pid, 'SIGKILL');`;
  const child = Bun.spawnSync([process.execPath, '-e', script], { stderr: 'inherit' });
  assert.is(child.signalCode, 'SIGKILL');
  assert.match(await sh('ip', 'route'), /proto 249/);
  assert.is(forwarding(), '1');
  const board = host();
  try {
    assert.equal([await sh('ip', '-o', '-4', 'addr'), await sh('ip', 'route'), forwarding()], before);
    assert.match(await sh('ip', '-br', 'link', 'show', 'va'), /DOWN/);
  } finally {
    board.close();
  }
});

when(NEEDS, drivers, 'the IP host takes away the ARP proxies that a crash left behind, and keeps those that the host itself set', async () => {
  await sh('ip', 'link', 'set', 'va', 'up');
  await sh('ip', 'neigh', 'add', 'proxy', '10.0.0.8', 'dev', 'va');
  const script = `
    import { LinuxIpHost } from '${join(import.meta.dir, '../../board/linux/iphost.ts')}';
    const board = new LinuxIpHost({ ports: new Map([['eth0', 'va']]), traces: '${traces}' });
    board.addProxy('eth0', ${ip('10.0.0.9')});
    process.kill(process.pid, 'SIGKILL');`;
  assert.is(Bun.spawnSync([process.execPath, '-e', script], { stderr: 'inherit' }).signalCode, 'SIGKILL');
  assert.match(await sh('ip', 'neigh', 'show', 'proxy'), /10\.0\.0\.9 dev va/);
  const board = host();
  board.close();
  const left = await sh('ip', 'neigh', 'show', 'proxy');
  assert.match(left, /10\.0\.0\.8 dev va/);
  assert.not.match(left, /10\.0\.0\.9/);
});

when(NEEDS, drivers, 'the IP host keeps an address and a route that the host itself set', async () => {
  await sh('ip', 'link', 'set', 'va', 'up');
  await sh('ip', 'addr', 'add', '10.7.0.1/24', 'dev', 'va');
  await sh('ip', 'route', 'add', '10.11.0.0/16', 'dev', 'va', 'metric', '3');
  const board = host();
  try {
    assert.is(board.addAddress('eth0', ip('10.7.0.1'), 24), undefined);
    const refused = board.addRoute({ ...route, destination: ip('10.11.0.0'), via: ANY_IPV4, metric: 3 });
    assert.is(refused?.refused, 'The host has a route to 10.11.0.0/16 with metric 3 of its own');
    assert.match(board.addRoute({ ...route, via: ip('99.0.0.1') })?.refused ?? '', /10\.9\.0\.0\/16 by eth0: Nexthop has invalid gateway/);
  } finally {
    board.close();
  }
  assert.match(await sh('ip', '-o', '-4', 'addr'), /10\.7\.0\.1/);
  assert.match(await sh('ip', 'route'), /10\.11\.0\.0/);
});

when(NEEDS, drivers, 'a port whose device is missing says so and is reported when it appears, changes and goes', async () => {
  const board = host({ eth1: 'vz', eth0: 'va' });
  const told: string[] = [];
  board.onLink = (name) => {
    const link = board.links().find((one) => one.name === name);
    told.push(`${name} ${link?.present} ${link?.admin} ${link?.up}`);
  };
  try {
    assert.equal(board.links().map((link) => [link.name, link.present]), [['eth0', true], ['eth1', false]]);
    assert.is(board.setUp('eth1', true)?.refused, 'The port eth1 is waiting for the device vz, which the kernel does not have');
    assert.is(board.addAddress('eth7', ip('10.0.0.1'), 24)?.refused, 'There is no interface eth7');
    await sh('ip', 'link', 'add', 'vz', 'type', 'veth', 'peer', 'name', 'vy');
    await until('eth1 to appear', 2, () => told.includes('eth1 true false false'));
    assert.is(board.setUp('eth1', true), undefined);
    await until('eth1 without carrier', 2, () => told.includes('eth1 true true false'));
    await sh('ip', 'link', 'set', 'vy', 'up');
    await until('eth1 with carrier', 2, () => told.includes('eth1 true true true'));
    await sh('ip', 'link', 'del', 'vz');
    await until('eth1 to go', 2, () => told.at(-1) === 'eth1 false false false');
  } finally {
    board.close();
  }
});

when([...NEEDS, 'tun'], drivers, 'a pppN that is a TUN device is listed behind the ports, in the order of numbers', () => {
  const devices = ['ppp10', 'ppp2'].map((name) => new Tun(name));
  const board = host();
  try {
    assert.equal(board.links().map((link) => link.name), ['eth0', 'ppp2', 'ppp10']);
    assert.is(board.setUp('ppp2', true), undefined);
    assert.is(board.addRoute({ ...route, via: ANY_IPV4, name: 'ppp2' }), undefined, 'a route into an unnumbered interface');
    assert.is(board.lookup(ip('10.9.1.1'))?.name, 'ppp2');
  } finally {
    board.close();
    for (const device of devices) device.release();
  }
});

when(NEEDS, drivers, 'the link events go on after the kernel has overrun their buffer', async () => {
  let lost = 0;
  let messages = 0;
  const events = new NetlinkEvents(RTMGRP.LINK, { message: () => messages++, lost: () => lost++ }, 2048);
  try {
    await Bun.sleep(20);
    const busy = 'for i in 1 2 3 4 5 6; do ip link add ov1 type veth peer name ov2; ip link del ov1; done';
    Bun.spawnSync(['sh', '-c', busy]);
    await until('the loss to be noticed', 3, () => lost > 0);
    const seen = messages;
    await Bun.sleep(50);
    await sh('ip', 'link', 'set', 'va', 'mtu', '1400');
    await until('a message after it', 2, () => messages > seen);
  } finally {
    events.close();
  }
});

when(NEEDS, drivers, 'neighbours are listed with the port they were seen on', async () => {
  const board = host();
  try {
    assert.is(board.setUp('eth0', true), undefined);
    assert.is(board.addAddress('eth0', ip('10.0.0.1'), 24), undefined);
    await sh('ip', 'neigh', 'add', '10.0.0.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'va', 'nud', 'permanent');
    await sh('ip', 'neigh', 'add', '10.0.0.8', 'lladdr', '02:00:00:00:00:08', 'dev', 'va', 'nud', 'reachable');
    const found = [...board.neighbours()].sort((a, b) => a.address - b.address).map((one) => [one.name, formatIpv4(one.address), one.mac, one.kind]);
    assert.equal(found, [['eth0', '10.0.0.8', '02-00-00-00-00-08', 'dynamic'], ['eth0', '10.0.0.9', '02-00-00-00-00-09', 'static']]);
  } finally {
    board.close();
  }
});

const echo = (sequence: number, size = 8): Buffer => {
  const message = Buffer.alloc(8 + size, 0x61);
  message.set([8, 0, 0, 0, 0x12, 0x34, 0, sequence]);
  return writeChecksum(message, 2, createChecksum(message));
};

when(NEEDS, drivers, 'a probe is answered with its data, from the source asked for', async () => {
  await sh('ip', 'addr', 'add', '10.5.0.1/32', 'dev', 'lo');
  const answers: IcmpAnswer[] = [];
  const raw = linuxRawIp(monotonic).open((answer) => answers.push(answer));
  if ('refused' in raw) throw new Error(raw.refused);
  try {
    assert.is(raw.send(ip('127.0.0.1'), echo(1), { source: ANY_IPV4, ttl: 64, tos: 0 }), undefined);
    assert.is(raw.send(ip('10.5.0.1'), echo(2), { source: ip('10.5.0.1'), ttl: 1, tos: 16 }), undefined);
    assert.match(raw.send(ip('203.0.113.1'), echo(3), { source: ANY_IPV4, ttl: 64, tos: 0 })?.refused ?? '', /^No route to 203\.0\.113\.1$/);
    await until('two answers', 2, () => answers.length === 2);
    assert.equal(answers.map((answer) => [formatIpv4(answer.from), answer.type, answer.code, answer.rest[3], answer.rest.length]), [['127.0.0.1', 0, 0, 1, 12], ['10.5.0.1', 0, 0, 2, 12]]);
  } finally {
    raw.close();
    await sh('ip', 'addr', 'del', '10.5.0.1/32', 'dev', 'lo');
  }
});

when([...NEEDS, 'tun'], drivers, 'raw-socket: an ICMP echo through createSocket, with option, queue and callbacks in order', async () => {
  const socket = createSocket({ protocol: Protocol.ICMP, generateChecksums: true, checksumOffset: 2 });
  const order: string[] = [];
  const got: [string, number, number][] = [];
  socket.on('message', (buffer, source) => got.push([source, buffer[20] ?? -1, buffer[27] ?? -1]));
  const unsummed = Buffer.from([8, 0, 0, 0, 0, 1, 0, 9]);
  socket.send(unsummed, 0, 8, '127.0.0.1', () => { order.push('before'); socket.setOption(SocketLevel.IPPROTO_IP, SocketOption.IP_TTL, 5); }, (error, bytes) => order.push(`after ${error} ${bytes}`));
  assert.equal(order, [], 'nothing happens inside send');
  await until('the echo reply', 2, () => got.some(([source, type, sequence]) => source === '127.0.0.1' && type === 0 && sequence === 9));
  assert.equal(order, ['before', 'after null 8']);
  const ttl = Buffer.alloc(4);
  assert.is(socket.getOption(SocketLevel.IPPROTO_IP, SocketOption.IP_TTL, ttl, 4), 4);
  assert.is(ttl.readUInt32LE(), 5);
  const failures: string[] = [];
  socket.send(unsummed, 4, 8, '127.0.0.1', (error) => failures.push(String(error?.message)));
  socket.send(unsummed, 0, 8, 'nowhere', (error) => failures.push(String(error?.message)));
  assert.match(failures.join('; '), /not large enough.*; Invalid IP address 'nowhere'/);
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.close();
  await closed;
});

when(NEEDS, drivers, 'raw-socket: pauseRecv lets nothing through, close is announced once', async () => {
  const socket = createSocket({ protocol: Protocol.ICMP });
  let got = 0;
  let closes = 0;
  socket.on('message', () => got++);
  socket.on('close', () => closes++);
  await Bun.sleep(10);
  socket.pauseRecv();
  socket.send(echo(1), 0, 16, '127.0.0.1', () => {});
  await Bun.sleep(50);
  assert.is(got, 0);
  socket.resumeRecv();
  socket.send(echo(2), 0, 16, '127.0.0.1', () => {});
  await until('messages again', 2, () => got > 0);
  socket.close();
  socket.close();
  await until('close', 2, () => closes > 0);
  assert.is(closes, 1);
});

when(NEEDS, drivers, 'raw-socket: ICMPv6 messages come with their source', async () => {
  const socket = createSocket({ addressFamily: AddressFamily.IPv6, protocol: Protocol.ICMPv6 });
  const got: [string, number][] = [];
  socket.on('message', (buffer, source) => got.push([source, buffer[0] ?? -1]));
  socket.send(Buffer.from([128, 0, 0, 0, 0, 1, 0, 1]), 0, 8, '::1', (error) => assert.is(error, null));
  await until('the echo reply', 3, () => got.some(([source, type]) => source === '::1' && type === 129));
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.close();
  await closed;
});

when([...NEEDS, 'tun'], drivers, 'tuntap: a Tun takes mtu, addresses and state, and each read and write is one packet', async () => {
  const tun = new Tun();
  const packets: Buffer[] = [];
  tun.on('data', (packet: Buffer) => packets.push(packet));
  tun.mtu = 1400;
  tun.ipv4 = '10.6.0.1/24';
  tun.ipv4 = '10.6.1.1/24';
  tun.ipv6 = 'fd00:6::1/64';
  tun.isUp = true;
  assert.match(tun.name, /^tun\d+$/);
  assert.equal([tun.mtu, tun.ipv4, tun.ipv6, tun.isUp, tun.isTun, tun.isTap, tun.mac], [1400, '10.6.1.1/24', 'fd00:6::1/64', true, true, false, '']);
  const socket = createSocket({ protocol: Protocol.ICMP });
  const answers: string[] = [];
  socket.on('message', (buffer, source) => { if (buffer[20] === 0) answers.push(source); });
  for (const sequence of [1, 2, 3]) socket.send(echo(sequence, sequence * 10), 0, 8 + sequence * 10, '10.6.1.2', () => {});
  const echoes = (): Buffer[] => packets.filter((packet) => Tun.addressFamily(packet) === 'IPv4' && packet[9] === 1);
  await until('three packets', 2, () => echoes().length === 3);
  assert.equal(echoes().map((packet) => packet.length), [38, 48, 58]);
  // Answer the first: addresses swapped, type 0; the IP checksum stays right.
  const reply = Buffer.from(echoes()[0] ?? Buffer.alloc(0));
  reply.copyWithin(12, 16, 20);
  reply.set([10, 6, 1, 1], 16);
  reply.set([10, 6, 1, 2], 12);
  reply[20] = 0;
  writeChecksum(reply, 22, 0);
  writeChecksum(reply, 22, createChecksum(reply.subarray(20)));
  tun.write(reply);
  await until('the kernel to take the answer', 2, () => answers.includes('10.6.1.2'));
  socket.close();
  const name = tun.name;
  tun.release();
  await until('the device to go', 3, () => !existsSync(`/proc/sys/net/ipv4/conf/${name}`));
});

when([...NEEDS, 'tun'], drivers, 'tuntap: a Tap has a hardware address that can be set; a device that exists is refused by name', async () => {
  const tap = new Tap('hs-tap');
  try {
    tap.mac = '02:00:00:aa:bb:cc';
    assert.is(tap.mac, '02:00:00:aa:bb:cc');
    assert.is(tap.isTap, true);
    assert.throws(() => new Tap('hs-tap'), /hs-tap cannot be made: device or resource busy/);
    assert.throws(() => { tap.ipv4 = '10.0.0.1'; }, /not ADDRESS\/LENGTH/);
  } finally {
    tap.release();
    await new Promise((done) => tap.on('close', done));
  }
});

drivers.run();
