// What the kernel should hold, worked out from the IP module's state and the devices there are. Changes nothing.

import { ANY_IPV4, type Ipv4, inPrefix, networkOf, toIpv4 } from '../bytes/ip.ts';
import type { LinkState, RouteSpec } from '../hal/iphost.ts';
import { type Destination, destinations, type DynamicLink } from './dynamic.ts';
import { type IpInterface, deviceOf, isHostAddress, isPpp } from './interfaces.ts';
import { type AddressSpec, type ProxySpec, type Wanted, routeTarget } from './kernel.ts';
import type { IpOwner } from './owner.ts';
import { type Route, kernelMetric, rank } from './routes.ts';
import type { IpState } from './state.ts';

/** Prefix length of a lone address. */
export const HOST_LENGTH = 32;

/** Addresses of one translation that a LAN is answered for. */
const MOST_ANSWERED = 256;

export class Plan {
  readonly #state: IpState;
  readonly #owner: IpOwner;
  readonly #devices: ReadonlyMap<string, LinkState>;
  /** Addresses of ours; worked out once, as a plan is made anew whenever one may have changed. */
  #own: ReadonlySet<Ipv4> | undefined;

  constructor(state: IpState, owner: IpOwner, devices: readonly LinkState[]) {
    this.#state = state;
    this.#owner = owner;
    this.#devices = new Map(devices.map((d) => [d.name, d]));
  }

  /** What IPCP settled for an interface, else what the operator set; undefined where neither gave one. */
  ownAddress(name: string): Ipv4 | undefined {
    const found = this.#state.interfaces.get(name);
    if (found === undefined) return undefined;
    const link = this.#state.links.get(name);
    if (link !== undefined && (link.assigned || found.address !== ANY_IPV4)) return link.local;
    return found.address === ANY_IPV4 ? undefined : found.address;
  }

  /** The interface's own address, else that of the first interface that has one; 0.0.0.0 where none has. */
  localAddress(name: string): Ipv4 {
    const own = this.ownAddress(name);
    if (own !== undefined) return own;
    for (const other of this.#state.interfaces.keys()) {
      const lent = this.ownAddress(other);
      if (lent !== undefined) return lent;
    }
    return ANY_IPV4;
  }

  isOurs(address: Ipv4): boolean {
    if (address === ANY_IPV4) return false;
    this.#own ??= new Set([this.#state.local, ...[...this.#state.interfaces.keys()].map((name) => this.ownAddress(name) ?? ANY_IPV4)]);
    return this.#own.has(address);
  }

  device(name: string): LinkState | undefined {
    return this.#devices.get(deviceOf(name));
  }

  /** Enabled, and its device is in the kernel. */
  running(found: IpInterface): boolean {
    return this.#state.enabled && found.enabled && this.device(found.name)?.present === true;
  }

  /** Packets leave through it: for PPP the link is up or the packet dials it, else the device is up and DHCP, where it is to give the address, has. */
  usable(found: IpInterface): boolean {
    if (!this.running(found) || (found.dhcp && found.address === ANY_IPV4)) return false;
    const name = deviceOf(found.name);
    return isPpp(name) ? this.#state.links.has(name) || this.#owner.onDemand(name) : this.device(name)?.up === true;
  }

  /** Devices that IP runs on now. Those of PPP links that are down stay as PPP has them. */
  inUse(): string[] {
    const names = this.#interfaces().filter((i) => (isPpp(i.name) ? this.usable(i) : this.running(i)));
    const shared = this.#state.enabled ? this.#state.dynamics.lent().map(({ device }) => device) : [];
    return [...new Set([...names.map((i) => deviceOf(i.name)), ...shared])];
  }

  /** Kernel addresses of an interface. An unnumbered PPP interface carries the borrowed address as /32: Linux sends from it and answers for it. */
  addressesOf(found: IpInterface): AddressSpec[] {
    if (!this.running(found)) return [];
    const name = deviceOf(found.name);
    if (!isPpp(name)) return found.address === ANY_IPV4 ? [] : [{ name, address: found.address, length: found.length }];
    if (!this.usable(found)) return [];
    const settled = this.#state.links.get(found.name)?.local ?? ANY_IPV4;
    const address = settled === ANY_IPV4 ? this.localAddress(found.name) : settled;
    if (address === ANY_IPV4) return [];
    return [{ name, address, length: address === found.address ? found.length : HOST_LENGTH }];
  }

  /** The host route to the peer of an open PPP link; never one that would swallow the tunnel under it. */
  peerRoute(name: string): RouteSpec | undefined {
    const link = this.#state.links.get(name);
    const found = this.#state.interfaces.get(name);
    if (link === undefined || found === undefined || !this.usable(found)) return undefined;
    if (link.peer === ANY_IPV4 || link.peer === link.local || this.isOurs(link.peer) || this.#owner.underlies(name, link.peer)) return undefined;
    return { destination: link.peer, length: HOST_LENGTH, via: ANY_IPV4, name, metric: 0 };
  }

  /** The static routes to a destination (routeTarget) that can be in the kernel now, each with what it becomes there. */
  staticRoutes(target: string): Map<Route, RouteSpec> {
    const specs = new Map<Route, RouteSpec>();
    const places = new Map<string, number>();
    for (const route of [...this.#state.allTo(target)].sort(rank)) {
      const found = this.#state.interfaces.get(route.interface);
      if (found === undefined || !this.usable(found)) continue;
      const level = `${route.preference} ${route.metric1}`;
      const place = places.get(level) ?? 0;
      places.set(level, place + 1);
      const name = deviceOf(route.interface);
      // A PPP link has one far end: the next hop says nothing more, and Linux would refuse one that is not on the link.
      const via = isPpp(name) ? ANY_IPV4 : route.nexthop;
      specs.set(route, { destination: route.destination, length: route.length, via, name, metric: kernelMetric(route, place) });
    }
    return specs;
  }

  /** All kernel routes to a destination. */
  routesTo(to: Destination): RouteSpec[] {
    const target = routeTarget(to);
    const peer = to.length === HOST_LENGTH ? this.#routeToPeer(to.destination) : undefined;
    const dynamic = this.#state.dynamics.to(target);
    return [...(peer === undefined ? [] : [peer]), ...(dynamic === undefined ? [] : [this.routeOver(dynamic, to)]), ...this.staticRoutes(target).values()];
  }

  /** The route over a dynamic interface to its peer or a network behind him. */
  routeOver({ device }: DynamicLink, { destination, length }: Destination): RouteSpec {
    return { destination, length, via: ANY_IPV4, name: device, metric: 0 };
  }

  /** Where this router answers ARP for the peer of a dynamic interface: on LANs in whose network its address lies, unless PROXYARP=OFF. */
  proxies({ peer }: DynamicLink): ProxySpec[] {
    if (!this.#state.enabled) return [];
    const lans = this.#interfaces().filter((found) => {
      const { name, address, length, settings } = found;
      if (isPpp(name) || address === ANY_IPV4 || settings.proxyarp === 'OFF' || !this.running(found)) return false;
      return inPrefix(peer, networkOf(address, length)) && isHostAddress(peer, length);
    });
    return [...new Set(lans.map(({ name }) => deviceOf(name)))].map((name) => ({ name, address: peer }));
  }

  /** Several links may end at one peer that has one address: the first of them leads there. */
  #routeToPeer(address: Ipv4): RouteSpec | undefined {
    for (const [name, { peer }] of this.#state.links) {
      const route = peer === address ? this.peerRoute(name) : undefined;
      if (route !== undefined) return route;
    }
    return undefined;
  }

  wanted(): Wanted {
    const { enabled, forwarding } = this.#state;
    if (!enabled) return { addresses: [], routes: new Map(), proxies: new Map(), forwarding: false };
    const routes = new Map<string, RouteSpec[]>();
    for (const target of this.#state.targets()) routes.set(target, [...this.staticRoutes(target).values()]);
    for (const [target, peer] of this.#peerRoutes()) routes.set(target, [peer, ...(routes.get(target) ?? [])]);
    const proxies = new Map<Ipv4, ProxySpec[]>();
    for (const link of this.#state.dynamics.all()) {
      for (const to of destinations(link)) {
        const target = routeTarget(to);
        if (this.#state.dynamics.to(target) === link) routes.set(target, [this.routeOver(link, to), ...(routes.get(target) ?? [])]);
      }
      proxies.set(link.peer, this.proxies(link));
    }
    const addresses = [...this.#interfaces().flatMap((i) => this.addressesOf(i)), ...this.#sharedAddresses(), ...this.#localSpec(), ...this.#answeredSpecs()];
    return { addresses, routes, proxies, forwarding };
  }

  /**
   * Addresses of LANs that packets are translated to become addresses of the device: Linux answers ARP for nothing else that it would
   * route back to where the question came from.
   */
  #answeredSpecs(): AddressSpec[] {
    const lans = this.#interfaces().filter((i) => !isPpp(i.name) && i.address !== ANY_IPV4 && this.running(i));
    const specs: AddressSpec[] = [];
    for (const { low, high } of this.#state.answered) {
      for (const { name, address: own, length } of lans) {
        const { address: first } = networkOf(own, length);
        const from = Math.max(low, first);
        const last = Math.min(high, first + 2 ** (HOST_LENGTH - length) - 1, from + MOST_ANSWERED - 1);
        for (let n = from; n <= last; n++) {
          const address = toIpv4(n);
          if (isHostAddress(address, length) && !this.isOurs(address)) specs.push({ name: deviceOf(name), address, length: HOST_LENGTH });
        }
      }
    }
    return specs;
  }

  /** A device that dynamic interfaces share carries the borrowed addresses as /32. */
  #sharedAddresses(): AddressSpec[] {
    const present = this.#state.dynamics.lent().filter(({ device }) => this.device(device)?.present === true);
    return present.flatMap(({ device, addresses }) => addresses.filter((a) => a !== ANY_IPV4).map((address) => ({ name: device, address, length: HOST_LENGTH })));
  }

  #interfaces(): IpInterface[] {
    return [...this.#state.interfaces.values()];
  }

  #peerRoutes(): Map<string, RouteSpec> {
    const routes = new Map<string, RouteSpec>();
    for (const name of this.#state.links.keys()) {
      const route = this.peerRoute(name);
      if (route !== undefined && !routes.has(routeTarget(route))) routes.set(routeTarget(route), route);
    }
    return routes;
  }

  /** SET IP LOCAL's address must be on some device before Linux sends from it. */
  #localSpec(): AddressSpec[] {
    const { local } = this.#state;
    if (local === ANY_IPV4 || this.#interfaces().some((i) => this.ownAddress(i.name) === local)) return [];
    const carrier = this.#interfaces().find((i) => this.running(i) && (!isPpp(i.name) || this.usable(i)));
    return carrier === undefined ? [] : [{ name: deviceOf(carrier.name), address: local, length: HOST_LENGTH }];
  }
}
