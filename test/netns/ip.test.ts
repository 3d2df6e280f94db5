// The IP module on a real kernel: unnumbered interfaces, addresses from a peer, devices that go and return. Runs in a network
// namespace of its own; the far end of ppp1 is this test, reading and writing its TUN device.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxIpHost } from '../../board/linux/iphost.ts';
import { kernelRandom } from '../../board/linux/chance.ts';
import { LinuxClock, monotonic } from '../../board/linux/clock.ts';
import { linuxRawIp } from '../../board/linux/raw-ip.ts';
import { Tun } from '../../board/linux/tuntap.ts';
import { checksum } from '../../firmware/bytes/checksum.ts';
import { put16, u32 } from '../../firmware/bytes/integers.ts';
import { formatIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import type { Context } from '../../firmware/cli/command.ts';
import { printMessage } from '../../firmware/cli/messages.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { ipCommands } from '../../firmware/ip/ip.commands.ts';
import { encodeEcho } from '../../firmware/ip/icmp.ts';
import { IpModule } from '../../firmware/ip/module.ts';
import { Probes } from '../../firmware/ip/probes.ts';
import { inside } from '../inside.ts';
import { when } from '../needs.ts';
import { must, until } from '../network.ts';
import { ip4 } from '../unit/ip/fakehost.ts';

const NEEDS = ['root', 'netns', 'tun'] as const;
inside(import.meta.path, 'net');

const test = suite('ip on a kernel');
const folder = mkdtempSync(join(tmpdir(), 'hs-ip-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const sh = async (...words: string[]): Promise<string> => (await must(words)).trim();

/** A router with port eth0 on a cable and ppp1 on a TUN device; `got` are the IPv4 packets that left through ppp1. */
class Rig {
  readonly host = new LinuxIpHost({ ports: new Map([['eth0', 'va']]), traces: join(folder, 'kernel.json') });
  readonly tun = new Tun('ppp1');
  readonly got: Uint8Array[] = [];
  readonly printed: string[] = [];
  readonly ip: IpModule;
  readonly #table: CommandTable;

  constructor() {
    this.tun.on('data', (packet: Uint8Array) => {
      if ((packet[0] ?? 0) >> 4 === 4) this.got.push(Uint8Array.from(packet));
    });
    this.ip = new IpModule({
      host: this.host,
      clock: new LinuxClock(),
      log: { add: () => {} },
      owner: { exists: (name) => name === 'eth0' || name === 'ppp1', onDemand: (name) => name === 'ppp1', underlies: () => false, changed: () => {} },
    });
    this.host.onLink = (name) => this.ip.onLink(name);
    const probes = new Probes({
      raw: linuxRawIp(monotonic),
      clock: new LinuxClock(),
      random: kernelRandom,
      resolver: { resolve: () => {} },
      sourceAddress: (explicit) => this.ip.sourceAddress(explicit),
      routedSource: (target) => this.ip.routedSource(target),
    });
    this.#table = new CommandTable(ipCommands(this.ip, probes));
  }

  run(line: string): string {
    const context: Context = { user: 'manager', level: 'manager', from: 'test', now: monotonic(), kind: 'console', print: (text) => this.printed.push(text), ask: () => {}, logoff: () => {} };
    const outcome = this.#table.run(line, context);
    if (typeof outcome !== 'object' || 'pending' in outcome) return '';
    return 'severity' in outcome ? printMessage(outcome) : outcome.text;
  }

  close(): void {
    this.ip.clear();
    this.tun.destroy();
    this.host.close();
  }
}

/** Sources and destinations of the packets that left through ppp1. */
const flows = (rig: Rig): string[] => rig.got.map((p) => `${formatIpv4(toIpv4(u32(p, 12)))} > ${formatIpv4(toIpv4(u32(p, 16)))}`);

/** An echo request as it would come out of the tunnel. */
function echo(source: string, destination: string): Uint8Array {
  const message = encodeEcho({ id: 9, sequence: 1 }, 8, new Uint8Array(0));
  const packet = new Uint8Array(20 + message.length);
  packet.set([0x45, 0, 0, packet.length, 0, 0, 0, 0, 64, 1]);
  new DataView(packet.buffer).setUint32(12, ip4(source));
  new DataView(packet.buffer).setUint32(16, ip4(destination));
  put16(packet, 10, checksum(packet, 0, 20));
  packet.set(message, 20);
  return packet;
}

async function withRig(body: (rig: Rig) => Promise<void>): Promise<void> {
  await sh('ip', 'link', 'set', 'lo', 'up');
  await sh('ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
  await sh('ip', 'link', 'set', 'vb', 'up');
  const rig = new Rig();
  try {
    for (const line of ['enable ip', 'add ip interface=eth0 ipaddress=192.168.10.1', 'add ip interface=ppp1 ipaddress=0.0.0.0', 'add ip route=192.168.20.0 mask=255.255.255.0 interface=ppp1 nexthop=0.0.0.0']) {
      assert.match(rig.run(line), /^Info/, line);
    }
    await body(rig);
  } finally {
    rig.close();
    await sh('ip', 'link', 'del', 'va');
  }
}

when(NEEDS, test, 'An unnumbered interface routes, and the router sends through it from the first interface\'s address', () =>
  withRig(async (rig) => {
    assert.match(await sh('ip', 'route', 'get', '192.168.20.5'), /dev ppp1 src 192\.168\.10\.1/);
    rig.run('ping 192.168.20.5 number=1 timeout=1');
    await until('the echo request', 3, () => flows(rig).includes('192.168.10.1 > 192.168.20.5'));
  }));

when(NEEDS, test, 'PING prints the reply that comes out of an unnumbered interface', () =>
  withRig(async (rig) => {
    rig.ip.linkUp('ppp1', { local: ip4('192.168.10.1'), peer: ip4('192.168.20.1'), assigned: false });
    assert.match(await sh('ip', 'route'), /192\.168\.20\.1 dev ppp1/);
    rig.run('ping 192.168.20.5 number=1 timeout=2');
    await until('the echo request', 3, () => rig.got.length > 0);
    const request = rig.got.find((p) => u32(p, 16) === ip4('192.168.20.5')) ?? assert.unreachable('no request');
    const reply = Uint8Array.from(request ?? []);
    reply.set((request ?? reply).subarray(12, 16), 16);
    reply.set((request ?? reply).subarray(16, 20), 12);
    reply[20] = 0;
    put16(reply, 22, 0);
    put16(reply, 22, checksum(reply, 20));
    rig.tun.write(reply);
    await until('the line', 3, () => rig.printed.length > 0);
    assert.match(rig.printed[0] ?? '', /^Echo reply 1 from 192\.168\.20\.5 time delay \d+ ms$/);
  }));

when(NEEDS, test, 'The router answers on an unnumbered interface for the address it borrows', () =>
  withRig(async (rig) => {
    rig.tun.write(echo('192.168.20.5', '192.168.10.1'));
    await until('the echo reply', 3, () => flows(rig).includes('192.168.10.1 > 192.168.20.5'));
  }));

when(NEEDS, test, 'An address given by the peer becomes the source, and goes with the link', () =>
  withRig(async (rig) => {
    rig.run('enable ip remoteassign');
    rig.ip.linkUp('ppp1', { local: ip4('192.168.20.200'), peer: ip4('192.168.20.1'), assigned: true });
    assert.match(await sh('ip', 'route', 'get', '192.168.20.5'), /dev ppp1 src 192\.168\.20\.200/);
    rig.ip.linkDown('ppp1');
    assert.match(await sh('ip', 'route', 'get', '192.168.20.5'), /dev ppp1 src 192\.168\.10\.1/);
  }));

when(NEEDS, test, 'Addresses and routes return with the device, and the borrowed address outlives the port it is from', () =>
  withRig(async (rig) => {
    rig.run('add ip route=10.0.0.0 interface=eth0 nexthop=192.168.10.254');
    const before = await sh('ip', 'route');
    assert.match(before, /10\.0\.0\.0\/8 via 192\.168\.10\.254 dev va/);
    await sh('ip', 'link', 'set', 'va', 'down');
    await until('the route to go', 3, async () => !(await sh('ip', 'route')).includes('10.0.0.0/8'));
    await until('the module to notice', 3, () => rig.run('show ip interface').includes('eth0# '));
    assert.match(await sh('ip', 'route', 'get', '192.168.20.5'), /dev ppp1 src 192\.168\.10\.1/);
    await sh('ip', 'link', 'set', 'va', 'up');
    await until('the routes to return', 3, async () => (await sh('ip', 'route')) === before);
    await sh('ip', 'link', 'del', 'va');
    await until('the port to be missed', 3, () => rig.run('show ip interface=eth0').includes('no device in the kernel'));
    await sh('ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
    await sh('ip', 'link', 'set', 'vb', 'up');
    await until('the routes to return', 3, async () => (await sh('ip', 'route')) === before);
  }));

when(NEEDS, test, 'DELETE IP ARP makes the kernel forget a neighbour', () =>
  withRig(async (rig) => {
    await sh('ip', 'neigh', 'add', '192.168.10.9', 'lladdr', '00:00:f4:90:19:9f', 'dev', 'va', 'nud', 'reachable');
    assert.match(rig.run('show ip arp'), /^eth0 +192\.168\.10\.9 +00-00-f4-90-19-9f +Dynamic +Active$/m);
    assert.is(rig.run('delete ip arp=192.168.10.9'), 'Info (15003): Operation successful.');
    assert.not.match(rig.run('show ip arp'), /192\.168\.10\.9/);
    assert.not.match(await sh('ip', 'neigh'), /00:00:f4:90:19:9f/);
  }));

when(NEEDS, test, 'DISABLE IP leaves no address, no route and no forwarding of ours', () =>
  withRig(async (rig) => {
    assert.is(await sh('cat', '/proc/sys/net/ipv4/ip_forward'), '1');
    rig.run('disable ip');
    assert.is(await sh('ip', 'route'), '');
    assert.is(await sh('ip', '-4', '-o', 'addr', 'show', 'scope', 'global'), '');
    assert.is(await sh('cat', '/proc/sys/net/ipv4/ip_forward'), '0');
  }));

test.run();
