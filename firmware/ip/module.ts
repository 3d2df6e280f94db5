// The IP module: interfaces, static routes, forwarding (AlliedWare IP chapter). Takes what the operator configures and what
// PPP links report, and keeps the kernel in step with both.

import { ANY_IPV4, type Ipv4, type Ipv4Range, formatIpv4, inPrefix, networkOf } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import type { IpHost, LinkState, Neighbour } from '../hal/iphost.ts';
import type { Log } from '../log/log.ts';
import type { DhcpClients, DhcpLease } from '../hal/dhcp.ts';
import { destinations, type DynamicLink } from './dynamic.ts';
import { type InterfaceSettings, type IpInterface, deviceOf, isPpp, logicalNames } from './interfaces.ts';
import { Kernel, addressKey, routeKey, routeTarget } from './kernel.ts';
import { Leases } from './lease.ts';
import type { IpOwner } from './owner.ts';
import { HOST_LENGTH, Plan } from './plan.ts';
import { Pools } from './pool.ts';
import { type Route, type RouteKey, type RouteSettings, byDestination, defaultPreference } from './routes.ts';
import { type IpLink, IpState } from './state.ts';

export interface IpParts {
  readonly host: IpHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: IpOwner;
  /** Absent on a board without DHCP clients. */
  readonly dhcp?: DhcpClients;
  /** What DHCP servers are told as the router's name. */
  readonly hostName?: () => string;
}

/** A route as SHOW IP ROUTE prints it. */
export interface RouteView extends RouteKey {
  readonly protocol: 'interface' | 'static' | 'dhcp';
  readonly policy: number;
  readonly metric1: number;
  readonly metric2: number | undefined;
  readonly preference: number;
  /** Circuit, DLCI, or '-'. */
  readonly circuit: string;
  /** Seconds since it was added, set, or its interface came up. */
  readonly age: number;
  /** In the kernel; else marked # . */
  readonly used: boolean;
}

/** What SET IP INTERFACE, ENABLE and DISABLE change. */
export interface InterfaceChange {
  readonly address?: Ipv4;
  readonly length?: number;
  /** The address is a DHCP server's to give from now on. */
  readonly dhcp?: true;
  readonly enabled?: boolean;
  readonly settings?: Partial<InterfaceSettings>;
}

/** What SHOW IP prints. */
export interface IpStatus {
  readonly enabled: boolean;
  readonly forwarding: boolean;
  readonly remoteAssign: boolean;
  readonly local: Ipv4;
}

export class IpModule {
  readonly owner: IpOwner;
  /** Address pools, and who holds which address. */
  readonly pools: Pools;
  /** The operator added, changed or deleted a static route. */
  onRoute: () => void = () => {};
  /** FILTER= of an interface changed: puts filters in force; `done` gets the reason where that failed. */
  onFilter: (done: (failure?: string) => void) => void = (done) => done();
  /** An interface has an address that it had not before. */
  onAddress: (name: string) => void = () => {};
  /** A DHCP server gave an interface another lease than before, or (undefined) it has none any more. */
  onLease: (name: string, lease: DhcpLease | undefined) => void = () => {};
  /** An IP filter of that number has entries. */
  filterExists: (filter: number) => boolean = () => true;
  readonly #host: IpHost;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kernel: Kernel;
  readonly #state = new IpState();
  readonly #leases: Leases;
  /** Devices that were set up, or found so, since IP runs on them: one that is set down after that stays down. */
  readonly #raised = new Set<string>();
  #plan: Plan;

  constructor({ host, clock, log, owner, dhcp, hostName = () => '' }: IpParts) {
    this.owner = owner;
    this.#host = host;
    this.#clock = clock;
    this.#log = log;
    this.#kernel = new Kernel(host);
    this.#kernel.onRefusal = (what, why) =>
      log.add({ module: 'IP', severity: 4, type: 'IFACE', subtype: 'FAIL', source: what, text: `${what}: ${why}; tried again when an interface changes` });
    this.#leases = new Leases({
      clients: dhcp, log, hostName,
      holder: (address, name) => this.interfaces().find((other) => other.name !== name && this.ownAddress(other.name) === address)?.name,
      changed: (name, lease, now) => this.#leased(name, lease, now),
    });
    this.#plan = new Plan(this.#state, owner, []);
    this.pools = new Pools((address) => this.#ownerOf(address));
  }

  // -- what the operator changes; where a text is returned, it is why that has no effect yet, as one sentence --

  get status(): IpStatus {
    return this.#state;
  }

  /** ENABLE and DISABLE IP. While off, no address and no route of ours is in the kernel. */
  setEnabled(on: boolean): string | undefined {
    this.#state.enabled = on;
    for (const name of this.#deviceNames()) this.#kernel.doubt(name);
    this.#sync();
    for (const name of this.#deviceNames()) this.owner.changed(name);
    return this.#kernel.refusal('forwarding');
  }

  setForwarding(on: boolean): string | undefined {
    this.#state.forwarding = on;
    this.#sync();
    return this.#kernel.refusal('forwarding');
  }

  /** ENABLE and DISABLE IP REMOTEASSIGN: holds for the next negotiation of IPCP, and for DHCP at once. */
  setRemoteAssign(on: boolean): void {
    this.#state.remoteAssign = on;
    this.#followLeases();
  }

  /** Why no port can have its address by DHCP on this board; undefined where it can. */
  get noDhcp(): string | undefined {
    return this.#leases.missing;
  }

  /** SET IP LOCAL; 0.0.0.0 unsets. */
  setLocal(address: Ipv4): void {
    this.#state.local = address;
    this.#sync();
  }

  /** RESET IP: takes everything of ours out of the kernel and puts it in again. */
  reset(): void {
    if (!this.#state.enabled) return;
    this.#state.enabled = false;
    this.#sync();
    this.#state.enabled = true;
    this.#sync();
  }

  /** Deletes every interface and route and turns the module off, as at a restart. */
  clear(): void {
    const devices = this.#deviceNames();
    this.#state.clear();
    this.pools.clear();
    this.#sync();
    for (const name of devices) this.owner.changed(name);
  }

  interface(name: string): IpInterface | undefined {
    return this.#state.interfaces.get(name);
  }

  /** In the order they were added. */
  interfaces(): readonly IpInterface[] {
    return [...this.#state.interfaces.values()];
  }

  addInterface(added: IpInterface): string | undefined {
    this.#state.interfaces.set(added.name, added);
    return this.#changed(added.name);
  }

  setInterface(name: string, change: InterfaceChange): string | undefined {
    const found = this.interface(name);
    if (found === undefined) return undefined;
    const dhcp = change.dhcp === true || (found.dhcp && change.address === undefined);
    const keeps = change.dhcp !== true || found.dhcp;
    const { address = keeps ? found.address : ANY_IPV4, length = keeps ? found.length : 0, enabled = found.enabled } = change;
    const moved = address !== found.address || length !== found.length || enabled !== found.enabled || dhcp !== found.dhcp;
    found.dhcp = dhcp;
    found.address = address;
    found.length = length;
    found.enabled = enabled;
    found.settings = { ...found.settings, ...change.settings };
    if (!moved && change.settings?.proxyarp !== undefined) this.#sync();
    return moved ? this.#changed(name) : undefined;
  }

  /** Static routes over it stay, unused until it is added again. */
  deleteInterface(name: string): void {
    this.#state.interfaces.delete(name);
    this.#changed(name);
  }

  /** RESET IP INTERFACE: takes its addresses and routes out of the kernel and puts them in again. */
  resetInterface(name: string): string | undefined {
    const found = this.interface(name);
    if (found === undefined || !found.enabled) return undefined;
    found.enabled = false;
    this.#sync();
    found.enabled = true;
    return this.#changed(name);
  }

  /** Static routes, those to one destination together, else in the order they were added. */
  routes(): readonly Route[] {
    return [...this.#state.routes()];
  }

  route(key: RouteKey): Route | undefined {
    return this.#state.route(key);
  }

  /** Adds a static route, or changes the settings of the one with this key. */
  putRoute(key: RouteKey, settings: RouteSettings): string | undefined {
    const route: Route = { ...key, ...settings, since: this.#clock.now() };
    this.#state.putRoute(route);
    this.#syncRoutes(key);
    this.onRoute();
    if (this.interface(route.interface) === undefined) return `there is no IP interface ${route.interface} yet`;
    const spec = this.#plan.staticRoutes(routeTarget(key)).get(route);
    return spec === undefined ? undefined : this.#kernel.refusal(routeKey(spec));
  }

  deleteRoute(key: RouteKey): void {
    this.#state.deleteRoute(key);
    this.#syncRoutes(key);
    this.onRoute();
  }

  /** Packets are translated to these addresses: those in the network of a LAN are answered for there. */
  answerFor(addresses: readonly Ipv4Range[]): void {
    this.#state.answered = addresses;
    this.#sync();
  }

  // -- what PPP reports and asks; names are those of PPP interfaces --

  /** IPCP has opened, or settled other addresses. */
  linkUp(name: string, link: IpLink): void {
    const before = this.#state.links.get(name);
    this.#state.links.set(name, link);
    this.#raised.delete(name);
    this.#syncLink(name, before);
    this.onAddress(name);
    const given = link.assigned ? `, address ${formatIpv4(link.local)} given by the peer` : '';
    const trouble = this.trouble(name);
    const but = trouble === undefined ? '' : `, but ${trouble}`;
    this.#log.add({ module: 'IP', severity: 6, type: 'VINT', subtype: 'UP', source: name, text: `${name}: IP is up to ${formatIpv4(link.peer)}${given}${but}` });
  }

  /** IPCP has left its opened state. */
  linkDown(name: string): void {
    const before = this.#state.links.get(name);
    if (!this.#state.links.delete(name)) return;
    this.#syncLink(name, before);
    const next = this.owner.onDemand(name) ? 'the next packet brings it up' : 'routes over it wait until it is up again';
    this.#log.add({ module: 'IP', severity: 6, type: 'VINT', subtype: 'DOWN', source: name, text: `${name}: IP is down; ${next}` });
  }

  /** IPCP has opened on a dynamic interface: a host route to its peer, through the device it shares with others. */
  dynamicUp(name: string, { device, local, peer, networks, mtu }: Omit<DynamicLink, 'name' | 'since'>): void {
    this.dynamicDown(name);
    const link: DynamicLink = { name, device, local, peer, networks, mtu, since: this.#clock.now() };
    if (this.#state.dynamics.add(link)) this.#sync();
    else this.#syncDynamic(link);
  }

  /** IPCP has left its opened state on a dynamic interface, or the interface is gone: what it was. */
  dynamicDown(name: string): DynamicLink | undefined {
    const gone = this.#state.dynamics.remove(name);
    if (gone === undefined) return undefined;
    if (gone.last) this.#sync();
    else this.#syncDynamic(gone.link);
    return gone.link;
  }

  /** A dynamic interface that is up. */
  dynamic(name: string): DynamicLink | undefined {
    return this.#state.dynamics.get(name);
  }

  /** All dynamic interfaces that are up. */
  dynamics(): readonly DynamicLink[] {
    return [...this.#state.dynamics.all()];
  }

  /** Something the owner answers about `name` has changed: it was created, destroyed, enabled, disabled, or set on demand or not. */
  refresh(name: string): void {
    this.#kernel.doubt(name);
    this.#sync();
  }

  /** A static route over this interface covers `address`. */
  leads(name: string, address: Ipv4): boolean {
    for (const route of this.#state.routes()) if (deviceOf(route.interface) === name && inPrefix(address, { address: route.destination, length: route.length })) return true;
    return false;
  }

  /** IPCP may ask the peer for our address and take it: the interface is 0.0.0.0 and REMOTEASSIGN is enabled. */
  mayAssign(name: string): boolean {
    return this.#state.remoteAssign && this.interface(name)?.address === ANY_IPV4;
  }

  /** There is an IP interface on it: DESTROY PPP has to refuse. */
  attached(name: string): boolean {
    return this.#on(name).length > 0;
  }

  /** IP runs on it: IPCP has something to open for. */
  active(name: string): boolean {
    return this.#state.enabled && this.#on(name).some((i) => i.enabled);
  }

  /** The address that an interface has of its own, given by the operator or the peer. */
  ownAddress(name: string): Ipv4 | undefined {
    return this.#plan.ownAddress(name);
  }

  /**
   * The address that is ours on an interface, for IPCP: its own, or where it is unnumbered that of the first IP interface that
   * was given one (by the operator or by a peer). 0.0.0.0 = there is none.
   */
  localAddress(name: string): Ipv4 {
    return this.#plan.localAddress(name);
  }

  /** The source of packets of our own: the one asked for, else SET IP LOCAL, else 0.0.0.0 = that of the outgoing interface. */
  sourceAddress(explicit?: Ipv4): Ipv4 {
    return explicit ?? this.#state.local;
  }

  /** The source that the kernel would choose towards `target`; 0.0.0.0 where there is no route. */
  routedSource(target: Ipv4): Ipv4 {
    return this.#host.lookup(target)?.source ?? ANY_IPV4;
  }

  // -- what the board reports --

  /** A link came, went or changed (IpHost.onLink). */
  onLink(name: string): void {
    this.refresh(name);
  }

  // -- what SHOW prints --

  /** What IPCP settled on a PPP interface; undefined while it is down. */
  link(name: string): IpLink | undefined {
    return this.#state.links.get(name);
  }

  /** The device behind an IP interface as the board sees it now. */
  device(name: string): LinkState | undefined {
    return this.#host.links().find((l) => l.name === deviceOf(name));
  }

  /** Packets leave through it: its device is up; for PPP its link is, or the packet dials it. */
  usable(name: string): boolean {
    const found = this.interface(name);
    return found !== undefined && this.#plan.usable(found);
  }

  /** 'on demand': a PPP link that is down until a packet dials it. */
  condition(name: string): 'disabled' | 'down' | 'on demand' | 'up' {
    if (!this.#state.enabled || this.interface(name)?.enabled !== true) return 'disabled';
    if (!this.usable(name)) return 'down';
    return isPpp(name) && !this.#state.links.has(deviceOf(name)) ? 'on demand' : 'up';
  }

  /** Why an interface does not do what was configured, as one sentence; undefined where it does. */
  trouble(name: string): string | undefined {
    return this.#hindrance(name) ?? (this.active(deviceOf(name)) ? this.#leaseTrouble(name) : undefined);
  }

  /** The same without what only takes its time: a DHCP server that has yet to answer. */
  #hindrance(name: string): string | undefined {
    const found = this.interface(name);
    if (found === undefined || !this.#state.enabled || !found.enabled) return undefined;
    if (!this.#plan.running(found)) return `${deviceOf(name)} has no device in the kernel; it comes up when the device appears`;
    for (const wanted of this.#plan.addressesOf(found)) {
      const refusal = this.#kernel.refusal(addressKey(wanted));
      if (refusal !== undefined) return refusal;
    }
    return this.#kernel.refusal(`up ${deviceOf(name)}`) ?? this.#leases.refusal(name);
  }

  /** The lease that an interface has its address by, and its age in seconds. */
  lease(name: string): { readonly lease: DhcpLease; readonly age: number } | undefined {
    const found = this.#leases.get(name);
    return found === undefined ? undefined : { lease: found.lease, age: seconds(this.#clock.now() - found.since) };
  }

  /** The interface has its address by DHCP, or waits for one. */
  isDhcp(name: string): boolean {
    return this.interface(name)?.dhcp === true;
  }

  /** The address of an interface and the length of its network; undefined while it has none of its own. */
  network(name: string): { readonly address: Ipv4; readonly length: number } | undefined {
    const address = this.#plan.ownAddress(name);
    const found = this.interface(name);
    return address === undefined || found === undefined ? undefined : { address, length: address === found.address ? found.length : HOST_LENGTH };
  }

  neighbours(): readonly Neighbour[] {
    return this.#host.neighbours();
  }

  /** Lets the kernel ask anew for the learned neighbours that `which` names. How many there were, and why one stays. */
  forgetNeighbours(which: (neighbour: Neighbour) => boolean): { readonly forgotten: number; readonly refused: string | undefined } {
    const found = this.#host.neighbours().filter((n) => n.kind === 'dynamic' && which(n));
    if (this.#host.forgetNeighbour === undefined && found.length > 0) return { forgotten: 0, refused: 'this board cannot forget ARP entries' };
    const refusals = found.map((n) => this.#host.forgetNeighbour?.(n.name, n.address)?.refused).filter((why) => why !== undefined);
    return { forgotten: found.length - refusals.length, refused: refusals[0] };
  }

  /** Interface routes and static routes, by destination. */
  routeViews(): readonly RouteView[] {
    const now = this.#clock.now();
    return [...this.#interfaceRoutes(now), ...this.#staticRoutes(now)].sort(byDestination);
  }

  // -- private --

  #deviceNames(): string[] {
    return [...new Set(this.interfaces().map((i) => deviceOf(i.name)))];
  }

  #on(device: string): IpInterface[] {
    return this.interfaces().filter((i) => deviceOf(i.name) === device);
  }

  #changed(name: string): string | undefined {
    this.#raised.delete(deviceOf(name));
    this.refresh(deviceOf(name));
    this.owner.changed(deviceOf(name));
    return this.#hindrance(name);
  }

  #sync(): void {
    this.#plan = new Plan(this.#state, this.owner, this.#host.links());
    if (this.#raise()) this.#plan = new Plan(this.#state, this.owner, this.#host.links());
    this.#kernel.apply(this.#plan.wanted());
    this.#watch(this.#clock.now());
    this.#followLeases();
  }

  /** Lets exactly those ports ask DHCP servers that may have an address from there; what others have is given back. */
  #followLeases(): void {
    const all = this.interfaces().filter(({ dhcp }) => dhcp);
    const asking = this.#state.remoteAssign ? all.filter((found) => this.#plan.running(found)) : [];
    this.#leases.follow(new Map(asking.map(({ name }) => [name, this.#plan.device(name)?.up === true])), this.#clock.now());
  }

  #leased(name: string, lease: DhcpLease | undefined, now: Millis): void {
    const found = this.interface(name);
    this.#state.leased.delete(name);
    const router = lease?.routers[0];
    if (found?.dhcp === true) {
      found.address = lease?.address ?? ANY_IPV4;
      found.length = lease?.length ?? 0;
      if (router !== undefined && router !== ANY_IPV4) this.#state.leased.set(name, defaultRoute(name, router, now));
    }
    this.onLease(name, lease);
    if (lease !== undefined) this.onAddress(name);
    this.refresh(deviceOf(name));
    this.owner.changed(deviceOf(name));
    this.onRoute();
  }

  #leaseTrouble(name: string): string | undefined {
    if (!this.isDhcp(name)) return undefined;
    return this.#state.remoteAssign ? this.#leases.trouble(name) : 'ENABLE IP REMOTEASSIGN lets DHCP give it an address';
  }

  /** Sets devices up that IP begins to run on. True where one was down. */
  #raise(): boolean {
    const inUse = this.#plan.inUse();
    for (const name of this.#raised) if (!inUse.includes(name)) this.#raised.delete(name);
    const down = inUse.filter((name) => !this.#raised.has(name) && this.#plan.device(name)?.admin === false);
    for (const name of down) this.#kernel.setUp(name);
    for (const name of inUse) this.#raised.add(name);
    return down.length > 0;
  }

  /** One destination's routes; devices as of the last report. */
  #syncRoutes(to: { readonly destination: Ipv4; readonly length: number }): void {
    this.#kernel.applyRoutes(routeTarget(to), this.#plan.routesTo(to));
  }

  /**
   * A PPP link came up or went: only what is on its interface changes, unless an address that others borrow does. Hundreds of links
   * come at once when a tunnel does; working everything out anew for each would take a second.
   */
  #syncLink(name: string, before: IpLink | undefined): void {
    const now = this.#state.links.get(name);
    const found = this.interface(name);
    const device = this.#plan.device(name);
    const isMultihomed = logicalNames(name).some((other) => this.#state.interfaces.has(other));
    if (found === undefined && !isMultihomed) return;
    if (found === undefined || isMultihomed || device === undefined || this.#kernel.refusing || before?.assigned === true || now?.assigned === true) return this.refresh(name);
    const route = before === undefined ? undefined : { destination: before.peer, length: HOST_LENGTH, via: ANY_IPV4, name, metric: 0 };
    const led = route !== undefined && this.#kernel.has(route);
    this.#kernel.doubt(name);
    const usable = this.#plan.usable(found);
    if (!usable) this.#raised.delete(name);
    else if (!this.#raised.has(name)) {
      if (!device.admin) this.#kernel.setUp(name);
      this.#raised.add(name);
    }
    this.#kernel.applyAddresses(name, this.#plan.addressesOf(found));
    for (const route of this.#state.routes()) if (deviceOf(route.interface) === name) this.#syncRoutes(route);
    if (route !== undefined && led) this.#syncRoutes(route);
    const leads = this.#plan.peerRoute(name);
    if (leads !== undefined) this.#syncRoutes(leads);
    this.#watchOne(name, this.#clock.now());
  }

  #syncDynamic(link: DynamicLink): void {
    for (const to of destinations(link)) this.#syncRoutes(to);
    const now = this.#state.dynamics.to(routeTarget({ destination: link.peer, length: HOST_LENGTH }));
    this.#kernel.applyProxies(link.peer, now === undefined ? [] : this.#plan.proxies(now));
  }

  /** Who has an address that no caller may get; undefined = nobody. */
  #ownerOf(address: Ipv4): string | undefined {
    if (this.#plan.isOurs(address)) return 'an address of this router';
    for (const [name, link] of this.#state.links) if (link.peer === address) return `that of the peer of ${name}`;
    return this.owner.reserved?.(address);
  }

  #watch(now: Millis): void {
    for (const name of new Set([...this.#state.upSince.keys(), ...this.#state.interfaces.keys()])) this.#watchOne(name, now);
  }

  #watchOne(name: string, now: Millis): void {
    const { upSince } = this.#state;
    const usable = this.usable(name);
    if (usable === upSince.has(name)) return;
    if (usable) upSince.set(name, now);
    else upSince.delete(name);
    if (isPpp(name)) return;
    const text = usable ? `${name}: IP is up` : `${name}: IP is down; routes over it wait until it is up again`;
    this.#log.add({ module: 'IP', severity: 6, type: 'VINT', subtype: usable ? 'UP' : 'DOWN', source: name, text });
  }

  #staticRoutes(now: Millis): RouteView[] {
    const views: RouteView[] = [];
    for (const target of this.#state.targets()) {
      const specs = this.#plan.staticRoutes(target);
      for (const route of this.#state.allTo(target)) {
        const spec = specs.get(route);
        const circuit = route.circuit ?? (route.dlci === undefined ? '-' : String(route.dlci));
        views.push({ ...route, protocol: route === this.#state.leased.get(route.interface) ? 'dhcp' : 'static', circuit, age: seconds(now - route.since), used: spec !== undefined && this.#kernel.has(spec) });
      }
    }
    return views;
  }

  #interfaceRoutes(now: Millis): RouteView[] {
    const common = { nexthop: ANY_IPV4, protocol: 'interface', policy: 0, metric1: 1, metric2: undefined, preference: 0, circuit: '-' } as const;
    const views: RouteView[] = [];
    for (const { name, address: configured, length } of this.#state.interfaces.values()) {
      const used = this.usable(name);
      const age = seconds(now - (this.#state.upSince.get(name) ?? now));
      const own = this.#plan.ownAddress(name);
      const network = own !== undefined && own === configured ? networkOf(own, length) : undefined;
      if (network !== undefined && length < HOST_LENGTH) views.push({ ...common, destination: network.address, length, interface: name, age, used });
      const peer = this.#plan.peerRoute(name);
      if (peer === undefined || (network !== undefined && inPrefix(peer.destination, network))) continue;
      views.push({ ...common, destination: peer.destination, length: HOST_LENGTH, interface: name, age, used: this.#kernel.has(peer) });
    }
    for (const link of this.#state.dynamics.all()) {
      for (const to of destinations(link)) {
        const used = this.#kernel.has(this.#plan.routeOver(link, to));
        views.push({ ...common, ...to, interface: link.name, age: seconds(now - link.since), used });
      }
    }
    return views;
  }
}

/** As the operator would add it: what he adds himself with a lower preference goes before it. */
function defaultRoute(name: string, nexthop: Ipv4, since: Millis): Route {
  const key: RouteKey = { destination: ANY_IPV4, length: 0, interface: name, nexthop };
  return { ...key, metric1: 1, metric2: undefined, policy: 0, preference: defaultPreference(key), tag: undefined, circuit: undefined, dlci: undefined, since };
}

const seconds = (time: Millis): number => Math.floor(time / 1000);
