// The packets of LCP beyond those of every control protocol: echo, Protocol-Reject, discard, identification (RFC 1661 5.7-5.9, RFC 1570 2).

import { put16, put32, u16, u32 } from '../bytes/integers.ts';
import type { Millis } from '../bytes/time.ts';
import type { Event } from './automaton.ts';
import type { Control, Extension } from './control.ts';
import { CODE, PROTOCOL, type ControlPacket } from './frame.ts';
import type { LcpOptions } from './lcp.ts';

export interface LcpExtensionOutput {
  /** The peer does not know a protocol that we sent. */
  protocolRejected(protocol: number, now: Millis): void;
  echoReply(now: Millis): void;
  /** The peer does not know Echo-Request. */
  noEcho(): void;
  /** We hear our own packets. */
  looped(now: Millis): void;
}

/** Codes 8 to 13. All but Protocol-Reject are RXR: they never change the state (RFC 1661 4.3). */
export class LcpExtension implements Extension {
  readonly #options: LcpOptions;
  readonly #out: LcpExtensionOutput;
  /** Set once by the owner of both: where answers leave, and whose state counts. */
  control: Control | undefined;

  constructor(options: LcpOptions, out: LcpExtensionOutput) {
    this.#options = options;
    this.#out = out;
  }

  receive(packet: ControlPacket, now: Millis): Event | 'nothing' {
    const opened = this.control?.state === 'Opened';
    switch (packet.code) {
      case CODE.ProtocolReject: {
        if (!opened || packet.data.length < 2) return 'nothing';
        const protocol = u16(packet.data, 0);
        if (protocol === PROTOCOL.LCP) return 'RXJ-';
        this.#out.protocolRejected(protocol, now);
        return 'RXJ+';
      }
      case CODE.EchoRequest:
        if (!opened || packet.data.length < 4) return 'nothing';
        if (this.#isOurs(packet)) {
          this.#out.looped(now);
          return 'nothing';
        }
        return 'RXR';
      case CODE.EchoReply:
        if (!opened || packet.data.length < 4) return 'nothing';
        if (this.#isOurs(packet)) this.#out.looped(now);
        else this.#out.echoReply(now);
        return 'nothing';
      case CODE.DiscardRequest:
      case CODE.Identification:
      case CODE.TimeRemaining:
        return 'nothing';
      default:
        return 'RUC';
    }
  }

  /** An Echo-Reply: identifier and data of the request behind our own magic number, cut to what the peer takes. */
  respond(packet: ControlPacket): void {
    const { ourMagic } = this.#options.agreement;
    const data = packet.data.slice(0, Math.max(4, this.#options.room - 4));
    put32(data, 0, ourMagic);
    this.control?.answer(CODE.EchoReply, packet.identifier, data);
  }

  codeRejected(code: number): void {
    if (code === CODE.EchoRequest) this.#out.noEcho();
  }

  /** Sends an Echo-Request. */
  askEcho(): void {
    const data = new Uint8Array(4);
    put32(data, 0, this.#options.agreement.ourMagic);
    this.control?.sendExtended(CODE.EchoRequest, data);
  }

  /** Tells the peer that we do not know `protocol`; `body` is cut to what the peer takes (RFC 1661 5.7). */
  rejectProtocol(protocol: number, body: Uint8Array): void {
    const kept = body.subarray(0, Math.max(0, this.#options.room - 6));
    const data = new Uint8Array(2 + kept.length);
    put16(data, 0, protocol);
    data.set(kept, 2);
    this.control?.sendExtended(CODE.ProtocolReject, data);
  }

  #isOurs(packet: ControlPacket): boolean {
    const magic = this.#options.agreement.ourMagic;
    return magic !== 0 && u32(packet.data, 0) === magic;
  }
}
