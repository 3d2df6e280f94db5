// What SHOW IP NAT prints, and how messages name a translation. The layout is ours.

import { type Ipv4, type Ipv4Prefix, formatIpv4 } from '../bytes/ip.ts';
import type { Outside, Translation } from '../hal/packetfilter.ts';
import { FRAGMENTS, LOGS, type Nat, PROTOCOLS } from './nat.ts';

const RULE = '-'.repeat(79);
const WIDTHS = [13, 20, 7, 24, 9] as const;
const KIND = { static: 'Static', service: 'Static ENAT', network: 'Dynamic', range: 'Dynamic', masquerade: 'Dynamic ENAT' } as const;
const NAMES = new Map<number, string>(Object.entries(PROTOCOLS).map(([name, number]) => [number, name]));

const row = (...cells: readonly string[]): string => cells.map((cell, i) => (i < cells.length - 1 ? `${cell.padEnd((WIDTHS[i] ?? 1) - 1)} ` : cell)).join('').trimEnd();
const leader = (label: string, value: string): string => `${`${label} `.padEnd(34, '.')} ${value}`;
const network = (p: Ipv4Prefix): string => `${formatIpv4(p.address)}/${p.length}`;
const outside = (one: Outside): string => ('address' in one ? formatIpv4(one.address) : one.interface);

/** Inside and outside of a translation as text. */
function sides(one: Translation): readonly [inside: string, outside: string] {
  switch (one.kind) {
    case 'static':
      return [formatIpv4(one.inside), formatIpv4(one.outside)];
    case 'service':
      return [formatIpv4(one.inside), outside(one.outside)];
    case 'network':
      return [network(one.inside), network(one.outside)];
    case 'range':
      return [network(one.inside), `${formatIpv4(one.outside.low)}-${formatIpv4(one.outside.high)}`];
    case 'masquerade':
      return [network(one.inside), outside(one.outside)];
  }
}

const protocol = (one: Translation): string => (one.kind === 'service' || one.kind === 'masquerade') && one.protocol !== undefined ? (NAMES.get(one.protocol) ?? String(one.protocol)) : 'All';

/** `192.168.10.4 TCP 80 behind ppp1 8080`. */
export function nameOf(one: Translation): string {
  const [inside, global] = sides(one);
  const ports = one.kind === 'service' && one.port !== undefined ? [` ${one.port}`, ` ${one.globalPort ?? one.port}`] : ['', ''];
  const carries = protocol(one) === 'All' ? '' : ` ${protocol(one)}`;
  return `${inside}${carries}${ports[0]} behind ${global}${ports[1]}`;
}

export interface NatView {
  readonly nat: Nat;
  /** Why what is configured is not in force. */
  readonly failure: string | undefined;
  addressOf(name: string): Ipv4 | undefined;
}

export function showNat({ nat, failure, addressOf }: NatView): string {
  const list = (all: readonly string[], set: ReadonlySet<string>): string => (set.size === all.length ? 'All' : set.size === 0 ? 'None' : all.filter((one) => set.has(one)).join(', '));
  const head = [
    'IP NAT',
    RULE,
    leader('Status', nat.enabled ? 'ENABLED' : 'DISABLED'),
    ...(failure === undefined ? [] : [leader('Not in force', failure)]),
    leader('Fragments', list(FRAGMENTS, nat.fragments)),
    leader('Logging', list(LOGS, nat.logs)),
    RULE,
  ];
  if (nat.entries().length === 0) return [...head, 'There are no translations.', RULE].join('\n');
  const rows = nat.entries().map(({ translation }) => entryRow(translation, addressOf));
  return [...head, row('Type', 'IP Address', 'Port', 'Global Address', 'Port', 'Protocol'), RULE, ...rows, RULE].join('\n');
}

function entryRow(one: Translation, addressOf: (name: string) => Ipv4 | undefined): string {
  const [inside, global] = sides(one);
  const [port, globalPort] = one.kind === 'service' && one.port !== undefined ? [String(one.port), String(one.globalPort ?? one.port)] : ['-', '-'];
  const name = (one.kind === 'service' || one.kind === 'masquerade') && 'interface' in one.outside ? one.outside.interface : undefined;
  const now = name === undefined ? undefined : addressOf(name);
  const shown = name === undefined ? global : `${name} (${now === undefined ? 'none' : formatIpv4(now)})`;
  return row(KIND[one.kind], inside, port, shown, globalPort, protocol(one));
}
