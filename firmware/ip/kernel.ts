// Makes the kernel's addresses and routes what the IP module wants them to be, and remembers what it refused.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import type { IpHost, RouteSpec } from '../hal/iphost.ts';

export interface AddressSpec {
  readonly name: string;
  readonly address: Ipv4;
  readonly length: number;
}

/** An address that the router answers ARP for on a LAN in place of its owner. */
export interface ProxySpec {
  readonly name: string;
  readonly address: Ipv4;
}

/** All that the module wants of the kernel at a moment. */
export interface Wanted {
  readonly addresses: readonly AddressSpec[];
  /** By routeTarget: every route to a destination is under that destination. */
  readonly routes: ReadonlyMap<string, readonly RouteSpec[]>;
  /** By address. */
  readonly proxies: ReadonlyMap<Ipv4, readonly ProxySpec[]>;
  readonly forwarding: boolean;
}

export const addressKey = (a: AddressSpec): string => `${a.name} ${formatIpv4(a.address)}/${a.length}`;
export const routeTarget = (r: { readonly destination: Ipv4; readonly length: number }): string => `${formatIpv4(r.destination)}/${r.length}`;
export const routeKey = (r: RouteSpec): string => `${routeTarget(r)} ${formatIpv4(r.via)} ${r.name} ${r.metric}`;

/** Something of ours; not `sure` after its device changed: the kernel may have dropped it. */
interface Held<T> {
  readonly spec: T;
  sure: boolean;
}

const NONE: readonly RouteSpec[] = [];
const NO_PROXIES: readonly ProxySpec[] = [];

/** What of ours is in the kernel. All calls of IpHost are idempotent, so repeating one that is done already harms nothing. */
export class Kernel {
  readonly #host: IpHost;
  readonly #addresses = new Map<string, Held<AddressSpec>>();
  /** All that is held on a device, addresses and routes. */
  readonly #on = new Map<string, Set<Held<AddressSpec> | Held<RouteSpec>>>();
  /** By routeTarget, then routeKey. */
  readonly #routes = new Map<string, Map<string, Held<RouteSpec>>>();
  readonly #proxies = new Map<Ipv4, readonly ProxySpec[]>();
  readonly #refused = new Map<string, string>();
  #forwarding = false;
  /** Called when the kernel refuses something that it did not refuse before for the same reason. */
  onRefusal: (what: string, why: string) => void = () => {};

  constructor(host: IpHost) {
    this.#host = host;
  }

  /** Why the kernel does not take something, by addressKey, routeKey, device ('up eth0') or 'forwarding'; undefined where it did. */
  refusal(key: string): string | undefined {
    return this.#refused.get(key);
  }

  has(route: RouteSpec): boolean {
    return this.#routes.get(routeTarget(route))?.get(routeKey(route))?.sure === true;
  }

  /** The device came, went or changed its state: what the kernel dropped with it is put in again by the next `apply`. */
  doubt(name: string): void {
    for (const held of this.#on.get(name) ?? []) held.sure = false;
    for (const [address, list] of this.#proxies) if (list.some((one) => one.name === name)) this.#proxies.set(address, list.filter((one) => one.name !== name));
  }

  /** The kernel refuses something of ours now. */
  get refusing(): boolean {
    return this.#refused.size > 0;
  }

  setUp(name: string): void {
    this.#note(`up ${name}`, this.#host.setUp(name, true)?.refused);
  }

  /** Brings the kernel from what it holds of ours to `wanted`. What it refuses is tried again by each later call. */
  apply(wanted: Wanted): void {
    this.#forward(wanted.forwarding);
    const targets = new Set([...this.#routes.keys(), ...wanted.routes.keys()]);
    for (const target of targets) this.#removeRoutes(target, wanted.routes.get(target) ?? NONE);
    this.#removeAddresses(new Set(wanted.addresses.map(addressKey)));
    this.#forgetRefusals(wanted);
    for (const address of wanted.addresses) this.#addAddress(address);
    for (const list of wanted.routes.values()) for (const route of list) this.#addRoute(route);
    for (const address of this.#proxies.keys()) if (!wanted.proxies.has(address)) this.applyProxies(address, NO_PROXIES);
    for (const [address, list] of wanted.proxies) this.applyProxies(address, list);
  }

  /** The same for the routes to one destination (routeTarget) alone. */
  applyRoutes(target: string, wanted: readonly RouteSpec[]): void {
    this.#removeRoutes(target, wanted);
    for (const route of wanted) this.#addRoute(route);
  }

  /** On which LANs the router answers ARP for an address. */
  applyProxies(address: Ipv4, wanted: readonly ProxySpec[]): void {
    const held = this.#proxies.get(address) ?? NO_PROXIES;
    for (const { name } of held) if (!wanted.some((one) => one.name === name)) this.#host.deleteProxy?.(name, address);
    if (wanted.length === 0) this.#proxies.delete(address);
    else this.#proxies.set(address, wanted);
    for (const { name } of wanted) {
      if (held.some((one) => one.name === name)) continue;
      this.#note(`proxy ARP for ${formatIpv4(address)} on ${name}`, this.#host.addProxy?.(name, address)?.refused);
    }
  }

  /** The same for the addresses of one device alone. */
  applyAddresses(name: string, wanted: readonly AddressSpec[]): void {
    const keep = new Set(wanted.map(addressKey));
    for (const held of this.#on.get(name) ?? []) if ('address' in held.spec && !keep.has(addressKey(held.spec))) this.#removeAddress(addressKey(held.spec), held.spec);
    for (const address of wanted) this.#addAddress(address);
  }

  #forward(on: boolean): void {
    if (on === this.#forwarding) return;
    const refusal = this.#host.setForwarding(on)?.refused;
    this.#note('forwarding', refusal);
    if (refusal === undefined) this.#forwarding = on;
  }

  #removeRoutes(target: string, wanted: readonly RouteSpec[]): void {
    const list = this.#routes.get(target);
    if (list === undefined) return;
    const keep = new Set(wanted.map(routeKey));
    for (const [key, held] of list) {
      if (keep.has(key)) continue;
      list.delete(key);
      this.#on.get(held.spec.name)?.delete(held);
      this.#host.deleteRoute(held.spec);
    }
    if (list.size === 0) this.#routes.delete(target);
  }

  #removeAddresses(keep: ReadonlySet<string>): void {
    for (const [key, { spec }] of this.#addresses) if (!keep.has(key)) this.#removeAddress(key, spec);
  }

  #removeAddress(key: string, spec: AddressSpec): void {
    const held = this.#addresses.get(key);
    if (held !== undefined) this.#on.get(spec.name)?.delete(held);
    this.#addresses.delete(key);
    this.#host.deleteAddress(spec.name, spec.address, spec.length);
    // Linux deletes an interface's other addresses of the same network, and routes that need them, along with the first.
    this.doubt(spec.name);
  }

  /** What is not wanted any more is not refused any more. */
  #forgetRefusals(wanted: Wanted): void {
    if (this.#refused.size === 0) return;
    const keys = new Set(wanted.addresses.map(addressKey));
    for (const list of wanted.routes.values()) for (const route of list) keys.add(routeKey(route));
    for (const key of this.#refused.keys()) if (!keys.has(key) && key !== 'forwarding' && !key.startsWith('up ') && !key.startsWith('proxy ')) this.#refused.delete(key);
  }

  #addAddress(spec: AddressSpec): void {
    const key = addressKey(spec);
    if (this.#addresses.get(key)?.sure === true) return;
    const refusal = this.#host.addAddress(spec.name, spec.address, spec.length)?.refused;
    this.#note(key, refusal);
    if (refusal !== undefined) return;
    const held = this.#addresses.get(key);
    if (held !== undefined) held.sure = true;
    else this.#addresses.set(key, this.#hold({ spec, sure: true }));
  }

  #addRoute(spec: RouteSpec): void {
    const key = routeKey(spec);
    const target = routeTarget(spec);
    const list = this.#routes.get(target);
    if (list?.get(key)?.sure === true) return;
    const refusal = this.#host.addRoute(spec)?.refused;
    this.#note(key, refusal);
    if (refusal !== undefined) return;
    const held = list?.get(key);
    if (held !== undefined) held.sure = true;
    else if (list === undefined) this.#routes.set(target, new Map([[key, this.#hold({ spec, sure: true })]]));
    else list.set(key, this.#hold({ spec, sure: true }));
  }

  #hold<T extends Held<AddressSpec> | Held<RouteSpec>>(held: T): T {
    const others = this.#on.get(held.spec.name) ?? new Set();
    this.#on.set(held.spec.name, others.add(held));
    return held;
  }

  #note(key: string, refusal: string | undefined): void {
    if (refusal === undefined) this.#refused.delete(key);
    else if (this.#refused.get(key) !== refusal) {
      this.#refused.set(key, refusal);
      this.onRefusal(key, refusal);
    }
  }
}
