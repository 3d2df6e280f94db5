// The IP side of dynamic PPP interfaces: each an unnumbered interface with a host route to its one peer, and routes to networks behind
// him where RADIUS names them; all of a template share a device.

import type { Ipv4, Ipv4Prefix } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import { routeTarget } from './kernel.ts';

/** What IPCP settled on a dynamic PPP interface. */
export interface DynamicLink {
  /** 'ppp3' */
  readonly name: string;
  /** The device that carries it with others: 'dyn0'. */
  readonly device: string;
  /** Our address, borrowed from another interface. */
  readonly local: Ipv4;
  readonly peer: Ipv4;
  /** Networks behind the peer. */
  readonly networks: readonly Ipv4Prefix[];
  readonly mtu: number;
  readonly since: Millis;
}

const HOST_LENGTH = 32;

/** A destination of routes. */
export interface Destination {
  readonly destination: Ipv4;
  readonly length: number;
}

/** Where routes over the interface lead: the peer first. */
export const destinations = ({ peer, networks }: DynamicLink): Destination[] => [
  { destination: peer, length: HOST_LENGTH },
  ...networks.map(({ address, length }) => ({ destination: address, length })),
];

/** The dynamic interfaces that are up. */
export class Dynamics {
  readonly #links = new Map<string, DynamicLink>();
  /** By the targets of their routes; of several with one target the last. */
  readonly #byTarget = new Map<string, DynamicLink>();
  /** Which of our addresses each device borrows, and for how many interfaces. */
  readonly #lent = new Map<string, Map<Ipv4, number>>();

  get(name: string): DynamicLink | undefined {
    return this.#links.get(name);
  }

  /** The one with a route to this destination (routeTarget). */
  to(destination: string): DynamicLink | undefined {
    return this.#byTarget.get(destination);
  }

  all(): IterableIterator<DynamicLink> {
    return this.#links.values();
  }

  /** Devices in use and the addresses that each borrows. */
  lent(): readonly { readonly device: string; readonly addresses: readonly Ipv4[] }[] {
    return [...this.#lent].map(([device, addresses]) => ({ device, addresses: [...addresses.keys()] }));
  }

  /** True where its device needs another address than before. */
  add(link: DynamicLink): boolean {
    this.#links.set(link.name, link);
    for (const to of destinations(link)) this.#byTarget.set(routeTarget(to), link);
    const addresses = this.#lent.get(link.device) ?? new Map<Ipv4, number>();
    const users = addresses.get(link.local) ?? 0;
    addresses.set(link.local, users + 1);
    this.#lent.set(link.device, addresses);
    return users === 0;
  }

  /** The one that was there, and whether its device needs an address less. */
  remove(name: string): { readonly link: DynamicLink; readonly last: boolean } | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return undefined;
    this.#links.delete(name);
    for (const to of destinations(link)) this.#giveUp(routeTarget(to), link);
    const addresses = this.#lent.get(link.device);
    const users = (addresses?.get(link.local) ?? 1) - 1;
    if (users > 0) addresses?.set(link.local, users);
    else addresses?.delete(link.local);
    if (addresses?.size === 0) this.#lent.delete(link.device);
    return { link, last: users === 0 };
  }

  /** A route is that of another link with the same destination from now on, where there is one. Only networks have several. */
  #giveUp(target: string, link: DynamicLink): void {
    if (this.#byTarget.get(target) !== link) return;
    this.#byTarget.delete(target);
    if (target === routeTarget({ destination: link.peer, length: HOST_LENGTH })) return;
    for (const other of this.#links.values()) if (other.networks.length > 0 && destinations(other).some((to) => routeTarget(to) === target)) this.#byTarget.set(target, other);
  }

  clear(): void {
    this.#links.clear();
    this.#byTarget.clear();
    this.#lent.clear();
  }
}
