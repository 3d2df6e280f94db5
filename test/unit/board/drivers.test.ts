// The small drivers of a Linux board: clocks, digests, streams, server sockets, texts of addresses, /proc.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxClock, OffsetWall } from '../../../board/linux/clock.ts';
import { libraryCrypto } from '../../../board/linux/crypto.ts';
import { socketError } from '../../../board/linux/failure.ts';
import { formatIpv6, parseIpv6 } from '../../../board/linux/ipv6.ts';
import { runSteps } from '../../../board/linux/lab/steps.ts';
import { firstDifference, pattern } from '../../../board/linux/lab/traffic.ts';
import { TcpListeners } from '../../../board/linux/listeners.ts';
import { attributesOf, MessageWriter, messagesOf, textOf, u32Of } from '../../../board/linux/netlink/message.ts';
import { icmpOf } from '../../../board/linux/raw-ip.ts';
import { createChecksum, htonl, htons, writeChecksum } from '../../../board/linux/raw-socket.ts';
import { hostResolver } from '../../../board/linux/resolver.ts';
import { SocketStream } from '../../../board/linux/stream.ts';
import { cpuTimes, linuxSystem } from '../../../board/linux/system.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { Stream } from '../../../firmware/hal/io.ts';

const bytes = (text: string): Uint8Array => {
  const out = fromHex(text);
  if (out === undefined) throw new Error(text);
  return out;
};

const drivers = suite('drivers');

drivers('the clock runs alarms in the order of their times, never inside the call, and forgets cancelled ones', async () => {
  const clock = new LinuxClock();
  const ran: string[] = [];
  const now = clock.now();
  clock.at(now + 30, () => ran.push('late'));
  clock.at(now + 5, (at) => ran.push(at >= now + 5 ? 'early' : 'too early'));
  clock.at(now + 10, () => ran.push('cancelled')).cancel();
  clock.at(now - 1000, () => ran.push('past'));
  assert.equal(ran, []);
  await Bun.sleep(60);
  assert.equal(ran, ['past', 'early', 'late']);
  clock.close();
});

drivers('an alarm farther away than a timer of the engine can be does not run at once', async () => {
  const clock = new LinuxClock();
  let ran = false;
  clock.at(clock.now() + 2 ** 33, () => (ran = true));
  await Bun.sleep(20);
  assert.not.ok(ran);
  clock.close();
});

drivers('an alarm that throws does not stop the others', async () => {
  const clock = new LinuxClock();
  const errors: unknown[] = [];
  const caught = (error: unknown): void => void errors.push(error);
  process.once('uncaughtException', caught);
  let ran = false;
  clock.at(clock.now(), () => {
    throw new Error('a fault');
  });
  clock.at(clock.now() + 5, () => (ran = true));
  await Bun.sleep(40);
  process.removeListener('uncaughtException', caught);
  assert.is(errors.length, 1);
  assert.ok(ran);
  clock.close();
});

drivers('setting the time of a host moves an offset: what is not given stays as it is', () => {
  const wall = new OffsetWall();
  wall.set({ year: 2001, month: 2, day: 28, hour: 23, minute: 59, second: 58 });
  const { year, month, day, hour, weekday } = wall.now();
  assert.equal([year, month, day, hour, weekday], [2001, 2, 28, 23, 3]);
  wall.set({ year: 2004 });
  assert.equal([wall.now().year, wall.now().month, wall.now().weekday], [2004, 2, 6]);
  assert.is(new Date().getFullYear() > 2020, true);
});

drivers('the digests and DES give the vectors of RFC 1320, RFC 1321, FIPS 180 and FIPS 81', () => {
  const abc = utf8('abc');
  assert.is(hex(libraryCrypto.md4(abc)), 'a448017aaf21d8525fc10ae87aa6729d');
  assert.is(hex(libraryCrypto.md5(abc)), '900150983cd24fb0d6963f7d28e17f72');
  assert.is(hex(libraryCrypto.sha1(abc)), 'a9993e364706816aba3e25717850c26c9cd0d89d');
  assert.is(hex(libraryCrypto.sha256(abc)), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.is(hex(libraryCrypto.des(bytes('133457799bbcdff1'), bytes('0123456789abcdef'))), '85e813540f0ab405');
  assert.is(hex(libraryCrypto.des(bytes('123256789abcdef0'), bytes('0123456789abcdef'))), hex(libraryCrypto.des(bytes('133357799bbddff1'), bytes('0123456789abcdef'))), 'parity bits do not matter');
  assert.throws(() => libraryCrypto.des(bytes('1334'), bytes('0123456789abcdef')));
});

/** A socket that takes `room` octets at a time. */
function fakeSocket(room: number): { taken: number[]; room: number; ended: string[]; write(data: unknown): number; end(): void; terminate(): void } {
  return {
    taken: [],
    room,
    ended: [],
    write(data) {
      const octets = data as Uint8Array;
      const part = octets.subarray(0, this.room);
      this.taken.push(...part);
      return part.length;
    },
    end() {
      this.ended.push('end');
    },
    terminate() {
      this.ended.push('terminate');
    },
  };
}

drivers('a stream keeps what the socket does not take yet, in order, and closes after it', () => {
  const socket = fakeSocket(3);
  const stream = new SocketStream(socket as never, { terminal: true, from: 'test' });
  stream.write(Uint8Array.of(1, 2, 3, 4, 5));
  stream.write(Uint8Array.of(6));
  stream.close();
  assert.equal([socket.taken, socket.ended], [[1, 2, 3], []]);
  stream.drained();
  assert.equal(socket.taken, [1, 2, 3, 4, 5, 6]);
  assert.equal(socket.ended, ['end']);
  stream.write(Uint8Array.of(7));
  assert.is(socket.taken.length, 6);
});

drivers('a stream whose peer never reads is ended', () => {
  const socket = fakeSocket(0);
  const stream = new SocketStream(socket as never, { terminal: true, from: 'test' });
  for (let i = 0; i < 5 && socket.ended.length === 0; i++) stream.write(new Uint8Array(1 << 20));
  assert.equal(socket.ended, ['terminate']);
});

drivers('a stream that is closed by its peer says so once', () => {
  const stream = new SocketStream(fakeSocket(9) as never, { terminal: false, from: 'test' });
  let closed = 0;
  stream.onClose = () => closed++;
  stream.inputEnded();
  stream.ended();
  stream.ended();
  assert.is(closed, 1);
});

drivers('a server socket accepts, echoes and stops; a port in use is named', async () => {
  const listeners = new TcpListeners();
  const streams: Stream[] = [];
  let port = 40_000;
  let opened = listeners.listen(port, () => {});
  const accept = (stream: Stream): void => {
    streams.push(stream);
    stream.onData = (data) => stream.write(data.slice());
  };
  if (!('refused' in opened)) opened.stop();
  for (opened = listeners.listen(port, accept); 'refused' in opened && port < 40_050; opened = listeners.listen(++port, accept));
  if ('refused' in opened) throw new Error(opened.refused);
  const second = listeners.listen(port, () => {});
  assert.equal(second, { refused: `TCP port ${port} is in use by another program` });
  let got = '';
  let closed = false;
  const client = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data: (_, data) => void (got += data.toString()), close: () => void (closed = true) } });
  client.write('hello');
  for (let i = 0; i < 100 && got === ''; i++) await Bun.sleep(5);
  assert.is(got, 'hello');
  assert.match(streams[0]?.from ?? '', /^127\.0\.0\.1:\d+$/);
  opened.stop();
  for (let i = 0; i < 100 && !closed; i++) await Bun.sleep(5);
  assert.ok(closed);
});

drivers('names resolve through the box: localhost is 127.0.0.1, an invalid name is said so', async () => {
  const resolver = hostResolver(() => 5);
  const ask = (name: string): Promise<unknown> => new Promise((done) => resolver.resolve(name, (addresses, now) => done([addresses, now])));
  assert.equal(await ask('localhost'), [[0x7f000001], 5]);
  assert.match(JSON.stringify(await ask('no-such-host.invalid')), /refused.*no-such-host\.invalid/);
});

drivers('IPv6 addresses are read and written as RFC 5952 has them', () => {
  const cases: [string, string][] = [
    ['::', '::'], ['::1', '::1'], ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'], ['fe80::', 'fe80::'], ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ];
  for (const [given, canonical] of cases) assert.is(formatIpv6(parseIpv6(given) ?? new Uint8Array(0)), canonical, given);
  for (const wrong of ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '::256.1.1.1', '1:2:3:4:5:6:7:8::', 'fe80::1%eth0']) assert.is(parseIpv6(wrong), undefined, wrong);
});

drivers('CPU time is averaged over the CPUs; waiting for disks is idle time, guests count once', () => {
  const stat = 'cpu  100 20 80 700 50 5 5 40 30 0\ncpu0 50 10 40 350 25 2 3 20 15 0\ncpu1 50 10 40 350 25 3 2 20 15 0\nintr 1\n';
  assert.equal(cpuTimes(stat), { busy: 1250, elapsed: 5000 });
  assert.equal(cpuTimes(''), { busy: 0, elapsed: 0 });
  const { memoryTotal, memoryFree, memoryOurs, elapsed } = linuxSystem('x', () => {}).usage();
  assert.ok(memoryTotal > memoryFree && memoryFree > 0 && memoryOurs > 1e6 && elapsed > 0);
});

drivers('an ICMP message is found behind an IP header of any length, and in nothing else', () => {
  const packet = new Uint8Array(36);
  packet.set([0x46, 0, 0, 36]);
  packet[9] = 1;
  packet.set([192, 0, 2, 1], 12);
  packet.set([3, 4, 0, 0, 0, 0, 5, 0xdc, 9, 9, 9, 9], 24);
  assert.equal(icmpOf(packet), { from: 0xc0000201, type: 3, code: 4, rest: Uint8Array.of(0, 0, 5, 0xdc, 9, 9, 9, 9) });
  assert.is(icmpOf(packet.subarray(0, 31)), undefined);
  assert.is(icmpOf(packet.with(9, 17)), undefined);
  assert.is(icmpOf(packet.with(0, 0x44)), undefined);
  assert.is(icmpOf(new Uint8Array(0)), undefined);
});

drivers('raw-socket: checksums over parts, written in network order; byte order', () => {
  const header = bytes('45000073000040004011b861c0a80001c0a800c7');
  assert.is(createChecksum(header), 0);
  const blank = writeChecksum(header.slice(), 10, 0);
  assert.is(createChecksum(blank), 0xb861);
  assert.is(createChecksum(blank.subarray(0, 10), { buffer: blank, offset: 10, length: 10 }), 0xb861);
  assert.equal([...writeChecksum(new Uint8Array(4), 1, 0x1234)], [0, 0x12, 0x34, 0]);
  assert.equal([htons(0x1234), htonl(0x12345678), htonl(0x000000ff)], [0x3412, 0x78563412, 0xff000000]);
});

drivers('netlink messages survive writing and reading; lengths that lie end the reading', () => {
  const writer = new MessageWriter();
  writer.begin(16, 5, 7);
  writer.u32(1).attributeText(3, 'ppp1').nested(18, () => writer.attributeU32(1, 99)).attributeU32(4, 1460);
  writer.finish();
  const datagram = writer.memory.bytes.slice(0, writer.length);
  const [message, ...others] = [...messagesOf(datagram)];
  if (message === undefined) throw new Error('no message');
  assert.equal([others.length, message.type, message.flags, message.sequence], [0, 16, 5, 7]);
  const attributes = attributesOf(message.body, 4);
  assert.is(textOf(attributes.get(3)), 'ppp1');
  assert.is(u32Of(attributes.get(4)), 1460);
  const nested = attributes.get(18);
  assert.is(nested === undefined ? undefined : u32Of(attributesOf(nested, 0).get(1)), 99);
  for (let cut = 0; cut < datagram.length; cut++) assert.equal([...messagesOf(datagram.subarray(0, cut))], []);
  for (let at = 0; at < datagram.length; at++) {
    for (const value of [0, 1, 255]) for (const one of messagesOf(datagram.with(at, value))) attributesOf(one.body, 4);
  }
});

drivers('an error of our own in a socket handler is thrown again outside; what the system refuses is not', async () => {
  const errors: unknown[] = [];
  const caught = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', caught);
  const fault = new Error('a fault');
  socketError({}, fault);
  socketError(fault);
  socketError({}, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  socketError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  await Bun.sleep(10);
  process.removeListener('uncaughtException', caught);
  assert.equal(errors, [fault, fault]);
});

drivers('the lab tells a changed, a missing and a superfluous octet from the same content', () => {
  const sent = pattern(3, 1000);
  assert.equal(sent, pattern(3, 1000));
  assert.not.equal(sent, pattern(4, 1000));
  assert.is(firstDifference(sent, sent.slice()), -1);
  assert.is(firstDifference(sent, sent.with(700, (sent[700] ?? 0) ^ 1)), 700);
  assert.is(firstDifference(sent, sent.slice(0, 999)), 999);
  assert.is(firstDifference(sent.slice(0, 999), sent), 999);
});

drivers('the lab stops at the first step that fails, and names it', async () => {
  const lines: string[] = [];
  const ran: string[] = [];
  const step = (name: string, answer: string | undefined) => [name, async () => (ran.push(name), answer)] as const;
  const broken = ['breaks', () => Promise.reject(new Error('no luck'))] as const;
  assert.is(await runSteps([step('one', undefined), step('two', 'no answer'), step('three', undefined)], (line) => lines.push(line)), 'two');
  assert.equal(ran, ['one', 'two']);
  assert.equal(lines.map((line) => line.replace(/\d+\.\d/, 'N')), ['ok     one (N s)', 'FAILED two (N s): no answer']);
  assert.is(await runSteps([broken], () => {}), 'breaks');
  assert.is(await runSteps([step('one', undefined)], () => {}), undefined);
});

drivers.run();
