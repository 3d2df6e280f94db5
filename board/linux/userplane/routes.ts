// Whose packet it is that comes out of a device many sessions share: the longest prefix that holds its destination decides.

import type { Session } from './session.ts';

/** The prefixes of one length. */
interface Level {
  readonly mask: number;
  /** By address, a signed 32-bit number, which a Map finds quickest. */
  readonly holders: Map<number, Session>;
  /** Sessions that have a prefix another had before them: they get it when that one leaves. */
  readonly waiting: Map<number, Session[]>;
}

/** The routes of all sessions on a shared device. A look-up is one Map's for each prefix length in use: callers have /32 alone. */
export class Routes {
  /** The longest first. */
  readonly #levels: Level[] = [];
  /** The answer given last; bulk data asks for one address again and again. */
  #asked = 0;
  #answer: Session | undefined = undefined;

  /** The session whose routes hold an address (signed 32 bits), the one that had the prefix first. Allocates nothing. */
  find(address: number): Session | undefined {
    if (this.#answer !== undefined && address === this.#asked) return this.#answer;
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level;
      const session = level.holders.get(address & level.mask);
      if (session === undefined) continue;
      this.#asked = address;
      this.#answer = session;
      return session;
    }
    return undefined;
  }

  /** Enters what is in `session.routes`. */
  add(session: Session): void {
    this.#answer = undefined;
    const { routes } = session;
    for (let i = 0; i < routes.length; i += 2) this.#enter(this.#level(routes[i + 1] as number), routes[i] as number, session);
  }

  /** Takes out what `add` entered; `session.routes` is still the same. */
  remove(session: Session): void {
    this.#answer = undefined;
    const { routes } = session;
    for (let i = 0; i < routes.length; i += 2) {
      const index = this.#levels.findIndex(({ mask }) => mask === routes[i + 1]);
      const level = this.#levels[index];
      if (level === undefined) continue;
      strike(level, routes[i] as number, session);
      if (level.holders.size === 0) this.#levels.splice(index, 1);
    }
  }

  #enter({ holders, waiting }: Level, address: number, session: Session): void {
    const holder = holders.get(address);
    if (holder === session) return;
    if (holder === undefined) {
      holders.set(address, session);
      return;
    }
    const queue = waiting.get(address);
    if (queue === undefined) waiting.set(address, [session]);
    else if (!queue.includes(session)) queue.push(session);
  }

  #level(mask: number): Level {
    const found = this.#levels.find((level) => level.mask === mask);
    if (found !== undefined) return found;
    const level: Level = { mask, holders: new Map(), waiting: new Map() };
    this.#levels.push(level);
    this.#levels.sort((a, b) => (b.mask >>> 0) - (a.mask >>> 0));
    return level;
  }
}

/** Takes a prefix from a session; the next in the queue holds it then. */
function strike({ holders, waiting }: Level, address: number, session: Session): void {
  const queue = waiting.get(address);
  if (holders.get(address) === session) {
    const next = queue?.shift();
    if (next === undefined) holders.delete(address);
    else holders.set(address, next);
  } else if (queue?.includes(session) === true) queue.splice(queue.indexOf(session), 1);
  if (queue?.length === 0) waiting.delete(address);
}

/** Whether one of the address and mask pairs holds the address (signed 32 bits). */
export function holds(pairs: Int32Array, address: number): boolean {
  for (let i = 0; i < pairs.length; i += 2) if ((address & (pairs[i + 1] as number)) === pairs[i]) return true;
  return false;
}
