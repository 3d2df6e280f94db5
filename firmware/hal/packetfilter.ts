// Packet filters and address translation: the operator's rules as data, which a board loads as one whole (nftables on Linux).

import type { Ipv4, Ipv4Prefix, Ipv4Range } from '../bytes/ip.ts';
import type { Refusal } from './dataplane.ts';

/** Ports 0..65535, both included. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** Entry of a traffic filter: a packet that has all that is given here meets `action`. */
export interface FilterRule {
  /** Names the entry in counters; unique in the box, and the same for as long as the entry exists. */
  readonly id: number;
  readonly action: 'include' | 'exclude';
  readonly source: Ipv4Prefix;
  readonly destination: Ipv4Prefix;
  /** IP protocol 0..255; absent = any. */
  readonly protocol?: number;
  /** TCP and UDP only. */
  readonly sourcePorts?: PortRange;
  readonly destinationPorts?: PortRange;
  /** TCP only: `start` is SYN without ACK, `established` everything with ACK or RST. */
  readonly session?: 'start' | 'established';
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Matches packets of up to so many octets. */
  readonly size?: number;
  /** With (true) or without (false) options in the IP header. */
  readonly options?: boolean;
}

/** The first entry that matches decides; what none matches is dropped. */
export interface FilterChain {
  readonly number: number;
  readonly rules: readonly FilterRule[];
}

/** The filter on what an interface receives, before addresses are translated; `from` limits it to packets with such a source. */
export interface FilterUse {
  /** As the operator names it: 'eth0', 'ppp1'. */
  readonly interface: string;
  readonly filter: number;
  readonly from?: Ipv4Prefix;
}

/** Where translated packets come from: an address, or whatever address an interface has at the time. */
export type Outside = { readonly address: Ipv4 } | { readonly interface: string };

/** Translation of addresses; of several that fit, services come first, then `static`, `network`, `range`, `masquerade`. */
export type Translation =
  /** One to one, both ways. */
  | { readonly kind: 'static'; readonly inside: Ipv4; readonly outside: Ipv4 }
  /** Between networks of one size: host bits stay. */
  | { readonly kind: 'network'; readonly inside: Ipv4Prefix; readonly outside: Ipv4Prefix }
  /** An inside address takes an outside one while it speaks, the same one for all that it says. */
  | { readonly kind: 'range'; readonly inside: Ipv4Prefix; readonly outside: Ipv4Range }
  /** One service of an inside host. Protocol absent = all; ports (TCP, UDP) absent = all, unchanged. */
  | { readonly kind: 'service'; readonly inside: Ipv4; readonly port?: number; readonly outside: Outside; readonly globalPort?: number; readonly protocol?: number }
  /** All inside hosts behind one address, told apart by port. */
  | { readonly kind: 'masquerade'; readonly inside: Ipv4Prefix; readonly outside: Outside; readonly protocol?: number };

/** Everything that is to hold: loading it replaces all that was loaded before, in one step. */
export interface RuleSet {
  readonly filters: readonly FilterChain[];
  readonly uses: readonly FilterUse[];
  readonly translations: readonly Translation[];
}

/** What an entry has matched since its filter is in use. */
export interface FilterCount {
  readonly packets: number;
  readonly octets: number;
}

export interface PacketFilter {
  /**
   * Replaces all rules at once; sessions that are established and still permitted go on. `done` is called once: without argument
   * when the rules hold, with a sentence where they do not: then those from before still hold. May be called inside this call.
   */
  apply(rules: RuleSet, done: (failure?: string) => void): void;
  /** Matches of the entries of filters in use, by id. May be called back inside this call. */
  counters(done: (counts: ReadonlyMap<number, FilterCount> | Refusal) => void): void;
  /**
   * Connections from these addresses that are not translated begin anew with their next packet: an interface that they are to be
   * translated to has come up, and rules are asked only about first packets.
   */
  forget(sources: readonly Ipv4Range[]): void;
  /** Takes every rule out, at once. */
  clear(): void;
}
