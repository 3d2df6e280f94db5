// The PPP section of CREATE CONFIG: commands that make the same interfaces again, only values that are not defaults.

import { write, type ConfigSection } from '../cli/command.ts';
import type { PppInterface } from './interface.ts';
import type { PppInterfaces } from './interfaces.ts';
import { CREATE_PPP } from './parameters.ts';
import { templateConfig } from './template.commands.ts';
import type { PppTemplates } from './templates.ts';

/** AlliedWare's command line takes 121 characters: longer commands are written as a CREATE and SETs. */
const LINE = 121;

export function pppConfig(interfaces: PppInterfaces, templates?: PppTemplates): ConfigSection[] {
  const lines = [...(templates === undefined ? [] : templateConfig(templates)), ...interfaces.statics().flatMap(linesOf)];
  return lines.length === 0 ? [] : [{ title: 'PPP', lines }];
}

function linesOf(one: PppInterface): string[] {
  const object = { ppp: one.number, over: one.over };
  const head = write(CREATE_PPP, object);
  const given = new Map(Object.entries(one.parameters));
  // Each parameter written alone, so that lines can be broken between any two.
  const parts = CREATE_PPP.read.params.flatMap(({ key }) => {
    if (key === 'ppp' || key === 'over') return [];
    const text = write(CREATE_PPP, { ...object, ...Object.fromEntries([[key, given.get(key)]]) }).slice(head.length).trim();
    return text === '' ? [] : [text];
  });
  const lines = [head];
  for (const part of parts) {
    const last = lines.at(-1) ?? head;
    if (last.length + 1 + part.length <= LINE) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(`set ppp=${one.number} ${part}`);
  }
  return one.enabled ? lines : [...lines, `disable ppp=${one.number}`];
}
