// Two PPP links back to back (RFC 1661 3): they come up, prove themselves, agree on addresses and end, over wires good and bad.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { address, Pair, type EndSettings } from './wire.ts';

const LAN_A = { local: address('192.168.10.1') };
const LAN_B = { local: address('192.168.20.1') };

test('two links come up after a second of mutual politeness and know each other\'s addresses', () => {
  const pair = new Pair({ ip: LAN_A }, { ip: LAN_B }).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.ok(pair.now < 1100, `${pair.now}`);
  assert.equal(pair.a.up, { local: address('192.168.10.1'), remote: address('192.168.20.1'), dns: [] });
  assert.equal(pair.b.up, { local: address('192.168.20.1'), remote: address('192.168.10.1'), dns: [] });
  assert.is(pair.a.configured['ipv4'], true);
  assert.is(pair.a.negotiated, 1);
});

test('a link that hears a packet answers at once instead of waiting', () => {
  const pair = new Pair({}, {});
  pair.a.link.start(0);
  pair.now = 0;
  pair.run(990);
  pair.b.link.start(pair.now);
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.ok(pair.now < 1100, `${pair.now}`);
});

test('a peer that starts 20 seconds late is still met', () => {
  const pair = new Pair({}, {});
  pair.a.link.start(0);
  pair.run(20_000);
  pair.b.link.start(pair.now);
  assert.ok(pair.run(10_000, () => pair.bothUp()));
});

test('two unnumbered links without any address come up', () => {
  const pair = new Pair({}, {}).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.equal(pair.a.up, { local: 0, remote: 0, dns: [] });
});

test('a link without an address and one with an address come up', () => {
  const pair = new Pair({}, { ip: LAN_B }).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.equal(pair.a.up, { local: 0, remote: address('192.168.20.1'), dns: [] });
});

test('a link that asks is given its address and name servers', () => {
  const server = { ...LAN_B, remote: address('10.1.1.7'), dns: [address('10.0.0.53'), address('10.0.0.54')] };
  const pair = new Pair({ ip: { localMode: 'ask', wantDns: true } }, { ip: server }).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.equal(pair.a.up, { local: address('10.1.1.7'), remote: address('192.168.20.1'), dns: server.dns });
  assert.is(pair.b.up?.remote, address('10.1.1.7'));
});

test('a link that asks for an address of a peer that has none to give says so and closes', () => {
  const pair = new Pair({ ip: { localMode: 'ask' } }, { ip: LAN_B }).start();
  assert.ok(pair.run(30_000, () => pair.a.ended !== undefined));
  assert.is(pair.a.ended, 'The peer gives us no address.');
});

test('a fixed address that the peer will not have ends the link with what to do', () => {
  const pair = new Pair({ ip: LAN_A }, { ip: { ...LAN_B, remote: address('10.1.1.7') } }).start();
  assert.ok(pair.run(60_000, () => pair.a.ended !== undefined));
  assert.match(pair.a.ended ?? '', /insists on 10\.1\.1\.7 as our address: IPREQUEST=ON/);
});

test('the MRU announced is what the path takes, and the MTU the lesser of both', () => {
  const pair = new Pair({ mtu: 1460 }, { mtu: 1400 }).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.is(pair.a.link.lcp.ourMru, 1460);
  assert.is(pair.b.link.lcp.ourMru, 1400);
  assert.is(pair.a.mtu, 1400);
  assert.is(pair.b.mtu, 1400);
  assert.is(pair.a.configured['mss'], 1360);
});

test('a path of 1500 octets announces no MRU', () => {
  const pair = new Pair({ mtu: 1500 }, { mtu: 1500 }).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.not.ok(pair.a.lines.some((line) => line.includes('Mru')));
  assert.is(pair.a.mtu, 1500);
});

test('field compression is used only towards a peer that asked for it', () => {
  const pair = new Pair({ compression: 'ask' }, {}).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.equal([pair.a.configured['acfc'], pair.a.configured['pfc']], [false, false]);
  assert.equal([pair.b.configured['acfc'], pair.b.configured['pfc']], [true, true]);
});

const USERS = { RouterA: 'PasswordA' };
const RIGHT: EndSettings = { credentials: ['RouterA', 'PasswordA'] };
const METHODS = [
  ['PAP', ['PAP'], 'pap'],
  ['CHAP', ['CHAP-MD5'], 'CHAP-MD5'],
  ['MSCHAPV2', ['MSCHAPv2'], 'MSCHAPv2'],
  ['EITHER', ['CHAP-MD5', 'PAP'], 'CHAP-MD5'],
] as const;

for (const [name, demand, used] of METHODS) {
  test(`AUTHENTICATION=${name} takes the right password`, () => {
    const pair = new Pair(RIGHT, { demand, users: USERS }).start();
    assert.ok(pair.run(5000, () => pair.bothUp()));
    assert.is(pair.b.link.peerName, 'RouterA');
    const attempt = pair.b.attempts[0];
    assert.is(attempt?.kind === 'chap' ? attempt.algorithm : attempt?.kind, used);
  });

  test(`AUTHENTICATION=${name} refuses a wrong password, and both ends say so`, () => {
    const pair = new Pair({ credentials: ['RouterA', 'wrong'] }, { demand, users: USERS }).start();
    assert.ok(pair.run(30_000, () => pair.a.ended !== undefined && pair.b.ended !== undefined));
    assert.match(pair.a.ended ?? '', /refused our name or password/);
    assert.is(pair.b.ended, 'Wrong password for user RouterA.');
    assert.is(pair.a.ups + pair.b.ups, 0);
  });

  test(`AUTHENTICATION=${name} never shows a password in the trace`, () => {
    const pair = new Pair(RIGHT, { demand, users: USERS }).start();
    pair.run(5000, () => pair.bothUp());
    const lines = [...pair.a.lines, ...pair.b.lines];
    assert.ok(lines.some((line) => line.includes('RouterA')));
    assert.not.ok(lines.some((line) => line.includes('PasswordA')));
  });

  test(`AUTHENTICATION=${name} waits for a slow user database`, () => {
    const pair = new Pair(RIGHT, { demand, users: USERS, slow: 7000 }).start();
    assert.ok(pair.run(30_000, () => pair.bothUp()));
    assert.is(pair.b.attempts.length, 1);
  });
}

test('both ends can ask each other for a password at once', () => {
  const a: EndSettings = { credentials: ['RouterA', 'PasswordA'], demand: ['CHAP-MD5'], users: { RouterB: 'PasswordB' } };
  const b: EndSettings = { credentials: ['RouterB', 'PasswordB'], demand: ['MSCHAPv2'], users: USERS };
  const pair = new Pair(a, b).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  assert.is(pair.a.link.peerName, 'RouterB');
  assert.is(pair.b.link.peerName, 'RouterA');
});

test('a peer without a password ends the link when one is asked for', () => {
  const pair = new Pair({}, { demand: ['CHAP-MD5', 'PAP'], users: USERS }).start();
  assert.ok(pair.run(60_000, () => pair.b.ended !== undefined));
  assert.is(pair.b.ended, 'The peer will not prove itself by CHAP-MD5 or PAP.');
  assert.is(pair.a.ups, 0);
});

test('a closed link tells the peer, and both ends finish', () => {
  const pair = new Pair({}, {}).start();
  pair.run(5000, () => pair.bothUp());
  pair.a.link.close('Closed by the operator.', pair.now);
  assert.ok(pair.run(10_000, () => pair.a.ended !== undefined && pair.b.ended !== undefined));
  assert.is(pair.a.ended, 'Closed by the operator.');
  assert.is(pair.b.ended, 'The peer closed LCP: "Closed by the operator.".');
  assert.is(pair.a.up, undefined);
  assert.is(pair.b.up, undefined);
  assert.is(pair.b.hungUp, pair.b.ended);
  assert.is(pair.a.link.deadline(), Number.POSITIVE_INFINITY);
  assert.is(pair.b.link.deadline(), Number.POSITIVE_INFINITY);
});

test('a link without a peer gives up after ten requests and says that nobody answered', () => {
  const pair = new Pair({}, {});
  pair.a.link.start(0);
  pair.run(60_000);
  assert.is(pair.a.ended, 'The peer did not answer 10 LCP requests.');
  assert.is(pair.a.sent.length, 10);
});

test('ECHO=ON notices a dead peer within a minute', () => {
  const pair = new Pair({ link: { echo: 10_000 } }, {}).start();
  pair.run(5000, () => pair.bothUp());
  pair.run(600_000);
  assert.is(pair.a.ended, undefined);
  const since = pair.now;
  pair.cut = true;
  assert.ok(pair.run(70_000, () => pair.a.up === undefined));
  assert.ok(pair.now - since <= 60_000, `${pair.now - since}`);
  assert.ok(pair.run(10_000, () => pair.a.ended !== undefined));
  assert.is(pair.a.ended, 'The peer left 5 LCP echo requests unanswered.');
});

test('link quality reports are exchanged when both ends want them, and a peer that stops is noticed', () => {
  const pair = new Pair({ quality: 6000 }, { quality: 6000 }).start();
  pair.run(5000, () => pair.bothUp());
  pair.run(130_000);
  assert.ok((pair.a.link.lastReport?.peerOutLqrs ?? 0) >= 2);
  assert.ok((pair.b.link.lastReport?.peerInLqrs ?? 0) >= 1);
  pair.cut = true;
  assert.ok(pair.run(400_000, () => pair.a.ended !== undefined));
  assert.is(pair.a.ended, 'The peer left out 5 link quality reports.');
});

test('link quality reports that the peer rejects are done without', () => {
  const pair = new Pair({ quality: 6000 }, {}).start();
  assert.ok(pair.run(5000, () => pair.bothUp()));
  pair.run(1_000_000);
  assert.ok(pair.bothUp());
});

test('a looped line is recognised by its magic numbers', () => {
  const pair = new Pair({}, {}, { filter: () => undefined });
  pair.a.link.start(0);
  for (let i = 0; i < 400 && pair.a.ended === undefined; i++) {
    for (const frame of pair.a.sent.splice(0)) pair.a.link.frame(frame, pair.now);
    pair.run(500);
  }
  assert.is(pair.a.ended, 'The line is looped back: we hear ourselves.');
});

test('CHAP challenges again in the network phase without disturbing the link', () => {
  const pair = new Pair(RIGHT, { demand: ['CHAP-MD5'], users: USERS, link: { rechallenge: 360_000 } }).start();
  pair.run(5000, () => pair.bothUp());
  pair.run(2_000_000);
  assert.ok(pair.b.attempts.length >= 5, `${pair.b.attempts.length}`);
  const ids = new Set(pair.b.attempts.map((attempt) => (attempt.kind === 'chap' ? attempt.id : -1)));
  assert.is(ids.size, pair.b.attempts.length);
  assert.is(pair.a.ups, 1);
  assert.ok(pair.bothUp());
});

for (const demand of [[], ['CHAP-MD5'], ['PAP'], ['MSCHAPv2']] as const) {
  test(`200 links with ${demand[0] ?? 'no authentication'} come up over wires that lose 30 %, double and reorder, all but a few at the first try`, () => {
    let worst = 0;
    let ended = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const pair = new Pair({ ...RIGHT, ip: LAN_A }, { demand, users: USERS, ip: LAN_B }, { seed, loss: 0.3, double: 0.1, delay: 20, jitter: 200 }).start();
      assert.ok(
        pair.run(300_000, () => pair.bothUp() || pair.a.ended !== undefined || pair.b.ended !== undefined),
        `seed ${seed}`,
      );
      if (!pair.bothUp()) ended++;
      else worst = Math.max(worst, pair.now);
    }
    assert.ok(worst < 120_000, `worst ${worst}`);
    assert.ok(ended <= 6, `${ended} gave up`);
  });
}

test.run();
