// CHAP with MD5 (RFC 1994) and with MS-CHAPv2 (RFC 2759), both sides.
//
//   Challenge(1), Response(2): value size(1) value name        Success(3), Failure(4): message

import { equalBytes, u8 } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import type { Attempt, AuthMachine, AuthOutput, Judge, Verdict } from './auth.ts';
import type { Limits } from './automaton.ts';
import { chapResponse } from './chap-md5.ts';
import { encodePacket, type ControlPacket } from './frame.ts';
import { authenticatorResponse, CHALLENGE_LENGTH, encodeResponse, failureMessage, failureReason, ntResponse, provesItself, RESPONSE_LENGTH } from './mschap.ts';
import { VERDICT_TIME } from './pap.ts';

export const CHAP_CODE = { Challenge: 1, Response: 2, Success: 3, Failure: 4 } as const;
export type ChapAlgorithm = 'CHAP-MD5' | 'MSCHAPv2';

export interface ChapValue {
  /** 1..255 octets. */
  readonly value: Uint8Array;
  readonly name: string;
}
export type ChapRefusal = 'value missing' | 'value too long';

/** The data of a Challenge or Response; a value of no octets is refused (RFC 1994 4.1). Copies. */
export function parseChapValue(data: Uint8Array): ChapValue | ChapRefusal {
  const size = data.length === 0 ? 0 : u8(data, 0);
  if (size === 0) return 'value missing';
  if (1 + size > data.length) return 'value too long';
  return { value: data.slice(1, 1 + size), name: fromUtf8(data.subarray(1 + size)) };
}

/** The data of a Challenge or Response; undefined where the value has not 1..255 octets. */
export function encodeChapValue(value: Uint8Array, name: string): Uint8Array | undefined {
  if (value.length === 0 || value.length > 255) return undefined;
  const text = utf8(name);
  const data = new Uint8Array(1 + value.length + text.length);
  data[0] = value.length;
  data.set(value, 1);
  data.set(text, 1 + value.length);
  return data;
}

export interface ChapPeerSettings {
  readonly algorithm: ChapAlgorithm;
  readonly name: string;
  readonly password: Secret;
  readonly limits: Limits;
  readonly crypto: Crypto;
  readonly random: Random;
  /** Whether a challenge is one that we ourselves put to the peer: answering would prove the peer with our own secret. */
  readonly isOurs: (challenge: Uint8Array) => boolean;
}

/** Answers challenges. Repeats the Response until Success or Failure comes, for either may be lost (RFC 1994 4.1). */
export class ChapPeer implements AuthMachine {
  readonly #settings: ChapPeerSettings;
  readonly #out: AuthOutput;
  #last: { readonly identifier: number; readonly challenge: Uint8Array; readonly packet: Uint8Array } | undefined;
  #waiting: { readonly identifier: number; readonly packet: Uint8Array; readonly proof: string | undefined; sent: number } | undefined;
  #due: Millis = NEVER;
  #ended = false;

  constructor(settings: ChapPeerSettings, out: AuthOutput) {
    this.#settings = settings;
    this.#out = out;
  }

  start(now: Millis): void {
    const { restart, maxConfigure } = this.#settings.limits;
    this.#due = now + restart * maxConfigure;
  }

  receive(packet: ControlPacket, now: Millis): void {
    if (this.#ended) return;
    switch (packet.code) {
      case CHAP_CODE.Challenge:
        return this.#challenge(packet, now);
      case CHAP_CODE.Success:
        return this.#success(packet, now);
      case CHAP_CODE.Failure:
        return this.#failure(packet, now);
      default:
        return;
    }
  }

  deadline(): Millis {
    return this.#due;
  }

  tick(now: Millis): void {
    if (now < this.#due) return;
    const { limits } = this.#settings;
    if (this.#waiting === undefined) return this.#fail('The peer sent no CHAP challenge.', now);
    if (this.#waiting.sent >= limits.maxConfigure) return this.#fail(`The peer did not answer ${this.#waiting.sent} CHAP responses.`, now);
    this.#send(now);
  }

  #challenge(packet: ControlPacket, now: Millis): void {
    const challenge = parseChapValue(packet.data);
    if (typeof challenge === 'string' || this.#settings.isOurs(challenge.value)) return;
    const last = this.#last;
    // The same challenge again gets the same response: with MS-CHAPv2 another one would need another proof in Success.
    if (last !== undefined && last.identifier === packet.identifier && equalBytes(last.challenge, challenge.value)) {
      this.#out.send(last.packet);
      return;
    }
    const answer = this.#answer(packet.identifier, challenge.value);
    const data = answer === undefined ? undefined : encodeChapValue(answer.value, this.#settings.name);
    if (answer === undefined || data === undefined) return;
    const response = encodePacket(CHAP_CODE.Response, packet.identifier, data);
    this.#last = { identifier: packet.identifier, challenge: challenge.value, packet: response };
    this.#waiting = { identifier: packet.identifier, packet: response, proof: answer.proof, sent: 0 };
    this.#send(now);
  }

  /** The value of our Response, and what the peer's Success must then begin with; undefined for a challenge that the algorithm cannot have. */
  #answer(identifier: number, challenge: Uint8Array): { value: Uint8Array; proof: string | undefined } | undefined {
    const { algorithm, crypto, random, name, password } = this.#settings;
    if (algorithm === 'CHAP-MD5') return { value: chapResponse(crypto, identifier, password.octets(), challenge), proof: undefined };
    if (challenge.length !== CHALLENGE_LENGTH) return undefined;
    const proof = { password, name, authenticatorChallenge: challenge, peerChallenge: random.bytes(CHALLENGE_LENGTH) };
    const response = ntResponse(crypto, proof);
    return { value: encodeResponse({ peerChallenge: proof.peerChallenge, ntResponse: response }), proof: authenticatorResponse(crypto, proof, response) };
  }

  #send(now: Millis): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    waiting.sent++;
    this.#due = now + this.#settings.limits.restart;
    this.#out.send(waiting.packet);
  }

  #success(packet: ControlPacket, now: Millis): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.identifier !== packet.identifier) return;
    if (waiting.proof !== undefined && !provesItself(fromUtf8(packet.data), waiting.proof)) {
      return this.#fail('The peer did not prove that it knows our password (MS-CHAPv2).', now);
    }
    this.#waiting = undefined;
    this.#due = NEVER;
    this.#out.accepted(this.#settings.name, { accepted: true }, now);
  }

  #failure(packet: ControlPacket, now: Millis): void {
    if (this.#waiting === undefined || this.#waiting.identifier !== packet.identifier) return;
    const text = printable(fromUtf8(packet.data.subarray(0, 120)));
    const known = this.#settings.algorithm === 'MSCHAPv2' ? failureReason(text) : undefined;
    const why = known ?? (text === '' ? undefined : `"${text}"`);
    this.#fail(`The peer refused our name or password (${this.#settings.algorithm})${why === undefined ? '' : `: ${why}`}.`, now);
  }

  #fail(reason: string, now: Millis): void {
    this.#ended = true;
    this.#waiting = undefined;
    this.#due = NEVER;
    this.#out.failed(reason, now);
  }
}

export interface ChapAuthenticatorSettings {
  readonly algorithm: ChapAlgorithm;
  /** How we call ourselves in the Challenge. */
  readonly name: string;
  readonly limits: Limits;
  readonly random: Random;
  /** Time between challenges once the peer is proven, ms; 0 = no further ones. */
  readonly rechallenge: Millis;
}

/** Challenges the peer, and again from time to time. A further challenge has a new identifier and value (RFC 1994 4.1). */
export class ChapAuthenticator implements AuthMachine {
  readonly #settings: ChapAuthenticatorSettings;
  readonly #judge: Judge;
  readonly #out: AuthOutput;
  #state: 'idle' | 'challenging' | 'judging' | 'answered' | 'refused' = 'idle';
  #identifier: number;
  #challenge: Uint8Array = new Uint8Array(0);
  #sent = 0;
  #due: Millis = NEVER;
  /** Name of the peer once proven, and the last answer, which a repeated Response gets again. */
  #proven: string | undefined;
  #reply: Uint8Array | undefined;

  constructor(settings: ChapAuthenticatorSettings, judge: Judge, out: AuthOutput) {
    this.#settings = settings;
    this.#judge = judge;
    this.#out = out;
    this.#identifier = u8(settings.random.bytes(1), 0);
  }

  start(now: Millis): void {
    this.#sent = 0;
    this.#next(now);
  }

  /** Judges the response to a challenge that a LAC put for us; the peer waits for the answer, or repeats it. In place of `start`. */
  resume(attempt: Extract<Attempt, { kind: 'chap' }>, now: Millis): void {
    this.#identifier = attempt.id;
    this.#challenge = attempt.challenge;
    this.#put(attempt, now);
  }

  /** Whether `challenge` is the one we put to the peer last. */
  asked(challenge: Uint8Array): boolean {
    return equalBytes(challenge, this.#challenge);
  }

  receive(packet: ControlPacket, now: Millis): void {
    if (packet.code !== CHAP_CODE.Response || packet.identifier !== this.#identifier) return;
    if (this.#state === 'answered' || this.#state === 'refused') {
      if (this.#reply !== undefined) this.#out.send(this.#reply);
      return;
    }
    if (this.#state !== 'challenging') return;
    const response = parseChapValue(packet.data);
    if (typeof response === 'string') return;
    const { algorithm } = this.#settings;
    if (response.value.length !== (algorithm === 'CHAP-MD5' ? 16 : RESPONSE_LENGTH)) {
      return this.#refuse(`The peer's ${algorithm} response has ${response.value.length} octets.`, now);
    }
    if (this.#proven !== undefined && this.#proven !== response.name) return this.#refuse(`The peer ${this.#proven} changed its name to ${response.name}.`, now);
    this.#put({ kind: 'chap', algorithm, name: response.name, id: this.#identifier, challenge: this.#challenge, response: response.value }, now);
  }

  deadline(): Millis {
    return this.#due;
  }

  tick(now: Millis): void {
    if (now < this.#due) return;
    this.#due = NEVER;
    switch (this.#state) {
      case 'judging':
        return this.#refuse('The user database did not answer.', now);
      case 'challenging':
        if (this.#sent < this.#settings.limits.maxConfigure) return this.#next(now);
        this.#state = 'refused';
        return this.#out.failed(`The peer did not answer ${this.#sent} CHAP challenges.`, now);
      case 'answered':
        this.#sent = 0;
        return this.#next(now);
      case 'idle':
      case 'refused':
        return;
    }
  }

  #next(now: Millis): void {
    this.#state = 'challenging';
    this.#identifier = (this.#identifier + 1) & 0xff;
    this.#challenge = this.#settings.random.bytes(CHALLENGE_LENGTH);
    this.#sent++;
    this.#due = now + this.#settings.limits.restart;
    const data = encodeChapValue(this.#challenge, this.#settings.name);
    if (data !== undefined) this.#out.send(encodePacket(CHAP_CODE.Challenge, this.#identifier, data));
  }

  #put(attempt: Attempt, now: Millis): void {
    this.#state = 'judging';
    this.#due = now + VERDICT_TIME;
    this.#judge(
      attempt,
      (verdict, later) => {
        if (this.#state === 'judging') this.#verdict(attempt.name, verdict, later);
      },
      now,
    );
  }

  #verdict(name: string, verdict: Verdict, now: Millis): void {
    if (!verdict.accepted) return this.#refuse(verdict.reason, now);
    this.#state = 'answered';
    this.#proven = name;
    this.#due = this.#settings.rechallenge > 0 ? now + this.#settings.rechallenge : NEVER;
    this.#reply = encodePacket(CHAP_CODE.Success, this.#identifier, utf8(verdict.success ?? 'Welcome'));
    this.#out.send(this.#reply);
    this.#out.accepted(name, verdict, now);
  }

  #refuse(reason: string, now: Millis): void {
    this.#state = 'refused';
    this.#due = NEVER;
    const text = this.#settings.algorithm === 'MSCHAPv2' ? failureMessage(this.#challenge) : 'Authentication failed';
    this.#reply = encodePacket(CHAP_CODE.Failure, this.#identifier, utf8(text));
    this.#out.send(this.#reply);
    this.#out.failed(reason, now);
  }
}
