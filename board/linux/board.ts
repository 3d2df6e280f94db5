// A Linux board: every driver, ready for the appliance.

import type { Board } from '../../firmware/hal/board.ts';
import { kernelRandom } from './chance.ts';
import { LinuxClock, OffsetWall } from './clock.ts';
import { runFolder } from './command-socket.ts';
import { libraryCrypto } from './crypto.ts';
import { UdpDatagrams } from './datagrams.ts';
import { FolderFlash } from './flash.ts';
import { LinuxIpHost } from './iphost.ts';
import { TcpListeners } from './listeners.ts';
import { NftFilter } from './nftables.ts';
import { linuxRawIp } from './raw-ip.ts';
import { hostResolver } from './resolver.ts';
import { linuxSystem } from './system.ts';
import { LinuxTransfer } from './transfer.ts';
import { LinuxUdpSockets } from './udp.ts';
import { UserPlane } from './userplane/plane.ts';

export interface LinuxBoardOptions {
  /** As SHOW SYSTEM names it. */
  readonly name: string;
  readonly flash: string;
  /** The operator's port names and the kernel's devices. */
  readonly ports: ReadonlyMap<string, string>;
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
  const ip = new LinuxIpHost({ ports: options.ports, traces: `${runFolder(options.flash)}/kernel.json` });
  const filter = new NftFilter({ ports: options.ports, sole: ip.sole });
  const plane = new UserPlane();
  const datagrams = new UdpDatagrams();
  const udp = new LinuxUdpSockets();
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
    udp,
    resolver: hostResolver(now),
    transfer: new LinuxTransfer(),
    flash,
    system: linuxSystem(options.name, options.reboot),
    async close() {
      clock.close();
      filter.close();
      ip.close();
      plane.shutdown();
      datagrams.close();
      udp.close();
      await flash.flushed();
    },
  };
}
