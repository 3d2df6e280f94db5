// A million mutated inputs for what arrives on dialled lines. HASHI_FUZZ multiplies the number of inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { targets } from './call.ts';
import { mutator } from './mutate.ts';

const test = suite('call fuzz');
const FACTOR = Number(process.env['HASHI_FUZZ'] ?? '1');

for (const { name, seeds, count, run } of targets) {
  test(`${name} survives ${count * FACTOR} mutated inputs`, () => {
    const next = mutator(0x5eed0ca1, seeds);
    let accepted = 0;
    const started = performance.now();
    for (let i = 0; i < count * FACTOR; i++) if (run(next())) accepted++;
    const each = ((performance.now() - started) * 1000) / (count * FACTOR);
    assert.ok(each < 200, `${each} microseconds each`);
    assert.ok(accepted > count / 100, `${accepted} accepted`);
  });
}

test.run();
