// A LAC that costs little: tunnels and calls over one real socket, each call with PPP of its own (LCP, CHAP or PAP, IPCP; RFC 1661, 1994, 1332).
//   bun test/bench/storm.lac.ts ADDRESS OF-LNS TUNNELS USER PASSWORD
// Obeys lines of standard input and answers each by one line of JSON (Result):
//   calls N PARALLEL SECONDS   N further calls, at most PARALLEL under way      quiet SECONDS   answers what comes      end   closes all

import { writeSync } from 'node:fs';
import { Arena } from '../../board/linux/ffi/arena.ts';
import { check } from '../../board/linux/ffi/errno.ts';
import { C, pinned, pointer } from '../../board/linux/ffi/libc.ts';
import { AF, MSG_FLAG, setBuffers, SOCK, sockaddrIn } from '../../board/linux/ffi/socket.ts';
import { addChecksum, foldChecksum } from '../../firmware/bytes/checksum.ts';
import { put16, put32, u16, u32, u8 } from '../../firmware/bytes/integers.ts';
import { formatIpv4, parseIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import type { ControlMessage } from '../../firmware/l2tp/catalog.ts';
import { encodeMessage } from '../../firmware/l2tp/control.ts';

export interface Result {
  /** Calls whose IPCP is open, of those asked for; those that came to nothing, and the first result code and error that said why. */
  readonly up: number;
  readonly failed: number;
  readonly why: string;
  readonly seconds: number;
  /** Milliseconds from ICRQ to IPCP, the middle one and the 99th of a hundred. */
  readonly median: number;
  readonly late: number;
  /** Messages sent again, ours and PPP's. */
  readonly repeated: number;
  /** Address of the first call that is up. */
  readonly first: string;
  /** Calls that went down again after they were up. */
  readonly lost: number;
}

const [here, there, tunnelsText = '', user = '', password = ''] = process.argv.slice(2);
const PORT = 1701;
const TUNNELS = Number(tunnelsText);
const MTU = 2048;
const WINDOW = 64;
const REPEAT_CONTROL = 1000;
const REPEAT_PPP = 3000;
const MOST_REPEATS = 5;
const CONTROL = 0xc802;
const HEADER = 12;
const FRONT = 12;
const TYPE_AT = 18;
const LCP = 0xc021;
const IPCP = 0x8021;
const PAP = 0xc023;
const CHAP = 0xc223;
const IPV4 = 0x0021;

interface Tunnel {
  readonly id: number;
  peer: number;
  ns: number;
  nr: number;
  window: number;
  mustAck: boolean;
  /** Not acknowledged: what was sent, and what waits for the window. */
  readonly sent: { readonly ns: number; readonly data: Uint8Array; at: number }[];
  readonly waiting: { readonly session: number; readonly body: Uint8Array; readonly call: Call | undefined }[];
  readonly calls: (Call | undefined)[];
  free: number;
}

type Stage = 'asked' | 'lcp' | 'auth' | 'ipcp' | 'up' | 'over';

interface Call {
  readonly tunnel: Tunnel;
  readonly id: number;
  readonly began: number;
  peer: number;
  stage: Stage;
  auth: number;
  acked: boolean;
  agreed: boolean;
  address: number;
  sentAt: number;
  repeats: number;
}

const arena = new Arena(1 << 20);
const input = arena.take(MTU);
const output = arena.take(MTU);
const b = arena.u8;
const fd = check('socket', C.socket(AF.INET, SOCK.DGRAM, 0));
setBuffers(fd, 16 << 20);
check('bind', C.bind(fd, sockaddrIn(parseIpv4(here ?? '') ?? toIpv4(0), PORT).at, 16));
check('connect', C.connect(fd, sockaddrIn(parseIpv4(there ?? '') ?? toIpv4(0), PORT).at, 16));

const tunnels: Tunnel[] = [];
/** Calls that are not up yet, in the order they began. */
const busy = new Set<Call>();
const times: number[] = [];
let [up, failed, lost, repeated, serial, now] = [0, 0, 0, 0, 0, performance.now()];
let why = '';
let first = 0;

const say = (length: number): void => {
  C.send(fd, pointer(arena.base + output), length, MSG_FLAG.DONTWAIT);
};
const body = (message: ControlMessage): Uint8Array => {
  const made = encodeMessage(message);
  if (made === undefined) throw new Error(`${message.type} does not fit`);
  return made;
};

// -- control --

/** `call`: the one that is connected by it, whose PPP begins behind it. */
function send(tunnel: Tunnel, session: number, of: Uint8Array, call?: Call): void {
  if (tunnel.sent.length >= tunnel.window) tunnel.waiting.push({ session, body: of, call });
  else launch(tunnel, session, of, call);
}

function launch(tunnel: Tunnel, session: number, of: Uint8Array, call: Call | undefined): void {
  const data = new Uint8Array(HEADER + of.length);
  put16(data, 0, CONTROL);
  put16(data, 2, data.length);
  put16(data, 4, tunnel.peer);
  put16(data, 6, session);
  put16(data, 8, tunnel.ns);
  data.set(of, HEADER);
  tunnel.sent.push({ ns: tunnel.ns, data, at: now });
  tunnel.ns = (tunnel.ns + 1) & 0xffff;
  transmit(tunnel, data);
  if (call === undefined) return;
  call.stage = 'lcp';
  request(call);
}

function transmit(tunnel: Tunnel, data: Uint8Array): void {
  put16(data, 10, tunnel.nr);
  tunnel.mustAck = false;
  b.set(data, output);
  say(data.length);
}

function acknowledge(tunnel: Tunnel): void {
  put16(b, output, CONTROL);
  put16(b, output + 2, HEADER);
  put16(b, output + 4, tunnel.peer);
  put16(b, output + 6, 0);
  put16(b, output + 8, tunnel.ns);
  put16(b, output + 10, tunnel.nr);
  tunnel.mustAck = false;
  say(HEADER);
}

function control(at: number, length: number): void {
  const tunnel = tunnels[u16(b, at + 4) - 1];
  if (tunnel === undefined || length < HEADER) return;
  const nr = u16(b, at + 10);
  while (tunnel.sent.length > 0 && ((nr - (tunnel.sent[0]?.ns ?? 0)) & 0xffff) - 1 < 0x7fff && nr !== tunnel.sent[0]?.ns) tunnel.sent.shift();
  if (length > HEADER) {
    tunnel.mustAck = true;
    if (u16(b, at + 8) === tunnel.nr) {
      tunnel.nr = (tunnel.nr + 1) & 0xffff;
      message(tunnel, u16(b, at + 6), at, at + length);
    }
  }
  while (tunnel.waiting.length > 0 && tunnel.sent.length < tunnel.window) {
    const next = tunnel.waiting.shift();
    if (next !== undefined) launch(tunnel, next.session, next.body, next.call);
  }
}

/** Where the value of an AVP begins; 0 = it has none. */
function avp(type: number, at: number, end: number): number {
  for (let p = at + HEADER; p + 6 <= end; p += Math.max(6, u16(b, p) & 0x3ff)) if (u16(b, p + 2) === 0 && u16(b, p + 4) === type) return p + 6;
  return 0;
}

const CONNECTED = body({ type: 'ICCN', txConnectSpeed: 10_000_000, framingType: 1 });

function message(tunnel: Tunnel, session: number, at: number, end: number): void {
  switch (u16(b, at + TYPE_AT)) {
    case 2: {
      tunnel.peer = u16(b, avp(9, at, end));
      const window = avp(10, at, end);
      tunnel.window = window === 0 ? 4 : Math.min(WINDOW, u16(b, window));
      return send(tunnel, 0, body({ type: 'SCCCN' }));
    }
    case 11: {
      const call = tunnel.calls[session];
      if (call === undefined) return;
      call.peer = u16(b, avp(14, at, end));
      return send(tunnel, call.peer, CONNECTED, call);
    }
    case 14: {
      const call = tunnel.calls[session];
      const result = avp(1, at, end);
      if (call !== undefined) end1(call, result === 0 ? 'CDN' : `CDN ${u16(b, result)}${result + 4 <= end ? ` ${u16(b, result + 2)}` : ''}`);
      return;
    }
    case 4:
      for (const call of tunnel.calls) if (call !== undefined) end1(call, `StopCCN ${u16(b, avp(1, at, end))}`);
  }
}

function end1(call: Call, reason: string): void {
  if (call.stage === 'over') return;
  if (call.stage === 'up') lost++;
  else {
    failed++;
    if (why === '') why = reason;
  }
  call.stage = 'over';
  call.tunnel.calls[call.id] = undefined;
  busy.delete(call);
}

// -- PPP --

/** Begins a frame at `output`; the place of its information. */
function frame(call: Call, protocol: number): number {
  put16(b, output, 0x4002);
  put16(b, output + 4, call.tunnel.peer);
  put16(b, output + 6, call.peer);
  put16(b, output + 8, 0xff03);
  put16(b, output + 10, protocol);
  return output + FRONT;
}
function finish(information: number): void {
  put16(b, output + 2, FRONT + information);
  say(FRONT + information);
}
function packet(call: Call, protocol: number, head: { readonly code: number; readonly id: number }, data: Uint8Array): void {
  const p = frame(call, protocol);
  b[p] = head.code;
  b[p + 1] = head.id;
  put16(b, p + 2, 4 + data.length);
  b.set(data, p + 4);
  finish(4 + data.length);
}

const NAME = utf8(user);
const SECRET = utf8(password);
const PROOF = new Uint8Array([NAME.length, ...NAME, SECRET.length, ...SECRET]);
const MAGIC = new Uint8Array(6);
const ADDRESS = new Uint8Array(6);
const NOTHING = new Uint8Array(0);

/** What the call waits for is asked for, again where it has not come. */
function request(call: Call): void {
  call.sentAt = now;
  if (call.stage === 'lcp') {
    MAGIC.set([5, 6, call.tunnel.id, call.id >> 8, call.id, 1]);
    packet(call, LCP, { code: 1, id: 1 }, MAGIC);
  } else if (call.stage === 'auth') {
    if (call.auth === PAP) packet(call, PAP, { code: 1, id: 1 }, PROOF);
  } else if (call.stage === 'ipcp') {
    ADDRESS.set([3, 6]);
    put32(ADDRESS, 2, call.address);
    packet(call, IPCP, { code: 1, id: call.address === 0 ? 1 : 2 }, ADDRESS);
  }
}

function advance(call: Call): void {
  if (!call.acked || !call.agreed) return;
  call.acked = call.agreed = false;
  if (call.stage === 'lcp') call.stage = call.auth === 0 ? 'ipcp' : 'auth';
  else if (call.stage === 'ipcp') {
    call.stage = 'up';
    busy.delete(call);
    up++;
    times.push(now - call.began);
    first ||= call.address;
  }
  request(call);
}

function ppp(call: Call, at: number, length: number): void {
  let p = at;
  if (u16(b, p) === 0xff03) p += 2;
  const protocol = (u8(b, p) & 1) === 0 ? u16(b, p) : u8(b, p);
  p += (u8(b, p) & 1) === 0 ? 2 : 1;
  const left = at + length - p;
  if (protocol === IPV4) return echo(call, p, left);
  const [code, id] = [u8(b, p), u8(b, p + 1)];
  const data = b.subarray(p + 4, p + Math.min(left, u16(b, p + 2)));
  if (protocol === LCP) lcp(call, code, id, data);
  else if (protocol === CHAP) chap(call, code, id, data);
  else if (protocol === PAP) proved(call, code === 2);
  else if (protocol === IPCP) ipcp(call, code, id, data);
  else {
    const rejected = new Uint8Array(2 + Math.min(left, 64));
    put16(rejected, 0, protocol);
    rejected.set(b.subarray(p, p + rejected.length - 2), 2);
    packet(call, LCP, { code: 8, id: 9 }, rejected);
  }
}

function lcp(call: Call, code: number, id: number, data: Uint8Array): void {
  switch (code) {
    case 1:
      for (let o = 0; o + 2 <= data.length; o += Math.max(2, u8(data, o + 1))) if (u8(data, o) === 3) call.auth = u16(data, o + 2);
      packet(call, LCP, { code: 2, id }, data);
      if (call.stage !== 'lcp') return;
      call.agreed = true;
      return advance(call);
    case 2:
      if (call.stage !== 'lcp') return;
      call.acked = true;
      return advance(call);
    case 5:
      return packet(call, LCP, { code: 6, id }, NOTHING);
    case 9:
      if (data.length >= 4) put32(data, 0, 0x05060000);
      return packet(call, LCP, { code: 10, id }, data);
  }
}

function chap(call: Call, code: number, id: number, data: Uint8Array): void {
  if (code !== 1) return proved(call, code === 3);
  const hash = new Bun.CryptoHasher('md5').update(new Uint8Array([id])).update(SECRET).update(data.subarray(1, 1 + u8(data, 0))).digest();
  const answer = new Uint8Array(17 + NAME.length);
  answer[0] = 16;
  answer.set(hash, 1);
  answer.set(NAME, 17);
  call.sentAt = now;
  packet(call, CHAP, { code: 2, id }, answer);
}

function proved(call: Call, isRight: boolean): void {
  if (call.stage !== 'auth' || !isRight) return;
  call.stage = 'ipcp';
  request(call);
}

function ipcp(call: Call, code: number, id: number, data: Uint8Array): void {
  if (code === 1) {
    packet(call, IPCP, { code: 2, id }, data);
    if (call.stage === 'auth') proved(call, true);
    if (call.stage !== 'ipcp') return;
    call.agreed = true;
  } else if (call.stage !== 'ipcp') return;
  else if (code === 3 && u8(data, 0) === 3) {
    call.address = u32(data, 2);
    return request(call);
  } else if (code === 2) call.acked = true;
  advance(call);
}

/** Answers a ping, whoever of the callers it is for. */
function echo(call: Call, at: number, length: number): void {
  if (length < 28 || u8(b, at + 9) !== 1 || u8(b, at + 20) !== 8) return;
  const p = frame(call, IPV4);
  b.copyWithin(p, at, at + length);
  put32(b, p + 12, u32(b, at + 16));
  put32(b, p + 16, u32(b, at + 12));
  b[p + 20] = 0;
  put16(b, p + 22, 0);
  put16(b, p + 22, foldChecksum(addChecksum(0, b, p + 20, p + length)));
  finish(length);
}

// -- the loop --

function datagram(length: number): void {
  const flags = u16(b, input);
  if ((flags & 0x8000) !== 0) return control(input, length);
  let p = input + ((flags & 0x4000) !== 0 ? 4 : 2);
  const call = tunnels[u16(b, p) - 1]?.calls[u16(b, p + 2)];
  p += 4 + ((flags & 0x0800) !== 0 ? 4 : 0);
  if ((flags & 0x0200) !== 0) p += 2 + u16(b, p);
  if (call !== undefined && p < input + length) ppp(call, p, input + length - p);
}

const waiting = pinned(16);
waiting.view.setInt32(0, fd, true);
waiting.view.setInt16(4, 1, true);
waiting.view.setInt32(8, 0, true);
waiting.view.setInt16(12, 1, true);
const BATCH = 256;
let swept = 0;

/** Takes what has come, or waits for something. */
function turn(): void {
  C.poll(waiting.at, 1, 20);
  now = performance.now();
  for (let i = 0; i < BATCH; i++) {
    const length = C.recv(fd, pointer(arena.base + input), MTU, MSG_FLAG.DONTWAIT);
    if (length < 6) break;
    datagram(length);
  }
  for (const tunnel of tunnels) if (tunnel.mustAck) acknowledge(tunnel);
  if (now - swept < 100) return;
  swept = now;
  for (const tunnel of tunnels) {
    for (const one of tunnel.sent) {
      if (now - one.at < REPEAT_CONTROL) break;
      one.at = now;
      repeated++;
      transmit(tunnel, one.data);
    }
  }
  for (const call of busy) {
    if (call.stage === 'asked' || now - call.sentAt < REPEAT_PPP) continue;
    repeated++;
    if (++call.repeats > MOST_REPEATS) end1(call, `no answer in ${call.stage}`);
    else request(call);
  }
}

function begin(tunnel: Tunnel): void {
  const call: Call = { tunnel, id: tunnel.free++, began: now, peer: 0, stage: 'asked', auth: 0, acked: false, agreed: false, address: 0, sentAt: now, repeats: 0 };
  tunnel.calls[call.id] = call;
  busy.add(call);
  send(tunnel, 0, body({ type: 'ICRQ', assignedSessionId: call.id, callSerialNumber: ++serial }));
}

function result(began: number): Result {
  times.sort((x, y) => x - y);
  const of = (share: number): number => Math.round(times[Math.floor(times.length * share)] ?? 0);
  const said = { up, failed, why, seconds: (now - began) / 1000, median: of(0.5), late: of(0.99), repeated, first: formatIpv4(toIpv4(first)), lost };
  times.length = 0;
  [up, failed, lost, repeated, why] = [0, 0, 0, 0, ''];
  return said;
}

function calls(count: number, parallel: number, seconds: number): Result {
  now = performance.now();
  const began = now;
  let asked = 0;
  while (up + failed < count && now - began < seconds * 1000) {
    while (asked < count && busy.size < parallel) {
      const tunnel = tunnels[asked++ % tunnels.length];
      if (tunnel !== undefined) begin(tunnel);
    }
    turn();
  }
  for (const call of busy) end1(call, `not up in ${seconds} s`);
  return result(began);
}

function quiet(seconds: number): Result {
  const began = performance.now();
  do turn();
  while (now - began < seconds * 1000);
  return result(began);
}

/** Ends the tunnels, and with them their calls; returns when all is acknowledged. */
function close(): Result {
  const began = performance.now();
  for (const tunnel of tunnels) {
    tunnel.waiting.length = 0;
    send(tunnel, 0, body({ type: 'StopCCN', assignedTunnelId: tunnel.id, resultCode: { code: 1, error: undefined, message: '' } }));
  }
  do turn();
  while (tunnels.some((tunnel) => tunnel.sent.length > 0) && now - began < 5000);
  for (const tunnel of tunnels) tunnel.calls.length = 0;
  busy.clear();
  return result(began);
}

for (let id = 1; id <= TUNNELS; id++) {
  const tunnel: Tunnel = { id, peer: 0, ns: 0, nr: 0, window: 1, mustAck: false, sent: [], waiting: [], calls: [], free: 1 };
  tunnels.push(tunnel);
  send(tunnel, 0, body({
    type: 'SCCRQ', protocolVersion: 0x0100, hostName: `storm${id}`, framingCapabilities: 3, bearerCapabilities: 3, assignedTunnelId: id, receiveWindowSize: WINDOW,
  }));
}
const opened = performance.now();
while (tunnels.some((tunnel) => tunnel.peer === 0 || tunnel.sent.length > 0) && now - opened < 10_000) turn();
writeSync(1, `${JSON.stringify(result(opened))}\n`);

const line = pinned(256);
for (let going = true; going; ) {
  turn();
  C.poll(pointer(Number(waiting.at) + 8), 1, 0);
  if (waiting.view.getInt16(14, true) === 0) continue;
  const octets = C.read(0, line.at, 256);
  const [verb, ...numbers] = new TextDecoder().decode(line.bytes.subarray(0, Math.max(0, octets))).trim().split(' ');
  const [one = 0, two = 0, three = 0] = numbers.map(Number);
  going = octets > 0 && verb !== 'end';
  const said = verb === 'calls' ? calls(one, two, three) : verb === 'quiet' ? quiet(one) : close();
  writeSync(1, `${JSON.stringify(said)}\n`);
}
process.exit(0);
