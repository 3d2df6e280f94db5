// One attempt of a PPPoE client to get a session (RFC 2516 5 and 8): PADI, the offers that come, PADR, PADS.
// A machine without clock: it is told what arrives and what time it is, and says when it wants to be asked again.

import { equalBytes } from '../bytes/integers.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import { BROADCAST, type Discovery, MAX_PAYLOAD, maxPayloadOf, numberTag, type Tag, TAGS, tagOf } from './pppoe.frame.ts';

// RFC 2516 8 asks for waits that double and leaves the first and the number to us.
const FIRST_WAIT = 1000;
/** PADI at 0, 1, 3, 7 and 15 s; given up at 31 s. */
const PADI_SENDS = 5;
/** PADR at 0, 1, 3 and 7 s; then the next offer. */
const PADR_SENDS = 4;
/** Offers remembered while one is tried. */
const MOST_OFFERS = 8;
const HOST_UNIQ = 8;

/** A session as the access concentrator confirmed it. */
export interface Confirmed {
  /** The access concentrator's Ethernet address and name. */
  readonly peer: Uint8Array;
  readonly acName: string;
  /** 1..65534 */
  readonly session: number;
  /** Largest PPP payload, octets: 1492, more where RFC 4638 was agreed. */
  readonly maxPayload: number;
}

export interface DialerOutput {
  /** Broadcast or to one access concentrator. */
  send(code: 'PADI' | 'PADR', destination: Uint8Array, tags: readonly Tag[]): void;
  /** An access concentrator that is not asked any longer has confirmed after all: its session is to be ended. */
  unwanted(peer: Uint8Array, session: number): void;
  /** The attempt is over: there is a session. */
  opened(confirmed: Confirmed, now: Millis): void;
  /** The attempt is over: there is none, and why. */
  failed(reason: string, now: Millis): void;
}

export interface DialerOptions {
  /** The service asked for; empty = any (RFC 2516 appendix A, Service-Name). */
  readonly service: string;
  /** Unpredictable, so that answers to earlier attempts and forged ones do not fit. */
  readonly uniq: Uint8Array;
  /** Largest PPP payload that the port carries, octets. */
  readonly payload: number;
}

interface Offer {
  readonly peer: Uint8Array;
  readonly acName: string;
  /** What goes back as it came: AC-Cookie, Relay-Session-Id. */
  readonly echo: readonly Tag[];
  readonly agreed: number | undefined;
}

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'PADI'; sends: number; until: Millis }
  | { readonly kind: 'PADR'; readonly offer: Offer; sends: number; until: Millis };

/** Octets of a Host-Uniq. */
export const UNIQ_SIZE = HOST_UNIQ;

export class Dialer {
  readonly #out: DialerOutput;
  readonly #options: DialerOptions;
  #phase: Phase = { kind: 'idle' };
  #offers: Offer[] = [];
  /** Why the offers tried so far came to nothing. */
  #refusal = '';

  constructor(out: DialerOutput, options: DialerOptions) {
    this.#out = out;
    this.#options = options;
  }

  get phase(): Phase['kind'] {
    return this.#phase.kind;
  }

  /** The access concentrator that is asked for a session now. */
  get asked(): { readonly peer: Uint8Array; readonly acName: string } | undefined {
    return this.#phase.kind === 'PADR' ? this.#phase.offer : undefined;
  }

  start(now: Millis): void {
    this.#phase = { kind: 'PADI', sends: 1, until: now + FIRST_WAIT };
    this.#sendPadi();
  }

  /** A discovery packet that came to our address. */
  receive(packet: Discovery, now: Millis): void {
    if (packet.code === 'PADO') this.#offered(packet, now);
    else if (packet.code === 'PADS') this.#confirmed(packet, now);
  }

  tick(now: Millis): void {
    const phase = this.#phase;
    if (phase.kind === 'idle' || phase.until > now) return;
    const most = phase.kind === 'PADI' ? PADI_SENDS : PADR_SENDS;
    if (phase.sends >= most) {
      if (phase.kind === 'PADI') this.#fail(this.#nobody(), now);
      else this.#next(`${nameOf(phase.offer)} did not confirm a session`, now);
      return;
    }
    phase.until = now + FIRST_WAIT * 2 ** phase.sends;
    phase.sends++;
    if (phase.kind === 'PADI') this.#sendPadi();
    else this.#sendPadr(phase.offer);
  }

  deadline(): Millis {
    return this.#phase.kind === 'idle' ? NEVER : this.#phase.until;
  }

  #ours(packet: Discovery): boolean {
    const uniq = tagOf(packet, TAGS.hostUniq);
    return uniq !== undefined && equalBytes(uniq, this.#options.uniq);
  }

  #offered(packet: Discovery, now: Millis): void {
    if (this.#phase.kind === 'idle' || !this.#ours(packet)) return;
    const service = utf8(this.#options.service);
    if (service.length > 0 && !packet.tags.some((tag) => tag.type === TAGS.serviceName && equalBytes(tag.value, service))) return;
    if (this.#offers.some(({ peer }) => equalBytes(peer, packet.source))) return;
    const failed = tagOf(packet, TAGS.genericError) ?? tagOf(packet, TAGS.serviceNameError) ?? tagOf(packet, TAGS.acSystemError);
    const acName = printable(fromUtf8(tagOf(packet, TAGS.acName) ?? new Uint8Array(0)));
    if (failed !== undefined) {
      this.#refusal = `${acName} cannot offer a session${saying(failed)}`;
      return;
    }
    if (this.#offers.length >= MOST_OFFERS) return;
    const echo = packet.tags.filter(({ type }) => type === TAGS.acCookie || type === TAGS.relaySessionId).map(({ type, value }) => ({ type, value: value.slice() }));
    const offer: Offer = { peer: packet.source.slice(), acName, echo, agreed: maxPayloadOf(packet) };
    this.#offers.push(offer);
    // The first that answers is asked; those after it are kept for the case that it refuses.
    if (this.#phase.kind === 'PADI') this.#ask(offer, now);
  }

  #confirmed(packet: Discovery, now: Millis): void {
    const phase = this.#phase;
    if (phase.kind !== 'PADR' || !this.#ours(packet)) return;
    const { offer } = phase;
    if (!equalBytes(packet.source, offer.peer)) {
      const former = this.#offers.find(({ peer }) => equalBytes(peer, packet.source));
      if (former !== undefined && packet.session !== 0) this.#out.unwanted(former.peer, packet.session);
      return;
    }
    for (const [type, what] of ERRORS) {
      const text = tagOf(packet, type);
      if (text === undefined) continue;
      this.#next(`${nameOf(offer)} ${what}${saying(text)}`, now);
      return;
    }
    if (packet.session === 0 || packet.session === 0xffff) {
      this.#next(`${nameOf(offer)} confirmed a session without a valid number`, now);
      return;
    }
    const agreed = maxPayloadOf(packet);
    this.#phase = { kind: 'idle' };
    // RFC 4638 2: more than 1492 only where both said so.
    const maxPayload = agreed === undefined || offer.agreed === undefined || agreed <= MAX_PAYLOAD ? MAX_PAYLOAD : agreed;
    this.#out.opened({ peer: offer.peer, acName: offer.acName, session: packet.session, maxPayload: Math.min(maxPayload, this.#options.payload) }, now);
  }

  /** The offer asked came to nothing: the next one, if there is one. */
  #next(refusal: string, now: Millis): void {
    this.#refusal = refusal;
    const phase = this.#phase;
    const at = phase.kind === 'PADR' ? this.#offers.indexOf(phase.offer) : -1;
    const offer = this.#offers[at + 1];
    if (offer === undefined) this.#fail(refusal, now);
    else this.#ask(offer, now);
  }

  #ask(offer: Offer, now: Millis): void {
    this.#phase = { kind: 'PADR', offer, sends: 1, until: now + FIRST_WAIT };
    this.#sendPadr(offer);
  }

  #fail(reason: string, now: Millis): void {
    this.#phase = { kind: 'idle' };
    this.#offers = [];
    this.#out.failed(reason, now);
  }

  #nobody(): string {
    if (this.#refusal !== '') return this.#refusal;
    const { service } = this.#options;
    return service === '' ? 'no access concentrator answers' : `no access concentrator offers the service ${service}`;
  }

  #sendPadi(): void {
    this.#out.send('PADI', BROADCAST, this.#tags());
  }

  #sendPadr(offer: Offer): void {
    this.#out.send('PADR', offer.peer, [...this.#tags(), ...offer.echo]);
  }

  #tags(): Tag[] {
    const { service, uniq, payload } = this.#options;
    const tags: Tag[] = [{ type: TAGS.serviceName, value: utf8(service) }, { type: TAGS.hostUniq, value: uniq }];
    if (payload > MAX_PAYLOAD) tags.push(numberTag(TAGS.pppMaxPayload, payload));
    return tags;
  }
}

/** Error tags of a PADS (RFC 2516 5.4, appendix A). */
const ERRORS: readonly (readonly [number, string])[] = [
  [TAGS.serviceNameError, 'does not have the service'],
  [TAGS.acSystemError, 'cannot give a session'],
  [TAGS.genericError, 'reports an error'],
];

const nameOf = ({ acName }: Offer): string => (acName === '' ? 'the access concentrator' : `access concentrator ${acName}`);

/** What the peer says of it, where it says anything; a peer's text is bounded and cannot drive a terminal. */
function saying(text: Uint8Array): string {
  const said = printable(fromUtf8(text.subarray(0, 200))).trim();
  return said === '' ? '' : `: ${said}`;
}
