// Callers of a whole router whose users a RADIUS server knows: what it gives, what it is told, and what it orders.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Wire } from '../../board/sim/wire.ts';
import { ip, type Lans } from '../../board/sim/lans.ts';
import { all, ATTRIBUTE, firstNumber, firstText, number, octets, text, type Attribute } from '../../firmware/aaa/radius.attribute.ts';
import { CODE, encodeDigestRequest, type Packet } from '../../firmware/aaa/radius.packet.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { accept, FakeServer, type Policy } from '../unit/aaa/radius.rig.ts';
import { log, pings, show } from './calls.rig.ts';
import { caller, CLIENT, dialIn, hostRoutes, inUse, SERVER } from './remote.rig.ts';

const RADIUS = SERVER.replace('ADD USER=RouterA PASSWORD=PasswordA LOGIN=NO\n', '').replace('AUTHEN=EITHER', 'AUTHEN=EITHER LOGIN=RADIUS');

interface Rig {
  readonly net: Lans;
  readonly server: FakeServer;
  /** Accounting records by status (1 start, 2 stop). */
  records(status: number): Packet[];
  order(code: 'Disconnect-Request' | 'CoA-Request', ...attributes: readonly Attribute[]): void;
}

/** Router A dials in to router B, which asks a server on a LAN of its own. */
function rig(policy: Policy, script = RADIUS, client = CLIENT): Rig {
  const net = dialIn(script, client);
  const wire = new Wire(net.world);
  net.b.board.ip.plug('eth2', wire);
  const server = new FakeServer(net.world, wire, ip('10.0.0.11'));
  server.policy = policy;
  for (const line of ['ADD IP INT=eth2 IP=10.0.0.1 MASK=255.255.255.0', 'ADD RADIUS SERVER=10.0.0.11 SECRET=testing123']) assert.match(show(net.b, line), /^Info/);
  const orders = server.udp.open({ port: 0, failed: () => assert.unreachable(), received: () => {} });
  let id = 0;
  return {
    net, server,
    records: (status) => server.requests.filter(({ attributes }) => firstNumber(attributes, 'Acct-Status-Type') === status),
    order: (code, ...attributes) => orders.send(ip('10.0.0.1'), 3799, encodeDigestRequest({ code: CODE[code], id: id++, attributes }, server.trust)),
  };
}

const granting = (...attributes: readonly Attribute[]): Policy => (request) => (request.code === CODE['Access-Request'] ? { code: CODE['Access-Accept'], attributes } : accept(request));

test('a caller whom the RADIUS server accepts gets the address it gives, and is accounted for until he hangs up', () => {
  const { net, server, records } = rig(granting(number('Framed-IP-Address', ip('192.168.20.77')), octets('Class', Uint8Array.of(1, 2, 3))));
  net.world.run(10_000);
  assert.equal(hostRoutes(net.b), ['192.168.20.77 ppp0']);
  assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.2' }), 10);
  const asked = server.requests.find(({ code }) => code === CODE['Access-Request']);
  assert.ok(asked !== undefined);
  assert.is(firstText(asked.attributes, 'User-Name'), 'RouterA');
  assert.is(asked.attributes[0]?.type, ATTRIBUTE['Message-Authenticator']);
  assert.ok(asked.attributes.some(({ type }) => type === ATTRIBUTE['CHAP-Password']));
  assert.is(records(1).length, 1);
  show(net.a, 'DISABLE PPP=1');
  net.world.run(5000);
  const [stop] = records(2);
  assert.ok(stop !== undefined);
  assert.is(firstText(stop.attributes, 'Acct-Session-Id'), firstText(asked.attributes, 'Acct-Session-Id'), 'one identifier from the first question on');
  assert.equal(all(stop.attributes, 'Class').map(hex), ['010203']);
  assert.is(firstNumber(stop.attributes, 'Framed-IP-Address'), ip('192.168.20.77'));
  assert.ok((firstNumber(stop.attributes, 'Acct-Input-Packets') ?? 0) >= 10);
  assert.not.match(show(net.b, 'SHOW LOG') + show(net.b, 'SHOW RADIUS'), 'testing123');
});

/** Routes over dynamic interfaces as SHOW IP ROUTE lists them. */
const routes = (net: Lans): string[] => [...show(net.b, 'SHOW IP ROUTE').matchAll(/^(\d[\d.]+) +(255[\d.]+|0\.0\.0\.0) +0\.0\.0\.0 +ppp(\d+) /gm)].map((m) => `${m[1]} ${m[2]} ppp${m[3]}`);

test('Framed-Route leads to networks behind the caller, but never one into his own tunnel, and the log says which', () => {
  for (const refused of ['1.1.1.0/24 0.0.0.0 1', '1.1.1.1/32', '1.0.0.0/8', '0.0.0.0/0']) {
    const { net } = rig(granting(text('Framed-Route', refused), text('Framed-Route', '10.8.0.0/16 0.0.0.0 1')));
    net.world.run(10_000);
    assert.equal(routes(net), ['10.8.0.0 255.255.0.0 ppp0', '192.168.20.200 255.255.255.255 ppp0'], refused);
    assert.match(log(net.b), new RegExp(`ppp0: network ${(/^\S+/.exec(refused)?.[0] ?? '').replaceAll('.', '\\.')} is not routed to user RouterA: it holds 1\\.1\\.1\\.1, the peer of his own tunnel`));
    assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.2' }), 10, refused);
  }
});

test('a network that two callers have goes over the other one when one hangs up', () => {
  const { net } = rig(granting(text('Framed-Route', '10.8.0.0/16 0.0.0.0 1')), RADIUS, CLIENT + caller(2));
  net.world.run(10_000);
  for (const line of ['DISABLE PPP=2', 'ENABLE PPP=2', 'DISABLE PPP=1', 'ENABLE PPP=1', 'DISABLE PPP=2']) {
    show(net.a, line);
    net.world.run(10_000);
    assert.is(net.b.board.ip.lookup(ip('10.8.0.1'))?.name, 'dyn0', line);
  }
  show(net.a, 'DISABLE PPP=1');
  net.world.run(10_000);
  assert.is.not(net.b.board.ip.lookup(ip('10.8.0.1'))?.name, 'dyn0');
});

test('without Framed-IP-Address a caller of RADIUS gets an address of the pool', () => {
  const { net } = rig(granting());
  net.world.run(10_000);
  assert.equal(inUse(net.b), ['192.168.20.200 ppp0']);
});

test('a pool that only RADIUS names and nobody made is named; callers come in when it is made', () => {
  const { net } = rig(granting(text('Framed-Pool', 'gold')));
  net.world.run(10_000);
  assert.equal(hostRoutes(net.b), []);
  assert.match(log(net.b), /User RouterA refused: IP pool gold does not exist: CREATE IP POOL=gold makes it\./);
  show(net.b, 'CREATE IP POOL=gold IP=10.5.0.1');
  net.world.run(2 * 60_000);
  assert.equal(inUse(net.b), ['10.5.0.1 ppp0']);
});

test('a caller whom the RADIUS server refuses does not get in, and the log says what the server said', () => {
  const { net, records } = rig((request) => (request.code === CODE['Access-Request'] ? { code: CODE['Access-Reject'], attributes: [text('Reply-Message', 'not paid')] } : accept(request)));
  net.world.run(10_000);
  assert.equal(hostRoutes(net.b), []);
  assert.match(log(net.b), /The RADIUS server refuses: not paid/);
  assert.is(records(1).length, 0);
});

test('with LOGIN=ALL a user of the database is not asked about, and one that only RADIUS knows is', () => {
  for (const [script, questions] of [[SERVER, 0], [RADIUS.replace('LOGIN=RADIUS', 'LOGIN=ALL'), 1]] as const) {
    const { net, server } = rig(granting(), script);
    net.world.run(10_000);
    assert.equal(inUse(net.b), ['192.168.20.200 ppp0']);
    assert.is(Math.min(1, server.requests.filter(({ code }) => code === CODE['Access-Request']).length), questions);
  }
});

test('a Disconnect-Request of the RADIUS server ends the call of the user it names', () => {
  const { net, records, order } = rig(granting());
  net.world.run(10_000);
  assert.equal(hostRoutes(net.b), ['192.168.20.200 ppp0']);
  order('Disconnect-Request', text('User-Name', 'RouterB'));
  net.world.run(2000);
  assert.is(records(2).length, 0);
  order('Disconnect-Request', text('User-Name', 'RouterA'));
  net.world.run(50);
  assert.equal([inUse(net.b), hostRoutes(net.b)], [[], []]);
  net.world.run(1000);
  assert.equal(records(2).map(({ attributes }) => firstNumber(attributes, 'Acct-Terminate-Cause')), [6]);
  assert.match(log(net.b), /RADIUS server 10\.0\.0\.11 ends session [0-9a-f]{16} of user RouterA/);
});

test('a CoA-Request sets a session timeout, which then ends the call', () => {
  const { net, records, order } = rig(granting());
  net.world.run(10_000);
  order('CoA-Request', text('User-Name', 'RouterA'), number('Session-Timeout', 30));
  net.world.run(1000);
  assert.is(records(2).length, 0);
  net.world.run(25_000);
  const [stop] = records(2);
  assert.ok(stop !== undefined);
  assert.is(firstNumber(stop.attributes, 'Acct-Terminate-Cause'), 5);
});

test('Session-Timeout of an Access-Accept ends the call', () => {
  const { net, records } = rig(granting(number('Session-Timeout', 20)));
  net.world.run(10_000);
  assert.is(records(2).length, 0);
  net.world.run(15_000);
  // It is reckoned from the verdict, the account from the first address: a few round trips later.
  assert.is(firstNumber(records(2)[0]?.attributes ?? [], 'Acct-Session-Time'), 19);
});

test.run();
