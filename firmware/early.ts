// Frames that overtake the message which connects their call (RFC 2661 5.1: control and data take no account of each other): kept until
// somebody takes the session, for else PPP's first request is lost and asked for again seconds later.

import type { SessionKey } from './hal/dataplane.ts';

/** Own limits: what a peer sends before he hears anything is his first request. */
const MOST_SESSIONS = 512;
const MOST_FRAMES = 2;
const LONGEST = 512;

export class Early {
  readonly #frames = new Map<SessionKey, Uint8Array[]>();

  /** Keeps a copy; the sessions heard of longest ago are forgotten first. */
  keep(session: SessionKey, frame: Uint8Array): void {
    if (frame.length > LONGEST) return;
    const kept = this.#frames.get(session) ?? [];
    if (kept.length >= MOST_FRAMES) return;
    kept.push(frame.slice());
    this.#frames.set(session, kept);
    if (this.#frames.size <= MOST_SESSIONS) return;
    for (const oldest of this.#frames.keys()) {
      this.#frames.delete(oldest);
      return;
    }
  }

  /** What came for a session, which is forgotten. */
  take(session: SessionKey): readonly Uint8Array[] {
    const kept = this.#frames.get(session) ?? [];
    this.#frames.delete(session);
    return kept;
  }
}
