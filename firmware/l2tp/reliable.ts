// One L2TP control connection's transport (RFC 2661 5.8 and appendix A): order, acknowledgement, retransmission, window.
// Knows no AVPs, sockets or clocks.

import { type Millis, NEVER } from '../bytes/time.ts';

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
  /** Messages out of order that are kept, and the Receive Window Size we announce. 1..32768 */
  readonly receiveWindow: number;
  /** Octets of messages kept out of order. */
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

export const DEFAULT_LIMITS: Limits = {
  receiveWindow: 4, heldBytes: 16_384, queueMessages: 4096, queueBytes: 1_048_576, longestTimeout: SPEC.leastCap,
  retransmissions: SPEC.retransmissions, ackDelay: 20, unprovenGain: 0,
};

/** A message to be delivered reliably. */
export interface Outgoing {
  /** What it is called in a give-up record: SCCRQ, HELLO. */
  readonly name: string;
  /** The session id of its header. */
  readonly sessionId: number;
  /** The AVPs. Not changed after it was handed over. */
  readonly body: Uint8Array;
}

/** Why a connection was given up, in the terms of one sentence for the operator. */
export interface GiveUp {
  readonly message: string;
  /** How often it was sent in all. */
  readonly sends: number;
  readonly firstSent: Millis;
  readonly gaveUp: Millis;
  /** When anything valid last came from the peer; undefined = never. */
  readonly lastHeard: Millis | undefined;
  /** What came instead of an answer: "ICMP port unreachable", "a message for tunnel 77". */
  readonly instead: string | undefined;
}

export interface ReliableOutput {
  /** Send this message, or a ZLB acknowledgement where undefined, with these numbers. Returns the octets of the datagram. */
  transmit(message: Outgoing | undefined, ns: number, nr: number): number;
  /** The next message of the peer in order. `body` is valid only until the call returns. */
  deliver(sessionId: number, body: Uint8Array, now: Millis): void;
  /** Nobody answers: called once; nothing is sent any more. */
  failed(record: GiveUp): void;
  /** When data last came from the peer; a HELLO that is not acknowledged is forgiven while data comes. -Infinity = never. */
  lastData(): Millis;
}

/** What became of a message received. */
export type Receipt =
  /** In order: delivered. */
  | 'delivered'
  /** A ZLB: only its acknowledgement counts. */
  | 'acknowledgement'
  /** Received before: acknowledged again, not delivered. */
  | 'duplicate'
  /** Ahead of order: kept until the missing ones arrive. */
  | 'held'
  /** Ahead of order and beyond the window or what may be kept: dropped, the peer sends it again. */
  | 'outside'
  /** It acknowledges what was never sent: dropped whole. */
  | 'nr ahead';

/** In the words of SHOW L2TP COUNTER and SHOW L2TP TUNNEL COUNTER. Control messages only. */
export interface ControlCounters {
  inPackets: number;
  inWithData: number;
  inNoData: number;
  /** Delivered, or taken as acknowledgement. */
  processed: number;
  inOrder: number;
  /** Arrived ahead of order and kept. */
  outOfOrder: number;
  /** Duplicates, and what was too far ahead to be kept. */
  orderDiscarded: number;
  /** Acknowledged what was never sent. */
  nrAhead: number;
  outPackets: number;
  outWithData: number;
  outNoData: number;
  /** Messages sent again because no acknowledgement came. */
  flowControlTimeouts: number;
}

export declare class Reliable {
  constructor(out: ReliableOutput, limits?: Partial<Limits>);
  readonly counters: ControlCounters;
  /** The window the peer announced; SPEC.peerWindow until set. 1..65535 */
  peerWindow: number;
  /** Queues a message; it leaves at once where the window is open. False where the queue is full: nothing was queued. */
  send(message: Outgoing, now: Millis): boolean;
  /** A control message of the peer with these numbers; an empty body is a ZLB. */
  receive(ns: number, nr: number, sessionId: number, body: Uint8Array, now: Millis): Receipt;
  /** Idempotent; acts only on what is due. */
  tick(now: Millis): void;
  /** NEVER when idle. */
  deadline(): Millis;
}
export const UNUSED = NEVER;
