// rtnetlink(7): links, addresses, routes and neighbours of the network namespace the socket was made in.

import type { Ipv4 } from '../../../firmware/bytes/ip.ts';
import { ANY_IPV4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { AF } from '../ffi/socket.ts';
import { NetlinkClient, type NetlinkFailure } from './client.ts';
import { addressOf, attributesOf, type MessageWriter, NLM_F, type Received, textOf, u32Of, u8Of } from './message.ts';

export const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, DELADDR: 21, GETADDR: 22, NEWROUTE: 24, DELROUTE: 25, GETROUTE: 26, NEWNEIGH: 28, DELNEIGH: 29, GETNEIGH: 30 } as const;
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINKINFO: 18, STATS64: 23, NET_NS_FD: 28 } as const;
const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
const VETH_INFO_PEER = 1;
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, PROTO: 11 } as const;
/** No duplicate address detection: the address serves at once. */
const IFA_F_NODAD = 2;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, METRICS: 8, TABLE: 15 } as const;
const RTAX_MTU = 2;
const NDA = { DST: 1, LLADDR: 2, PROTOCOL: 12 } as const;
const NTF_PROXY = 8;
const IFF = { UP: 1, LOOPBACK: 8, RUNNING: 0x40 } as const;
const RT_TABLE_MAIN = 254;
const RT_SCOPE = { UNIVERSE: 0, LINK: 253 } as const;
export const RTN = { UNICAST: 1, LOCAL: 2, BROADCAST: 3, UNREACHABLE: 7 } as const;
const NUD = { REACHABLE: 2, STALE: 4, DELAY: 8, PROBE: 0x10, NOARP: 0x40, PERMANENT: 0x80 } as const;

const SIZEOF = { ifinfomsg: 16, ifaddrmsg: 8, rtmsg: 12, ndmsg: 12 } as const;

export interface Link {
  readonly index: number;
  readonly name: string;
  /** 'tun', 'veth', ..., empty for hardware. */
  readonly kind: string;
  readonly admin: boolean;
  readonly running: boolean;
  readonly loopback: boolean;
  readonly mtu: number;
  /** Hardware address as octets; empty where the device has none. */
  readonly hardware: readonly number[];
  readonly counters: LinkCounters;
}

export interface LinkCounters {
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly inErrors: number;
  readonly outErrors: number;
}

export interface LinkAddress {
  readonly index: number;
  readonly address: Ipv4;
  readonly length: number;
  readonly label: string;
  /** Who gave it (IFA_PROTO); 0 = not said. */
  readonly protocol: number;
}

export interface LinkAddress6 {
  readonly index: number;
  /** 16 octets. */
  readonly address: Uint8Array;
  readonly length: number;
  readonly linkLocal: boolean;
}

/** A unicast route of the main table. */
export interface KernelRoute {
  readonly destination: Ipv4;
  readonly length: number;
  /** 0.0.0.0: directly on the link. */
  readonly via: Ipv4;
  readonly index: number;
  readonly metric: number;
  /** Who made it (rtm_protocol). */
  readonly protocol: number;
}

export interface LinkNeighbour {
  readonly index: number;
  readonly address: Ipv4;
  readonly hardware: readonly number[];
  readonly permanent: boolean;
}

const NO_COUNTERS: LinkCounters = { inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0, inErrors: 0, outErrors: 0 };
const octetsOf = (attribute: DataView | undefined): number[] => (attribute === undefined ? [] : [...new Uint8Array(attribute.buffer, attribute.byteOffset, attribute.byteLength)]);

/** The link that an RTM_NEWLINK or RTM_DELLINK message describes. */
export function linkOf(message: Received): Link {
  const { body } = message;
  const attributes = attributesOf(body, SIZEOF.ifinfomsg);
  const flags = body.getUint32(8, true);
  const information = attributes.get(IFLA.LINKINFO);
  const stats = attributes.get(IFLA.STATS64);
  const count = (index: number): number => (stats === undefined || stats.byteLength < index * 8 + 8 ? 0 : stats.getUint32(index * 8, true) + stats.getUint32(index * 8 + 4, true) * 0x100000000);
  return {
    index: body.getInt32(4, true),
    name: textOf(attributes.get(IFLA.IFNAME)),
    kind: information === undefined ? '' : textOf(attributesOf(information, 0).get(IFLA_INFO.KIND)),
    admin: (flags & IFF.UP) !== 0,
    running: (flags & IFF.UP) !== 0 && (flags & IFF.RUNNING) !== 0,
    loopback: (flags & IFF.LOOPBACK) !== 0,
    mtu: u32Of(attributes.get(IFLA.MTU)) ?? 0,
    hardware: octetsOf(attributes.get(IFLA.ADDRESS)),
    counters: stats === undefined ? NO_COUNTERS : { inPackets: count(0), outPackets: count(1), inBytes: count(2), outBytes: count(3), inErrors: count(4), outErrors: count(5) },
  };
}

/** Requests about the network; each returns the kernel's refusal or nothing. */
export class RouteClient {
  readonly #netlink = new NetlinkClient();

  close(): void {
    this.#netlink.close();
  }

  links(): Link[] {
    const found: Link[] = [];
    this.#dump(RTM.GETLINK, SIZEOF.ifinfomsg, found, linkOf);
    return found;
  }

  /** The link of that name or index; undefined where there is none. */
  link(which: string | number): Link | undefined {
    let found: Link | undefined;
    const write = (w: MessageWriter): void => {
      w.u32(0).u32(typeof which === 'number' ? which : 0).u32(0).u32(0);
      if (typeof which === 'string') w.attributeText(IFLA.IFNAME, which);
    };
    this.#netlink.request(RTM.GETLINK, 0, write, { each: (message) => (found = linkOf(message)) });
    return found;
  }

  setLink(index: number, change: { readonly up?: boolean; readonly mtu?: number; readonly name?: string; readonly hardware?: readonly number[] }): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWLINK, 0, (w) => {
      w.u32(0).u32(index).u32(change.up === true ? IFF.UP : 0).u32(change.up === undefined ? 0 : IFF.UP);
      if (change.mtu !== undefined) w.attributeU32(IFLA.MTU, change.mtu);
      if (change.name !== undefined) w.attributeText(IFLA.IFNAME, change.name);
      if (change.hardware !== undefined) w.attribute(IFLA.ADDRESS, Uint8Array.from(change.hardware));
    });
  }

  /** A pair of Ethernet devices joined by a cable; `namespace` is a descriptor of the network namespace to put an end into. */
  addVeth(near: { readonly name: string; readonly namespace: number }, far: { readonly name: string; readonly namespace: number }): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWLINK, NLM_F.CREATE | NLM_F.EXCL, (w) => {
      w.u32(0).u32(0).u32(0).u32(0).attributeText(IFLA.IFNAME, near.name).attributeU32(IFLA.NET_NS_FD, near.namespace);
      w.nested(IFLA.LINKINFO, () => {
        w.attributeText(IFLA_INFO.KIND, 'veth').nested(IFLA_INFO.DATA, () => {
          w.nested(VETH_INFO_PEER, () => w.u32(0).u32(0).u32(0).u32(0).attributeText(IFLA.IFNAME, far.name).attributeU32(IFLA.NET_NS_FD, far.namespace));
        });
      });
    });
  }

  deleteLink(index: number): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELLINK, 0, (w) => w.u32(0).u32(index).u32(0).u32(0));
  }

  addresses(): LinkAddress[] {
    const found: LinkAddress[] = [];
    this.#dump(RTM.GETADDR, SIZEOF.ifaddrmsg, found, ({ body }) => {
      const attributes = attributesOf(body, SIZEOF.ifaddrmsg);
      const address = addressOf(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS));
      return address === undefined ? undefined : { index: body.getUint32(4, true), address: toIpv4(address), length: body.getUint8(1), label: textOf(attributes.get(IFA.LABEL)), protocol: u8Of(attributes.get(IFA.PROTO)) };
    });
    return found;
  }

  /** EEXIST where the device has the address already. `mark` tells ours from others': a protocol number, or a label in place of the device's name. */
  addAddress(index: number, address: Ipv4, length: number, mark: number | string = ''): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWADDR, NLM_F.CREATE | NLM_F.EXCL, (w) => {
      w.u8(AF.INET, length, 0, 0).u32(index).attributeAddress(IFA.LOCAL, address).attributeAddress(IFA.ADDRESS, address);
      if (typeof mark === 'number') w.attribute(IFA.PROTO, Uint8Array.of(mark));
      else if (mark !== '') w.attributeText(IFA.LABEL, mark);
    });
  }

  deleteAddress(index: number, address: Ipv4, length: number): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELADDR, 0, (w) => w.u8(AF.INET, length, 0, 0).u32(index).attributeAddress(IFA.LOCAL, address));
  }

  addresses6(): LinkAddress6[] {
    const found: LinkAddress6[] = [];
    this.#dump(
      RTM.GETADDR,
      SIZEOF.ifaddrmsg,
      found,
      ({ body }) => {
        const address = octetsOf(attributesOf(body, SIZEOF.ifaddrmsg).get(IFA.ADDRESS));
        if (address.length !== 16) return undefined;
        return { index: body.getUint32(4, true), address: Uint8Array.from(address), length: body.getUint8(1), linkLocal: body.getUint8(3) === RT_SCOPE.LINK };
      },
      AF.INET6,
    );
    return found;
  }

  addAddress6(index: number, address: Uint8Array, length: number): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWADDR, NLM_F.CREATE | NLM_F.EXCL, (w) => w.u8(AF.INET6, length, IFA_F_NODAD, 0).u32(index).attribute(IFA.ADDRESS, address));
  }

  deleteAddress6(index: number, address: Uint8Array, length: number): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELADDR, 0, (w) => w.u8(AF.INET6, length, 0, 0).u32(index).attribute(IFA.ADDRESS, address));
  }

  /** The main table's unicast routes of one maker (rtm_protocol). */
  routes(protocol: number): KernelRoute[] {
    const found: KernelRoute[] = [];
    const failure = this.#netlink.request(RTM.GETROUTE, NLM_F.DUMP, (w) => w.u8(AF.INET, 0, 0, 0, 0, protocol, 0, 0).u32(0), {
      each: ({ type, body }) => {
        // Kernels before 4.20 do not filter.
        if (type !== RTM.NEWROUTE || body.getUint8(5) !== protocol || body.getUint8(7) !== RTN.UNICAST) return;
        const attributes = attributesOf(body, SIZEOF.rtmsg);
        if ((u32Of(attributes.get(RTA.TABLE)) ?? body.getUint8(4)) !== RT_TABLE_MAIN) return;
        found.push({
          destination: toIpv4(addressOf(attributes.get(RTA.DST)) ?? 0),
          length: body.getUint8(1),
          via: toIpv4(addressOf(attributes.get(RTA.GATEWAY)) ?? 0),
          index: u32Of(attributes.get(RTA.OIF)) ?? 0,
          metric: u32Of(attributes.get(RTA.PRIORITY)) ?? 0,
          protocol,
        });
      },
      restart: () => (found.length = 0),
    });
    if (failure !== undefined) throw new Error(`the kernel does not list its routes: ${failure.text}`);
    return found;
  }

  /** 'only': EEXIST where any route of this destination and metric is there; 'another': beside those. */
  addRoute(route: KernelRoute, how: 'only' | 'another'): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWROUTE, NLM_F.CREATE | (how === 'only' ? NLM_F.EXCL : NLM_F.APPEND), (w) => {
      w.u8(AF.INET, route.length, 0, 0, RT_TABLE_MAIN, route.protocol, route.via === ANY_IPV4 ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE, RTN.UNICAST).u32(0);
      w.attributeAddress(RTA.DST, route.destination).attributeU32(RTA.OIF, route.index).attributeU32(RTA.PRIORITY, route.metric);
      if (route.via !== ANY_IPV4) w.attributeAddress(RTA.GATEWAY, route.via);
    });
  }

  deleteRoute(route: KernelRoute): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELROUTE, 0, (w) => {
      w.u8(AF.INET, route.length, 0, 0, RT_TABLE_MAIN, route.protocol, route.via === ANY_IPV4 ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE, RTN.UNICAST).u32(0);
      w.attributeAddress(RTA.DST, route.destination).attributeU32(RTA.OIF, route.index).attributeU32(RTA.PRIORITY, route.metric);
      if (route.via !== ANY_IPV4) w.attributeAddress(RTA.GATEWAY, route.via);
    });
  }

  /** What the kernel would do with a packet to `destination`; undefined: no route. `mtu` 0: the device's. */
  lookup(destination: Ipv4): { readonly index: number; readonly source: Ipv4; readonly mtu: number; readonly type: number } | undefined {
    let found: { index: number; source: Ipv4; mtu: number; type: number } | undefined;
    const failure = this.#netlink.request(RTM.GETROUTE, 0, (w) => w.u8(AF.INET, 32, 0, 0, 0, 0, 0, 0).u32(0).attributeAddress(RTA.DST, destination), {
      each: ({ body }) => {
        const attributes = attributesOf(body, SIZEOF.rtmsg);
        const metrics = attributes.get(RTA.METRICS);
        found = {
          index: u32Of(attributes.get(RTA.OIF)) ?? 0,
          source: toIpv4(addressOf(attributes.get(RTA.PREFSRC)) ?? 0),
          mtu: metrics === undefined ? 0 : (u32Of(attributesOf(metrics, 0).get(RTAX_MTU)) ?? 0),
          type: body.getUint8(7),
        };
      },
    });
    return failure === undefined ? found : undefined;
  }

  /** IPv4 neighbours with a known hardware address. */
  neighbours(): LinkNeighbour[] {
    const found: LinkNeighbour[] = [];
    this.#dump(RTM.GETNEIGH, SIZEOF.ndmsg, found, ({ body }) => {
      const state = body.getUint16(8, true);
      const attributes = attributesOf(body, SIZEOF.ndmsg);
      const address = addressOf(attributes.get(NDA.DST));
      const hardware = octetsOf(attributes.get(NDA.LLADDR));
      const known = (state & (NUD.REACHABLE | NUD.STALE | NUD.DELAY | NUD.PROBE | NUD.PERMANENT)) !== 0 && (state & NUD.NOARP) === 0;
      if (address === undefined || hardware.length === 0 || !known) return undefined;
      return { index: body.getInt32(4, true), address: toIpv4(address), hardware, permanent: (state & NUD.PERMANENT) !== 0 };
    });
    return found;
  }

  /** Forgets a neighbour, learned or fixed. */
  deleteNeighbour(index: number, address: Ipv4): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELNEIGH, 0, (w) => w.u8(AF.INET, 0, 0, 0).u32(index).u8(0, 0, 0, 0).attributeAddress(NDA.DST, address));
  }

  /** Answers ARP on a device for an address that is routed elsewhere; `protocol` marks the maker. */
  addProxy(index: number, address: Ipv4, protocol: number): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.NEWNEIGH, NLM_F.CREATE, (w) => {
      w.u8(AF.INET, 0, 0, 0).u32(index).u8(NUD.PERMANENT, 0, NTF_PROXY, 0).attributeAddress(NDA.DST, address).attribute(NDA.PROTOCOL, Uint8Array.of(protocol));
    });
  }

  deleteProxy(index: number, address: Ipv4): NetlinkFailure | undefined {
    return this.#netlink.request(RTM.DELNEIGH, 0, (w) => w.u8(AF.INET, 0, 0, 0).u32(index).u8(0, 0, NTF_PROXY, 0).attributeAddress(NDA.DST, address));
  }

  /** The ARP proxies of one maker. */
  proxies(protocol: number): { readonly index: number; readonly address: Ipv4 }[] {
    const found: { index: number; address: Ipv4 }[] = [];
    const failure = this.#netlink.request(RTM.GETNEIGH, NLM_F.DUMP, (w) => w.u8(AF.INET, 0, 0, 0).u32(0).u8(0, 0, NTF_PROXY, 0), {
      each: ({ type, body }) => {
        if (type !== RTM.NEWNEIGH) return;
        const attributes = attributesOf(body, SIZEOF.ndmsg);
        const address = addressOf(attributes.get(NDA.DST));
        if (address !== undefined && octetsOf(attributes.get(NDA.PROTOCOL))[0] === protocol) found.push({ index: body.getInt32(4, true), address: toIpv4(address) });
      },
      restart: () => (found.length = 0),
    });
    if (failure !== undefined) throw new Error(`the kernel does not list its ARP proxies: ${failure.text}`);
    return found;
  }

  /** Lists a whole table of one family (links have none) through `read`. */
  #dump<T>(type: number, header: number, into: T[], read: (message: Received) => T | undefined, family: number = AF.INET): void {
    const failure = this.#netlink.request(
      type,
      NLM_F.DUMP,
      (w) => {
        w.u8(type === RTM.GETLINK ? 0 : family);
        while (w.length < 16 + header) w.u8(0);
      },
      {
        each: (message) => {
          const one = read(message);
          if (one !== undefined) into.push(one);
        },
        restart: () => (into.length = 0),
      },
    );
    if (failure !== undefined) throw new Error(`the kernel does not list what was asked (rtnetlink type ${type}): ${failure.text}`);
  }
}
