// What SHOW IP FILTER prints (AlliedWare IP chapter).

import { formatIpv4, maskOf } from '../bytes/ip.ts';
import type { FilterCount, PortRange } from '../hal/packetfilter.ts';
import { type Filter, type FilterEntry, PROTOCOLS } from './filter.ts';

const RULE = '-'.repeat(79);
const WIDTHS = [5, 5, 14, 18, 18, 13] as const;
const NAMES = new Map<number, string>(Object.entries(PROTOCOLS).map(([name, number]) => [number, name]));

const row = (...cells: readonly string[]): string => cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('').trimEnd();
const capital = (word: string): string => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
const any = (value: number | undefined): string => (value === undefined ? 'Any' : String(value));
const ports = (range: PortRange | undefined): string => (range === undefined ? 'Any' : range.low === range.high ? String(range.low) : `${range.low}-${range.high}`);

const HEAD = [
  'IP Filters',
  RULE,
  row('No.', 'Ent.', 'Source Port', 'Source Address', 'Source Mask', 'Session', 'Size'),
  row('', '', 'Dest. Port', 'Dest. Address', 'Dest. Mask', 'Prot.(C/T)', 'Options'),
  row('', '', 'Action', 'Logging', 'Matches'),
  RULE,
];

/** Filters with what their entries have matched; `counts` by entry id. */
export const showFilters = (filters: readonly Filter[], counts: ReadonlyMap<number, FilterCount>): string =>
  [...HEAD, ...filters.flatMap((filter) => [...filter.entries.flatMap((entry, i) => entryRows(filter.number, i + 1, entry, counts.get(entry.id)?.packets ?? 0)), RULE])].join('\n');

function entryRows(number: number, at: number, e: FilterEntry, matches: number): string[] {
  return [
    row(String(number), String(at), ports(e.sport), formatIpv4(e.source.address), formatIpv4(maskOf(e.source.length)), capital(e.session), any(e.size)),
    row('', '', ports(e.dport), formatIpv4(e.destination.address), formatIpv4(maskOf(e.destination.length)), protocol(e), e.options === undefined ? 'Any' : e.options ? 'Yes' : 'No'),
    row('', '', capital(e.action), typeof e.log === 'object' ? String(e.log.value) : capital(e.log), String(matches)),
  ];
}

/** `TCP`; for ICMP with code and type where one is asked for: `ICMP(0/8)`. */
function protocol({ protocol: number, icmptype, icmpcode }: FilterEntry): string {
  if (number === undefined) return 'Any';
  const name = NAMES.get(number) ?? String(number);
  return icmptype === undefined && icmpcode === undefined ? name : `${name}(${any(icmpcode)}/${any(icmptype)})`;
}
