// DHCP ranges (AlliedWare DHCP chapter): the addresses that clients are given.

import { type Ipv4, type Ipv4Range, inRange, toIpv4 } from '../bytes/ip.ts';

/** An address kept for one client. */
export interface Fixed {
  readonly address: Ipv4;
  /** As 00-00-f4-90-19-9f. */
  readonly mac: string;
}

export class Range {
  /** As the operator wrote it. */
  readonly name: string;
  /** The policy may not exist yet. */
  readonly policy: string;
  readonly base: Ipv4Range;
  /** The DHCP relay that the clients are behind. */
  readonly gateway: Ipv4 | undefined;
  readonly #added = new Set<Ipv4>();
  readonly #removed = new Set<Ipv4>();
  readonly #fixed = new Map<Ipv4, string>();

  constructor(of: { readonly name: string; readonly policy: string; readonly base: Ipv4Range; readonly gateway: Ipv4 | undefined }) {
    this.name = of.name;
    this.policy = of.policy;
    this.base = of.base;
    this.gateway = of.gateway;
  }

  /** Single addresses beside the first ones, by address. */
  get added(): readonly Ipv4[] {
    return [...this.#added].sort((a, b) => a - b);
  }

  /** Addresses taken out of the first ones, by address. */
  get removed(): readonly Ipv4[] {
    return [...this.#removed].sort((a, b) => a - b);
  }

  get fixed(): readonly Fixed[] {
    return [...this.#fixed].map(([address, mac]) => ({ address, mac })).sort((a, b) => a.address - b.address);
  }

  /** Any client may be given it. */
  gives(address: Ipv4): boolean {
    return this.#added.has(address) || (inRange(address, this.base) && !this.#removed.has(address));
  }

  /** Who an address is kept for. */
  keptFor(address: Ipv4): string | undefined {
    return this.#fixed.get(address);
  }

  addressOf(mac: string): Ipv4 | undefined {
    return this.fixed.find((one) => one.mac === mac)?.address;
  }

  add(address: Ipv4): void {
    if (!this.#removed.delete(address) && !inRange(address, this.base)) this.#added.add(address);
  }

  keep({ address, mac }: Fixed): void {
    this.#fixed.set(address, mac);
  }

  remove(address: Ipv4): void {
    if (!this.#added.delete(address)) this.#removed.add(address);
  }

  release(address: Ipv4): void {
    this.#fixed.delete(address);
  }

  /** The addresses for any client, in as few ranges as possible. */
  ranges(): readonly Ipv4Range[] {
    const out: Ipv4Range[] = [];
    let low: number = this.base.low;
    for (const gap of this.removed) {
      if (gap > low) out.push({ low: toIpv4(low), high: toIpv4(gap - 1) });
      low = gap + 1;
    }
    if (low <= this.base.high) out.push({ low: toIpv4(low), high: this.base.high });
    return [...out, ...this.added.map((address) => ({ low: address, high: address }))];
  }

  /** How many addresses it has for any client. */
  get size(): number {
    return this.base.high - this.base.low + 1 - this.#removed.size + this.#added.size;
  }

  /** Every address of it, kept or not. */
  *all(): IterableIterator<Ipv4> {
    for (const { low, high } of this.ranges()) for (let n: number = low; n <= high; n++) yield toIpv4(n);
    yield* this.#fixed.keys();
  }
}
