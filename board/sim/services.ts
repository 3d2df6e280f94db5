// DHCP clients, DHCP server and DNS relay in memory: a test plays the servers of the clients and the clients of the server.

import type { DhcpAsking, DhcpClients, DhcpEvents, NameServices, ServedLease, ServicesConfig } from '../../firmware/hal/dhcp.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';

export class SimDhcpClients implements DhcpClients {
  missing: string | undefined;
  /** Ports that ask, how often they were told to renew, and what the firmware hears. */
  readonly asking = new Map<string, { readonly hostName: string; renewals: number; readonly events: DhcpEvents }>();

  ask(name: string, hostName: string, events: DhcpEvents): DhcpAsking | Refusal {
    if (this.missing !== undefined) return { refused: this.missing };
    const one = { hostName, renewals: 0, events };
    this.asking.set(name, one);
    return {
      renew: () => {
        one.renewals++;
      },
      stop: () => {
        if (this.asking.get(name) === one) this.asking.delete(name);
      },
    };
  }
}

export class SimNameServices implements NameServices {
  missing: string | undefined;
  /** What `apply` is answered with. */
  failure: string | undefined;
  served: ServicesConfig | undefined;
  applied = 0;
  readonly given: ServedLease[] = [];
  onTrouble: (why: string | undefined) => void = () => {};

  apply(config: ServicesConfig | undefined, done: (failure?: string) => void): void {
    this.applied++;
    const failure = config === undefined ? undefined : (this.missing ?? this.failure);
    this.served = failure === undefined ? config : undefined;
    done(failure);
  }

  leases(): readonly ServedLease[] {
    return this.given;
  }
}
