// One L2TP control connection's transport (RFC 2661 5.8 and appendix A): order, acknowledgement, retransmission, window.
// Knows no AVPs, sockets or clocks.

import { type Millis, NEVER } from '../bytes/time.ts';
import { Congestion } from './congestion.ts';
import type { GiveUp } from './giveup.ts';
import { DEFAULT_LIMITS, type Limits, SPEC } from './limits.ts';
import { RoundTrip } from './roundtrip.ts';

/** Octets of a control header (RFC 2661 3.1). */
const HEADER = 12;
/** How many times as often a message is sent again to a peer that is heard but does not acknowledge it. */
const HEARD_FACTOR = 3;
/** How often the oldest message goes out to a port that is said to be closed: 7 s. */
const CLOSED_SENDS = 3;
/** The one message whose missing acknowledgement may be forgiven. */
const PATIENT = 'HELLO';

/** A message to be delivered reliably. */
export interface Outgoing {
  /** What it is called in a give-up record: SCCRQ, HELLO. */
  readonly name: string;
  /** The session id of its header. */
  readonly sessionId: number;
  /** Our id of the session it is about; its header carries the peer's, and none in the request for a call. */
  readonly about?: number | undefined;
  /** The AVPs. Not changed after it was handed over. */
  readonly body: Uint8Array;
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
  /** Ahead of order and beyond what may be kept: dropped, the peer sends it again. */
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

interface Pending extends Outgoing {
  sends: number;
  firstSent: Millis;
  lastSent: Millis;
}

interface Held {
  readonly sessionId: number;
  readonly body: Uint8Array;
}

const SEQUENCE = 0xffff;
/** How far a received number may lie back and still be a duplicate (RFC 2661 5.8). */
const HALF = 0x8000;
const after = (a: number, b: number): number => (a - b) & SEQUENCE;

export class Reliable {
  readonly counters: ControlCounters = {
    inPackets: 0, inWithData: 0, inNoData: 0, processed: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, nrAhead: 0,
    outPackets: 0, outWithData: 0, outNoData: 0, flowControlTimeouts: 0,
  };
  readonly limits: Limits;
  readonly #out: ReliableOutput;
  /** Sent and not acknowledged, then not sent: the first has number #una. */
  readonly #queue: Pending[] = [];
  #queuedBytes = 0;
  readonly #held = new Map<number, Held>();
  #heldBytes = 0;
  /** How many of the queue are on their way; after a timeout they are sent anew as the window opens again. */
  #inFlight = 0;
  #una = 0;
  /** The number of the next message that has never been sent. */
  #next = 0;
  #nr = 0;
  /** Whether a message of the peer was ever taken. */
  #begun = false;
  #lastAcked = 0;
  readonly #congestion = new Congestion(SPEC.peerWindow);
  readonly #roundTrip = new RoundTrip();
  #wait: Millis = SPEC.firstTimeout;
  #retransmitAt: Millis = NEVER;
  #ackAt: Millis = NEVER;
  #lastHeard: Millis | undefined;
  #instead: string | undefined;
  /** When the peer's port was last said to be closed. */
  #closedAt: Millis = Number.NEGATIVE_INFINITY;
  #received = 0;
  #sent = 0;
  #proven: boolean;
  #failed = false;

  constructor(out: ReliableOutput, limits: Partial<Limits> = {}) {
    this.#out = out;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.#proven = this.limits.unprovenGain === 0;
  }

  /** The Receive Window Size we announce. */
  get receiveWindow(): number {
    return this.limits.receiveWindow;
  }

  /** The longest interval between retransmissions. */
  get longestTimeout(): Millis {
    return this.limits.longestTimeout;
  }

  /** Ns of the next new message. */
  get nextSent(): number {
    return this.#next;
  }

  /** Ns expected next from the peer. */
  get nextReceived(): number {
    return this.#nr;
  }

  /** The last number of the peer's that we have acknowledged; 0 before any. */
  get lastAcked(): number {
    return this.#lastAcked;
  }

  /** Messages sent or waiting, not acknowledged. */
  get unacknowledged(): number {
    return this.#queue.length;
  }

  /** Smoothed round trip (Jacobson), 0 before the first measurement. */
  get roundTrip(): Millis {
    return this.#roundTrip.smoothed;
  }

  /** How long the first wait for an acknowledgement is: never below a second. */
  get adaptiveTimeout(): Millis {
    return Math.min(Math.max(this.#roundTrip.timeout, SPEC.firstTimeout), this.limits.longestTimeout);
  }

  /** When a valid control message last came. */
  get lastHeard(): Millis | undefined {
    return this.#lastHeard;
  }

  /** Whether the peer has acknowledged something, and so does receive at the address it uses. */
  get proven(): boolean {
    return this.#proven;
  }

  /** Messages that may be on their way at once. */
  get window(): number {
    return this.#congestion.window;
  }

  /** The window that the peer announced; 1..65535, SPEC.peerWindow where it did not. Set once, before the second message. */
  announced(window: number): void {
    this.#congestion.announced(window);
  }

  /** Remembers what came instead of an answer. */
  instead(what: string): void {
    this.#instead = what;
  }

  /**
   * The peer's port is closed: whoever served it has forgotten this connection. Where nothing at all is heard either, the oldest message
   * goes out a few times and not until all tries are over.
   */
  closed(now: Millis): void {
    this.#closedAt = now;
  }

  /** Queues a message; it leaves at once where the window is open. False where the queue is full: nothing was queued. */
  send(message: Outgoing, now: Millis): boolean {
    if (this.#failed || this.#queue.length >= this.limits.queueMessages) return false;
    if (this.#queuedBytes + message.body.length > this.limits.queueBytes) return false;
    this.#queue.push({ name: message.name, sessionId: message.sessionId, about: message.about, body: message.body, sends: 0, firstSent: now, lastSent: now });
    this.#queuedBytes += message.body.length;
    this.#pump(now);
    return true;
  }

  /** Forgets messages that were never sent: a StopCCN makes them pointless. */
  dropUnsent(): void {
    const sent = after(this.#next, this.#una);
    for (const message of this.#queue.splice(sent)) this.#queuedBytes -= message.body.length;
  }

  /** A control message of the peer: its numbers, session id and AVPs; an empty body is a ZLB. Delivers what is then in order. */
  receive(ns: number, nr: number, sessionId: number, body: Uint8Array, now: Millis): Receipt {
    this.counters.inPackets++;
    if (body.length > 0) this.counters.inWithData++;
    else this.counters.inNoData++;
    if (this.#failed) return 'outside';
    if (!this.#acknowledge(nr, now)) {
      this.counters.nrAhead++;
      return 'nr ahead';
    }
    this.#lastHeard = now;
    this.#received += HEADER + body.length;
    if (body.length === 0) {
      this.counters.processed++;
      this.#pump(now);
      return 'acknowledgement';
    }
    const ahead = after(ns, this.#nr);
    if (ahead === 0) this.#deliver(sessionId, body, now);
    const receipt = ahead === 0 ? 'delivered' : ahead >= HALF ? this.#duplicate() : this.#hold(ns, ahead, { sessionId, body }, now);
    this.#pump(now);
    return receipt;
  }

  /** Sends again what was not acknowledged in time, sends the acknowledgement that found nothing to ride on. Idempotent. */
  tick(now: Millis): void {
    if (now >= this.#retransmitAt) this.#timeout(now);
    if (now >= this.#ackAt) this.#acknowledgeAlone();
  }

  deadline(): Millis {
    return Math.min(this.#retransmitAt, this.#ackAt);
  }

  /** Takes `nr` off the queue. False where it acknowledges what was never sent. An old one is no news. */
  #acknowledge(nr: number, now: Millis): boolean {
    const count = after(nr, this.#una);
    const sent = after(this.#next, this.#una);
    if (count > sent) return count >= HALF;
    if (count === 0) return true;
    const done = this.#queue.splice(0, count);
    for (const message of done) {
      this.#queuedBytes -= message.body.length;
      if (message.sends === 1) this.#roundTrip.measure(now - message.firstSent);
    }
    this.#una = nr;
    this.#inFlight = Math.max(0, this.#inFlight - count);
    this.#proven = true;
    this.#instead = undefined;
    this.#congestion.acknowledged();
    this.#wait = this.adaptiveTimeout;
    this.#retransmitAt = this.#inFlight > 0 ? now + this.#wait : NEVER;
    return true;
  }

  #deliver(sessionId: number, body: Uint8Array, now: Millis): void {
    this.#inOrder(now);
    this.counters.inOrder++;
    this.#out.deliver(sessionId, body, now);
    for (let held = this.#held.get(this.#nr); held !== undefined && !this.#failed; held = this.#held.get(this.#nr)) {
      this.#held.delete(this.#nr);
      this.#heldBytes -= held.body.length;
      this.#inOrder(now);
      this.#out.deliver(held.sessionId, held.body, now);
    }
  }

  #inOrder(now: Millis): void {
    this.#nr = (this.#nr + 1) & SEQUENCE;
    this.#begun = true;
    this.counters.processed++;
    this.#ackAt = Math.min(this.#ackAt, now + this.limits.ackDelay);
  }

  #duplicate(): Receipt {
    this.counters.orderDiscarded++;
    this.#acknowledgeAlone();
    return 'duplicate';
  }

  #hold(ns: number, ahead: number, message: Held, now: Millis): Receipt {
    this.#ackAt = Math.min(this.#ackAt, now + this.limits.ackDelay);
    const known = this.#held.has(ns);
    if (known || ahead > this.limits.heldMessages || this.#heldBytes + message.body.length > this.limits.heldBytes) {
      this.counters.orderDiscarded++;
      return known ? 'duplicate' : 'outside';
    }
    this.#held.set(ns, { sessionId: message.sessionId, body: message.body.slice() });
    this.#heldBytes += message.body.length;
    this.counters.outOfOrder++;
    return 'held';
  }

  /** Sends from the queue what the window allows. */
  #pump(now: Millis): void {
    while (!this.#failed && this.#inFlight < this.#queue.length && this.#inFlight < this.#allowed()) {
      const message = this.#queue[this.#inFlight];
      if (message === undefined) return;
      const ns = (this.#una + this.#inFlight) & SEQUENCE;
      this.#inFlight++;
      if (ns === this.#next) this.#next = (ns + 1) & SEQUENCE;
      if (this.#retransmitAt === NEVER) this.#retransmitAt = now + this.#wait;
      this.#transmit(message, ns, now);
    }
  }

  /** A HELLO that a peer does not acknowledge must not stop what comes behind it. */
  #allowed(): number {
    const first = this.#queue[0];
    const stuck = first !== undefined && first.name === PATIENT && first.sends > 1;
    return Math.min(this.window + (stuck ? 1 : 0), this.#congestion.advertised);
  }

  #transmit(message: Pending, ns: number, now: Millis): void {
    const again = message.sends++ > 0;
    if (!again) message.firstSent = now;
    message.lastSent = now;
    // Counted as a try, but not sent, where an address that never answered would gain by it.
    if (again && !this.#proven && this.#sent + HEADER + message.body.length > this.limits.unprovenGain * this.#received) return;
    if (again) this.counters.flowControlTimeouts++;
    this.counters.outWithData++;
    this.#put(message, ns);
  }

  #acknowledgeAlone(): void {
    this.counters.outNoData++;
    this.#put(undefined, this.#next);
  }

  #put(message: Outgoing | undefined, ns: number): void {
    this.#ackAt = NEVER;
    if (this.#begun) this.#lastAcked = (this.#nr - 1) & SEQUENCE;
    this.counters.outPackets++;
    this.#sent += this.#out.transmit(message, ns, this.#nr);
  }

  #timeout(now: Millis): void {
    const first = this.#queue[0];
    if (first === undefined || this.#inFlight === 0) {
      this.#retransmitAt = NEVER;
      return;
    }
    const exhausted = this.#queue.slice(0, this.#inFlight).find((message) => message.sends > this.limits.retransmissions && !this.#forgiven(message));
    if (exhausted !== undefined) return this.#giveUp(exhausted, now);
    if (this.#closedAt >= first.firstSent && first.sends >= CLOSED_SENDS && (this.#lastHeard ?? Number.NEGATIVE_INFINITY) <= first.firstSent) return this.#giveUp(first, now);
    this.#congestion.timedOut();
    this.#wait = Math.min(this.#wait * 2, this.limits.longestTimeout);
    this.#retransmitAt = now + this.#wait;
    this.#inFlight = 0;
    this.#pump(now);
  }

  /**
   * RFC 2661 5.8 gives up where "no peer response is detected": a peer heard since the last try lives, on a line that loses much;
   * it gets a few more. A peer that sends data but does not answer HELLO at all is kept as long as data comes.
   */
  #forgiven(message: Pending): boolean {
    if (message.name === PATIENT) {
      const data = this.#out.lastData();
      if (data > message.firstSent && data >= message.lastSent - this.limits.longestTimeout) return true;
    }
    return this.#lastHeard !== undefined && this.#lastHeard >= message.lastSent && message.sends <= this.limits.retransmissions * HEARD_FACTOR;
  }

  #giveUp(message: Pending, now: Millis): void {
    this.#failed = true;
    this.#retransmitAt = NEVER;
    this.#ackAt = NEVER;
    this.#queue.length = 0;
    this.#held.clear();
    this.#out.failed({
      message: message.name, sends: message.sends, firstSent: message.firstSent, gaveUp: now, lastHeard: this.#lastHeard, instead: this.#instead,
    });
  }
}
