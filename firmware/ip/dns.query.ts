// One question to name servers (RFC 1035 7.1-7.3): asks them in turn until one answers. Knows no sockets, caches or clocks.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import type { Random } from '../hal/clock.ts';
import { type DnsRefusal, decodeAnswer, dnsName, encodeQuestion } from './dns.message.ts';

// Limits of ours.
/** A server that has not answered by then is lost or slow: the next one is asked too, the answer of either counts. */
const PATIENCE: Millis = 2000;
/** All tries of one question together, aliases included. */
const WHOLE: Millis = 10_000;
/** Names that lead from one to the next by further questions. */
const ALIASES_MOST = 8;

/** What became of the question. TTLs in seconds. */
export type QueryOutcome =
  | { readonly addresses: readonly Ipv4[]; readonly ttl: number }
  | { readonly none: string; readonly ttl: number | undefined }
  | { readonly refused: string };

export interface QueryOutput {
  /** A question for port 53 of `server`. */
  send(server: Ipv4, message: Uint8Array): void;
  /** Called once, as the last thing. */
  done(outcome: QueryOutcome, now: Millis): void;
}

export const DNS_PORT = 53;

export class Query {
  readonly #asked: string;
  readonly #servers: readonly Ipv4[];
  readonly #random: Random;
  readonly #out: QueryOutput;
  /** The name asked for now: the one wanted, or what it is an alias of. */
  #name: string;
  #ttl = Number.POSITIVE_INFINITY;
  #aliases = 0;
  /** The identifier that each server was asked with. */
  #ids = new Map<Ipv4, number>();
  /** Servers that said that they cannot tell, and why. */
  readonly #failed = new Map<Ipv4, string>();
  #turn = 0;
  #end: Millis = NEVER;
  #due: Millis = NEVER;
  #over = false;

  /** `name` as dnsName gives it; one server at least, the preferred one first. */
  constructor(of: { readonly name: string; readonly servers: readonly Ipv4[]; readonly random: Random }, out: QueryOutput) {
    this.#asked = of.name;
    this.#name = of.name;
    this.#servers = of.servers;
    this.#random = of.random;
    this.#out = out;
  }

  start(now: Millis): void {
    this.#end = now + WHOLE;
    this.#ask(now);
  }

  /** A datagram for this question's socket. A refusal: it is no answer to what was asked of this sender; counted and forgotten. */
  receive(from: Ipv4, port: number, data: Uint8Array, now: Millis): DnsRefusal | 'dns-sender' | undefined {
    const id = port === DNS_PORT ? this.#ids.get(from) : undefined;
    if (this.#over || id === undefined) return 'dns-sender';
    const answer = decodeAnswer(data, { id, name: this.#name });
    if (typeof answer === 'string') return answer;
    switch (answer.kind) {
      case 'addresses':
        this.#finish({ addresses: answer.addresses, ttl: Math.min(this.#ttl, answer.ttl) }, now);
        return undefined;
      case 'none':
        this.#finish({ none: answer.exists ? `${this.#asked} has no address` : `There is no host named ${this.#asked}`, ttl: answer.ttl }, now);
        return undefined;
      case 'alias':
        this.#follow(answer.target, answer.ttl, now);
        return undefined;
      case 'truncated':
        this.#setAside(from, 'its answer does not fit into a datagram', now);
        return undefined;
      case 'failed':
        this.#setAside(from, answer.why, now);
        return undefined;
    }
  }

  tick(now: Millis): void {
    if (this.#over || now < this.#due) return;
    if (now >= this.#end) this.#finish({ refused: `the name server${this.#whom()} gave no answer for ${this.#asked}` }, now);
    else this.#ask(now);
  }

  deadline(): Millis {
    return this.#over ? NEVER : this.#due;
  }

  #whom(): string {
    const texts = this.#servers.map(formatIpv4);
    return `${texts.length > 1 ? 's' : ''} ${texts.join(', ')}`;
  }

  #ask(now: Millis): void {
    const able = this.#servers.filter((server) => !this.#failed.has(server));
    const server = able[this.#turn++ % Math.max(able.length, 1)];
    if (server === undefined) {
      const reasons = [...this.#failed].map(([one, why]) => `${formatIpv4(one)}: ${why}`);
      this.#finish({ refused: `the name server${this.#whom()} gave no address for ${this.#asked} (${reasons.join('; ')})` }, now);
      return;
    }
    let id = this.#ids.get(server);
    if (id === undefined) {
      const [high = 0, low = 0] = this.#random.bytes(2);
      id = high * 256 + low;
      this.#ids.set(server, id);
    }
    this.#due = Math.min(now + PATIENCE, this.#end);
    this.#out.send(server, encodeQuestion(id, this.#name));
  }

  #setAside(server: Ipv4, why: string, now: Millis): void {
    this.#failed.set(server, why);
    this.#ask(now);
  }

  #follow(target: string, ttl: number, now: Millis): void {
    const next = dnsName(target);
    if (next === undefined || ++this.#aliases > ALIASES_MOST) {
      this.#finish({ refused: `${this.#asked} is an alias that leads nowhere` }, now);
      return;
    }
    this.#name = next;
    this.#ttl = Math.min(this.#ttl, ttl);
    this.#ids = new Map();
    this.#ask(now);
  }

  #finish(outcome: QueryOutcome, now: Millis): void {
    this.#over = true;
    this.#out.done(outcome, now);
  }
}
