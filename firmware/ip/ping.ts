// PING: echo requests one after the other, one line for each answer (AlliedWare PING; RFC 792). Knows no sockets and no clocks.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import { type IcmpAnswer, encodeEcho, isEchoData, unreachableWords } from './icmp.ts';

/** What one PING command asks for. */
export interface PingPlan {
  readonly target: Ipv4;
  /** ICMP identifier, 0..65535: tells our answers from those of others. */
  readonly id: number;
  /** Requests to send; Infinity until stopped. */
  readonly count: number;
  /** Octets of data, 0..65507. */
  readonly length: number;
  /** Repeated to fill the data; empty counts upwards. */
  readonly pattern: Uint8Array;
  /** From one request to the next, at least. */
  readonly delay: Millis;
  /** How long an answer is waited for. */
  readonly timeout: Millis;
}

export interface PingOutput {
  /** Sends an ICMP message to the target; returns why it could not be sent. */
  send(message: Uint8Array): string | undefined;
  line(text: string): void;
  /** After the last line. Not called by stop(). */
  done(): void;
}

/** Counts of one PING. Times are milliseconds. */
export interface PingStatistics {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly least: Millis;
  readonly most: Millis;
  readonly total: Millis;
}

type State = { readonly at: 'waiting'; readonly sentAt: Millis } | { readonly at: 'pausing'; readonly until: Millis } | { readonly at: 'over' };

/** One PING. The owner calls start once, tick at deadline(), and hands over what decodeAnswer made of arriving messages. */
export class Ping {
  readonly #plan: PingPlan;
  readonly #out: PingOutput;
  #state: State = { at: 'over' };
  #sent = 0;
  #received = 0;
  #least: Millis = NEVER;
  #most: Millis = 0;
  #total: Millis = 0;

  constructor(plan: PingPlan, out: PingOutput) {
    this.#plan = plan;
    this.#out = out;
  }

  get statistics(): PingStatistics {
    const waiting = this.#state.at === 'waiting' ? 1 : 0;
    const lost = this.#sent - this.#received - waiting;
    return { sent: this.#sent, received: this.#received, lost, least: this.#received === 0 ? 0 : this.#least, most: this.#most, total: this.#total };
  }

  /** True until the last answer came or was given up, or stop(). */
  get running(): boolean {
    return this.#state.at !== 'over';
  }

  start(now: Millis): void {
    this.#request(now);
  }

  /** Ends without a further line. */
  stop(): void {
    this.#state = { at: 'over' };
  }

  deadline(): Millis {
    if (this.#state.at === 'waiting') return this.#state.sentAt + this.#plan.timeout;
    return this.#state.at === 'pausing' ? this.#state.until : NEVER;
  }

  tick(now: Millis): void {
    if (now < this.deadline()) return;
    if (this.#state.at === 'pausing') return this.#request(now);
    if (this.#state.at !== 'waiting') return;
    this.#next(this.#state.sentAt, now, `Request ${this.#sent} timed-out: No reply from ${formatIpv4(this.#plan.target)}`);
  }

  /** An ICMP message from `from`; ignored where it does not answer the request that is waited for. */
  answer(from: Ipv4, answer: IcmpAnswer, now: Millis): void {
    if (this.#state.at !== 'waiting' || answer.id !== this.#plan.id || answer.sequence !== (this.#sent & 0xffff)) return;
    const { sentAt } = this.#state;
    if (answer.kind === 'reply') return this.#reply(from, answer.data, sentAt, now);
    if (answer.target !== this.#plan.target) return;
    const why = answer.kind === 'exceeded' ? 'Time to live exceeded' : unreachableWords(answer.code, answer.mtu);
    this.#next(sentAt, now, `Request ${this.#sent} failed: ${why}, reported by ${formatIpv4(from)}`);
  }

  #reply(from: Ipv4, data: Uint8Array, sentAt: Millis, now: Millis): void {
    if (!isEchoData(data, this.#plan.length, this.#plan.pattern)) {
      return this.#next(sentAt, now, `Request ${this.#sent} failed: Reply from ${formatIpv4(from)} carries other data than was sent`);
    }
    const time = Math.max(0, now - sentAt);
    this.#received++;
    this.#least = Math.min(this.#least, time);
    this.#most = Math.max(this.#most, time);
    this.#total += time;
    this.#next(sentAt, now, `Echo reply ${this.#sent} from ${formatIpv4(from)} time delay ${Math.round(time)} ms`);
  }

  #request(now: Millis): void {
    this.#sent++;
    this.#state = { at: 'waiting', sentAt: now };
    const message = encodeEcho({ id: this.#plan.id, sequence: this.#sent & 0xffff }, this.#plan.length, this.#plan.pattern);
    const failure = this.#out.send(message);
    if (failure !== undefined) this.#next(now, now, `Request ${this.#sent} failed: ${failure}`);
  }

  /** The request sent at `sentAt` is settled: says so, then pauses or ends. */
  #next(sentAt: Millis, now: Millis, line: string): void {
    const over = this.#sent >= this.#plan.count;
    this.#state = over ? { at: 'over' } : { at: 'pausing', until: Math.max(now, sentAt + this.#plan.delay) };
    this.#out.line(line);
    if (over) this.#out.done();
  }
}
