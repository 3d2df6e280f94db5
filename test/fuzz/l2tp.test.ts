// A million mutated inputs for each L2TP decoder: no throw, bounded time, and what was accepted decodes the same after encoding.
// HASHI_FUZZ multiplies the number of inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeControl } from '../../firmware/l2tp/control.ts';
import { crypto } from '../unit/l2tp/wire.ts';
import { targets } from './l2tp.ts';
import { mutator } from './mutate.ts';

const test = suite('L2TP fuzz');
const FACTOR = Number(process.env['HASHI_FUZZ'] ?? '1');

for (const { name, seeds, count, run } of targets) {
  test(`${name} survives ${count * FACTOR} mutated inputs`, () => {
    const next = mutator(0x0a1b2c3d, seeds);
    let accepted = 0;
    const started = performance.now();
    for (let i = 0; i < count * FACTOR; i++) if (run(next())) accepted++;
    const each = ((performance.now() - started) * 1000) / (count * FACTOR);
    assert.ok(each < 2000, `${each} microseconds each`);
    // Both ways are tried: mutations that pass and mutations that do not.
    assert.ok(accepted > count / 200 && accepted < count * FACTOR, `${accepted} accepted`);
    for (const seed of seeds) run(seed);
  });
}

test('the longest message, all AVPs of least length, is read in time that grows with its size only', () => {
  const sizes = [8000, 64_000].map((size) => {
    const b = new Uint8Array(size);
    b.set([0x80, 8, 0, 0, 0, 0, 0, 6]);
    for (let at = 8; at + 6 <= size; at += 6) b[at + 1] = 6;
    return b;
  });
  const time = sizes.map((b) => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 20; i++) {
      const started = performance.now();
      decodeControl(b, 0, b.length, { crypto, secret: undefined, pre13: false });
      best = Math.min(best, performance.now() - started);
    }
    return best;
  });
  assert.ok((time[1] ?? 0) < 20, `${time[1]} ms`);
  assert.ok((time[1] ?? 0) < Math.max(1, (time[0] ?? 0) * 40), `${time.join(', ')} ms`);
});

test.run();
