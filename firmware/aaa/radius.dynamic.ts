// Disconnect- and CoA-Requests of RADIUS servers (RFC 5176). Only what a configured server sent and signed is answered at all.

import { u32 } from '../bytes/integers.ts';
import { formatIpv4, type Ipv4 } from '../bytes/ip.ts';
import { hex } from '../bytes/hex.ts';
import { fromUtf8, printable } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import type { Crypto } from '../hal/clock.ts';
import type { RadiusSession } from './accounting.ts';
import { ATTRIBUTE, all, first, firstNumber, number, octets, SERVICE_TYPE, type Attribute } from './radius.attribute.ts';
import { checkMessageAuthenticator, CODE, encodeReply, parsePacket, requestIsTrue, type Packet, type Trust } from './radius.packet.ts';
import type { RadiusServer } from './radius.server.ts';

/** UDP port of dynamic authorization (RFC 5176 2.3). */
export const DYNAMIC_PORT = 3799;

/** RFC 5176 3.5. */
export const ERROR_CAUSE = {
  'Unsupported Attribute': 401,
  'Missing Attribute': 402,
  'NAS Identification Mismatch': 403,
  'Invalid Request': 404,
  'Unsupported Service': 405,
  'Session Context Not Found': 503,
} as const;

/** Own limits. */
const LIMITS = {
  /** Answers kept for requests that come again. */
  answers: 1024,
  /** Seconds that an Event-Timestamp may be away from our clock (RFC 5176 6.3). */
  window: 300,
  /** For how long a request is the same one that came before: with a time in it, for as long as that can be believed. */
  stamped: 602_000,
  unstamped: 60_000,
} as const;

export interface DynamicCounters {
  disconnects: number;
  changes: number;
  refused: number;
  repeated: number;
  /** From no server of ours. */
  foreign: number;
  malformed: number;
  forged: number;
  /** With a time too far from our clock's. */
  stale: number;
}

export interface DynamicParts {
  readonly crypto: Crypto;
  server(address: Ipv4): RadiusServer | undefined;
  sessions(): readonly RadiusSession[];
  /** NAS-IP-Address and NAS-Identifier as this server knows us. */
  identity(server: RadiusServer): readonly Attribute[];
  /** Seconds since 1970. */
  seconds(): number;
  /** One sentence for the log. */
  noticed(server: Ipv4, what: string): void;
}

/** What tells a session; all that are given have to fit (RFC 5176 3). */
const IDENTIFICATION: Readonly<Record<number, (session: RadiusSession, value: Uint8Array) => boolean>> = {
  [ATTRIBUTE['User-Name']]: (session, value) => session.name === fromUtf8(value),
  [ATTRIBUTE['Acct-Session-Id']]: ({ line }, value) => line.sessionId === fromUtf8(value),
  [ATTRIBUTE['Framed-IP-Address']]: (session, value) => value.length === 4 && session.address() === u32(value, 0),
  [ATTRIBUTE['NAS-Port']]: ({ line }, value) => value.length === 4 && line.nasPort === u32(value, 0),
  [ATTRIBUTE['Calling-Station-Id']]: ({ line }, value) => line.callingNumber === fromUtf8(value),
  [ATTRIBUTE['Called-Station-Id']]: ({ line }, value) => line.calledNumber === fromUtf8(value),
};
const CHANGES: ReadonlySet<number> = new Set([ATTRIBUTE['Session-Timeout'], ATTRIBUTE['Idle-Timeout']]);
const NAS: ReadonlySet<number> = new Set([ATTRIBUTE['NAS-IP-Address'], ATTRIBUTE['NAS-Identifier']]);
/** Without meaning for what is done. */
const HARMLESS: ReadonlySet<number> = new Set([
  ATTRIBUTE['Event-Timestamp'], ATTRIBUTE['Message-Authenticator'], ATTRIBUTE['Proxy-State'], ATTRIBUTE.State, ATTRIBUTE['Reply-Message'],
  ATTRIBUTE['Acct-Terminate-Cause'], ATTRIBUTE.Class,
]);

type Work = { readonly sessions: readonly RadiusSession[] } | { readonly cause: keyof typeof ERROR_CAUSE; readonly why: string };

/** Judges requests and answers them. */
export class DynamicAuthorization {
  readonly counters: DynamicCounters = { disconnects: 0, changes: 0, refused: 0, repeated: 0, foreign: 0, malformed: 0, forged: 0, stale: 0 };
  readonly #parts: DynamicParts;
  /** Oldest first. */
  readonly #answers = new Map<string, { readonly answer: Uint8Array; readonly until: Millis }>();

  constructor(parts: DynamicParts) {
    this.#parts = parts;
  }

  /** The answer to a datagram; undefined where it deserves none. What was asked has been done then. */
  receive(from: Ipv4, port: number, data: Uint8Array, now: Millis): Uint8Array | undefined {
    const server = this.#parts.server(from);
    if (server === undefined) {
      this.counters.foreign++;
      return undefined;
    }
    const request = parsePacket(data);
    if (typeof request === 'string' || (request.code !== CODE['Disconnect-Request'] && request.code !== CODE['CoA-Request'])) {
      this.counters.malformed++;
      return undefined;
    }
    const trust: Trust = { secret: server.secret, crypto: this.#parts.crypto };
    const signature = checkMessageAuthenticator(request, new Uint8Array(16), trust);
    if (!requestIsTrue(request, trust) || signature === 'wrong') {
      this.counters.forged++;
      this.#parts.noticed(from, 'sends Disconnect- or CoA-Requests whose authenticator is wrong: they are ignored; compare the secrets');
      return undefined;
    }
    if (this.#stale(from, request)) return undefined;
    const stamped = firstNumber(request.attributes, 'Event-Timestamp') !== undefined;
    // The authenticator is a digest of the whole request. Without a time in it the same words may be meant anew, from a new port or later.
    const key = `${from} ${stamped ? 'any' : port} ${request.id} ${hex(request.authenticator)}`;
    const former = this.#answers.get(key);
    if (former !== undefined && now < former.until) {
      this.counters.repeated++;
      return former.answer;
    }
    const answer = this.#answer(server, request, signature === 'right' ? 'with Message-Authenticator' : 'plain', now);
    this.#answers.delete(key);
    this.#answers.set(key, { answer, until: now + (stamped ? LIMITS.stamped : LIMITS.unstamped) });
    if (this.#answers.size > LIMITS.answers) {
      const oldest = this.#answers.keys().next();
      if (oldest.done !== true) this.#answers.delete(oldest.value);
    }
    return answer;
  }

  #stale(from: Ipv4, request: Packet): boolean {
    const stamp = firstNumber(request.attributes, 'Event-Timestamp');
    if (stamp === undefined) return false;
    const away = Math.abs(this.#parts.seconds() - stamp);
    if (away <= LIMITS.window) return false;
    this.counters.stale++;
    this.#parts.noticed(from, `sends a Disconnect- or CoA-Request ${away} s away from our clock: ignored, it may be a recorded one; compare the clocks`);
    return true;
  }

  #answer(server: RadiusServer, request: Packet, form: 'with Message-Authenticator' | 'plain', now: Millis): Uint8Array {
    const disconnect = request.code === CODE['Disconnect-Request'];
    const work = this.#judge(server, request);
    // Proxies find their way back by them (RFC 2865 5.33).
    const proxies = all(request.attributes, 'Proxy-State').map((value) => octets('Proxy-State', value));
    const trust: Trust = { secret: server.secret, crypto: this.#parts.crypto };
    if ('cause' in work) {
      this.counters.refused++;
      this.#parts.noticed(server.address, `asks for ${disconnect ? 'the end' : 'a change'} of a session: refused, ${work.why}`);
      const attributes = [number('Error-Cause', ERROR_CAUSE[work.cause]), ...proxies];
      return encodeReply({ code: disconnect ? CODE['Disconnect-NAK'] : CODE['CoA-NAK'], id: request.id, attributes }, request.authenticator, trust, form);
    }
    for (const session of work.sessions) {
      this.#parts.noticed(server.address, `${disconnect ? 'ends' : 'changes'} session ${session.line.sessionId} of user ${printable(session.name)}`);
      if (disconnect) {
        this.counters.disconnects++;
        session.disconnect(`RADIUS server ${formatIpv4(server.address)} asked for it`, now);
      } else {
        this.counters.changes++;
        session.change(limitsOf(request.attributes), now);
      }
    }
    return encodeReply({ code: disconnect ? CODE['Disconnect-ACK'] : CODE['CoA-ACK'], id: request.id, attributes: proxies }, request.authenticator, trust, form);
  }

  /** The sessions that are meant, or why nothing is done. Nothing is done by half. */
  #judge(server: RadiusServer, { code, attributes }: Packet): Work {
    const disconnect = code === CODE['Disconnect-Request'];
    const service = firstNumber(attributes, 'Service-Type');
    if (service === SERVICE_TYPE['Authorize-Only']) return { cause: 'Unsupported Service', why: 'Service-Type Authorize-Only is not supported' };
    const unknown = attributes.find(({ type }) => IDENTIFICATION[type] === undefined && !NAS.has(type) && !HARMLESS.has(type) && (disconnect || !CHANGES.has(type)));
    if (unknown !== undefined) return { cause: 'Unsupported Attribute', why: `attribute ${unknown.type} is not supported` };
    if (!this.#isUs(server, attributes)) return { cause: 'NAS Identification Mismatch', why: 'another NAS is meant' };
    const changes = attributes.filter(({ type }) => CHANGES.has(type));
    if (changes.some(({ value }) => value.length !== 4)) return { cause: 'Invalid Request', why: 'a timeout has not four octets' };
    if (!disconnect && changes.length === 0) return { cause: 'Missing Attribute', why: 'no Session-Timeout or Idle-Timeout is given' };
    const tests = attributes.flatMap(({ type, value }) => {
      const fits = IDENTIFICATION[type];
      return fits === undefined ? [] : [(session: RadiusSession) => fits(session, value)];
    });
    if (tests.length === 0) return { cause: 'Missing Attribute', why: 'nothing tells which one is meant' };
    const sessions = this.#parts.sessions().filter((session) => tests.every((fits) => fits(session)));
    return sessions.length === 0 ? { cause: 'Session Context Not Found', why: 'there is no such session' } : { sessions };
  }

  #isUs(server: RadiusServer, attributes: readonly Attribute[]): boolean {
    const own = this.#parts.identity(server);
    return attributes.every(({ type, value }) => !NAS.has(type) || own.some((one) => one.type === type && hex(one.value) === hex(value)));
  }
}

function limitsOf(attributes: readonly Attribute[]): { readonly sessionTimeout?: number; readonly idleTimeout?: number } {
  const sessionTimeout = first(attributes, 'Session-Timeout');
  const idleTimeout = first(attributes, 'Idle-Timeout');
  return {
    ...(sessionTimeout === undefined ? {} : { sessionTimeout: u32(sessionTimeout, 0) }),
    ...(idleTimeout === undefined ? {} : { idleTimeout: u32(idleTimeout, 0) }),
  };
}
