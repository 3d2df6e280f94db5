// The packet rules of the whole router on their way to the board: one load at a time, each of everything, however many rooms change something.

import type { PacketFilter, RuleSet } from './hal/packetfilter.ts';

export interface RulesParts {
  readonly filter: PacketFilter;
  /** What should hold now. */
  readonly compose: () => RuleSet;
  /** The board refused a load; the rules from before hold. */
  readonly refused: (why: string) => void;
}

type Done = (failure?: string) => void;

export class Rules {
  readonly #parts: RulesParts;
  /** What the board holds, as text: the same again is not loaded. */
  #held = textOf({ filters: [], uses: [], translations: [] });
  #waiting: Done[] = [];
  #busy = false;
  #failure: string | undefined;
  #closed = false;

  constructor(parts: RulesParts) {
    this.#parts = parts;
  }

  /** Why the rules that should hold do not; undefined where they do, or are being loaded. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Something changed: loads all rules. `done` hears whether what should hold at the time of this call does; inside the call where the board answers so. */
  load(done: Done = () => {}): void {
    if (this.#closed) return done();
    this.#waiting.push(done);
    if (!this.#busy) this.#next();
  }

  /** Takes everything out. Who still waits is answered. */
  close(): void {
    this.#closed = true;
    this.#parts.filter.clear();
    for (const done of this.#waiting.splice(0)) done();
  }

  #next(): void {
    const waiting = this.#waiting.splice(0);
    const rules = this.#parts.compose();
    const text = textOf(rules);
    if (text === this.#held) {
      this.#failure = undefined;
      for (const done of waiting) done();
      return;
    }
    this.#busy = true;
    this.#parts.filter.apply(rules, (failure) => {
      this.#busy = false;
      if (!this.#closed) this.#settled(text, failure);
      for (const done of waiting) done(failure);
      if (!this.#closed && this.#waiting.length > 0 && !this.#busy) this.#next();
    });
  }

  #settled(text: string, failure: string | undefined): void {
    if (failure === undefined) this.#held = text;
    else if (failure !== this.#failure) this.#parts.refused(failure);
    this.#failure = failure;
  }
}

const textOf = (rules: RuleSet): string => JSON.stringify(rules);
