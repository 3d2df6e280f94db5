// What the IP room needs to know from the rest of the box. The appliance answers by asking the rooms that own ports and PPP interfaces.

import type { Ipv4 } from '../bytes/ip.ts';

/** Interface names are those of devices, in lower case and without logical suffix: 'eth0', 'ppp1'. */
export interface IpOwner {
  /** There is such an interface: a port of the board (its kernel device may be missing) or an existing PPP interface. */
  exists(name: string): boolean;
  /** A packet routed into this PPP interface while its link is down makes it dial: it is enabled and has IDLE set. */
  onDemand(name: string): boolean;
  /** Packets of the tunnel under this PPP interface go to `address`: a host route to it through `name` would swallow the tunnel. */
  underlies(name: string, address: Ipv4): boolean;
  /** Why no caller may have an address, as what it is: 'the address of a tunnel peer'; undefined where nothing speaks against it. */
  reserved?(address: Ipv4): string | undefined;
  /** The IP interfaces on `name` were added, deleted, enabled, disabled or given another address: IPCP there has to follow. */
  changed(name: string): void;
}
