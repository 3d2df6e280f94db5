// The network phase of one link (RFC 1661 3.6): IPCP, which we begin, and IPV6CP, which we answer. Neither waits for the other.

import { ANY_IPV4 } from '../bytes/ip.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { Random } from '../hal/clock.ts';
import type { Limits, State } from './automaton.ts';
import { Control, type ControlCounters, type ControlOutput } from './control.ts';
import { PROTOCOL, type ControlPacket } from './frame.ts';
import { IpcpOptions, type IpcpAgreement, type IpcpSettings } from './ipcp.ts';
import { Ipv6cpOptions, type Ipv6cpAgreement } from './ipv6cp.ts';

/** A control protocol as SHOW PPP prints it. */
export interface ProtocolState {
  readonly name: string;
  readonly state: State;
  readonly counters: ControlCounters;
}

export interface NetworkSettings {
  readonly ip: IpcpSettings;
  readonly limits: Limits;
  readonly random: Random;
  readonly peerMru: () => number;
}

export interface NetworkOutput {
  /** How the packets of an NCP leave and are traced. */
  control(protocol: number): Pick<ControlOutput, 'send' | 'packet' | 'state'>;
  ipUp(agreement: IpcpAgreement, now: Millis): void;
  ipDown(now: Millis): void;
  ipv6Up(agreement: Ipv6cpAgreement, now: Millis): void;
  ipv6Down(now: Millis): void;
  /** No NCP is open or will be: the link is of no use. One sentence. */
  useless(reason: string, now: Millis): void;
}

export class Network {
  readonly #settings: NetworkSettings;
  readonly #out: NetworkOutput;
  readonly #options: IpcpOptions;
  readonly #ipcp: Control;
  /** Exists from the peer's first packet on: we answer, we do not begin. */
  #ipv6cp: Control | undefined;

  constructor(settings: NetworkSettings, out: NetworkOutput) {
    this.#settings = settings;
    this.#out = out;
    this.#options = new IpcpOptions(settings.ip);
    this.#ipcp = this.#control('IPCP', PROTOCOL.IPCP, this.#options, {
      up: (now) => this.#ipUp(now),
      down: (now) => out.ipDown(now),
      finished: (reason, now) => this.#finished(reason, now),
    });
  }

  /** What IPCP agreed, while it is open. */
  get ip(): IpcpAgreement | undefined {
    return this.#ipcp.state === 'Opened' ? this.#options.agreement : undefined;
  }

  states(): ProtocolState[] {
    const list = [{ name: 'IPCP', state: this.#ipcp.state, counters: this.#ipcp.counters }];
    if (this.#ipv6cp !== undefined) list.push({ name: 'IPV6CP', state: this.#ipv6cp.state, counters: this.#ipv6cp.counters });
    return list;
  }

  start(now: Millis): void {
    this.#ipcp.open(now);
    this.#ipcp.up(now);
  }

  /** A packet of IPCP or IPV6CP. */
  receive(protocol: number, packet: ControlPacket, now: Millis): void {
    if (protocol === PROTOCOL.IPCP) this.#ipcp.receive(packet, now);
    else this.#ipv6(now).receive(packet, now);
  }

  /** The peer does not know an NCP, or what it opens. */
  rejected(protocol: number, now: Millis): void {
    if (protocol === PROTOCOL.IPCP || protocol === PROTOCOL.IPv4) this.#ipcp.protocolRejected(now);
    else if (protocol === PROTOCOL.IPV6CP || protocol === PROTOCOL.IPv6) this.#ipv6cp?.protocolRejected(now);
  }

  deadline(): Millis {
    return Math.min(this.#ipcp.deadline(), this.#ipv6cp?.deadline() ?? NEVER);
  }

  tick(now: Millis): void {
    this.#ipcp.tick(now);
    this.#ipv6cp?.tick(now);
  }

  /** The phase is over. */
  stop(now: Millis): void {
    this.#ipcp.down(now);
    this.#ipv6cp?.down(now);
  }

  #control(name: string, protocol: number, negotiator: IpcpOptions | Ipv6cpOptions, hooks: Pick<ControlOutput, 'up' | 'down' | 'finished'>): Control {
    const { limits, peerMru } = this.#settings;
    return new Control({ name, negotiator, limits, peerMru }, { ...hooks, ...this.#out.control(protocol) });
  }

  #ipUp(now: Millis): void {
    const { agreement } = this.#options;
    if (this.#options.mustHaveAddress && agreement.local === ANY_IPV4) return this.#ipcp.close('The peer gives us no address.', now);
    if (this.#options.peerDeclined) return this.#ipcp.close('The peer does not take the address that we give it.', now);
    this.#out.ipUp(agreement, now);
  }

  #ipv6(now: Millis): Control {
    if (this.#ipv6cp !== undefined) return this.#ipv6cp;
    const options = new Ipv6cpOptions(this.#settings.random);
    const control = this.#control('IPV6CP', PROTOCOL.IPV6CP, options, {
      up: (at) => this.#out.ipv6Up(options.agreement, at),
      down: (at) => this.#out.ipv6Down(at),
      finished: () => {},
    });
    this.#ipv6cp = control;
    control.open(now);
    control.up(now);
    return control;
  }

  /** IPCP has ended. The link lives on only while another NCP is open (RFC 1661 3.6), and not with a peer that is here for its address. */
  #finished(reason: string, now: Millis): void {
    if (this.#ipv6cp?.state !== 'Opened' || this.#settings.ip.remoteMode === 'must') this.#out.useless(reason, now);
  }
}
