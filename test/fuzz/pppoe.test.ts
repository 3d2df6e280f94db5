// A million mutated PPPoE discovery frames: no throw, bounded answers, bounded sessions, and what was accepted reads the same after writing.
// HASHI_FUZZ multiplies the number of inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mutator } from './mutate.ts';
import { targets } from './pppoe.ts';

const test = suite('PPPoE fuzz');
const FACTOR = Number(process.env['HASHI_FUZZ'] ?? '1');

for (const { name, seeds, count, run } of targets) {
  test(`${name} survives ${count * FACTOR} mutated inputs`, () => {
    const next = mutator(0x0a1b2c3d, seeds);
    let accepted = 0;
    const started = performance.now();
    for (let i = 0; i < count * FACTOR; i++) if (run(next())) accepted++;
    const each = ((performance.now() - started) * 1000) / (count * FACTOR);
    assert.ok(each < 2000, `${each} microseconds each`);
    assert.ok(accepted > count / 200 && accepted < count * FACTOR, `${accepted} accepted`);
    for (const seed of seeds) run(seed);
  });
}

test.run();
