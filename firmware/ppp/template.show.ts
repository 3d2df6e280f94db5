// SHOW PPP TEMPLATE (AlliedWare PPP chapter; no layout of it is known, so ours).

import { printValue } from '../cli/write.ts';
import { columns, RULE } from './ppp.show.ts';
import { SET_TEMPLATE, type Template } from './templates.ts';

/** All templates, one line each. */
export function showTemplates(templates: readonly Template[], users: (template: number) => readonly string[]): string {
  const rows = templates.map(({ number, parameters: p, refused }) =>
    columns([0, number], [10, p.authentication], [26, p.login], [34, p.ippool === 'NONE' ? 'NONE' : p.ippool.value], [51, users(number).length], [63, refused]),
  );
  return [columns([0, 'Template'], [10, 'Authentication'], [26, 'Login'], [34, 'IP Pool'], [51, 'Interfaces'], [63, 'Refused']), RULE, ...rows, RULE].join('\n');
}

/** So many interfaces are named on one line. */
const MOST_NAMED = 6;

function named(interfaces: readonly string[]): string {
  if (interfaces.length === 0) return 'none';
  const more = interfaces.length > MOST_NAMED ? ` and ${interfaces.length - MOST_NAMED} more` : '';
  return `${interfaces.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** One template with all its parameters; `former` are the interfaces that were made before the last SET. */
export function showTemplate({ number, parameters, refused, lastRefusal }: Template, { users, former }: { readonly users: readonly string[]; readonly former: readonly string[] }): string {
  const values = new Map(Object.entries(parameters));
  const rows = SET_TEMPLATE.read.params.flatMap((param) => {
    if (param.key === 'template') return [];
    const value = values.get(param.key);
    const secret = param.free.some(({ type }) => type.secret === true) && value !== 'NONE';
    const shown = value === undefined ? (param.key === 'lqr' ? 'ON unless ECHO is' : 'NONE') : secret ? '(set)' : printValue(param, value).toUpperCase();
    const exact = ['description', 'username', 'ippool', 'cbnumber'].includes(param.key) && value !== 'NONE';
    return [columns([2, param.name], [24, exact && value !== undefined ? printValue(param, value) : shown])];
  });
  return [
    `Template ${number}`,
    RULE,
    columns([2, 'Interfaces'], [24, named(users)]),
    ...(former.length === 0 ? [] : [columns([2, 'With Former Values'], [24, named(former)])]),
    columns([2, 'Callers Refused'], [24, refused]),
    ...(lastRefusal === '' ? [] : [columns([2, 'Last Refusal'], [24, lastRefusal])]),
    RULE,
    ...rows,
    RULE,
  ].join('\n');
}
