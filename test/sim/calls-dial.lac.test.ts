// The manual's remote access, whole and in virtual time: a user dials into the LAC by ISDN, the LNS judges him and gives him an address;
// and the call that the LNS has the LAC make.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Caller, type CallerOptions, sayEvent } from '../../board/linux/lab/caller.ts';
import { libraryCrypto } from '../../board/linux/crypto.ts';
import { SimIpHost } from '../../board/sim/iphost.ts';
import { ip, type Node } from '../../board/sim/lans.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { SeededRandom, World } from '../../board/sim/world.ts';
import { checksum } from '../../firmware/bytes/checksum.ts';
import { put16, put32 } from '../../firmware/bytes/integers.ts';
import { createAppliance } from '../../firmware/appliance.ts';
import { show } from './calls.rig.ts';

const seed = (name: string): string => readFileSync(join(import.meta.dir, '..', 'vectors', 'scripts', name), 'utf8');
const LAC = `SET SYSTEM NAME=LAC
ENABLE IP
ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0
ADD IP ROUTE=0.0.0.0 MASK=0.0.0.0 INT=eth1 NEXT=1.1.1.254
`;
const LNS = `SET SYSTEM NAME=LNS
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=2.2.2.2 MASK=255.255.255.0
ADD IP ROUTE=1.1.1.0 MASK=255.255.255.0 INT=eth1 NEXT=2.2.2.254
`;

class Net {
  readonly world = new World(5);
  readonly lac: Node;
  readonly lns: Node;
  readonly #wan = new Wire(this.world);

  constructor(lac = LAC + seed('seed003-01-lac-isdn.cfg'), lns = LNS + seed('seed003-02-lns-pool.cfg')) {
    const core = new Wire(this.world);
    const internet = new SimIpHost(this.world);
    for (const [name, wire, address] of [['a', this.#wan, '1.1.1.254'], ['b', core, '2.2.2.254']] as const) {
      internet.plug(name, wire);
      internet.addAddress(name, ip(address), 24);
    }
    internet.setForwarding(true);
    this.lac = this.#start(1, { eth1: this.#wan }, lac);
    this.lns = this.#start(2, { eth0: new Wire(this.world), eth1: core }, lns);
    this.world.run(1000);
  }

  user(more: Partial<CallerOptions> = {}): { readonly said: string[]; readonly caller: Caller; readonly packets: Uint8Array[] } {
    const said: string[] = [];
    const packets: Uint8Array[] = [];
    const end = this.lac.board.calls.connect('bri0');
    const caller = new Caller(
      { user: 'remuser', password: 'rempass', number: '0312345678', dials: '', ...more },
      {
        clock: this.world.clock(), crypto: libraryCrypto, random: new SeededRandom(17), write: (octets) => end.write(octets), close: () => end.close(),
        event: (event) => said.push(sayEvent(event)), packet: (packet) => packets.push(packet.slice()),
      },
    );
    end.onData = (data) => caller.received(data);
    end.onClose = () => caller.closed();
    return { said, caller, packets };
  }

  #start(n: number, ports: Readonly<Record<string, Wire>>, script: string): Node {
    const board = new SimBoard(this.world, { seed: n });
    for (const [port, wire] of Object.entries(ports)) board.ip.plug(port, wire);
    if (n === 1) board.calls.add('bri0');
    const app = createAppliance(board, { factoryScript: '' });
    const errors: string[] = [];
    app.boot({ name: `${n}.cfg`, text: script }, (line) => errors.push(line));
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return { board, app };
  }
}

/** An ICMP echo request with 0x7e and 0x7d in it. */
function ping(from: string, to: string): Uint8Array {
  const packet = new Uint8Array(60).fill(0x7e, 28, 40).fill(0x7d, 40, 50);
  packet.set([0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 1]);
  put32(packet, 12, ip(from));
  put32(packet, 16, ip(to));
  put16(packet, 10, checksum(packet, 0, 20));
  packet[20] = 8;
  put16(packet, 22, checksum(packet, 20));
  return packet;
}

for (const auth of ['PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) {
  test(`a user who dials into the LAC of the manual gets an address of the LNS's pool by ${auth}, and reaches the network behind`, () => {
    const net = new Net();
    const { said, caller, packets } = net.user({ auth });
    caller.call();
    net.world.run(15_000);
    assert.equal(said, ['connected', 'address 192.168.20.200 peer 192.168.20.1 mtu 1460'], show(net.lac, 'SHOW LOG'));
    caller.send(ping('192.168.20.200', '192.168.20.1'));
    net.world.run(1000);
    assert.is(packets.length, 1);
    assert.is(packets[0]?.[20], 0, 'an echo reply');
    assert.match(show(net.lac, 'SHOW ISDN CALL'), /rmt .* up\n/);
  assert.match(show(net.lns, 'SHOW LOG').replace(/\n +/g, ' '), /user remuser, from 1\.1\.1\.1 \(0312345678\)/, 'the calling number travels');
    caller.hangUp();
    net.world.run(10_000);
    assert.is(said.at(-1), 'closed');
    assert.not.match(show(net.lns, 'SHOW PPP'), /ppp0/);
  });
}

test('a user whom the LNS refuses is told by it, and the LAC hangs up', () => {
  const net = new Net();
  const { said, caller } = net.user({ password: 'wrong' });
  caller.call();
  net.world.run(30_000);
  assert.is(said[0], 'connected');
  assert.match(said[1] ?? '', /^refused: /);
  assert.is(said.at(-1), 'closed');
  assert.match(show(net.lac, 'SHOW ISDN CALL'), /rmt .* idle\n/);
});

test('a line that is cut takes the session at the LNS with it', () => {
  const net = new Net();
  const { caller, said } = net.user();
  caller.call();
  net.world.run(15_000);
  assert.is(said.length, 2);
  caller.closed();
  net.world.run(10_000);
  assert.not.match(show(net.lns, 'SHOW PPP'), /ppp0/);
});

test('a line that is cut at any moment of a call leaves nothing of the user on the LAC nor on the LNS', () => {
  for (let moment = 0; moment < 4000; moment += 150) {
    const net = new Net();
    const { caller } = net.user();
    caller.call();
    net.world.run(moment);
    caller.closed();
    net.world.run(60_000);
    const left = [net.lac, net.lns].map((node) => /ppp0/.test(show(node, 'SHOW PPP')));
    assert.equal(left, [false, false], `cut after ${moment} ms`);
    assert.match(show(net.lac, 'SHOW ISDN CALL'), /rmt .* idle\n/, `cut after ${moment} ms`);
    assert.not.match(show(net.lns, 'SHOW L2TP TUNNEL CALL'), /established/, `cut after ${moment} ms`);
  }
});

test('an LNS has the LAC make an ISDN call by its name, and speaks PPP with whom it reaches', () => {
  const net = new Net(
    `${LAC}ENABLE L2TP\nENABLE L2TP SERVER=BOTH\nADD L2TP PASSWORD=password\nADD ISDN CALL=toiisdn NUMBER=069 PRECEDENCE=OUT\n`,
    `${LNS}ENABLE L2TP\nENABLE L2TP SERVER=BOTH\nADD L2TP CALL=toi TYPE=ISDN IP=1.1.1.1 REMOTE=toiisdn PASSWORD=password
ADD USER=remuser PASSWORD=rempass LOGIN=NO\nCREATE PPP=0 OVER=TNL-toi BAP=OFF LQR=OFF AUTHENTICATION=CHAP\nADD IP INT=ppp0 IP=10.5.5.1 MASK=255.255.255.252\n`,
  );
  const far = net.user({ answers: 'connect' });
  net.world.run(90_000, () => /LCP +OPENED/.test(show(net.lns, 'SHOW PPP')));
  assert.is(far.said[0], 'connected', show(net.lns, 'SHOW LOG') + show(net.lac, 'SHOW LOG'));
  assert.match(show(net.lns, 'SHOW PPP'), /LCP +OPENED/);
  assert.match(show(net.lac, 'SHOW ISDN CALL'), /toiisdn .* up\n/);
});

test.run();
