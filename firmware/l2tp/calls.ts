// The calls an operator configured (ADD/SET/DELETE L2TP CALL of the AR740 command reference 2.6).

import { type Message, messages } from '../cli/messages.ts';
import { ANY_IPV4, type Ipv4 } from '../bytes/ip.ts';

export type CallType = 'ASYNC' | 'ISDN' | 'VIRTUAL';
export type Numbering = 'ON' | 'OFF' | 'STARTUP';
export type Precedence = 'IN' | 'OUT';

/** What ADD L2TP CALL says of one call. Absent texts are "not set". */
export interface CallSettings {
  /** 1..15 of letters, digits and underscore; compared without regard to case. */
  readonly name: string;
  readonly type: CallType;
  /** The peer; 0.0.0.0 = never call, accept the pairing call from any address. */
  readonly ip: Ipv4;
  /** Name of the call the peer activates; without it a VIRTUAL call is an incoming call at the peer. */
  readonly remote?: string | undefined;
  readonly dial?: string | undefined;
  readonly number: Numbering;
  /** The peer's L2TP server password. */
  readonly password?: string | undefined;
  readonly pre13: 'ON' | 'OFF';
  readonly precedence: Precedence;
  /** Bits per second, 300..4292967295. */
  readonly speed: number;
  readonly subaddress?: string | undefined;
}

/** The values of parameters that ADD L2TP CALL leaves out. */
export const CALL_DEFAULTS = { number: 'OFF', pre13: 'OFF', precedence: 'IN', speed: 64000 } as const;

/** What SET L2TP CALL may change: everything but the name; an absent parameter stays as it is. */
export type CallChange = { readonly [K in keyof Omit<CallSettings, 'name'>]?: CallSettings[K] | undefined };

export class Calls {
  readonly #calls = new Map<string, CallSettings>();
  /** The same by peer: asked for every request of every stranger. */
  readonly #byPeer = new Map<Ipv4, Map<string, CallSettings>>();

  get(name: string): CallSettings | undefined {
    return this.#calls.get(name.toLowerCase());
  }

  /** In the order they were added. */
  list(): readonly CallSettings[] {
    return [...this.#calls.values()];
  }

  /** Those to one peer, in the order they were added. */
  to(peer: Ipv4): readonly CallSettings[] {
    return [...(this.#byPeer.get(peer)?.values() ?? [])];
  }

  mayAdd(call: CallSettings): Message | undefined {
    if (this.get(call.name) !== undefined) return messages.l2tp.callExists(call.name);
    return conflict(call);
  }

  add(call: CallSettings): void {
    const key = call.name.toLowerCase();
    const old = this.#calls.get(key);
    if (old !== undefined && old.ip !== call.ip) this.#forget(old);
    this.#calls.set(key, call);
    const others = this.#byPeer.get(call.ip) ?? new Map<string, CallSettings>();
    this.#byPeer.set(call.ip, others.set(key, call));
  }

  maySet(name: string, change: CallChange): Message | undefined {
    const call = this.get(name);
    return call === undefined ? messages.l2tp.callNotFound(name) : conflict(merge(call, change));
  }

  /** Replaces the values given; returns the call as it is now, or undefined where there is none of that name. */
  set(name: string, change: CallChange): CallSettings | undefined {
    const call = this.get(name);
    if (call === undefined) return undefined;
    const merged = merge(call, change);
    this.add(merged);
    return merged;
  }

  remove(name: string): void {
    const call = this.get(name);
    if (call === undefined) return;
    this.#calls.delete(name.toLowerCase());
    this.#forget(call);
  }

  #forget({ name, ip }: CallSettings): void {
    const others = this.#byPeer.get(ip);
    others?.delete(name.toLowerCase());
    if (others?.size === 0) this.#byPeer.delete(ip);
  }
}

/** True for a call that waits for its peer and never calls out. */
export const isPassive = (call: CallSettings): boolean => call.ip === ANY_IPV4;

/**
 * The Called Number of an OCRQ: DIAL alone, REMOTE alone, or `REMOTE:DIAL` where both are given (a call name holds no colon).
 * Undefined for a call that is placed as an incoming call (VIRTUAL without REMOTE).
 */
export function calledNumber(call: CallSettings): string | undefined {
  if (call.remote !== undefined && call.dial !== undefined) return `${call.remote}:${call.dial}`;
  return call.remote ?? call.dial ?? (call.type === 'VIRTUAL' ? undefined : '');
}

/** The call name in a Called Number that arrived: what stands before the first colon. */
export const calledName = (number: string): string => number.split(':', 1)[0] ?? '';

function merge(call: CallSettings, change: CallChange): CallSettings {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return { ...call, ...given };
}

/** The rules between parameters: DIAL works with ISDN lines, not with ACC calls; a subaddress is an ISDN notion. */
function conflict(call: CallSettings): Message | undefined {
  if (call.dial !== undefined && call.type === 'ASYNC') return messages.l2tp.notWith('DIAL', 'TYPE=ASYNC');
  if (call.subaddress !== undefined && call.type !== 'ISDN') return messages.l2tp.onlyWith('SUBADDRESS', 'TYPE=ISDN');
  return undefined;
}
