// The Ethernet ports that PPPoE is spoken on: opened in the data plane while somebody here needs them.

import type { DataPlane, EtherId } from '../hal/dataplane.ts';
import { MAX_PAYLOAD, OVERHEAD } from './pppoe.frame.ts';

export interface Port {
  /** The operator's name in lower case: 'eth1'. */
  readonly name: string;
  readonly id: EtherId;
}

interface Open extends Port {
  uses: number;
}

interface Outside {
  /** Brings a port up. */
  raise(name: string): void;
  /** Whether there is a device behind it. */
  present(name: string): boolean;
}

/** A standard Ethernet frame's payload. */
const ETHERNET_MTU = 1500;

export class Ports {
  readonly #plane: DataPlane;
  readonly #outside: Outside;
  readonly #byName = new Map<string, Open>();
  readonly #byId = new Map<EtherId, Open>();

  constructor(plane: DataPlane, outside: Outside) {
    this.#plane = plane;
    this.#outside = outside;
  }

  /** Opens a port, or shares it where it is open. A text says why it cannot be. */
  take(name: string): Port | string {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.uses++;
      return known;
    }
    const id = this.#plane.openEther(name);
    if (typeof id === 'object') return id.refused;
    const port: Open = { name, id, uses: 1 };
    this.#byName.set(name, port);
    this.#byId.set(id, port);
    this.#outside.raise(name);
    return port;
  }

  /** As often as it was taken. */
  give({ id }: Port): void {
    const port = this.#byId.get(id);
    if (port === undefined) return;
    port.uses--;
    if (port.uses > 0) return;
    this.#byId.delete(id);
    this.#byName.delete(port.name);
    this.#plane.closeEther(id);
  }

  named(name: string): Port | undefined {
    return this.#byName.get(name);
  }

  byId(id: EtherId): Port | undefined {
    return this.#byId.get(id);
  }

  /** Our own Ethernet address there; undefined while the device is gone. */
  address({ id }: Port): Uint8Array | undefined {
    return this.#plane.ether(id)?.address;
  }

  /** The device behind it was taken away. */
  isGone(port: Port): boolean {
    return this.address(port) === undefined || !this.#outside.present(port.name);
  }

  /** The largest PPP payload that fits, octets. */
  payload({ id }: Port): number {
    return (this.#plane.ether(id)?.mtu ?? ETHERNET_MTU) - OVERHEAD;
  }

  /** Whether it carries more than RFC 2516 allows, so that RFC 4638 has something to agree on. */
  isLarge(port: Port): boolean {
    return this.payload(port) > MAX_PAYLOAD;
  }
}
