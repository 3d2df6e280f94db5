// Range NAT (AlliedWare IP NAT): what the operator added, which of the four kinds it is, and what a board does with it.

import { type Ipv4, type Ipv4Prefix, type Ipv4Range, formatIpv4, isHost, lengthOf, maskOf, networkOf, toIpv4 } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Outside, Translation } from '../hal/packetfilter.ts';

/** IP protocols by the words of PROTOCOL=; SA is what IPsec carries (ESP). */
export const PROTOCOLS = { ICMP: 1, TCP: 6, UDP: 17, GRE: 47, SA: 50, OSPF: 89 } as const;
export const FRAGMENTS = ['ICMP', 'UDP', 'OTHER'] as const;
export const LOGS = ['FAILS', 'INICMP', 'INOTHER', 'INTCP', 'INUDP', 'OUTICMP', 'OUTOTHER', 'OUTTCP', 'OUTUDP'] as const;
export type Fragment = (typeof FRAGMENTS)[number];
export type LogKind = (typeof LOGS)[number];

/** What ADD IP NAT was given. `gblinterface` as the box names interfaces; `protocol` 'ALL' is not the same as none. */
export interface NatParameters {
  readonly ip: Ipv4;
  readonly mask: Ipv4 | undefined;
  readonly gblip: Ipv4 | undefined;
  readonly gblmask: Ipv4 | undefined;
  readonly gblinterface: string | undefined;
  readonly port: number | undefined;
  readonly gblport: number | undefined;
  /** 0..255. */
  readonly protocol: number | 'ALL' | undefined;
}

export interface NatEntry {
  readonly given: NatParameters;
  readonly translation: Translation;
}

const mask = (value: Ipv4, name: string): number | Message => lengthOf(value) ?? messages.parser.badValue(formatIpv4(value), name, '; permitted: a mask of contiguous bits like 255.255.255.0');

/** The network of an address and its mask; a message where it has bits outside of it. */
function network(address: Ipv4, length: number, names: readonly [address: string, mask: string]): Ipv4Prefix | Message {
  const found = networkOf(address, length);
  if (found.address === address) return found;
  return messages.parser.badValue(formatIpv4(address), names[0], `; permitted: the address of a network like ${formatIpv4(found.address)}, as ${names[1]}=${formatIpv4(maskOf(length))} is given`);
}

/** Which kind of translation the parameters make; a message that names the one that does not fit. */
export function translationOf(given: NatParameters): Translation | Message {
  const { ip, gblip, gblmask, gblinterface, port, gblport, protocol } = given;
  const outside: Outside | undefined = gblip !== undefined ? { address: gblip } : gblinterface !== undefined ? { interface: gblinterface } : undefined;
  if (outside === undefined) return messages.parser.oneMissing('GBLIP or GBLINTERFACE must follow');
  for (const [name, address] of [['IP', ip], ['GBLIP', gblip]] as const) {
    if (address !== undefined && !isHost(address) && !(name === 'IP' && given.mask !== undefined)) return messages.parser.badValue(formatIpv4(address), name, '; permitted: the address of a host, or IP=network with MASK');
  }
  const wrongPort = checkPorts(given);
  if (wrongPort !== undefined) return wrongPort;
  if (given.mask !== undefined) return ofNetwork(given, given.mask, outside);
  if (gblmask !== undefined) return messages.parser.together('GBLMASK', 'MASK');
  const number = protocol === 'ALL' ? undefined : protocol;
  if (protocol !== undefined) {
    const [inner, outer] = [port ?? gblport, gblport ?? port];
    return { kind: 'service', inside: ip, outside, ...(inner === undefined ? {} : { port: inner }), ...(outer === undefined ? {} : { globalPort: outer }), ...(number === undefined ? {} : { protocol: number }) };
  }
  if (gblip !== undefined) return { kind: 'static', inside: ip, outside: gblip };
  return { kind: 'masquerade', inside: { address: ip, length: 32 }, outside };
}

function checkPorts({ port, gblport, protocol, mask: many }: NatParameters): Message | undefined {
  for (const [name, value] of [['PORT', port], ['GBLPORT', gblport]] as const) {
    if (value === undefined) continue;
    if (many !== undefined) return messages.parser.conflict(name, 'MASK');
    if (protocol !== PROTOCOLS.TCP && protocol !== PROTOCOLS.UDP) return messages.ip.onlyWith(name, 'PROTOCOL=TCP or PROTOCOL=UDP');
    if (value === 0) return messages.parser.badValue('0', name, '; permitted: 1..65535 or a service name');
  }
  return undefined;
}

function ofNetwork({ ip, gblip, gblmask, protocol }: NatParameters, given: Ipv4, outside: Outside): Translation | Message {
  const length = mask(given, 'MASK');
  if (typeof length !== 'number') return length;
  const inside = network(ip, length, ['IP', 'MASK']);
  if ('severity' in inside) return inside;
  if (gblmask === undefined) {
    return { kind: 'masquerade', inside, outside, ...(protocol === undefined || protocol === 'ALL' ? {} : { protocol }) };
  }
  if (gblip === undefined) return messages.parser.together('GBLMASK', 'GBLIP');
  if (protocol !== undefined) return messages.parser.conflict('PROTOCOL', 'GBLMASK');
  const globalLength = mask(gblmask, 'GBLMASK');
  if (typeof globalLength !== 'number') return globalLength;
  const global = network(gblip, globalLength, ['GBLIP', 'GBLMASK']);
  if ('severity' in global) return global;
  if (globalLength === 0) return messages.parser.badValue(formatIpv4(gblmask), 'GBLMASK', '; permitted: the mask of a network of your own');
  if (globalLength === length) return { kind: 'network', inside, outside: global };
  // Neither the network's own address nor that for all its hosts, where it has them.
  const edge = globalLength >= 31 ? 0 : 1;
  return { kind: 'range', inside, outside: { low: toIpv4(gblip + edge), high: toIpv4((gblip | ~maskOf(globalLength)) - edge) } };
}


/** The same translation gives the same text. */
const keyOf = (one: Translation): string => JSON.stringify(one, Object.keys(one).concat('address', 'interface', 'length', 'low', 'high').sort());

/** Packets from outside to the first would also be for the second, and they send them to different places. */
function clash(a: Translation, b: Translation): boolean {
  if (a.kind === 'static' && b.kind === 'static') return a.inside === b.inside || a.outside === b.outside;
  if (a.kind === 'service' && b.kind === 'service') return sameOutside(a.outside, b.outside) && a.protocol === b.protocol && a.globalPort === b.globalPort;
  if (a.kind === 'static' || b.kind === 'static' || a.kind === 'service' || b.kind === 'service') return false;
  const leaving = (one: typeof a): string => (one.kind === 'masquerade' && 'interface' in one.outside ? one.outside.interface : '');
  const protocol = (one: typeof a): number | undefined => (one.kind === 'masquerade' ? one.protocol : undefined);
  return a.inside.address === b.inside.address && a.inside.length === b.inside.length && leaving(a) === leaving(b) && protocol(a) === protocol(b);
}

const sameOutside = (a: Outside, b: Outside): boolean => ('address' in a ? 'address' in b && a.address === b.address : 'interface' in b && a.interface === b.interface);

export class Nat {
  enabled = false;
  readonly fragments = new Set<Fragment>();
  readonly logs = new Set<LogKind>();
  #entries: readonly NatEntry[] = [];

  /** In the order they were added. */
  entries(): readonly NatEntry[] {
    return this.#entries;
  }

  /** An entry that says the same, or one that says otherwise about the same packets. */
  other(translation: Translation): { readonly entry: NatEntry; readonly same: boolean } | undefined {
    const key = keyOf(translation);
    const same = this.#entries.find((one) => keyOf(one.translation) === key);
    if (same !== undefined) return { entry: same, same: true };
    const entry = this.#entries.find((one) => clash(one.translation, translation));
    return entry === undefined ? undefined : { entry, same: false };
  }

  add(entry: NatEntry): void {
    this.#entries = [...this.#entries, entry];
  }

  delete(translation: Translation): void {
    const key = keyOf(translation);
    this.#entries = this.#entries.filter((one) => keyOf(one.translation) !== key);
  }

  /** Addresses that are outside ones of a translation now, other than those of interfaces. */
  outside(): Ipv4Range[] {
    return this.translations().flatMap((one) => {
      if (one.kind === 'range') return [one.outside];
      if (one.kind === 'network') return [{ low: one.outside.address, high: toIpv4(one.outside.address | ~maskOf(one.outside.length)) }];
      if (one.kind === 'static') return [{ low: one.outside, high: one.outside }];
      return 'address' in one.outside ? [{ low: one.outside.address, high: one.outside.address }] : [];
    });
  }

  /** Hosts that are translated to the address of this interface, or of any where none is named. */
  inside(name?: string): Ipv4Range[] {
    return this.translations()
      .filter(({ outside }) => name === undefined || (typeof outside === 'object' && 'interface' in outside && outside.interface === name))
      .map(({ inside }) => (typeof inside === 'number' ? { low: inside, high: inside } : { low: inside.address, high: toIpv4(inside.address | ~maskOf(inside.length)) }));
  }

  /** What should be translated now. */
  translations(): Translation[] {
    return this.enabled ? this.#entries.map(({ translation }) => translation) : [];
  }
}
