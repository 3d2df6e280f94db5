// MS-CHAPv2 (RFC 2759): the computations and the formats of Response, Success and Failure. Protocol flow: chap.ts.
//
//   Response value (49 octets): peer challenge(16) zeros(8) NT response(24) flags(1)

import { equalBytes } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import { utf8 } from '../bytes/text.ts';
import type { Crypto } from '../hal/clock.ts';

export const RESPONSE_LENGTH = 49;
export const CHALLENGE_LENGTH = 16;

/** What both ends put into a proof. */
export interface Proof {
  readonly password: Secret;
  /** As sent; a domain before a backslash does not count (RFC 2759 4). */
  readonly name: string;
  readonly authenticatorChallenge: Uint8Array;
  readonly peerChallenge: Uint8Array;
}

const MAGIC1 = utf8('Magic server to client signing constant');
const MAGIC2 = utf8('Pad to make it do more than one iteration');

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function utf16le(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    out[i * 2] = unit;
    out[i * 2 + 1] = unit >> 8;
  }
  return out;
}

/** NtPasswordHash (RFC 2759 8.3). */
export const ntPasswordHash = (crypto: Crypto, password: Secret): Uint8Array => crypto.md4(utf16le(password.reveal()));

/** ChallengeHash (RFC 2759 8.2): 8 octets. */
export function challengeHash(crypto: Crypto, proof: Omit<Proof, 'password'>): Uint8Array {
  const name = proof.name.slice(proof.name.lastIndexOf('\\') + 1);
  return crypto.sha1(join(proof.peerChallenge, proof.authenticatorChallenge, utf8(name))).slice(0, 8);
}

/** A DES key of 8 octets from 7: seven bits each, then odd parity (RFC 2759 8.6). */
export function desKey(seven: Uint8Array): Uint8Array {
  const key = new Uint8Array(8);
  for (let i = 0; i < 8; i++) {
    const high = (seven[i - 1] ?? 0) << (7 - i);
    const bits = ((high | ((seven[i] ?? 0) >> (i + 1))) & 0x7f) << 1;
    let ones = 0;
    for (let bit = bits; bit > 0; bit >>= 1) ones += bit & 1;
    key[i] = bits | (1 - (ones & 1));
  }
  return key;
}

/** ChallengeResponse (RFC 2759 8.5): the challenge hash under three DES keys made of the padded password hash. */
function challengeResponse(crypto: Crypto, challenge: Uint8Array, passwordHash: Uint8Array): Uint8Array {
  const padded = new Uint8Array(21);
  padded.set(passwordHash.subarray(0, 16));
  return join(...[0, 7, 14].map((from) => crypto.des(desKey(padded.subarray(from, from + 7)), challenge)));
}

/** GenerateNTResponse (RFC 2759 8.1): 24 octets. */
export const ntResponse = (crypto: Crypto, proof: Proof): Uint8Array =>
  challengeResponse(crypto, challengeHash(crypto, proof), ntPasswordHash(crypto, proof.password));

/** GenerateAuthenticatorResponse (RFC 2759 8.7): `S=` and 40 upper-case hex digits. */
export function authenticatorResponse(crypto: Crypto, proof: Proof, response: Uint8Array): string {
  const hashOfHash = crypto.md4(ntPasswordHash(crypto, proof.password));
  const digest = crypto.sha1(join(hashOfHash, response, MAGIC1));
  const final = crypto.sha1(join(digest, challengeHash(crypto, proof), MAGIC2));
  return `S=${upperHex(final)}`;
}

const upperHex = (b: Uint8Array): string => Array.from(b, (octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('');

export interface MsChapResponse {
  readonly peerChallenge: Uint8Array;
  readonly ntResponse: Uint8Array;
}

/** The parts of a Response value. The reserved octets and the flags must be zero (RFC 2759 4); sloppy peers set them, so they are not checked. */
export function parseResponse(value: Uint8Array): MsChapResponse | 'response length wrong' {
  if (value.length !== RESPONSE_LENGTH) return 'response length wrong';
  return { peerChallenge: value.slice(0, 16), ntResponse: value.slice(24, 48) };
}

/** A Response value with reserved octets and flags zero. */
export const encodeResponse = (response: MsChapResponse): Uint8Array => join(response.peerChallenge, new Uint8Array(8), response.ntResponse, new Uint8Array(1));

/** Whether a Success message carries the proof that we expect; what follows the 42 characters is for people (RFC 2759 5). */
export const provesItself = (message: string, expected: string): boolean =>
  message.length >= expected.length && equalBytes(utf8(message.slice(0, expected.length).toUpperCase()), utf8(expected));

/** A Failure message (RFC 2759 6): authentication failed, no retry. */
export const failureMessage = (challenge: Uint8Array): string => `E=691 R=0 C=${upperHex(challenge)} V=3 M=Authentication failed`;

const FAILURES: Readonly<Record<string, string>> = {
  646: 'not at this time of day',
  647: 'the account is disabled',
  648: 'the password has expired',
  649: 'no permission to dial in',
  691: 'wrong name or password',
  709: 'the password cannot be changed',
};

/** What a Failure message says, for people; undefined where it has no error code. */
export function failureReason(message: string): string | undefined {
  const code = /(?:^|\s)E=(\d{1,10})/.exec(message)?.[1];
  return code === undefined ? undefined : (FAILURES[code] ?? `error ${code}`);
}
