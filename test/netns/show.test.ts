// SHOW and DEBUG of a live router against what stands in a capture, in the kernel and in the manual's samples.

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { missing, when } from '../needs.ts';
import type { Capture, Network, Router } from '../network.ts';
import { field, lans, NEEDS, PORTS, PRELUDE, SCRIPT_A, SCRIPT_B, seed } from './lans.ts';
import { SAMPLES } from './samples.ts';
import { ConsoleSession } from './session.ts';

const CAPTURING = [...NEEDS, 'tshark', 'tcpdump'];
const IN = 'ip.dst == 1.1.1.1';
const OUT = 'ip.src == 1.1.1.1';
/** Flags and version, length, tunnel and session of a data message without sequence numbers. */
const DATA_HEADER = 8;
const OCRQ = 7;

let net: Network;
let a: Router;
let b: Router;
let wire: Capture;

const show = suite('show');

show.before(async () => {
  if (missing(...CAPTURING) !== undefined) return;
  net = await lans('sh');
  wire = await net.capture('inet', 'toa', 'udp port 1701');
  a = await net.router('a', PORTS, PRELUDE.a + seed(SCRIPT_A));
  b = await net.router('b', PORTS, PRELUDE.b + seed(SCRIPT_B));
  await net.pings('h1', '192.168.20.2', 20);
  const many = await net.exec('h1', ['ping', '-n', '-q', '-c', '200', '-i', '0.005', '-s', '1000', '192.168.20.2']);
  assert.is(many.code, 0, many.output);
});

show.after(async () => {
  await net?.remove();
});

type Counts = Readonly<Record<string, number | string>>;

/** Compares at a moment when nothing moved in between: keep-alives come only every 10 s. */
async function same(what: string, shown: () => Promise<Counts>, seen: () => Promise<Counts>): Promise<void> {
  let [left, right]: Counts[] = [{}, {}];
  for (let attempt = 0; attempt < 5; attempt++) {
    left = await shown();
    await Bun.sleep(300);
    right = await seen();
    if (JSON.stringify(left) === JSON.stringify(right)) break;
  }
  assert.equal(left, right, what);
}

const numbers = (output: string, labels: readonly string[]): Counts => Object.fromEntries(labels.map((label) => [label, Number(field(output, label))]));

interface Seen {
  readonly way: 'in' | 'out';
  readonly control: boolean;
  /** Message type; 0 = none. */
  readonly type: number;
  readonly session: number;
  /** Octets of the PPP frame in a data message. */
  readonly frame: number;
  readonly protocol: number;
  readonly code: number;
}

/** All L2TP messages that crossed router A's wire. */
async function messages(): Promise<Seen[]> {
  const lines = await wire.fields('l2tp', 'ip.src', 'l2tp.type', 'l2tp.avp.message_type', 'l2tp.session', 'l2tp.length', 'ppp.protocol', 'ppp.code');
  return lines.map((line) => {
    const [source = '', kind, type, session, length, protocol, code] = line.split('\t');
    return {
      way: source.startsWith('1.1.1.1') ? 'out' : 'in', control: kind === '1', type: Number(type), session: Number(session), frame: Number(length) - DATA_HEADER,
      protocol: Number(protocol), code: Number(code),
    };
  });
}

/** What SHOW L2TP calls its counters, from the capture. */
async function wireCounts(): Promise<Record<string, number>> {
  const all = await messages();
  const count = (way: string, of: (message: Seen) => boolean): number => all.filter((message) => message.way === way && of(message)).length;
  const [ci, co] = [count('in', (m) => m.control), count('out', (m) => m.control)];
  const [cid, cod] = [count('in', (m) => m.control && m.type > 0), count('out', (m) => m.control && m.type > 0)];
  const [di, dout] = [count('in', (m) => !m.control), count('out', (m) => !m.control)];
  return {
    'In Messages': ci + di, 'Out Messages': co + dout,
    'In Control Packets': ci, 'In Control Packets With Data': cid, 'In Control Packets No Data': ci - cid, 'Processed Control Packets': ci, 'In Order Control Packets': cid,
    'Out Control Packets': co, 'Out Control Packets With Data': cod, 'Out Control Packets No Data': co - cod,
    'In Data Packets': di, 'In Data Packets With Data': di, 'In Data Packets No Data': 0, 'Processed Data Packets': di,
    'Out Data Packets': dout, 'Out Data Packets With Data': dout, 'Out Data Packets No Data': 0,
  };
}

when(CAPTURING, show, 'SHOW L2TP COUNTER counts what the capture holds', async () => {
  const labels = Object.keys(await wireCounts());
  await same('SHOW L2TP COUNTER', async () => numbers(await a.cli('SHOW L2TP COUNTER'), labels), wireCounts);
  const rest = await a.cli('SHOW L2TP COUNTER');
  for (const label of ['In Errors', 'In Discarded - Disabled', 'In Discarded - Filtered', 'In Discarded - No Such Tunnel', 'In Discarded - No Such Call', 'Mal Formed Packets']) {
    assert.is(field(rest, label), '0', label);
  }
});

when(CAPTURING, show, 'SHOW L2TP counts the same messages, and the tunnel', async () => {
  await same('SHOW L2TP', async () => numbers(await a.cli('SHOW L2TP'), ['In Messages', 'Out Messages', 'Tunnels']), async () => {
    const counts = await wireCounts();
    return { 'In Messages': counts['In Messages'] ?? 0, 'Out Messages': counts['Out Messages'] ?? 0, Tunnels: 1 };
  });
});

when(CAPTURING, show, 'SHOW L2TP TUNNEL COUNTER, with and without the id, counts the tunnel\'s control messages', async () => {
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Tunnel ID');
  const labels = [
    'In Control Packets', 'In Control Packets With Data', 'In Control Packets No Data', 'Processed Control Packets', 'In Order Control Packets',
    'Out Control Packets', 'Out Control Packets With Data', 'Out Control Packets No Data',
  ];
  for (const command of ['SHOW L2TP TUNNEL COUNTER', `SHOW L2TP TUNNEL=${id} COUNTER`]) {
    await same(command, async () => numbers(await a.cli(command), labels), async () => {
      const counts = await wireCounts();
      return Object.fromEntries(labels.map((label) => [label, counts[label] ?? 0]));
    });
  }
});

when(CAPTURING, show, 'SHOW L2TP TUNNEL=id shows the ids, numbers and names that the messages carry', async () => {
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Tunnel ID');
  const labels = ['Tunnel ID', 'Remote Tunnel ID', 'Remote Hostname', 'Remote Receive Window', 'Remote Firmware', 'Next Sent', 'Next Received', 'Calls Active'];
  await same(`SHOW L2TP TUNNEL=${id}`, async () => {
    const output = await a.cli(`SHOW L2TP TUNNEL=${id}`);
    return Object.fromEntries(labels.map((label) => [label, field(output, label)]));
  }, async () => {
    const [sccrp = ''] = await wire.fields(`${IN} && l2tp.avp.message_type == 2`, 'l2tp.tunnel', 'l2tp.avp.assigned_tunnel_id', 'l2tp.avp.host_name', 'l2tp.avp.receive_window_size', 'l2tp.avp.firmware_revision');
    const [own = '', theirs = '', name = '', window = '', firmware = ''] = sccrp.split('\t');
    // Every message with AVPs takes a number; a ZLB takes none.
    const [sent, received] = [await wire.count(`${OUT} && l2tp.avp.message_type`), await wire.count(`${IN} && l2tp.avp.message_type`)];
    const revision = Number(firmware);
    return {
      'Tunnel ID': own, 'Remote Tunnel ID': theirs, 'Remote Hostname': name, 'Remote Receive Window': window, 'Remote Firmware': `${revision >>> 8}-${revision & 255}`,
      'Next Sent': `${sent}`, 'Next Received': `${received}`, 'Calls Active': '1',
    };
  });
});

/** Packets and octets of PPP frames in data messages, one way. */
function payload(all: readonly Seen[], way: Seen['way']): readonly [packets: number, octets: number] {
  const frames = all.filter((message) => message.way === way && !message.control);
  return [frames.length, frames.reduce((total, message) => total + message.frame, 0)];
}

when(CAPTURING, show, 'SHOW L2TP TUNNEL CALL=id shows ids, dialed name, speeds, packets and octets as on the wire', async () => {
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Call ID');
  const labels = ['Call ID', 'Remote Call ID', 'Call Serial Number', 'Dialed Number', 'Connect Speed', 'Remote Connect Speed', 'In Discards', 'In Packets', 'In Bytes', 'Out Packets', 'Out Bytes'];
  const command = `SHOW L2TP TUNNEL CALL=${id}`;
  await same(command, async () => {
    const output = await a.cli(command);
    return Object.fromEntries(labels.map((label) => [label, field(output, label)]));
  }, async () => {
    const [request = ''] = await wire.fields('l2tp.avp.message_type == 7', 'l2tp.avp.assigned_session_id', 'l2tp.avp.call_serial_number', 'l2tp.avp.called_number', 'l2tp.avp.maximum_bps');
    const [reply = ''] = await wire.fields('l2tp.avp.message_type == 8', 'l2tp.avp.assigned_session_id');
    const [connected = ''] = await wire.fields('l2tp.avp.message_type == 9', 'l2tp.avp.connect_speed');
    const [own = '', serial = '', dialed = '', speed = ''] = request.split('\t');
    const all = await messages();
    const [[inPackets, inBytes], [outPackets, outBytes]] = [payload(all, 'in'), payload(all, 'out')];
    return {
      'Call ID': own, 'Remote Call ID': reply, 'Call Serial Number': serial, 'Dialed Number': dialed, 'Connect Speed': speed, 'Remote Connect Speed': connected, 'In Discards': '0',
      'In Packets': `${inPackets}`, 'In Bytes': `${inBytes}`, 'Out Packets': `${outPackets}`, 'Out Bytes': `${outBytes}`,
    };
  });
});

when(CAPTURING, show, 'SHOW L2TP TUNNEL CALL COUNTER, with and without the id, counts control and data messages of the call', async () => {
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Call ID');
  for (const command of ['SHOW L2TP TUNNEL CALL COUNTER', `SHOW L2TP TUNNEL CALL=${id} COUNTER`]) {
    const labels = [
      'In Packets', 'In Bytes', 'In Payload Packets', 'In Payload Packets With Data', 'In Payload Packets No Data', 'Processed Payload Packets', 'In Discards',
      'Out Packets', 'Out Bytes', 'Out Payload Packets', 'Out Payload Packets With Data', 'Out Payload Packets No Data',
    ];
    await same(command, async () => numbers(await a.cli(command), labels), async () => {
      const all = await messages();
      const [[inPackets, inBytes], [outPackets, outBytes]] = [payload(all, 'in'), payload(all, 'out')];
      // Messages about a call: those that carry its id, and the request, which nobody has an id for yet.
      const about = (way: Seen['way']): number => all.filter((m) => m.way === way && m.control && (m.session !== 0 || m.type === OCRQ)).length;
      const [inControl, outControl] = [about('in'), about('out')];
      assert.equal([inControl, outControl], [2, 1]);
      return {
        'In Packets': inPackets + inControl, 'In Bytes': inBytes, 'In Payload Packets': inPackets, 'In Payload Packets With Data': inPackets, 'In Payload Packets No Data': 0,
        'Processed Payload Packets': inPackets, 'In Discards': 0,
        'Out Packets': outPackets + outControl, 'Out Bytes': outBytes, 'Out Payload Packets': outPackets, 'Out Payload Packets With Data': outPackets, 'Out Payload Packets No Data': 0,
      };
    });
  }
});

/** Counters of SHOW PPP COUNTER: 'LCP inEchoRequest' -> 3. */
function pppCounters(output: string): Map<string, number> {
  const counters = new Map<string, number>();
  let group = '';
  for (const line of output.split('\n')) {
    group = /^ {2}(\S+) Counters$/.exec(line)?.[1] ?? group;
    for (const at of [4, 44]) {
      const cell = /^(\S.*?) +(\d+) *$/.exec(line.slice(at, at + 40));
      if (cell !== null) counters.set(`${group} ${cell[1]}`, Number(cell[2]));
    }
  }
  return counters;
}

when(CAPTURING, show, 'SHOW PPP COUNTER counts frames, octets and packets of every code as tshark does', async () => {
  const codes = [['ConfigureRequest', 1], ['ConfigureAck', 2], ['ConfigureNak', 3], ['ConfigureReject', 4], ['TerminateRequest', 5], ['CodeReject', 7]] as const;
  const echoes = [['EchoRequest', 9], ['EchoReply', 10]] as const;
  const protocols = [['LCP', 0xc021, [...codes, ...echoes]], ['IPCP', 0x8021, codes]] as const;
  const seen = async (): Promise<Counts> => {
    const counts: Record<string, number> = {};
    const all = await messages();
    [counts['Interface inPackets'], counts['Interface inOctets']] = payload(all, 'in');
    [counts['Interface outPackets'], counts['Interface outOctets']] = payload(all, 'out');
    for (const [name, protocol, list] of protocols) {
      for (const [label, code] of list) {
        for (const way of ['in', 'out']) counts[`${name} ${way}${label}`] = all.filter((m) => m.way === way && m.protocol === protocol && m.code === code).length;
      }
    }
    return counts;
  };
  const labels = Object.keys(await seen());
  await same('SHOW PPP COUNTER', async () => {
    const counters = pppCounters(await a.cli('SHOW PPP COUNTER'));
    return Object.fromEntries(labels.map((label) => [label, counters.get(label) ?? -1]));
  }, seen);
  assert.ok(Number((await seen())['LCP inConfigureRequest']) >= 1);
});

when(CAPTURING, show, 'SHOW PPP LIMITS shows the megabytes that were carried', async () => {
  const megabytes = (octets: number): string => `${(octets / 1_000_000).toFixed(1)} MB`;
  await same('SHOW PPP LIMITS', async () => {
    const output = await a.cli('SHOW PPP LIMITS');
    const row = (label: string): string => new RegExp(`^  ${label} +(\\S+ MB) +Unlimited`, 'm').exec(output)?.[1] ?? output;
    return { in: row('In Data'), out: row('Out Data'), total: row('Total Data') };
  }, async () => {
    const all = await messages();
    const [[, inOctets], [, outOctets]] = [payload(all, 'in'), payload(all, 'out')];
    assert.ok(inOctets > 200_000);
    return { in: megabytes(inOctets), out: megabytes(outOctets), total: megabytes(inOctets + outOctets) };
  });
});

when(CAPTURING, show, 'SHOW INTERFACE COUNTER counts what was captured on each interface meanwhile', async () => {
  const names = { eth0: 'lan', eth1: 'wan', ppp1: 'ppp1' } as const;
  const captures = new Map<string, Capture>();
  for (const [name, device] of Object.entries(names)) captures.set(name, await net.capture('a', device));
  const counters = async (): Promise<Map<string, number[]>> => {
    const rows = (await a.cli('SHOW INTERFACE COUNTER')).split('\n').map((line) => line.trim().split(/ +/));
    return new Map(rows.filter(([name = '']) => name in names).map(([name = '', ...values]) => [name, values.map(Number)]));
  };
  const captured = async (): Promise<Map<string, number[]>> => {
    const lengths = new Map<string, number[]>();
    for (const [name, capture] of captures) lengths.set(name, (await capture.fields('frame', 'frame.len')).map(Number));
    return lengths;
  };
  const sizes = (lengths: ReadonlyMap<string, number[]>): string => [...lengths.values()].map((list) => list.length).join();
  // Where both begin: a moment when nothing was captured while the counters were read.
  let [before, seenBefore] = [await counters(), await captured()];
  for (let attempt = 0; attempt < 5; attempt++) {
    const earlier = sizes(seenBefore);
    before = await counters();
    await Bun.sleep(300);
    seenBefore = await captured();
    if (sizes(seenBefore) === earlier) break;
  }
  const pinged = await net.exec('h1', ['ping', '-n', '-q', '-c', '7', '-i', '0.05', '-s', '500', '192.168.20.2']);
  assert.is(pinged.code, 0, pinged.output);
  await same('SHOW INTERFACE COUNTER', async () => {
    const after = await counters();
    const grown = (name: string, ...columns: number[]): number => columns.reduce((total, at) => total + (after.get(name)?.[at] ?? NaN) - (before.get(name)?.[at] ?? NaN), 0);
    return Object.fromEntries(Object.keys(names).flatMap((name) => [[`${name} packets`, grown(name, 0, 3)], [`${name} octets`, grown(name, 1, 4)], [`${name} errors`, grown(name, 2, 5)]]));
  }, async () => {
    const counts: Record<string, number> = {};
    for (const [name, all] of await captured()) {
      const lengths = all.slice(seenBefore.get(name)?.length);
      assert.ok(lengths.length >= 14, name);
      Object.assign(counts, { [`${name} packets`]: lengths.length, [`${name} octets`]: lengths.reduce((total, length) => total + length, 0), [`${name} errors`]: 0 });
    }
    return counts;
  });
  for (const capture of captures.values()) await capture.end();
});

interface KernelRoute { readonly dst: string; readonly gateway?: string; readonly dev: string }
const PORT_NAMES: Readonly<Record<string, string>> = { lan: 'eth0', wan: 'eth1' };
const mask = (length: number): string => [24, 16, 8, 0].map((shift) => ((length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) >>> shift) & 255).join('.');

when(NEEDS, show, 'SHOW IP ROUTE shows the kernel\'s routes, no more and no less', async () => {
  const kernel: KernelRoute[] = JSON.parse(await net.ip('a', '-j', 'route'));
  const expected = kernel.map(({ dst, gateway, dev }) => {
    const [address = '', length = '32'] = (dst === 'default' ? '0.0.0.0/0' : dst).split('/');
    return [address, mask(Number(length)), gateway ?? '0.0.0.0', PORT_NAMES[dev] ?? dev].join(' ');
  });
  const shown = (await a.cli('SHOW IP ROUTE')).split('\n').filter((line) => /^\d/.test(line)).map((line) => line.trim().split(/ +/).slice(0, 4).join(' '));
  assert.equal(shown.toSorted(), expected.toSorted());
  assert.is(shown.length, 5);
});

when(NEEDS, show, 'SHOW IP ARP shows the kernel\'s neighbours', async () => {
  const kernel: { dst: string; dev: string; lladdr?: string }[] = JSON.parse(await net.ip('a', '-4', '-j', 'neigh'));
  const expected = kernel.filter(({ lladdr }) => lladdr !== undefined).map(({ dst, dev, lladdr }) => [PORT_NAMES[dev], dst, lladdr?.replaceAll(':', '-')].join(' '));
  const shown = (await a.cli('SHOW IP ARP')).split('\n').filter((line) => line.startsWith('eth')).map((line) => line.trim().split(/ +/).slice(0, 3).join(' '));
  assert.equal(shown.toSorted(), expected.toSorted());
  assert.is(shown.length, 2);
});

when(NEEDS, show, 'SHOW IP INTERFACE shows the kernel\'s addresses and MTUs', async () => {
  const links: { ifname: string; mtu: number; addr_info: { family: string; local: string; prefixlen: number }[] }[] = JSON.parse(await net.ip('a', '-j', 'addr'));
  const lines = (await a.cli('SHOW IP INTERFACE')).split('\n');
  for (const [name, device] of [['eth0', 'lan'], ['eth1', 'wan'], ['ppp1', 'ppp1']] as const) {
    const link = links.find(({ ifname }) => ifname === device);
    if (link === undefined) throw new Error(`the kernel has no ${device}`);
    const at = lines.findIndex((line) => line.startsWith(`${name} `));
    const [[, , address], [, , network, mtu]] = [lines[at]?.split(/ +/) ?? [], lines[at + 1]?.split(/ +/) ?? []];
    const own = link.addr_info.find(({ family }) => family === 'inet');
    // An unnumbered interface shows 0.0.0.0 and borrows an address of another in the kernel.
    assert.equal([address, network], name === 'ppp1' ? ['0.0.0.0', '0.0.0.0'] : [own?.local, mask(own?.prefixlen ?? 0)], name);
    assert.is(mtu, `${link.mtu}`, name);
  }
  assert.is(links.find(({ ifname }) => ifname === 'ppp1')?.mtu, 1460);
});

when(NEEDS, show, 'SHOW LOG says who came up with whom, and no secret', async () => {
  const log = await a.cli('SHOW LOG');
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Tunnel ID');
  assert.match(log, new RegExp(`L2TP TNL +UP +tunnel ${id} with RouterB at 2\\.2\\.2\\.2 is up`));
  assert.match(log, /L2TP CALL +UP +call remote: up with RouterB, LNS outgoing/);
  assert.match(log, /IP +VINT +UP +ppp1: IP is up to 192\.168\.20\.1/);
  assert.match(log, /SCR +SCR +END +test\.cfg: \d+ commands run, 0 with an error/);
  assert.not.match(log, /l2tp[AB]/);
});

when(NEEDS, show, 'SHOW SYSTEM names the kernel, the data plane and the configuration', async () => {
  const shown = await a.cli('SHOW SYSTEM');
  assert.match(shown, `Kernel          : Linux ${readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim()}`);
  assert.match(shown, /^Data Plane {6}: user$/m);
  assert.match(shown, /^SysName\nRouterA$/m);
  assert.match(shown, /^Current configuration: test\.cfg$/m);
});

when(NEEDS, show, 'SHOW CPU and SHOW BUFFER show what this machine has', async () => {
  const cpu = [...(await a.cli('SHOW CPU')).matchAll(/ \.+ +(\d+)$/gm)].map(([, value]) => Number(value));
  assert.is(cpu.length, 7);
  for (const value of cpu) assert.ok(value <= 100, `${value} %`);
  const [most = 0, most5 = 0, average = 0] = cpu;
  assert.ok(most >= most5 && most >= average && most > 0);
  const total = /^MemTotal: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  const buffer = await a.cli('SHOW BUFFER');
  assert.match(buffer, `Memory (DRAM) ........ ${total} kB`);
  const held = Number(/^Held by this router \.+ (\d+) kB$/m.exec(buffer)?.[1]);
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${a.pid}/status`, 'latin1'))?.[1]);
  assert.ok(Math.abs(held - resident) < resident / 2, `${held} kB, ${resident} kB resident`);
});

when(NEEDS, show, 'SHOW DEBUG holds the outputs of the other commands and no secret', async () => {
  const dump = await a.cli('SHOW DEBUG');
  for (const command of ['SHOW L2TP TUNNEL', 'SHOW L2TP TUNNEL CALL', 'SHOW IP INTERFACE', 'SHOW PPP', 'SHOW TELNET']) {
    assert.ok(dump.includes(`# ${command.toLowerCase()}\n${(await a.cli(command)).trimEnd()}`), `${command} in ${dump}`);
  }
  for (const command of ['show system', 'show config dynamic', 'show cpu', 'show buffer', 'show interface', 'show ip route', 'show ip arp', 'show ppp config', 'show ppp counter', 'show l2tp counter', 'show log']) {
    assert.ok(dump.includes(`# ${command}\n`), command);
  }
  assert.not.match(dump, /l2tp[AB]/);
});

/** The layout of a SHOW L2TP output: labels, dots and columns, with the values left out. */
const layout = (output: string): string[] =>
  output.trimEnd().split('\n').map((line) => line.replace(/^(\d+\.){3}\d+ - (\d+\.){3}\d+ /, 'range ').replace(/^(.* \.+) \S.*$/, '$1').replace(/^Name : .*$/, 'Name :'));

for (const [command, sample] of Object.entries(SAMPLES)) {
  when(NEEDS, show, `${command} of the live router is laid out as the manual's sample`, async () => {
    assert.equal(layout(await a.cli(command)), layout(sample));
  });
}

/** The messages of DEBUG=PKT in what a console printed: direction and octets in hex. */
function traced(printed: string): string[] {
  const messages = [...printed.matchAll(/L2TP (rx|tx) \[ tunnelId:\d+(?: callId:\d+)? to 2\.2\.2\.2:1701 \]\r?\n((?:[0-9a-f]{2,8}[ \r\n]+)+)/g)];
  return messages.map(([, direction, words = '']) => `${direction} ${words.replace(/\s+/g, '')}`);
}

when(CAPTURING, show, 'ENABLE L2TP DEBUG=PKT prints every message of the call, octet for octet as captured', async () => {
  const id = field(await a.cli('SHOW L2TP TUNNEL'), 'Call ID');
  const tunnel = field(await a.cli('SHOW L2TP TUNNEL'), 'Tunnel ID');
  const console = new ConsoleSession(a);
  console.type(`ENABLE L2TP DEBUG=PKT CALL=${id}`);
  console.type('SHOW TIME');
  await console.expect(/System time/i, 5);
  const before = await wire.count('frame');
  const pinged = await net.exec('h1', ['ping', '-n', '-q', '-c', '3', '-i', '0.05', '-s', '33', '192.168.20.2']);
  assert.is(pinged.code, 0, pinged.output);
  await Bun.sleep(300);
  console.type('DISABLE L2TP DEBUG=ALL CALL');
  const [remoteTunnel, remoteCall] = [field(await a.cli('SHOW L2TP TUNNEL'), 'Remote Tunnel ID'), field(await a.cli('SHOW L2TP TUNNEL'), 'Remote Call ID')];
  console.type('SHOW TIME');
  await Bun.sleep(300);
  const printed = await console.end();
  const all = (await wire.fields('l2tp', 'ip.src', 'udp.payload', 'icmp.type')).map((line) => {
    const [source = '', payloadHex = '', icmp = ''] = line.split('\t');
    return { message: `${source.startsWith('1.1.1.1') ? 'tx' : 'rx'} ${payloadHex.replaceAll(':', '')}`, ping: icmp !== '' };
  });
  const shown = traced(printed);
  const pings = all.slice(before).filter(({ ping }) => ping).map(({ message }) => message);
  assert.is(pings.length, 6);
  for (const message of pings) assert.is(shown.filter((one) => one === message).length, 1, `${message} in ${printed}`);
  const captured = new Set(all.map(({ message }) => message));
  for (const message of shown) assert.ok(captured.has(message), `${message} is not in the capture`);
  assert.match(printed, `L2TP tx [ tunnelId:${remoteTunnel} callId:${remoteCall} to 2.2.2.2:1701 ]`);
  assert.is.not(tunnel, remoteTunnel);
  // Eight words a line: 33 octets of data make 8 + 4 + 61 octets.
  assert.match(printed, /^(?:[0-9a-f]{8} ){7}[0-9a-f]{8}\r?$/m);
});

when(CAPTURING, show, 'ENABLE L2TP DEBUG=STATE prints the transitions of a call that is placed again, and PKT its control messages', async () => {
  const console = new ConsoleSession(a);
  for (const line of ['ENABLE L2TP DEBUG=ALL TUNNEL', 'ENABLE L2TP DEBUG=STATE CALL', 'SHOW TIME']) console.type(line);
  await console.expect(/System time/i, 5);
  const before = await wire.count('frame');
  await a.cli('DEACTIVATE L2TP CALL=remote');
  await Bun.sleep(500);
  await a.cli('ACTIVATE L2TP CALL=remote');
  await net.pings('h1', '192.168.20.2', 15);
  await Bun.sleep(300);
  for (const line of ['DISABLE L2TP DEBUG=ALL TUNNEL', 'DISABLE L2TP DEBUG=ALL CALL', 'SHOW TIME']) console.type(line);
  await Bun.sleep(500);
  const printed = (await console.end()).replaceAll('\r', '');
  const states = [...printed.matchAll(/old state (\S+) - new state (\S+)/g)].map(([, old, next]) => `${old} ${next}`);
  assert.ok(states.includes('established idle'), printed);
  assert.ok(states.includes('idle wait-reply'), printed);
  assert.ok(states.some((line) => line.endsWith(' established')), printed);
  const control = (await wire.fields('l2tp', 'ip.src', 'udp.payload', 'l2tp.type')).slice(before).filter((line) => line.endsWith('\t1')).map((line) => {
    const [source = '', payloadHex = ''] = line.split('\t');
    return `${source === '1.1.1.1' ? 'tx' : 'rx'} ${payloadHex.replaceAll(':', '')}`;
  });
  const shown = new Set(traced(printed));
  assert.ok(control.length >= 5, `${control.length} control messages`);
  for (const message of control) assert.ok(shown.has(message), `${message} in ${printed}`);
});

when(CAPTURING, show, 'Both routers end cleanly, and tshark finds nothing wrong in what they sent', async () => {
  assert.is(await a.stop(), 0);
  assert.is(await b.stop(), 0);
  await wire.end();
  assert.equal(await wire.complaints('l2tp'), []);
});

show.run();
