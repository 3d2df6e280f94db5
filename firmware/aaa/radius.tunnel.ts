// Tunnels that a RADIUS server names for a user or domain (RFC 2868): attributes with the same tag describe one tunnel.

import { u8 } from '../bytes/integers.ts';
import { parseIpv4, type Ipv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { ATTRIBUTE, TUNNEL_MEDIUM, TUNNEL_TYPE, type Attribute } from './radius.attribute.ts';
import { LAST_TAG, unhideTunnelPassword } from './radius.hide.ts';
import type { Trust } from './radius.packet.ts';

/** One LNS with an address: what L2TP is offered. */
export interface TunnelAnswer {
  /** Lower values are tried first. */
  readonly preference: number;
  readonly server: Ipv4;
  readonly password: Secret | undefined;
  readonly assignment: string | undefined;
  /** Our Host Name in this tunnel. */
  readonly hostName: string | undefined;
  /** The Host Name that the LNS should give; undefined = any. */
  readonly peerName: string | undefined;
}

/** A tunnel as the server names it; `server` may be a name. */
export interface TunnelGroup extends Omit<TunnelAnswer, 'server'> {
  readonly server: Ipv4 | string;
}

/** RFC 2868 3.8 gives none: a tunnel without preference comes after those that have one. */
const NO_PREFERENCE = 0xffffff;
const TYPES: ReadonlySet<number> = new Set([
  ATTRIBUTE['Tunnel-Type'], ATTRIBUTE['Tunnel-Medium-Type'], ATTRIBUTE['Tunnel-Server-Endpoint'], ATTRIBUTE['Tunnel-Password'],
  ATTRIBUTE['Tunnel-Assignment-ID'], ATTRIBUTE['Tunnel-Preference'], ATTRIBUTE['Tunnel-Client-Auth-ID'], ATTRIBUTE['Tunnel-Server-Auth-ID'],
]);

type Draft = { -readonly [K in keyof TunnelGroup]?: TunnelGroup[K] } & { type?: number; medium?: number; wrong?: string };

/** The L2TP tunnels over IPv4 of an answer, best first, and one sentence for each that cannot be used. */
export function readTunnels(attributes: readonly Attribute[], authenticator: Uint8Array, trust: Trust): { readonly tunnels: TunnelGroup[]; readonly refused: string[] } {
  const groups = new Map<number, Draft>();
  for (const attribute of attributes) {
    if (!TYPES.has(attribute.type)) continue;
    const { tag, set } = readOne(attribute, authenticator, trust);
    const draft = groups.get(tag) ?? {};
    // The first value of a kind counts; a wrong one spoils its tunnel.
    groups.set(tag, { ...set, ...draft });
  }
  const tunnels: TunnelGroup[] = [];
  const refused: string[] = [];
  for (const [tag, draft] of groups) {
    const group = finished(draft);
    if (typeof group === 'string') refused.push(`tunnel with tag ${tag}: ${group}`);
    else tunnels.push(group);
  }
  return { tunnels: tunnels.toSorted((a, b) => a.preference - b.preference), refused };
}

function finished(draft: Draft): TunnelGroup | string {
  const { server, wrong, type, medium } = draft;
  if (wrong !== undefined) return wrong;
  if (type !== TUNNEL_TYPE.L2TP) return type === undefined ? 'no Tunnel-Type' : `Tunnel-Type ${type} is not L2TP`;
  if (medium !== undefined && medium !== TUNNEL_MEDIUM.IPv4) return `Tunnel-Medium-Type ${medium} is not IPv4`;
  if (server === undefined || server === '') return 'no Tunnel-Server-Endpoint';
  const { preference = NO_PREFERENCE, password, assignment, hostName, peerName } = draft;
  return { preference, server, password, assignment, hostName, peerName };
}

function readOne({ type, value }: Attribute, authenticator: Uint8Array, trust: Trust): { readonly tag: number; readonly set: Draft } {
  switch (type) {
    case ATTRIBUTE['Tunnel-Type']:
    case ATTRIBUTE['Tunnel-Medium-Type']:
    case ATTRIBUTE['Tunnel-Preference']:
      return readNumber(type, value);
    case ATTRIBUTE['Tunnel-Password']: {
      const clear = unhideTunnelPassword(value, authenticator, trust);
      if (clear !== undefined) return { tag: clear.tag, set: { password: new Secret(fromUtf8(clear.password)) } };
      return { tag: tagOf(value), set: { wrong: 'Tunnel-Password does not decrypt' } };
    }
    default:
      return readText(type, value);
  }
}

/** Tags of numbers are always there (RFC 2868 3.1); one above 31 is ignored like none. */
function readNumber(type: number, value: Uint8Array): { readonly tag: number; readonly set: Draft } {
  if (value.length !== 4) return { tag: tagOf(value), set: { wrong: `attribute ${type} has ${value.length} octets` } };
  const number = (u8(value, 1) << 16) | (u8(value, 2) << 8) | u8(value, 3);
  const set = type === ATTRIBUTE['Tunnel-Type'] ? { type: number } : type === ATTRIBUTE['Tunnel-Preference'] ? { preference: number } : { medium: number };
  return { tag: tagOf(value), set };
}

function readText(type: number, value: Uint8Array): { readonly tag: number; readonly set: Draft } {
  const tagged = value.length > 0 && u8(value, 0) <= LAST_TAG;
  const text = fromUtf8(tagged ? value.subarray(1) : value);
  const tag = tagOf(value);
  switch (type) {
    case ATTRIBUTE['Tunnel-Server-Endpoint']:
      return { tag, set: { server: parseIpv4(text) ?? text } };
    case ATTRIBUTE['Tunnel-Assignment-ID']:
      return { tag, set: text === '' ? {} : { assignment: text } };
    case ATTRIBUTE['Tunnel-Client-Auth-ID']:
      return { tag, set: text === '' ? {} : { hostName: text } };
    default:
      return { tag, set: text === '' ? {} : { peerName: text } };
  }
}

const tagOf = (value: Uint8Array): number => (value.length > 0 && u8(value, 0) <= LAST_TAG ? u8(value, 0) : 0);
