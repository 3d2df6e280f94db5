// The PPP codecs: what they read they write the same, what is wrong they refuse, what they return is their own.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { encodeFrame, encodePacket, parseFrame, parsePacket, protocolName } from '../../../firmware/ppp/frame.ts';
import { encodeReport, parseReport } from '../../../firmware/ppp/lqr.ts';
import { encodeOptions, isPartOf, parseOptions } from '../../../firmware/ppp/option.ts';
import { describePacket } from '../../../firmware/ppp/describe.ts';
import { option } from './wire.ts';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

test('a frame is read in all four forms', () => {
  for (const form of ['ff03002145', 'ff032145', '002145', '2145']) assert.equal(parseFrame(octets(form)), { protocol: 0x21, body: octets('45') }, form);
  for (const form of ['ff03c02101', 'c02101']) assert.equal(parseFrame(octets(form)), { protocol: 0xc021, body: octets('01') }, form);
});

test('a frame without a whole protocol is refused', () => {
  for (const bad of ['', '00', 'c0', 'ff03', 'ff0300', 'ff03c0']) assert.is(parseFrame(octets(bad)), 'frame too short', bad);
});

test('a protocol whose last octet is even is refused', () => {
  for (const bad of ['0020', 'c020', 'ff038020', '0000']) assert.is(parseFrame(octets(bad)), 'frame protocol malformed', bad);
});

test('a frame\'s body does not change when the receive buffer is used again', () => {
  const buffer = octets('c021010203040506');
  const frame = parseFrame(buffer);
  buffer.fill(0xee);
  assert.equal(typeof frame === 'string' ? frame : hex(frame.body), '010203040506');
});

test('a packet loses its padding', () => {
  assert.equal(parsePacket(octets('01020005aabbcc')), { code: 1, identifier: 2, data: octets('aa') });
});

test('a packet of every truncation is refused', () => {
  const whole = octets('0102000aaabbccddeeff');
  for (let length = 0; length < whole.length; length++) assert.type(parsePacket(whole.subarray(0, length)), 'string');
  for (const length of [0, 1, 2, 3, 11, 255, 65535]) {
    const bad = whole.slice();
    bad[2] = length >> 8;
    bad[3] = length;
    assert.is(parsePacket(bad), 'packet length wrong', String(length));
  }
});

test('packets and options are written as they were read', () => {
  const data = encodeOptions([option(1, 5, 220), option(5, 1, 2, 3, 4), option(7)]);
  assert.is(hex(data), '010405dc0506010203040702');
  const parsed = parseOptions(data);
  assert.equal(typeof parsed === 'string' ? parsed : encodeOptions(parsed), data);
  assert.equal(parsePacket(encodePacket(3, 9, data)), { code: 3, identifier: 9, data });
  assert.equal(parseFrame(encodeFrame(0x8021, data)), { protocol: 0x8021, body: data });
});

test('an option of 253 octets is written, a longer one is not cut but left out', () => {
  assert.is(encodeOptions([{ type: 1, data: new Uint8Array(253) }]).length, 255);
  assert.equal(encodeOptions([{ type: 1, data: new Uint8Array(254) }]), new Uint8Array(0));
});

test('a packet is never longer than its length field can say', () => {
  assert.is(encodePacket(9, 1, new Uint8Array(100_000)).length, 65535);
});

test('option lists of every truncation are whole options or refused', () => {
  const whole = octets('010405dc05060102030407020802');
  const ends = new Set([0, 4, 10, 12, 14]);
  for (let length = 0; length <= whole.length; length++) assert.is(typeof parseOptions(whole.subarray(0, length)) !== 'string', ends.has(length), String(length));
});

test('a Reject is a part of the request only with unchanged options in their order', () => {
  const [a, b, c] = [option(1, 1), option(2, 2), option(3, 3)];
  assert.ok(isPartOf([a, c], [a, b, c]));
  assert.ok(isPartOf([], [a]));
  assert.not.ok(isPartOf([c, a], [a, b, c]));
  assert.not.ok(isPartOf([option(1, 9)], [a, b, c]));
  assert.not.ok(isPartOf([a, a], [a, b, c]));
});

test('a quality report has twelve fields and is written as it was read', () => {
  const body = Uint8Array.from({ length: 48 }, (_, i) => i * 5);
  const report = parseReport(body);
  assert.equal(typeof report === 'string' ? report : encodeReport(report), body);
  for (let length = 0; length < 48; length++) assert.is(parseReport(body.subarray(0, length)), 'report too short');
});

test('counters beyond 32 bits wrap in a report', () => {
  const report = parseReport(new Uint8Array(48));
  if (typeof report === 'string') throw new Error(report);
  assert.is(hex(encodeReport({ ...report, peerOutOctets: 0x1_0000_0002 }).subarray(44)), '00000002');
});

test('protocols are named, unknown ones by number', () => {
  assert.equal([0xc021, 0x8021, 0x80fd, 0x4321].map(protocolName), ['LCP', 'IPCP', 'CCP', 'protocol 0x4321']);
});

test('packets are described on one line without control characters or secrets', () => {
  const lines = [
    describePacket(0xc021, { code: 1, identifier: 1, data: encodeOptions([option(1, 5, 180), option(3, 0xc2, 0x23, 0x81), option(4, 0xc0, 0x25, 0, 0, 23, 112), option(5, 1, 2, 3, 4)]) }),
    describePacket(0x8021, { code: 3, identifier: 2, data: encodeOptions([option(3, 10, 0, 0, 1), option(129, 8, 8, 8, 8)]) }),
    describePacket(0xc023, { code: 1, identifier: 3, data: octets('03611b6203313233') }),
    describePacket(0xc223, { code: 2, identifier: 4, data: octets('0211226162') }),
    describePacket(0xc021, { code: 1, identifier: 5, data: octets('0100') }),
    describePacket(0xc021, { code: 77, identifier: 6, data: octets('') }),
    describePacket(0xc021, { code: 8, identifier: 7, data: octets('80fd') }),
  ];
  assert.equal(lines, [
    'LCP Configure-Request id 1 (Mru 1460, Authentication MSCHAPv2, Quality LQR every 60 s, Magic 01020304)',
    'IPCP Configure-Nak id 2 (Address 10.0.0.1, Dns1 8.8.8.8)',
    'PAP Request id 3 (name a\\x1bb)',
    'CHAP Response id 4 (name ab)',
    'LCP Configure-Request id 5 (option length wrong)',
    'LCP code 77 id 6',
    'LCP Protocol-Reject id 7 (CCP)',
  ]);
});

test.run();
