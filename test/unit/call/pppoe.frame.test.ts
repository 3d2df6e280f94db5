// PPPoE discovery frames (RFC 2516 4, 5, appendices A and B; RFC 4638 2).

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { put16 } from '../../../firmware/bytes/integers.ts';
import { fromUtf8 } from '../../../firmware/bytes/text.ts';
import { BROADCAST, type Discovery, formatMac, maxPayloadOf, numberTag, readDiscovery, type Refusal, REFUSALS, tagOf, TAGS, textTag, writeDiscovery } from '../../../firmware/call/pppoe.frame.ts';

const test = suite('PPPoE discovery frames');
const bytes = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const HOST = bytes('0050da42d7df');
const AC = bytes('0090c32f9a6c');

/** The PADI and the PADO of RFC 2516 appendix B. */
const PADI = bytes('ffffffffffff 0050da42d7df 8863 11 09 0000 0004 0101 0000');
const PADO = bytes('0050da42d7df 0090c32f9a6c 8863 11 07 0000 0020 0101 0000 0102 0018 476f205265644261636b202d20657368736865 73686f6f74');

const read = (b: Uint8Array): Discovery => {
  const packet = readDiscovery(b);
  if (typeof packet === 'string') throw new Error(packet);
  return packet;
};
/** `b` with these octets at `at`. */
const patched = (b: Uint8Array, at: number, octets: string): Uint8Array => {
  const out = b.slice();
  out.set(bytes(octets), at);
  return out;
};
/** A frame with these tags, as hex, and the length they have. */
const frame = (code: string, session: string, tags: string): Uint8Array => {
  const body = bytes(tags);
  const out = new Uint8Array(20 + body.length);
  out.set(bytes(`0050da42d7df 0090c32f9a6c 8863 11 ${code} ${session}`));
  put16(out, 18, body.length);
  out.set(body, 20);
  return out;
};

test("the RFC's own PADI is read as it says", () => {
  const packet = read(PADI);
  assert.is(packet.code, 'PADI');
  assert.is(packet.session, 0);
  assert.equal(packet.destination, BROADCAST);
  assert.equal(packet.source, HOST);
  assert.equal(packet.tags, [{ type: TAGS.serviceName, value: new Uint8Array(0) }]);
});

test("the RFC's own PADO is read as it says", () => {
  const packet = read(PADO);
  assert.is(packet.code, 'PADO');
  assert.equal(packet.source, AC);
  assert.is(fromUtf8(tagOf(packet, TAGS.acName) ?? new Uint8Array(0)), 'Go RedBack - eshsheshoot');
});

test('what was read is written as the same octets', () => {
  for (const example of [PADI, PADO]) assert.is(hex(writeDiscovery(read(example)) ?? new Uint8Array(0)), hex(example));
});

test("Ethernet's padding is no tag", () => {
  const padded = new Uint8Array(60);
  padded.set(PADI);
  assert.is(read(padded).tags.length, 1);
});

test('tags after End-Of-List are not read', () => {
  assert.is(read(frame('09', '0000', '0101 0000 0000 0000 0103 0001 aa')).tags.length, 1);
});

test('a PADT ends its session whatever stands behind its header', () => {
  const packet = read(frame('a7', '0102', '0203 ffff 00'));
  assert.is(packet.session, 0x0102);
  assert.equal(packet.tags, []);
});

/** A frame for every refusal there is. */
const REFUSED: Record<Refusal, Uint8Array> = {
  short: PADI.subarray(0, 19),
  ethertype: patched(PADI, 12, '8864'),
  version: patched(PADI, 14, '21'),
  code: patched(PADI, 15, '0a'),
  length: patched(PADI, 18, '0005'),
  source: patched(PADI, 6, '01'),
  session: patched(PADI, 16, '0001'),
  tag: frame('65', '0001', '0101 0001'),
  'service name': frame('19', '0000', '0103 0001 aa'),
  'AC name': frame('07', '0000', '0101 0000'),
};
for (const refusal of REFUSALS) {
  test(`a frame is refused for its ${refusal}`, () => {
    assert.is(readDiscovery(REFUSED[refusal]), refusal);
  });
}

for (const [what, b, refusal] of [
  ['an empty frame', new Uint8Array(0), 'short'],
  ['a frame from nobody', patched(PADI, 6, '000000000000'), 'source'],
  ['a PADI with two Service-Names', frame('09', '0000', '0101 0000 0101 0000'), 'service name'],
  ['a PADO with two AC-Names', frame('07', '0000', '0101 0000 0102 0000 0102 0000'), 'AC name'],
  ['a PADO without Service-Name', frame('07', '0000', '0102 0000'), 'service name'],
  ['a PADT of no session', frame('a7', '0000', ''), 'session'],
  ['half a tag header', frame('65', '0001', '0101 00'), 'tag'],
  ['a length of 65535', patched(PADI, 18, 'ffff'), 'length'],
] as const) {
  test(`${what} is refused for its ${refusal}`, () => {
    assert.is(readDiscovery(b), refusal);
  });
}

test('tags that no Ethernet frame holds are not written', () => {
  const packet = read(PADI);
  assert.is(writeDiscovery({ ...packet, tags: [textTag(TAGS.serviceName, 'x'.repeat(1490))] })?.length, 1514);
  assert.is(writeDiscovery({ ...packet, tags: [textTag(TAGS.serviceName, 'x'.repeat(1491))] }), undefined);
});

test('PPP-Max-Payload is two octets; others mean nothing', () => {
  const packet = read(PADI);
  assert.is(maxPayloadOf({ ...packet, tags: [numberTag(TAGS.pppMaxPayload, 1500)] }), 1500);
  assert.is(maxPayloadOf({ ...packet, tags: [{ type: TAGS.pppMaxPayload, value: new Uint8Array(3) }] }), undefined);
  assert.is(maxPayloadOf(packet), undefined);
});

test("Ethernet addresses are printed in the manual's way", () => {
  assert.is(formatMac(bytes('0000f490199f')), '00-00-f4-90-19-9f');
});

test.run();
