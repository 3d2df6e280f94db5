// A LAC's relay: a line whose caller belongs to an LNS, and the L2TP call to that LNS, joined frame for frame in the data plane
// (RFC 2661 3). Two ways to one: a caller is forwarded by ADD L2TP USER, or an LNS has a call made (OCRQ).

import type { Ipv4Prefix } from './bytes/ip.ts';
import { utf8 } from './bytes/text.ts';
import type { Millis } from './bytes/time.ts';
import type { Far, SessionKey, SessionOptions } from './hal/dataplane.ts';
import type { CallLink } from './call/link.ts';
import type { DialAnswer, DialHandle, DialRequest } from './call/outgoing.ts';
import type { Forward, ForwardUser, L2tpLink, OutgoingAnswer, OutgoingRequest, OutgoingUser, ProxyInfo } from './l2tp/link.ts';
import type { Attempt } from './ppp/auth.ts';

/** A call that is up, whoever brought it: frames in and out by the session. */
export interface Leg {
  readonly session: SessionKey;
  update(change: Partial<SessionOptions> & { readonly far?: Far; readonly routes?: readonly Ipv4Prefix[]; readonly sources?: readonly Ipv4Prefix[] }): void;
  /** The async map for what is sent over a dialled line. */
  sendMap?(map: number): void;
  hangUp(reason: string, now: Millis): void;
}

/** Two legs that are one line. Whichever ends takes the other with it. */
export function join(a: Leg, b: Leg): void {
  // What LCP agreed is between the caller and the LNS: frames cross as they came, and nobody but the two looks into them.
  const plain = { ipv4: false, ipv6: false, acfc: false, pfc: false, mss: 0 };
  a.update({ ...plain, far: { relay: b.session } });
  b.update({ ...plain, far: { relay: a.session } });
}

/** What a LAC has of a caller when it looks for his LNS. */
export interface Caller {
  readonly leg: Leg;
  readonly line: Omit<Forward, 'name' | 'proxy'>;
  /** The options of LCP as RFC 2661 4.4.5 wants them passed on. */
  readonly lcp: Pick<ProxyInfo, 'initialReceived' | 'lastSent' | 'lastReceived'>;
  /** What the caller offered as proof, unjudged; undefined where nothing had to be proved. */
  readonly attempt: Attempt | undefined;
  /** The LNS has the call: from now on the router has no part in it. */
  taken(now: Millis): void;
  /** No LNS took it; one sentence. */
  refused(reason: string, now: Millis): void;
}

/** A caller on his way to an LNS, or relayed there. */
export interface Relayed {
  /** The caller's line is down. */
  lineDown(reason: string, now: Millis): void;
}

/** The part of the L2TP server that forwards. */
export interface Forwarder {
  forwards(name: string | undefined): unknown;
  forward(call: Forward, user: ForwardUser, now: Millis): { cancel(reason: string, now: Millis): void };
}

/** Forwards a caller to the LNS of his USER entry; undefined where none wants him forwarded. */
export function forward(l2tp: Forwarder, caller: Caller, now: Millis): Relayed | undefined {
  const name = caller.attempt?.name;
  if (l2tp.forwards(name) === undefined) return undefined;
  let up: L2tpLink | undefined;
  let over = false;
  const call = l2tp.forward(
    { ...caller.line, name, proxy: { ...caller.lcp, ...proof(caller.attempt) } },
    {
      up(link, at) {
        if (over) return link.hangUp('the caller is gone', at);
        up = link;
        // The interface lets go first: what it tells the data plane last must not undo the relay.
        caller.taken(at);
        join(caller.leg, link);
      },
      failed(reason, at) {
        if (over) return;
        over = true;
        caller.refused(reason, at);
      },
      down(reason, at) {
        if (over) return;
        over = true;
        caller.leg.hangUp(reason, at);
      },
      accm: (map) => caller.leg.sendMap?.(map),
    },
    now,
  );
  return {
    lineDown(reason, at) {
      if (over) return;
      over = true;
      if (up === undefined) call.cancel(reason, at);
      else up.hangUp(reason, at);
    },
  };
}

/** The part of the call ports that dials. */
export interface Dialler {
  dial(request: DialRequest, answer: DialAnswer, now: Millis): { readonly refused: string; readonly cause: number } | DialHandle;
}

/** Has a call made for an LNS (RFC 2661 7.5.1); what is called speaks PPP with the LNS. */
export function outgoing(dialler: Dialler, { call, number, subAddress, bearer }: OutgoingRequest, answer: OutgoingAnswer, now: Millis): { readonly refused: string; readonly cause: number } | OutgoingUser {
  let line: CallLink | undefined;
  let lns: L2tpLink | undefined;
  const handle = dialler.dial(
    { call, number, subAddress, bearer },
    {
      connected(link, speed, at) {
        line = link;
        answer.connected(speed, at);
      },
      failed: (cause, reason, at) => answer.failed(cause, reason, at),
      down(reason, at) {
        line = undefined;
        // Before the LNS was told of the connection its session is not up: it learns that the call failed after all.
        if (lns === undefined) answer.failed(NO_CARRIER, reason, at);
        else lns.hangUp(reason, at);
      },
    },
    now,
  );
  if ('refused' in handle) return handle;
  return {
    name: handle.name,
    linkUp(link, at) {
      if (line === undefined) return link.hangUp('the call is over', at);
      lns = link;
      join(line, link);
    },
    linkDown(reason, at) {
      lns = undefined;
      handle.hangUp(reason, at);
    },
    accm: (map) => line?.sendMap(map),
  };
}

/** CDN result code (RFC 2661 4.4.2). */
const NO_CARRIER = 1;

/** Proxy Authen Type and what belongs to it (RFC 2661 4.4.5). MS-CHAPv2 has no number there: such a caller proves himself to the LNS anew. */
function proof(attempt: Attempt | undefined): Omit<ProxyInfo, 'initialReceived' | 'lastSent' | 'lastReceived'> {
  const none = { authenType: undefined, authenName: undefined, authenChallenge: undefined, authenId: undefined, authenResponse: undefined };
  if (attempt === undefined) return { ...none, authenType: PROXY.NONE };
  const authenName = utf8(attempt.name);
  if (attempt.kind === 'pap') return { ...none, authenType: PROXY.PAP, authenName, authenId: attempt.id, authenResponse: attempt.password.octets() };
  if (attempt.algorithm !== 'CHAP-MD5') return none;
  return { authenType: PROXY.CHAP, authenName, authenChallenge: attempt.challenge, authenId: attempt.id, authenResponse: attempt.response };
}

const PROXY = { CHAP: 2, PAP: 3, NONE: 4 } as const;
