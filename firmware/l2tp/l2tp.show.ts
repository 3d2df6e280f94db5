// SHOW L2TP, SHOW L2TP CALL, IP and USER, laid out as the AR740 command reference 2.6 prints them.

import { formatIpv4 } from '../bytes/ip.ts';
import { wrap } from '../bytes/text.ts';
import { type CallSettings } from './calls.ts';
import { printRange } from './ranges.ts';
import type { ModuleSnapshot } from './snapshot.ts';
import type { TemplateEntry } from './templates.ts';
import { DEFAULT_LNS_PORT, type UserEntry, printUser } from './users.ts';

const RULE = '-'.repeat(79);
/** The rule that closes SHOW L2TP IP is one dash shorter than all others, in the manual too. */
const CLOSING_RULE = '-'.repeat(78);
const NOT_SET = 'not set';

/** `label ...... value`: dots up to column `width`, at least one. */
export const leader = (label: string, value: string | number, width: number): string =>
  `${`${label} `.padEnd(Math.max(width, label.length + 2), '.')} ${value}`;

export const onOff = (on: boolean): string => (on ? 'on' : 'off');
const orNotSet = (value: string | number | undefined): string | number => value ?? NOT_SET;

const MODULE = 34;
const PASSWORD = 38;
const CALL = 25;
const RANGE = 33;
const USER = 26;

/** SHOW L2TP (table 1). */
export function showModule(m: ModuleSnapshot): string {
  return [...moduleHead(m), leader('Tunnels', m.tunnels, MODULE)].join('\n');
}

/** SHOW L2TP COUNTER (table 2). */
export function showModuleCounters(m: ModuleSnapshot): string {
  const { discards, control, data } = m;
  const rows: [string, number][] = [
    ['In Discarded - Disabled', discards.disabled],
    ['In Discarded - Filtered', discards.filtered],
    ['In Discarded - No Such Tunnel', discards.noSuchTunnel],
    ['In Discarded - No Such Call', discards.noSuchCall],
    ['Mal Formed Packets', discards.malformed],
    ['In Control Packets', control.in],
    ['In Control Packets With Data', control.inWithData],
    ['In Control Packets No Data', control.inNoData],
    ['Processed Control Packets', control.processed],
    ['In Order Control Packets', control.inOrder],
    ['Out Of Order Control Packets', control.outOfOrder],
    ['Order Discarded Ctl Packets', control.orderDiscarded],
    ['Out Control Packets', control.out],
    ['Out Control Packets With Data', control.outWithData],
    ['Out Control Packets No Data', control.outNoData],
    ['In Data Packets', data.in],
    ['In Data Packets With Data', data.inWithData],
    ['In Data Packets No Data', data.inNoData],
    ['Processed Data Packets', data.processed],
    ['In Order Data Packets', data.inOrder],
    ['Out Of Order Data Packets', data.outOfOrder],
    ['Order Discarded Data Packets', data.orderDiscarded],
    ['Out Data Packets', data.out],
    ['Out Data Packets With Data', data.outWithData],
    ['Out Data Packets No Data', data.outNoData],
    ['Tunnels', m.tunnels],
  ];
  return [...moduleHead(m), ...rows.map(([label, value]) => leader(label, value, MODULE))].join('\n');
}

function moduleHead(m: ModuleSnapshot): string[] {
  const passwords =
    m.passwords.length === 0
      ? [leader('Passwords', NOT_SET, MODULE)]
      : ['Passwords', ...m.passwords.map((p) => leader(printRange(p.range), p.password ?? NOT_SET, PASSWORD))];
  return [
    'L2TP Server',
    leader('State', m.enabled ? 'enabled' : 'disabled', MODULE),
    leader('Server', m.server === undefined ? 'disabled' : m.server === 'BOTH' ? 'both' : m.server, MODULE),
    ...passwords,
    leader('Filter', orNotSet(m.filter), MODULE),
    leader('Checksum Payload Packets', onOff(m.checksum), MODULE),
    leader('Failed Authentications', m.failedAuthentications, MODULE),
    leader('In Messages', m.control.in + m.data.in, MODULE),
    leader('Out Messages', m.control.out + m.data.out, MODULE),
    leader('In Errors', inErrors(m), MODULE),
  ];
}

/** Every datagram that arrived and was no use: what the discard rows below it add up to. */
const inErrors = ({ discards: d }: ModuleSnapshot): number => d.disabled + d.filtered + d.noSuchTunnel + d.noSuchCall + d.malformed;

/** A configured call and, where it is wanted but not up, the sentence that says why. */
export interface CallStatus {
  readonly call: CallSettings;
  readonly waiting: string | undefined;
}

/** SHOW L2TP CALL (table 3). A call that waits has one line more, `Status`. */
export function showCalls(calls: readonly CallStatus[]): string {
  return ['L2TP Call Information', RULE, calls.map(oneCall).join('\n\n')].join('\n');
}

function oneCall({ call, waiting }: CallStatus): string {
  const lines = [
    `Name : ${call.name}`,
    leader('Type', call.type.toLowerCase(), CALL),
    leader('Precedence', call.precedence.toLowerCase(), CALL),
    leader('Sequence numbering', call.number.toLowerCase(), CALL),
    leader('Remote is pre draft13', call.pre13.toLowerCase(), CALL),
    leader('Speed', call.speed, CALL),
    leader('IP address', formatIpv4(call.ip), CALL),
    leader('Password', orNotSet(call.password), CALL),
    leader('Remote callname', orNotSet(call.remote), CALL),
    leader('Dial', orNotSet(call.dial), CALL),
    leader('Subaddress', orNotSet(call.subaddress), CALL),
  ];
  if (waiting !== undefined) lines.push(...wrap(waiting, RULE.length - CALL - 1).map((part, i) => (i === 0 ? leader('Status', part, CALL) : `${' '.repeat(CALL + 1)}${part}`)));
  return lines.join('\n');
}

/** SHOW L2TP IP (table 4). */
export function showRanges(entries: readonly TemplateEntry[]): string {
  const blocks = entries.map((e) =>
    [
      leader('IP Range', printRange(e.range), RANGE),
      `  ${leader('PPP template', e.template, RANGE - 2)}`,
      `  ${leader('Sequence numbering', e.number.toLowerCase(), RANGE - 2)}`,
      `  ${leader('Pre-draft 13 support', e.pre13.toLowerCase(), RANGE - 2)}`,
    ].join('\n'),
  );
  return ['L2TP IP Range Information', RULE, ...blocks, CLOSING_RULE].join('\n');
}

/** SHOW L2TP USER (table 8). Remote IP and Port belong to ACTION=DATABASE, Prefix to DNSLOOKUP. */
export function showUsers(entries: readonly UserEntry[]): string {
  return ['L2TP User Information', RULE, entries.map(oneUser).join('\n\n')].join('\n');
}

function oneUser(e: UserEntry): string {
  const lines = [
    `User : ${printUser(e.user)}`,
    leader('Action', e.action.toLowerCase(), USER),
    leader('Password', orNotSet(e.password), USER),
    leader('Maximum timeout', e.timeout, USER),
    leader('Sequence Numbering', e.number.toLowerCase(), USER),
    leader('Remote is pre draft13', e.pre13.toLowerCase(), USER),
  ];
  if (e.action === 'DATABASE') {
    lines.push(leader('Remote IP', e.ip === undefined ? NOT_SET : formatIpv4(e.ip), USER), leader('Remote Port', e.port ?? DEFAULT_LNS_PORT, USER));
  }
  if (e.action === 'DNSLOOKUP') lines.push(leader('Prefix', orNotSet(e.prefix), USER));
  return lines.join('\n');
}
