import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../../firmware/bytes/hex.ts';
import { decodeHeader, newHeader } from '../../../firmware/l2tp/header.ts';
import { recognised } from '../../../firmware/l2tp/quirks.ts';

const test = suite('L2TP PRE13');

for (const [what, text, payload] of [
  ['an acknowledging data message', '4802000d0001000200030004ff', 1],
  ['a data message that only acknowledges', '4802000c0001000200030004', 0],
  ['a data message with the R bit', '6802000c0001000200030009', 0],
] as const) {
  test(`${what} of the drafts is a data message like any other`, () => {
    const b = fromHex(text) ?? new Uint8Array(0);
    const h = newHeader();
    assert.is(decodeHeader(b, 0, b.length, h), undefined);
    assert.equal([h.control, h.tunnelId, h.sessionId, h.ns, h.end - h.payload], [false, 1, 2, 3, payload]);
  });
}

test('only Packet Processing Delay depends on the setting', () => {
  for (let type = 0; type < 60; type++) assert.equal([recognised(type, true), recognised(type, false)], [true, type !== 20]);
});

test.run();
