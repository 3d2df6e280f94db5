// Fuzz targets of PPPoE: the discovery codec, and whole frames at a station that is client and access concentrator at once.

import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { Cookies } from '../../firmware/call/pppoe.cookie.ts';
import { BROADCAST, type Code, type Discovery, numberTag, readDiscovery, type Tag, TAGS, textTag, writeDiscovery } from '../../firmware/call/pppoe.frame.ts';
import { SERVICE_DEFAULTS } from '../../firmware/call/pppoe.services.ts';
import { Pppoe } from '../../firmware/call/pppoe.ts';
import type { DataPlane, EtherId } from '../../firmware/hal/dataplane.ts';
import type { Target } from './l2tp.ts';

function fail(what: string, input: Uint8Array): never {
  throw new Error(`${what}: ${[...input].map((octet) => octet.toString(16).padStart(2, '0')).join('')}`);
}

const OWN: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 1);
const PEER: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 2);
const MARK: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const MOST_SESSIONS = 20;

/** Chance without chance: marks and cookies are known to the seeds. */
const random = { bytes: (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i % 8) + 1) };
const crypto = new SimBoard(new World(1), { seed: 1 }).crypto;
const uniq: Tag = { type: TAGS.hostUniq, value: MARK };
const cookie: Tag = { type: TAGS.acCookie, value: new Cookies(crypto, random, 0).of('eth1', PEER, 0) };
const service = textTag(TAGS.serviceName, '');
const write = (code: Code, session: number, tags: readonly Tag[], destination = OWN): Uint8Array =>
  writeDiscovery({ destination, source: PEER, code, session, tags }) ?? new Uint8Array(0);

const SEEDS: readonly Uint8Array[] = [
  write('PADI', 0, [service, uniq], BROADCAST),
  write('PADI', 0, [textTag(TAGS.serviceName, 'gold'), numberTag(TAGS.pppMaxPayload, 1500), { type: TAGS.relaySessionId, value: MARK }], BROADCAST),
  write('PADO', 0, [service, textTag(TAGS.acName, 'ac'), uniq, cookie, numberTag(TAGS.pppMaxPayload, 1500)]),
  write('PADO', 0, [service, textTag(TAGS.acName, 'ac'), uniq, textTag(TAGS.genericError, 'no')]),
  write('PADR', 0, [service, uniq, cookie]),
  write('PADR', 0, [textTag(TAGS.serviceName, 'gold'), cookie, { type: TAGS.relaySessionId, value: MARK }]),
  write('PADS', 7, [service, uniq]),
  write('PADS', 0, [service, uniq, textTag(TAGS.acSystemError, 'full')]),
  write('PADT', 7, [textTag(TAGS.genericError, 'over')]),
  write('PADT', 2, []),
];

const same = (a: Discovery, b: Discovery): boolean => JSON.stringify(a) === JSON.stringify(b);

function runCodec(input: Uint8Array): boolean {
  const packet = readDiscovery(input);
  if (typeof packet === 'string') return false;
  for (const { value } of packet.tags) if (value.byteOffset < input.byteOffset || value.byteOffset + value.length > input.byteOffset + input.length) fail('a tag outside the frame', input);
  const again = writeDiscovery(packet);
  // What is read may be longer than what an Ethernet frame holds: only then is it not written.
  if (again === undefined) {
    if (input.length <= 1514) fail('accepted but not written', input);
    return true;
  }
  const second = readDiscovery(again);
  if (typeof second === 'string' || !same(packet, second)) fail('another packet after writing', input);
  return true;
}

/** A station whose plane is a count of frames. It keeps what earlier inputs made of it. */
export function stationTarget(): Target {
  const world = new World(1);
  let sent = 0;
  let attached = 0;
  const plane: DataPlane = {
    name: 'fuzz',
    listen: () => ({ refused: 'none' }),
    boundPort: () => 0,
    unlisten: () => {},
    openEther: () => 1 as EtherId,
    closeEther: () => {},
    ether: () => ({ address: OWN, mtu: 1508 }),
    permit: () => {},
    open: () => ({ refused: 'none' }),
    set: () => {},
    close: () => {},
    attach: () => {
      attached++;
      return undefined;
    },
    update: () => {},
    detach: () => {
      attached--;
    },
    send: (frames) => {
      sent += frames.length;
    },
    onPunt: () => {},
    counters: () => undefined,
    underlayCounters: () => undefined,
  };
  const pppoe = new Pppoe({
    plane, random, crypto,
    clock: world.clock(),
    log: { add: () => {} },
    owner: {
      arrive: () => ({ name: 'ppp1', linkUp: () => {}, linkMtu: () => {}, linkDown: () => {} }),
      layerUser: () => undefined,
      linkUp: () => {},
      linkDown: () => {},
      portExists: () => true,
      hostName: () => 'fuzz',
    },
  });
  for (const name of ['ANY', 'gold']) {
    const { acradius, macLimit } = SERVICE_DEFAULTS;
    pppoe.concentrator.services.add({ name, port: 'eth1', template: 0, maxSessions: MOST_SESSIONS / 2, macLimit, acradius });
  }
  pppoe.concentrator.enable(world.now);
  pppoe.layers.want('eth1-any', world.now);
  const port = 1 as EtherId;
  const taken = (): number => Object.values(pppoe.counters.received).reduce((sum, count) => sum + count, 0);
  let turn = 0;
  const run = (input: Uint8Array): boolean => {
    // Time passes now and then, so that attempts begin and cookies stay good.
    if (++turn % 16 === 0) world.run(turn % 4096 === 0 ? 70_000 : 200);
    const [before, accepted] = [sent, taken()];
    pppoe.punt({ kind: 'discovery', port, data: input }, world.now);
    // One answer, or the PADR to an offer; a session that is begun anew is ended first.
    if (sent - before > 2) fail(`${sent - before} frames for one`, input);
    if (attached > MOST_SESSIONS + 1 || attached !== pppoe.sessions) fail(`${attached} sessions attached, ${pppoe.sessions} known`, input);
    if (turn % 64 === 0) pppoe.punt({ kind: 'no session', port, peer: PEER, session: turn & 0xffff }, world.now);
    return taken() > accepted;
  };
  return { name: 'pppoe station', seeds: SEEDS, count: 200_000, run };
}

export const targets: readonly Target[] = [{ name: 'pppoe discovery', seeds: SEEDS, count: 1_000_000, run: runCodec }, stationTarget()];
