// A simulated Ethernet: what is sent to a neighbour arrives later, twice, out of order, or not at all. IP packets go to whoever owns an
// address, as ARP would find; everything else goes as whole Ethernet frames.

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import type { World } from './world.ts';

/** How a wire treats packets. Chances are 0..1; times in milliseconds. */
export interface WireQuality {
  readonly loss: number;
  readonly duplicate: number;
  /** Every packet takes `delay` plus up to `jitter`: jitter reorders. */
  readonly delay: number;
  readonly jitter: number;
  readonly mtu: number;
}

export const CLEAN: WireQuality = { loss: 0, duplicate: 0, delay: 1, jitter: 0, mtu: 1500 };

/** A port of a node on a wire. */
export interface Tap {
  /** Whether this port answers for `address` (its own, as ARP would find). */
  owns(address: Ipv4): boolean;
  receive(packet: Uint8Array): void;
  /** The carrier came or went. */
  carrierChanged(): void;
  /** The port's Ethernet address, 6 octets, and what takes frames sent to it or to a group; without them it hears no frames. */
  readonly station?: Uint8Array;
  receiveFrame?(frame: Uint8Array): void;
}

/** Octets of an Ethernet header: destination, source, Ethertype. */
export const ETHERNET_HEADER = 14;

export class Wire {
  readonly #world: World;
  readonly #taps: Tap[] = [];
  quality: WireQuality;
  #up = true;
  /** Packets handed to this wire, and those of them it lost. */
  sent = 0;
  lost = 0;

  constructor(world: World, quality: WireQuality = CLEAN) {
    this.#world = world;
    this.quality = quality;
  }

  get up(): boolean {
    return this.#up;
  }

  /** False cuts the wire: both ends lose their carrier; packets in flight still arrive. */
  set up(up: boolean) {
    if (this.#up === up) return;
    this.#up = up;
    for (const tap of this.#taps) this.#world.at(this.#world.now, () => tap.carrierChanged());
  }

  attach(tap: Tap): void {
    this.#taps.push(tap);
  }

  /** Takes a node off the wire (its power was cut). */
  detach(tap: Tap): void {
    const index = this.#taps.indexOf(tap);
    if (index >= 0) this.#taps.splice(index, 1);
  }

  /** Sends to the neighbour that owns `next`. False = nobody answers for it. */
  send(packet: Uint8Array, next: Ipv4): boolean {
    this.sent++;
    const tap = this.#taps.find((t) => t.owns(next));
    if (tap === undefined || !this.up) {
      this.lost++;
      return false;
    }
    this.#carry(tap, () => tap.receive(packet));
    return true;
  }

  /** Sends a frame from `from` to the port whose address is its destination, or to all others where that is a group address. */
  sendFrame(frame: Uint8Array, from: Tap): void {
    this.sent++;
    if (!this.up || frame.length < ETHERNET_HEADER || frame.length - ETHERNET_HEADER > this.quality.mtu) {
      this.lost++;
      return;
    }
    const isGroup = ((frame[0] ?? 0) & 1) === 1;
    for (const tap of this.#taps) {
      const { station } = tap;
      if (tap === from || station === undefined || !(isGroup || station.every((octet, i) => octet === frame[i]))) continue;
      this.#carry(tap, () => tap.receiveFrame?.(frame.slice()));
    }
  }

  #carry(tap: Tap, arrive: () => void): void {
    const { random } = this.#world;
    if (random.next() < this.quality.loss) {
      this.lost++;
      return;
    }
    const copies = random.next() < this.quality.duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const at = this.#world.now + this.quality.delay + random.next() * this.quality.jitter;
      this.#world.at(at, () => {
        if (this.#taps.includes(tap)) arrive();
      });
    }
  }
}
