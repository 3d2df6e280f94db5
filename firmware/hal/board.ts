// Everything a board gives to the appliance.

import type { Clock, Crypto, Random, WallClock } from './clock.ts';
import type { DataPlane } from './dataplane.ts';
import type { DhcpClients, NameServices } from './dhcp.ts';
import type { Flash } from './flash.ts';
import type { CallPorts, Datagrams, Listeners, RawIp, Resolver, Transfer, UdpSockets } from './io.ts';
import type { IpHost } from './iphost.ts';
import type { PacketFilter } from './packetfilter.ts';
import type { System } from './system.ts';
import type { Updates } from './update.ts';

export interface Board {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly plane: DataPlane;
  readonly ip: IpHost;
  readonly filter: PacketFilter;
  readonly rawIp: RawIp;
  readonly listeners: Listeners;
  readonly datagrams: Datagrams;
  readonly calls: CallPorts;
  readonly udp: UdpSockets;
  readonly dhcp: DhcpClients;
  readonly services: NameServices;
  readonly resolver: Resolver;
  readonly transfer: Transfer;
  readonly flash: Flash;
  readonly system: System;
  /** Absent on boards without two slots for systems. */
  readonly updates?: Updates;
}
