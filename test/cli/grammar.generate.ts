// Generated arguments for any form, and the properties that every form must have. Takes the list of commands; knows none itself.
import * as assert from 'uvu/assert';
import type { AnyForm, Bound, Command } from '../../firmware/cli/command.ts';
import type { Param } from '../../firmware/cli/syntax.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { writeLine } from '../../firmware/cli/write.ts';

/** Numbers 0 <= n < 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const pick = <T>(list: readonly T[], random: () => number): T => {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

const LETTERS = [...`abcXYZ019 _-.,=#'?\`~!@$%^&*()[]{}<>|\\/;:+\u00e9\u3042\u00a0\u3000\u201c\u201d\u21b5`];

function freeValue(param: Param, random: () => number): unknown {
  return first(param, madeUp(param, random));
}

/** A value that several types could have is that of the first which takes its text. */
function first(param: Param, { text, value }: { readonly text: string; readonly value: unknown }): unknown {
  for (const { type } of param.free) {
    const read = type.parse(text);
    if (read !== undefined) return read;
  }
  return value;
}

function madeUp(param: Param, random: () => number): { readonly text: string; readonly value: unknown } {
  const { type } = pick(param.free, random);
  for (let i = 0; i < 3; i++) {
    const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(LETTERS, random)).join('');
    const value = type.parse(text);
    if (value !== undefined) return { text: type.print(value), value };
  }
  const value = type.parse(pick(type.samples, random));
  if (value === undefined) throw new Error(`${param.name}: a sample that its own type refuses`);
  return { text: type.print(value), value };
}

function oneValue(param: Param, random: () => number): unknown {
  if (param.free.length === 0 || (param.keywords.length > 0 && random() < 0.5)) return pick(param.keywords, random);
  const value = freeValue(param, random);
  return param.keywords.length > 0 ? { value } : value;
}

function value(param: Param, random: () => number): unknown {
  if (param.value === 'none' || (param.value === 'optional' && random() < 0.4)) return true;
  return param.list ? Array.from({ length: 1 + Math.floor(random() * 3) }, () => oneValue(param, random)) : oneValue(param, random);
}

/** Arguments that the form permits. */
export function generate(form: AnyForm, random: () => number): Bound {
  const given: Record<string, unknown> = {};
  const chosen = form.read.choices.map((choice) => (choice.required || random() < 0.5 ? pick(choice.keys, random) : undefined));
  let skipped = false;
  for (const param of form.read.params) {
    if (param.within !== undefined && !(param.within in given)) continue;
    const wanted = param.choice === undefined ? param.required || random() < 0.5 : chosen[param.choice] === param.key;
    // A later value without keyword would fill an earlier place that was left empty.
    if (!wanted || (param.positional && skipped)) skipped ||= param.positional;
    else given[param.key] = value(param, random);
  }
  return given;
}

/** Prints generated arguments of every form and reads them back: the same form, the same arguments. Returns how many lines it read. */
export function printParseEqual(commands: readonly Command[], seed: number, rounds: number): number {
  const table = new CommandTable(commands);
  const random = seeded(seed);
  let lines = 0;
  for (const command of commands) {
    for (let i = 0; i < rounds; i++, lines++) {
      const args = generate(command.form, random);
      const line = writeLine(command.form.read, command.form.defaults, args);
      const match = table.match(line, 'security');
      assert.is(match.kind, 'command', `${line}: ${match.kind === 'error' ? match.message.text : match.kind}`);
      if (match.kind !== 'command') continue;
      assert.is(match.invocation.command.form.syntax, command.form.syntax, line);
      assert.equal(match.invocation.args, { ...command.form.defaults, ...args }, line);
    }
  }
  return lines;
}

/** The example of every form is a line of that form, and nobody below its level can give it. */
export function examplesMatch(commands: readonly Command[]): void {
  const table = new CommandTable(commands);
  for (const { form } of commands) {
    const match = table.match(form.example, form.level);
    assert.is(match.kind === 'command' ? match.invocation.command.form.syntax : match.kind === 'error' ? match.message.text : match.kind, form.syntax, form.example);
    assert.ok(form.help.trim() !== '', `${form.syntax} has a help text`);
    if (form.level !== 'user') assert.is(table.match(form.example, form.level === 'manager' ? 'user' : 'manager').kind, 'error', form.example);
  }
}

/** `?` and TAB at every position of a generated line: nothing throws, and no completion makes a good beginning a bad one. */
export function askEverywhere(commands: readonly Command[], seed: number, rounds: number): number {
  const table = new CommandTable(commands);
  const random = seeded(seed);
  let positions = 0;
  for (const { form } of commands) {
    for (let i = 0; i < rounds; i++) {
      const line = writeLine(form.read, form.defaults, generate(form, random));
      for (let at = 0; at <= line.length; at++, positions++) {
        const text = line.slice(0, at);
        const { options, error, complete } = table.options(text, 'security');
        assert.ok(options.length > 0 || complete || error !== undefined || /["=,]|\S$/.test(text), `nothing at all is offered after: ${text}`);
        const added = table.complete(text, 'security');
        if (added !== '') assert.is(table.options(text + added, 'security').error, undefined, `${text}|${added}`);
      }
    }
  }
  return positions;
}
