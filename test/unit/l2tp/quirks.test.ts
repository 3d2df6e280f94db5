import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../../firmware/bytes/hex.ts';
import { decodeHeader, newHeader } from '../../../firmware/l2tp/header.ts';
import { draftData, draftWindow, recognised } from '../../../firmware/l2tp/quirks.ts';

const test = suite('L2TP PRE13');

/** How the data message of these octets is to be taken. */
function take(text: string): ReturnType<typeof draftData> {
  const b = fromHex(text) ?? new Uint8Array(0);
  const h = newHeader();
  assert.is(decodeHeader(b, 0, b.length, h), undefined);
  return draftData(h);
}

test('a numbered data message acknowledges with its Nr', () => {
  assert.equal(take('4802001000010002000300 04ff030021'.replace(' ', '')), { onlyAcknowledges: false, acknowledges: 4, resets: false });
});

test('a data message without payload only acknowledges', () => {
  assert.equal(take('4802000c0001000200030004'), { onlyAcknowledges: true, acknowledges: 4, resets: false });
});

test('the R bit gives up on numbers before Nr, and means nothing in a message without numbers', () => {
  assert.equal(take('6802000c0001000200030009'), { onlyAcknowledges: true, acknowledges: 9, resets: true });
  assert.equal(take('200200010002ff030021'), { onlyAcknowledges: false, acknowledges: undefined, resets: false });
});

test('only Packet Processing Delay depends on the setting', () => {
  for (let type = 0; type < 60; type++) assert.equal([recognised(type, true), recognised(type, false)], [true, type !== 20]);
});

test('window and delay of a call message are what the peer said', () => {
  assert.equal(draftWindow({ receiveWindowSize: 8, packetProcessingDelay: 3 }), { receiveWindow: 8, processingDelay: 3 });
  assert.equal(draftWindow({}), { receiveWindow: undefined, processingDelay: undefined });
});

test.run();
