// What is asked of a RADIUS server about a caller, and what its answer means (RFC 2865 4 and 5, RFC 2548 2.3, RFC 2869 5).

import { u8 } from '../bytes/integers.ts';
import { classLength, formatIpv4, isHost, networkOf, parseIpv4, toIpv4, type Ipv4, type Ipv4Prefix } from '../bytes/ip.ts';
import type { Secret } from '../bytes/secret.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import {
  all, firstAddress, firstMicrosoft, firstMicrosoftAddress, firstNumber, firstText, FRAMED_PROTOCOL, LONGEST_VALUE, microsoft, NAS_PORT_TYPE,
  number, octets, SERVICE_TYPE, taggedNumber, taggedText, text, TUNNEL_MEDIUM, TUNNEL_TYPE, type Attribute,
} from './radius.attribute.ts';
import { hidePassword, LONGEST_PASSWORD } from './radius.hide.ts';
import { CODE, join, type Packet, type Trust } from './radius.packet.ts';

/** The line that a caller comes over: the same in authentication and accounting. */
export interface RadiusLine {
  readonly nasPort: number;
  readonly portType: keyof typeof NAS_PORT_TYPE;
  /** Empty = unknown. */
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Acct-Session-Id: from `Radius.sessionId()`, one for each call. */
  readonly sessionId: string;
  /** The tunnel that the call comes through. */
  readonly tunnel?: {
    /** The LAC and ourselves. */
    readonly client: Ipv4;
    readonly server: Ipv4;
    /** What tells the calls of a tunnel apart: the call serial number (RFC 2867 4.1). */
    readonly connection: string;
  };
}

/** What a caller offers as proof; `response` is as PPP carries it: 16 octets, with MS-CHAPv2 49. */
export type RadiusProof =
  | { readonly kind: 'pap'; readonly password: Secret }
  | { readonly kind: 'chap' | 'mschapv2'; readonly id: number; readonly challenge: Uint8Array; readonly response: Uint8Array };

export interface RadiusLogin {
  readonly name: string;
  readonly proof: RadiusProof;
  readonly line: RadiusLine;
}

/** What a caller gets with the server's consent. Times in seconds. */
export interface RadiusGrant {
  readonly accepted: true;
  /** The server's own proof with MS-CHAPv2: `S=` and 40 hexadecimal digits. */
  readonly success?: string;
  /** Undefined: from the pool. */
  readonly address?: Ipv4;
  readonly netmask?: Ipv4;
  /** The pool that the server names (Framed-Pool). */
  readonly pool?: string;
  /** Networks behind the caller. */
  readonly routes: readonly { readonly prefix: Ipv4Prefix; readonly metric: number }[];
  readonly sessionTimeout?: number;
  readonly idleTimeout?: number;
  readonly interim?: number;
  readonly dns: readonly Ipv4[];
  /** To be given back in accounting. */
  readonly class: readonly Uint8Array[];
  /** Parts of the answer that could not be used, one sentence each. */
  readonly ignored: readonly string[];
}

/** `silent`: no server answered, another database may be asked. `reason` is one sentence for the log. */
export type RadiusVerdict = RadiusGrant | { readonly accepted: false; readonly reason: string; readonly silent?: true };

/** Framed-IP-Address: the caller may choose, and the router has to (RFC 2865 5.8). */
const CALLER_CHOOSES = 0xffffffff;
const ROUTER_CHOOSES = 0xfffffffe;
const MSCHAP2 = { peerChallenge: 0, nt: 24, flags: 48, length: 49 } as const;
/** Below a minute an interim interval is an error of the server's (RFC 2869 5.16). */
export const LEAST_INTERIM = 60;

/** Why a login cannot be put into a request at all; undefined where it can. */
export function unaskable({ name, proof }: RadiusLogin): string | undefined {
  if (utf8(name).length > LONGEST_VALUE) return `the user name is longer than ${LONGEST_VALUE} octets`;
  if (proof.kind === 'pap') return proof.password.octets().length > LONGEST_PASSWORD ? `the password is longer than ${LONGEST_PASSWORD} octets` : undefined;
  if (proof.challenge.length === 0 || proof.challenge.length > LONGEST_VALUE - 6) return `a challenge of ${proof.challenge.length} octets`;
  const length = proof.kind === 'chap' ? 16 : MSCHAP2.length;
  return proof.response.length === length ? undefined : `a response of ${proof.response.length} octets`;
}

/** Attributes that prove who calls. */
export function proofAttributes(proof: RadiusProof, authenticator: Uint8Array, trust: Trust): Attribute[] {
  if (proof.kind === 'pap') return [octets('User-Password', hidePassword(proof.password.octets(), authenticator, trust))];
  const { id, challenge, response } = proof;
  if (proof.kind === 'chap') return [octets('CHAP-Password', join(Uint8Array.of(id), response)), octets('CHAP-Challenge', challenge)];
  // RFC 2548 2.3.2: Ident, Flags, Peer-Challenge, Reserved, Response; PPP has the flags last.
  const value = join(Uint8Array.of(id, u8(response, MSCHAP2.flags)), response.subarray(MSCHAP2.peerChallenge, MSCHAP2.flags));
  return [microsoft('MS-CHAP-Challenge', challenge), microsoft('MS-CHAP2-Response', value)];
}

/** Attributes that tell the line (RFC 2865 5.5, 5.30, 5.31, 5.41; RFC 2868 3.1 to 3.4; RFC 2867 4.1). */
export function lineAttributes(line: RadiusLine): Attribute[] {
  const { tunnel } = line;
  return [
    number('NAS-Port', line.nasPort),
    number('NAS-Port-Type', NAS_PORT_TYPE[line.portType]),
    ...(line.callingNumber === '' ? [] : [text('Calling-Station-Id', line.callingNumber)]),
    ...(line.calledNumber === '' ? [] : [text('Called-Station-Id', line.calledNumber)]),
    text('Acct-Session-Id', line.sessionId),
    ...(tunnel === undefined
      ? []
      : [
          taggedNumber('Tunnel-Type', TUNNEL_TYPE.L2TP),
          taggedNumber('Tunnel-Medium-Type', TUNNEL_MEDIUM.IPv4),
          taggedText('Tunnel-Client-Endpoint', formatIpv4(tunnel.client)),
          taggedText('Tunnel-Server-Endpoint', formatIpv4(tunnel.server)),
          text('Acct-Tunnel-Connection', tunnel.connection),
        ]),
  ];
}

export const framedAttributes = (): Attribute[] => [number('Service-Type', SERVICE_TYPE.Framed), number('Framed-Protocol', FRAMED_PROTOCOL.PPP)];

/** What the answer to a login means. */
export function readVerdict(reply: Packet, proof: RadiusProof): RadiusVerdict {
  const { code, attributes } = reply;
  if (code === CODE['Access-Accept']) return readGrant(attributes, proof);
  const said = [...all(attributes, 'Reply-Message').map(fromUtf8), mschapError(attributes)].filter((part) => part !== '').map(printable).join(' ');
  // A challenge asks for an answer that PPP has no way to get: the same as no (RFC 2865 4.4).
  const what = code === CODE['Access-Challenge'] ? 'The RADIUS server asks for a further proof, which PPP does not have' : 'The RADIUS server refuses';
  return { accepted: false, reason: said === '' ? what : `${what}: ${said}` };
}

function mschapError(attributes: readonly Attribute[]): string {
  const value = firstMicrosoft(attributes, 'MS-CHAP-Error');
  return value === undefined ? '' : fromUtf8(value.subarray(1));
}

function readGrant(attributes: readonly Attribute[], proof: RadiusProof): RadiusVerdict {
  // Another service than was asked for is a refusal (RFC 2865 5.6).
  const service = firstNumber(attributes, 'Service-Type');
  if (service !== undefined && service !== SERVICE_TYPE.Framed) return { accepted: false, reason: `The RADIUS server gives Service-Type ${service}, not Framed` };
  const protocol = firstNumber(attributes, 'Framed-Protocol');
  if (protocol !== undefined && protocol !== FRAMED_PROTOCOL.PPP) return { accepted: false, reason: `The RADIUS server gives Framed-Protocol ${protocol}, not PPP` };
  const success = proof.kind === 'mschapv2' ? readSuccess(attributes, proof.id) : '';
  if (success === undefined) return { accepted: false, reason: 'The RADIUS server accepts without MS-CHAP2-Success, so that it cannot prove itself to the caller' };
  const given = firstAddress(attributes, 'Framed-IP-Address');
  const address = given === undefined || given === CALLER_CHOOSES || given === ROUTER_CHOOSES ? undefined : given;
  if (address !== undefined && !isHost(address)) return { accepted: false, reason: `The RADIUS server gives Framed-IP-Address ${formatIpv4(address)}, which no caller can have` };
  const netmask = firstAddress(attributes, 'Framed-IP-Netmask');
  const pool = firstText(attributes, 'Framed-Pool');
  const ignored: string[] = [];
  const interim = positive(attributes, 'Acct-Interim-Interval');
  return {
    accepted: true,
    ...(success === '' ? {} : { success }),
    ...(address === undefined ? {} : { address }),
    ...(netmask === undefined ? {} : { netmask }),
    ...(pool === undefined || pool === '' ? {} : { pool }),
    routes: all(attributes, 'Framed-Route').flatMap((value) => {
      const route = readRoute(fromUtf8(value));
      if (route === undefined) ignored.push(`Framed-Route "${printable(fromUtf8(value))}" is no "network/length gateway metric"`);
      return route === undefined ? [] : [route];
    }),
    ...seconds('sessionTimeout', positive(attributes, 'Session-Timeout')),
    ...seconds('idleTimeout', positive(attributes, 'Idle-Timeout')),
    ...seconds('interim', interim === undefined ? undefined : Math.max(LEAST_INTERIM, interim)),
    dns: [firstMicrosoftAddress(attributes, 'MS-Primary-DNS-Server'), firstMicrosoftAddress(attributes, 'MS-Secondary-DNS-Server')].flatMap((one) => (one !== undefined && isHost(one) ? [one] : [])),
    class: all(attributes, 'Class').map((value) => value.slice()),
    ignored,
  };
}

const seconds = <K extends string>(key: K, value: number | undefined): { [P in K]?: number } => {
  const out: { [P in K]?: number } = {};
  if (value !== undefined) out[key] = value;
  return out;
};

/** A time that is there and not 0, which means none. */
function positive(attributes: readonly Attribute[], type: 'Session-Timeout' | 'Idle-Timeout' | 'Acct-Interim-Interval'): number | undefined {
  const value = firstNumber(attributes, type);
  return value === 0 ? undefined : value;
}

/** The proof of the server (RFC 2548 2.3.3): the identifier of the response, then the text. */
function readSuccess(attributes: readonly Attribute[], id: number): string | undefined {
  const value = firstMicrosoft(attributes, 'MS-CHAP2-Success');
  if (value === undefined || value[0] !== id) return undefined;
  return /^S=[0-9A-Fa-f]{40}/.exec(fromUtf8(value.subarray(1)))?.[0];
}

/** `192.168.1.0/24 192.168.1.1 1`: length by class and metric 1 where they are not given; the gateway is the caller himself (RFC 2865 5.22). */
export function readRoute(line: string): { readonly prefix: Ipv4Prefix; readonly metric: number } | undefined {
  const parts = /^\s*(\d+\.\d+\.\d+\.\d+)(?:\/(\d{1,2}))?(?:\s+(\d+\.\d+\.\d+\.\d+)(?:\s+(\d{1,5}))?(?:\s+\d+)*)?\s*$/.exec(line);
  const address = parseIpv4(parts?.[1] ?? '');
  if (parts === null || address === undefined) return undefined;
  if (parts[3] !== undefined && parseIpv4(parts[3]) === undefined) return undefined;
  const length = parts[2] === undefined ? classLength(address) : Number(parts[2]);
  if (length > 32 || (address >>> 24 === 127 && length >= 8) || address >= toIpv4(0xe0000000)) return undefined;
  return { prefix: networkOf(address, length), metric: Math.max(1, Number(parts[4] ?? 1)) };
}
