// What a LAC tells the LNS of a caller (RFC 2661 4.4.4, 4.4.5): the values of ICRQ and ICCN from what the line, LCP and authentication brought.

import { utf8 } from '../bytes/text.ts';
import type { Candidate } from './candidates.ts';
import { BEARER, FRAMING, MAX_VALUE } from './catalog.ts';
import type { Forward } from './link.ts';
import type { IncomingCall, IncomingConnect } from './session.ts';

/** Hiding takes two octets more (RFC 2661 4.3). */
const LONGEST = MAX_VALUE - 2;
const BEARER_BITS = { digital: BEARER.digital, analog: BEARER.analog, none: 0 } as const;

/** Why a call cannot be told of: one sentence that names the value that fits no AVP; undefined where all do. */
export function tooLong({ proxy, callingNumber, calledNumber, subAddress }: Forward): string | undefined {
  const values: readonly (readonly [string, number])[] = [
    ['name', proxy.authenName?.length ?? 0],
    ['challenge', proxy.authenChallenge?.length ?? 0],
    ['response or password', proxy.authenResponse?.length ?? 0],
    ['calling number', utf8(callingNumber).length],
    ['called number', utf8(calledNumber).length],
    ['subaddress', utf8(subAddress).length],
  ];
  const over = values.find(([, length]) => length > LONGEST);
  return over === undefined ? undefined : `the caller's ${over[0]} has ${over[1]} octets, L2TP carries ${LONGEST} at most`;
}

/** ICRQ. What is not known is left out. */
export const announce = (call: Forward, callSerialNumber: number): IncomingCall => ({
  callSerialNumber,
  bearerType: BEARER_BITS[call.bearer],
  callingNumber: given(call.callingNumber),
  calledNumber: given(call.calledNumber),
  subAddress: given(call.subAddress),
});

/** ICCN. `offered`: the framing bits that the LNS advertised. LCP that fits no AVP is left out as a whole: the LNS begins it anew. */
export function connect(call: Forward, { privateGroup, number }: Candidate, offered: number): IncomingConnect {
  const { proxy } = call;
  const wanted = call.framing === 'sync' ? FRAMING.sync : FRAMING.async;
  const lcp = [proxy.initialReceived, proxy.lastSent, proxy.lastReceived];
  const fits = lcp.every((options) => options === undefined || options.length <= LONGEST);
  return {
    txConnectSpeed: word(call.txSpeed),
    rxConnectSpeed: call.rxSpeed === call.txSpeed ? undefined : word(call.rxSpeed),
    // The LAC changes the framing of the line, if any, to plain frames in either case (RFC 1662 7): what the LNS wants to hear it may hear.
    framingType: (offered & wanted) !== 0 ? wanted : offered,
    initialReceivedConfreq: fits ? proxy.initialReceived : undefined,
    lastSentConfreq: fits ? proxy.lastSent : undefined,
    lastReceivedConfreq: fits ? proxy.lastReceived : undefined,
    proxyAuthenType: proxy.authenType,
    proxyAuthenName: proxy.authenName,
    proxyAuthenChallenge: proxy.authenChallenge,
    proxyAuthenId: proxy.authenId,
    proxyAuthenResponse: proxy.authenResponse,
    privateGroupId: privateGroup,
    ...(number === 'ON' ? { sequencingRequired: true } : {}),
  };
}

const given = (text: string): string | undefined => (text === '' ? undefined : text);
const word = (speed: number): number => Math.max(0, Math.min(0xffffffff, Math.round(speed)));
