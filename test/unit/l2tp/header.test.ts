import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { type DataFields, decodeHeader, encodeControl, encodeDataHeader, newHeader } from '../../../firmware/l2tp/header.ts';

const test = suite('L2TP header');
const bytes = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const refusal = (text: string): string => {
  const b = bytes(text);
  return decodeHeader(b, 0, b.length, newHeader()) ?? 'accepted';
};

test('a control header is 12 octets with T, L, S and version 2', () => {
  assert.is(hex(encodeControl({ tunnelId: 0x1234, sessionId: 0x5678, ns: 1, nr: 2 }, bytes('8008000000000006'))), 'c802001412345678000100028008000000000006');
});

test('a control header is read back as it was written', () => {
  const h = newHeader();
  const b = encodeControl({ tunnelId: 7, sessionId: 9, ns: 65535, nr: 3 }, bytes('ffff'));
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  assert.equal([h.control, h.tunnelId, h.sessionId, h.ns, h.nr, h.payload, h.end, h.length], [true, 7, 9, 65535, 3, 12, 14, 14]);
});

test('a data header is read back in every combination of its optional fields', () => {
  const h = newHeader();
  for (const withLength of [false, true]) for (const ns of [undefined, 0, 65535]) for (const offset of [undefined, 0, 5]) for (const priority of [false, true]) {
    const fields: DataFields = { tunnelId: 513, sessionId: 1027, withLength, priority, ...(ns === undefined ? {} : { ns }), ...(offset === undefined ? {} : { offset }) };
    const b = new Uint8Array(64);
    const payload = encodeDataHeader(fields, 4, b, 0);
    b.fill(0xaa, payload, payload + 4);
    assert.is(payload, 6 + (withLength ? 2 : 0) + (ns === undefined ? 0 : 4) + (offset === undefined ? 0 : 2 + offset));
    assert.is(decodeHeader(b, 0, payload + 4, h), undefined);
    assert.equal([h.control, h.tunnelId, h.sessionId, h.sequenced, h.ns, h.priority, h.payload, h.end], [false, 513, 1027, ns !== undefined, ns ?? 0, priority, payload, payload + 4]);
  }
});

test('the manual\'s captured packet has L, the recipient\'s ids and no numbers', () => {
  const b = bytes('40020060 0d48c863 ff030021 45000054 00390000 ff0137ec c0a80132 c0a80101 0800abfc c2000000 aec4bd3b 2bff0700 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637');
  const h = newHeader();
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  assert.equal([h.tunnelId, h.sessionId, h.length, h.payload, h.sequenced], [3400, 51299, 96, 8, false]);
});

test('the header of a datagram inside a larger buffer is read from its offset', () => {
  const h = newHeader();
  const b = new Uint8Array(40);
  b.set(encodeControl({ tunnelId: 5, sessionId: 6, ns: 1, nr: 2 }, bytes('01')), 10);
  assert.is(decodeHeader(b, 10, 23, h), undefined);
  assert.equal([h.tunnelId, h.payload, h.end], [5, 22, 23]);
});

test('a header is refused at every truncation', () => {
  for (const text of ['c802000c0001000200030004', '4b020010000100020003000400020000', '000200010002', '02020001000200050000000000']) {
    const whole = bytes(text);
    assert.is(refusal(text), 'accepted');
    for (let size = 0; size < whole.length; size++) {
      const cut = decodeHeader(whole, 0, size, newHeader());
      assert.ok(cut === 'header truncated' || cut === 'length wrong' || cut === 'offset past end', `${text} at ${size}: ${cut}`);
    }
  }
});

test('a version other than 2 is refused: L2F, L2TPv3, unknown', () => {
  for (const version of [0, 1, 3, 4, 15]) assert.is(refusal(`c80${version.toString(16)}000c0001000200030004`), 'version not 2');
});

test('a control message without L or S, or with O or P, is refused', () => {
  for (const flags of ['8802', 'c002', '8002', 'ca02', 'c902']) assert.is(refusal(`${flags}000c00010002000300040000`), 'control flags wrong');
});

test('reserved bits are ignored', () => {
  const h = newHeader();
  const b = bytes('fcf2000c0001000200030004');
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  assert.equal([h.control, h.tunnelId, h.ns], [true, 1, 3]);
});

test('a Length shorter than the header or longer than the datagram is refused', () => {
  for (const length of ['0000', '0001', '000b', '000d', 'ffff']) assert.is(refusal(`c802${length}0001000200030004`), 'length wrong');
});

test('octets of the datagram behind Length are no part of the message', () => {
  const h = newHeader();
  const b = bytes('c802000c00010002000300048008000000000006');
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  assert.is(h.end, 12);
});

test('an offset that ends past the message is refused', () => {
  assert.is(refusal('020200010002ffff'), 'offset past end');
  assert.is(refusal('02020001000200010000'), 'accepted');
  assert.is(refusal('420200090001000200010000'), 'length wrong');
  assert.is(refusal('4202000a0001000200010000'), 'offset past end');
});

test('an offset that reaches exactly the end leaves an empty payload', () => {
  const h = newHeader();
  const b = bytes('0202000100020002aaaa');
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  assert.is(h.payload, h.end);
});

test.run();
