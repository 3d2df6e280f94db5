// UDP sockets of small clients and servers (RADIUS, DNS), on Bun's event loop.

import { formatIpv4, parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { UdpSocket, UdpSockets } from '../../firmware/hal/io.ts';
import { monotonic } from './clock.ts';
import { codeOf, socketError, textOf } from './failure.ts';

type Socket = Bun.udp.Socket<'uint8array'>;
type Options = Parameters<UdpSockets['open']>[0];
/** Datagrams given before the socket is open; it opens within a turn of the event loop. */
const MOST_EARLY = 256;

/** IPv4 sockets bound to every address of the machine. */
export class LinuxUdpSockets implements UdpSockets {
  readonly #open = new Set<LinuxUdpSocket>();

  open(options: Options): UdpSocket {
    const socket = new LinuxUdpSocket(options, () => this.#open.delete(socket));
    this.#open.add(socket);
    return socket;
  }

  /** Closes every socket that is left. */
  close(): void {
    for (const socket of this.#open) socket.close();
  }
}

class LinuxUdpSocket implements UdpSocket {
  readonly #options: Options;
  readonly #gone: () => void;
  #socket: Socket | 'opening' | 'closed' = 'opening';
  #early: { readonly to: Ipv4; readonly port: number; readonly data: Uint8Array }[] = [];

  constructor(options: Options, gone: () => void) {
    this.#options = options;
    this.#gone = gone;
    // Bun refuses a taken port by a throw, not by the promise; `failed` must not come before `open` has returned.
    Promise.try(() => this.#bind()).then(
      (socket) => this.#opened(socket),
      (error: unknown) => this.#refused(error),
    );
  }

  send(to: Ipv4, port: number, data: Uint8Array): void {
    const socket = this.#socket;
    if (socket === 'closed') return;
    if (socket === 'opening') {
      if (this.#early.length < MOST_EARLY) this.#early.push({ to, port, data: data.slice() });
      return;
    }
    const address = formatIpv4(to);
    if (attempt(socket, address, port, data) !== 'ECONNREFUSED') return;
    // That was the ICMP answer to an earlier datagram, perhaps to somebody else; this one has not been sent yet.
    attempt(socket, address, port, data);
  }

  close(): void {
    if (this.#socket === 'closed') return;
    if (this.#socket !== 'opening') this.#socket.close();
    this.#socket = 'closed';
    this.#early = [];
    this.#gone();
  }

  #bind(): Promise<Socket> {
    return Bun.udpSocket({
      hostname: '0.0.0.0',
      port: this.#options.port,
      // A Buffer is a Uint8Array whose `slice` does not copy.
      binaryType: 'uint8array',
      socket: {
        data: (_, data, port, address) => this.#received(data, port, address),
        error: socketError,
      },
    });
  }

  #opened(socket: Socket): void {
    if (this.#socket === 'closed') return socket.close();
    socket.unref();
    this.#socket = socket;
    for (const one of this.#early.splice(0)) this.send(one.to, one.port, one.data);
  }

  #refused(error: unknown): void {
    if (this.#socket === 'closed') return;
    this.close();
    const { port, failed } = this.#options;
    failed(codeOf(error) === 'EADDRINUSE' ? `UDP port ${port} is in use by another program` : `UDP port ${port} cannot be opened: ${textOf(error)}`);
  }

  #received(data: Uint8Array, port: number, address: string): void {
    const from = parseIpv4(address);
    if (from !== undefined && this.#socket !== 'closed') this.#options.received(from, port, data, monotonic());
  }
}

/** Sends one datagram; the system's errno name where it refuses (no route, a full buffer is no error). */
function attempt(socket: Socket, address: string, port: number, data: Uint8Array): string {
  try {
    socket.send(data, port, address);
    return '';
  } catch (error) {
    return codeOf(error);
  }
}
