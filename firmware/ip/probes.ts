// Runs PING and TRACE: resolves the name, holds the raw socket and the alarm, one of each kind at a time (AlliedWare PING, TRACE).

import { ANY_IPV4, type Ipv4 } from '../bytes/ip.ts';
import { type Alarm, type Millis, NEVER } from '../bytes/time.ts';
import type { Clock, Random } from '../hal/clock.ts';
import type { RawIp, RawIpSocket, Resolver } from '../hal/io.ts';
import { type IcmpAnswer, decodeAnswer } from './icmp.ts';
import { Ping, type PingStatistics } from './ping.ts';
import { Trace } from './trace.ts';

/** Parameters of SET PING and PING. Times in seconds. */
export interface PingSettings {
  readonly target: Ipv4 | string | undefined;
  readonly delay: number;
  readonly length: number;
  /** Infinity = CONTINUOUS. */
  readonly count: number;
  readonly pattern: Uint8Array;
  /** 0.0.0.0 = by the source address rule. */
  readonly source: Ipv4;
  readonly timeout: number;
  readonly tos: number;
}

export const PING_DEFAULTS: PingSettings = { target: undefined, delay: 1, length: 24, count: 5, pattern: new Uint8Array(0), source: ANY_IPV4, timeout: 1, tos: 0 };

/** Parameters of TRACE. */
export interface TraceSettings {
  readonly target: Ipv4 | string;
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly probes: number;
  readonly source: Ipv4;
  /** Seconds. */
  readonly timeout: number;
  readonly tos: number;
}

/** Where lines go, and what is told at the end. `failure`: why it could not begin or go on. */
export interface ProbeOutput {
  print(text: string): void;
  over(failure: string | undefined): void;
}

export interface ProbeParts {
  readonly raw: RawIp;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  /** The source of our own packets: the one asked for, SET IP LOCAL, or 0.0.0.0 = as routed. */
  sourceAddress(explicit: Ipv4 | undefined): Ipv4;
  /** The source that routing would choose towards a target. */
  routedSource(target: Ipv4): Ipv4;
}

interface Machine {
  start(now: Millis): void;
  stop(): void;
  tick(now: Millis): void;
  deadline(): Millis;
  answer(from: Ipv4, answer: IcmpAnswer, now: Millis): void;
}

type Send = (message: Uint8Array, ttl: number) => string | undefined;

interface Journey {
  readonly target: Ipv4 | string;
  readonly source: Ipv4;
  readonly tos: number;
}

/** Time to live of PING's requests (RFC 1700). */
const TTL = 64;

/** One probe from its command to its end. */
class Run<M extends Machine> {
  readonly #parts: ProbeParts;
  readonly #over: (failure: string | undefined) => void;
  #socket: RawIpSocket | undefined;
  #alarm: Alarm | undefined;
  machine: M | undefined;
  /** Known once the name is resolved. */
  target: Ipv4 | undefined;
  #ended = false;

  constructor(parts: ProbeParts, over: (failure: string | undefined) => void) {
    this.#parts = parts;
    this.#over = over;
  }

  begin(journey: Journey, make: (target: Ipv4, source: Ipv4, send: Send, done: () => void) => M): void {
    if (typeof journey.target === 'number') return this.#open(journey.target, journey, make);
    this.#parts.resolver.resolve(journey.target, (found) => {
      if (this.#ended) return;
      if ('refused' in found) return this.end(found.refused);
      const [first] = found;
      if (first === undefined) return this.end(`the name ${String(journey.target)} has no address`);
      this.#open(first, journey, make);
    });
  }

  end(failure: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.machine?.stop();
    this.#alarm?.cancel();
    this.#socket?.close();
    this.#over(failure);
  }

  #open(target: Ipv4, { source: asked, tos }: Journey, make: (target: Ipv4, source: Ipv4, send: Send, done: () => void) => M): void {
    const opened = this.#parts.raw.open((heard, now) => {
      const answer = decodeAnswer(heard.type, heard.code, heard.rest);
      if (typeof answer === 'string') return;
      this.machine?.answer(heard.from, answer, now);
      this.#rearm();
    });
    if ('refused' in opened) return this.end(opened.refused);
    this.#socket = opened;
    this.target = target;
    const source = this.#parts.sourceAddress(asked === ANY_IPV4 ? undefined : asked);
    const machine = make(target, source, (message, ttl) => opened.send(target, message, { source, ttl, tos })?.refused, () => this.end(undefined));
    this.machine = machine;
    machine.start(this.#parts.clock.now());
    this.#rearm();
  }

  #rearm(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    const due = this.machine?.deadline() ?? NEVER;
    if (this.#ended || due === NEVER) return;
    this.#alarm = this.#parts.clock.at(due, (now) => {
      this.machine?.tick(now);
      this.#rearm();
    });
  }
}

/** What SHOW PING prints of the last or present PING. */
export interface PingReport {
  readonly target: Ipv4 | string;
  readonly status: 'in progress' | 'completed' | 'stopped' | 'failed';
  readonly failure: string | undefined;
  readonly statistics: PingStatistics;
}

const NOTHING: PingStatistics = { sent: 0, received: 0, lost: 0, least: 0, most: 0, total: 0 };

/** PING and TRACE of the router. */
export class Probes {
  readonly #parts: ProbeParts;
  /** What PING takes where its command names nothing (SET PING). */
  settings: PingSettings = PING_DEFAULTS;
  #ping: Run<Ping> | undefined;
  #pingReport: (() => PingReport) | undefined;
  #trace: Run<Trace> | undefined;
  #traceReport: { readonly target: Ipv4 | string; status: PingReport['status']; reached: boolean } | undefined;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  get pinging(): boolean {
    return this.#ping !== undefined;
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  /** Starts a PING; none may be in progress. */
  ping(asked: PingSettings & { readonly target: Ipv4 | string }, out: ProbeOutput): void {
    let status: PingReport['status'] = 'in progress';
    let failure: string | undefined;
    const run = new Run<Ping>(this.#parts, (why) => {
      this.#ping = undefined;
      failure = why;
      status = this.#stopping ? 'stopped' : why === undefined ? 'completed' : 'failed';
      out.over(why);
    });
    this.#ping = run;
    this.#pingReport = () => ({ target: run.target ?? asked.target, status, failure, statistics: run.machine?.statistics ?? NOTHING });
    const { count, length, pattern } = asked;
    const times = { delay: asked.delay * 1000, timeout: asked.timeout * 1000 };
    run.begin(asked, (target, _source, send, done) =>
      new Ping({ target, id: this.#identifier(), count, length, pattern, ...times }, { send: (message) => send(message, TTL), line: (text) => out.print(text), done }));
  }

  /** Ends the PING in progress; false where there is none. */
  stopPing(): boolean {
    return this.#stop(this.#ping);
  }

  /** The present or last PING; undefined before the first. */
  pingReport(): PingReport | undefined {
    return this.#pingReport?.();
  }

  /** Starts a TRACE; none may be in progress. */
  trace(asked: TraceSettings, out: ProbeOutput): void {
    const report: { readonly target: Ipv4 | string; status: PingReport['status']; reached: boolean } = { target: asked.target, status: 'in progress', reached: false };
    const run = new Run<Trace>(this.#parts, (why) => {
      this.#trace = undefined;
      report.status = this.#stopping ? 'stopped' : why === undefined ? 'completed' : 'failed';
      report.reached = run.machine?.reached === true;
      out.over(why);
    });
    this.#trace = run;
    this.#traceReport = report;
    const { minTtl, maxTtl, probes } = asked;
    run.begin(asked, (target, given, send, done) => {
      const source = given === ANY_IPV4 ? this.#parts.routedSource(target) : given;
      return new Trace({ target, source, id: this.#identifier(), minTtl, maxTtl, probes, timeout: asked.timeout * 1000 }, { send, line: (text) => out.print(text), done });
    });
  }

  /** Ends the TRACE in progress; false where there is none. */
  stopTrace(): boolean {
    return this.#stop(this.#trace);
  }

  /** The present or last TRACE; undefined before the first. `ttl`: the hop being probed. */
  traceReport(): { readonly target: Ipv4 | string; readonly status: PingReport['status']; readonly reached: boolean; readonly ttl: number } | undefined {
    return this.#traceReport === undefined ? undefined : { ...this.#traceReport, ttl: this.#trace?.machine?.ttl ?? 0 };
  }

  /** Ends everything: the router restarts or closes. */
  close(): void {
    this.stopPing();
    this.stopTrace();
  }

  #stopping = false;
  #stop(run: Run<Ping> | Run<Trace> | undefined): boolean {
    if (run === undefined) return false;
    this.#stopping = true;
    run.end(undefined);
    this.#stopping = false;
    return true;
  }

  #identifier(): number {
    const [high = 0, low = 0] = this.#parts.random.bytes(2);
    return high * 256 + low;
  }
}
