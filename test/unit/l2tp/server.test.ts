// Two L2TP servers back to back in virtual time: calls of both kinds both ways, the manual's counters, sharing, pairing, closing.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CallSnapshot } from '../../../firmware/l2tp/snapshot.ts';
import { encodeDataHeader } from '../../../firmware/l2tp/header.ts';
import { B, Node, configure, ip, pair, withRaw, underlayOf } from './world.ts';
import { CLEAN, Wire } from '../../../board/sim/wire.ts';
import { World } from '../../../board/sim/world.ts';

const test = suite('L2TP server');

const calls = (node: Node): CallSnapshot[] => node.server.tunnels().flatMap((t) => [...t.calls]);
const up = (...nodes: Node[]): boolean => nodes.every((node) => node.links.size > 0);
const logOf = (node: Node): string => node.log.map((event) => event.text).join('\n');
/** How many sessions each plane carries. */
const carried = (...nodes: Node[]): number[] => nodes.map((node) => node.board.plane.residue.sessions);

for (const caller of ['a', 'b'] as const) {
  test(`A call with REMOTE of router ${caller} comes up as an outgoing call: the caller is the LNS`, () => {
    const rig = pair();
    configure(rig);
    const [from, to] = caller === 'a' ? [rig.a, rig.b] : [rig.b, rig.a];
    from.want('remote');
    assert.ok(rig.world.run(5000, () => up(rig.a, rig.b)));
    assert.equal(from.events, ['up remote lns']);
    assert.equal(to.events, ['up remote lac']);
    assert.is(calls(from)[0]?.remoteId, calls(to)[0]?.id);
  });

  test(`A VIRTUAL call of router ${caller} without REMOTE comes up as an incoming call: the caller is the LAC`, () => {
    const rig = pair();
    configure(rig, { a: { remote: undefined }, b: { remote: undefined } });
    const [from, to] = caller === 'a' ? [rig.a, rig.b] : [rig.b, rig.a];
    from.want('remote');
    assert.ok(rig.world.run(5000, () => up(rig.a, rig.b)));
    assert.equal(from.events, ['up remote lac']);
    assert.equal(to.events, ['up remote lns']);
  });
}

test('A call with REMOTE counts its control messages as the manual prints them', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const [tunnel] = a.server.tunnels();
  assert.equal(tunnel?.counters, {
    in: 3, inWithData: 3, inNoData: 0, processed: 3, inOrder: 3, outOfOrder: 0, orderDiscarded: 0, out: 4, outWithData: 3, outNoData: 1, timeouts: 0,
  });
  assert.is(tunnel?.lastAcked, 2);
  assert.is(tunnel?.nextSent, 3);
  assert.is(tunnel?.nextReceived, 3);
  assert.is(tunnel?.calls[0]?.role, 'LNS');
  assert.is(tunnel?.calls[0]?.state, 'established');
});

test('A call without REMOTE sends four control messages and gets two: SCCRQ, SCCCN, ICRQ, ICCN', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { remote: undefined } });
  a.want('remote');
  world.run(2000);
  const counters = a.server.tunnels()[0]?.counters;
  assert.is(counters?.outWithData, 4);
  assert.is(counters?.inWithData, 2);
  assert.is(a.server.tunnels()[0]?.calls[0]?.role, 'LAC');
});

test('PPP frames cross an established call both ways and are counted', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const link = a.links.get('remote');
  const back = b.links.get('remote');
  assert.ok(link !== undefined && back !== undefined);
  const frame = Uint8Array.of(0xc0, 0x21, 1, 1, 0, 4);
  a.board.plane.send([{ to: 'session', session: link.session, data: frame }]);
  b.board.plane.send([{ to: 'session', session: back.session, data: frame }]);
  world.run(100);
  assert.equal(b.frames, [frame]);
  assert.equal(a.frames, [frame]);
  const { data } = a.server.module();
  assert.is(data.in, 1);
  assert.is(data.out, 1);
  assert.is(calls(a)[0]?.data.in, 1);
});

test('A link tells what fits the path: 1460 octets at 1500, four less with NUMBER=ON', () => {
  const plain = pair();
  configure(plain);
  plain.a.want('remote');
  plain.world.run(2000);
  assert.is(plain.a.links.get('remote')?.mtu, 1460);
  const numbered = pair();
  configure(numbered, { a: { number: 'ON' } });
  numbered.a.want('remote');
  numbered.world.run(2000);
  assert.is(numbered.a.links.get('remote')?.mtu, 1456);
});

test('The interface is told when the path to the peer takes smaller packets only', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const underlay = underlayOf(a);
  a.server.punt([{ kind: 'unreachable', underlay, peer: ip(B), peerPort: 1701, mtu: 1400, code: 4 }], a.now);
  assert.equal(a.mtus, [['remote', 1360]]);
});

test('Several calls to one peer share one tunnel', () => {
  const { world, a, b } = pair();
  for (const name of ['one', 'two', 'three']) {
    a.add({ name, remote: name, ip: '2.2.2.2' });
    b.add({ name, remote: name, ip: '1.1.1.1' });
    a.want(name);
  }
  assert.ok(world.run(5000, () => a.links.size === 3 && b.links.size === 3));
  assert.is(a.server.tunnels().length, 1);
  assert.is(calls(a).length, 3);
  a.server.unwant('two', 'not needed', a.now);
  world.run(1000);
  assert.equal([...b.links.keys()], ['one', 'three']);
});

test('Calls with different passwords for one peer have tunnels of their own', () => {
  const { world, a, b } = pair();
  b.add({ name: 'one', remote: 'one', ip: '1.1.1.1' });
  a.add({ name: 'one', remote: 'one', ip: '2.2.2.2', password: 'x' });
  a.add({ name: 'two', remote: 'two', ip: '2.2.2.2', password: 'y' });
  a.want('one');
  a.want('two');
  world.run(100);
  assert.is(a.server.tunnels().length, 2);
});

test('A call uses a tunnel that the peer opened', () => {
  const { world, a, b } = pair();
  a.add({ name: 'one', remote: 'one', ip: '2.2.2.2' });
  b.add({ name: 'one', remote: 'one', ip: '1.1.1.1' });
  a.add({ name: 'two', remote: 'two', ip: '2.2.2.2' });
  b.add({ name: 'two', remote: 'two', ip: '1.1.1.1' });
  a.want('one');
  world.run(2000);
  b.want('two');
  assert.ok(world.run(2000, () => b.links.size === 2 && a.links.size === 2));
  assert.is(b.server.tunnels().length, 1);
});

test('A tunnel that we opened is closed when it has been empty for ten seconds', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.server.unwant('remote', 'idle', a.now);
  world.run(9000);
  assert.is(a.server.tunnels().length, 1);
  world.run(2000);
  assert.is(a.server.tunnels().length, 0);
  assert.is(b.server.tunnels().length, 0);
});

test('A call with IP=0.0.0.0 never calls out and takes the pairing call from any address', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { ip: ip('0.0.0.0'), password: undefined } });
  a.want('remote');
  world.run(5000);
  assert.is(a.server.tunnels().length, 0);
  assert.is(a.server.reasonOf('remote')?.kind, 'passive');
  b.want('remote');
  assert.ok(world.run(5000, () => up(a, b)));
  assert.is(a.server.reasonOf('remote'), undefined);
});

test('A pairing call from another address than IP= is refused', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { ip: ip('3.3.3.3') } });
  b.want('remote');
  world.run(3000);
  assert.is(up(a), false);
  assert.match(logOf(a), 'call "remote" belongs to 3.3.3.3');
  assert.match(b.server.callStatus(b.now)[0]?.waiting ?? '', /^1\.1\.1\.1 refused the call: .*"call "remote" belongs to 3\.3\.3\.3"; calling again in \d+ s$/);
});

test('A pairing call for a call without interface, or with a disabled one, is refused', () => {
  for (const users of [{}, { remote: { name: 'ppp1', enabled: false } }]) {
    const { world, a, b } = pair(1, { a: { users } });
    configure({ a, b });
    b.want('remote');
    world.run(3000);
    assert.is(up(a), false);
    assert.match(logOf(a), /refused: (no interface is configured over call remote|interface ppp1 over call remote is disabled)/);
  }
});

test('An incoming call that only an ADD L2TP IP range would take is refused, and the log says why', () => {
  const { world, a, b } = pair();
  a.add({ name: 'out', ip: '2.2.2.2' });
  b.server.templates.add({ range: { low: ip('1.1.1.1'), high: ip('1.1.1.1') }, template: 3, number: 'OFF', pre13: 'OFF' });
  a.want('out');
  world.run(3000);
  assert.match(logOf(b), 'refused: dynamic interfaces are not available in this build');
  assert.match(a.events[0] ?? '', 'dynamic interfaces are not available in this build');
});

test('A template user takes an incoming call where there is one', () => {
  const { world, a, b } = pair();
  a.add({ name: 'out', ip: '2.2.2.2' });
  b.server.templates.add({ range: { low: ip('1.1.1.1'), high: ip('1.1.1.1') }, template: 3, number: 'OFF', pre13: 'OFF' });
  const told: string[] = [];
  b.template = ({ entry }) => ({ name: `ppp${entry.template}`, linkUp: (link) => told.push(`up ${link.role}`), linkMtu: (mtu) => told.push(`mtu ${mtu}`), linkAsk: () => false, linkDown: (reason) => told.push(reason) });
  a.want('out');
  world.run(3000);
  assert.equal(told, ['up lns']);
  a.server.unwant('out', 'enough', a.now);
  world.run(1000);
  assert.equal(told, ['up lns', '1.1.1.1 ended the call: administrative reasons, "enough"']);
  assert.equal(carried(a, b), [0, 0]);
});

test('A frame right behind ICCN is not lost: the data plane knows the session before the message that connects it', () => {
  const { world, a, peer } = withRaw();
  a.add({ name: 'in', ip: '2.2.2.2' });
  assert.ok(peer.open(world));
  peer.send({ type: 'ICRQ', assignedSessionId: 5, callSerialNumber: 1 });
  world.run(50);
  assert.is(peer.received.at(-1)?.type, 'ICRP');
  const header = new Uint8Array(8);
  encodeDataHeader({ tunnelId: peer.tunnel, sessionId: peer.session, withLength: true }, 6, header, 0);
  peer.sendRaw(Uint8Array.of(...header, 0xc0, 0x21, 9, 1, 0, 4));
  world.run(50);
  assert.equal(a.frames, [Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4)]);
  peer.send({ type: 'ICCN', txConnectSpeed: 1, framingType: 1, sequencingRequired: true }, { session: peer.session });
  world.run(50);
  assert.equal(a.events, ['up in lns']);
  assert.is(a.board.plane.residue.sessions, 1);
  peer.send({ type: 'CDN', resultCode: { code: 3 }, assignedSessionId: 5 }, { session: peer.session });
  world.run(50);
  assert.is(a.board.plane.residue.sessions, 0);
});

test('A call that is given up before it is connected leaves nothing on the data plane', () => {
  const { world, a, peer } = withRaw();
  a.add({ name: 'in', ip: '2.2.2.2' });
  assert.ok(peer.open(world));
  peer.send({ type: 'ICRQ', assignedSessionId: 5, callSerialNumber: 1 });
  world.run(50);
  assert.is(a.board.plane.residue.sessions, 1);
  peer.send({ type: 'CDN', resultCode: { code: 3 }, assignedSessionId: 5 }, { session: peer.session });
  world.run(50);
  assert.is(a.board.plane.residue.sessions, 0);
});

test('A link takes what ICMP says of the path, for ten minutes, and follows the route to the peer', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(3000);
  const link = a.links.get('remote');
  const path = (mtu: number): void => {
    a.server.punt([{ kind: 'unreachable', underlay: underlayOf(a), peer: ip(B), peerPort: 1701, mtu, code: 4 }], a.now);
  };
  const route = (mtu: number): void => {
    a.route = () => ({ name: 'eth0', source: ip('1.1.1.1'), mtu });
    a.server.routesChanged(a.now);
  };
  assert.is(link?.mtu, 1460);
  path(1400);
  assert.is(link?.mtu, 1360);
  route(1500);
  assert.is(link?.mtu, 1360, 'a route says nothing of the path behind it');
  path(20);
  assert.is(link?.mtu, 536, 'nobody can press it below what every path takes');
  world.run(600_000);
  route(1480);
  assert.is(link?.mtu, 1440);
  assert.equal(a.mtus.map(([, mtu]) => mtu), [1360, 536, 1440]);
});

test('An incoming call of a peer that nothing is configured for is refused', () => {
  const { world, a, b } = pair();
  a.add({ name: 'out', ip: '2.2.2.2' });
  a.want('out');
  world.run(3000);
  assert.match(logOf(b), 'neither a call nor an ADD L2TP IP range is configured for 1.1.1.1');
  assert.is(up(a), false);
});

test('Outgoing calls for ISDN and asynchronous lines are refused where nobody can make them', () => {
  for (const type of ['ISDN', 'ASYNC'] as const) {
    const { world, a, b } = pair();
    a.add({ name: 'toi', type, ip: '2.2.2.2', remote: 'toiisdn' });
    a.want('toi');
    world.run(3000);
    assert.match(logOf(b), 'there are no call ports');
    assert.match(a.events[0] ?? '', /refused the call: invalid destination, "there are no call ports"/);
  }
});

test('The server\'s mode gates calls in tunnels that peers open', () => {
  for (const [mode, remote, works] of [['LAC', 'remote', true], ['LNS', 'remote', false], ['LNS', undefined, true], ['LAC', undefined, false]] as const) {
    const { world, a, b } = pair();
    b.server.disableServer('BOTH');
    b.server.enableServer(mode);
    configure({ a, b }, { a: { remote } });
    a.want('remote');
    world.run(3000);
    assert.is(up(a), works, `${mode} ${remote}`);
  }
});

test('A server that is not enabled refuses tunnels and says so', () => {
  const { world, a, b } = pair();
  b.server.disableServer('BOTH');
  configure({ a, b });
  a.want('remote');
  world.run(3000);
  assert.is(up(a), false);
  assert.is(b.server.tunnels().length, 0);
  assert.is(b.server.module().discards.disabled > 0, true);
  assert.match(a.events[0] ?? '', '2.2.2.2 refused the tunnel: not authorised, "no L2TP server"');
});

test('ENABLE L2TP alone suffices to call out', () => {
  const { world, a, b } = pair();
  a.server.disableServer('BOTH');
  configure({ a, b });
  a.want('remote');
  assert.ok(world.run(3000, () => up(a, b)));
});

test('DISABLE L2TP closes every tunnel, and ENABLE L2TP brings wanted calls back', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.server.disable(a.now);
  world.run(1000);
  assert.equal(carried(a, b), [0, 0]);
  assert.is(b.server.tunnels().length, 0);
  assert.match(b.events.at(-1) ?? '', 'down remote: 1.1.1.1 closed the tunnel: it is being shut down');
  a.server.enable(a.now);
  assert.ok(world.run(3000, () => up(a, b)));
});

test('DISABLE L2TP gives the port back when nothing needs an answer any more, and leaves no timer', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  for (const node of [a, b]) node.server.disable(node.now);
  assert.is(a.server.isQuiet, false);
  world.run(40_000);
  assert.is(a.server.isQuiet, true);
  assert.is(b.server.isQuiet, true);
  assert.equal(a.board.plane.residue, { services: 0, devices: 0, sessions: 0 });
  assert.is(world.pending, 0);
});

test('shutdown sends StopCCN before it returns, and close leaves nothing behind', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.server.shutdown(a.now);
  a.server.close();
  assert.equal(a.board.plane.residue, { services: 0, devices: 0, sessions: 0 });
  world.run(1000);
  assert.match(b.events.at(-1) ?? '', 'it is being shut down');
});

test('Another program on port 1701 makes L2TP use a free port, with a Warning', () => {
  const world = new World(1);
  const a = new Node(world, new Wire(world, CLEAN), '1.1.1.1', { seed: 1 });
  a.board.plane.listen({ address: ip('0.0.0.0'), port: 1701 });
  const answer = a.server.enable(a.now);
  assert.is(answer.severity, 'warning');
  assert.match(answer.text, /^UDP port 1701 is in use by another program\. L2TP uses port \d+ instead/);
  assert.is(a.server.enabled, true);
});

test('A call works from another port than 1701: answers go to the port they came from', () => {
  const world = new World(3);
  const wire = new Wire(world, CLEAN);
  const a = new Node(world, wire, '1.1.1.1', { seed: 1 });
  const b = new Node(world, wire, '2.2.2.2', { seed: 2 });
  a.board.plane.listen({ address: ip('0.0.0.0'), port: 1701 });
  for (const node of [a, b]) {
    node.server.enable(node.now);
    node.server.enableServer('BOTH');
  }
  configure({ a, b });
  a.want('remote');
  assert.ok(world.run(3000, () => up(a, b)));
  assert.is.not(b.server.tunnels()[0]?.peerPort, 1701);
});

test('SET L2TP FILTER takes packets only from permitted sources; a number that names no filter lets nothing in', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  b.server.setFilter(5);
  a.want('remote');
  world.run(3000);
  assert.is(b.server.tunnels().length, 0);
  assert.ok(b.server.module().discards.filtered > 0);
  b.filters.set(5, [{ address: ip('1.1.1.0'), length: 24 }]);
  b.server.filtersChanged();
  assert.ok(world.run(20_000, () => up(a, b)));
});

test('SET L2TP CHECKSUM changes data messages of calls that are up', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const updates: unknown[] = [];
  const update = a.board.plane.update.bind(a.board.plane);
  a.board.plane.update = (key, change) => {
    updates.push(change);
    update(key, change);
  };
  a.server.setChecksum(false);
  assert.equal(updates, [{ checksum: false }]);
});

const sequenceOf = (node: Node, act: () => void): unknown[] => {
  const seen: unknown[] = [];
  const { plane } = node.board;
  const [attach, update] = [plane.attach.bind(plane), plane.update.bind(plane)];
  plane.attach = (path) => {
    seen.push(path.options.sequence);
    return attach(path);
  };
  plane.update = (key, change) => {
    if (change.sequence !== undefined) seen.push(change.sequence);
    update(key, change);
  };
  act();
  return seen;
};

test('NUMBER=ON numbers always as LNS; the LAC follows', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { number: 'ON' } });
  const seenB = sequenceOf(b, () => undefined);
  const seen = sequenceOf(a, () => {
    a.want('remote');
    world.run(2000);
    a.links.get('remote')?.negotiated(a.now);
  });
  assert.equal(seen, ['on']);
  assert.equal(seenB, ['follow']);
});

test('NUMBER=STARTUP numbers as LNS until PPP has opened', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { number: 'STARTUP' } });
  const seen = sequenceOf(a, () => {
    a.want('remote');
    world.run(2000);
    a.links.get('remote')?.negotiated(a.now);
  });
  assert.equal(seen, ['on', 'off']);
});

test('NUMBER=ON of a LAC requires numbers of both ends', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { remote: undefined, number: 'ON' }, b: { remote: undefined } });
  const seenB = sequenceOf(b, () => undefined);
  const seen = sequenceOf(a, () => {
    a.want('remote');
    world.run(2000);
  });
  assert.equal(seen, ['on']);
  assert.equal(seenB, ['off', 'on'], 'the LNS hears of it with the message that connects the call');
});

test('NUMBER=STARTUP keeps numbering where the LAC requires it', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { number: 'STARTUP' }, b: { number: 'ON' } });
  const seen = sequenceOf(a, () => {
    a.want('remote');
    world.run(2000);
    a.links.get('remote')?.negotiated(a.now);
  });
  assert.equal(seen, ['on']);
});

test('DEACTIVATE L2TP CALL keeps the call down, for calls of the peer too, until it is activated', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  b.want('remote');
  world.run(2000);
  a.server.deactivate('remote', a.now);
  world.run(60_000);
  assert.is(up(a), false);
  assert.is(a.server.reasonOf('remote')?.kind, 'deactivated');
  assert.match(b.server.callStatus(b.now)[0]?.waiting ?? '', 'call remote is deactivated');
  a.want('remote');
  assert.ok(world.run(5000, () => up(a, b)));
});

test('SET L2TP CALL leaves a session that is up alone; the next one has the new values', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.server.setCall('remote', { number: 'ON' }, a.now);
  world.run(2000);
  assert.is(a.events.length, 1);
  a.links.get('remote')?.hangUp('test', a.now);
  assert.ok(world.run(5000, () => up(a, b)));
  assert.is(a.links.get('remote')?.mtu, 1456);
});

test('SET L2TP CALL of a call that waits is tried at once', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { password: 'wrong' } });
  a.want('remote');
  world.run(100_000);
  a.server.setCall('remote', { password: 'l2tpB' }, a.now);
  assert.ok(world.run(500, () => up(a, b)));
});

test('An interface that comes after its call was activated is told of the link', () => {
  const { world, a, b } = pair(1, { a: { users: {} } });
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  assert.equal(a.events, []);
  a.users = { remote: { name: 'ppp1', enabled: true } };
  a.want('remote');
  assert.equal(a.events, ['up remote lns']);
});

test('A peer that restarted replaces its old call at once where it knows the password', () => {
  const { world, wire, a, b } = pair();
  configure({ a, b });
  b.want('remote');
  world.run(2000);
  // The power of B is cut; another B comes up with nothing in memory.
  b.board.ip.unplug();
  b.server.close();
  const again = new Node(world, wire, B, { seed: 77 });
  again.server.enable(again.now);
  again.server.enableServer('BOTH');
  configure({ a: new Node(world, new Wire(world, CLEAN), '9.9.9.9', { seed: 5 }), b: again });
  again.want('remote');
  assert.ok(world.run(1000, () => up(again)));
  assert.equal(a.events, ['up remote lac', 'down remote: 2.2.2.2 called again, it must have restarted', 'up remote lac']);
  assert.equal(carried(a), [1]);
});

test('Without a password a new call does not replace one that is up before the old tunnel is proved dead', () => {
  const { world, wire, a, b } = pair();
  configure({ a, b });
  a.server.passwords.set(undefined);
  b.server.setCall('remote', { password: undefined }, b.now);
  b.want('remote');
  world.run(2000);
  b.board.ip.unplug();
  b.server.close();
  const again = new Node(world, wire, B, { seed: 77 });
  again.server.enable(again.now);
  again.add({ name: 'remote', remote: 'remote', ip: '1.1.1.1' });
  again.want('remote');
  world.run(3000);
  assert.equal(a.events, ['up remote lac']);
  assert.match(logOf(a), 'refused: call remote is up');
  assert.ok(world.run(120_000, () => up(again) && a.events.length === 3));
});

test('ICMP port unreachable from an established peer sends a HELLO at once', () => {
  const { world, a, peer } = withRaw();
  assert.ok(peer.open(world));
  const underlay = underlayOf(a);
  a.server.punt([{ kind: 'unreachable', underlay, peer: peer.address, peerPort: 1701, mtu: 0, code: 3 }], a.now);
  world.run(100);
  assert.is(peer.received.at(-1)?.type, 'HELLO');
});

test('A tunnel is silent for sixty seconds before it sends HELLO, and data counts as life', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const out = (): number => a.server.tunnels()[0]?.counters.outWithData ?? 0;
  const before = out();
  const beat = Uint8Array.of(0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0);
  for (let i = 0; i < 20; i++) {
    const [x, y] = [a.links.get('remote'), b.links.get('remote')];
    if (x !== undefined) a.board.plane.send([{ to: 'session', session: x.session, data: beat }]);
    if (y !== undefined) b.board.plane.send([{ to: 'session', session: y.session, data: beat }]);
    world.run(10_000);
  }
  assert.is(out(), before);
  world.run(70_000);
  assert.is(out(), before + 1);
});

test('Both ends come up over a wire that loses a third of all packets, and stay up', () => {
  let worst = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const rig = pair(seed, { quality: { loss: 0.3, jitter: 40, duplicate: 0.1 } });
    configure(rig, seed % 2 === 0 ? {} : { a: { remote: undefined } });
    rig.a.want('remote');
    const start = rig.world.now;
    assert.ok(rig.world.run(300_000, () => up(rig.a, rig.b)), `seed ${seed}: ${rig.a.events.join(', ')}`);
    worst = Math.max(worst, rig.world.now - start);
  }
  assert.ok(worst < 150_000, `worst ${worst}`);
});

test('A call that ends is placed again after about a second, then ever later up to a minute', () => {
  const { world, a, peer } = withRaw();
  a.add({ name: 'remote', remote: 'remote', ip: B });
  const times: number[] = [];
  peer.onMessage = (message) => {
    if (message.type === 'SCCRQ') {
      peer.ns = 0;
      peer.nr = 1;
      times.push(a.now);
      peer.send({ type: 'StopCCN', assignedTunnelId: 5, resultCode: { code: 2, error: 4 } }, { tunnel: message.assignedTunnelId });
    }
  };
  a.want('remote');
  world.run(600_000);
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
  for (const [i, gap] of gaps.entries()) {
    const full = Math.min(60_000, 1000 * 2 ** i);
    assert.ok(gap <= full + 100 && gap >= full * 0.75 - 100, `gap ${i}: ${gap}`);
  }
  assert.ok(gaps.length >= 12);
});

test('PPP opening over the call starts the redial interval from its least again', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  for (let i = 0; i < 5; i++) {
    world.run(20_000, () => up(a));
    a.links.get('remote')?.hangUp('no PPP', a.now);
  }
  world.run(60_000, () => up(a));
  a.links.get('remote')?.negotiated(a.now);
  a.links.get('remote')?.hangUp('test', a.now);
  assert.ok(world.run(1100, () => up(a)));
});

test('A route that leads the tunnel into itself ends the call before packets run in circles, and the call says what it needs', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.route = () => ({ name: 'ppp1', source: ip('10.0.0.1'), mtu: 1460 });
  a.server.routesChanged(a.now);
  assert.equal(carried(a), [0]);
  assert.is(a.server.reasonOf('remote')?.kind, 'route through itself');
  world.run(10_000);
  assert.is(up(a), false);
  a.route = undefined;
  a.server.routesChanged(a.now);
  assert.ok(world.run(1000, () => up(a, b)));
});

for (const [pre13, taken] of [['ON', true], ['OFF', false]] as const) {
  test(`PRE13=${pre13} ${taken ? 'takes the drafts\' window and processing delay in a call and shows them' : 'refuses a call with an AVP that only the drafts know'}`, () => {
    const { world, a, peer } = withRaw();
    a.add({ name: 'remote', ip: B, pre13 });
    peer.open(world);
    peer.send({ type: 'ICRQ', assignedSessionId: 9, callSerialNumber: 1, receiveWindowSize: 6, packetProcessingDelay: 3 });
    world.run(100);
    assert.is(peer.received.at(-1)?.type, taken ? 'ICRP' : 'CDN');
    const [call] = calls(a);
    assert.is(call?.remoteReceiveWindow, taken ? 6 : undefined);
    assert.is(call?.remote.processingDelay, taken ? 3 : undefined);
    assert.is(call?.remoteSerial, taken ? 1 : undefined);
  });
}

test('A second incoming call through a tunnel whose call is up is refused as busy', () => {
  const { world, a, peer } = withRaw();
  a.add({ name: 'remote', ip: B });
  peer.open(world);
  peer.send({ type: 'ICRQ', assignedSessionId: 9, callSerialNumber: 1 });
  world.run(100);
  peer.send({ type: 'ICCN', txConnectSpeed: 64000, framingType: 1 }, { session: peer.session });
  world.run(100);
  assert.equal(a.events, ['up remote lns']);
  peer.send({ type: 'ICRQ', assignedSessionId: 10, callSerialNumber: 2 });
  world.run(100);
  const answer = peer.received.at(-1);
  assert.is(answer?.type, 'CDN');
  assert.is(answer?.resultCode?.code, 8);
  assert.equal(a.events, ['up remote lns']);
});

test('What a LAC passes on of LCP and authentication reaches the link', () => {
  const { world, a, peer } = withRaw();
  a.add({ name: 'remote', ip: B });
  peer.open(world);
  peer.send({ type: 'ICRQ', assignedSessionId: 9, callSerialNumber: 1 });
  world.run(100);
  const octets = Uint8Array.of(1, 4, 5, 220);
  peer.send(
    { type: 'ICCN', txConnectSpeed: 64000, framingType: 1, lastReceivedConfreq: octets, proxyAuthenType: 3, proxyAuthenName: Uint8Array.of(97), proxyAuthenId: 0x0107, proxyAuthenResponse: Uint8Array.of(98) },
    { session: peer.session },
  );
  world.run(100);
  const proxy = a.links.get('remote')?.proxy;
  assert.equal(proxy?.lastReceived, octets);
  assert.is(proxy?.authenType, 3);
  assert.is(proxy?.authenId, 7);
  assert.is(calls(a)[0]?.userName, 'a');
});

test('A thousand calls to one peer come up in one tunnel', () => {
  const { world, a, b } = pair();
  for (let i = 0; i < 1000; i++) {
    a.add({ name: `c${i}`, remote: `c${i}`, ip: '2.2.2.2' });
    b.add({ name: `c${i}`, remote: `c${i}`, ip: '1.1.1.1' });
    a.want(`c${i}`);
  }
  assert.ok(world.run(20_000, () => a.links.size === 1000 && b.links.size === 1000));
  assert.is(a.server.tunnels().length, 1);
});

test('Tunnel and call ids are never 0 and differ from tunnel to tunnel', () => {
  const ids = new Set<number>();
  for (let seed = 1; seed <= 30; seed++) {
    const rig = pair(seed);
    configure(rig);
    rig.a.want('remote');
    rig.world.run(1000);
    for (const node of [rig.a, rig.b]) for (const t of node.server.tunnels()) ids.add(t.id).add(t.calls[0]?.id ?? 0);
  }
  assert.is(ids.has(0), false);
  assert.ok(ids.size > 110, `${ids.size} different ids of 120`);
});

test('DELETE L2TP CALL ends its session', () => {
  const { world, a, b } = pair(1, { a: { users: {} } });
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  a.server.removeCall('remote', a.now);
  world.run(1000);
  assert.equal(carried(a, b), [0, 0]);
  assert.is(a.server.callExists('remote'), false);
});

test.run();
