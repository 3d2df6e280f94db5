// DHCP policies (AlliedWare DHCP chapter): what clients are told, one policy taking from another what it does not say itself.

import type { Ipv4 } from '../bytes/ip.ts';

/** Options that a policy may carry; absent = not said. */
export interface PolicyOptions {
  readonly subnetmask?: Ipv4;
  readonly router?: readonly Ipv4[];
  readonly dnsserver?: readonly Ipv4[];
  readonly domainname?: string;
  readonly ntpserver?: readonly Ipv4[];
}

export interface Policy {
  /** As the operator wrote it. */
  readonly name: string;
  /** Seconds; Infinity = for ever. */
  readonly lease: number;
  /** The policy that it takes from; '' = none. It may not exist yet. */
  readonly inherit: string;
  readonly options: PolicyOptions;
}

/** `options` before those that it inherits. */
const over = (inherited: PolicyOptions, options: PolicyOptions): PolicyOptions => ({ ...inherited, ...options });

/** Names in any case. */
export class Policies {
  readonly #policies = new Map<string, Policy>();

  get(name: string): Policy | undefined {
    return this.#policies.get(name.toLowerCase());
  }

  /** In the order they were created. */
  list(): readonly Policy[] {
    return [...this.#policies.values()];
  }

  put(policy: Policy): void {
    this.#policies.set(policy.name.toLowerCase(), policy);
  }

  delete(name: string): void {
    this.#policies.delete(name.toLowerCase());
  }

  /** The policies that take from this one. */
  heirs(name: string): readonly Policy[] {
    return this.list().filter(({ inherit }) => inherit.toLowerCase() === name.toLowerCase());
  }

  /** A policy that would take from `from` takes from `name` in the end: it would be its own ancestor. */
  circles(name: string, from: string): boolean {
    const seen = new Set<string>();
    for (let at = from.toLowerCase(); at !== '' && !seen.has(at); at = this.get(at)?.inherit.toLowerCase() ?? '') {
      if (at === name.toLowerCase()) return true;
      seen.add(at);
    }
    return false;
  }

  /** Everything that a policy says, by itself or by what it takes from; a sentence where something on the way does not exist. */
  whole(name: string): PolicyOptions | string {
    const found = this.get(name);
    if (found === undefined) return `DHCP policy ${name} does not exist`;
    let options: PolicyOptions = found.options;
    const seen = new Set([found.name.toLowerCase()]);
    for (let { inherit, name: heir } = found; inherit !== '' && !seen.has(inherit.toLowerCase()); ) {
      const ancestor = this.get(inherit);
      if (ancestor === undefined) return `DHCP policy ${inherit}, which policy ${heir} takes from, does not exist`;
      options = over(ancestor.options, options);
      seen.add(inherit.toLowerCase());
      ({ inherit, name: heir } = ancestor);
    }
    return options;
  }
}
