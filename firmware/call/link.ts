// Where calls that are not L2TP (ISDN and ACC calls on call ports, PPPoE) meet the rest of the router. The appliance gives a CallOwner
// and is given a CallLink for every call that is up; PPP and L2TP are joined to it there, this room knows neither.

import type { Ipv4Prefix } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Message } from '../cli/messages.ts';
import type { Far, SessionCounters, SessionKey, SessionOptions } from '../hal/dataplane.ts';

/** A call that somebody makes to us. */
export interface Arrival {
  readonly kind: 'ISDN' | 'ACC' | 'PPPOE';
  /** The configured call or service that answers: 'rmt'. */
  readonly call: string;
  /** The layer that a PPP interface of it is over: 'ISDN-rmt', 'ACC-dialin', 'ETH1-any'. */
  readonly over: string;
  /** The PPP template that answers. */
  readonly template: number;
  /** For messages and for slowing down who fails: the calling number, the Ethernet address, else the port. */
  readonly from: string;
  /** Empty = not known. */
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly subAddress: string;
  /** Bit/s both ways. While the call only rings, what its line should have; from `linkUp` on what the modem said. */
  readonly speed: number;
  readonly bearer: 'digital' | 'analog' | 'none';
  readonly framing: 'sync' | 'async';
}

/** A call that is up: its frames cross the data plane under `session`. */
export interface CallLink {
  /** Attached by this room (leg 'line' or 'pppoe'), far end undefined; detached by it when the call ends. Lines count from 0x40000000. */
  readonly session: SessionKey;
  /** Largest IP packet, octets: 1500 on a line, the port's MTU less 8 with PPPoE (RFC 2516). */
  readonly mtu: number;
  /** What the call carried; once it is over, what it had carried. */
  counters(): SessionCounters | undefined;
  update(change: Partial<SessionOptions> & { readonly far?: Far; readonly routes?: readonly Ipv4Prefix[]; readonly sources?: readonly Ipv4Prefix[] }): void;
  /** The async map that LCP agreed for what we send (RFC 1662 7.1); other lines than async ignore it. */
  sendMap(map: number): void;
  /** PPP has opened: redialling starts again from its least interval. */
  negotiated(now: Millis): void;
  /** Ends the call; one sentence. `linkDown` may come from within. */
  hangUp(reason: string, now: Millis): void;
}

/**
 * The interface, or the LAC, that takes a call. `linkDown` comes once and last, without a `linkUp` before it where the call came to nothing
 * after it had been accepted (the caller hung up while it was being answered).
 */
export interface CallUser {
  /** For messages: 'ppp3'. */
  readonly name: string;
  linkUp(link: CallLink, now: Millis): void;
  linkMtu(mtu: number, now: Millis): void;
  linkDown(reason: string, now: Millis): void;
}

/** What the room needs of the router around it. */
export interface CallOwner {
  /** A call comes in that a template answers: why it cannot be taken, as one sentence, or who takes it. Dialled calls ask while it rings: a refused one is not answered. */
  arrive(arrival: Arrival, now: Millis): { readonly refused: string } | CallUser;
  /** The static PPP interface over a layer ('ISDN-toi', 'ACC-x', 'ETH1-any'; any case), whatever its state; undefined = none. */
  layerUser(over: string): { readonly name: string; readonly enabled: boolean } | undefined;
  /** A call of a static interface came up. Once per call; `linkDown` follows before the next. */
  linkUp(over: string, link: CallLink, now: Millis): void;
  /** It is over, or an attempt failed; one sentence. */
  linkDown(over: string, reason: string, now: Millis): void;
  /** Asks for the operator's Ethernet port to be one of the router's (`eth1`). */
  portExists(name: string): boolean;
  /** SET SYSTEM NAME or the product's name: the AC-Name of PPPoE. */
  hostName(): string;
}

/** What every kind of call offers the appliance: the layers that static PPP interfaces are over, and calls made for an LNS. */
export interface CallLayers {
  /** Whether PPP may be created over this layer; undefined = not one of ours. */
  layerExists(over: string): true | Message | undefined;
  /** From now on the interface wants the call up, again after every loss, until `unwant`. */
  want(over: string, now: Millis): void;
  unwant(over: string, reason: string, now: Millis): void;
  /** What the layer waits for, one sentence; undefined = nothing to say. */
  waiting(over: string, now: Millis): string | undefined;
  /** Bit/s, for SHOW PPP UTILISATION. */
  bandwidth(over: string): number;
}
