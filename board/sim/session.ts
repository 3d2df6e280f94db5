// What the simulated plane keeps of sessions and of the interfaces they share.

import { u32 } from '../../firmware/bytes/integers.ts';
import { inPrefix, toIpv4, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import type { Far, InterfaceCounters, InterfaceId, InterfaceSpec, SessionCounters, SessionOptions, SessionPath } from '../../firmware/hal/dataplane.ts';

export interface Session {
  readonly path: SessionPath;
  far: Far | undefined;
  routes: readonly Ipv4Prefix[];
  sources: readonly Ipv4Prefix[] | undefined;
  options: SessionOptions;
  numbered: boolean;
  oldInARow: number;
  /** Which tenth of a second senders were last told that packets are too long, and how often. */
  toldIn: number;
  told: number;
  /** Whether a numbered message has come in: only then is there a next one to expect. */
  heard: boolean;
  readonly counters: SessionCounters & { outDiscarded: number };
}

/** A session as it is attached: on no interface yet. */
export const newSession = (path: SessionPath): Session => ({
  path,
  far: undefined,
  routes: path.routes ?? [],
  sources: path.sources,
  options: { ...path.options },
  numbered: path.options.sequence === 'on',
  oldInARow: 0,
  heard: false,
  toldIn: -1,
  told: 0,
  counters: {
    inPackets: 0, inBytes: 0, inEmpty: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, inDiscarded: 0,
    outPackets: 0, outBytes: 0, outDiscarded: 0, nextSent: 0, nextExpected: 0, lastIn: 0, lastCarried: 0,
  },
});

export interface Device {
  readonly id: InterfaceId;
  readonly name: string;
  readonly kind: InterfaceSpec['kind'];
  onDemand: boolean;
  /** The one session of a 'tun', the last one that joined. */
  session: Session | undefined;
  /** All sessions of a 'shared-tun'. */
  readonly members: Members;
  demandAt: number;
  readonly counters: InterfaceCounters;
}

/** The sessions on a shared device, and which of them a packet is for. */
export class Members {
  readonly #all = new Set<Session>();
  /** Those with a route to one address, in the order they came: ten thousand callers have one each. */
  readonly #hosts = new Map<Ipv4, Set<Session>>();
  /** Those with a route to a network. */
  readonly #wide = new Set<Session>();

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<Session> {
    return this.#all;
  }

  add(session: Session): void {
    this.#all.add(session);
    for (const { address, length } of session.routes) {
      if (length < 32) this.#wide.add(session);
      else this.#hosts.set(address, (this.#hosts.get(address) ?? new Set()).add(session));
    }
  }

  /** Takes out what `add` entered; `session.routes` is still the same. */
  delete(session: Session): void {
    this.#all.delete(session);
    this.#wide.delete(session);
    for (const { address } of session.routes) {
      const holders = this.#hosts.get(address);
      holders?.delete(session);
      if (holders?.size === 0) this.#hosts.delete(address);
    }
  }

  /** The session whose routes hold the packet's destination, the longest prefix first. */
  to(packet: Uint8Array): Session | undefined {
    if (packet.length < 20 || (packet[0] ?? 0) >> 4 !== 4) return undefined;
    const destination = toIpv4(u32(packet, 16));
    for (const session of this.#hosts.get(destination) ?? []) return session;
    let best: Session | undefined;
    let length = -1;
    for (const session of this.#wide) {
      for (const route of session.routes) {
        if (route.length <= length || !inPrefix(destination, route)) continue;
        best = session;
        length = route.length;
      }
    }
    return best;
  }
}

/** Whether an inner packet has a source that its session may use. A list of IPv4 prefixes permits no IPv6. */
export function maySend({ sources }: Session, frame: Uint8Array, at: number): boolean {
  if (sources === undefined) return true;
  if (frame.length < at + 20 || (frame[at] ?? 0) >> 4 !== 4) return false;
  const source = toIpv4(u32(frame, at + 12));
  return sources.some((prefix) => inPrefix(source, prefix));
}
