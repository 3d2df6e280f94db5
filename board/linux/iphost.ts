// The kernel's IPv4 stack through rtnetlink: ports, addresses, routes, neighbours, forwarding.
// Whatever hashi puts into the kernel carries its mark, is taken away at exit, and after a crash at the next start.

import { release } from 'node:os';

import { formatIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { IpHost, LinkHardware, LinkState, Lookup, Neighbour, RouteSpec } from '../../firmware/hal/iphost.ts';
import { ERRNO } from './ffi/errno.ts';
import { monotonic } from './ffi/libc.ts';
import { MAX_DEVICE_NAME } from './ffi/tun.ts';
import { portHardware } from './hardware.ts';
import type { NetlinkFailure } from './netlink/client.ts';
import { NetlinkEvents, RTMGRP } from './netlink/events.ts';
import { type KernelRoute, type Link, linkOf, RouteClient } from './netlink/route.ts';
import { readSwitch, writeSwitch } from './sysctl.ts';
import { claimNamespace, Traces } from './traces.ts';

/** The maker's number on our routes and addresses (rtm_protocol, IFA_PROTO); no routing daemon uses it (iproute2's rt_protos). */
export const ROUTE_PROTOCOL = 249;
/** Ends the label of our addresses on kernels that cannot tell who gave one; there dnsmasq, which goes by labels, serves no DHCP. */
const LABEL_END = ':hashi';
/** The first kernel with IFA_PROTO. */
const MARKS_FROM = [5, 18] as const;
const FORWARDING = 'net/ipv4/ip_forward';
const REDIRECTS = (device: string): string => `net/ipv4/conf/${device}/send_redirects`;
/** Interfaces of the data plane: one of a PPP link, or one that the dynamic interfaces of a template share. */
const PPP = /^(ppp|dyn)(\d+)$/;
const SHARED = /^dyn\d+$/;
const NO_MAC = '';
const HOST = 32;
/** Milliseconds that an answer about a route is taken for granted, as a storm of calls asks the same thousands of times a second. Others than us change routes too. */
const LOOKUP_LASTS = 50;
const MOST_LOOKUPS = 1000;
/** The kernel's answer where what is to be deleted is gone already. */
const ESRCH = 3;

/** How our addresses are marked on this kernel. */
function markOf(device: string): number | string {
  const [major = 0, minor = 0] = release().split('.').map((part) => Number.parseInt(part, 10));
  const knows = major > MARKS_FROM[0] || (major === MARKS_FROM[0] && minor >= MARKS_FROM[1]);
  return knows ? ROUTE_PROTOCOL : labelOf(device);
}

const labelOf = (device: string): string => device.slice(0, MAX_DEVICE_NAME - LABEL_END.length) + LABEL_END;
const macOf = (octets: readonly number[]): string => (octets.length === 6 ? octets.map((o) => o.toString(16).padStart(2, '0')).join('-') : NO_MAC);
const prefixText = (address: Ipv4, length: number): string => `${formatIpv4(address)}/${length}`;
const addressKey = (device: string, address: Ipv4, length: number): string => `${device} ${prefixText(address, length)}`;
const placeKey = (r: RouteSpec): string => `${prefixText(r.destination, r.length)} ${r.metric}`;
const routeKey = (r: RouteSpec): string => `${prefixText(r.destination, r.length)} ${r.via} ${r.name} ${r.metric}`;
/** eth0 before eth1 before ppp0; eth10 behind eth2. */
const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** `ports`: the operator's name of each port and the kernel's device behind it. `traces`: the file for what a crash would leave. */
export interface IpHostOptions {
  readonly ports: ReadonlyMap<string, string>;
  readonly traces: string | undefined;
}

export class LinuxIpHost implements IpHost {
  onLink: (name: string) => void = () => {};
  readonly #ports: ReadonlyMap<string, string>;
  readonly #route = new RouteClient();
  readonly #events: NetlinkEvents;
  readonly #traces: Traces;
  readonly #claim: { close(): void } | undefined;
  /** What each interface looked like when it was last reported. */
  #seen = new Map<string, string>();
  #refreshing = false;
  readonly #addresses = new Map<string, { readonly device: string; readonly address: Ipv4; readonly length: number }>();
  readonly #routes = new Map<string, { readonly spec: RouteSpec; readonly kernel: KernelRoute }>();
  /** How many routes of ours each destination and metric has. */
  readonly #places = new Map<string, number>();
  readonly #proxies = new Map<string, { readonly device: string; readonly address: Ipv4 }>();
  /** Indices of shared devices that routes were put on. */
  readonly #indices = new Map<string, number>();
  /** Answers of the kernel that are fresh. */
  readonly #lookups = new Map<Ipv4, { readonly found: Lookup | undefined; readonly until: number }>();
  #closed = false;

  constructor(options: IpHostOptions) {
    this.#ports = options.ports;
    this.#traces = new Traces(options.traces);
    this.#claim = claimNamespace();
    if (this.#claim !== undefined) this.#cleanUp();
    // Subscribed before the first look, so that nothing happens in between unseen.
    this.#events = new NetlinkEvents(RTMGRP.LINK, { message: (message) => this.#told(linkOf(message)), lost: () => this.#refresh() });
    this.#seen = this.#signatures();
  }

  /** No other hashi works on this network namespace. */
  get sole(): boolean {
    return this.#claim !== undefined;
  }

  links(): readonly LinkState[] {
    const states: LinkState[] = [];
    const devices = new Map(this.#route.links().map((link) => [link.name, link]));
    for (const [name, device] of this.#ports) states.push(stateOf(name, device, devices.get(device)));
    for (const link of devices.values()) if (isPpp(link)) states.push(stateOf(link.name, link.name, link));
    return states.sort((a, b) => byName(a.name, b.name));
  }

  hardware(name: string): LinkHardware {
    const device = this.#ports.get(name);
    const link = device === undefined ? undefined : this.#route.link(device);
    return link === undefined ? {} : portHardware(link.name, link.index);
  }

  setUp(name: string, up: boolean): Refusal | undefined {
    this.#lookups.clear();
    const link = this.#link(name);
    if ('refused' in link) return link;
    if (link.admin === up) return undefined;
    if (this.#ports.has(name)) this.#traces.noteLink(link.name, link.admin);
    const failure = this.#route.setLink(link.index, { up });
    return failure === undefined ? undefined : { refused: `The kernel does not set ${name} ${up ? 'up' : 'down'}: ${failure.text}` };
  }

  addAddress(name: string, address: Ipv4, length: number): Refusal | undefined {
    this.#lookups.clear();
    const link = this.#link(name);
    if ('refused' in link) return link;
    if (SHARED.test(link.name)) this.#quiet(link.name);
    const failure = this.#route.addAddress(link.index, address, length, markOf(link.name));
    // An address that the host itself gave to the device serves as well, and stays when hashi goes.
    if (failure?.errno === ERRNO.EEXIST) return undefined;
    if (failure !== undefined) return { refused: `The kernel does not give ${name} the address ${prefixText(address, length)}: ${failure.text}` };
    this.#addresses.set(addressKey(link.name, address, length), { device: link.name, address, length });
    return undefined;
  }

  deleteAddress(name: string, address: Ipv4, length: number): void {
    this.#lookups.clear();
    const device = this.#deviceOf(name);
    if (device === undefined || !this.#addresses.delete(addressKey(device, address, length))) return;
    this.#removeAddress(device, address, length);
  }

  addRoute(spec: RouteSpec): Refusal | undefined {
    const { destination, length, via, metric } = spec;
    const key = routeKey(spec);
    const others = this.#places.get(placeKey(spec)) ?? 0;
    const add = (index: number): { readonly kernel: KernelRoute; readonly failure: NetlinkFailure | undefined } => {
      const kernel: KernelRoute = { destination, length, via, metric, index, protocol: ROUTE_PROTOCOL };
      return { kernel, failure: this.#route.addRoute(kernel, others > 0 ? 'another' : 'only') };
    };
    this.#forgetLookups(spec);
    // Thousands of callers have their routes over one device: the kernel itself says when its index is not that device's any more.
    const index = this.#indices.get(spec.name);
    let done = index === undefined ? undefined : add(index);
    if (done === undefined || (done.failure !== undefined && done.failure.errno !== ERRNO.EEXIST)) {
      const link = this.#link(spec.name);
      if ('refused' in link) return link;
      if (SHARED.test(spec.name)) this.#indices.set(spec.name, link.index);
      done = add(link.index);
    }
    const { kernel, failure } = done;
    if (failure?.errno === ERRNO.EEXIST && !this.#inKernel(kernel)) {
      return { refused: `The host has a route to ${prefixText(destination, length)} with metric ${metric} of its own` };
    }
    if (failure !== undefined && failure.errno !== ERRNO.EEXIST) {
      return { refused: `The kernel does not take the route to ${prefixText(destination, length)} by ${spec.name}: ${failure.text}` };
    }
    if (!this.#routes.has(key)) this.#places.set(placeKey(spec), others + 1);
    this.#routes.set(key, { spec, kernel });
    return undefined;
  }

  deleteRoute(spec: RouteSpec): void {
    const known = this.#routes.get(routeKey(spec));
    if (known === undefined) return;
    this.#routes.delete(routeKey(spec));
    this.#forgetLookups(spec);
    const left = (this.#places.get(placeKey(spec)) ?? 1) - 1;
    if (left > 0) this.#places.set(placeKey(spec), left);
    else this.#places.delete(placeKey(spec));
    this.#removeRoute(known.kernel);
  }

  setForwarding(on: boolean): Refusal | undefined {
    const present = readSwitch(FORWARDING);
    if (present === undefined) return { refused: 'This kernel has no IPv4 forwarding' };
    const wanted = on ? '1' : '0';
    if (present === wanted) return undefined;
    this.#traces.noteForwarding(present);
    const failure = writeSwitch(FORWARDING, wanted);
    return failure === undefined ? undefined : { refused: failure };
  }

  lookup(destination: Ipv4): Lookup | undefined {
    const now = monotonic();
    const known = this.#lookups.get(destination);
    if (known !== undefined && now < known.until) return known.found;
    const found = this.#lookUp(destination);
    if (this.#lookups.size >= MOST_LOOKUPS) this.#lookups.clear();
    this.#lookups.set(destination, { found, until: now + LOOKUP_LASTS });
    return found;
  }

  #lookUp(destination: Ipv4): Lookup | undefined {
    const found = this.#route.lookup(destination);
    if (found === undefined) return undefined;
    const link = this.#route.link(found.index);
    if (link === undefined) return undefined;
    return { name: this.#nameOf(link) ?? link.name, source: found.source, mtu: found.mtu > 0 ? found.mtu : link.mtu };
  }

  neighbours(): readonly Neighbour[] {
    const names = new Map(this.#route.links().map((link) => [link.index, this.#nameOf(link)]));
    const found: Neighbour[] = [];
    for (const one of this.#route.neighbours()) {
      const name = names.get(one.index);
      if (name !== undefined) found.push({ name, address: one.address, mac: macOf(one.hardware), kind: one.permanent ? 'static' : 'dynamic', active: true });
    }
    return found;
  }

  addProxy(name: string, address: Ipv4): Refusal | undefined {
    const link = this.#link(name);
    if ('refused' in link) return link;
    const failure = this.#route.addProxy(link.index, address, ROUTE_PROTOCOL);
    if (failure !== undefined) return { refused: `The kernel does not answer ARP for ${formatIpv4(address)} on ${name}: ${failure.text}` };
    this.#proxies.set(`${link.name} ${address}`, { device: link.name, address });
    return undefined;
  }

  deleteProxy(name: string, address: Ipv4): void {
    const device = this.#deviceOf(name);
    if (device === undefined || !this.#proxies.delete(`${device} ${address}`)) return;
    this.#removeProxy(device, address);
  }

  forgetNeighbour(name: string, address: Ipv4): Refusal | undefined {
    const link = this.#link(name);
    if ('refused' in link) return link;
    const failure = this.#route.deleteNeighbour(link.index, address);
    // Gone by itself meanwhile is as good.
    return failure === undefined || failure.errno === ERRNO.ENOENT ? undefined : { refused: `The kernel does not forget ${formatIpv4(address)} on ${name}: ${failure.text}` };
  }

  /** Takes everything of ours out of the kernel and puts back what it was before. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.close();
    for (const { kernel } of this.#routes.values()) this.#removeRoute(kernel);
    for (const { device, address } of this.#proxies.values()) this.#removeProxy(device, address);
    for (const { device, address, length } of this.#addresses.values()) this.#removeAddress(device, address, length);
    this.#putBack(this.#traces.before);
    this.#traces.clear();
    this.#claim?.close();
    this.#route.close();
  }

  #putBack(before: { readonly forwarding?: string; readonly redirects?: string; readonly links: Readonly<Record<string, boolean>> }): void {
    for (const [device, up] of Object.entries(before.links)) {
      const link = this.#route.link(device);
      if (link !== undefined && link.admin !== up) this.#route.setLink(link.index, { up });
    }
    // Where /proc/sys became read-only meanwhile, the value that is there stays.
    if (before.forwarding !== undefined) writeSwitch(FORWARDING, before.forwarding);
    if (before.redirects !== undefined) writeSwitch(REDIRECTS('all'), before.redirects);
  }

  /**
   * A packet from one caller to another leaves by the device that it came in by: no reason to tell the sender of a shorter way. The kernel
   * is silent only where the switch for all devices is off too; other devices keep their own.
   */
  #quiet(device: string): void {
    writeSwitch(REDIRECTS(device), '0');
    const present = readSwitch(REDIRECTS('all'));
    if (present === undefined || present === '0') return;
    this.#traces.noteRedirects(present);
    writeSwitch(REDIRECTS('all'), '0');
  }

  /** Removes what a run that did not end in order left behind: routes and addresses by their marks, switches by the record. */
  #cleanUp(): void {
    for (const route of this.#route.routes(ROUTE_PROTOCOL)) this.#route.deleteRoute(route);
    for (const { index, address } of this.#route.proxies(ROUTE_PROTOCOL)) this.#route.deleteProxy(index, address);
    for (const { index, address, length, label, protocol } of this.#route.addresses()) {
      if (protocol === ROUTE_PROTOCOL || label.endsWith(LABEL_END)) this.#route.deleteAddress(index, address, length);
    }
    const left = this.#traces.leftover();
    if (left !== undefined) this.#putBack(left);
    this.#traces.clear();
  }

  #removeRoute(kernel: KernelRoute): void {
    const failure = this.#route.deleteRoute(kernel);
    // Gone with its device, or because the device went down.
    if (failure !== undefined && failure.errno !== ESRCH && failure.errno !== ERRNO.ENODEV && failure.errno !== ERRNO.EINVAL) {
      throw new Error(`the kernel keeps the route to ${prefixText(kernel.destination, kernel.length)}: ${failure.text}`);
    }
  }

  /** What is gone already went with its device. */
  #removeProxy(device: string, address: Ipv4): void {
    const link = this.#route.link(device);
    if (link !== undefined) this.#route.deleteProxy(link.index, address);
  }

  #removeAddress(device: string, address: Ipv4, length: number): void {
    const link = this.#route.link(device);
    if (link === undefined) return;
    const failure = this.#route.deleteAddress(link.index, address, length);
    if (failure !== undefined && failure.errno !== ERRNO.EADDRNOTAVAIL) throw new Error(`the kernel keeps the address ${prefixText(address, length)}: ${failure.text}`);
  }

  /** What a route of ours that comes or goes may change. */
  #forgetLookups({ destination, length }: RouteSpec): void {
    if (length === HOST) this.#lookups.delete(destination);
    else this.#lookups.clear();
  }

  #inKernel(wanted: KernelRoute): boolean {
    const same = (r: KernelRoute): boolean =>
      r.destination === wanted.destination && r.length === wanted.length && r.via === wanted.via && r.index === wanted.index && r.metric === wanted.metric;
    return this.#route.routes(ROUTE_PROTOCOL).some(same);
  }

  #deviceOf(name: string): string | undefined {
    return this.#ports.get(name) ?? (PPP.test(name) ? name : undefined);
  }

  #nameOf(link: Link): string | undefined {
    for (const [name, device] of this.#ports) if (device === link.name) return name;
    return isPpp(link) ? link.name : undefined;
  }

  #link(name: string): Link | Refusal {
    const device = this.#deviceOf(name);
    if (device === undefined) return { refused: `There is no interface ${name}` };
    const link = this.#route.link(device);
    if (link !== undefined) return link;
    const port = this.#ports.has(name);
    return { refused: port ? `The port ${name} is waiting for the device ${device}, which the kernel does not have` : `There is no interface ${name}` };
  }

  /** A link of the kernel came, went or changed: ours only are looked at, once per turn of the event loop. */
  #told(link: Link): void {
    this.#lookups.clear();
    const name = this.#nameOf(link);
    const renamed = [...this.#seen.values()].some((signature) => signature.startsWith(`${link.index} `));
    if (name !== undefined || renamed) this.#refresh();
  }

  #refresh(): void {
    if (this.#refreshing || this.#closed) return;
    this.#refreshing = true;
    setImmediate(() => {
      this.#refreshing = false;
      if (this.#closed) return;
      const before = this.#seen;
      this.#seen = this.#signatures();
      const names = new Set([...before.keys(), ...this.#seen.keys()]);
      for (const name of [...names].sort(byName)) if (before.get(name) !== this.#seen.get(name)) this.onLink(name);
    });
  }

  #signatures(): Map<string, string> {
    const found = new Map<string, string>();
    for (const link of this.#route.links()) {
      const name = this.#nameOf(link);
      if (name !== undefined) found.set(name, `${link.index} ${link.admin} ${link.running} ${link.mtu} ${link.hardware.join('-')}`);
    }
    return found;
  }
}

const isPpp = (link: Link): boolean => PPP.test(link.name) && link.kind === 'tun';

function stateOf(name: string, device: string, link: Link | undefined): LinkState {
  if (link === undefined) {
    return { name, device, mac: NO_MAC, mtu: 0, present: false, admin: false, up: false, inPackets: 0, inBytes: 0, inErrors: 0, outPackets: 0, outBytes: 0, outErrors: 0 };
  }
  return { name, device, mac: macOf(link.hardware), mtu: link.mtu, present: true, admin: link.admin, up: link.running, ...link.counters };
}

