// The authentication phase of one link, both directions (RFC 1661 3.5): which machine judges the peer and which proves us.

import type { Secret } from '../bytes/secret.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import type { Attempt, AuthMachine, AuthMethod, AuthOutput, Gate, Judge, Verdict } from './auth.ts';
import type { Limits } from './automaton.ts';
import { CHAP_CODE, ChapAuthenticator, ChapPeer } from './chap.ts';
import { PROTOCOL, type ControlPacket } from './frame.ts';
import { PAP_CODE, PapAuthenticator, PapPeer, VERDICT_TIME } from './pap.ts';

export interface Credentials {
  readonly name: string;
  readonly password: Secret;
}

export interface AuthenticationSettings {
  /** How the peer proves itself, and how we do; undefined = not at all. */
  readonly theyProve: AuthMethod | undefined;
  readonly weProve: AuthMethod | undefined;
  /** Must be there where `weProve` is. */
  readonly credentials: Credentials | undefined;
  /** How we call ourselves in challenges. */
  readonly name: string;
  readonly limits: Limits;
  readonly rechallenge: Millis;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly judge: Judge;
  /** Who is asked where the peer proves nothing; undefined = nobody. */
  readonly gate: Gate | undefined;
}

export interface AuthenticationOutput {
  send(protocol: number, packet: Uint8Array): void;
  /** Both ends have proved what they had to; `name` and `verdict` are those of the peer. Called once. */
  done(name: string, verdict: Verdict | undefined, now: Millis): void;
  failed(reason: string, now: Millis): void;
}

export class Authentication {
  readonly #settings: AuthenticationSettings;
  readonly #out: AuthenticationOutput;
  readonly #judging: PapAuthenticator | ChapAuthenticator | undefined;
  readonly #proving: AuthMachine | undefined;
  #theyProved: boolean;
  #weProved: boolean;
  #name = '';
  #verdict: Verdict | undefined;
  #stopped = false;
  #done = false;
  /** Until when the gate may take to answer; NEVER while it is not asked. */
  #due: Millis = NEVER;

  constructor(settings: AuthenticationSettings, out: AuthenticationOutput) {
    this.#settings = settings;
    this.#out = out;
    this.#theyProved = settings.theyProve === undefined;
    this.#weProved = settings.weProve === undefined;
    this.#judging = settings.theyProve === undefined ? undefined : this.#judge(settings.theyProve);
    this.#proving = settings.weProve === undefined || settings.credentials === undefined ? undefined : this.#prove(settings.weProve, settings.credentials);
  }

  /** Begins. `proof`: what the peer gave a LAC already, which is judged as if it came now. */
  start(now: Millis, proof?: Attempt): void {
    if (proof?.kind === 'pap' && this.#judging instanceof PapAuthenticator) this.#judging.resume(proof, now);
    else if (proof?.kind === 'chap' && this.#judging instanceof ChapAuthenticator) this.#judging.resume(proof, now);
    else this.#judging?.start(now);
    this.#proving?.start(now);
    this.#check(now);
  }

  /** Nothing more leaves; verdicts that come later are ignored. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether PAP or CHAP was agreed in either direction. */
  uses(protocol: number): boolean {
    return this.#is(this.#settings.theyProve, protocol) || this.#is(this.#settings.weProve, protocol);
  }

  /** A packet of a protocol in use. False where it belongs to a direction that was not agreed: whoever we judge cannot tell us the result. */
  receive(protocol: number, packet: ControlPacket, now: Millis): boolean {
    const forUs = protocol === PROTOCOL.PAP ? packet.code === PAP_CODE.Request : packet.code === CHAP_CODE.Response;
    const method = forUs ? this.#settings.theyProve : this.#settings.weProve;
    if (this.#stopped || !this.#is(method, protocol)) return false;
    const machine = forUs ? this.#judging : this.#proving;
    machine?.receive(packet, now);
    return true;
  }

  deadline(): Millis {
    return this.#stopped ? NEVER : Math.min(this.#due, this.#judging?.deadline() ?? NEVER, this.#proving?.deadline() ?? NEVER);
  }

  tick(now: Millis): void {
    if (!this.#stopped) this.#judging?.tick(now);
    if (!this.#stopped) this.#proving?.tick(now);
    if (!this.#stopped && now >= this.#due) this.#pass({ accepted: false, reason: 'Nobody said whether the peer may enter.' }, now);
  }

  #is(method: AuthMethod | undefined, protocol: number): boolean {
    return method !== undefined && (method === 'PAP') === (protocol === PROTOCOL.PAP);
  }

  #judge(method: AuthMethod): PapAuthenticator | ChapAuthenticator {
    const { limits, name, random, rechallenge, judge } = this.#settings;
    const out = this.#output(method, (peer, verdict, now) => {
      this.#theyProved = true;
      this.#name = peer;
      this.#verdict = verdict;
      this.#check(now);
    });
    // A verdict may come when the link is long gone.
    const alive: Judge = (attempt, answer, now) =>
      judge(
        attempt,
        (verdict, later) => {
          if (!this.#stopped) answer(verdict, later);
        },
        now,
      );
    if (method === 'PAP') return new PapAuthenticator(alive, out, limits);
    return new ChapAuthenticator({ algorithm: method, name, limits, random, rechallenge }, alive, out);
  }

  #prove(method: AuthMethod, credentials: Credentials): AuthMachine {
    const { limits, crypto, random } = this.#settings;
    const out = this.#output(method, (_name, _verdict, now) => {
      this.#weProved = true;
      this.#check(now);
    });
    if (method === 'PAP') return new PapPeer(credentials, out, limits);
    const isOurs = (challenge: Uint8Array): boolean => this.#judging instanceof ChapAuthenticator && this.#judging.asked(challenge);
    return new ChapPeer({ algorithm: method, ...credentials, limits, crypto, random, isOurs }, out);
  }

  #output(method: AuthMethod, accepted: AuthOutput['accepted']): AuthOutput {
    const protocol = method === 'PAP' ? PROTOCOL.PAP : PROTOCOL.CHAP;
    return { send: (packet) => this.#out.send(protocol, packet), accepted, failed: (reason, now) => this.#out.failed(reason, now) };
  }

  #check(now: Millis): void {
    if (this.#done || this.#stopped || !this.#theyProved || !this.#weProved) return;
    this.#done = true;
    const { theyProve, gate } = this.#settings;
    if (theyProve !== undefined || gate === undefined) return this.#out.done(this.#name, this.#verdict, now);
    this.#due = now + VERDICT_TIME;
    gate((verdict, later) => this.#pass(verdict, later), now);
  }

  #pass(verdict: Verdict, now: Millis): void {
    if (this.#stopped || this.#due === NEVER) return;
    this.#due = NEVER;
    if (verdict.accepted) this.#out.done('', verdict, now);
    else this.#out.failed(verdict.reason, now);
  }
}
