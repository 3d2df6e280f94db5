// What bounds a control connection's transport: the specification's constants, and our own limits.

import type { Millis } from '../bytes/time.ts';

/** RFC 2661 5.8. */
export const SPEC = {
  /** First wait for an acknowledgement. */
  firstTimeout: 1000,
  /** The least that the longest wait may be. */
  leastCap: 8000,
  retransmissions: 5,
  /** A window that the peer did not announce (4.4.3). */
  peerWindow: 4,
  /** A full retransmission cycle: how long state is kept after the last message. */
  retention: 31_000,
} as const;

export interface Limits {
  /** The Receive Window Size we announce, 1..65535. */
  readonly receiveWindow: number;
  /** Messages, and octets of messages, that are kept out of order. More than the window: some peers know none. */
  readonly heldMessages: number;
  readonly heldBytes: number;
  /** Messages and octets of our own that wait for an acknowledgement or for the window; beyond it `send` refuses. */
  readonly queueMessages: number;
  readonly queueBytes: number;
  /** Longest interval between retransmissions, 8000..300000 ms. */
  readonly longestTimeout: Millis;
  /** How often a message is sent again before the connection is given up. */
  readonly retransmissions: number;
  /** How long an acknowledgement waits for a message to ride on. */
  readonly ackDelay: Millis;
  /** Until the peer has acknowledged anything: the most octets sent for each octet received. 0 = no limit (we opened the connection). */
  readonly unprovenGain: number;
}

/**
 * The window announced where thousands of calls may come at once (a LAC and its LNS): with the usual 4, 5,000 calls take 20 s to come up over a
 * path of 20 ms there and back (virtual time in the simulator; 2.6 s with 32).
 */
export const CALLERS_WINDOW = 32;

export const DEFAULT_LIMITS: Limits = {
  receiveWindow: 4, heldMessages: CALLERS_WINDOW, heldBytes: 16_384, queueMessages: 16_384, queueBytes: 4_194_304, longestTimeout: SPEC.leastCap,
  retransmissions: SPEC.retransmissions, ackDelay: 20, unprovenGain: 0,
};
