// SHOW PPP and its parts. LIMITS and UTILISATION are laid out as the AR450S 2.9 command reference prints them; the others
// follow AlliedWare's columns as far as they are known.

import { formatIpv4 } from '../bytes/ip.ts';
import { wrap } from '../bytes/text.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { WallTime } from '../hal/clock.ts';
import { formatSpan, formatTime } from '../log/calendar.ts';
import { HOUR, MEGABYTE, type LimitCounter, type LimitRow } from './accounting.ts';
import type { State } from './automaton.ts';
import { CODE } from './frame.ts';
import type { PppInterface } from './interface.ts';
import { echoPeriod, idleTime, lqrPeriod, rechallengePeriod, type PppParameters } from './parameters.ts';

export const RULE = '-'.repeat(79);

/** Joins columns: each text padded to where the next one begins; no blanks at the end. */
export function columns(...cells: readonly (readonly [at: number, text: string | number])[]): string {
  let line = '';
  for (const [at, text] of cells) line = `${line.padEnd(at)}${text}`;
  return line.trimEnd();
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
const stateText = (state: State): string => state.toUpperCase().replace('-', ' ');

/** The interface index as SHOW PPP and SHOW INTERFACE print it. */
export const ifIndex = (one: PppInterface): number => one.number + 4;

/** SHOW PPP: one block per interface; with `detail` also what each is doing and why. */
export function showPpp(all: readonly PppInterface[], now: Millis, detail: 'brief' | 'detail', says: (over: string) => string | undefined): string {
  const lines = [columns([0, 'Name'], [16, 'Enabled'], [25, 'ifIndex'], [34, 'Over'], [57, 'CP'], [69, 'State']), RULE];
  for (const one of all) {
    lines.push(...block(one, now), RULE);
    if (detail === 'detail') lines.push(...situation(one, now, says).flatMap((line) => wrap(line, RULE.length)), RULE);
  }
  return lines.join('\n');
}

function block(one: PppInterface, now: Millis): string[] {
  const states = one.link?.states() ?? [];
  const closed = one.condition(now) === 'calling' ? 'STARTING' : 'INITIAL';
  const lcp = states.find(({ name }) => name === 'LCP');
  const [first, ...more] = states.filter(({ name }) => name !== 'LCP').map(({ name, state }) => [name, stateText(state)] as const);
  const [cp, state] = first ?? ['IPCP', closed];
  return [
    columns([0, one.name], [16, one.enabled ? 'YES' : 'NO'], [25, String(ifIndex(one)).padStart(2, '0')], [57, cp], [69, state]),
    ...more.map(([name, text]) => columns([57, name], [69, text])),
    columns([34, one.over], [57, 'LCP'], [69, lcp === undefined ? closed : stateText(lcp.state)]),
  ];
}

function situation(one: PppInterface, now: Millis, says: (over: string) => string | undefined): string[] {
  const lines: string[] = [];
  switch (one.condition(now)) {
    case 'up':
      lines.push(`Up for ${formatSpan(now - (one.upSince ?? now))}`);
      break;
    case 'negotiating':
      lines.push(`${one.over} is up; PPP is negotiating`);
      break;
    case 'handed over':
      lines.push('Passed on: somebody else speaks PPP with the peer');
      break;
    case 'calling':
      lines.push(capital(says(one.over) ?? `waiting for ${one.over}`));
      break;
    case 'waiting':
      lines.push('On demand: waiting for traffic');
      break;
    case 'limited':
      lines.push(one.accounting.exceeded(one.parameters, now) ?? '');
      break;
    case 'disabled':
      lines.push('Disabled');
  }
  const { addresses, link } = one;
  if (addresses !== undefined) {
    lines.push(`Local address ${addresses.local === 0 ? 'none' : formatIpv4(addresses.local)}, peer ${addresses.remote === 0 ? 'none' : formatIpv4(addresses.remote)}, MTU ${one.mtu}`);
    if (one.path !== undefined) lines.push(`The path takes ${one.path.mtu} octets, ${one.path.overhead} of them for IP, UDP, L2TP and PPP`);
    if (addresses.dns.length > 0) lines.push(`Name servers ${addresses.dns.map(formatIpv4).join(', ')}`);
    if (link !== undefined && link.peerName !== '') lines.push(`Peer is ${link.peerName}`);
  }
  if (one.lastReason !== '') lines.push(`Last link: ${one.lastReason}`);
  return lines;
}

const LIMIT_NAMES: Readonly<Record<LimitCounter, string>> = { online: 'Connection Time', in: 'In Data', out: 'Out Data', total: 'Total Data' };

/** SHOW PPP LIMITS of one interface. */
export function showLimits(name: string, rows: readonly LimitRow[]): string {
  const rule = `  ${'-'.repeat(76)}`;
  return [
    `${name}:`,
    columns([2, 'Limit Counter'], [26, 'Current'], [38, 'Limit'], [50, 'Remaining'], [62, 'Previous']),
    rule,
    ...rows.map(limitLine),
    rule,
  ].join('\n');
}

function limitLine({ counter, current, limit, previous }: LimitRow): string {
  const left = limit === undefined ? '--' : current >= limit ? 'EXCEEDED' : amount(counter, limit - current);
  const [number = '', unit = ''] = amount(counter, current).split(' ');
  return columns(
    [2, LIMIT_NAMES[counter]],
    [31 - number.length, number],
    [31, unit === '' ? '' : ` ${unit}`],
    [38, limit === undefined ? 'Unlimited' : amount(counter, limit)],
    [50, left],
    [62, previous === undefined ? '' : amount(counter, previous)],
  );
}

/** Hours and minutes, or megabytes with one decimal. */
function amount(counter: LimitCounter, value: number): string {
  if (counter !== 'online') return `${(value / MEGABYTE).toFixed(1)} MB`;
  return `${Math.floor(value / HOUR)}:${String(Math.floor(value / 60_000) % 60).padStart(2, '0')}`;
}

export interface Utilisation {
  readonly name: string;
  readonly over: string;
  readonly time: WallTime;
  /** Bits per second that the layer carries, and that it could. */
  readonly rate: number;
  readonly bandwidth: number;
  /** Octets may cross both ways at once: overall is of twice the bandwidth. */
  readonly percent: number;
  readonly overall: number;
}

/** What SHOW PPP UTILISATION says of an interface. Never above 100 %. */
export function utilisation(one: PppInterface, time: WallTime, bandwidth: number): Utilisation {
  const rate = one.link === undefined ? 0 : one.accounting.bitsPerSecond;
  const share = (of: number): number => (of <= 0 ? 0 : Math.min(100, Math.round((rate * 100) / of)));
  return { name: one.name, over: one.over, time, rate, bandwidth, percent: share(bandwidth), overall: share(bandwidth * 2) };
}

/** SHOW PPP UTILISATION of one interface. */
export function showUtilisation(u: Utilisation): string {
  return [
    `Interface: ${u.name} Time: ${formatTime(u.time)}`,
    columns([2, `Over: ${u.over}`], [30, `Utilisation(%): ${u.percent}`], [55, `Bandwidth(bps): ${u.bandwidth}`]),
    columns([2, `Utilisation Overall(%): ${u.overall}`], [30, 'Up Timer(seconds): 0'], [55, 'Down Timer(seconds): 0']),
  ].join('\n');
}

/** SHOW PPP IDLETIMER. */
export function showIdleTimers(all: readonly PppInterface[], now: Millis): string {
  const rows = all.map((one) => {
    const configured = one.allowance.idle(idleTime(one.parameters));
    const due = one.idleDeadline();
    const remaining = due === NEVER ? '-' : String(Math.max(0, Math.ceil((due - now) / 1000)));
    return columns([0, one.name], [16, configured === 0 ? 'OFF' : configured], [36, remaining]);
  });
  return [columns([0, 'Name'], [16, 'Configured (s)'], [36, 'Remaining (s)']), RULE, ...rows, RULE].join('\n');
}

const secondsOr = (value: number): string => (value === 0 ? 'OFF' : String(value));
const optional = (value: 'NONE' | { readonly value: string | number }): string => (value === 'NONE' ? 'NONE' : String(value.value));
const counted = (value: 'CONTINUOUS' | { readonly value: number }): string => (value === 'CONTINUOUS' ? 'CONTINUOUS' : String(value.value));

/** SHOW PPP CONFIG of one interface. Passwords are not shown. */
export function showConfig(one: PppInterface): string {
  const p = one.parameters;
  const row = (label: string, configured: string | number, negotiated: readonly [string | number, string | number] = ['', '']): string =>
    columns([2, label], [36, configured], [50, negotiated[0]], [66, negotiated[1]]);
  return [
    p.description === undefined ? one.name : `${one.name} - ${p.description}`,
    columns([2, 'Parameter'], [36, 'Configured'], [50, 'Negotiated']),
    columns([50, 'Local'], [66, 'Peer']),
    RULE,
    'Interface',
    ...interfaceRows(one, row),
    '',
    one.over,
    ...linkRows(one, row),
    RULE,
    ...unused(p),
    RULE,
  ].join('\n');
}

type Row = (label: string, configured: string | number, negotiated?: readonly [string | number, string | number]) => string;

function interfaceRows(one: PppInterface, row: Row): string[] {
  const p = one.parameters;
  const ip = one.addresses;
  const lcp = one.link?.lcp;
  const shown = (address: number | undefined): string => (ip === undefined || address === undefined || address === 0 ? '-' : formatIpv4(address === ip.local ? ip.local : ip.remote));
  return [
    row('Bandwidth Allocation Protocol', p.bap, ['OFF', 'OFF']),
    row('Bandwidth Allocation Call Mode', p.bapmode),
    row('Multilink fragmentation', p.fragment, ['OFF', 'OFF']),
    row('Acceptable Fragment Overhead(%)', p.fragoverhead),
    row('Null Fragment Timer', p.nullfragtimer),
    row('Session Timer (seconds)', secondsOr(one.allowance.seconds)),
    row('Idle Timer (seconds)', secondsOr(one.allowance.idle(idleTime(p)))),
    row('Maximum Receive Unit (bytes)', typeof p.mru === 'object' ? p.mru.value : p.mru, [lcp?.ourMru ?? 1500, lcp?.theirMru ?? 1500]),
    row('MSS header (bytes)', p.mssheader),
    row('Compression', p.compression, ['OFF', 'OFF']),
    row('Encryption', p.encryption, ['OFF', 'OFF']),
    row('IP Address Request', p.iprequest),
    row('IP Pool', optional(p.ippool)),
    row('IP Address', '', [shown(ip?.local), shown(ip?.remote)]),
    row('Username', optional(p.username)),
    row('Password', p.password === 'NONE' ? 'NONE' : '(set)'),
  ];
}

function linkRows(one: PppInterface, row: Row): string[] {
  const p = one.parameters;
  const lcp = one.link?.lcp;
  const period = (hundredths: number | undefined): string => (hundredths === undefined ? 'OFF' : String(hundredths / 100));
  return [
    row('Type', p.type),
    row('Authentication', p.authentication, [lcp?.theyProve ?? 'NONE', lcp?.weProve ?? 'NONE']),
    row('Authentication Mode', p.authmode),
    row('Rechallenge (seconds)', secondsOr(rechallengePeriod(p))),
    row('Link Quality Reporting (seconds)', secondsOr(lqrPeriod(p)), [period(lcp?.theyReport), period(lcp?.weReport)]),
    row('Echo (seconds)', secondsOr(echoPeriod(p))),
    row('Magic Number', p.magic, [lcp === undefined || lcp.ourMagic === 0 ? 'OFF' : 'ON', lcp === undefined || lcp.theirMagic === 0 ? 'OFF' : 'ON']),
    row('Restart Timer (seconds)', p.restart),
    row('Max Configure Requests', counted(p.configure)),
    row('Max Terminate Requests', counted(p.terminate)),
    row('Callback Mode', p.cbmode),
    row('Callback Delay', p.cbdelay),
    row('Callback Number', p.cbnumber ?? 'NONE'),
    row('Callback Operation', p.cboperation),
  ];
}

/** Parameters kept for scripts that give them; nothing here depends on them. */
function unused(p: PppParameters): string[] {
  const parts: [string, string | number][] = [
    ['Number', p.number],
    ['Up Rate', p.uprate],
    ['Up Time', p.uptime],
    ['Down Rate', p.downrate],
    ['Down Time', p.downtime],
    ['Compression Algorithm', p.compalgorithm],
    ['Stac Check', p.staccheck],
    ['Star Entity', p.starentity],
    ['Predictor Check', p.predcheck],
    ['PADR Retry', p.padrretry],
  ];
  return ['Kept without effect here:', ...parts.map(([name, value]) => columns([2, name], [36, value]))];
}

/** Names of the codes 1 to 13, spaced. */
const CODE_NAMES = Object.entries(CODE).map(([name, code]) => [name.replace(/([a-z])([A-Z])/g, '$1 $2'), code] as const);
export type CounterGroup = 'IF' | 'LCP' | 'NCP';

/** SHOW PPP COUNTER of one interface. */
export function showCounters(one: PppInterface, groups: readonly CounterGroup[]): string {
  const lines = [`${one.name}:`];
  if (groups.includes('IF')) lines.push('  Interface Counters', ...pairs(trafficRows(one)));
  for (const { name, counters } of one.link?.states() ?? []) {
    if (!groups.includes(name === 'LCP' ? 'LCP' : 'NCP')) continue;
    lines.push(`  ${name} Counters`);
    for (const [label, code] of CODE_NAMES) {
      if (name !== 'LCP' && code > CODE.CodeReject) continue;
      lines.push(columns([4, `in${label.replaceAll(' ', '')}`], [34, counters.received[code] ?? 0], [44, `out${label.replaceAll(' ', '')}`], [74, counters.sent[code] ?? 0]));
    }
    lines.push(...pairs(Object.entries(counters.refused).map(([why, count]) => [`dropped: ${REFUSAL_LABEL[why] ?? why}`, count])));
  }
  return lines.join('\n');
}

function trafficRows(one: PppInterface): [string, number][] {
  const t = one.accounting.total;
  const refused = one.link?.refused;
  return [
    ['inOctets', t.inOctets],
    ['outOctets', t.outOctets],
    ['inPackets', t.inPackets],
    ['outPackets', t.outPackets],
    ['inDiscards', t.inDiscards],
    ...Object.entries(refused ?? {}).map(([why, count]): [string, number] => [`dropped: ${why}`, count]),
  ];
}

/** What is too long for its column. */
const REFUSAL_LABEL: Readonly<Record<string, string>> = { 'not an answer to our request': 'answers no request' };

/** Two counters a line. */
function pairs(rows: readonly (readonly [string, number])[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < rows.length; i += 2) {
    const [a, b] = [rows[i], rows[i + 1]];
    if (a !== undefined) lines.push(b === undefined ? columns([4, a[0]], [34, a[1]]) : columns([4, a[0]], [34, a[1]], [44, b[0]], [74, b[1]]));
  }
  return lines;
}
