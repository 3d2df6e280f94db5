// Names that the operator gave to addresses (AlliedWare ADD IP HOST).

import type { Ipv4 } from '../bytes/ip.ts';

export interface Host {
  /** As the operator wrote it. */
  readonly name: string;
  readonly address: Ipv4;
}

/** Names are compared without regard to case and to a final dot. */
export class Hosts {
  readonly #hosts = new Map<string, Host>();

  get(name: string): Host | undefined {
    return this.#hosts.get(keyOf(name));
  }

  /** Adds a name, or changes its address. */
  put(host: Host): void {
    this.#hosts.set(keyOf(host.name), { name: this.get(host.name)?.name ?? host.name, address: host.address });
  }

  delete(name: string): void {
    this.#hosts.delete(keyOf(name));
  }

  /** In the order they were added. */
  list(): readonly Host[] {
    return [...this.#hosts.values()];
  }
}

const keyOf = (name: string): string => name.toLowerCase().replace(/\.$/, '');
