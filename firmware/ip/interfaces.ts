// IP interfaces as the operator configures them (AlliedWare ADD/SET IP INTERFACE): names, addresses, the parameters that are only kept.

import { ANY_IPV4, type Ipv4, classLength, isHost, lengthOf, maskOf } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';

/** A number, or the keyword that stands for none. */
export type OrNone = { readonly value: number } | 'NONE';

/** Parameters that are stored, shown and written back; what they control (RIP, OSPF, IGMP, GRE, filters, VLANs) is not part of this build. */
export interface InterfaceSettings {
  readonly broadcast: '0' | '1';
  readonly directedbroadcast: 'YES' | 'NO' | 'ON' | 'OFF';
  readonly filter: OrNone;
  readonly fragment: 'YES' | 'NO';
  readonly gre: OrNone;
  readonly igmpproxy: 'OFF' | 'UPSTREAM' | 'DOWNSTREAM';
  readonly multicast: 'OFF' | 'SEND' | 'RECEIVE' | 'BOTH' | 'ON';
  readonly ospfmetric: number;
  readonly policyfilter: OrNone;
  readonly priorityfilter: OrNone;
  readonly proxyarp: 'ON' | 'OFF';
  readonly ripmetric: number;
  readonly vjc: 'ON' | 'OFF';
  readonly vlantag: OrNone;
  readonly vlanpriority: OrNone;
}

export const INTERFACE_DEFAULTS = {
  broadcast: '1',
  directedbroadcast: 'NO',
  filter: 'NONE',
  fragment: 'NO',
  gre: 'NONE',
  igmpproxy: 'OFF',
  multicast: 'RECEIVE',
  ospfmetric: 1,
  policyfilter: 'NONE',
  priorityfilter: 'NONE',
  proxyarp: 'ON',
  ripmetric: 1,
  vjc: 'OFF',
  vlantag: 'NONE',
  vlanpriority: 'NONE',
} as const satisfies InterfaceSettings;

/** An IP interface. Address 0.0.0.0 = unnumbered, or assigned later by the peer or a DHCP server (REMOTEASSIGN). */
export interface IpInterface {
  /** In lower case, without the suffix -0: 'eth0', 'eth0-1', 'ppp1'. */
  readonly name: string;
  address: Ipv4;
  /** Prefix length 0..32. */
  length: number;
  /** The address is a DHCP server's to give: it is 0.0.0.0 while there is no lease. */
  dhcp: boolean;
  enabled: boolean;
  settings: InterfaceSettings;
}

/** The largest logical interface number (`eth0-15`). */
const LOGICAL_MOST = 15;

/** `ETH0-0` as `eth0`; undefined where it is no interface that IP can run on, or its logical number is above 15. */
export function interfaceName(text: string): string | undefined {
  const parts = /^([a-z]+\d+)(?:-(\d{1,2}))?$/.exec(text.toLowerCase());
  if (parts === null) return undefined;
  const logical = Number(parts[2] ?? '0');
  if (logical > LOGICAL_MOST) return undefined;
  return logical === 0 ? parts[1] : `${parts[1]}-${logical}`;
}

/** The device that an IP interface runs on: `eth0` for `eth0-1`. */
export function deviceOf(name: string): string {
  const dash = name.indexOf('-');
  return dash < 0 ? name : name.slice(0, dash);
}

/** The other IP interfaces that a device may carry: eth0-1 to eth0-15. */
export const logicalNames = (device: string): string[] => Array.from({ length: LOGICAL_MOST }, (_, i) => `${device}-${i + 1}`);

/** A point-to-point interface: its link is up when IPCP is, and everything routed into it goes to the one peer. */
export const isPpp = (name: string): boolean => name.startsWith('ppp');

/** The refusal of an interface name that interfaceName does not take. */
export const badInterface = (text: string): Message =>
  messages.parser.badValue(text, 'INTERFACE', `; permitted: a port or PPP interface like eth0 or ppp1, with a logical number -0..-${LOGICAL_MOST} where wanted`);

/** The prefix length that a command means: of MASK where given, else of the address's class; a message where the mask has holes. */
export function lengthFor(address: Ipv4, mask: Ipv4 | undefined, printed: (a: Ipv4) => string): number | Message {
  if (mask === undefined) return address === ANY_IPV4 ? 0 : classLength(address);
  return lengthOf(mask) ?? messages.parser.badValue(printed(mask), 'MASK', '; permitted: a mask of contiguous bits like 255.255.255.0');
}

/** True where `address` can be that of an interface: not of class D or E, not 127/8, not the network's own or its broadcast address. */
export function isHostAddress(address: Ipv4, length: number): boolean {
  if (!isHost(address)) return false;
  if (length >= 31) return true;
  const host = (address & ~maskOf(length)) >>> 0;
  return host !== 0 && host !== ~maskOf(length) >>> 0;
}
