// A Linux board: every driver, ready for the appliance.

import type { Board } from '../../firmware/hal/board.ts';
import { kernelRandom } from './chance.ts';
import { isCallPort, LinuxCallPorts } from './callports.ts';
import { LinuxClock, OffsetWall } from './clock.ts';
import { runFolder } from './command-socket.ts';
import { libraryCrypto } from './crypto.ts';
import { UdpDatagrams } from './datagrams.ts';
import { DnsmasqServices } from './dnsmasq.ts';
import { FolderFlash } from './flash.ts';
import { LinuxIpHost } from './iphost.ts';
import { TcpListeners } from './listeners.ts';
import { NftFilter } from './nftables.ts';
import { linuxRawIp } from './raw-ip.ts';
import { hostResolver } from './resolver.ts';
import { linuxSystem } from './system.ts';
import { LinuxTransfer } from './transfer.ts';
import { UdhcpcClients } from './udhcpc.ts';
import { LinuxUdpSockets } from './udp.ts';
import { UserPlane } from './userplane/plane.ts';
import type { Updates } from '../../firmware/hal/update.ts';

export interface LinuxBoardOptions {
  /** As SHOW SYSTEM names it. */
  readonly name: string;
  readonly flash: string;
  /** The operator's port names and the kernel's devices; call ports: 'unix:/PATH' or a serial line. */
  readonly ports: ReadonlyMap<string, string>;
  /** Something is wrong that does not stop the board, one sentence. */
  say?(text: string): void;
  /** The two systems of a card. */
  readonly updates?: Updates;
  /** RESTART REBOOT. */
  reboot(): void;
}

export interface LinuxBoard extends Board {
  readonly ip: LinuxIpHost;
  readonly filter: NftFilter;
  /** Puts the kernel back as it was and finishes the saves that were asked for. */
  close(): Promise<void>;
}

/** Opens the board; the sentence why it cannot be. */
export function openBoard(options: LinuxBoardOptions): LinuxBoard | string {
  const clock = new LinuxClock();
  const wall = new OffsetWall();
  const flash = FolderFlash.open(options.flash, (instant) => wall.at(instant));
  if (typeof flash === 'string') return flash;
  const now = (): number => clock.now();
  const calls = LinuxCallPorts.open(options.ports, (text) => options.say?.(text));
  if (typeof calls === 'string') return calls;
  const ports = new Map([...options.ports].filter(([name]) => !isCallPort(name)));
  const ip = new LinuxIpHost({ ports, traces: `${runFolder(options.flash)}/kernel.json` });
  const filter = new NftFilter({ ports, sole: ip.sole });
  const plane = new UserPlane(options.ports);
  const datagrams = new UdpDatagrams();
  const udp = new LinuxUdpSockets();
  const run = runFolder(options.flash);
  const dhcp = new UdhcpcClients({ ports, folder: `${run}/udhcpc`, now });
  const services = new DnsmasqServices({ ports, folder: `${run}/dnsmasq` });
  return {
    clock,
    wall,
    random: kernelRandom,
    crypto: libraryCrypto,
    plane,
    ip,
    filter,
    rawIp: linuxRawIp(now),
    listeners: new TcpListeners(),
    datagrams,
    calls,
    udp,
    dhcp,
    services,
    resolver: hostResolver(now),
    transfer: new LinuxTransfer(),
    flash,
    system: linuxSystem(options.name, options.reboot),
    ...(options.updates === undefined ? {} : { updates: options.updates }),
    async close() {
      clock.close();
      filter.close();
      ip.close();
      plane.shutdown();
      datagrams.close();
      calls.close();
      udp.close();
      await Promise.all([dhcp.close(), services.close(), flash.flushed()]);
    },
  };
}
