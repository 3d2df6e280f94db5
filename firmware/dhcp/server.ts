// The DHCP server as the operator configures it (AlliedWare DHCP chapter): policies, ranges, and what of them can be served now.

import { type Ipv4, type Ipv4Prefix, classLength, inPrefix, lengthOf, maskOf, networkOf, formatIpv4 } from '../bytes/ip.ts';
import type { ServedLease, ServedRange } from '../hal/dhcp.ts';
import { Policies } from './policy.ts';
import { Range } from './range.ts';

/** A LAN that this router has an address on. */
export interface Lan {
  readonly name: string;
  readonly address: Ipv4;
  readonly length: number;
}

/** What the server needs of the rest of the box. */
export interface DhcpParts {
  /** LANs that are up. */
  lans(): readonly Lan[];
  /** Why this board has no DHCP server; undefined where it has one. */
  missing(): string | undefined;
  leases(): readonly ServedLease[];
  /** This router answers name requests on its LANs: clients without DNSSERVER are told so. */
  relays(): boolean;
}

export class DhcpServer {
  readonly policies = new Policies();
  readonly parts: DhcpParts;
  enabled = false;
  /** What is served has to follow the configuration. */
  onChange: () => void = () => {};
  /** Why what is configured is not served, as the board says; undefined while it is. */
  trouble: string | undefined;
  readonly #ranges = new Map<string, Range>();

  constructor(parts: DhcpParts) {
    this.parts = parts;
  }

  /** By name in any case. */
  range(name: string): Range | undefined {
    return this.#ranges.get(name.toLowerCase());
  }

  /** In the order they were created. */
  ranges(): readonly Range[] {
    return [...this.#ranges.values()];
  }

  createRange(range: Range): void {
    this.#ranges.set(range.name.toLowerCase(), range);
    this.onChange();
  }

  destroyRange(name: string): void {
    this.#ranges.delete(name.toLowerCase());
    this.onChange();
  }

  usersOf(policy: string): readonly Range[] {
    return this.ranges().filter((range) => range.policy.toLowerCase() === policy.toLowerCase());
  }

  /** The range that has an address, kept or not. */
  holderOf(address: Ipv4): Range | undefined {
    return this.ranges().find((range) => range.gives(address) || range.keptFor(address) !== undefined);
  }

  /** What the board is to serve of a range, or the sentence why it cannot be. */
  served(range: Range): ServedRange | string {
    const policy = this.policies.get(range.policy);
    const options = this.policies.whole(range.policy);
    if (typeof options === 'string') return options;
    if (policy === undefined) return `DHCP policy ${range.policy} does not exist`;
    const network = this.#network(range, options.subnetmask);
    if (typeof network === 'string') return network;
    for (const address of [...range.ranges().flatMap(({ low, high }) => [low, high]), ...range.fixed.map((one) => one.address)]) {
      const whose = `the network ${formatIpv4(network.address)}/${network.length}`;
      if (!inPrefix(address, network)) return `its address ${formatIpv4(firstOutside(range, network))} is not in ${whose}`;
      if (network.length < 31 && isEnd(address, network)) return `its address ${formatIpv4(address)} is not that of a host in ${whose}`;
    }
    const own = this.parts.lans().find((lan) => inPrefix(lan.address, network))?.address;
    const dns = options.dnsserver ?? (this.parts.relays() && own !== undefined ? [own] : []);
    return {
      name: range.name.toLowerCase(),
      network,
      addresses: range.ranges(),
      fixed: range.fixed,
      lease: policy.lease,
      mask: options.subnetmask ?? maskOf(network.length),
      routers: options.router ?? [],
      dns,
      ntp: options.ntpserver ?? [],
      domain: options.domainname ?? '',
    };
  }

  /** What is to be served now: nothing while the server is off. */
  wanted(): readonly ServedRange[] {
    if (!this.enabled) return [];
    return this.ranges().map((range) => this.served(range)).filter((served) => typeof served !== 'string');
  }

  /** Ranges that cannot be served, and why. */
  waiting(): readonly { readonly range: Range; readonly why: string }[] {
    return this.ranges().flatMap((range) => {
      const why = this.served(range);
      return typeof why === 'string' ? [{ range, why }] : [];
    });
  }

  /** The network of a range's clients: that of the relay, or the LAN that its first address lies in. */
  #network(range: Range, mask: Ipv4 | undefined): Ipv4Prefix | string {
    const [first = range.base.low] = range.all();
    if (range.gateway !== undefined) {
      const length = (mask === undefined ? undefined : lengthOf(mask)) ?? classLength(range.gateway);
      return networkOf(range.gateway, length);
    }
    const lan = this.parts.lans().find(({ address, length }) => inPrefix(first, networkOf(address, length)));
    if (lan === undefined) return `no LAN of this router that is up has the address ${formatIpv4(first)} in its network`;
    return networkOf(lan.address, lan.length);
  }
}

/** The address of a network itself, or its broadcast address. */
function isEnd(address: Ipv4, network: Ipv4Prefix): boolean {
  const host = (address & ~maskOf(network.length)) >>> 0;
  return host === 0 || host === ~maskOf(network.length) >>> 0;
}

function firstOutside(range: Range, network: Ipv4Prefix): Ipv4 {
  for (const address of range.all()) if (!inPrefix(address, network)) return address;
  return range.base.low;
}
