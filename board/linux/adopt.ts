// A prepared descriptor on Bun's event loop: netlink and raw IPv4 sockets, of which each `data` is exactly one datagram. Never for
// sockets that may receive an empty datagram (UDP): Bun takes that for the end of a stream.

import { socketError } from './failure.ts';

/** What Bun gives back; its types do not tell of adoption. */
export interface AdoptedSocket {
  /** Closes the descriptor. */
  end(): void;
  pause(): void;
  resume(): void;
  unref(): void;
}

type Connect = (options: { readonly fd: number; readonly socket: { data(socket: AdoptedSocket, data: Uint8Array): void; close(): void; error(socket: AdoptedSocket, error: unknown): void } }) => Promise<AdoptedSocket>;

/** `data` is valid until the handler returns; `close` also after a receive error (a netlink overrun, ENOBUFS). */
export function adoptSocket(fd: number, on: { data(datagram: Uint8Array): void; close(): void }): Promise<AdoptedSocket> {
  const connect = Bun.connect as unknown as Connect;
  return connect({ fd, socket: { data: (_, datagram) => on.data(datagram), close: () => on.close(), error: socketError } });
}
