// Whole control message bodies (RFC 2661 4.1, 4.2, 6): a list of AVPs <-> a ControlMessage.

import type { Crypto } from '../hal/clock.ts';
import type { Secret } from './auth.ts';
import type { AvpName, ControlMessage, MessageName, Result } from './catalog.ts';

/** Why a message cannot be taken; each is counted. */
export type ControlRefusal =
  /** The first AVP is not a Message Type of 2 octets, not hidden. */
  | 'no message type'
  /** A message type that is not known, with its M bit set. */
  | 'message type unknown'
  /** An AVP's Length is below 6 or beyond the message. */
  | 'avp length wrong'
  /** An AVP that is not recognised, with its M bit set. */
  | 'avp unknown'
  /** A known AVP of a wrong size or range, with its M bit set. */
  | 'avp malformed'
  /** A hidden AVP with its M bit set that cannot be read: no secret, no Random Vector before it, or a length that does not fit. */
  | 'avp hidden'
  /** An AVP that this message must have is not there. */
  | 'avp missing';

/** An AVP that was passed over. */
export interface Note {
  readonly vendor: number;
  readonly type: number;
  readonly what: 'unknown' | 'malformed' | 'hidden' | 'duplicate' | 'longer than defined' | 'trailing octets';
}

export type Decoded =
  | { readonly kind: 'message'; readonly message: ControlMessage; readonly notes: readonly Note[] }
  /** A message type that is not known, without M bit: acknowledged and passed over. */
  | { readonly kind: 'passed over'; readonly type: number }
  | Invalid;

/** What has to be cleared because of a message, and what to tell the peer. */
export interface Invalid {
  readonly kind: 'invalid';
  readonly refusal: ControlRefusal;
  /** Undefined where the message type could not be read or is not known. */
  readonly name: MessageName | undefined;
  readonly scope: 'tunnel' | 'session';
  /** General error (2) with an error code and a text that names the AVP. */
  readonly result: Result;
  /** Ids that the message carried before it went wrong: for the answer (RFC 2661 4.4.3, 4.4.4). */
  readonly assignedTunnelId: number | undefined;
  readonly assignedSessionId: number | undefined;
}

export interface Keys {
  readonly crypto: Crypto;
  /** Undefined: hidden AVPs cannot be read. */
  readonly secret: Secret | undefined;
  /** Recognise the AVPs of drafts before 13. */
  readonly pre13: boolean;
}

/** Values to hide when encoding, and with what. */
export interface Hide {
  readonly secret: Secret;
  readonly crypto: Crypto;
  /** A fresh random vector, 16 octets. */
  readonly vector: Uint8Array;
  readonly names: readonly AvpName[];
}

/** What the operator's or users' secrets travel in (RFC 2661 4.4.5). */
export const SENSITIVE: readonly AvpName[] = ['proxyAuthenName', 'proxyAuthenChallenge', 'proxyAuthenId', 'proxyAuthenResponse'];

/** Reads the body `b[from..to)` of a control message that is no ZLB. Never throws; copies what it keeps. */
export declare function decodeControl(b: Uint8Array, from: number, to: number, keys: Keys): Decoded;

/** The body of `message`; undefined where a value does not fit its AVP (too long, out of range). Nothing is ever truncated. */
export declare function encodeMessage(message: ControlMessage, hide?: Hide): Uint8Array | undefined;
