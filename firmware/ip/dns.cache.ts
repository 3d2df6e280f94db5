// What name servers said, for as long as it holds (RFC 1035 7.4, RFC 2308).

import type { Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';

/** Names kept. Own limit: some 300 octets each. */
const NAMES_MOST = 1000;
// Bounds of how long an answer holds: a TTL of 0 would ask for each of a hundred calls, one of years would outlive any change.
const LIFE = { least: 5_000, most: 86_400_000, negativeMost: 3_600_000, negativeUsual: 60_000 } as const;

/** Addresses, or why there is none. */
export interface Known {
  readonly name: string;
  readonly addresses: readonly Ipv4[];
  /** Set where there are no addresses. */
  readonly none: string | undefined;
  readonly until: Millis;
}

export class DnsCache {
  readonly #known = new Map<string, Known>();

  get size(): number {
    return this.#known.size;
  }

  /** What is known of a name (of dnsName) and still holds. */
  get(name: string, now: Millis): Known | undefined {
    const found = this.#known.get(name);
    if (found !== undefined && found.until > now) return found;
    this.#known.delete(name);
    return undefined;
  }

  /** `ttl` in seconds; undefined = the server named none. The oldest name makes room. */
  put(name: string, said: { readonly addresses: readonly Ipv4[]; readonly none: string | undefined; readonly ttl: number | undefined }, now: Millis): Known {
    const { addresses, none, ttl } = said;
    const wanted = ttl === undefined ? LIFE.negativeUsual : ttl * 1000;
    const life = Math.min(Math.max(wanted, LIFE.least), none === undefined ? LIFE.most : LIFE.negativeMost);
    const known: Known = { name, addresses, none, until: now + life };
    this.#known.delete(name);
    if (this.#known.size >= NAMES_MOST) for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
    this.#known.set(name, known);
    return known;
  }

  clear(): void {
    this.#known.clear();
  }

  /** What still holds, by name. */
  list(now: Millis): readonly Known[] {
    return [...this.#known.values()].filter(({ until }) => until > now).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
