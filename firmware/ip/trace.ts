// TRACE: echo requests with rising time to live, one line for each hop (AlliedWare TRACE; RFC 792, RFC 1812 5.2.7.2). Knows no sockets and no clocks.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import { type IcmpAnswer, encodeEcho, unreachableWords } from './icmp.ts';

/** What one TRACE command asks for. */
export interface TracePlan {
  readonly target: Ipv4;
  /** The address the probes leave from, for the heading. */
  readonly source: Ipv4;
  /** ICMP identifier, 0..65535. */
  readonly id: number;
  /** First and last time to live, 1..255. */
  readonly minTtl: number;
  readonly maxTtl: number;
  /** Probes a hop. */
  readonly probes: number;
  /** How long an answer is waited for. */
  readonly timeout: Millis;
}

export interface TraceOutput {
  /** Sends an ICMP message to the target with this time to live; returns why it could not be sent. */
  send(message: Uint8Array, ttl: number): string | undefined;
  line(text: string): void;
  /** After the last line. Not called by stop(). */
  done(): void;
}

/** Octets of data in a probe: what PING sends by default. */
const DATA = 24;
const NO_PATTERN = new Uint8Array(0);

/** What is known of the hop being probed: who answered first, one column a probe, and whether the trace ends here. */
interface Hop {
  readonly ttl: number;
  readonly columns: string[];
  from: Ipv4 | undefined;
  end: string | undefined;
}

type State = { readonly at: 'waiting'; readonly sentAt: Millis; readonly hop: Hop } | { readonly at: 'over' };

/** One TRACE. The owner calls start once, tick at deadline(), and hands over what decodeAnswer made of arriving messages. */
export class Trace {
  readonly #plan: TracePlan;
  readonly #out: TraceOutput;
  #state: State = { at: 'over' };
  #sequence = 0;
  #reached = false;

  constructor(plan: TracePlan, out: TraceOutput) {
    this.#plan = plan;
    this.#out = out;
  }

  /** True until the last line, or stop(). */
  get running(): boolean {
    return this.#state.at !== 'over';
  }

  /** The target itself has answered. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Time to live of the hop being probed, 0 when over. */
  get ttl(): number {
    return this.#state.at === 'waiting' ? this.#state.hop.ttl : 0;
  }

  start(now: Millis): void {
    const { source, target, minTtl, maxTtl } = this.#plan;
    this.#out.line(`Trace from ${formatIpv4(source)} to ${formatIpv4(target)}, ${minTtl}-${maxTtl} hops`);
    this.#probe({ ttl: minTtl, columns: [], from: undefined, end: undefined }, now);
  }

  /** Ends without a further line. */
  stop(): void {
    this.#state = { at: 'over' };
  }

  deadline(): Millis {
    return this.#state.at === 'waiting' ? this.#state.sentAt + this.#plan.timeout : NEVER;
  }

  tick(now: Millis): void {
    if (this.#state.at === 'waiting' && now >= this.deadline()) this.#settle(this.#state.hop, '*', now);
  }

  /** An ICMP message from `from`; ignored where it does not answer the probe that is waited for. */
  answer(from: Ipv4, answer: IcmpAnswer, now: Millis): void {
    if (this.#state.at !== 'waiting' || answer.id !== this.#plan.id || answer.sequence !== this.#sequence) return;
    if (answer.kind !== 'reply' && answer.target !== this.#plan.target) return;
    const { hop, sentAt } = this.#state;
    hop.from ??= from;
    if (answer.kind === 'reply') {
      this.#reached = true;
      hop.end = '***Target reached***';
    }
    if (answer.kind === 'unreachable') hop.end ??= `***${unreachableWords(answer.code, answer.mtu)}, reported by ${formatIpv4(from)}***`;
    this.#settle(hop, String(Math.round(Math.max(0, now - sentAt))), now);
  }

  #probe(hop: Hop, now: Millis): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#state = { at: 'waiting', sentAt: now, hop };
    const failure = this.#out.send(encodeEcho({ id: this.#plan.id, sequence: this.#sequence }, DATA, NO_PATTERN), hop.ttl);
    if (failure !== undefined) this.#end(`***${failure}***`);
  }

  /** One probe of the hop is answered or given up. */
  #settle(hop: Hop, column: string, now: Millis): void {
    hop.columns.push(column);
    if (hop.columns.length < this.#plan.probes) return this.#probe(hop, now);
    this.#out.line(hopLine(hop));
    if (hop.end !== undefined) return this.#end(hop.end);
    if (hop.ttl >= this.#plan.maxTtl) return this.#end('***Target not reached***');
    this.#probe({ ttl: hop.ttl + 1, columns: [], from: undefined, end: undefined }, now);
  }

  #end(line: string): void {
    this.#state = { at: 'over' };
    this.#out.line(line);
    this.#out.done();
  }
}

/** " 1. 192.168.10.1         1     1     2 (ms)"; "?" where nobody answered. */
function hopLine(hop: Hop): string {
  const who = hop.from === undefined ? '?' : formatIpv4(hop.from);
  return `${String(hop.ttl).padStart(2)}. ${who.padEnd(15)}${hop.columns.map((c) => c.padStart(6)).join('')} (ms)`;
}
