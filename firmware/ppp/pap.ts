// PAP (RFC 1334 2): name and password in clear, both sides.
//
//   Authenticate-Request(1): name length(1) name password length(1) password     Ack(2), Nak(3): message length(1) message

import { u8 } from '../bytes/integers.ts';
import { Secret } from '../bytes/secret.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { Attempt, AuthMachine, AuthOutput, Judge, Verdict } from './auth.ts';
import type { Limits } from './automaton.ts';
import { encodePacket, type ControlPacket } from './frame.ts';

export const PAP_CODE = { Request: 1, Ack: 2, Nak: 3 } as const;

/** Own limit: how long a user database may take. */
export const VERDICT_TIME: Millis = 60_000;

export interface PapRequest {
  readonly name: string;
  readonly password: Secret;
}
export type PapRefusal = 'request too short' | 'name too long' | 'password too long';

/** The data of an Authenticate-Request. Octets behind the password are ignored. */
export function parsePapRequest(data: Uint8Array): PapRequest | PapRefusal {
  if (data.length < 2) return 'request too short';
  const nameEnd = 1 + u8(data, 0);
  if (nameEnd >= data.length) return 'name too long';
  const passwordEnd = nameEnd + 1 + u8(data, nameEnd);
  if (passwordEnd > data.length) return 'password too long';
  return { name: fromUtf8(data.subarray(1, nameEnd)), password: new Secret(fromUtf8(data.subarray(nameEnd + 1, passwordEnd))) };
}

/** The data of an Authenticate-Request. Name and password beyond 255 octets are refused. */
export function encodePapRequest(request: PapRequest): Uint8Array | undefined {
  const name = utf8(request.name);
  const password = request.password.octets();
  if (name.length > 255 || password.length > 255) return undefined;
  const data = new Uint8Array(2 + name.length + password.length);
  data[0] = name.length;
  data.set(name, 1);
  data[1 + name.length] = password.length;
  data.set(password, 2 + name.length);
  return data;
}

function message(text: string): Uint8Array {
  const octets = utf8(text).subarray(0, 255);
  const data = new Uint8Array(1 + octets.length);
  data[0] = octets.length;
  data.set(octets, 1);
  return data;
}

/** The text of an Ack or Nak; a wrong length is read as far as there are octets. */
function readMessage(data: Uint8Array): string {
  if (data.length === 0) return '';
  return printable(fromUtf8(data.subarray(1, 1 + u8(data, 0))));
}

/** Proves our name: repeats the request under a new identifier until the answer comes (RFC 1334 2.2.1). */
export class PapPeer implements AuthMachine {
  readonly #name: string;
  readonly #request: Uint8Array | undefined;
  readonly #out: AuthOutput;
  readonly #limits: Limits;
  #identifier = 0;
  /** Requests sent: an answer to any of them counts, for an answer may take longer than the restart time. */
  #sent = 0;
  #due: Millis = NEVER;
  #done = false;

  constructor(credentials: PapRequest, out: AuthOutput, limits: Limits) {
    this.#name = credentials.name;
    this.#request = encodePapRequest(credentials);
    this.#out = out;
    this.#limits = limits;
  }

  start(now: Millis): void {
    if (this.#request === undefined) return this.#fail('Our name or password is too long for PAP.', now);
    this.#send(now);
  }

  receive(packet: ControlPacket, now: Millis): void {
    const back = (this.#identifier - packet.identifier) & 0xff;
    if (this.#done || back >= this.#sent) return;
    if (packet.code === PAP_CODE.Ack) {
      this.#done = true;
      this.#due = NEVER;
      this.#out.accepted(this.#name, { accepted: true }, now);
    } else if (packet.code === PAP_CODE.Nak) {
      const text = readMessage(packet.data);
      this.#fail(`The peer refused our name or password (PAP)${text === '' ? '' : `: "${text}"`}.`, now);
    }
  }

  deadline(): Millis {
    return this.#due;
  }

  tick(now: Millis): void {
    if (now < this.#due) return;
    if (this.#sent >= this.#limits.maxConfigure) return this.#fail(`The peer did not answer ${this.#sent} PAP requests.`, now);
    this.#send(now);
  }

  #send(now: Millis): void {
    if (this.#request === undefined) return;
    this.#identifier = (this.#identifier + 1) & 0xff;
    this.#sent++;
    this.#due = now + this.#limits.restart;
    this.#out.send(encodePacket(PAP_CODE.Request, this.#identifier, this.#request));
  }

  #fail(reason: string, now: Millis): void {
    this.#done = true;
    this.#due = NEVER;
    this.#out.failed(reason, now);
  }
}

/** Judges the peer's request. Repeated requests after the verdict get the same answer (RFC 1334 2.2.1). */
export class PapAuthenticator implements AuthMachine {
  readonly #out: AuthOutput;
  readonly #judge: Judge;
  readonly #limits: Limits;
  #state: 'waiting' | 'judging' | 'proven' | 'refused' = 'waiting';
  #name = '';
  #identifier = 0;
  #due: Millis = NEVER;

  constructor(judge: Judge, out: AuthOutput, limits: Limits) {
    this.#judge = judge;
    this.#out = out;
    this.#limits = limits;
  }

  start(now: Millis): void {
    this.#due = now + this.#limits.restart * this.#limits.maxConfigure;
  }

  /** Judges a request that a LAC took for us; the peer waits for the answer, or repeats it. In place of `start`. */
  resume(attempt: Extract<Attempt, { kind: 'pap' }>, now: Millis): void {
    this.#identifier = attempt.id;
    this.#put(attempt, now);
  }

  receive(packet: ControlPacket, now: Millis): void {
    if (packet.code !== PAP_CODE.Request) return;
    const request = parsePapRequest(packet.data);
    if (typeof request === 'string') return;
    this.#identifier = packet.identifier;
    switch (this.#state) {
      case 'waiting':
        return this.#put({ kind: 'pap', id: packet.identifier, ...request }, now);
      case 'judging':
        return;
      case 'proven':
        return this.#answer(PAP_CODE.Ack, '');
      case 'refused':
        return this.#answer(PAP_CODE.Nak, 'Authentication failed');
    }
  }

  deadline(): Millis {
    return this.#due;
  }

  tick(now: Millis): void {
    if (now < this.#due) return;
    this.#due = NEVER;
    if (this.#state === 'judging') {
      this.#state = 'refused';
      this.#answer(PAP_CODE.Nak, 'Authentication failed');
      this.#out.failed('The user database did not answer.', now);
    } else this.#out.failed('The peer sent no PAP request.', now);
  }

  #put(attempt: Attempt, now: Millis): void {
    this.#state = 'judging';
    this.#name = attempt.name;
    this.#due = now + VERDICT_TIME;
    this.#judge(attempt, (verdict, later) => this.#verdict(verdict, later), now);
  }

  #verdict(verdict: Verdict, now: Millis): void {
    if (this.#state !== 'judging') return;
    this.#due = NEVER;
    if (verdict.accepted) {
      this.#state = 'proven';
      this.#answer(PAP_CODE.Ack, '');
      return this.#out.accepted(this.#name, verdict, now);
    }
    this.#state = 'refused';
    this.#answer(PAP_CODE.Nak, 'Authentication failed');
    this.#out.failed(verdict.reason, now);
  }

  #answer(code: number, text: string): void {
    this.#out.send(encodePacket(code, this.#identifier, message(text)));
  }
}
