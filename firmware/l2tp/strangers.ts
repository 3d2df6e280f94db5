// Tunnels of peers that have proved nothing yet: how many there are, and which of them makes room for a newcomer (RFC 2661 names no limits).

import type { Millis } from '../bytes/time.ts';
import { type AdmissionLimits, Gate } from './admission.ts';
import type { TunnelEntry } from './entry.ts';

/** In which a peer that is there has answered an SCCRP, on all but the worst paths. */
const ENOUGH_TO_PROVE: Millis = 1000;

export class Strangers {
  readonly gate: Gate;
  /** Those that count as half open, the oldest first. */
  readonly #unproven = new Set<TunnelEntry>();

  constructor(limits: AdmissionLimits) {
    this.gate = new Gate(limits);
  }

  /** A peer opens this tunnel. */
  opening(entry: TunnelEntry): void {
    this.#unproven.add(entry);
    this.gate.opened(entry.at.peer);
  }

  /** It acknowledged something, or is gone. No effect on others than strangers. */
  settled(entry: TunnelEntry): void {
    if (this.#unproven.delete(entry)) this.gate.settled(entry.at.peer);
  }

  /** Looks whether a tunnel that heard from its peer has proved by that what it is. */
  heard(entry: TunnelEntry): void {
    if (entry.tunnel.transport.proven) this.settled(entry);
  }

  /**
   * Makes room for a newcomer: forgets the one that had the most time to prove itself, if that was enough for a peer that lives. Forged
   * SCCRQs fill the table in any case; they must not keep others out for half a minute each. False: there is none.
   */
  makeRoom(now: Millis): boolean {
    for (const oldest of this.#unproven) {
      if (now - (oldest.tunnel.started ?? now) < ENOUGH_TO_PROVE) return false;
      oldest.tunnel.discard(now);
      return true;
    }
    return false;
  }

  /** All are gone. */
  clear(): void {
    for (const entry of this.#unproven) this.settled(entry);
  }
}
