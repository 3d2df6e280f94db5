// SHOW LOG and SHOW LOG OUTPUT (layout after AlliedWare; columns: Log Message Reference, introduction).

import { formatIpv4 } from '../bytes/ip.ts';
import { wrap } from '../bytes/text.ts';
import { valueTypes } from '../cli/values.ts';
import { formatTime } from './calendar.ts';
import type { LogRecord } from './log.ts';
import type { LogFilter, LogOutput } from './outputs.ts';

const RULE = '-'.repeat(79);
/** Where the message column begins, and how many characters fit into it. */
const COLUMN = 31;
const WIDTH = 79 - COLUMN;

function entry(record: LogRecord): string[] {
  const [first = '', ...more] = wrap(record.text, WIDTH);
  const day = String(record.at.day).padStart(2, '0');
  const columns = `${record.module.slice(0, 4).padEnd(5)}${record.type.slice(0, 5).padEnd(6)}${record.subtype.slice(0, 5).padEnd(6)}`;
  return [`${day} ${formatTime(record.at)} ${record.severity} ${columns}${first}`, ...more.map((line) => ' '.repeat(COLUMN) + line)];
}

/** Events, oldest first. */
export const showLog = (records: readonly LogRecord[]): string => ['Date/Time   S Mod  Type  SType Message', RULE, ...records.flatMap(entry), RULE].join('\n');

const pad = (label: string): string => `${`${label} `.padEnd(22, '.')} `;

function filterLine(filter: LogFilter, index: number): string {
  const { severity, module = 'ANY', type = 'ANY', subtype = 'ANY', action } = filter;
  const level = severity === undefined ? 'ANY' : valueTypes['log-severity'].print(severity);
  return `  ${String(index + 1).padEnd(7)}${action.padEnd(9)}${level.padEnd(10)}${module.padEnd(8)}${type.padEnd(7)}${subtype}`;
}

/** SHOW LOG OUTPUT=n. */
export function showOutput(output: LogOutput): string {
  const lines = [
    `LOG output ${output.id}`,
    RULE,
    `${pad('Status')}${output.enabled ? 'enabled' : 'disabled'}`,
    `${pad('Destination')}${output.destination.toLowerCase()}`,
  ];
  if (output.server === undefined) lines.push(`${pad('Messages kept')}at most ${output.messages}`);
  else {
    lines.push(`${pad('Server')}${formatIpv4(output.server)}`, `${pad('Port')}${output.port}`, `${pad('Facility')}${output.facility}`, `${pad('Format')}${output.format}`);
  }
  lines.push(`${pad('Messages processed')}${output.sent}`);
  if (output.filters.length === 0) lines.push(`${pad('Filters')}none: every message is processed`);
  else lines.push('', '  Filter Action   Severity  Module  Type   SubType', ...output.filters.map(filterLine));
  return [...lines, RULE].join('\n');
}

/** SHOW LOG OUTPUT: one line each. */
export function showOutputs(outputs: readonly LogOutput[], kept: number): string {
  const lines = ['Output     Status    Destination  Server           Filters  Processed', RULE, `${'TEMPORARY'.padEnd(11)}${'enabled'.padEnd(10)}${'memory'.padEnd(13)}${'-'.padEnd(17)}${'0'.padEnd(9)}${kept}`];
  for (const o of outputs) {
    const server = o.server === undefined ? '-' : formatIpv4(o.server);
    lines.push(`${String(o.id).padEnd(11)}${(o.enabled ? 'enabled' : 'disabled').padEnd(10)}${o.destination.toLowerCase().padEnd(13)}${server.padEnd(17)}${String(o.filters.length).padEnd(9)}${o.sent}`);
  }
  return [...lines, RULE].join('\n');
}
