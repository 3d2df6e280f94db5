// What the three authentication protocols have in common (RFC 1334, RFC 1994, RFC 2759).

import { equalBytes } from '../bytes/integers.ts';
import type { Ipv4 } from '../bytes/ip.ts';
import type { Secret } from '../bytes/secret.ts';
import type { Millis } from '../bytes/time.ts';
import type { Crypto } from '../hal/clock.ts';
import { chapResponse } from './chap-md5.ts';
import type { ControlPacket } from './frame.ts';
import { authenticatorResponse, ntResponse, parseResponse } from './mschap.ts';

export type AuthMethod = 'PAP' | 'CHAP-MD5' | 'MSCHAPv2';

/** What a peer offers as proof. */
export type Attempt =
  | { readonly kind: 'pap'; readonly name: string; readonly id: number; readonly password: Secret }
  | {
      readonly kind: 'chap';
      readonly algorithm: 'CHAP-MD5' | 'MSCHAPv2';
      readonly name: string;
      readonly id: number;
      readonly challenge: Uint8Array;
      /** 16 octets with MD5, 49 with MS-CHAPv2. */
      readonly response: Uint8Array;
    };

/** What the user database says. `success` is the text of the Success packet (MS-CHAPv2: our own proof, `S=...`). */
export type Verdict =
  | {
      readonly accepted: true;
      readonly success?: string;
      readonly address?: Ipv4;
      /** How long the session may last from its network phase on, and how long it may carry nothing, seconds. The lesser of this and what the interface says holds. */
      readonly sessionTimeout?: number;
      readonly idleTimeout?: number;
    }
  /** `reason` is one sentence for the log; the peer only learns that it was refused. */
  | { readonly accepted: false; readonly reason: string };

/** Gives the verdict, at once or later; a late one for a link that is gone is ignored. */
export type Judge = (attempt: Attempt, answer: (verdict: Verdict, now: Millis) => void, now: Millis) => void;

/** Asks whether a peer that had to prove nothing may enter the network phase; the answer comes at once or later. */
export type Gate = (go: (verdict: Verdict, now: Millis) => void, now: Millis) => void;

/** One side of one authentication. */
export interface AuthMachine {
  start(now: Millis): void;
  receive(packet: ControlPacket, now: Millis): void;
  tick(now: Millis): void;
  deadline(): Millis;
}

/** How an authentication machine reaches its link. */
export interface AuthOutput {
  send(packet: Uint8Array): void;
  /** The proof was accepted; `name` is who proved. May come again after a re-challenge. */
  accepted(name: string, verdict: Verdict, now: Millis): void;
  /** It failed; one sentence. The link closes. */
  failed(reason: string, now: Millis): void;
}

/** Whether an attempt proves knowledge of `secret`: for user databases that hold the clear password. Constant time in the secret. */
export function verifyAttempt(crypto: Crypto, attempt: Attempt, secret: Secret): Verdict {
  const refused: Verdict = { accepted: false, reason: `Wrong password for user ${attempt.name}.` };
  if (attempt.kind === 'pap') {
    return secret.matches(attempt.password.octets()) ? { accepted: true } : refused;
  }
  if (attempt.algorithm === 'CHAP-MD5') {
    return equalBytes(chapResponse(crypto, attempt.id, secret.octets(), attempt.challenge), attempt.response) ? { accepted: true } : refused;
  }
  const response = parseResponse(attempt.response);
  if (typeof response === 'string') return refused;
  const proof = { password: secret, name: attempt.name, authenticatorChallenge: attempt.challenge, peerChallenge: response.peerChallenge };
  const expected = ntResponse(crypto, proof);
  if (!equalBytes(expected, response.ntResponse)) return refused;
  return { accepted: true, success: `${authenticatorResponse(crypto, proof, response.ntResponse)} M=Welcome` };
}
