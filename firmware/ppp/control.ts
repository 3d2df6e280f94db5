// One control protocol (LCP or an NCP): its packets turned into events of the automaton, and actions into packets (RFC 1661 5).

import { equalBytes, u8 } from '../bytes/integers.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import { Automaton, DEFAULT_LIMITS, type Action, type Event, type Limits, type State } from './automaton.ts';
import { CODE, encodePacket, type ControlPacket } from './frame.ts';
import { encodeOptions, isPartOf, parseOptions, type Option } from './option.ts';
import type { LcpHistory } from './proxy.ts';

/** What is wrong with a peer's Configure-Request; all empty = nothing. */
export interface Judgement {
  /** Options of the request that we do not know, as they came. */
  readonly rejected: readonly Option[];
  /** Options whose value we do not take, each with a value that we would. */
  readonly naked: readonly { readonly asked: Option; readonly wanted: Option }[];
  /** Options that we want the peer to ask for and that it left out. */
  readonly appended: readonly Option[];
}

/** The options of one protocol. Everything but `begin`, `agreed`, `naked` and `rejected` leaves it unchanged. */
export interface Negotiator {
  /** A new negotiation: forget all that was agreed and refused. */
  begin(): void;
  /** The options of our Configure-Request now. */
  request(): readonly Option[];
  /** `options` hold each type at most once: repeated ones are rejected before. */
  judge(options: readonly Option[]): Judgement;
  /** We acknowledge the peer's request: from now on these hold for what it receives or sends. */
  agreed(options: readonly Option[]): void;
  /** The peer would rather have these values. A text: it cannot be agreed, and why. */
  naked(options: readonly Option[]): string | undefined;
  /** The peer does not know these of our options. A text: it cannot do without, and why. */
  rejected(options: readonly Option[]): string | undefined;
}

export interface ControlOutput {
  /** A packet to send, from its code on. */
  send(packet: Uint8Array): void;
  up(now: Millis): void;
  down(now: Millis): void;
  /** The protocol has ended and nothing will happen by itself any more; `reason` is one sentence. */
  finished(reason: string, now: Millis): void;
  /** A packet sent or received, for the trace. */
  packet(direction: 'rx' | 'tx', packet: ControlPacket): void;
  state(before: State, event: Event, after: State): void;
}

/** Codes beyond 7, LCP only. */
export interface Extension {
  /** The event that a packet of such a code is, 'nothing' where it is known but changes nothing. */
  receive(packet: ControlPacket, now: Millis): Event | 'nothing';
  /** Answers the packet that was an RXR in state Opened. */
  respond(packet: ControlPacket, now: Millis): void;
  /** The peer does not know this code. */
  codeRejected(code: number): void;
}

/** Why a packet was dropped; each is a counter. */
export type ControlRefusal = 'not open' | 'options malformed' | 'not an answer to our request' | 'reject malformed';

export interface ControlCounters {
  /** By code 1..13. */
  readonly received: number[];
  readonly sent: number[];
  readonly refused: Record<ControlRefusal, number>;
}

export interface ControlSettings {
  /** For reasons: 'LCP', 'IPCP'. */
  readonly name: string;
  readonly negotiator: Negotiator;
  readonly limits?: Limits;
  readonly extension?: Extension;
  /** The largest packet that the peer takes, octets from the code on. */
  readonly peerMru: () => number;
}

/** Own limit: after so many Naks and Rejects in one negotiation there will be no agreement. */
const MAX_ROUNDS = 40;
/** Own limit: how often a request that we acknowledged already is acknowledged again in state Opened without a new
 * negotiation. Links that double or lose packets bring such requests; a peer that really starts again differs or persists. */
const MAX_REPEATS = 2;

export class Control {
  readonly #name: string;
  readonly #negotiator: Negotiator;
  readonly #extension: Extension | undefined;
  readonly #out: ControlOutput;
  readonly #limits: Limits;
  readonly #peerMru: () => number;
  readonly #automaton: Automaton;
  readonly counters: ControlCounters = {
    received: Array.from({ length: 14 }, () => 0),
    sent: Array.from({ length: 14 }, () => 0),
    refused: { 'not open': 0, 'options malformed': 0, 'not an answer to our request': 0, 'reject malformed': 0 },
  };
  #identifier = 0;
  #request: { readonly identifier: number; readonly options: readonly Option[]; readonly data: Uint8Array } | undefined;
  #answered = false;
  /** The identifier is undefined where another one acknowledged for us. */
  #acknowledged: { readonly identifier: number | undefined; readonly data: Uint8Array } | undefined;
  #first: Uint8Array | undefined;
  #repeats = 0;
  #naksSent = 0;
  #naksReceived = 0;
  #rounds = 0;
  #reason = '';
  #words = '';
  /** The packet being handled, and what it will be answered with. */
  #packet: ControlPacket | undefined;
  #asked: readonly Option[] = [];
  #refusal: { readonly code: number; readonly options: readonly Option[] } | undefined;

  constructor(settings: ControlSettings, out: ControlOutput) {
    this.#name = settings.name;
    this.#negotiator = settings.negotiator;
    this.#extension = settings.extension;
    this.#limits = settings.limits ?? DEFAULT_LIMITS;
    this.#peerMru = settings.peerMru;
    this.#out = out;
    this.#automaton = new Automaton((action, now) => this.#act(action, now), this.#limits);
    this.#negotiator.begin();
  }

  get state(): State {
    return this.#automaton.state;
  }

  /** Why it is ending or about to end, one sentence; empty while all is well. */
  get reason(): string {
    return this.#reason;
  }

  /** The requests so far: the peer's first, and the two that hold while the protocol is open. */
  get history(): LcpHistory {
    return { initialReceived: this.#first, lastSent: this.#request?.data, lastReceived: this.#acknowledged?.data };
  }

  open(now: Millis): void {
    this.#event('Open', now);
  }

  /** Opened at once: a LAC sent `sent` and acknowledged `received` for us. The negotiator holds both already. */
  adopt(sent: readonly Option[], received: readonly Option[], now: Millis): void {
    this.#request = { identifier: 0, options: sent, data: encodeOptions(sent) };
    this.#answered = true;
    this.#acknowledged = { identifier: undefined, data: encodeOptions(received) };
    this.#automaton.adopt(now);
  }

  up(now: Millis): void {
    this.#event('Up', now);
  }

  down(now: Millis): void {
    this.#event('Down', now);
  }

  /** Ends the protocol. `reason` goes to `finished`, and to the peer unless it is told `words`. */
  close(reason: string, now: Millis, words = reason): void {
    if (this.#reason === '' || this.#automaton.state === 'Opened') {
      this.#reason = reason;
      this.#words = words;
    }
    this.#event('Close', now);
  }

  /** The peer rejects the whole protocol. */
  protocolRejected(now: Millis): void {
    this.#reason = `The peer does not speak ${this.#name}.`;
    this.#event('RXJ-', now);
  }

  deadline(): Millis {
    return this.#automaton.deadline();
  }

  tick(now: Millis): void {
    if (now < this.#automaton.deadline()) return;
    const before = this.#automaton.state;
    const opening = before === 'Req-Sent' || before === 'Ack-Rcvd' || before === 'Ack-Sent';
    if (opening && this.#automaton.counter <= 0 && this.#reason === '') this.#reason = this.#silence();
    const event = this.#automaton.counter > 0 ? 'TO+' : 'TO-';
    this.#automaton.tick(now);
    this.#out.state(before, event, this.#automaton.state);
  }

  /** A packet of this protocol. */
  receive(packet: ControlPacket, now: Millis): void {
    if (this.state === 'Initial' || this.state === 'Starting') return this.#refuse('not open');
    const known = packet.code >= 1 && packet.code < this.counters.received.length;
    if (known) this.counters.received[packet.code] = (this.counters.received[packet.code] ?? 0) + 1;
    this.#out.packet('rx', packet);
    this.#packet = packet;
    switch (packet.code) {
      case CODE.ConfigureRequest:
        return this.#configureRequest(packet, now);
      case CODE.ConfigureAck:
        return this.#configureAck(packet, now);
      case CODE.ConfigureNak:
      case CODE.ConfigureReject:
        return this.#configureRefused(packet, now);
      case CODE.TerminateRequest:
        if (this.state !== 'Closing' && this.state !== 'Closed') this.#reason = `The peer closed ${this.#name}${this.#quoted(packet.data)}.`;
        return this.#event('RTR', now);
      case CODE.TerminateAck:
        return this.#event('RTA', now);
      case CODE.CodeReject:
        return this.#codeReject(packet, now);
      default: {
        const event = this.#extension?.receive(packet, now) ?? 'RUC';
        if (event !== 'nothing') this.#event(event, now);
      }
    }
  }

  /** Sends a packet of an extended code under a new identifier, which it returns. */
  sendExtended(code: number, data: Uint8Array): number {
    const identifier = this.#nextIdentifier();
    this.#send(code, identifier, data);
    return identifier;
  }

  /** Answers a packet of an extended code. */
  answer(code: number, identifier: number, data: Uint8Array): void {
    this.#send(code, identifier, data);
  }

  #event(event: Event, now: Millis): void {
    const before = this.#automaton.state;
    if (this.#automaton.event(event, now)) this.#out.state(before, event, this.#automaton.state);
  }

  #refuse(why: ControlRefusal): void {
    this.counters.refused[why]++;
  }

  #configureRequest(packet: ControlPacket, now: Millis): void {
    const options = parseOptions(packet.data);
    if (typeof options === 'string') return this.#refuse('options malformed');
    this.#first ??= packet.data.slice();
    const acknowledged = this.#acknowledged;
    const known = acknowledged !== undefined && (acknowledged.identifier ?? packet.identifier) === packet.identifier;
    const repeated = known && equalBytes(acknowledged.data, packet.data);
    if (this.state === 'Opened' && repeated && this.#repeats < MAX_REPEATS) {
      this.#repeats++;
      return this.#send(CODE.ConfigureAck, packet.identifier, packet.data);
    }
    this.#asked = options;
    this.#refusal = this.#judge(options);
    this.#event(this.#refusal === undefined ? 'RCR+' : 'RCR-', now);
  }

  /** Reject before Nak; after Max-Failure Naks a Nak becomes a Reject and nothing is appended (RFC 1661 4.6, 5.3, 5.4). */
  #judge(options: readonly Option[]): { code: number; options: readonly Option[] } | undefined {
    const seen = new Set<number>();
    const once: Option[] = [];
    const twice: Option[] = [];
    for (const option of options) {
      (seen.has(option.type) ? twice : once).push(option);
      seen.add(option.type);
    }
    const { rejected, naked, appended } = this.#negotiator.judge(once);
    if (rejected.length + twice.length > 0) return { code: CODE.ConfigureReject, options: [...rejected, ...twice] };
    if (this.#naksSent >= this.#limits.maxFailure) {
      return naked.length > 0 ? { code: CODE.ConfigureReject, options: naked.map(({ asked }) => asked) } : undefined;
    }
    if (naked.length + appended.length === 0) return undefined;
    return { code: CODE.ConfigureNak, options: [...naked.map(({ wanted }) => wanted), ...appended] };
  }

  #configureAck(packet: ControlPacket, now: Millis): void {
    const request = this.#request;
    if (!this.#isAnswer(packet) || request === undefined || !equalBytes(request.data, packet.data)) return this.#refuse('not an answer to our request');
    this.#answered = true;
    this.#event('RCA', now);
  }

  #configureRefused(packet: ControlPacket, now: Millis): void {
    const options = parseOptions(packet.data);
    if (typeof options === 'string') return this.#refuse('options malformed');
    const request = this.#request;
    if (!this.#isAnswer(packet) || request === undefined) return this.#refuse('not an answer to our request');
    const reject = packet.code === CODE.ConfigureReject;
    if (reject && (options.length === 0 || !isPartOf(options, request.options))) return this.#refuse('not an answer to our request');
    this.#answered = true;
    if (this.state === 'Closed' || this.state === 'Stopped' || this.state === 'Closing' || this.state === 'Stopping') return this.#event('RCN', now);
    if (!reject) this.#naksReceived++;
    // A peer that only ever suggests will not agree: its Nak is taken as a Reject of what we asked.
    const final = !reject && this.#naksReceived > this.#limits.maxFailure;
    const refused = final ? request.options.filter((own) => options.some((theirs) => theirs.type === own.type)) : options;
    const failure = reject || final ? this.#negotiator.rejected(refused) : this.#negotiator.naked(options);
    if (failure !== undefined) return this.close(failure, now);
    if (this.#countRound(now)) this.#event('RCN', now);
  }

  #codeReject(packet: ControlPacket, now: Millis): void {
    if (packet.data.length < 1) return this.#refuse('reject malformed');
    const code = u8(packet.data, 0);
    if (code >= CODE.ConfigureRequest && code <= CODE.TerminateAck) {
      this.#reason = `The peer does not know code ${code} of ${this.#name}.`;
      return this.#event('RXJ-', now);
    }
    // A rejected Code-Reject harms nobody; answering it is how two boxes come to reject each other for ever.
    this.#extension?.codeRejected(code);
    this.#event('RXJ+', now);
  }

  #isAnswer(packet: ControlPacket): boolean {
    return this.#request !== undefined && !this.#answered && packet.identifier === this.#request.identifier;
  }

  /** False where this was one round too many and the protocol closes. */
  #countRound(now: Millis): boolean {
    if (++this.#rounds <= MAX_ROUNDS) return true;
    this.close(`No agreement with the peer on ${this.#name} options after ${MAX_ROUNDS} exchanges.`, now);
    return false;
  }

  #act(action: Action, now: Millis): void {
    switch (action) {
      case 'tlu':
        this.#naksSent = this.#naksReceived = this.#rounds = this.#repeats = 0;
        this.#reason = '';
        return this.#out.up(now);
      case 'tld':
        this.#forget();
        return this.#out.down(now);
      case 'tls':
        return;
      case 'tlf':
        this.#forget();
        return this.#out.finished(this.#reason === '' ? `${this.#name} ended.` : this.#reason, now);
      case 'scr':
        return this.#sendRequest();
      case 'sca':
        return this.#acknowledge();
      case 'scn':
        return this.#sendRefusal(now);
      case 'str':
        return this.#send(CODE.TerminateRequest, this.#nextIdentifier(), utf8(this.#words).subarray(0, 80));
      case 'sta': {
        const answered = this.#packet?.code === CODE.TerminateRequest ? this.#packet.identifier : this.#nextIdentifier();
        return this.#send(CODE.TerminateAck, answered, new Uint8Array(0));
      }
      case 'scj': {
        const packet = this.#packet;
        if (packet === undefined) return;
        const whole = encodePacket(packet.code, packet.identifier, packet.data);
        return this.#send(CODE.CodeReject, this.#nextIdentifier(), whole.subarray(0, Math.max(0, this.#peerMru() - 4)));
      }
      case 'ser':
        if (this.#packet !== undefined) this.#extension?.respond(this.#packet, now);
        return;
    }
  }

  #forget(): void {
    this.#naksSent = this.#naksReceived = this.#rounds = 0;
    this.#acknowledged = undefined;
    this.#answered = true;
    this.#negotiator.begin();
  }

  #acknowledge(): void {
    const packet = this.#packet;
    if (packet === undefined) return;
    this.#negotiator.agreed(this.#asked);
    this.#acknowledged = { identifier: packet.identifier, data: packet.data.slice() };
    this.#send(CODE.ConfigureAck, packet.identifier, packet.data);
  }

  #sendRefusal(now: Millis): void {
    const packet = this.#packet;
    const refusal = this.#refusal;
    if (packet === undefined || refusal === undefined) return;
    if (refusal.code === CODE.ConfigureNak) this.#naksSent++;
    this.#send(refusal.code, packet.identifier, encodeOptions(refusal.options));
    this.#countRound(now);
  }

  /** The identifier changes with the content and after an answer; a plain retransmission keeps it (RFC 1661 5.1). */
  #sendRequest(): void {
    const options = this.#negotiator.request();
    const data = encodeOptions(options);
    const last = this.#request;
    const again = last !== undefined && !this.#answered && equalBytes(last.data, data);
    const identifier = again ? last.identifier : this.#nextIdentifier();
    this.#request = { identifier, options, data };
    this.#answered = false;
    this.#send(CODE.ConfigureRequest, identifier, data);
  }

  #send(code: number, identifier: number, data: Uint8Array): void {
    this.counters.sent[code] = (this.counters.sent[code] ?? 0) + 1;
    this.#out.packet('tx', { code, identifier, data });
    this.#out.send(encodePacket(code, identifier, data));
  }

  #nextIdentifier(): number {
    this.#identifier = (this.#identifier + 1) & 0xff;
    return this.#identifier;
  }

  #silence(): string {
    const heard = this.counters.received.reduce((sum, count) => sum + count, 0);
    const times = `${this.#limits.maxConfigure} ${this.#name} requests`;
    return heard === 0 ? `The peer did not answer ${times}.` : `The peer did not agree to ${times}.`;
  }

  #quoted(data: Uint8Array): string {
    const text = printable(fromUtf8(data.subarray(0, 80))).trim();
    return text === '' ? '' : `: "${text}"`;
  }
}
