// The sessions that the PPPoE access concentrator has given, and everything that is bounded by them: addresses, numbers, half-open ones.

import { hex } from '../bytes/hex.ts';
import type { Millis } from '../bytes/time.ts';
import type { CallUser } from './link.ts';
import { AGAIN_SPAN, HALF_OPEN_SPAN } from './pppoe.limits.ts';
import type { Port } from './pppoe.ports.ts';
import type { Service } from './pppoe.services.ts';
import type { PppoeSession } from './pppoe.session.ts';

/** 0 and 65535 name no session (RFC 2516 4). */
const SESSION_NUMBERS = 65_534;

export interface Caller {
  readonly service: Service;
  readonly session: PppoeSession;
  /** What the same request is known by when it comes again. */
  readonly request: string;
  readonly user: CallUser;
}

export class Callers {
  readonly #bySession = new Map<PppoeSession, Caller>();
  readonly #byRequest = new Map<string, Caller>();
  readonly #numbers = new Set<number>();
  readonly #perPeer = new Map<string, number>();
  /** Sessions whose PPP has not opened, the oldest first. */
  readonly #young = new Map<PppoeSession, Millis>();

  values(): IterableIterator<Caller> {
    return this.#bySession.values();
  }

  of(session: PppoeSession): Caller | undefined {
    return this.#bySession.get(session);
  }

  requested(request: string): Caller | undefined {
    return this.#byRequest.get(request);
  }

  /** Any session is on this port. */
  uses({ id }: Port): boolean {
    return this.#bySession.keys().some(({ spec }) => spec.port.id === id);
  }

  /** Sessions of an Ethernet address on a port. */
  countOf(port: Port, peer: Uint8Array): number {
    return this.#perPeer.get(peerKey(port, peer)) ?? 0;
  }

  add(caller: Caller, now: Millis): void {
    const { session, service, request } = caller;
    const { port, peer, number } = session.spec;
    service.sessions++;
    service.accepted++;
    this.#bySession.set(session, caller);
    this.#byRequest.set(request, caller);
    this.#numbers.add(numberKey(port, number));
    this.#perPeer.set(peerKey(port, peer), this.countOf(port, peer) + 1);
    this.#young.set(session, now);
  }

  remove({ session, service, request }: Caller): void {
    const { port, peer, number } = session.spec;
    service.sessions--;
    this.#bySession.delete(session);
    this.#byRequest.delete(request);
    this.#numbers.delete(numberKey(port, number));
    const left = this.countOf(port, peer) - 1;
    if (left > 0) this.#perPeer.set(peerKey(port, peer), left);
    else this.#perPeer.delete(peerKey(port, peer));
    this.#young.delete(session);
  }

  /** PPP has opened. */
  opened(session: PppoeSession): void {
    this.#young.delete(session);
  }

  /** The PADS may have been lost; later the peer must have lost the session. */
  mayRepeat({ session }: Caller, now: Millis): boolean {
    return this.#young.has(session) || now - session.since < AGAIN_SPAN;
  }

  /** Sessions whose PPP has not opened. */
  halfOpen(now: Millis): number {
    for (const [session, since] of this.#young) {
      if (now - since < HALF_OPEN_SPAN) break;
      this.#young.delete(session);
    }
    return this.#young.size;
  }

  /** The first free session number of a port from `start` on; undefined where all are taken. */
  freeNumber(port: Port, start: number): number | undefined {
    for (let i = 0; i < SESSION_NUMBERS; i++) {
      const number = ((start + i) % SESSION_NUMBERS) + 1;
      if (!this.#numbers.has(numberKey(port, number))) return number;
    }
    return undefined;
  }
}

const peerKey = ({ id }: Port, peer: Uint8Array): string => `${id}/${hex(peer)}`;
const numberKey = ({ id }: Port, number: number): number => id * 0x1_0000 + number;
