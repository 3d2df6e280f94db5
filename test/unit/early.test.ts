// Frames that came before their session had an interface.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Early } from '../../firmware/early.ts';
import { toSessionKey } from '../../firmware/hal/dataplane.ts';

test('an early frame is kept as a copy, in its order, and given out once', () => {
  const early = new Early();
  const frame = Uint8Array.of(0xc0, 0x21, 1);
  early.keep(toSessionKey(7), frame);
  frame[2] = 2;
  early.keep(toSessionKey(7), frame);
  frame[2] = 9;
  assert.equal(early.take(toSessionKey(7)), [Uint8Array.of(0xc0, 0x21, 1), Uint8Array.of(0xc0, 0x21, 2)]);
  assert.equal(early.take(toSessionKey(7)), []);
});

test('early frames are few, short, and of the sessions heard of last', () => {
  const early = new Early();
  early.keep(toSessionKey(1), new Uint8Array(1500));
  assert.equal(early.take(toSessionKey(1)), [], 'no place for long ones');
  for (let i = 0; i < 10; i++) early.keep(toSessionKey(2), Uint8Array.of(i));
  assert.equal(early.take(toSessionKey(2)), [Uint8Array.of(0), Uint8Array.of(1)]);
  for (let key = 1; key <= 100_000; key++) early.keep(toSessionKey(key), Uint8Array.of(1));
  assert.equal(early.take(toSessionKey(1)), []);
  assert.is(early.take(toSessionKey(100_000)).length, 1);
  let kept = 0;
  for (let key = 1; key <= 100_000; key++) kept += early.take(toSessionKey(key)).length;
  assert.ok(kept < 1000, `${kept}`);
});

test.run();
