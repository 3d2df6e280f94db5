// A user who dials in: a modem in software that rings a router's call port, and PPP over it as a client. Knows no sockets and devices:
// labs and tests give it a stream, a clock and a place for IP packets.

import { formatIpv4, ANY_IPV4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { NEVER, type Alarm, type Millis } from '../../../firmware/bytes/time.ts';
import { HdlcReceiver, HdlcSender } from '../../../firmware/call/hdlc.ts';
import type { Clock, Crypto, Random } from '../../../firmware/hal/clock.ts';
import type { AuthMethod } from '../../../firmware/ppp/auth.ts';
import { DEFAULT_LIMITS } from '../../../firmware/ppp/automaton.ts';
import { encodeFrame, parseFrame, PROTOCOL } from '../../../firmware/ppp/frame.ts';
import { Link } from '../../../firmware/ppp/link.ts';
import { type DialResult, Modem } from './modem.ts';

export interface CallerOptions {
  readonly user: string;
  readonly password: string;
  /** The only way the user proves himself; undefined = as the router wants. */
  readonly auth?: AuthMethod | undefined;
  /** His number and the one he dials; empty = not told. */
  readonly number: string;
  readonly dials: string;
  /** Bit/s. */
  readonly speed?: number;
  /** What a call of the router's brings; BUSY unless it is said. */
  readonly answers?: DialResult;
}

export type CallerEvent =
  /** The router took the call. */
  | { readonly kind: 'connected' }
  /** PPP carries IP: the address that he was given. */
  | { readonly kind: 'address'; readonly address: Ipv4; readonly peer: Ipv4; readonly dns: readonly Ipv4[]; readonly mtu: number }
  /** PPP came to nothing, or ended; one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nobody took the call. */
  | { readonly kind: 'no answer' }
  /** The call is over. Comes once, last. */
  | { readonly kind: 'closed' };

export interface CallerParts {
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: Random;
  /** To the router's port. */
  write(octets: Uint8Array): void;
  /** Closes the stream to the port. */
  close(): void;
  event(event: CallerEvent): void;
  /** An IP packet that came over the call; valid until it returns. */
  packet(packet: Uint8Array): void;
}

/** As telephones ring, and when a caller gives up. */
const RING_EVERY: Millis = 3000;
const MOST_RINGS = 20;
/** Largest IP packet of the line. */
const MTU = 1500;

/** The line that users of tests and labs print for an event. */
export function sayEvent(event: CallerEvent): string {
  switch (event.kind) {
    case 'address':
      return `address ${formatIpv4(event.address)} peer ${formatIpv4(event.peer)}${event.dns.length === 0 ? '' : ` dns ${event.dns.map(formatIpv4).join(' ')}`} mtu ${event.mtu}`;
    case 'refused':
      return `refused: ${event.reason}`;
    default:
      return event.kind;
  }
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #parts: CallerParts;
  readonly #modem: Modem;
  readonly #sender = new HdlcSender();
  readonly #receiver: HdlcReceiver;
  readonly #link: Link;
  #mtu = MTU;
  #alarm: Alarm | undefined;
  #ringing: Alarm | undefined;
  #rings = 0;
  /** The router took the call; PPP carried IP; why it did not has been told. */
  #begun = false;
  #wasUp = false;
  #told = false;
  #over = false;
  readonly #octets = { inPackets: 0, inOctets: 0, outPackets: 0, outOctets: 0 };

  constructor(options: CallerOptions, parts: CallerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#modem = new Modem(
      {
        write: (octets) => parts.write(octets),
        data: (octets) => this.#receiver.receive(octets),
        connected: (now) => this.#connected(now),
        hungUp: (now) => this.#end(now),
        dialled: () => options.answers ?? 'BUSY',
      },
      options.speed,
    );
    this.#receiver = new HdlcReceiver({ mru: MTU }, (frame) => this.#frame(frame));
    this.#link = this.#makeLink();
  }

  /** Rings until the router answers. */
  call(): void {
    this.#ring(this.#parts.clock.now());
  }

  /** Octets from the port. */
  received(octets: Uint8Array): void {
    this.#modem.receive(octets, this.#parts.clock.now());
    this.#arm();
  }

  /** The port closed the stream. */
  closed(): void {
    this.#end(this.#parts.clock.now());
  }

  /** An IP packet for the router. */
  send(packet: Uint8Array): void {
    if (this.#wasUp && !this.#over) this.#transmit(encodeFrame((packet[0] ?? 0) >> 4 === 6 ? PROTOCOL.IPv6 : PROTOCOL.IPv4, packet));
  }

  /** Ends PPP politely and then the call; `closed` follows. */
  hangUp(): void {
    const now = this.#parts.clock.now();
    if (this.#link.phase === 'Dead') return this.#end(now);
    this.#link.close('The user hangs up.', now);
    this.#arm();
  }

  #ring(now: Millis): void {
    if (this.#modem.online || this.#over) return;
    if (this.#rings++ === MOST_RINGS) {
      this.#parts.event({ kind: 'no answer' });
      return this.#end(now);
    }
    this.#modem.ring(this.#options.number, this.#options.dials);
    this.#ringing = this.#parts.clock.at(now + RING_EVERY, (at) => this.#ring(at));
  }

  #connected(now: Millis): void {
    this.#ringing?.cancel();
    this.#begun = true;
    this.#parts.event({ kind: 'connected' });
    this.#link.start(now);
    this.#arm();
  }

  #frame(data: Uint8Array): void {
    const now = this.#parts.clock.now();
    this.#octets.inPackets++;
    this.#octets.inOctets += data.length;
    const frame = parseFrame(data);
    if (typeof frame !== 'string' && this.#wasUp && (frame.protocol === PROTOCOL.IPv4 || frame.protocol === PROTOCOL.IPv6)) return this.#parts.packet(frame.body);
    this.#link.frame(data, now);
    this.#arm();
  }

  #transmit(frame: Uint8Array): void {
    this.#octets.outPackets++;
    this.#octets.outOctets += frame.length;
    this.#modem.send(this.#sender.encode(frame));
  }

  #makeLink(): Link {
    const { user, password, auth } = this.#options;
    const parts = this.#parts;
    return new Link(
      {
        mru: 'path',
        lcp: { magic: true, compression: 'agree', demand: [], accept: [], quality: 0 },
        limits: DEFAULT_LIMITS,
        credentials: { name: user, password: new Secret(password) },
        ...(auth === undefined ? {} : { prove: [auth] }),
        name: user,
        echo: 0,
        rechallenge: 0,
        mssHeader: 0,
      },
      {
        mtu: MTU,
        send: (frame) => this.#transmit(frame),
        configure: ({ acfc, pfc }) => {
          this.#sender.acfc = acfc ?? this.#sender.acfc;
          this.#sender.pfc = pfc ?? this.#sender.pfc;
        },
        negotiated: () => {},
        hangUp: () => {},
      },
      {
        judge: (_attempt, answer, now) => answer({ accepted: false, reason: 'a user judges nobody' }, now),
        addresses: () => ({ local: ANY_IPV4, localMode: 'ask', remote: undefined, dns: [], wantDns: true }),
        mtu: (mtu) => {
          this.#mtu = mtu;
        },
        ipUp: ({ local, remote, dns }) => {
          this.#wasUp = true;
          parts.event({ kind: 'address', address: local, peer: remote, dns, mtu: this.#mtu });
        },
        ipDown: () => {},
        ipv6Up: () => {},
        ipv6Down: () => {},
        counters: () => ({ ...this.#octets, inDiscards: 0 }),
        ended: (reason, now) => {
          this.#refused(reason);
          this.#end(now);
        },
        trace: () => {},
      },
      { crypto: parts.crypto, random: parts.random },
    );
  }

  /** PPP came to nothing. */
  #refused(reason: string): void {
    if (this.#wasUp || this.#told) return;
    this.#told = true;
    this.#parts.event({ kind: 'refused', reason });
  }

  /** The call is over: once. */
  #end(now: Millis): void {
    if (this.#over) return;
    this.#over = true;
    this.#ringing?.cancel();
    if (this.#begun) this.#refused(this.#link.farewell === '' ? 'the router hung up' : this.#link.farewell);
    this.#link.lowerDown(now);
    this.#modem.hangUp();
    this.#parts.event({ kind: 'closed' });
    this.#parts.close();
    this.#arm();
  }

  #arm(): void {
    const at = this.#over ? NEVER : this.#link.deadline();
    if (this.#alarm?.at === at) return;
    this.#alarm?.cancel();
    this.#alarm =
      at === NEVER
        ? undefined
        : this.#parts.clock.at(at, (now) => {
            this.#alarm = undefined;
            this.#link.tick(now);
            this.#arm();
          });
  }
}
