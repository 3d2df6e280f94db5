// DHCP client, and the services that hosts and callers are given: DHCP server and DNS relay. The board runs programs of its own for them.

import type { Ipv4, Ipv4Prefix, Ipv4Range } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Refusal } from './dataplane.ts';

/** What a DHCP server gave (RFC 2131, options RFC 2132). */
export interface DhcpLease {
  readonly address: Ipv4;
  /** Prefix length 0..32. */
  readonly length: number;
  /** Preferred first. */
  readonly routers: readonly Ipv4[];
  readonly dns: readonly Ipv4[];
  /** '' = none. */
  readonly domain: string;
  /** Who gave it; 0.0.0.0 where that is not known. */
  readonly server: Ipv4;
  /** How long it holds without being renewed, in seconds; Infinity = for ever. */
  readonly seconds: number;
}

/** What happens to a port that asks for an address. All of these may come any number of times. */
export interface DhcpEvents {
  /** The port has this lease: given, renewed, or another one than before. */
  bound(lease: DhcpLease, now: Millis): void;
  /** The port has no lease (any more): the server refused to renew it, or its time is over. The client goes on asking. */
  unbound(now: Millis): void;
  /** No server answers. The client goes on asking. */
  unanswered(now: Millis): void;
  /** The client cannot run; one sentence. The board tries again by itself. */
  failed(why: string, now: Millis): void;
}

export interface DhcpAsking {
  /** Asks the server to renew the lease now; asks anew where there is none. */
  renew(): void;
  /** Gives the lease back and ends; nothing more is told. */
  stop(): void;
}

/** DHCP clients. They set nothing in the kernel: what they learn is told. */
export interface DhcpClients {
  /** Why this board can have none, as one sentence; undefined where it can. */
  readonly missing: string | undefined;
  /** Asks for an address on a port ('eth0'), by the host name where it is not ''. One client for a port. */
  ask(name: string, hostName: string, events: DhcpEvents): DhcpAsking | Refusal;
}

/** Addresses of one network for DHCP clients there, and what they are told. */
export interface ServedRange {
  /** Names the range in leases and logs: letters, digits and _. */
  readonly name: string;
  /** The network of the clients, on a LAN of this router or behind a DHCP relay. */
  readonly network: Ipv4Prefix;
  readonly addresses: readonly Ipv4Range[];
  /** Addresses kept for one client each; MAC addresses as 00-00-f4-90-19-9f. */
  readonly fixed: readonly { readonly mac: string; readonly address: Ipv4 }[];
  /** Seconds; Infinity = for ever. */
  readonly lease: number;
  readonly mask: Ipv4;
  /** Empty = the option is not sent. */
  readonly routers: readonly Ipv4[];
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly domain: string;
}

/** Name servers for a domain and what is under it; '' = for all other names. */
export interface RelayServers {
  readonly domain: string;
  readonly servers: readonly Ipv4[];
}

/** Everything that is to be served. */
export interface ServicesConfig {
  /** Where questions are taken from: 'eth0', or 'dyn*' for all devices that callers share. Nothing is served anywhere else. */
  readonly interfaces: readonly string[];
  /** DNS relay; undefined = off. */
  readonly relay: { readonly servers: readonly RelayServers[]; readonly hosts: readonly { readonly name: string; readonly address: Ipv4 }[] } | undefined;
  /** DHCP server; none = off. */
  readonly ranges: readonly ServedRange[];
}

/** A lease that the DHCP server gave. */
export interface ServedLease {
  readonly address: Ipv4;
  /** As 00-00-f4-90-19-9f. */
  readonly mac: string;
  /** As the client calls itself; '' = it does not say. */
  readonly host: string;
  /** Seconds left; Infinity = for ever. */
  readonly left: number;
}

/** DHCP server and DNS relay. */
export interface NameServices {
  /** Why this board can have none, as one sentence; undefined where it can. */
  readonly missing: string | undefined;
  /**
   * Takes the place of all that was served before; undefined = serve nothing. `done` is called once: without argument when it is served,
   * with one sentence where it is not: then nothing is served. May be called inside this call.
   */
  apply(config: ServicesConfig | undefined, done: (failure?: string) => void): void;
  /** Leases that hold, by address; they outlive the router's restart. */
  leases(): readonly ServedLease[];
  /** Set once by the appliance: the service stopped by itself and why, or (undefined) runs again. */
  onTrouble: (why: string | undefined) => void;
}
