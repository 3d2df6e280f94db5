// Writes build/reference.md: every command, parameter, range, default and example, from the syntax lines that the router itself uses.
// bun build/reference.ts writes it, bun build/reference.ts --check exits 1 where it is not current.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyForm, Command } from '../firmware/cli/command.ts';
import { defaultsOf } from '../firmware/cli/help.ts';
import { messages, type Message } from '../firmware/cli/messages.ts';
import type { Param } from '../firmware/cli/syntax.ts';
import { valueTypes } from '../firmware/cli/values.ts';
import { everyCommand } from './commands.ts';

const FILE = join(import.meta.dir, 'reference.md');
const LEVEL = { user: 'USER', manager: 'MANAGER', security: 'SECURITY OFFICER' } as const;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;').replaceAll('_', '\\_');
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The leading words and the object. */
const title = ({ read }: AnyForm): string => [...read.words, ...(read.object === undefined ? [] : [read.object.name])].join(' ');
const topic = (form: AnyForm): string => title(form).split(' ')[1] ?? 'Others';

function valueOf(param: Param): string {
  if (param.value === 'none') return '-';
  const values = [...param.keywords, ...param.free.map(({ type }) => type.help)];
  return cell(values.join(', ')) + (param.list ? ', several with commas' : '') + (param.value === 'optional' ? ' (may be left out)' : '');
}

function need(form: AnyForm, param: Param): string {
  if (param.choice !== undefined) {
    const choice = form.read.choices[param.choice];
    const names = (choice?.keys ?? []).map((key) => key.toUpperCase());
    return `${choice?.required === true ? 'one of' : 'one at most of'} ${names.map(cell).join(', ')}`;
  }
  if (param.within !== undefined) return `only with ${cell(param.within.toUpperCase())}`;
  return param.required ? 'required' : 'optional';
}

function defaultOf(form: AnyForm, param: Param): string {
  const found = defaultsOf(form).find((text) => text.startsWith(`${param.name}=`));
  return found === undefined ? '' : cell(found.slice(param.name.length + 1)) || '(empty)';
}

function section(form: AnyForm): string[] {
  const lines = ['```', form.syntax.replace(/\s+/g, ' ').trim(), '```', '', form.help, ''];
  if (form.read.params.length > 0) {
    lines.push(row('Parameter', 'Values', 'Default', 'Given'), row('---', '---', '---', '---'));
    for (const param of form.read.params) lines.push(row(`${cell(param.name)}${param.positional ? ' (name may be left out)' : ''}`, valueOf(param), defaultOf(form, param), need(form, param)));
    lines.push('');
  }
  lines.push(`Level ${LEVEL[form.level]}. Example: \`${form.example}\``, '');
  return lines;
}

function commandSections(forms: readonly AnyForm[]): string[] {
  const topics = Map.groupBy(forms, topic);
  return [...topics.keys()].sort().flatMap((name) => {
    const titles = Map.groupBy(topics.get(name) ?? [], title);
    const inside = [...titles.keys()].sort().flatMap((heading) => [`### ${heading}`, '', ...(titles.get(heading) ?? []).flatMap(section)]);
    return [`## ${name}`, '', ...inside];
  });
}

function messageRows(): string[] {
  const all: Message[] = Object.values(messages).flatMap((texts: Readonly<Record<string, (...values: string[]) => Message>>) => Object.values(texts).map((text) => text('{0}', '{1}', '{2}', '{3}')));
  return all.toSorted((a, b) => String(a.number).slice(1).localeCompare(String(b.number).slice(1), 'en', { numeric: true }) || a.number - b.number).map((m) => row(`${m.severity} ${m.number}`, cell(m.text)));
}

/** The whole reference. */
export function reference(commands: readonly Command[]): string {
  const forms = commands.map(({ form }) => form);
  return [
    '# Command reference', '',
    'Generated from the grammar by `npm run reference`; do not edit.', '',
    'Words and keyword values may be cut to any prefix that is unique where it stands; capitals and small letters are alike. Values with blanks stand in quotation marks.',
    'In the syntax lines `[ ]` marks what may be left out, `{A|B}` a choice, `[,...]` a list with commas; small letters name the kind of a value.', '',
    ...commandSections(forms),
    '## Kinds of values', '', row('Name', 'Permitted'), row('---', '---'),
    ...Object.entries(valueTypes).map(([name, type]) => row(cell(name), cell(type.help))), '',
    '## Messages', '',
    'A number is the severity (1 information, 2 warning, 3 error), the module and the message. The modules follow the branches of the enterprise MIB where these are known.', '',
    row('Number', 'Text'), row('---', '---'), ...messageRows(), '',
  ].join('\n');
}

if (import.meta.main) {
  const text = reference(await everyCommand());
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
    console.error('build/reference.md is not current: run npm run reference');
    process.exit(1);
  }
}
