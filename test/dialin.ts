// A small dial-in user: speaks AT and PPP to a router's call port, and stays until SIGTERM.
//   bun test/dialin.ts --socket PATH --user NAME --password PW [--auth pap|chap|mschapv2] [--number N] [--dials N] [--tun NAME | --ping ADDR]
// One line per event: connected; address A peer B dns C mtu M; refused: why; no answer; reply from ADDR; closed.
// With --tun the address is set on a TUN device of that name and everything of this namespace is routed there.

import { fromHex } from '../firmware/bytes/hex.ts';
import { checksum } from '../firmware/bytes/checksum.ts';
import { put16, put32, u32 } from '../firmware/bytes/integers.ts';
import { ANY_IPV4, formatIpv4, type Ipv4, parseIpv4, toIpv4 } from '../firmware/bytes/ip.ts';
import type { AuthMethod } from '../firmware/ppp/auth.ts';
import { kernelRandom } from '../board/linux/chance.ts';
import { LinuxClock } from '../board/linux/clock.ts';
import { libraryCrypto } from '../board/linux/crypto.ts';
import { Caller, type CallerEvent, sayEvent } from '../board/linux/lab/caller.ts';
import { type SocketData, SocketStream } from '../board/linux/stream.ts';
import { Tun } from '../board/linux/tuntap.ts';

const METHODS: Readonly<Record<string, AuthMethod>> = { pap: 'PAP', chap: 'CHAP-MD5', mschapv2: 'MSCHAPv2' };
const KNOWN = new Set(['socket', 'user', 'password', 'auth', 'number', 'dials', 'tun', 'ping']);
const ICMP = 1;

const print = (text: string): void => console.log(text);

function wrong(text: string): never {
  console.error(`dialin: ${text}`);
  process.exit(2);
}

function options(words: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) {
    const name = (words[i] ?? '').replace(/^--/, '');
    const value = words[i + 1];
    if (!KNOWN.has(name)) wrong(`there is no option ${words[i]}`);
    if (value === undefined) wrong(`--${name} needs a value`);
    given.set(name, value);
  }
  for (const name of ['socket', 'user', 'password']) if (!given.has(name)) wrong(`--${name} is required`);
  return given;
}

/** An ICMP echo request in an IPv4 packet. */
function echoRequest(from: Ipv4, to: Ipv4, sequence: number): Uint8Array {
  const packet = new Uint8Array(28 + 32);
  packet.set(fromHex('4500003c000040004001') ?? [], 0);
  put32(packet, 12, from);
  put32(packet, 16, to);
  put16(packet, 10, checksum(packet, 0, 20));
  packet[20] = 8;
  put16(packet, 26, sequence);
  put16(packet, 22, checksum(packet, 20));
  return packet;
}

/** Routes the whole namespace into the device. */
async function routeAll(device: string): Promise<void> {
  const done = Bun.spawnSync(['ip', 'route', 'replace', 'default', 'dev', device], { env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  if (done.exitCode !== 0) print(`no default route: ${done.stderr.toString().trim()}`);
}

const given = options(process.argv.slice(2));
const auth = given.has('auth') ? METHODS[given.get('auth') ?? ''] : undefined;
if (given.has('auth') && auth === undefined) wrong('--auth is pap, chap or mschapv2');
const target = given.has('ping') ? parseIpv4(given.get('ping') ?? '') : undefined;
if (given.has('ping') && target === undefined) wrong('--ping takes an IP address');

const clock = new LinuxClock();
let tun: Tun | undefined;
let pinging: ReturnType<typeof setInterval> | undefined;
let refused = false;

function event(one: CallerEvent): void {
  print(sayEvent(one));
  if (one.kind === 'refused' || one.kind === 'no answer') refused = true;
  if (one.kind === 'address') begin(one);
  if (one.kind !== 'closed') return;
  clearInterval(pinging);
  tun?.release();
  clock.close();
  // What is printed and written leaves before the process does.
  setTimeout(() => process.exit(refused ? 1 : 0), 50);
}

function begin({ address, mtu }: Extract<CallerEvent, { kind: 'address' }>): void {
  const name = given.get('tun');
  if (name !== undefined) {
    tun = new Tun(name);
    tun.mtu = mtu;
    tun.ipv4 = `${formatIpv4(address)}/32`;
    tun.isUp = true;
    tun.on('data', (packet: Uint8Array) => caller.send(packet));
    void routeAll(name);
  }
  if (target === undefined) return;
  let sequence = 0;
  const ping = (): void => caller.send(echoRequest(address, target, ++sequence));
  ping();
  pinging = setInterval(ping, 1000);
}

/** What came over the call: to the device, or an answer to our ping. */
function packet(data: Uint8Array): void {
  if (tun !== undefined) {
    tun.write(data.slice());
    return;
  }
  if ((data[0] ?? 0) >> 4 === 4 && data[9] === ICMP && data[20] === 0) print(`reply from ${formatIpv4(data.length < 20 ? ANY_IPV4 : toIpv4(u32(data, 12)))}`);
}

const socket = await Bun.connect<SocketData>({
  unix: given.get('socket') ?? '',
  socket: {
    open(one) {
      one.data = { stream: new SocketStream(one, { terminal: false, from: 'router' }) };
    },
    data: (one, data) => one.data.stream?.received(data),
    drain: (one) => one.data.stream?.drained(),
    close: (one) => one.data.stream?.ended(),
    error(_one, error) {
      throw error;
    },
  },
  data: { stream: undefined },
}).catch((error: unknown) => wrong(`${given.get('socket')}: ${error instanceof Error ? error.message : String(error)}`));

const stream = socket.data.stream;
if (stream === undefined) wrong('the socket did not open');
const caller = new Caller(
  { user: given.get('user') ?? '', password: given.get('password') ?? '', auth, number: given.get('number') ?? '', dials: given.get('dials') ?? '' },
  { clock, crypto: libraryCrypto, random: kernelRandom, write: (octets) => stream.write(octets), close: () => stream.close(), event, packet },
);
stream.onData = (data) => caller.received(data);
stream.onClose = () => caller.closed();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => caller.hangUp());
caller.call();
