// ENABLE L2TP DEBUG: what is traced, to whom, and how it looks (AR740 command reference 2.6, ENABLE L2TP DEBUG; DECODE is of 2.8.1).
// The ids in brackets are the peer's, 0 while unknown: those that the headers of messages we send carry.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { hex } from '../bytes/hex.ts';
import type { DebugKinds } from './snapshot.ts';

/** What DEBUG= selects. ALL is what the manual has under it, STATE and PKT; taken away, it is everything. */
export type DebugOption = 'ALL' | 'DECODE' | 'PKT' | 'STATE';
/** CALL or TUNNEL, all of them or one by our own id. */
export interface DebugScope {
  readonly of: 'call' | 'tunnel';
  readonly id: number | undefined;
}

/** Where a session gets its lines: one function for a whole login. */
export type DebugSink = (text: string) => void;

/** What stands in the brackets. */
export interface Subject {
  readonly tunnel: number;
  /** Undefined in messages about the tunnel. */
  readonly call: number | undefined;
  readonly peer: Ipv4;
  readonly port: number;
}

interface Selection {
  all: DebugKinds;
  readonly ids: Map<number, DebugKinds>;
}

/** Sessions that get the output; the one that asked longest ago is left out first. */
const SINKS = 16;
const NOTHING: DebugKinds = { state: false, packet: false, decode: false };
const some = ({ state, packet, decode }: DebugKinds): boolean => state || packet || decode;

export class Debug {
  readonly #selections: Record<DebugScope['of'], Selection> = {
    call: { all: NOTHING, ids: new Map() },
    tunnel: { all: NOTHING, ids: new Map() },
  };
  #on = false;
  readonly #sinks = new Set<DebugSink>();

  /** Output goes to every session that asked for some. */
  enable(option: DebugOption, scope: DebugScope, sink: DebugSink): void {
    this.#sinks.delete(sink);
    this.#sinks.add(sink);
    const [oldest] = this.#sinks;
    if (this.#sinks.size > SINKS && oldest !== undefined) this.#sinks.delete(oldest);
    this.#on = true;
    const all = option === 'ALL';
    this.#change(scope, (old) => ({
      state: old.state || all || option === 'STATE', packet: old.packet || all || option === 'PKT', decode: old.decode || option === 'DECODE',
    }));
  }

  /** Without an id this covers those selected singly too. Nobody is printed to once nothing is traced. */
  disable(option: DebugOption, scope: DebugScope): void {
    const all = option === 'ALL';
    const less = (old: DebugKinds): DebugKinds => ({
      state: old.state && !all && option !== 'STATE', packet: old.packet && !all && option !== 'PKT', decode: old.decode && !all && option !== 'DECODE',
    });
    const { ids } = this.#selections[scope.of];
    this.#change(scope, less);
    if (scope.id === undefined) for (const [id, kinds] of ids) ids.set(id, less(kinds));
    for (const [id, kinds] of ids) if (!some(kinds)) ids.delete(id);
    this.#on = this.#any();
    if (!this.#on) this.#sinks.clear();
  }

  /** Whoever was printed to is gone. Nothing is traced for nobody. */
  forget(sink: DebugSink): void {
    if (this.#sinks.delete(sink) && this.#sinks.size === 0) this.stop();
  }

  /** Nothing is traced any more. */
  stop(): void {
    for (const of of ['call', 'tunnel'] as const) this.disable('ALL', { of, id: undefined });
  }

  /** Something is traced. */
  get isOn(): boolean {
    return this.#on;
  }

  ofTunnel(id: number): DebugKinds {
    return this.#of('tunnel', id);
  }

  /** Packets of a call are those of its tunnel too; its states are its own. */
  ofCall(tunnelId: number, id: number): DebugKinds {
    const own = this.#of('call', id);
    const tunnel = this.#of('tunnel', tunnelId);
    return { state: own.state, packet: own.packet || tunnel.packet, decode: own.decode || tunnel.decode };
  }

  print(text: string): void {
    for (const sink of this.#sinks) sink(text);
  }

  #of(kind: DebugScope['of'], id: number): DebugKinds {
    const { all, ids } = this.#selections[kind];
    const one = ids.get(id) ?? NOTHING;
    return { state: all.state || one.state, packet: all.packet || one.packet, decode: all.decode || one.decode };
  }

  #change(scope: DebugScope, change: (old: DebugKinds) => DebugKinds): void {
    const selection = this.#selections[scope.of];
    if (scope.id === undefined) selection.all = change(selection.all);
    else selection.ids.set(scope.id, change(selection.ids.get(scope.id) ?? NOTHING));
  }

  #any(): boolean {
    return Object.values(this.#selections).some((s) => some(s.all) || [...s.ids.values()].some(some));
  }
}

/** `[ tunnelId:3400 callId:51299 to 192.168.1.32:1701 ]` */
export const bracket = (s: Subject): string =>
  `[ tunnelId:${s.tunnel}${s.call === undefined ? '' : ` callId:${s.call}`} to ${formatIpv4(s.peer)}:${s.port} ]`;

/** DEBUG=STATE: two lines. */
export const printState = (subject: Subject, old: string, next: string): string => `L2TP ${bracket(subject)}\nold state ${old} - new state ${next}`;

const WORD = 4;
const WORDS = 8;

/** DEBUG=PKT: the whole message from its header on, eight words of four octets a line. */
export function printPacket(direction: 'rx' | 'tx', subject: Subject, data: Uint8Array): string {
  const lines = [`L2TP ${direction} ${bracket(subject)}`];
  for (let at = 0; at < data.length; at += WORD * WORDS) {
    const words: string[] = [];
    for (let word = at; word < Math.min(at + WORD * WORDS, data.length); word += WORD) words.push(hex(data.subarray(word, word + WORD)));
    lines.push(words.join(' '));
  }
  return lines.join('\n');
}
