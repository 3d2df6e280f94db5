// npm run fuzz: what it takes and what it prints.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../network.ts';

const test = suite('fuzz runner');
const fuzz = (...words: string[]): ReturnType<typeof run> => run([process.execPath, join(import.meta.dir, 'run.ts'), ...words]);

test('npm run fuzz runs the count asked for on the targets whose name begins as asked, and says its seed', async () => {
  const { code, output } = await fuzz('ppp', '3000', '--seed', '7');
  assert.is(code, 0, output);
  assert.match(output, /^seed 7$/m);
  assert.match(output, /^ppp whole links +3000 inputs +\d+\/s$/m);
  assert.not.match(output, /l2tp|^cli/m);
});

test('npm run fuzz covers the command line and every protocol', async () => {
  const { code, output } = await fuzz('no such target');
  assert.is(code, 2);
  for (const name of ['cli', 'l2tp header', 'l2tp control message', 'l2tp tunnel', 'ppp frames', 'ppp whole links', 'ip icmp']) assert.ok(output.includes(name), name);
});

test('npm run fuzz --input gives one input to one target', async () => {
  const taken = await fuzz('l2tp header', '--input', 'c802000c0000000000000000');
  assert.is(taken.code, 0, taken.output);
  assert.match(taken.output, 'l2tp header: true');
  assert.match((await fuzz('l2tp header', '--input', 'c8')).output, 'l2tp header: false');
  assert.is((await fuzz('l2tp', '--input', 'c802')).code, 2);
});

test.run();
