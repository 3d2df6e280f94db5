// Everything the IP module knows: what the operator configured, and what PPP links have reported.

import { ANY_IPV4, type Ipv4, type Ipv4Range } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import { Dynamics } from './dynamic.ts';
import type { IpInterface } from './interfaces.ts';
import { routeTarget } from './kernel.ts';
import { type Route, type RouteKey, sameRoute } from './routes.ts';

/** What IPCP settled on a PPP interface. `assigned`: the peer gave us `local` (IPREQUEST). */
export interface IpLink {
  readonly local: Ipv4;
  readonly peer: Ipv4;
  readonly assigned: boolean;
}

export class IpState {
  enabled = false;
  forwarding = true;
  remoteAssign = false;
  /** SET IP LOCAL; 0.0.0.0 = not set. */
  local: Ipv4 = ANY_IPV4;
  /** In the order they were added: the first with an address lends it to unnumbered ones. */
  readonly interfaces = new Map<string, IpInterface>();
  /** PPP links with IPCP open, by device name. */
  readonly links = new Map<string, IpLink>();
  /** Dynamic PPP interfaces with IPCP open. */
  readonly dynamics = new Dynamics();
  /** Addresses that packets are translated to: on a LAN this router answers for them as for its own. */
  answered: readonly Ipv4Range[] = [];
  /** Since when packets leave through an interface; absent while they do not. */
  readonly upSince = new Map<string, Millis>();
  /** Default routes that DHCP servers named, by interface. */
  readonly leased = new Map<string, Route>();
  /** By routeTarget. */
  readonly #routes = new Map<string, Route[]>();

  /** Static routes, those to one destination together, else in the order they were added. */
  *routes(): IterableIterator<Route> {
    for (const list of this.#routes.values()) yield* list;
  }

  /** The static routes to a destination (routeTarget). */
  routesTo(target: string): readonly Route[] {
    return this.#routes.get(target) ?? [];
  }

  /** The same with those that DHCP servers named. */
  allTo(target: string): readonly Route[] {
    const leased = [...this.leased.values()].filter((route) => routeTarget(route) === target);
    return leased.length === 0 ? this.routesTo(target) : [...this.routesTo(target), ...leased];
  }

  /** Every routeTarget that a static or leased route leads to. */
  targets(): Iterable<string> {
    return this.leased.size === 0 ? this.#routes.keys() : new Set([...this.#routes.keys(), ...[...this.leased.values()].map(routeTarget)]);
  }

  route(key: RouteKey): Route | undefined {
    return this.routesTo(routeTarget(key)).find((r) => sameRoute(r, key));
  }

  /** Adds a route, or takes the place of the one with the same key. */
  putRoute(route: Route): void {
    const target = routeTarget(route);
    const list = this.#routes.get(target);
    if (list === undefined) {
      this.#routes.set(target, [route]);
      return;
    }
    const at = list.findIndex((r) => sameRoute(r, route));
    if (at < 0) list.push(route);
    else list[at] = route;
  }

  deleteRoute(key: RouteKey): void {
    const target = routeTarget(key);
    const left = this.routesTo(target).filter((r) => !sameRoute(r, key));
    if (left.length === 0) this.#routes.delete(target);
    else this.#routes.set(target, left);
  }

  /** As at the start. */
  clear(): void {
    this.enabled = false;
    this.forwarding = true;
    this.remoteAssign = false;
    this.local = ANY_IPV4;
    this.answered = [];
    this.interfaces.clear();
    this.dynamics.clear();
    this.leased.clear();
    this.#routes.clear();
  }
}
