// Link quality reports (RFC 1989): what each end sent and received, told to the other at the negotiated period.
//
// Link-Quality-Report, 12 fields of 4 octets: magic; LastOut LQRs, packets, octets; PeerIn LQRs, packets, discards, errors,
// octets; PeerOut LQRs, packets, octets.

import { put32, u32 } from '../bytes/integers.ts';
import { NEVER, type Millis } from '../bytes/time.ts';

export const LQR_LENGTH = 48;
/** Own limit: so many periods without a report from a peer that agreed to report mean that it is gone. */
export const MAX_MISSED = 5;

/** The counters of the link, all frames both ways. */
export interface LinkCounters {
  readonly inPackets: number;
  readonly inOctets: number;
  readonly inDiscards: number;
  readonly outPackets: number;
  readonly outOctets: number;
}

/** A report as received. */
export interface LqrReport {
  readonly magic: number;
  readonly lastOutLqrs: number;
  readonly lastOutPackets: number;
  readonly lastOutOctets: number;
  readonly peerInLqrs: number;
  readonly peerInPackets: number;
  readonly peerInDiscards: number;
  readonly peerInErrors: number;
  readonly peerInOctets: number;
  readonly peerOutLqrs: number;
  readonly peerOutPackets: number;
  readonly peerOutOctets: number;
}

const FIELDS = [
  'magic',
  'lastOutLqrs',
  'lastOutPackets',
  'lastOutOctets',
  'peerInLqrs',
  'peerInPackets',
  'peerInDiscards',
  'peerInErrors',
  'peerInOctets',
  'peerOutLqrs',
  'peerOutPackets',
  'peerOutOctets',
] as const;

/** A report; octets beyond the twelve fields are ignored. */
export function parseReport(body: Uint8Array): LqrReport | 'report too short' {
  if (body.length < LQR_LENGTH) return 'report too short';
  const at = (index: number): number => u32(body, index * 4);
  return {
    magic: at(0),
    lastOutLqrs: at(1),
    lastOutPackets: at(2),
    lastOutOctets: at(3),
    peerInLqrs: at(4),
    peerInPackets: at(5),
    peerInDiscards: at(6),
    peerInErrors: at(7),
    peerInOctets: at(8),
    peerOutLqrs: at(9),
    peerOutPackets: at(10),
    peerOutOctets: at(11),
  };
}

/** The 48 octets of a report; counters wrap at 2^32. */
export function encodeReport(report: LqrReport): Uint8Array {
  const out = new Uint8Array(LQR_LENGTH);
  FIELDS.forEach((field, index) => put32(out, index * 4, report[field] % 0x100000000));
  return out;
}

export interface LqrSettings {
  /** How often we report, ms: what the peer asked for. 0 = only in answer to a report; undefined = not at all. */
  readonly sendEvery: Millis | undefined;
  /** How often the peer agreed to report, ms; undefined = not at all. */
  readonly expectEvery: Millis | undefined;
  readonly magic: number;
}

export interface LqrOutput {
  send(report: Uint8Array): void;
  counters(): LinkCounters;
  dead(reason: string, now: Millis): void;
}

export class Lqr {
  readonly #settings: LqrSettings;
  readonly #out: LqrOutput;
  #sendDue: Millis = NEVER;
  #missDue: Millis = NEVER;
  #sent = 0;
  #received = 0;
  #last: LqrReport | undefined;
  /** Our counters when the last report came in. */
  #saved: LinkCounters | undefined;

  constructor(settings: LqrSettings, out: LqrOutput) {
    this.#settings = settings;
    this.#out = out;
  }

  start(now: Millis): void {
    const { sendEvery, expectEvery } = this.#settings;
    this.#sendDue = sendEvery === undefined || sendEvery === 0 ? NEVER : now + sendEvery;
    this.#missDue = expectEvery === undefined ? NEVER : now + expectEvery * MAX_MISSED;
  }

  stop(): void {
    this.#sendDue = NEVER;
    this.#missDue = NEVER;
  }

  /** The last report of the peer; undefined before the first. */
  get lastReport(): LqrReport | undefined {
    return this.#last;
  }

  receive(body: Uint8Array, now: Millis): void {
    const report = parseReport(body);
    if (typeof report === 'string') return;
    if (report.magic !== 0 && report.magic === this.#settings.magic) return;
    this.#received++;
    this.#last = report;
    this.#saved = this.#out.counters();
    if (this.#settings.expectEvery !== undefined) this.#missDue = now + this.#settings.expectEvery * MAX_MISSED;
    if (this.#settings.sendEvery === 0) this.#report();
  }

  deadline(): Millis {
    return Math.min(this.#sendDue, this.#missDue);
  }

  tick(now: Millis): void {
    if (now >= this.#sendDue && this.#settings.sendEvery !== undefined) {
      this.#sendDue = now + this.#settings.sendEvery;
      this.#report();
    }
    if (now >= this.#missDue) {
      this.stop();
      this.#out.dead(`The peer left out ${MAX_MISSED} link quality reports.`, now);
    }
  }

  #report(): void {
    const counters = this.#out.counters();
    const last = this.#last;
    this.#sent++;
    this.#out.send(
      encodeReport({
        magic: this.#settings.magic,
        lastOutLqrs: last?.peerOutLqrs ?? 0,
        lastOutPackets: last?.peerOutPackets ?? 0,
        lastOutOctets: last?.peerOutOctets ?? 0,
        peerInLqrs: this.#received,
        peerInPackets: this.#saved?.inPackets ?? 0,
        peerInDiscards: this.#saved?.inDiscards ?? 0,
        peerInErrors: 0,
        peerInOctets: this.#saved?.inOctets ?? 0,
        peerOutLqrs: this.#sent,
        peerOutPackets: counters.outPackets + 1,
        peerOutOctets: counters.outOctets + LQR_LENGTH + 2,
      }),
    );
  }
}
