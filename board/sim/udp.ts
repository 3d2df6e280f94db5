// UDP sockets of small clients and servers over the simulated IP stack. Also makes a bare SimIpHost a RADIUS or DNS server in a test.

import { ANY_IPV4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { UdpSocket, UdpSockets } from '../../firmware/hal/io.ts';
import type { SimIpHost } from './iphost.ts';
import type { World } from './world.ts';

type Options = Parameters<UdpSockets['open']>[0];

/** First and last port that port 0 chooses from, as Linux has them by default. */
const EPHEMERAL = { first: 32_768, last: 60_999 } as const;

/** Takes the datagrams for its ports and leaves all others to who took them before: make it after the plane of a board. */
export class SimUdpSockets implements UdpSockets {
  readonly #world: World;
  readonly #host: SimIpHost;
  readonly #ports = new Map<number, Options>();
  #next: number = EPHEMERAL.first;

  constructor(world: World, host: SimIpHost) {
    this.#world = world;
    this.#host = host;
    const others = host.onUdp;
    host.onUdp = (header, sourcePort, destinationPort, data) => {
      const options = this.#ports.get(destinationPort);
      if (options === undefined) return others(header, sourcePort, destinationPort, data);
      options.received(header.source, sourcePort, data, world.now);
      return true;
    };
  }

  /** Sockets that are open: none once the appliance above has closed. */
  get residue(): number {
    return this.#ports.size;
  }

  open(options: Options): UdpSocket {
    const port = options.port === 0 ? this.#free() : options.port;
    let open = true;
    if (this.#ports.has(port)) {
      this.#world.at(this.#world.now, () => {
        if (open) options.failed(`UDP port ${port} is in use by another program`);
        open = false;
      });
    } else this.#ports.set(port, options);
    return {
      send: (to: Ipv4, toPort: number, data: Uint8Array) => {
        if (open && this.#ports.get(port) === options) this.#host.sendUdp(ANY_IPV4, port, to, toPort, data);
      },
      close: () => {
        open = false;
        if (this.#ports.get(port) === options) this.#ports.delete(port);
      },
    };
  }

  #free(): number {
    while (this.#ports.has(this.#next)) this.#advance();
    const port = this.#next;
    this.#advance();
    return port;
  }

  #advance(): void {
    this.#next = this.#next === EPHEMERAL.last ? EPHEMERAL.first : this.#next + 1;
  }
}
