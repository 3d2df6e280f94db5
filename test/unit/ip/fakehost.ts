// An IpHost that keeps what it is told, refuses what Linux would, and drops what Linux drops with a device.

import { type Ipv4, formatIpv4, inPrefix, networkOf, parseIpv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Refusal } from '../../../firmware/hal/dataplane.ts';
import type { IpHost, LinkState, Lookup, Neighbour, RouteSpec } from '../../../firmware/hal/iphost.ts';

interface Device {
  present: boolean;
  admin: boolean;
  carrier: boolean;
}

export const ip4 = (text: string): Ipv4 => {
  const found = parseIpv4(text);
  if (found === undefined) throw new Error(`no address: ${text}`);
  return found;
};

export class FakeHost implements IpHost {
  onLink: (name: string) => void = () => {};
  readonly devices = new Map<string, Device>();
  readonly addressList: { name: string; address: Ipv4; length: number }[] = [];
  readonly routeList: RouteSpec[] = [];
  readonly neighbourList: Neighbour[] = [];
  forwarding = false;
  /** How often something was asked of the kernel. */
  calls = 0;
  refuseForwarding = false;

  /** A device of that name with these flags; tells the module. */
  plug(name: string, change: Partial<Device> = {}): void {
    this.devices.set(name, { present: true, admin: true, carrier: true, ...this.devices.get(name), ...change });
    const device = this.devices.get(name);
    if (device?.present === false) this.#drop(name, true);
    else if (device?.admin === false) this.#drop(name, false);
    this.onLink(name);
  }

  /** A device that is gone altogether. */
  unplug(name: string): void {
    this.devices.delete(name);
    this.#drop(name, true);
    this.onLink(name);
  }

  get addresses(): string[] {
    return this.addressList.map((a) => `${a.name} ${formatIpv4(a.address)}/${a.length}`).sort();
  }

  get routes(): string[] {
    return this.routeList.map((r) => `${formatIpv4(r.destination)}/${r.length} via ${formatIpv4(r.via)} ${r.name} metric ${r.metric}`).sort();
  }

  links(): readonly LinkState[] {
    return [...this.devices].map(([name, d]) => ({
      name, device: `k-${name}`, mac: name.startsWith('eth') ? '00-00-f4-90-19-9f' : '', mtu: name.startsWith('eth') ? 1500 : 1460,
      present: d.present, admin: d.admin, up: d.present && d.admin && d.carrier,
      inPackets: 0, inBytes: 0, inErrors: 0, outPackets: 0, outBytes: 0, outErrors: 0,
    }));
  }

  setUp(name: string, up: boolean): Refusal | undefined {
    this.calls++;
    const device = this.devices.get(name);
    if (device?.present !== true) return { refused: `${name} has no device` };
    device.admin = up;
    return undefined;
  }

  addAddress(name: string, address: Ipv4, length: number): Refusal | undefined {
    this.calls++;
    if (this.devices.get(name)?.present !== true) return { refused: `${name} has no device` };
    if (!this.addressList.some((a) => a.name === name && a.address === address && a.length === length)) this.addressList.push({ name, address, length });
    return undefined;
  }

  deleteAddress(name: string, address: Ipv4, length: number): void {
    this.calls++;
    const at = this.addressList.findIndex((a) => a.name === name && a.address === address && a.length === length);
    if (at < 0) return;
    this.addressList.splice(at, 1);
    const network = networkOf(address, length);
    // As Linux does where promote_secondaries is off: later addresses of the same network go with the first.
    for (let i = this.addressList.length - 1; i >= at; i--) {
      const other = this.addressList[i];
      if (other?.name === name && other.length === length && inPrefix(other.address, network)) this.addressList.splice(i, 1);
    }
    for (let i = this.routeList.length - 1; i >= 0; i--) {
      const route = this.routeList[i];
      if (route?.name === name && route.via !== 0 && inPrefix(route.via, network)) this.routeList.splice(i, 1);
    }
  }

  addRoute(route: RouteSpec): Refusal | undefined {
    this.calls++;
    const device = this.devices.get(route.name);
    if (device?.present !== true) return { refused: `${route.name} has no device` };
    if (!device.admin) return { refused: 'Network is down' };
    const reachable = route.via === 0 || this.addressList.some((a) => a.name === route.name && inPrefix(route.via, networkOf(a.address, a.length)));
    if (!reachable) return { refused: `Next hop ${formatIpv4(route.via)} is not on the network of ${route.name}` };
    const same = this.routeList.find((r) => r.destination === route.destination && r.length === route.length && r.metric === route.metric);
    if (same === undefined) this.routeList.push(route);
    else if (same.name !== route.name || same.via !== route.via) return { refused: 'File exists' };
    return undefined;
  }

  deleteRoute(route: RouteSpec): void {
    this.calls++;
    const at = this.routeList.findIndex((r) => r.destination === route.destination && r.length === route.length && r.via === route.via && r.name === route.name && r.metric === route.metric);
    if (at >= 0) this.routeList.splice(at, 1);
  }

  setForwarding(on: boolean): Refusal | undefined {
    this.calls++;
    if (this.refuseForwarding) return { refused: '/proc/sys/net/ipv4/ip_forward is read-only' };
    this.forwarding = on;
    return undefined;
  }

  lookup(destination: Ipv4): Lookup | undefined {
    const on = this.addressList.find((a) => inPrefix(destination, networkOf(a.address, a.length)));
    return on === undefined ? undefined : { name: on.name, source: on.address, mtu: 1500 };
  }

  neighbours(): readonly Neighbour[] {
    return this.neighbourList;
  }

  forgetNeighbour(name: string, address: Ipv4): Refusal | undefined {
    const at = this.neighbourList.findIndex((n) => n.name === name && n.address === address);
    if (at >= 0) this.neighbourList.splice(at, 1);
    return undefined;
  }

  #drop(name: string, addresses: boolean): void {
    for (let i = this.routeList.length - 1; i >= 0; i--) if (this.routeList[i]?.name === name) this.routeList.splice(i, 1);
    if (!addresses) return;
    for (let i = this.addressList.length - 1; i >= 0; i--) if (this.addressList[i]?.name === name) this.addressList.splice(i, 1);
  }
}

export const NOWHERE = toIpv4(0);
