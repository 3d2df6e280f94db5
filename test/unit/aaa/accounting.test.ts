// RADIUS accounting against servers on a simulated wire.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { hex } from '../../../firmware/bytes/hex.ts';
import { formatIpv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { fromUtf8 } from '../../../firmware/bytes/text.ts';
import type { RadiusSession } from '../../../firmware/aaa/accounting.ts';
import { all, ATTRIBUTE, firstAddress, firstNumber, firstText } from '../../../firmware/aaa/radius.attribute.ts';
import { CODE, requestIsTrue, type Packet } from '../../../firmware/aaa/radius.packet.ts';
import { accept, ip, LINE, Net, sure, valueOf, type FakeServer } from './radius.rig.ts';

const STATUS = ['', 'Start', 'Stop', 'Interim', '', '', '', 'On', 'Off'];
const statusOf = (packet: Packet): string => STATUS[firstNumber(packet.attributes, 'Acct-Status-Type') ?? 0] ?? '';
const numberOf = (packet: Packet, type: Parameters<typeof firstNumber>[1]): number => sure(firstNumber(packet.attributes, type));
const records = (server: FakeServer): Packet[] => server.requests.filter(({ code }) => code === CODE['Accounting-Request']);

const session = (change: Partial<RadiusSession> = {}): RadiusSession => ({
  name: 'nemo', line: LINE, class: [Uint8Array.of(1, 0, 2), Uint8Array.of(3)], interim: undefined, proved: 'radius',
  address: () => ip('192.168.20.7'),
  traffic: () => ({ inOctets: 3 * 0x1_0000_0000 + 5, outOctets: 7, inPackets: 11, outPackets: 13 }),
  disconnect: () => assert.unreachable(),
  change: () => assert.unreachable(),
  ...change,
});

/** A client with one server that has been told of the router's start. */
function started(settings: Parameters<Net['radius']['set']>[0] = {}): { readonly net: Net; readonly server: FakeServer } {
  const net = new Net();
  net.radius.set(settings);
  const server = net.server();
  net.radius.putServer(server.as(), net.now);
  net.world.run(1500);
  assert.equal(records(server).map(statusOf), ['On']);
  server.requests.length = 0;
  return { net, server };
}

test('A session is told of at its start and its end, with all that is known of it', () => {
  const { net, server } = started();
  const tunnel = { client: ip('1.1.1.1'), server: ip('1.1.1.254'), connection: '4711' };
  const account = net.radius.begin(session({ line: { ...LINE, tunnel } }), net.now);
  net.world.run(90_000);
  account.end('Idle-Timeout', net.now);
  account.end('User-Request', net.now);
  net.world.run(100);
  assert.equal(records(server).map(statusOf), ['Start', 'Stop']);
  const [start, stop] = [sure(records(server)[0]), sure(records(server)[1])];
  for (const packet of [start, stop]) {
    assert.ok(requestIsTrue(packet, server.trust));
    const { attributes } = packet;
    assert.equal(
      [firstText(attributes, 'User-Name'), firstText(attributes, 'Acct-Session-Id'), firstText(attributes, 'NAS-Identifier'), formatIpv4(sure(firstAddress(attributes, 'Framed-IP-Address')))],
      ['nemo', LINE.sessionId, 'RouterA', '192.168.20.7'],
    );
    assert.equal(all(attributes, 'Class').map(hex), ['010002', '03']);
    assert.equal(all(attributes, 'Tunnel-Client-Endpoint').map(fromUtf8), ['1.1.1.1']);
    assert.equal(all(attributes, 'Acct-Tunnel-Connection').map(fromUtf8), ['4711']);
    assert.equal([numberOf(packet, 'Acct-Authentic'), numberOf(packet, 'Acct-Delay-Time'), numberOf(packet, 'NAS-Port-Type')], [1, 0, 5]);
  }
  assert.is(valueOf(start, ATTRIBUTE['Acct-Input-Octets']), undefined);
  assert.equal(
    (['Acct-Input-Octets', 'Acct-Input-Gigawords', 'Acct-Output-Octets', 'Acct-Output-Gigawords', 'Acct-Input-Packets', 'Acct-Output-Packets', 'Acct-Session-Time', 'Acct-Terminate-Cause'] as const).map((type) => numberOf(stop, type)),
    [5, 3, 7, 0, 11, 13, 90, 4],
  );
  assert.is(numberOf(stop, 'Event-Timestamp') - numberOf(start, 'Event-Timestamp'), 90);
});

test('Session identifiers differ from call to call and from start to start', () => {
  const ids = [new Net(1), new Net(2)].flatMap(({ radius }) => Array.from({ length: 1000 }, () => radius.sessionId()));
  assert.is(new Set(ids).size, 2000);
  assert.ok(ids.every((id) => /^[0-9a-f]{16}$/.test(id)));
});

test('Updates come at the interval of the session, else at that of all sessions, else not at all', () => {
  const { net, server } = started({ interim: 600 });
  net.radius.begin(session({ interim: 120 }), net.now);
  const other = net.radius.begin(session({ line: { ...LINE, sessionId: 'other' } }), net.now);
  net.world.run(1_201_000);
  const count = (id: string): number => records(server).filter((one) => statusOf(one) === 'Interim' && firstText(one.attributes, 'Acct-Session-Id') === id).length;
  assert.equal([count(LINE.sessionId), count('other')], [10, 2]);
  net.radius.set({ interim: 0 });
  net.world.run(700_000);
  server.requests.length = 0;
  net.world.run(1_200_000);
  assert.equal([count(LINE.sessionId), count('other')], [10, 0]);
  other.end('User-Request', net.now);
});

test('While no server answers beginnings and ends are kept in order, then told with their age', () => {
  const { net, server } = started({ timeout: 1, retransmit: 1 });
  server.policy = () => undefined;
  const accounts = Array.from({ length: 40 }, (_, i) => net.radius.begin(session({ line: { ...LINE, sessionId: `s${i}` }, interim: 60 }), net.now));
  net.world.run(100_000);
  for (const account of accounts) account.end('Lost-Carrier', net.now);
  assert.is(net.radius.accounts.backlog + net.radius.exchange.states(net.now).reduce((sum, { waiting }) => sum + waiting, 0), 80);
  net.world.run(100_000);
  server.requests.length = 0;
  server.policy = accept;
  net.world.run(70_000);
  assert.is(net.radius.accounts.backlog, 0);
  const told = records(server).map((one) => `${statusOf(one)} ${firstText(one.attributes, 'Acct-Session-Id')}`);
  const wanted = [...accounts.map((_, i) => `Start s${i}`), ...accounts.map((_, i) => `Stop s${i}`)];
  assert.equal(told.toSorted(), wanted.toSorted());
  assert.ok(told.indexOf('Stop s0') > told.indexOf('Start s39'));
  for (const one of records(server)) {
    const age = numberOf(one, 'Acct-Delay-Time');
    assert.ok(statusOf(one) === 'Start' ? age >= 200 && age < 275 : age >= 100 && age < 175, `${statusOf(one)} ${age}`);
    if (statusOf(one) === 'Stop') assert.is(numberOf(one, 'Acct-Session-Time'), 100, 'what it was, not what it would be now');
  }
});

test('What is kept is bounded, and the loss is told once', () => {
  const { net, server } = started({ timeout: 1, retransmit: 1 });
  server.policy = () => undefined;
  net.radius.begin(session(), net.now);
  net.world.run(5000);
  for (let i = 0; i < 10_100; i++) net.radius.begin(session({ line: { ...LINE, sessionId: `s${i}` } }), net.now);
  assert.is(net.radius.accounts.backlog, 10_000);
  assert.is(net.radius.accounts.counters.lost, 101);
  assert.is(net.log().filter((line) => line.startsWith('Accounting records are lost')).length, 1);
  server.policy = accept;
  net.world.run(130_000);
  assert.is(net.radius.accounts.backlog, 0);
});

test('A repeated record is the same packet; the next server gets one with its own age', () => {
  const { net, server } = started({ timeout: 2, retransmit: 2 });
  const second = net.server();
  net.radius.putServer(second.as(), net.now);
  net.world.run(1500);
  server.policy = () => undefined;
  second.requests.length = 0;
  net.radius.begin(session(), net.now);
  net.world.run(10_000);
  assert.is(records(server).length, 3);
  assert.is(new Set(records(server).map((one) => hex(one.octets))).size, 1);
  assert.equal(records(second).map((one) => [statusOf(one), numberOf(one, 'Acct-Delay-Time')]), [['Start', 6]]);
});

test('5,000 sessions that begin at once are all told of', () => {
  const { net, server } = started();
  for (let i = 0; i < 5000; i++) net.radius.begin(session({ line: { ...LINE, sessionId: `s${i}` } }), net.now);
  net.world.run(3000);
  assert.is(new Set(records(server).map((one) => firstText(one.attributes, 'Acct-Session-Id'))).size, 5000);
  assert.is(net.radius.accounts.backlog, 0);
});

test('A server without an accounting port is told nothing', () => {
  const net = new Net();
  const server = net.server();
  net.radius.putServer(server.as({ accPort: 0 }), net.now);
  net.radius.begin(session(), net.now).end('User-Request', net.now);
  net.world.run(5000);
  net.radius.close(net.now);
  net.world.run(5000);
  assert.is(records(server).length, 0);
});

test('The stop of the router ends all that was under way: last records, then Accounting-Off to every server', () => {
  const { net, server } = started();
  const other = net.server();
  net.radius.putServer(other.as(), net.now);
  net.world.run(1500);
  const accounts = Array.from({ length: 300 }, (_, i) => net.radius.begin(session({ line: { ...LINE, sessionId: `s${i}` } }), net.now));
  net.world.run(1000);
  server.requests.length = 0;
  for (const account of accounts) account.end('Admin-Reboot', net.now);
  net.radius.close(net.now);
  net.world.run(1000);
  assert.is(records(server).filter((one) => statusOf(one) === 'Stop').length, 300);
  assert.is(records(server).filter((one) => statusOf(one) === 'Off').length, 1);
  assert.is(records(other).filter((one) => statusOf(one) === 'Off').length, 1);
  assert.equal([net.board.udp.residue, net.world.pending], [0, 0]);
});

test('A server that is added while sessions live is not told that there are none', () => {
  const { net } = started();
  net.radius.begin(session(), net.now);
  const late = net.server();
  net.radius.putServer(late.as(), net.now);
  net.world.run(5000);
  assert.is(records(late).length, 0);
});

test('A call of nobody is accounted for without an address, one of a local user as such', () => {
  const { net, server } = started();
  net.radius.begin(session({ proved: 'local', class: [], address: () => undefined, traffic: () => undefined }), net.now).end('Port-Error', net.now);
  net.world.run(1000);
  const stop = sure(records(server)[1]);
  assert.equal([numberOf(stop, 'Acct-Authentic'), firstAddress(stop.attributes, 'Framed-IP-Address'), firstNumber(stop.attributes, 'Acct-Input-Octets')], [2, undefined, undefined]);
  assert.is(toIpv4(numberOf(stop, 'NAS-IP-Address')), ip('10.0.0.1'));
});

test.run();
