// The UDP port that L2TP is served at (RFC 2661 8.1), and the filter before it (SET L2TP FILTER).

import { ANY_IPV4, type Ipv4Prefix } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { DataPlane, UnderlayCounters, UnderlayId } from '../hal/dataplane.ts';

/** The port both ends use (RFC 2661 8.1). */
export const L2TP_PORT = 1701;

export class Port {
  readonly #plane: DataPlane;
  #id: UnderlayId | undefined;
  #sources: readonly Ipv4Prefix[] | undefined;

  constructor(plane: DataPlane) {
    this.#plane = plane;
  }

  get id(): UnderlayId | undefined {
    return this.#id;
  }

  get counters(): UnderlayCounters | undefined {
    return this.#id === undefined ? undefined : this.#plane.underlayCounters(this.#id);
  }

  /** Serves port 1701, or, with a Warning, a free one where another program has it. An Error: none at all. */
  open(): Message {
    if (this.#id !== undefined) return messages.l2tp.done();
    const usual = this.#plane.listen({ address: ANY_IPV4, port: L2TP_PORT });
    const bound = typeof usual === 'number' ? usual : this.#plane.listen({ address: ANY_IPV4, port: 0 });
    if (typeof bound !== 'number') return messages.l2tp.cannotListen(bound.refused);
    this.#id = bound;
    this.#plane.permit(bound, this.#sources);
    return typeof usual === 'number' ? messages.l2tp.done() : messages.l2tp.otherPort(`${usual.refused}.`, this.#plane.boundPort(bound));
  }

  close(): void {
    if (this.#id !== undefined) this.#plane.unlisten(this.#id);
    this.#id = undefined;
  }

  /** Takes datagrams from these sources only; undefined = from all. */
  permit(sources: readonly Ipv4Prefix[] | undefined): void {
    this.#sources = sources;
    if (this.#id !== undefined) this.#plane.permit(this.#id, sources);
  }
}
