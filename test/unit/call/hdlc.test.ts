// PPP in HDLC-like framing (RFC 1662): octets on the line against frames, whole and damaged.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { fcs16, fcs32, HDLC, HdlcReceiver, type HdlcReceiverOptions, HdlcSender } from '../../../firmware/call/hdlc.ts';
import { fromHex as readHex, hex as toHex } from '../../../firmware/bytes/hex.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';

function fromHex(text: string): Uint8Array {
  const octets = readHex(text);
  if (octets === undefined) throw new Error(`no hex: ${text}`);
  return octets;
}

/** A receiver that keeps what comes, as hex. */
function receiver(options: Partial<HdlcReceiverOptions> = {}): { readonly on: HdlcReceiver; readonly got: string[] } {
  const got: string[] = [];
  return { got, on: new HdlcReceiver({ mru: 1500, ...options }, (frame) => got.push(toHex(frame))) };
}

const encode = (frame: string, set: Partial<HdlcSender> = {}): string => toHex(Object.assign(new HdlcSender(), set).encode(fromHex(frame)));

test('the check sequences have the values that the CRC catalogues give for "123456789"', () => {
  const nine = utf8('123456789');
  assert.is(~fcs16(nine, 0, 9) & 0xffff, 0x906e);
  assert.is(~fcs32(nine, 0, 9) >>> 0, 0xcbf43926);
});

// An LCP Configure-Request with options as a PPP client on a serial line sends it.
const REQUEST = 'c02101010014020600000000050673a4ba4b07020802';
const REQUEST_ON_LINE = '7eff7d23c0217d217d217d207d347d227d267d207d207d207d207d257d2673a4ba4b7d277d227d287d22';

test('an LCP packet goes out with flags, address, control and every control character escaped', () => {
  const line = encode(REQUEST, { accm: 0, acfc: true, pfc: true });
  assert.ok(line.startsWith(REQUEST_ON_LINE), line);
  assert.ok(line.endsWith('7e'));
  const { on, got } = receiver();
  on.receive(fromHex(line));
  assert.equal(got, [`ff03${REQUEST}`]);
});

test('other packets escape what the map says, and flag and escape always', () => {
  assert.is(encode('00211113417d7e'), encode('00211113417d7e', { accm: HDLC.ALL_ESCAPED }));
  assert.ok(encode('00211113417d7e').startsWith('7eff7d237d20217d317d33417d5d7d5e'));
  assert.ok(encode('00211113417d7e', { accm: 0x000a0000 }).startsWith('7eff0300217d317d33417d5d7d5e'));
});

test('address, control and the high octet of the protocol are left out where LCP agreed so', () => {
  assert.ok(encode('002145', { accm: 0, acfc: true, pfc: true }).startsWith('7e2145'));
  assert.ok(encode('802101', { accm: 0, acfc: true, pfc: true }).startsWith('7e802101'));
  assert.ok(encode('002145', { accm: 0, pfc: true }).startsWith('7eff032145'));
});

test('a frame comes out the same wherever the line cuts it', () => {
  const line = fromHex(`7e${encode(REQUEST)}${encode('0021450000147d7e11')}7e`);
  for (let cut = 0; cut <= line.length; cut++) {
    const { on, got } = receiver();
    on.receive(line.subarray(0, cut));
    on.receive(line.subarray(cut));
    assert.equal(got, [`ff03${REQUEST}`, 'ff030021450000147d7e11'], `cut at ${cut}`);
  }
  const { on, got } = receiver();
  for (const octet of line) on.receive(Uint8Array.of(octet));
  assert.is(got.length, 2);
});

test('one flag between two frames is enough, and flags without a frame between them are nothing', () => {
  const one = encode('c0210101000a');
  const { on, got } = receiver();
  on.receive(fromHex(`7e7e7e${one}${one.slice(2)}7e7e`));
  assert.is(got.length, 2);
  assert.equal(on.refused, { aborted: 0, short: 0, oversize: 0, 'bad check': 0 });
});

test('octets before the first flag are not counted', () => {
  const { on, got } = receiver();
  on.receive(utf8('\r\nCONNECT 64000\r\n'));
  on.receive(fromHex(encode('c0210101000a')));
  assert.is(got.length, 1);
  assert.equal(on.refused, { aborted: 0, short: 0, oversize: 0, 'bad check': 0 });
});

test('each way to damage a frame is counted, and the frame behind it arrives', () => {
  const good = encode('c0210101000a');
  const cases: [string, string][] = [
    ['aborted', '7eff03c0217d7e'],
    ['short', '7e01027e'],
    ['bad check', '7eff03c02101017e'],
    ['oversize', `7e${'41'.repeat(2000)}7e`],
  ];
  for (const [why, damage] of cases) {
    const { on, got } = receiver();
    on.receive(fromHex(damage + good));
    assert.equal(Object.entries(on.refused).filter(([, count]) => count > 0), [[why, 1]]);
    assert.is(got.length, 1, why);
    assert.is(on.frames, 1);
  }
});

test('a flipped bit anywhere in a frame is found by the check sequence, or makes no frame', () => {
  const line = fromHex(encode('0021450000203a5b'));
  for (let bit = 8; bit < (line.length - 1) * 8; bit++) {
    const damaged = line.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { on, got } = receiver();
    on.receive(damaged);
    assert.equal(got, [], `bit ${bit}`);
  }
});

test('a packet of the full MRU fits with its escapes, one of 100 octets more does not', () => {
  const { on, got } = receiver();
  const sender = new HdlcSender();
  on.receive(sender.encode(Uint8Array.of(0, 0x21, ...new Uint8Array(1500).fill(0x7e))));
  assert.is(got.length, 1);
  on.receive(sender.encode(Uint8Array.of(0, 0x21, ...new Uint8Array(1600).fill(0x7e))));
  assert.is(got.length, 1);
  assert.is(on.refused.oversize, 1);
});

test('control characters that the line puts in are left out where they were said to be removed', () => {
  const line = encode('0021450000').replace(/^7e/, '7e1113');
  const { on, got } = receiver({ remove: 0x000a0000 });
  on.receive(fromHex(line));
  assert.equal(got, ['ff030021450000']);
  const plain = receiver();
  plain.on.receive(fromHex(line));
  assert.equal(plain.got, []);
});

test('lines with a check sequence of 32 bits carry frames, and refuse those with 16', () => {
  const sender = new HdlcSender(32);
  const { on, got } = receiver({ fcs: 32 });
  on.receive(sender.encode(fromHex('0021450000')));
  assert.equal(got, ['ff030021450000']);
  on.receive(new HdlcSender().encode(fromHex('0021450000')));
  assert.is(on.refused['bad check'], 1);
});

test('a frame without a whole protocol gives no octets', () => {
  assert.is(new HdlcSender().encode(fromHex('c0')).length, 0);
});

test.run();
