// What RADIUS servers are told of sessions (RFC 2866; RFC 2867 for tunnels; RFC 2869 2.1 for interim updates). While no server answers,
// beginnings and ends are kept, in order and up to a bound, and told later with their age.

import type { Ipv4 } from '../bytes/ip.ts';
import { hex } from '../bytes/hex.ts';
import { TimerQueue, type Alarm, type Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import { number, octets, text, type Attribute } from './radius.attribute.ts';
import { framedAttributes, LEAST_INTERIM, lineAttributes, type RadiusLine } from './radius.login.ts';
import type { Exchange } from './radius.exchange.ts';
import { CODE, encodeDigestRequest } from './radius.packet.ts';
import type { RadiusServer } from './radius.server.ts';

/** What a session has carried; `in` is what came from the caller. */
export interface RadiusTraffic {
  readonly inOctets: number;
  readonly outOctets: number;
  readonly inPackets: number;
  readonly outPackets: number;
}

/** A session as RADIUS accounts for it and controls it. */
export interface RadiusSession {
  readonly name: string;
  readonly line: RadiusLine;
  /** As the server gave them. */
  readonly class: readonly Uint8Array[];
  /** Seconds between updates; undefined = as set for all (SET RADIUS INTERIM). */
  readonly interim: number | undefined;
  /** Who judged the caller (Acct-Authentic). */
  readonly proved: 'radius' | 'local';
  address(): Ipv4 | undefined;
  traffic(): RadiusTraffic | undefined;
  /** A server asks for the end of the session; `reason` is one sentence. */
  disconnect(reason: string, now: Millis): void;
  /** A server sets new limits in seconds: of the whole session since its beginning, and of silence; 0 = none. */
  change(limits: { readonly sessionTimeout?: number; readonly idleTimeout?: number }, now: Millis): void;
}

/** RFC 2866 5.10. */
export const TERMINATE_CAUSE = {
  'User-Request': 1,
  'Lost-Carrier': 2,
  'Lost-Service': 3,
  'Idle-Timeout': 4,
  'Session-Timeout': 5,
  'Admin-Reset': 6,
  'Admin-Reboot': 7,
  'Port-Error': 8,
  'NAS-Error': 9,
  'NAS-Request': 10,
  'NAS-Reboot': 11,
  'Port-Unneeded': 12,
  'Port-Preempted': 13,
  'Port-Suspended': 14,
  'Service-Unavailable': 15,
  Callback: 16,
  'User-Error': 17,
  'Host-Request': 18,
} as const;
export type TerminateCause = keyof typeof TERMINATE_CAUSE;

/** A session that is accounted for. */
export interface Account {
  readonly session: RadiusSession;
  /** The session is over. Further calls do nothing. */
  end(cause: TerminateCause, now: Millis): void;
}

const STATUS = { Start: 1, Stop: 2, 'Interim-Update': 3, 'Accounting-On': 7, 'Accounting-Off': 8 } as const;
const AUTHENTIC = { radius: 1, local: 2 } as const;
const WORD = 0x1_0000_0000;

/** Own limits. */
const LIMITS = {
  /** Beginnings and ends kept while no server answers; the oldest are lost first. */
  backlog: 10_000,
  /** How often the oldest of them is tried again. */
  retry: 60_000,
} as const;

export interface AccountingParts {
  readonly exchange: Exchange;
  readonly crypto: Crypto;
  readonly random: Random;
  /** Seconds since 1970. */
  seconds(): number;
  /** NAS-IP-Address and NAS-Identifier as this server knows us. */
  identity(server: RadiusServer): Attribute[];
  /** Records were lost: no server for too long. Told once until a server answers again. */
  lost(): void;
}

export interface AccountingCounters {
  starts: number;
  stops: number;
  updates: number;
  /** Dropped from the backlog. */
  lost: number;
}

interface Kept {
  readonly attributes: readonly Attribute[];
  readonly at: Millis;
  readonly kept: boolean;
  readonly only?: Ipv4;
}

interface Live {
  readonly account: Account;
  readonly since: Millis;
  alarm: Alarm | undefined;
}

export class Accounts {
  /** Seconds between updates where the server of a session set none; 0 = none. */
  interim = 0;
  readonly counters: AccountingCounters = { starts: 0, stops: 0, updates: 0, lost: 0 };
  readonly #parts: AccountingParts;
  readonly #timers = new TimerQueue();
  readonly #live = new Set<Live>();
  readonly #backlog: Kept[] = [];
  /** The backlog's first record is on its way to a server. */
  #probing = false;
  #retry: Alarm | undefined;
  #toldLost = false;
  readonly #boot: string;
  #next = 0;

  constructor(parts: AccountingParts) {
    this.#parts = parts;
    this.#boot = hex(parts.random.bytes(4));
  }

  get backlog(): number {
    return this.#backlog.length;
  }

  /** An Acct-Session-Id: 16 hexadecimal digits, another one with every call and every start of the router. */
  sessionId(): string {
    this.#next = (this.#next + 1) >>> 0;
    return this.#boot + this.#next.toString(16).padStart(8, '0');
  }

  sessions(): RadiusSession[] {
    return [...this.#live].map(({ account }) => account.session);
  }

  /** A session has begun: it may carry data from now on. */
  begin(session: RadiusSession, now: Millis): Account {
    const live: Live = { since: now, alarm: undefined, account: { session, end: (cause, at) => this.#end(live, cause, at) } };
    this.#live.add(live);
    this.counters.starts++;
    this.#record('Start', this.#about(session), now);
    this.#schedule(live, now);
    return live.account;
  }

  /** A server is told that no session of before is left (RFC 2866 5.1). */
  on(server: Ipv4, now: Millis): void {
    this.#tell({ attributes: [...this.#head('Accounting-On'), text('Acct-Session-Id', this.sessionId())], at: now, kept: false, only: server }, now);
  }

  /** The router stops. Sessions should have ended. */
  off(server: Ipv4, now: Millis): void {
    const attributes = [...this.#head('Accounting-Off'), text('Acct-Session-Id', this.sessionId()), number('Acct-Terminate-Cause', TERMINATE_CAUSE['Admin-Reboot'])];
    this.#tell({ attributes, at: now, kept: false, only: server }, now);
  }

  /** A server answers again: what was kept is told. */
  back(now: Millis): void {
    this.#probe(now);
  }

  tick(now: Millis): void {
    this.#timers.run(now);
  }

  deadline(): Millis {
    return this.#timers.deadline();
  }

  // -- private --

  #end(live: Live, cause: TerminateCause, now: Millis): void {
    if (!this.#live.delete(live)) return;
    live.alarm?.cancel();
    this.counters.stops++;
    this.#record('Stop', [...this.#about(live.account.session), ...this.#usage(live, now), number('Acct-Terminate-Cause', TERMINATE_CAUSE[cause])], now);
  }

  #schedule(live: Live, now: Millis): void {
    const seconds = live.account.session.interim ?? this.interim;
    // Without an interval the session asks again later, for SET RADIUS INTERIM may come.
    const span = Math.max(LEAST_INTERIM, seconds) * 1000;
    live.alarm = this.#timers.set(now + span, (at) => {
      if (seconds > 0) {
        this.counters.updates++;
        this.#record('Interim-Update', [...this.#about(live.account.session), ...this.#usage(live, at)], at);
      }
      this.#schedule(live, at);
    });
  }

  #about(session: RadiusSession): Attribute[] {
    const address = session.address();
    return [
      text('User-Name', session.name),
      ...framedAttributes(),
      ...lineAttributes(session.line),
      ...(address === undefined ? [] : [number('Framed-IP-Address', address)]),
      number('Acct-Authentic', AUTHENTIC[session.proved]),
      ...session.class.map((value) => octets('Class', value)),
    ];
  }

  #usage({ account, since }: Live, now: Millis): Attribute[] {
    const traffic = account.session.traffic();
    const time = number('Acct-Session-Time', Math.floor((now - since) / 1000));
    if (traffic === undefined) return [time];
    return [
      time,
      number('Acct-Input-Octets', traffic.inOctets),
      number('Acct-Input-Gigawords', Math.floor(traffic.inOctets / WORD)),
      number('Acct-Output-Octets', traffic.outOctets),
      number('Acct-Output-Gigawords', Math.floor(traffic.outOctets / WORD)),
      number('Acct-Input-Packets', traffic.inPackets),
      number('Acct-Output-Packets', traffic.outPackets),
    ];
  }

  #head(status: keyof typeof STATUS): Attribute[] {
    return [number('Acct-Status-Type', STATUS[status]), number('Event-Timestamp', this.#parts.seconds())];
  }

  #record(status: 'Start' | 'Stop' | 'Interim-Update', about: readonly Attribute[], now: Millis): void {
    if (!this.#parts.exchange.takes('account')) return;
    const entry: Kept = { attributes: [...this.#head(status), ...about], at: now, kept: status !== 'Interim-Update' };
    if (this.#backlog.length === 0) this.#tell(entry, now);
    // No server answers now; an update is worth nothing later.
    else if (entry.kept) this.#keep(entry, now);
  }

  #tell(entry: Kept, now: Millis, answered?: (at: Millis) => void): void {
    const { exchange, crypto } = this.#parts;
    exchange.ask(
      {
        lane: 'account',
        ...(entry.only === undefined ? {} : { only: entry.only }),
        build: (server, { id }, at) => {
          const delay = number('Acct-Delay-Time', Math.floor((at - entry.at) / 1000));
          return encodeDigestRequest({ code: CODE['Accounting-Request'], id, attributes: [...entry.attributes, delay, ...this.#parts.identity(server)] }, { secret: server.secret, crypto });
        },
        answered: (_reply, _asked, at) => {
          this.#toldLost = false;
          answered?.(at);
        },
        silent: (_reason, at) => {
          if (answered !== undefined) this.#probing = false;
          if (entry.kept) this.#keep(entry, at);
        },
      },
      now,
    );
  }

  #keep(entry: Kept, now: Millis): void {
    // Kept in the order of events, also where a record comes back from a server that was silent.
    let at = this.#backlog.length;
    while (at > 0 && (this.#backlog[at - 1]?.at ?? 0) > entry.at) at--;
    this.#backlog.splice(at, 0, entry);
    if (this.#backlog.length > LIMITS.backlog) {
      this.#backlog.shift();
      this.counters.lost++;
      if (!this.#toldLost) this.#parts.lost();
      this.#toldLost = true;
    }
    if (this.#retry !== undefined) return;
    this.#retry = this.#timers.set(now + LIMITS.retry, (then) => {
      this.#retry = undefined;
      this.#probe(then);
    });
  }

  /** Tells the oldest record; once it is answered, all others. */
  #probe(now: Millis): void {
    if (this.#probing) return;
    const oldest = this.#backlog.shift();
    if (oldest === undefined) return;
    this.#probing = true;
    this.#tell(oldest, now, (at) => {
      this.#probing = false;
      for (const entry of this.#backlog.splice(0)) this.#tell(entry, at);
    });
  }
}
