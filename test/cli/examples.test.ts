// The scripts of test/vectors/scripts against the whole grammar: every line is a command of this router.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { allCommands, checkScript } from '../../firmware/appliance.ts';

const test = suite('example scripts');
const FOLDER = join(import.meta.dir, '..', 'vectors', 'scripts');
const SCRIPTS = readdirSync(FOLDER).filter((name) => name.endsWith('.cfg')).sort();
const commands = allCommands(new SimBoard(new World(1), { seed: 1 }));

test('The manual\'s examples are all here', () => {
  assert.is(SCRIPTS.filter((name) => name.startsWith('seed003-')).length, 12);
});

for (const name of SCRIPTS) {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  test(`${name} parses`, () => {
    assert.equal(checkScript(commands, { name, text }), []);
    assert.ok(text.split('\n').some((line) => line.trim() !== '' && !line.startsWith('#')), 'the script has commands');
  });
}

test('A wrong line of a script is named by file and line', () => {
  const text = 'ENABLE L2TP\nENABLE L2TQ\n';
  assert.match(checkScript(commands, { name: 'wrong.cfg', text }).join('\n'), /^wrong\.cfg:2: Error \(335257\)/);
});

test.run();
