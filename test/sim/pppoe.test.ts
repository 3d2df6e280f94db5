// PPPoE client and access concentrator on a simulated Ethernet: loss, floods, restarts, limits, what forged and wrong requests bring about.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CLEAN } from '../../board/sim/wire.ts';
import { fromUtf8 } from '../../firmware/bytes/text.ts';
import { type Discovery, formatMac, maxPayloadOf, numberTag, type Tag, TAGS, tagOf, textTag } from '../../firmware/call/pppoe.frame.ts';
import { type Host, stand, type Stand } from './pppoe.rig.ts';

const test = suite('PPPoE');
const text = (packet: Discovery | undefined, type: number): string | undefined => {
  const value = packet === undefined ? undefined : tagOf(packet, type);
  return value === undefined ? undefined : fromUtf8(value);
};
const uniq = (n: number): Tag => ({ type: TAGS.hostUniq, value: Uint8Array.of(n >> 8, n & 255) });

/** Client and access concentrator with a session between them. */
function up(seed = 1, quality = CLEAN): Stand {
  const one = stand(seed, quality);
  one.ac.serve();
  one.client.want();
  assert.ok(one.world.run(600_000, () => one.client.link() !== undefined), 'no session');
  return one;
}

/** A host has its offer. */
function offered({ world }: Stand, host: Host, service = '', ...more: readonly Tag[]): Discovery {
  host.padi(service, ...more);
  world.run(100);
  const offer = host.last('PADO');
  if (offer === undefined) throw new Error('no offer');
  return offer;
}

/** A host asks for a session; the PADS. */
function session(one: Stand, host: Host, n = 0): Discovery | undefined {
  const offer = offered(one, host);
  host.padr(offer, '', [uniq(n), { type: TAGS.acCookie, value: tagOf(offer, TAGS.acCookie) ?? new Uint8Array(0) }]);
  one.world.run(100);
  return host.last('PADS');
}

test('a client gets a session of an access concentrator, both ends attached with the same number and an MTU of 1492', () => {
  const { ac, client, world } = up();
  world.run(1000);
  assert.is(ac.callers.size, 1);
  const [arrival] = ac.arrivals;
  assert.is(arrival?.kind, 'PPPOE');
  assert.is(arrival?.over, 'ETH1-any');
  assert.is(arrival?.template, 0);
  assert.is(arrival?.from, formatMac(client.board.ip.port('eth1')?.station ?? new Uint8Array(0)));
  assert.is(client.link()?.mtu, 1492);
  assert.is(ac.callers.get('ppp0')?.mtu, 1492);
  assert.is(client.pppoe.layers.list()[0]?.acName, 'station1');
});

test('PPP frames cross a session both ways', () => {
  const { ac, client, world } = up();
  world.run(100);
  const far = ac.callers.get('ppp0');
  const near = client.link();
  if (far === undefined || near === undefined) throw new Error('no session');
  const data = Uint8Array.of(0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0);
  client.board.plane.send([{ to: 'session', session: near.session, data }]);
  ac.board.plane.send([{ to: 'session', session: far.session, data }]);
  world.run(100);
  assert.equal(ac.frames, [`${far.session} 10`]);
  assert.equal(client.frames, [`${near.session} 10`]);
  assert.is(near.counters()?.inPackets, 1);
});

test('who hangs up tells the other side, and nothing is left of the session', () => {
  const one = up();
  const { ac, client, world } = one;
  world.run(100);
  ac.callers.get('ppp0')?.hangUp('enough', world.now);
  world.run(100);
  assert.equal(ac.ended, ['enough']);
  assert.equal(client.downs, ['the peer ended the session (PADT)']);
  assert.is(ac.pppoe.sessions, 0);
  assert.is(client.board.plane.residue.sessions, 0);
  // It is wanted: it comes back.
  assert.ok(world.run(2000, () => client.link() !== undefined));
  client.pppoe.layers.unwant('eth1-ANY', 'not needed', world.now);
  world.run(100);
  assert.equal(ac.ended, ['enough', 'the peer ended the session (PADT)']);
  world.run(600_000);
  assert.is(client.link(), undefined);
  assert.is(client.board.plane.residue.services, 0);
});

test('counters of a session can still be read when it is over', () => {
  const { client, world } = up();
  const link = client.link();
  if (link === undefined) throw new Error('no session');
  client.board.plane.send([{ to: 'session', session: link.session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
  link.hangUp('over', world.now);
  assert.is(link.counters()?.outPackets, 1);
});

for (const seed of [1, 2, 3, 4, 5]) {
  test(`a client gets exactly one session where a third of the frames is lost and others come twice (seed ${seed})`, () => {
    const { ac, client, world, wire } = up(seed, { ...CLEAN, loss: 0.33, duplicate: 0.3, jitter: 50 });
    wire.quality = CLEAN;
    world.run(60_000);
    assert.is(client.pppoe.sessions, 1);
    assert.is(ac.pppoe.sessions >= 1, true);
    assert.ok(ac.callers.size <= 2, `${ac.callers.size} sessions`);
    assert.ok(client.link() !== undefined);
  });
}

test('a PADT that was lost is sent again when frames of the session come', () => {
  const { ac, client, world, wire } = up();
  world.run(100);
  wire.quality = { ...CLEAN, loss: 1 };
  ac.callers.get('ppp0')?.hangUp('enough', world.now);
  world.run(100);
  wire.quality = CLEAN;
  world.run(30_000);
  const link = client.link();
  if (link === undefined) throw new Error('the client noticed nothing');
  client.board.plane.send([{ to: 'session', session: link.session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
  world.run(100);
  assert.equal(client.downs, ['the peer ended the session (PADT)']);
  assert.ok(world.run(5000, () => client.link() !== undefined));
});

test('an access concentrator that started anew answers frames of sessions it has forgotten with PADT; the client comes back', () => {
  const { ac, client, world } = up();
  ac.crash(11);
  ac.serve();
  world.run(5000);
  const link = client.link();
  if (link === undefined) throw new Error('lost early');
  client.board.plane.send([{ to: 'session', session: link.session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
  assert.ok(world.run(10_000, () => client.link() !== undefined && client.link() !== link), 'no new session');
  assert.is(ac.pppoe.sessions, 1);
});

test('a client that started anew is given a session beside the one it forgot', () => {
  const { ac, client, world } = up();
  client.crash(12);
  client.want();
  assert.ok(world.run(5000, () => client.link() !== undefined));
  assert.is(ac.pppoe.sessions, 2);
});

test('a client finds an access concentrator that comes hours later, and asks at most once a minute meanwhile', () => {
  const { ac, client, world } = stand();
  client.want();
  world.run(3 * 3_600_000);
  assert.is(client.link(), undefined);
  const { PADI } = client.pppoe.counters.sent;
  assert.ok(PADI > 300 && PADI < 900, `${PADI} PADIs`);
  // A state that lasts fills no log.
  assert.is(client.log.length, 1);
  ac.serve();
  assert.ok(world.run(100_000, () => client.link() !== undefined));
});

test('attempts that fail again and again are told to the interface with their reason', () => {
  const { client, world } = stand();
  client.want('ETH1-gold');
  world.run(100_000);
  assert.ok(client.downs.length >= 2);
  assert.is(client.downs[0], 'no access concentrator offers the service gold');
  assert.match(client.pppoe.layers.waiting('eth1-GOLD', world.now) ?? '', /^no access concentrator offers the service gold; calling again in \d+ s$|^looks for an access concentrator on ETH1; before: no access/);
});

test('a service is found by its name in any case, others are not', () => {
  const one = stand();
  one.ac.serve({ name: 'Gold' });
  const host = one.host(1);
  host.padi('silver');
  one.world.run(100);
  assert.is(host.last('PADO'), undefined);
  assert.is(text(offered(one, host, 'gold'), TAGS.serviceName), 'gold');
  one.client.want('ETH1-GOLD');
  assert.ok(one.world.run(1000, () => one.client.link('ETH1-GOLD') !== undefined));
  assert.is(one.ac.arrivals[0]?.over, 'ETH1-Gold');
});

test('a host that asks for any service is told the names there are', () => {
  const one = stand();
  one.ac.serve({ name: 'gold' });
  one.ac.serve({ name: 'silver' });
  const offer = offered(one, one.host(1));
  assert.equal(offer.tags.filter(({ type }) => type === TAGS.serviceName).map(({ value }) => fromUtf8(value)), ['', 'gold', 'silver']);
  assert.is(text(offer, TAGS.acName), 'station1');
});

test('a service of its own name is given before ANY', () => {
  const one = stand();
  one.ac.serve({ name: 'any', template: 1 });
  one.ac.serve({ name: 'gold', template: 2 });
  const host = one.host(1);
  host.padr(offered(one, host, 'gold'), 'gold');
  one.world.run(100);
  assert.is(one.ac.arrivals[0]?.template, 2);
});

test('Host-Uniq and Relay-Session-Id come back as they were sent', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const marks: readonly Tag[] = [uniq(0xabcd), { type: TAGS.relaySessionId, value: Uint8Array.of(9, 8, 7) }];
  const offer = offered(one, host, '', ...marks);
  for (const { type, value } of marks) assert.equal(tagOf(offer, type), value);
  host.padr(offer, '', [...marks, { type: TAGS.acCookie, value: tagOf(offer, TAGS.acCookie) ?? new Uint8Array(0) }]);
  one.world.run(100);
  const pads = host.last('PADS');
  if (pads === undefined) throw new Error('no PADS');
  for (const { type, value } of marks) assert.equal(tagOf(pads, type), value);
  assert.ok(pads.session > 0 && pads.session < 65_535);
});

test('a PADR that comes again gets the same session again', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const offer = offered(one, host);
  for (let i = 0; i < 5; i++) {
    host.padr(offer);
    one.world.run(1000);
  }
  const numbers = new Set(host.got.filter(({ code }) => code === 'PADS').map(({ session: number }) => number));
  assert.is(numbers.size, 1);
  assert.is(one.ac.pppoe.sessions, 1);
  assert.is(one.ac.pppoe.counters.dropped.again, 4);
});

test('a PADR like an earlier one is a new request when PPP had opened and the peer has started anew', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const offer = offered(one, host);
  host.padr(offer);
  one.world.run(100);
  const first = host.last('PADS')?.session;
  one.ac.callers.get('ppp0')?.negotiated(one.world.now);
  one.world.run(40_000);
  host.padr(offer);
  one.world.run(100);
  assert.is(one.ac.pppoe.sessions, 1);
  assert.is.not(host.last('PADS')?.session, first);
  assert.is(host.last('PADT')?.session, first);
});

test('a PADR with a wrong, foreign or missing cookie is not answered', () => {
  const one = stand();
  one.ac.serve();
  const [a, b] = [one.host(1), one.host(2)];
  const offer = offered(one, a);
  b.padr(offer);
  a.padr(offer, '', []);
  a.padr(offer, '', [{ type: TAGS.acCookie, value: new Uint8Array(16) }]);
  one.world.run(5000);
  assert.is(a.last('PADS') ?? b.last('PADS'), undefined);
  assert.is(one.ac.pppoe.sessions, 0);
  assert.is(one.ac.pppoe.counters.dropped.cookie, 3);
});

test('ten thousand PADIs from ten thousand addresses leave nothing behind and do not disturb a session', () => {
  const one = up();
  one.world.run(1000);
  const host = one.host(0);
  const [pending, before] = [one.world.pending, one.ac.log.length];
  for (let i = 0; i < 10_000; i++) host.send({ code: 'PADI', destination: new Uint8Array(6).fill(255), source: Uint8Array.of(2, 0xaa, 0, 0, i >> 8, i & 255), tags: [textTag(TAGS.serviceName, '')] });
  one.world.run(100);
  const { sent, dropped } = one.ac.pppoe.counters;
  assert.ok(sent.PADO <= 1001, `${sent.PADO} answers`);
  assert.is(sent.PADO - 1 + dropped.rate, 10_000);
  assert.is(one.ac.pppoe.sessions, 1);
  assert.is(one.world.pending, pending);
  assert.is(one.ac.log.length, before);
  assert.equal(one.client.downs, []);
  // A second later others are served again.
  one.world.run(1000);
  assert.ok(session(one, one.host(77)) !== undefined);
});

test('one address that floods is answered 32 times a second, another one at the same time as ever', () => {
  const one = stand();
  one.ac.serve();
  const [loud, quiet] = [one.host(1), one.host(2)];
  for (let i = 0; i < 5000; i++) loud.padi();
  one.world.run(10);
  assert.is(loud.got.length, 32);
  assert.ok(session(one, quiet) !== undefined);
});

test('ten thousand PADRs with invented cookies leave nothing behind', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const offer = offered(one, host);
  for (let i = 0; i < 10_000; i++) {
    const cookie: Tag = { type: TAGS.acCookie, value: Uint8Array.from({ length: 16 }, (_, k) => (i >> k) & 255) };
    host.send({ code: 'PADR', destination: offer.source, source: Uint8Array.of(2, 0xaa, 0, 0, i >> 8, i & 255), tags: [textTag(TAGS.serviceName, ''), cookie] });
  }
  one.world.run(100);
  assert.is(one.ac.pppoe.counters.dropped.cookie, 10_000);
  assert.is(one.ac.pppoe.counters.sent.PADS, 0);
  assert.is(one.ac.pppoe.sessions, 0);
  assert.equal(one.ac.log, []);
});

test('sessions end at MAXSESSIONS: later hosts hear nothing, one that had its offer gets an error, and room that is made is given', () => {
  const one = stand();
  one.ac.serve({ maxSessions: 2 });
  const hosts = [1, 2, 3].map((n) => one.host(n));
  const offers = hosts.map((host) => offered(one, host));
  for (const [i, host] of hosts.entries()) {
    const offer = offers[i];
    if (offer !== undefined) host.padr(offer);
    one.world.run(100);
  }
  assert.is(one.ac.pppoe.sessions, 2);
  const third = hosts[2];
  assert.is(third?.last('PADS')?.session, 0);
  assert.is(text(third?.last('PADS'), TAGS.acSystemError), 'All sessions are taken');
  const fourth = one.host(4);
  fourth.padi();
  one.world.run(100);
  assert.equal(fourth.got, []);
  one.ac.callers.get('ppp0')?.hangUp('over', one.world.now);
  assert.ok((session(one, fourth)?.session ?? 0) > 0);
  assert.is(one.ac.pppoe.concentrator.services.list()[0]?.sessions, 2);
});

test('one Ethernet address gets no more than MACLIMIT sessions', () => {
  const one = stand();
  one.ac.serve({ macLimit: 3 });
  const host = one.host(1);
  const numbers = [1, 2, 3, 4].map((n) => session(one, host, n)?.session);
  assert.is(numbers[3], 0);
  assert.is(new Set(numbers).size, 4);
  assert.is(one.ac.pppoe.sessions, 3);
  assert.ok((session(one, one.host(2))?.session ?? 0) > 0);
});

test('a caller that no template takes is refused with an error; the reason is told to the operator alone', () => {
  const one = stand();
  one.ac.serve({ template: 7 });
  one.ac.refusal = 'PPP template 7 does not exist (CREATE PPP TEMPLATE=7)';
  const host = one.host(1);
  const pads = session(one, host);
  assert.is(pads?.session, 0);
  assert.is(text(pads, TAGS.acSystemError), 'The service is not available now');
  assert.is(one.ac.pppoe.sessions, 0);
  assert.is(one.ac.board.plane.residue.sessions, 0);
  assert.is(one.ac.pppoe.concentrator.services.list()[0]?.lastRefusal, one.ac.refusal);
  assert.match(one.ac.log.at(-1)?.text ?? '', 'PPP template 7 does not exist');
});

test('a host that asks for a service that is gone meanwhile gets Service-Name-Error', () => {
  const one = stand();
  one.ac.serve({ name: 'gold' });
  const host = one.host(1);
  const offer = offered(one, host, 'gold');
  host.padr(offer, 'silver');
  one.world.run(100);
  assert.is(host.last('PADS')?.session, 0);
  assert.is(text(host.last('PADS'), TAGS.serviceNameError), 'No such service');
});

test('a client that is refused says why and tries again', () => {
  const { ac, client, world } = stand();
  ac.serve();
  ac.refusal = 'IP pool ips is empty';
  client.want();
  world.run(3000);
  assert.is(client.downs[0], 'access concentrator station1 cannot give a session: The service is not available now');
  ac.refusal = undefined;
  assert.ok(world.run(30_000, () => client.link() !== undefined));
});

test('a storm beyond the half-open bound is taken in as PPP opens', () => {
  const one = stand();
  one.ac.serve({ maxSessions: 32_000 });
  const hosts = Array.from({ length: 600 }, (_, i) => one.host(i));
  for (const host of hosts) host.padi();
  one.world.run(100);
  const ask = (): void => {
    for (const host of hosts) {
      const offer = host.last('PADO');
      if (offer !== undefined && host.last('PADS') === undefined) host.padr(offer);
    }
    one.world.run(1100);
  };
  ask();
  assert.is(one.ac.pppoe.sessions, 512);
  for (const link of one.ac.callers.values()) link.negotiated(one.world.now);
  ask();
  assert.is(one.ac.pppoe.sessions, 600);
});

test('sessions whose PPP opens elsewhere do not count as half open for ever', () => {
  const one = stand();
  one.ac.serve({ maxSessions: 32_000 });
  for (let i = 0; i < 512; i++) assert.ok((session(one, one.host(i))?.session ?? 0) > 0, `${i}`);
  one.world.run(61_000);
  assert.ok((session(one, one.host(1000))?.session ?? 0) > 0);
});

test('numbers of sessions are all different', () => {
  const one = stand();
  one.ac.serve({ maxSessions: 32_000 });
  const numbers = Array.from({ length: 300 }, (_, i) => session(one, one.host(i))?.session ?? 0);
  assert.is(new Set(numbers).size, 300);
  assert.ok(numbers.every((number) => number > 0 && number < 65_535));
});

test('a stray session frame is answered with PADT at most once a second', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const { source } = offered(one, host);
  for (let i = 0; i < 1000; i++) host.ppp(source, 4711);
  one.world.run(900);
  assert.is(host.got.filter(({ code, session: number }) => code === 'PADT' && number === 4711).length, 1);
});

test('a PADT from another address ends nothing', () => {
  const one = up();
  one.world.run(100);
  const host = one.host(1);
  const { source } = offered(one, host);
  const [caller] = one.ac.pppoe.concentrator.list();
  host.send({ code: 'PADT', destination: source, session: caller?.session.spec.number ?? 0, tags: [] });
  one.world.run(100);
  assert.is(one.ac.pppoe.sessions, 1);
});

test('forged offers and confirmations without the mark of the client bring nothing about', () => {
  const { client, world, host } = stand();
  client.want();
  const forger = host(9);
  const to = client.board.ip.port('eth1')?.station ?? new Uint8Array(6);
  for (let i = 0; i < 100; i++) {
    forger.send({ code: 'PADO', destination: to, tags: [textTag(TAGS.serviceName, ''), textTag(TAGS.acName, 'evil'), uniq(i)] });
    forger.send({ code: 'PADS', destination: to, session: 5, tags: [textTag(TAGS.serviceName, ''), uniq(i)] });
  }
  world.run(500);
  assert.is(client.pppoe.layers.list()[0]?.state, 'PADI sent');
  assert.is(client.pppoe.sessions, 0);
});

test('frames that are no discovery packets are counted and dropped', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const head = [255, 255, 255, 255, 255, 255, ...host.station, 0x88, 0x63];
  host.raw(Uint8Array.of(...head, 0x11, 9, 0, 0, 0, 99));
  host.raw(Uint8Array.of(...head, 0x22, 9, 0, 0, 0, 0));
  host.raw(Uint8Array.of(...head, 0x11, 9, 0, 0, 0, 0));
  host.raw(Uint8Array.of(...head));
  one.world.run(100);
  const { malformed } = one.ac.pppoe.counters;
  assert.is(malformed.length, 1);
  assert.is(malformed.version, 1);
  assert.is(malformed['service name'], 1);
  assert.is(malformed.short, 1);
});

test('a PADR to all is for nobody', () => {
  const one = stand();
  one.ac.serve();
  const host = one.host(1);
  const offer = offered(one, host);
  host.send({ code: 'PADR', destination: new Uint8Array(6).fill(255), tags: [textTag(TAGS.serviceName, ''), { type: TAGS.acCookie, value: tagOf(offer, TAGS.acCookie) ?? new Uint8Array(0) }] });
  one.world.run(100);
  assert.is(one.ac.pppoe.sessions, 0);
});

test('a client on a port that is down waits for the port and dials at once when it is up', () => {
  const { ac, client, wire, world } = stand();
  ac.serve();
  wire.up = false;
  world.run(10);
  client.want();
  world.run(200_000);
  assert.is(client.downs[0], 'ETH1 is down');
  assert.is(client.pppoe.counters.sent.PADI, 0);
  wire.up = true;
  assert.ok(world.run(50, () => client.link() !== undefined), 'waited');
});

test('a session survives a cable that was out for a moment', () => {
  const { ac, client, wire, world } = up();
  wire.up = false;
  world.run(5000);
  wire.up = true;
  world.run(5000);
  const link = client.link();
  assert.ok(link !== undefined);
  assert.is(ac.pppoe.sessions, 1);
  // The port is opened anew when the session ends, and serves the next.
  link?.hangUp('enough', world.now);
  assert.ok(world.run(5000, () => client.link() !== undefined));
  assert.is(ac.pppoe.sessions, 1);
});

test('frames of a session that overtake its PADS are no reason for a PADT', () => {
  const { client, world, host } = stand();
  const slow = host(1);
  client.want();
  world.run(10);
  const padi = slow.last('PADI');
  const mark = padi === undefined ? undefined : tagOf(padi, TAGS.hostUniq);
  if (padi === undefined || mark === undefined) throw new Error('no PADI');
  const tags: readonly Tag[] = [textTag(TAGS.serviceName, ''), textTag(TAGS.acName, 'slow'), { type: TAGS.hostUniq, value: mark }];
  slow.send({ code: 'PADO', destination: padi.source, tags });
  world.run(10);
  assert.ok(slow.last('PADR') !== undefined);
  slow.ppp(padi.source, 7);
  world.run(10);
  slow.send({ code: 'PADS', destination: padi.source, session: 7, tags });
  world.run(10);
  assert.is(slow.last('PADT'), undefined);
  assert.ok(client.link() !== undefined);
});

test('a port whose frames are larger than 1500 agrees on an MTU of 1500 (RFC 4638), and others do not', () => {
  const big = stand(1, { ...CLEAN, mtu: 1508 });
  big.ac.serve();
  big.client.want();
  big.world.run(1000);
  assert.is(big.client.link()?.mtu, 1500);
  assert.is(big.ac.callers.get('ppp0')?.mtu, 1500);
  const host = big.host(1);
  assert.is(maxPayloadOf(offered(big, host, '', numberTag(TAGS.pppMaxPayload, 9000))), 1500);
  const plain = stand();
  plain.ac.serve();
  assert.is(maxPayloadOf(offered(plain, plain.host(1), '', numberTag(TAGS.pppMaxPayload, 9000))), undefined);
});

test('a port with a smaller MTU gives a smaller link', () => {
  const one = up(1, { ...CLEAN, mtu: 1400 });
  assert.is(one.client.link()?.mtu, 1392);
});

test('DISABLE ends every session and answers nobody; ENABLE answers again', () => {
  const one = up();
  one.world.run(100);
  one.ac.pppoe.concentrator.disable('switched off', one.world.now);
  one.world.run(100);
  assert.equal(one.ac.ended, ['switched off']);
  assert.equal(one.client.downs, ['the peer ended the session (PADT)']);
  assert.is(one.ac.board.plane.residue.services, 0);
  one.world.run(120_000);
  assert.is(one.client.link(), undefined);
  one.ac.pppoe.concentrator.enable(one.world.now);
  assert.ok(one.world.run(100_000, () => one.client.link() !== undefined));
});

test('a service on a port that is not there yet is served when it comes', () => {
  const one = stand();
  one.ac.serve({ port: 'eth0' });
  assert.match(one.ac.pppoe.concentrator.failure('eth0') ?? '', /eth0/);
  one.ac.board.ip.plug('eth0', one.wire);
  const host = one.host(1);
  one.world.run(11_000);
  assert.is(one.ac.pppoe.concentrator.failure('eth0'), undefined);
  assert.ok(offered(one, host) !== undefined);
});

test('closing tells every peer and leaves no session, port or alarm', () => {
  const one = up();
  one.world.run(100);
  one.client.pppoe.close(one.world.now);
  one.world.run(100);
  assert.equal(one.ac.ended, ['the peer ended the session (PADT)']);
  one.ac.pppoe.close(one.world.now);
  one.world.run(100);
  assert.is(one.world.pending, 0);
  for (const { board } of [one.ac, one.client]) assert.equal([board.plane.residue.services, board.plane.residue.sessions], [0, 0]);
});

test('two clients of one port hold a session each, with different services', () => {
  const one = stand();
  one.ac.serve({ name: 'gold' });
  one.ac.serve({ name: 'silver' });
  one.client.want('ETH1-gold');
  one.client.want('ETH1-silver');
  assert.ok(one.world.run(2000, () => one.client.links.size === 2));
  assert.equal(one.ac.arrivals.map(({ call }) => call).sort(), ['gold', 'silver']);
});

test('a second access concentrator takes over where the first one is gone', () => {
  const one = up();
  const second = one.station(5);
  one.ac.board.ip.unplug();
  second.serve();
  one.client.link()?.hangUp('LCP echo had no answer', one.world.now);
  assert.ok(one.world.run(10_000, () => one.client.link() !== undefined));
  assert.is(second.pppoe.sessions, 1);
});

test('layers are Ethernet ports of the router with a service name of 1 to 18 characters', () => {
  const { client } = stand();
  const { layers } = client.pppoe;
  assert.is(layers.layerExists('TNL-x'), undefined);
  assert.is(layers.layerExists('ISDN-any'), undefined);
  assert.is(layers.layerExists('eth1-ANY'), true);
  assert.is(layers.layerExists('ETH0-123456789012345678'), true);
  for (const wrong of ['ETH1-', 'ETH1-1234567890123456789']) assert.match(Object(layers.layerExists(wrong)).text, 'not valid for parameter "OVER"');
  assert.is(Object(layers.layerExists('eth7-any')).text, 'Interface ETH7 does not exist.');
});

test.run();
