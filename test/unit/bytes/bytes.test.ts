// The value types under everything else: addresses, text, checksums, timers.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checksum } from '../../../firmware/bytes/checksum.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { equalBytes, put32, u32 } from '../../../firmware/bytes/integers.ts';
import { classLength, formatIpv4, lengthOf, maskOf, networkOf, parseIpv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { fromUtf8, printable, utf8 } from '../../../firmware/bytes/text.ts';
import { NEVER, TimerQueue } from '../../../firmware/bytes/time.ts';
import { Writer } from '../../../firmware/bytes/writer.ts';

const bytes = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

test('an IPv4 address prints as it was parsed, at both ends of the range', () => {
  for (const text of ['0.0.0.0', '1.1.1.1', '127.255.0.1', '128.0.0.0', '192.168.20.200', '255.255.255.255']) {
    const address = parseIpv4(text);
    assert.is(address === undefined ? undefined : formatIpv4(address), text);
  }
});

test('an IPv4 address is refused with a part missing, too large, negative or followed by anything', () => {
  for (const text of ['', '1.1.1', '1.1.1.256', '1.1.1.1.1', '1.1.1.-1', ' 1.1.1.1', '1.1.1.1/24', '1..1.1', '0x1.1.1.1']) assert.is(parseIpv4(text), undefined, text);
});

test('a netmask and its prefix length are the same thing, and a mask with holes is none', () => {
  for (let length = 0; length <= 32; length++) assert.is(lengthOf(maskOf(length)), length);
  assert.is(lengthOf(toIpv4(0xff00ff00)), undefined);
  assert.is(formatIpv4(networkOf(toIpv4(0xc0a81482), 24).address), '192.168.20.0');
});

test('an address without mask gets that of its class', () => {
  assert.equal(['10.0.0.1', '172.16.0.1', '192.168.1.1'].map((text) => classLength(parseIpv4(text) ?? toIpv4(0))), [8, 16, 24]);
});

test('UTF-8 comes back as it went in, and broken octets become U+FFFD one by one', () => {
  for (const text of ['', 'hashi', '橋', 'naïve ☎ 𝄞']) assert.is(fromUtf8(utf8(text)), text);
  assert.is(fromUtf8(bytes('41ff42')), 'A\ufffdB');
  assert.is(fromUtf8(bytes('e6a9')), '\ufffd\ufffd');
  assert.is(fromUtf8(bytes('c080')), '\ufffd\ufffd');
  assert.is(fromUtf8(bytes('eda080')), '\ufffd\ufffd\ufffd');
});

test('a peer cannot send escapes to the terminal', () => {
  assert.is(printable('a\u001b[2Jb\u0000c\u009b\n\u202e'), 'a\\x1b[2Jb\\x00c\\x9b\\x0a\\x202e');
});

test('the Internet checksum of the example in RFC 1071 section 3', () => {
  assert.is(checksum(bytes('0001f203f4f5f6f7')), 0xffff & ~0xddf2);
  assert.is(checksum(bytes('01')), 0xffff & ~0x0100);
});

test('hex is refused where it is odd or no hex', () => {
  assert.is(fromHex('123'), undefined);
  assert.is(fromHex('zz'), undefined);
  assert.is(hex(bytes('00 ff\n10')), '00ff10');
});

test('numbers above 2^31 survive reading and writing', () => {
  const b = new Uint8Array(4);
  put32(b, 0, 0xfffffffe);
  assert.is(u32(b, 0), 0xfffffffe);
});

test('equal octets are equal only at equal length', () => {
  assert.ok(equalBytes(bytes('0102'), bytes('0102')));
  assert.not(equalBytes(bytes('0102'), bytes('0103')));
  assert.not(equalBytes(bytes('0102'), bytes('010203')));
});

test('a writer grows as needed and hands out exactly what was written', () => {
  const w = new Writer(1).u8(1).u16(0x0203).u32(0x04050607).bytes(bytes('08')).zeros(2);
  w.patch16(1, 0xaabb);
  assert.is(hex(w.finish()), '01aabb04050607080000');
  assert.is(w.length, 10);
});

test('tasks run in order of time, then of setting, and cancelled ones do not', () => {
  const queue = new TimerQueue();
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(name);
  queue.set(5, note('c'));
  queue.set(1, note('a'));
  const cancelled = queue.set(2, note('x'));
  queue.set(5, note('d'));
  queue.set(3, () => {
    ran.push('b');
    queue.set(4, note('b2'));
  });
  cancelled.cancel();
  cancelled.cancel();
  queue.run(4);
  assert.equal(ran, ['a', 'b', 'b2']);
  assert.is(queue.deadline(), 5);
  queue.run(100);
  assert.equal(ran, ['a', 'b', 'b2', 'c', 'd']);
  assert.is(queue.deadline(), NEVER);
});

test('ten thousand tasks set and cancelled in a scattered order leave the rest in order', () => {
  const queue = new TimerQueue();
  const alarms = Array.from({ length: 10_000 }, (_, i) => queue.set((i * 7919) % 10_007, () => {}));
  for (let i = 0; i < alarms.length; i += 3) alarms[i]?.cancel();
  let last = -1;
  let count = 0;
  for (let at = queue.deadline(); at !== NEVER; at = queue.deadline()) {
    assert.ok(at >= last);
    last = at;
    queue.runOne(at);
    count++;
  }
  assert.is(count, 10_000 - 3334);
});

test.run();
