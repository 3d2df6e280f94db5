// Packet filters and NAT of a simulated board: keeps the rules it is given; packets pass unchanged.

import type { Ipv4Range } from '../../firmware/bytes/ip.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { FilterCount, PacketFilter, RuleSet } from '../../firmware/hal/packetfilter.ts';

const NOTHING: RuleSet = { filters: [], uses: [], translations: [] };

export class SimPacketFilter implements PacketFilter {
  /** What would hold now. */
  rules: RuleSet = NOTHING;
  /** How often rules were replaced. */
  replaced = 0;
  /** Why the next rules are refused. */
  refuse: string | undefined;
  /** Sources whose connections were made to begin anew, in order. */
  readonly forgotten: Ipv4Range[] = [];
  readonly counts = new Map<number, FilterCount>();

  apply(rules: RuleSet, done: (failure?: string) => void): void {
    if (this.refuse !== undefined) return done(this.refuse);
    this.rules = rules;
    this.replaced++;
    done();
  }

  counters(done: (counts: ReadonlyMap<number, FilterCount> | Refusal) => void): void {
    done(this.counts);
  }

  forget(sources: readonly Ipv4Range[]): void {
    this.forgotten.push(...sources);
  }

  clear(): void {
    this.rules = NOTHING;
  }
}
