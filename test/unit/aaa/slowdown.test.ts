import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Slowdown } from '../../../firmware/aaa/slowdown.ts';

test('A source that fails waits from its third failure on, twice as long each time, 16 s at most', () => {
  const slow = new Slowdown();
  const delays = Array.from({ length: 10 }, (_, i) => {
    const before = slow.delay('192.0.2.1', i * 1000);
    slow.failed('192.0.2.1', i * 1000);
    return before;
  });
  assert.equal(delays, [0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
  for (let i = 0; i < 5000; i++) slow.failed('192.0.2.1', 20_000);
  assert.is(slow.delay('192.0.2.1', 20_000), 16_000);
});

test('Failures of one source do not slow another', () => {
  const slow = new Slowdown();
  for (let i = 0; i < 9; i++) slow.failed('a', 0);
  assert.is(slow.delay('b', 0), 0);
});

test('Success clears a source', () => {
  const slow = new Slowdown();
  for (let i = 0; i < 9; i++) slow.failed('a', 0);
  slow.succeeded('a', 0);
  assert.equal([slow.delay('a', 0), slow.size], [0, 0]);
});

test('A source that did not fail for five minutes starts afresh', () => {
  const slow = new Slowdown();
  for (let i = 0; i < 9; i++) slow.failed('a', 0);
  assert.is(slow.delay('a', 299_999), 16_000);
  assert.is(slow.delay('a', 300_000), 0);
  slow.failed('a', 300_000);
  assert.is(slow.delay('a', 300_000), 0);
});

test('No more than 4,096 sources are remembered, and a guesser who goes on is not forgotten for others', () => {
  const slow = new Slowdown();
  for (let i = 0; i < 100_000; i++) {
    slow.failed(`s${i}`, i);
    if (i % 1000 === 0) slow.failed('guesser', i);
  }
  assert.is(slow.size, 4096);
  assert.is(slow.delay('guesser', 100_000), 16_000);
});

test.run();
