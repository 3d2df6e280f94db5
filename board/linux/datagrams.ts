// One UDP socket for small clients (syslog).

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import type { Datagrams } from '../../firmware/hal/io.ts';
import { socketError } from './failure.ts';

type Socket = Bun.udp.Socket<'buffer'>;
/** Datagrams given before the socket is open; it opens within a turn of the event loop. */
const MOST_EARLY = 64;

/** Opens its socket with the first datagram. Best effort: what cannot be sent is dropped. */
export class UdpDatagrams implements Datagrams {
  #socket: Socket | 'none' | 'opening' | 'closed' = 'none';
  #early: { readonly to: Ipv4; readonly port: number; readonly data: Uint8Array }[] = [];

  send(to: Ipv4, port: number, data: Uint8Array): void {
    const socket = this.#socket;
    if (socket === 'closed') return;
    if (typeof socket === 'string') {
      if (this.#early.length < MOST_EARLY) this.#early.push({ to, port, data: data.slice() });
      if (socket === 'none') this.#open();
      return;
    }
    try {
      socket.send(data, port, formatIpv4(to));
    } catch {
      // No route just now, or the receiver's port is closed: syslog has no answer to give.
    }
  }

  close(): void {
    if (typeof this.#socket !== 'string') this.#socket.close();
    this.#socket = 'closed';
  }

  #open(): void {
    this.#socket = 'opening';
    Bun.udpSocket({ hostname: '0.0.0.0', socket: { error: socketError } }).then(
      (socket) => {
        if (this.#socket === 'closed') return socket.close();
        socket.unref();
        this.#socket = socket;
        for (const one of this.#early.splice(0)) this.send(one.to, one.port, one.data);
      },
      () => {
        this.#socket = 'none';
        this.#early = [];
      },
    );
  }
}
