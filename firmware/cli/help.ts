// What the grammar says to people: the list behind `?` and the text of HELP. Both come from the syntax lines.

import type { AnyForm } from './command.ts';
import { lex } from './lexer.ts';
import { printMessage } from './messages.ts';
import type { Options } from './table.ts';
import { printValue } from './write.ts';

const WIDTH = 78;

/** Words in rows of at most `width` columns, `indent` before each row but the first. */
function wrap(words: readonly string[], { width, indent }: { readonly width: number; readonly indent: string }): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of words) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (row !== '' && longer.length > width) {
      rows.push(row);
      row = indent + word;
    } else row = longer;
  }
  return row === '' ? rows : [...rows, row];
}

/** The lines that `?` prints. */
export function renderOptions({ options, complete, error }: Options): string[] {
  if (error !== undefined) return [printMessage(error)];
  const words = options.filter(({ insert }) => insert !== undefined).map(({ show }) => show);
  const values = options.filter(({ insert }) => insert === undefined).map(({ show }) => show);
  const rows = [...values, ...wrap(words, { width: WIDTH - 10, indent: '' }), ...(complete ? ['<Enter>'] : [])];
  if (rows.length === 0) return ['Options : none'];
  return rows.map((row, i) => (i === 0 ? `Options : ${row}` : `          ${row}`));
}

/** The text of HELP for a topic: words a command begins with, cut ones too, or one of its later words. Without a topic: what there is. */
export function helpText(forms: readonly AnyForm[], topic: string | undefined): string {
  if (topic === undefined || topic.trim() === '') return overview(forms);
  const lexed = lex(topic);
  const words = 'severity' in lexed ? [] : lexed.tokens.map((token) => (token.name ?? '').toUpperCase().replace(/=.*$/, ''));
  if (words.length === 0) return overview(forms);
  const begin = forms.filter((form) => words.every((word, i) => startOf(form)[i]?.startsWith(word) === true));
  const exact = begin.filter((form) => words.every((word, i) => startOf(form)[i] === word));
  const found = exact.length > 0 ? exact : begin.length > 0 ? begin : forms.filter((form) => words.every((word) => startOf(form).includes(word)));
  if (found.length === 0) return `No help on "${topic}". HELP alone lists the topics.`;
  if (found.length > 12) return [`Commands on "${topic}":`, '', ...found.map((form) => `  ${startOf(form).join(' ')}`).filter((row, i, rows) => rows.indexOf(row) === i), '', 'HELP and a command tells more about one of them.'].join('\n');
  return found.map(describe).join('\n\n');
}

/** The leading words and the object of a form. */
const startOf = ({ read }: AnyForm): readonly string[] => (read.object === undefined ? read.words : [...read.words, read.object.name]);

function describe(form: AnyForm): string {
  const syntax = wrap(form.syntax.split(/\s+/), { width: WIDTH, indent: '    ' });
  const text = wrap(form.help.split(' '), { width: WIDTH, indent: '' });
  const defaults = Object.keys(form.defaults).length === 0 ? [] : wrap(['Defaults:', ...defaultsOf(form)], { width: WIDTH, indent: '  ' });
  return [...syntax, '', ...text, ...defaults, `Example: ${form.example}`].join('\n');
}

/** 'NUMBER=OFF' for each parameter with a default. */
export function defaultsOf({ read, defaults }: AnyForm): string[] {
  return read.params.flatMap((param) => {
    const value = defaults[param.key];
    if (value === undefined) return [];
    return [`${param.name}=${typeof value === 'string' && param.keywords.includes(value) ? value : printValue(param, value)}`];
  });
}

function overview(forms: readonly AnyForm[]): string {
  const actions = [...new Set(forms.map((form) => startOf(form)[0] ?? ''))].toSorted();
  const objects = [...new Set(forms.flatMap((form) => startOf(form).slice(1, 2)))].toSorted();
  return [
    'Commands begin with one of', ...wrap(actions, { width: WIDTH - 2, indent: '' }).map((row) => `  ${row}`), '',
    'and are about', ...wrap(objects, { width: WIDTH - 2, indent: '' }).map((row) => `  ${row}`), '',
    'HELP topic        commands that begin so: HELP L2TP, HELP ADD L2TP CALL',
    '?                 at any place: what may come next',
    'TAB               completes a word',
    'Ctrl-B, Ctrl-F    previous and next command; Ctrl-C lists them all',
    'Words may be cut as long as they are unique: SH L2TP COU',
  ].join('\n');
}
