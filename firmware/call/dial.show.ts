// SHOW ISDN CALL and SHOW ACC CALL (AlliedWare ISDN and ACC chapters; columns as far as they are known, the rest ours).

import { wrap } from '../bytes/text.ts';
import type { Syntax } from '../cli/syntax.ts';
import { printValue } from '../cli/write.ts';
import type { CallStatus } from './dial.ts';
import type { Line } from './line.ts';

const RULE = '-'.repeat(79);
const LABEL = 26;

/** What the table shows of the settings of one call. */
export interface CallRow {
  readonly number: string | undefined;
  readonly remote: string | undefined;
  readonly direction: string;
  readonly precedence: string;
}

function columns(...cells: readonly (readonly [at: number, text: string])[]): string {
  let line = '';
  // A value that fills its column is still told from the next one.
  for (const [at, text] of cells) line = `${line.padEnd(at - (at > 0 ? 1 : 0))}${at > 0 ? ' ' : ''}${text}`;
  return line.trimEnd();
}

const stateOf = ({ call, lines, waiting }: CallStatus): string => {
  if (lines.some(({ isUp }) => isUp)) return lines.length === 1 ? 'up' : `${lines.length} up`;
  if (lines.length > 0) return 'calling';
  if (!call.enabled) return 'disabled';
  return waiting === undefined ? 'idle' : 'waiting';
};

/** All calls, one line each. */
export function showCalls(kind: 'ISDN' | 'ACC', all: readonly CallStatus[], row: (name: string) => CallRow): string {
  const rows = all.map((status) => {
    const { number, remote, direction, precedence } = row(status.call.name);
    return columns([0, status.call.name], [16, number ?? '-'], [37, remote ?? '-'], [53, direction], [63, precedence], [71, stateOf(status)]);
  });
  const head = columns([0, 'Name'], [16, 'Number'], [37, 'Remote call'], [53, 'Direction'], [63, 'Prec'], [71, 'State']);
  return [`${kind} Call Information`, RULE, head, RULE, ...rows, RULE].join('\n');
}

const field = (label: string, value: string): string[] =>
  wrap(value, RULE.length - LABEL - 1).map((part, i) => (i === 0 ? `${`${label} `.padEnd(LABEL, '.')} ${part}` : `${' '.repeat(LABEL + 1)}${part}`));

/** One call: what it does, the lines that have it, all its parameters. */
export function showCall(kind: 'ISDN' | 'ACC', settings: object, status: CallStatus, syntax: Syntax): string {
  const values = new Map(Object.entries(settings));
  const rows = syntax.params.flatMap((param) => {
    if (param.key === 'call') return [];
    const value: unknown = values.get(param.key);
    const secret = param.free.some(({ type }) => type.secret === true);
    return field(param.name, value === undefined ? 'not set' : secret ? '(set)' : printValue(param, value));
  });
  const { call, lines, users, waiting } = status;
  return [
    `Name : ${call.name}`,
    ...field('State', stateOf(status)),
    ...(waiting === undefined ? [] : field('Status', waiting)),
    ...field(`PPP over ${kind}-${call.name}`.slice(0, LABEL - 2), users.length === 0 ? 'none' : users.join(', ')),
    ...lines.flatMap((line) => field('Line', `${line.port.name}, ${line.state}`)),
    ...lines.flatMap(lineFields),
    RULE,
    ...rows,
    RULE,
  ].join('\n');
}

function lineFields({ counters: { frames, refused, dropped } }: Line): string[] {
  const bad = Object.entries(refused).filter(([, count]) => count > 0).map(([why, count]) => `${count} ${why}`);
  return field('Frames', [`${frames} received`, ...bad, ...(dropped === 0 ? [] : [`${dropped} for which the line had no room`])].join(', '));
}
