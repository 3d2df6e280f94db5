// IP address pools (AlliedWare CREATE IP POOL) and who holds which address. One book for all pools and for addresses that users
// have for themselves, so that no address ever has two holders.

import { type Ipv4, type Ipv4Range, formatIpv4, inRange, toIpv4 } from '../bytes/ip.ts';
import { isHostAddress } from './interfaces.ts';

export interface Pool {
  /** As the operator wrote it. */
  readonly name: string;
  readonly range: Ipv4Range;
  /** How often an address was asked for in vain, and why the last time. */
  refused: number;
  lastRefusal: string;
}

/** An address and the interface that holds it ('ppp3'). */
export interface Holding {
  readonly address: Ipv4;
  readonly holder: string;
}

interface Entry extends Pool {
  /** No free address is below. */
  low: number;
}

export class Pools {
  readonly #pools = new Map<string, Entry>();
  readonly #holders = new Map<Ipv4, string>();
  readonly #addresses = new Map<string, Ipv4>();
  readonly #taken: (address: Ipv4) => string | undefined;

  /** `taken` says who else has an address: the router itself, the peer of a tunnel; undefined = nobody. */
  constructor(taken: (address: Ipv4) => string | undefined = () => undefined) {
    this.#taken = taken;
  }

  /** By name in any case. */
  get(name: string): Pool | undefined {
    return this.#pools.get(name.toLowerCase());
  }

  /** In the order they were created. */
  list(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  create(name: string, range: Ipv4Range): void {
    this.#pools.set(name.toLowerCase(), { name, range, low: range.low, refused: 0, lastRefusal: '' });
  }

  /** Forgets a pool. Addresses of it stay with their holders. */
  destroy(name: string): void {
    this.#pools.delete(name.toLowerCase());
  }

  clear(): void {
    this.#pools.clear();
  }

  /** Every address in use, by address. */
  holdings(): readonly Holding[] {
    return [...this.#holders].map(([address, holder]) => ({ address, holder })).sort((a, b) => a.address - b.address);
  }

  /** The addresses of a pool that are in use, whether they were taken from it or belong to a user. */
  holdingsIn(pool: Pool): readonly Holding[] {
    return this.holdings().filter(({ address }) => inRange(address, pool.range));
  }

  holderOf(address: Ipv4): string | undefined {
    return this.#holders.get(address);
  }

  addressOf(holder: string): Ipv4 | undefined {
    return this.#addresses.get(holder);
  }

  /** The lowest free address of a pool for `holder`; what it held before goes back, one of this pool it keeps. Refused: why, as one sentence. */
  take(name: string, holder: string): Ipv4 | { readonly refused: string } {
    const held = this.#addresses.get(holder);
    const pool = this.#pools.get(name.toLowerCase());
    if (pool !== undefined && held !== undefined && inRange(held, pool.range)) return held;
    this.release(holder);
    if (pool === undefined) return { refused: `IP pool ${name} does not exist: CREATE IP POOL=${name} makes it.` };
    const free = this.#free(pool);
    if (free === undefined) {
      pool.refused++;
      pool.lastRefusal = `IP pool ${pool.name} has no free address.`;
      return { refused: pool.lastRefusal };
    }
    this.#give(free, holder);
    return free;
  }

  /** An address that is meant for `holder` alone, in a pool or not; what it held before goes back. Refused: who has it, as one sentence. */
  claim(address: Ipv4, holder: string): Ipv4 | { readonly refused: string } {
    const other = this.#holders.get(address);
    if (other === holder) return address;
    this.release(holder);
    const text = formatIpv4(address);
    if (other !== undefined) return { refused: `Address ${text} is in use by ${other}.` };
    if (!isHostAddress(address, 32)) return { refused: `Address ${text} cannot be that of a host.` };
    const owner = this.#taken(address);
    if (owner !== undefined) return { refused: `Address ${text} is ${owner}.` };
    this.#give(address, holder);
    return address;
  }

  /** Gives back what `holder` has; the one place where an address becomes free. */
  release(holder: string): void {
    const address = this.#addresses.get(holder);
    if (address === undefined) return;
    this.#addresses.delete(holder);
    this.#holders.delete(address);
    for (const pool of this.#pools.values()) if (inRange(address, pool.range)) pool.low = Math.min(pool.low, address);
  }

  #give(address: Ipv4, holder: string): void {
    this.#holders.set(address, holder);
    this.#addresses.set(holder, address);
  }

  #free(pool: Entry): Ipv4 | undefined {
    while (pool.low <= pool.range.high && this.#holders.has(toIpv4(pool.low))) pool.low++;
    for (let value = pool.low; value <= pool.range.high; value++) {
      const address = toIpv4(value);
      if (!this.#holders.has(address) && this.#taken(address) === undefined) return address;
    }
    return undefined;
  }
}
