// Callers of every kind at one router in virtual time - L2TP, PPPoE, a dialled line - with addresses of the pool, of their user and of
// RADIUS: whatever happens, nobody shares an address and nothing is left behind.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Caller, sayEvent } from '../../board/linux/lab/caller.ts';
import { libraryCrypto } from '../../board/linux/crypto.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { ip, type Lans, type Node } from '../../board/sim/lans.ts';
import { Wire } from '../../board/sim/wire.ts';
import { SeededRandom } from '../../board/sim/world.ts';
import { createAppliance } from '../../firmware/appliance.ts';
import { ATTRIBUTE, firstText, number, text, type Attribute } from '../../firmware/aaa/radius.attribute.ts';
import { CODE, encodeDigestRequest } from '../../firmware/aaa/radius.packet.ts';
import { accept, FakeServer, type Policy } from '../unit/aaa/radius.rig.ts';
import { log, sessions, show } from './calls.rig.ts';
import { caller, CLIENT, dialIn, dynamics, further, hostRoutes, inUse, SERVER } from './remote.rig.ts';

const MINUTE = 60_000;
const SEEDS = Number(process.env['SEEDS'] ?? 6);
const SHARED = ip('192.168.20.202');
/** What the RADIUS server gives its users: two have the same address, which lies in the pool too. */
const GIVES: Readonly<Record<string, readonly Attribute[]>> = {
  twin1: [number('Framed-IP-Address', SHARED)],
  twin2: [number('Framed-IP-Address', SHARED)],
  guest: [text('Framed-Pool', 'guests')],
  plain: [],
};
const answering: Policy = (request) => {
  if (request.code !== CODE['Access-Request']) return accept(request);
  const attributes = GIVES[firstText(request.attributes, 'User-Name') ?? ''];
  return attributes === undefined ? { code: CODE['Access-Reject'] } : { code: CODE['Access-Accept'], attributes };
};

const ROUTER = `${SERVER.replace('200-192.168.20.210', '200-192.168.20.205').replace('IDLE=60', 'ECHO=5')}ADD USER=fixed PASSWORD=fixedpass LOGIN=NO IPADDRESS=192.168.20.203
ADD USER=rival PASSWORD=fixedpass LOGIN=NO IPADDRESS=192.168.20.203
CREATE IP POOL=guests IP=192.168.30.1-192.168.30.2
ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0
`;

interface DialUser {
  readonly said: string[];
  hangUp(): void;
  cut(): void;
}

interface Rig {
  readonly net: Lans;
  readonly server: FakeServer;
  /** Routers that call by L2TP, then those that call by PPPoE. */
  readonly tunnelled: readonly Node[];
  readonly ethernet: readonly Node[];
  dial(user: string, password: string, number?: string): DialUser;
  disconnect(user: string): void;
}

function rig(seed: number): Rig {
  const net = dialIn(ROUTER, CLIENT + caller(2, 'twin1', 'x') + caller(3, 'fixed', 'fixedpass'), undefined, seed);
  const { world, b } = net;
  const [aaa, access] = [new Wire(world), new Wire(world)];
  b.board.ip.plug('eth2', aaa);
  b.board.ip.plug('eth3', access);
  b.board.calls.add('bri0');
  const server = new FakeServer(world, aaa, ip('10.0.0.11'));
  server.policy = answering;
  for (const line of ['ADD IP INT=eth2 IP=10.0.0.1 MASK=255.255.255.0', 'ADD RADIUS SERVER=10.0.0.11 SECRET=testing123', 'ADD PPP ACSERVICE=any TEMPLATE=0 ACINTERFACE=eth3', 'ENABLE PPP ACCESSCONCENTRATOR', 'CREATE CONFIG=all.cfg', 'SET CONFIG=all.cfg', 'RESTART ROUTER']) {
    assert.not.match(show(b, line), /^Error/, line);
    world.run(100);
  }
  const pppoe = (n: number, user: string, password: string): Node => {
    const board = new SimBoard(world, { seed: 500 * seed + n });
    board.ip.plug('eth1', access);
    const app = createAppliance(board, { factoryScript: '' });
    app.boot({ name: 'home.cfg', text: `ENABLE IP\nENABLE IP REMOTEASSIGN\nCREATE PPP=1 OVER=eth1-any BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=${user} PASSWORD=${password}\nADD IP INT=ppp1 IP=0.0.0.0\n` });
    return { board, app };
  };
  const orders = server.udp.open({ port: 0, failed: () => assert.unreachable(), received: () => {} });
  let id = 0;
  return {
    net, server,
    tunnelled: [net.a, further(net, 1, `ENABLE IP REMOTEASSIGN\nENABLE L2TP\n${caller(1, 'plain', 'x')}${caller(2, 'rival', 'fixedpass')}${caller(3, 'twin2', 'x')}`)],
    ethernet: [pppoe(1, 'twin2', 'x'), pppoe(2, 'guest', 'x'), pppoe(3, 'fixed', 'fixedpass')],
    dial: (user, password, calling = '031') => {
      const said: string[] = [];
      const end = b.board.calls.connect('bri0');
      const one = new Caller(
        { user, password, number: calling, dials: '0698' },
        { clock: world.clock(), crypto: libraryCrypto, random: new SeededRandom(seed + ++id), write: (octets) => end.write(octets), close: () => end.close(), event: (event) => said.push(sayEvent(event)), packet: () => {} },
      );
      end.onData = (data) => one.received(data);
      end.onClose = () => one.closed();
      one.call();
      return { said, hangUp: () => one.hangUp(), cut: () => end.close() };
    },
    disconnect: (user) => {
      const order = encodeDigestRequest({ code: CODE['Disconnect-Request'], id: id++ & 0xff, attributes: [text('User-Name', user), number('Event-Timestamp', b.board.wall.seconds())] }, server.trust);
      orders.send(ip('10.0.0.1'), 3799, order);
    },
  };
}

/** What the router shows of addresses, routes and interfaces agrees; gives the host routes. */
function agreed(node: Node, what: string): string[] {
  const routes = hostRoutes(node).map((line) => line.replace('#', ''));
  const held = inUse(node);
  const addresses = routes.map((line) => line.split(' ')[0] ?? '');
  assert.is(new Set(addresses).size, addresses.length, `${what}: one caller for each address\n${routes.join('\n')}`);
  assert.is(new Set(held.map((line) => line.split(' ')[0])).size, held.length, `${what}: one holder for each address\n${held.join('\n')}`);
  assert.equal(routes.filter((line) => /^192\.168\.[23]0\./.test(line) && !held.includes(line)), [], `${what}: each caller's address is in use`);
  const there = new Set([...show(node, 'SHOW PPP').matchAll(/^(ppp\d+) /gm)].map((m) => m[1] ?? ''));
  assert.equal(held.map((line) => line.split(' ')[1] ?? '').filter((name) => !there.has(name)), [], `${what}: every holder is there`);
  return routes;
}

const accounted = (node: Node): number => Number(/^Accounting: (\d+) session/m.exec(show(node, 'SHOW RADIUS'))?.[1]);
const nothing = (node: Node): unknown[] => [inUse(node), hostRoutes(node), dynamics(node), sessions(node), accounted(node)];

test('callers by L2TP, PPPoE and a dialled line have addresses of pool, user and RADIUS at once, and each is accounted for', () => {
  const { net, dial } = rig(1);
  net.world.run(20_000);
  const { said } = dial('plain', 'x');
  net.world.run(20_000);
  const routes = agreed(net.b, 'all');
  const kinds = [...show(net.b, 'SHOW PPP').matchAll(/^ +(TNL|ETH3|ISDN)-\S+ +LCP +OPENED/gm)].map((m) => m[1]);
  assert.equal([...new Set(kinds)].sort(), ['ETH3', 'ISDN', 'TNL']);
  assert.ok(said.some((line) => line.startsWith('address 192.168.20.')), said.join('; '));
  assert.ok(routes.some((line) => line.startsWith('192.168.30.1 ')), 'the pool that RADIUS names');
  assert.is(routes.filter((line) => line.startsWith('192.168.20.202 ')).length, 1, 'of two users with one address one is in');
  assert.match(log(net.b), /User (?:twin1|twin2) refused: Address 192\.168\.20\.202 is in use by ppp\d+\./);
  assert.match(log(net.b), /User (?:fixed|rival) refused: Address 192\.168\.20\.203 is in use by ppp\d+\.|User fixed called again\./);
  assert.is(accounted(net.b), routes.length);
});

const USERS = ['RouterA', 'plain', 'twin1', 'twin2', 'guest', 'fixed', 'rival'] as const;

type Happening = (rig: Rig, dice: (sides: number) => number, dialled: DialUser[]) => void;

const one = <T>(list: readonly T[], dice: (sides: number) => number): T => {
  const chosen = list[dice(list.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
};
const at = (choose: (rig: Rig) => readonly Node[], line: (dice: (sides: number) => number) => string): Happening => (all, dice) => void show(one(choose(all), dice), line(dice));
const router = (line: (dice: (sides: number) => number) => string): Happening => at(({ net }) => [net.b], line);

const HAPPENINGS: readonly Happening[] = [
  at(({ tunnelled }) => tunnelled, (dice) => `${one(['DISABLE', 'ENABLE', 'ENABLE', 'RESET'], dice)} PPP=${1 + dice(3)}`),
  at(({ ethernet }) => ethernet, (dice) => `${one(['DISABLE', 'ENABLE', 'ENABLE', 'RESET'], dice)} PPP=1`),
  at(({ tunnelled }) => tunnelled, (dice) => one(['DISABLE L2TP', 'ENABLE L2TP', 'ENABLE L2TP'], dice)),
  (all, dice, dialled) => {
    const user = one(USERS, dice);
    if (dialled.length < 3) dialled.push(all.dial(user, user === 'fixed' || user === 'rival' ? 'fixedpass' : user === 'RouterA' ? 'PasswordA' : 'x'));
  },
  (_all, dice, dialled) => {
    const user = dialled.splice(dice(3), 1)[0];
    if (dice(2) === 0) user?.hangUp();
    else user?.cut();
  },
  router((dice) => `RESET PPP=${dice(8)}`),
  router((dice) => `${one(['ENABLE', 'ENABLE', 'DISABLE'], dice)} PPP ACCESSCONCENTRATOR`),
  router((dice) => `${one(['ENABLE', 'ENABLE', 'DISABLE'], dice)} IP`),
  router((dice) => `SET PPP TEMPLATE=0 AUTHENTICATION=${one(['PAP', 'CHAP', 'EITHER'], dice)}`),
  router(() => 'DEACTIVATE ISDN CALL=rmt'),
  router((dice) => one(['DELETE RADIUS SERVER=10.0.0.11', 'ADD RADIUS SERVER=10.0.0.11 SECRET=testing123', 'ADD RADIUS SERVER=10.0.0.11 SECRET=testing123'], dice)),
  ({ server }, dice) => void (server.policy = one([answering, answering, accept, () => undefined], dice)),
  ({ disconnect }, dice) => disconnect(one(USERS, dice)),
  ({ net }, dice) => void (net.wires[0].quality = { loss: dice(3) * 0.2, duplicate: 0.1, delay: 5, jitter: 30, mtu: 1500 }),
];

test('whatever happens to callers of every kind, with RADIUS that refuses, is silent or disconnects, no address has two holders and none is lost', () => {
  let disconnections = 0;
  let most = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const all = rig(seed);
    const { net, server, tunnelled, ethernet } = all;
    const random = new SeededRandom(seed);
    const dice = (sides: number): number => (random.bytes(1)[0] ?? 0) % sides;
    const dialled: DialUser[] = [];
    for (let step = 0; step < 80; step++) {
      HAPPENINGS[dice(HAPPENINGS.length)]?.(all, dice, dialled);
      net.world.run(dice(4) === 0 ? 10_000 : dice(200) * 5);
      most = Math.max(most, agreed(net.b, `seed ${seed} step ${step}`).length);
    }
    disconnections += Number(/Disconnected (\d+)/.exec(show(net.b, 'SHOW RADIUS'))?.[1]);
    net.wires[0].quality = { loss: 0, duplicate: 0, delay: 1, jitter: 0, mtu: 1500 };
    server.policy = answering;
    for (const line of ['ENABLE IP', 'ENABLE PPP ACCESSCONCENTRATOR', 'ADD RADIUS SERVER=10.0.0.11 SECRET=testing123', 'SET PPP TEMPLATE=0 AUTHENTICATION=EITHER']) show(net.b, line);
    for (const node of [...tunnelled, ...ethernet]) for (const line of ['ENABLE L2TP', 'DISABLE PPP=1', 'DISABLE PPP=2', 'DISABLE PPP=3']) show(node, line);
    for (const user of dialled) user.cut();
    net.world.run(3 * MINUTE);
    assert.equal(nothing(net.b), [[], [], [], 0, 0], `seed ${seed}: nothing is left`);
    for (const node of [...tunnelled, ...ethernet]) show(node, 'ENABLE PPP=1');
    net.world.run(3 * MINUTE);
    const routes = agreed(net.b, `seed ${seed}: everybody again`);
    assert.is(routes.length, 5, `${routes.join('\n')}\n${log(net.b).slice(-3000)}`);
    assert.is(accounted(net.b), 5);
  }
  assert.ok(disconnections > 0);
  assert.ok(most >= 6, `${most} callers at most`);
});

test('a caller to whom RADIUS gives an address of the router, of loopback or multicast is refused, and the log names the address', () => {
  const { net, server } = rig(1);
  const given: (string | undefined)[] = [];
  for (const address of ['192.168.20.1', '127.0.0.1', '224.0.0.5', '2.2.2.2']) {
    server.policy = (request) => (request.code === CODE['Access-Request'] ? { code: CODE['Access-Accept'], attributes: [{ type: ATTRIBUTE['Framed-IP-Address'], value: Uint8Array.from(address.split('.').map(Number)) }] } : accept(request));
    show(net.a, 'RESET PPP=2');
    net.world.run(MINUTE);
    given.push(hostRoutes(net.b).find((line) => line.startsWith(`${address} `)));
    assert.match(log(net.b), new RegExp(`ddress ${address.replaceAll('.', '\\.')}(?: is |, which no caller can have)`), address);
  }
  assert.equal(given, [undefined, undefined, undefined, undefined]);
});

/** Milliseconds from a call to its refusal, or to its address. */
function answered({ net, dial }: Rig, user: string, password: string, from?: string): { readonly after: number; readonly word: string } {
  const call = dial(user, password, from);
  const began = net.world.now;
  const word = (): string | undefined => /^(?:refused|address)/.exec(call.said.find((line) => !line.startsWith('connected')) ?? '')?.[0];
  net.world.run(2 * MINUTE, () => word() !== undefined);
  const after = net.world.now - began;
  call.cut();
  net.world.run(100);
  return { after, word: word() ?? 'nothing' };
}

test('a caller who fails authentication waits for the refusal, ever longer from his third failure on; others and a right password do not wait', () => {
  const all = rig(1);
  all.net.world.run(20_000);
  const waits = Array.from({ length: 9 }, () => {
    const { after, word } = answered(all, 'RouterA', 'guess');
    assert.is(word, 'refused');
    return after;
  });
  const [base = 0] = waits;
  assert.equal(waits.map((wait) => Math.round((wait - base) / 1000)), [0, 0, 1, 2, 4, 8, 16, 16, 16]);
  const other = answered(all, 'RouterA', 'guess', '032');
  assert.ok(other.after - base < 500, `another number waits ${other.after} ms`);
  const right = answered(all, 'RouterA', 'PasswordA');
  assert.equal([right.word, right.after - base < 500], ['address', true]);
  assert.ok(answered(all, 'RouterA', 'guess').after - base < 500, 'who proved himself starts afresh');
});

test.run();
