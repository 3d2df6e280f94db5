// Address ranges as keys: L2TP passwords and PPP templates are looked up by the peer's address, the narrowest range first.

import { type Ipv4, type Ipv4Range, formatIpv4, inRange } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';

interface Ranged {
  readonly range: Ipv4Range;
}

/** Entries keyed by exact range, kept narrowest first; ranges of one width in order of their low ends. */
export class RangeTable<T extends Ranged> {
  readonly #entries: T[] = [];

  list(): readonly T[] {
    return this.#entries;
  }

  get(range: Ipv4Range): T | undefined {
    return this.#entries.find((entry) => sameRange(entry.range, range));
  }

  /** The entry whose range holds `address` and is the narrowest of those. */
  find(address: Ipv4): T | undefined {
    return this.#entries.find((entry) => inRange(address, entry.range));
  }

  /** Adds, or replaces the entry of the very same range. */
  put(entry: T): void {
    this.remove(entry.range);
    const width = widthOf(entry.range);
    const after = this.#entries.findIndex((other) => widthOf(other.range) > width || (widthOf(other.range) === width && other.range.low > entry.range.low));
    if (after < 0) this.#entries.push(entry);
    else this.#entries.splice(after, 0, entry);
  }

  remove(range: Ipv4Range): boolean {
    const index = this.#entries.findIndex((entry) => sameRange(entry.range, range));
    if (index < 0) return false;
    this.#entries.splice(index, 1);
    return true;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

const widthOf = (range: Ipv4Range): number => range.high - range.low;
const sameRange = (a: Ipv4Range, b: Ipv4Range): boolean => a.low === b.low && a.high === b.high;

/** Both ends as SHOW prints them: `192.168.10.1 - 192.168.10.254`. */
export const printRange = (range: Ipv4Range): string => `${formatIpv4(range.low)} - ${formatIpv4(range.high)}`;

/** As an operator types it: one address, or two with a hyphen. */
export const typeRange = (range: Ipv4Range): string =>
  range.low === range.high ? formatIpv4(range.low) : `${formatIpv4(range.low)}-${formatIpv4(range.high)}`;

/** Refuses a range whose end is below its start. */
export const reversed = (range: Ipv4Range): Message | undefined =>
  range.high < range.low ? messages.l2tp.rangeReversed(typeRange(range)) : undefined;
