// The simulated Ethernet beside IP: two boards on one wire find each other by their ports' own addresses, as PPPoE needs it (RFC 2516).

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { SimBoard } from '../../../board/sim/board.ts';
import { CLEAN, Wire } from '../../../board/sim/wire.ts';
import { World } from '../../../board/sim/world.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { ANY_IPV4 } from '../../../firmware/bytes/ip.ts';
import { toSessionKey, type EtherId, type Punt, type SessionOptions } from '../../../firmware/hal/dataplane.ts';

const OPTIONS: SessionOptions = { ipv4: false, ipv6: false, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false };
const KEY = toSessionKey(1);

class Station {
  readonly board: SimBoard;
  readonly port: EtherId;
  readonly address: Uint8Array;
  readonly heard: Punt[] = [];

  constructor(world: World, wire: Wire, seed: number) {
    this.board = new SimBoard(world, { seed });
    this.board.ip.plug('eth0', wire);
    const port = this.board.plane.openEther('eth0');
    if (typeof port === 'object') throw new Error(port.refused);
    this.port = port;
    this.address = this.board.plane.ether(port)?.address ?? new Uint8Array();
    this.board.plane.onPunt = (batch) => this.heard.push(...batch);
  }

  /** Sends a discovery frame. */
  discover(to: string, payload: string): void {
    this.board.plane.send([{ to: 'port', port: this.port, data: octets(`${to}0000000000008863${payload}`) }]);
  }

  /** Discovery frames heard, as hex. */
  get discovered(): string[] {
    return this.heard.flatMap((punt) => (punt.kind === 'discovery' ? [hex(punt.data)] : []));
  }
}

const octets = (text: string): Uint8Array => {
  const b = fromHex(text);
  if (b === undefined) throw new Error(`${text} is no hex`);
  return b;
};

test('every port of a world has an Ethernet address of its own, the same that the IP stack shows', () => {
  const world = new World(1);
  const wire = new Wire(world, CLEAN);
  const stations = [1, 2, 3].map((seed) => new Station(world, wire, seed));
  assert.is(new Set(stations.map(({ address }) => hex(address))).size, 3);
  for (const { board, address } of stations) assert.is(board.ip.links()[0]?.mac.replaceAll('-', ''), hex(address));
});

test('a frame to all reaches every other station, one to a station that alone, one to nobody none', () => {
  const world = new World(1);
  const wire = new Wire(world, CLEAN);
  const [a, b, c] = [new Station(world, wire, 1), new Station(world, wire, 2), new Station(world, wire, 3)];
  a.discover('ffffffffffff', '110900000000');
  a.discover(hex(b.address), '111900000000');
  a.discover('02ffffffffff', '110700000000');
  world.run(100);
  const all = `ffffffffffff${hex(a.address)}8863110900000000`;
  assert.equal([a.discovered, b.discovered, c.discovered], [[], [all, `${hex(b.address)}${hex(a.address)}8863111900000000`], [all]]);
});

test('a PPPoE session between two boards carries PPP frames both ways, and nothing over a cut wire or from a port that is down', () => {
  const world = new World(1);
  const wire = new Wire(world, CLEAN);
  const [a, b] = [new Station(world, wire, 1), new Station(world, wire, 2)];
  for (const [self, other] of [[a, b], [b, a]] as const)
    assert.is(self.board.plane.attach({ key: KEY, leg: { kind: 'pppoe', port: self.port, peer: other.address, session: 5 }, far: undefined, options: OPTIONS }), undefined);
  const send = (from: Station, data: string): void => {
    from.board.plane.send([{ to: 'session', session: KEY, data: octets(data) }]);
    world.run(100);
  };
  const frames = (station: Station): string[] => station.heard.flatMap((punt) => (punt.kind === 'ppp' ? [hex(punt.data)] : []));
  send(a, 'c02101010004');
  send(b, 'c02102010004');
  assert.equal([frames(a), frames(b)], [['c02102010004'], ['c02101010004']]);
  wire.up = false;
  send(a, 'c02109010004');
  wire.up = true;
  b.board.ip.setUp('eth0', false);
  send(a, 'c02109020004');
  send(b, 'c02109030004');
  assert.equal([frames(a).length, frames(b).length], [1, 1]);
  b.board.ip.setUp('eth0', true);
  send(a, 'c02101030004');
  assert.is(frames(b).at(-1), 'c02101030004');
});

test.run();
