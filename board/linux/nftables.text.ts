// One nftables table as text for `nft -f -`: what replaces it, whole, and what comes back as counters (nft(8), libnftables-json(5)).

import { formatIpv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import type { FilterChain, FilterCount, FilterRule, FilterUse, Outside, PortRange, RuleSet, Translation } from '../../firmware/hal/packetfilter.ts';

/** How a rule set becomes text. */
export interface Rendering {
  /** `hashi`; another name where a second router runs in the same namespace. */
  readonly table: string;
  /** The kernel's device behind the operator's interface. */
  device(name: string): string;
  /** What an entry has counted before: its counter goes on from there. */
  count(id: number): FilterCount | undefined;
}

const TCP = 6;
const UDP = 17;
const ICMP = 1;
/** What is used first stands first. */
const RANK = { service: 0, static: 1, network: 2, range: 3, masquerade: 4 } as const;

const isAny = (p: Ipv4Prefix): boolean => p.length === 0;
const prefix = (p: Ipv4Prefix): string => (p.length === 32 ? formatIpv4(p.address) : `${formatIpv4(p.address)}/${p.length}`);
const ports = ({ low, high }: PortRange): string => (low === high ? String(low) : `${low}-${high}`);
const quoted = (device: string): string => `"${device.replaceAll(/["\\\n]/g, '')}"`;
const words = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== '').join(' ');

/** The statement that removes a table whether it is there or not. */
export const removal = (table: string): string => `table inet ${table}\ndelete table inet ${table}\n`;

/** The table that holds `rules`, in the place of the one that is there. Nothing to hold: no table. */
export function renderRules(rules: RuleSet, how: Rendering): string {
  const used = new Set(rules.uses.map(({ filter }) => filter));
  const filters = [...used].sort((a, b) => a - b).map((number) => rules.filters.find((one) => one.number === number) ?? { number, rules: [] });
  const chains = [...filters.flatMap((one) => filterChain(one, how)), ...inputChain(rules.uses, how), ...translationChains(rules.translations, how)];
  if (chains.length === 0) return removal(how.table);
  return `${removal(how.table)}table inet ${how.table} {\n${chains.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** What a filter does with IPv4 packets; others pass. */
function filterChain({ number, rules }: FilterChain, how: Rendering): string[] {
  return [`chain filter_${number} {`, ...rules.flatMap((rule) => entryRules(rule, how).map((line) => `  ${line}`)), '  counter drop', '}'];
}

function entryRules(rule: FilterRule, how: Rendering): string[] {
  const { packets, octets } = how.count(rule.id) ?? { packets: 0, octets: 0 };
  const verdict = rule.action === 'include' ? 'accept' : 'drop';
  const head = words(isAny(rule.source) ? undefined : `ip saddr ${prefix(rule.source)}`, isAny(rule.destination) ? undefined : `ip daddr ${prefix(rule.destination)}`);
  const size = rule.size === undefined ? undefined : `ip length <= ${rule.size}`;
  const options = rule.options === undefined ? undefined : rule.options ? 'ip hdrlength > 5' : 'ip hdrlength 5';
  const upper = upperLayer(rule);
  const protocol = rule.protocol === undefined ? undefined : `meta l4proto ${rule.protocol}`;
  const line = words(head, size, options, upper === '' ? protocol : upper, `counter packets ${packets} bytes ${octets} ${verdict} comment "${rule.id}"`);
  // Later fragments carry no ports: they follow what is included by its addresses, and nothing is put together from them without the first.
  if (upper === '' || rule.action === 'exclude') return [line];
  return [line, words(head, 'ip frag-off & 0x1fff != 0', size, options, protocol, 'accept')];
}

/** What an entry asks of the header behind that of IP; empty where nothing. */
function upperLayer({ protocol, sourcePorts, destinationPorts, session, icmpType, icmpCode }: FilterRule): string {
  if (protocol === ICMP) return words(icmpType === undefined ? undefined : `icmp type ${icmpType}`, icmpCode === undefined ? undefined : `icmp code ${icmpCode}`);
  const name = protocol === TCP ? 'tcp' : protocol === UDP ? 'udp' : undefined;
  if (name === undefined) return '';
  const flags = { start: 'tcp flags & (syn | ack) == syn', established: 'tcp flags & (ack | rst) != 0' } as const;
  return words(
    sourcePorts === undefined ? undefined : `${name} sport ${ports(sourcePorts)}`,
    destinationPorts === undefined ? undefined : `${name} dport ${ports(destinationPorts)}`,
    session === undefined || protocol !== TCP ? undefined : flags[session],
  );
}

/** Sends what an interface receives through its filter. `raw`: before connections are tracked and addresses translated. */
function inputChain(uses: readonly FilterUse[], how: Rendering): string[] {
  if (uses.length === 0) return [];
  const jumps = uses.map(({ interface: name, from, filter }) =>
    words(`  iifname ${quoted(how.device(name))} meta nfproto ipv4`, from === undefined ? undefined : `ip saddr ${prefix(from)}`, `goto filter_${filter}`));
  return ['chain receive {', '  type filter hook prerouting priority raw; policy accept;', ...jumps, '}'];
}

function translationChains(translations: readonly Translation[], how: Rendering): string[] {
  if (translations.length === 0) return [];
  const ordered = [...translations].sort((a, b) => RANK[a.kind] - RANK[b.kind]);
  return [
    'chain inwards {', '  type nat hook prerouting priority dstnat; policy accept;', ...ordered.flatMap((one) => inwards(one, how)).map((line) => `  ${line}`), '}',
    'chain outwards {', '  type nat hook postrouting priority srcnat; policy accept;', ...ordered.map((one) => `  ${outwards(one, how)}`), '}',
  ];
}

/** A protocol and, for TCP and UDP, a port of it. */
function service(protocol: number | undefined, side: 'sport' | 'dport', port: number | undefined): string | undefined {
  if (protocol === undefined) return undefined;
  if (port === undefined) return `meta l4proto ${protocol}`;
  return `${protocol === TCP ? 'tcp' : 'udp'} ${side} ${port}`;
}

/** What comes to an outside address; for an interface, to whatever address is that interface's own at the time. */
function toOutside(outside: Outside, how: Rendering): string {
  return 'address' in outside ? `ip daddr ${formatIpv4(outside.address)}` : `iifname ${quoted(how.device(outside.interface))} fib daddr . iif type local`;
}

function inwards(one: Translation, how: Rendering): string[] {
  if (one.kind === 'static') return [`ip daddr ${formatIpv4(one.outside)} dnat ip to ${formatIpv4(one.inside)}`];
  if (one.kind !== 'service') return [];
  const target = `${formatIpv4(one.inside)}${one.port === undefined ? '' : `:${one.port}`}`;
  return [words(toOutside(one.outside, how), service(one.protocol, 'dport', one.globalPort), `dnat ip to ${target}`)];
}

function outwards(one: Translation, how: Rendering): string {
  switch (one.kind) {
    case 'static':
      return `ip saddr ${formatIpv4(one.inside)} snat ip to ${formatIpv4(one.outside)}`;
    case 'network':
      return `ip saddr ${prefix(one.inside)} snat ip prefix to ${formatIpv4(one.outside.address)}/${one.outside.length}`;
    case 'range':
      return `${from(one.inside)} snat ip to ${formatIpv4(one.outside.low)}-${formatIpv4(one.outside.high)} persistent`;
    case 'service':
      return words(...leaving(one.outside, how), `ip saddr ${formatIpv4(one.inside)}`, service(one.protocol, 'sport', one.port), sourceTo(one.outside, one.globalPort));
    case 'masquerade':
      return words(...leaving(one.outside, how), from(one.inside), service(one.protocol, 'sport', undefined), sourceTo(one.outside, undefined));
  }
}

/** Packets from inside. The table is of IPv6 too, which nothing translates. */
const from = (inside: Ipv4Prefix): string => (isAny(inside) ? 'meta nfproto ipv4' : `ip saddr ${prefix(inside)}`);

const leaving = (outside: Outside, how: Rendering): string[] => ('address' in outside ? [] : [`oifname ${quoted(how.device(outside.interface))}`]);

function sourceTo(outside: Outside, port: number | undefined): string {
  const suffix = port === undefined ? '' : `:${port}`;
  return 'address' in outside ? `snat ip to ${formatIpv4(outside.address)}${suffix}` : `masquerade${port === undefined ? '' : ` to ${suffix}`}`;
}

/** The counters of entries in what `nft -j list table` prints, by the number in the rule's comment. */
export function readCounts(json: string): Map<number, FilterCount> {
  const counts = new Map<number, FilterCount>();
  const read: unknown = JSON.parse(json);
  for (const item of listAt(read, 'nftables')) {
    const rule = at(item, 'rule');
    const comment = at(rule, 'comment');
    if (typeof comment !== 'string' || !/^\d+$/.test(comment)) continue;
    for (const expression of listAt(rule, 'expr')) {
      const counter = at(expression, 'counter');
      const packets = at(counter, 'packets');
      const octets = at(counter, 'bytes');
      if (typeof packets === 'number' && typeof octets === 'number') counts.set(Number(comment), { packets, octets });
    }
  }
  return counts;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key);
  return Array.isArray(found) ? found : [];
}

/** What nft says, as one sentence for the operator: the first error without the place in a file that he never saw. */
export function failureText(stderr: string): string {
  const first = stderr.split('\n').find((line) => /error/i.test(line)) ?? stderr.split('\n')[0] ?? '';
  const text = first.replace(/^.*?Error: /, '').trim();
  if (/Operation not permitted/i.test(text)) return 'The kernel lets only the superuser (CAP_NET_ADMIN) load packet rules';
  if (/not supported|No such file or directory|Protocol error/i.test(text)) return `This kernel lacks what the rules need (nftables with NAT): ${text}`;
  return text === '' ? 'nft ended without saying why' : `The kernel does not take the rules: ${text}`;
}
