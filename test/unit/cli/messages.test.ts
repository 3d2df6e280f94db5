// The catalogue of messages: every number once, in the range of its module, every text a sentence.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { messages, printMessage } from '../../../firmware/cli/messages.ts';

const all = Object.entries(messages).flatMap(([module, entries]) => Object.entries(entries).map(([name, make]) => ({ module, name, message: make('Alpha', 'Beta', 'Gamma') })));

test('every message has a number of its own', () => {
  const seen = new Map<number, string>();
  for (const { module, name, message } of all) {
    assert.is(seen.get(message.number), undefined, `${module}.${name} has the number of ${seen.get(message.number)}`);
    seen.set(message.number, `${module}.${name}`);
  }
  assert.ok(seen.size > 150);
});

/** Sections that are a part of another one's module. */
const PARTS: Readonly<Record<string, string>> = { pppoe: 'ppp' };

test('the messages of a module share its id, and the first digit tells the severity', () => {
  const ids = new Map<string, string>();
  for (const { module: section, message } of all) {
    const module = PARTS[section] ?? section;
    const digits = String(message.number);
    assert.is(digits[0], { info: '1', warning: '2', error: '3' }[message.severity]);
    const id = digits.slice(1, -3);
    assert.is(ids.get(module) ?? id, id);
    ids.set(module, id);
  }
  assert.is(new Set(ids.values()).size, ids.size);
});

test('every message is a sentence with a full stop', () => {
  /** As AlliedWare prints them, without a capital. */
  const small = /^interface (?:successfully|has been) \w+\.$/;
  for (const { module, name, message } of all) {
    // A text that ends with what another layer said ends as that does.
    if (!message.text.endsWith('Alpha') && !message.text.endsWith('Beta')) assert.match(message.text, /\.$/, `${module}.${name}`);
    if (!small.test(message.text)) assert.match(message.text, /^[A-Z"]/, `${module}.${name}`);
    assert.not.match(message.text, / {2}|\{\d\}/, printMessage(message));
  }
});

test.run();
