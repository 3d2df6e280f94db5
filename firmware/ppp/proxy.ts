// What a LAC agreed with a caller and took from him before it passed the call on (RFC 2661 4.4.5), on both sides: what our own LCP tells as
// a LAC, and whether what another one tells will do for an LNS.

import { fromUtf8 } from '../bytes/text.ts';
import { Secret } from '../bytes/secret.ts';
import type { Attempt, AuthMethod } from './auth.ts';
import type { LcpOptions } from './lcp.ts';
import { CHALLENGE_LENGTH, RESPONSE_LENGTH } from './mschap.ts';
import { parseOptions, type Option } from './option.ts';

/** Configure-Requests of LCP, each from its first option on. */
export interface LcpHistory {
  /** The first one that the caller sent. */
  readonly initialReceived: Uint8Array | undefined;
  /** The one of ours, and the one of the caller, that opened LCP. */
  readonly lastSent: Uint8Array | undefined;
  readonly lastReceived: Uint8Array | undefined;
}

/** The proxy LCP and authentication of one call; texts as octets. */
export interface ProxyCall extends LcpHistory {
  /** Proxy Authen Type: 1 text, 2 CHAP, 3 PAP, 4 none, 5 MS-CHAPv1. */
  readonly authenType: number | undefined;
  readonly authenName: Uint8Array | undefined;
  readonly authenChallenge: Uint8Array | undefined;
  readonly authenId: number | undefined;
  readonly authenResponse: Uint8Array | undefined;
}

export const AUTHEN_TYPE = { Text: 1, Chap: 2, Pap: 3, None: 4, MsChapV1: 5 } as const;

export const NO_HISTORY: LcpHistory = { initialReceived: undefined, lastSent: undefined, lastReceived: undefined };

/** What a link begins with that takes a LAC's word. */
export interface Adopted {
  readonly sent: readonly Option[];
  readonly received: readonly Option[];
  readonly proof: Attempt | undefined;
}

/** Lets `options` take over what a LAC agreed. A text: it does not satisfy them, and why; they are as they were at their beginning then. */
export function adopt(proxy: ProxyCall, options: LcpOptions): Adopted | string {
  const { lastSent, lastReceived } = proxy;
  if (lastSent === undefined || lastReceived === undefined) return `the last CONFREQ that it ${lastSent === undefined ? 'sent' : 'received'} is missing`;
  const [sent, received] = [parseOptions(lastSent), parseOptions(lastReceived)];
  if (typeof sent === 'string' || typeof received === 'string') return 'its CONFREQs are malformed';
  const failure = options.adopt(sent, received);
  if (failure !== undefined) return failure;
  const proof = proofOf(proxy, options.agreement.theyProve);
  if (typeof proof !== 'string') return { sent, received, proof };
  options.begin();
  return proof;
}

const isOctet = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 0xff;

/**
 * The proof that a caller gave the LAC by `method`, which the LAC asked for in LCP; undefined where it asked for none. A text: the proxy
 * authentication does not match, and why. MS-CHAPv2 has no type of its own: type 2 with a response of 49 octets.
 */
function proofOf(proxy: ProxyCall, method: AuthMethod | undefined): Attempt | undefined | string {
  const { authenType, authenName, authenChallenge, authenId, authenResponse } = proxy;
  const wanted = method === undefined ? AUTHEN_TYPE.None : method === 'PAP' ? AUTHEN_TYPE.Pap : AUTHEN_TYPE.Chap;
  if (authenType !== wanted && !(method === undefined && authenType === undefined)) {
    return `its authentication type ${authenType ?? 'is missing and'} is not ${method ?? 'none'}, which LCP agreed`;
  }
  if (method === undefined) return undefined;
  if (authenName === undefined || authenResponse === undefined || !isOctet(authenId)) return `name, identifier or response of ${method} is missing`;
  const name = fromUtf8(authenName);
  if (method === 'PAP') return { kind: 'pap', name, id: authenId, password: new Secret(fromUtf8(authenResponse)) };
  if (authenChallenge === undefined || authenChallenge.length === 0) return `the challenge of ${method} is missing`;
  const fits = method === 'CHAP-MD5' ? authenResponse.length === 16 : authenResponse.length === RESPONSE_LENGTH && authenChallenge.length === CHALLENGE_LENGTH;
  if (!fits) return `its ${method} response has ${authenResponse.length} octets`;
  return { kind: 'chap', algorithm: method, name, id: authenId, challenge: authenChallenge.slice(), response: authenResponse.slice() };
}
