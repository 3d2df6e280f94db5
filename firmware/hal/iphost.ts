// The kernel's IP stack: ports, addresses, routes, neighbours. All calls are synchronous and idempotent.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Refusal } from './dataplane.ts';

/** One interface of the box: 'eth0' (a port the board maps to a device), 'ppp1', or 'dyn0', the device that the dynamic interfaces of PPP template 0 share. */
export interface LinkState {
  readonly name: string;
  /** Kernel device behind it. */
  readonly device: string;
  /** 48-bit MAC as "00-00-f4-90-19-9f", empty on interfaces without one. */
  readonly mac: string;
  readonly mtu: number;
  /** False while the port the operator named has no device in the kernel. */
  readonly present: boolean;
  /** Administratively up. */
  readonly admin: boolean;
  /** Carrier or running. */
  readonly up: boolean;
  readonly inPackets: number;
  readonly inBytes: number;
  readonly inErrors: number;
  readonly outPackets: number;
  readonly outBytes: number;
  readonly outErrors: number;
}

/** What the hardware behind a port tells; only what it does. */
export interface LinkHardware {
  /** 'bcmgenet', 'VLAN on eth0 (bcmgenet)'. */
  readonly driver?: string;
  /** Negotiated, in bits per second. */
  readonly speed?: number;
  readonly duplex?: 'full' | 'half';
}

export interface Neighbour {
  readonly name: string;
  readonly address: Ipv4;
  readonly mac: string;
  readonly kind: 'dynamic' | 'static';
  readonly active: boolean;
}

/** A kernel route of ours. `via` 0.0.0.0 = directly on the interface. */
export interface RouteSpec {
  readonly destination: Ipv4;
  /** Prefix length 0..32. */
  readonly length: number;
  readonly via: Ipv4;
  readonly name: string;
  /** Lower wins; the kernel's metric. */
  readonly metric: number;
}

/** What the kernel would do with a packet. */
export interface Lookup {
  readonly name: string;
  readonly source: Ipv4;
  /** Path MTU as far as known; the interface's otherwise. */
  readonly mtu: number;
}

export interface IpHost {
  /** All ports, ppp interfaces and shared devices there are, by name. */
  links(): readonly LinkState[];
  /** The hardware behind a port; absent on boards without any, empty where nothing is known. */
  hardware?(name: string): LinkHardware;
  /** Set once by the appliance: a link came, went, or changed state; addresses and routes set before are put back by the caller. */
  onLink: (name: string) => void;
  setUp(name: string, up: boolean): Refusal | undefined;
  addAddress(name: string, address: Ipv4, length: number): Refusal | undefined;
  deleteAddress(name: string, address: Ipv4, length: number): void;
  addRoute(route: RouteSpec): Refusal | undefined;
  deleteRoute(route: RouteSpec): void;
  /** IPv4 forwarding between interfaces; put back to what it was when the board closes. */
  setForwarding(on: boolean): Refusal | undefined;
  /** Route lookup as the kernel does it; undefined = no route. */
  lookup(destination: Ipv4): Lookup | undefined;
  neighbours(): readonly Neighbour[];
  /** Answers ARP on `name` for an address that the kernel routes elsewhere; absent on boards without ARP. */
  addProxy?(name: string, address: Ipv4): Refusal | undefined;
  deleteProxy?(name: string, address: Ipv4): void;
  /** Drops what the kernel learned of a neighbour, so that it asks anew; absent on boards whose links need no neighbours. */
  forgetNeighbour?(name: string, address: Ipv4): Refusal | undefined;
}
