// A whole router in memory with two ports, for transcripts of name service and DHCP.

import * as assert from 'uvu/assert';
import { type Ipv4, parseIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { createAppliance, type Appliance } from '../../firmware/appliance.ts';
import type { DhcpLease } from '../../firmware/hal/dhcp.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { SimIpHost } from '../../board/sim/iphost.ts';
import { SimUdpSockets } from '../../board/sim/udp.ts';
import { Wire, type WireQuality, CLEAN } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';

export const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);

export class Box {
  readonly world: World;
  readonly board: SimBoard;
  readonly lan: Wire;
  readonly wan: Wire;
  readonly app: Appliance;

  constructor(lines: readonly string[] = [], quality: WireQuality = CLEAN, seed = 1) {
    this.world = new World(seed);
    this.board = new SimBoard(this.world, { seed });
    this.lan = new Wire(this.world);
    this.wan = new Wire(this.world, quality);
    this.board.ip.plug('eth0', this.lan);
    this.board.ip.plug('eth1', this.wan);
    this.app = createAppliance(this.board, { factoryScript: '' });
    this.app.boot({ name: 'empty.cfg', text: '' });
    for (const line of lines) assert.match(this.give(line), /^(?:Info|Warning)/, line);
  }

  /** What the console prints; slow answers are waited for. */
  give(line: string): string {
    let printed = '';
    let over = false;
    this.app.runCommand(line, (text) => (printed += `${text}\n`), () => {
      over = true;
    });
    this.world.run(60_000, () => over);
    return printed.trimEnd();
  }

  /** SHOW LOG in one line, as long texts are wrapped. */
  log(): string {
    return this.give('SHOW LOG').replace(/\s+/g, ' ');
  }

  /** Lets virtual time pass. */
  pass(ms: number): void {
    this.world.run(ms, () => false);
  }

  config(): string[] {
    return this.give('SHOW CONFIG DYNAMIC').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** A host on the WAN with an address, and its UDP sockets. */
  neighbour(address: string): SimUdpSockets {
    const host = new SimIpHost(this.world);
    host.plug('eth0', this.wan);
    host.addAddress('eth0', ip(address), 24);
    return new SimUdpSockets(this.world, host);
  }

  /** A DHCP server on the LAN gives the client on a port this lease. */
  lease(name: string, given: Partial<DhcpLease> = {}): void {
    const asking = this.board.dhcp.asking.get(name);
    if (asking === undefined) throw new Error(`${name} does not ask`);
    const lease: DhcpLease = {
      address: ip('192.168.10.100'), length: 24, routers: [ip('192.168.10.1')], dns: [ip('192.168.10.1')], domain: '', server: ip('192.168.10.1'), seconds: 3600, ...given,
    };
    asking.events.bound(lease, this.world.now);
    this.pass(10);
  }
}
