// IP traffic filters 0-99 (AlliedWare IP chapter): entries in order, what a board does with them, and the sources that they let in.

import { ANY_IPV4, type Ipv4Prefix, inPrefix, maskOf, networkOf, toIpv4 } from '../bytes/ip.ts';
import type { FilterChain, FilterRule, FilterUse, PortRange } from '../hal/packetfilter.ts';
import { type IpInterface, deviceOf } from './interfaces.ts';

/** Numbers from here on are policy and priority filters. */
export const TRAFFIC_FILTERS = 100;
/** Entries of one filter: what ENTRY= can name. */
export const MOST_ENTRIES = 255;
/** IP protocols that entries name by word. */
export const PROTOCOLS = { ICMP: 1, TCP: 6, EGP: 8, UDP: 17, OSPF: 89 } as const;
const L2TP_PORT = 1701;

/** An entry as the operator gave it. Absent values match anything. */
export interface FilterEntry {
  /** Unique in the box. */
  readonly id: number;
  readonly action: 'INCLUDE' | 'EXCLUDE';
  readonly source: Ipv4Prefix;
  readonly destination: Ipv4Prefix;
  readonly protocol: number | undefined;
  readonly sport: PortRange | undefined;
  readonly dport: PortRange | undefined;
  readonly session: 'ANY' | 'ESTABLISHED' | 'START';
  readonly icmptype: number | undefined;
  readonly icmpcode: number | undefined;
  readonly size: number | undefined;
  readonly options: boolean | undefined;
  /** Stored and shown. */
  readonly log: { readonly value: number } | 'DUMP' | 'HEADER' | 'NONE';
}

export interface Filter {
  /** 0..99. */
  readonly number: number;
  readonly entries: readonly FilterEntry[];
}

export class Filters {
  readonly #filters = new Map<number, readonly FilterEntry[]>();
  #next = 1;

  /** In rising order of their numbers; each has at least one entry. */
  list(): Filter[] {
    return [...this.#filters].sort(([a], [b]) => a - b).map(([number, entries]) => ({ number, entries }));
  }

  /** The entries of a filter in order; empty where there is no such filter. */
  entries(number: number): readonly FilterEntry[] {
    return this.#filters.get(number) ?? [];
  }

  /** Puts an entry in at position `at` (1 = first); those from there on move back. */
  add(number: number, entry: Omit<FilterEntry, 'id'>, at: number): void {
    this.#filters.set(number, this.entries(number).toSpliced(at - 1, 0, { ...entry, id: this.#next }));
    this.#next += 1;
  }

  /** Changes the entry at a position, which keeps its id. */
  set(number: number, entry: Omit<FilterEntry, 'id'>, at: number): void {
    const id = this.entries(number)[at - 1]?.id;
    if (id !== undefined) this.#filters.set(number, this.entries(number).toSpliced(at - 1, 1, { ...entry, id }));
  }

  /** Takes out one entry, or all. A filter without entries is none. */
  delete(number: number, at: number | 'ALL'): void {
    const left = at === 'ALL' ? [] : this.entries(number).toSpliced(at - 1, 1);
    if (left.length === 0) this.#filters.delete(number);
    else this.#filters.set(number, left);
  }

  chains(): FilterChain[] {
    return this.list().map(({ number, entries }) => ({ number, rules: entries.map(ruleOf) }));
  }

  /**
   * The sources whose L2TP packets a filter lets in (SET L2TP FILTER), as networks that do not overlap; undefined = no such filter.
   * Entries are gone through in order, each source decided by the first that names it, those that none names kept out. Only the
   * source is judged: an entry for another protocol than UDP or another destination port than 1701 says nothing about tunnels and is
   * passed over; its destination address, source port, size and options are not looked at.
   */
  permitted(number: number): Ipv4Prefix[] | undefined {
    const entries = this.#filters.get(number);
    if (entries === undefined) return undefined;
    let open: Ipv4Prefix[] = [{ address: ANY_IPV4, length: 0 }];
    const permitted: Ipv4Prefix[] = [];
    for (const entry of entries) {
      if (!speaksOfTunnels(entry)) continue;
      if (entry.action === 'INCLUDE') permitted.push(...open.flatMap((one) => overlap(one, entry.source)));
      open = open.flatMap((one) => without(one, entry.source));
    }
    return permitted;
  }
}

const speaksOfTunnels = ({ protocol, dport }: FilterEntry): boolean =>
  (protocol === undefined || protocol === PROTOCOLS.UDP) && (dport === undefined || (dport.low <= L2TP_PORT && dport.high >= L2TP_PORT));

/** What two networks have in common: the smaller one, or nothing. */
function overlap(a: Ipv4Prefix, b: Ipv4Prefix): Ipv4Prefix[] {
  const [wide, narrow] = a.length <= b.length ? [a, b] : [b, a];
  return inPrefix(narrow.address, wide) ? [narrow] : [];
}

/** `from` without `taken`, as few networks as possible. */
function without(from: Ipv4Prefix, taken: Ipv4Prefix): Ipv4Prefix[] {
  if (overlap(from, taken).length === 0) return [from];
  const left: Ipv4Prefix[] = [];
  // Halves on the way down to `taken` that do not hold it.
  for (let length = taken.length; length > from.length; length--) {
    const sibling = toIpv4((taken.address ^ (1 << (32 - length))) & maskOf(length));
    left.push({ address: sibling, length });
  }
  return left;
}

function ruleOf({ id, action, source, destination, protocol, sport, dport, session, icmptype, icmpcode, size, options }: FilterEntry): FilterRule {
  return {
    id, action: action === 'INCLUDE' ? 'include' : 'exclude', source, destination,
    ...(protocol === undefined ? {} : { protocol }),
    ...(sport === undefined ? {} : { sourcePorts: sport }),
    ...(dport === undefined ? {} : { destinationPorts: dport }),
    ...(session === 'ANY' ? {} : { session: session === 'START' ? 'start' : 'established' } as const),
    ...(icmptype === undefined ? {} : { icmpType: icmptype }),
    ...(icmpcode === undefined ? {} : { icmpCode: icmpcode }),
    ...(size === undefined ? {} : { size }),
    ...(options === undefined ? {} : { options }),
  };
}

/**
 * Which filter decides about what a device receives. The filter of a logical interface (`eth0-1`) is for packets from its network,
 * that of the device itself for all others.
 */
export function filterUses(interfaces: readonly IpInterface[]): FilterUse[] {
  return interfaces
    .flatMap(({ name, address, length, settings }) => {
      if (settings.filter === 'NONE') return [];
      const device = deviceOf(name);
      const use = { interface: device, filter: settings.filter.value };
      return [name === device || address === ANY_IPV4 ? use : { ...use, from: networkOf(address, length) }];
    })
    .sort((a, b) => reach(b) - reach(a));
}

/** The narrower network is asked first. */
const reach = ({ from }: FilterUse): number => from?.length ?? -1;
