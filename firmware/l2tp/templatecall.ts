// A session that a PPP template answers: no supervisor behind it, it lives as long as the peer and PPP want it.

import type { Millis } from '../bytes/time.ts';
import type { Carrier } from './carrier.ts';
import { DISCONNECT, ERROR } from './catalog.ts';
import type { SessionEnd, SessionEntry, SessionUser } from './entry.ts';
import type { TemplateUser } from './link.ts';
import { sentence } from './reason.ts';

export class TemplateSession implements SessionUser {
  readonly #user: TemplateUser;
  readonly #carrier: Carrier;

  constructor(user: TemplateUser, carrier: Carrier) {
    this.#user = user;
    this.#carrier = carrier;
  }

  changed(): void {}

  up(entry: SessionEntry, now: Millis): void {
    const refused = this.#carrier.attach(entry);
    if (refused !== undefined) {
      entry.end = { kind: 'plane', why: refused };
      return entry.session.close({ code: DISCONNECT.error, error: ERROR.resources, message: 'cannot carry the call' }, now);
    }
    if (entry.link !== undefined) this.#user.linkUp(entry.link, now);
  }

  resized(entry: SessionEntry, now: Millis): void {
    if (entry.link !== undefined) this.#user.linkMtu(entry.link.mtu, now);
  }

  ask(_entry: SessionEntry, now: Millis): boolean {
    return this.#user.linkAsk(now);
  }

  down(_entry: SessionEntry, reason: SessionEnd, now: Millis): void {
    this.#user.linkDown(reason === 'moved' ? 'the tunnel is gone' : sentence(reason), now);
  }
}
