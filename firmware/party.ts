// Callers as the rooms around them see them: the call that comes in, the line it came by, what a server grants, the session that is up.
// remote.ts makes and ends them; what judges, forwards and accounts for them speaks of them in these words.

import type { Ipv4, Ipv4Prefix } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import type { CallLink } from './call/link.ts';
import type { ProxyInfo } from './l2tp/link.ts';
import type { Verdict } from './ppp/auth.ts';
import type { PppLower, PppTraffic } from './ppp/owner.ts';

/** A call that a template is to answer, whoever brings it. */
export interface Incoming {
  readonly template: number;
  /** The layer that the interface is over: 'TNL-1.1.1.1', 'ISDN-rmt', 'ETH1-any'. */
  readonly over: string;
  /** For messages: '1.1.1.1', a calling number, an Ethernet address. Where there is no `peer`, it is slowed down when proofs fail. */
  readonly from: string;
  /** The peer of the tunnel under the call, whose address no caller may have; slowed down when proofs fail. */
  readonly peer: Ipv4 | undefined;
  /** What tells the calls of a tunnel apart: the call's serial number; empty = there is none. */
  readonly serial: string;
  readonly line: Line;
}

/** A caller from the moment his interface is made; the same object as long as it lasts. */
export interface Party {
  readonly call: Incoming;
  /** The number of his PPP interface. */
  readonly number: number;
}

/** What the line said of itself. */
export interface Line {
  readonly kind: 'L2TP' | 'ISDN' | 'ACC' | 'PPPOE';
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly subAddress: string;
  readonly speed: number;
  readonly bearer: 'digital' | 'analog' | 'none';
  readonly framing: 'sync' | 'async';
}

/** A call that is up. L2TP, call ports and PPPoE all give this; a LAC before an L2TP call may have passed on what it learned. */
export type IncomingLink = Omit<CallLink, 'sendMap'> & Partial<Pick<CallLink, 'sendMap'>> & { readonly proxy?: ProxyInfo | undefined; readonly path?: PppLower['path'] };

/** Who takes a call. */
export interface IncomingUser {
  /** For messages: 'ppp3'; 'L2TP' once the caller is passed on. */
  readonly name: string;
  /** The name that the caller proved; undefined until then. */
  userName(): string | undefined;
  linkUp(link: IncomingLink, now: Millis): void;
  linkMtu(mtu: number, now: Millis): void;
  /** Asks the caller by PPP whether he is there; false where PPP is not up. */
  linkAsk(now: Millis): boolean;
  linkDown(reason: string, now: Millis): void;
}

/** What a RADIUS server gives a caller beside its verdict. */
export interface Grant {
  /** The pool in place of the template's. */
  readonly pool: string | undefined;
  /** Networks behind the caller. */
  readonly networks: readonly Ipv4Prefix[];
  /** Name servers in place of the router's; empty = the router's. */
  readonly dns: readonly Ipv4[];
  /** Sent back with accounting. */
  readonly class: readonly Uint8Array[];
  /** Seconds between interim accounting records; undefined = as configured. */
  readonly interim: number | undefined;
}

/** A caller whose IP is up, for accounting and for whoever may end him from outside. */
export interface Session {
  /** 'ppp3' */
  readonly interface: string;
  readonly party: Party;
  readonly user: string;
  readonly address: Ipv4;
  readonly grant: Grant | undefined;
  traffic(): PppTraffic | undefined;
  /** New limits in seconds, from the start of the session or of idleness; undefined = as they are. */
  limit(limits: { readonly sessionTimeout?: number; readonly idleTimeout?: number }, now: Millis): void;
  hangUp(reason: string, now: Millis): void;
}

/** `answer` of a judge. */
export type Judged = (verdict: Verdict, now: Millis, grant?: Grant) => void;
