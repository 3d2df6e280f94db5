// The whole grammar, as all rooms define it together.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { everyCommand } from '../../build/commands.ts';
import { reference } from '../../build/reference.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { valueTypes } from '../../firmware/cli/values.ts';
import { askEverywhere, examplesMatch, printParseEqual } from './grammar.generate.ts';

const commands = await everyCommand();
const table = new CommandTable(commands);

test('generated arguments of every form print to a line that reads back as them', () => {
  const lines = printParseEqual(commands, 20260101, 40);
  assert.is(lines, commands.length * 40);
  assert.ok(commands.length > 50, `${commands.length} forms`);
});

test('every example is a line of its form, and is hidden from those below its level', () => examplesMatch(commands));

test('? and TAB work at every position of a line of every form', () => {
  assert.ok(askEverywhere(commands, 7, 1) > 1000);
});

test('no two commands have the same syntax line or the same words and required parameters', () => {
  const seen = new Map<string, string>();
  for (const { form } of commands) {
    const { words, params, choices } = form.read;
    const key = [...words, ...params.filter((param) => param.required).map((param) => `${param.name}${param.value === 'none' ? '' : '='}`), ...choices.filter((choice) => choice.required).map((choice) => choice.keys.join('|'))].join(' ');
    assert.is(seen.get(key), undefined, `${form.syntax} is hidden by ${seen.get(key)}`);
    seen.set(key, form.syntax);
  }
});

test('the samples of every value type are read and printed alike', () => {
  for (const [name, type] of Object.entries(valueTypes)) {
    assert.ok(type.samples.length > 0, name);
    for (const sample of type.samples) {
      const value = type.parse(sample);
      assert.ok(value !== undefined, `${name}: ${sample}`);
      const print: (value: never) => string = type.print;
      const parse: (text: string) => unknown = type.parse;
      assert.equal(parse(print(value as never)), value, `${name}: ${sample}`);
    }
    assert.is(type.parse('a"b'), undefined, `${name} refuses quotation marks`);
    assert.is(type.parse('a\u0000'), undefined, `${name} refuses control characters`);
  }
});

test('every first word has a list of what follows, and every form can be reached by typing its words', () => {
  for (const { form } of commands) {
    const { error } = table.options(`${form.read.words.join(' ')} `, form.level);
    assert.is(error, undefined, form.syntax);
  }
});

test('HELP has a text of whole sentences in every form, on one line each until it is wrapped', () => {
  for (const { form } of commands) assert.match(form.help, /^[A-Z][^\n]*[^ \n]\.$/, form.syntax);
  for (const { form } of commands) assert.not.match(form.help, / {2}/, form.syntax);
});

test('the reference tells of every command', () => {
  const text = reference(commands);
  for (const { form } of commands) assert.ok(text.includes(form.syntax.replace(/\s+/g, ' ').trim()), form.syntax);
});

test.run();
