// The command line under mutated lines, keys and TELNET octets. HASHI_FUZZ multiplies the number of inputs.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { everyCommand } from '../../build/commands.ts';
import { run } from './cli.ts';

const INPUTS = 1_000_000 * Number(process.env['HASHI_FUZZ'] ?? '1');

test('a million mutated inputs are read or refused, never thrown at, in bounded time', async () => {
  const commands = (await everyCommand()).map(({ form }) => ({ form, verify: () => undefined, apply: () => ({ text: form.help }) }));
  const started = performance.now();
  const accepted = run(commands, INPUTS, 20260101);
  assert.ok(accepted > INPUTS / 100, `${accepted} accepted`);
  assert.ok(performance.now() - started < INPUTS / 10, 'less than 100 microseconds an input');
});

test.run();
