// What holds for one session of an interface and not for its configuration: the time and silence that the user database allows, the size of
// packets on its path, and that it may be handed over to an LNS.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { ip, World, type Box } from './box.ts';

const CALLEE = 'CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF AUTHENTICATION=CHAP IDLE=999999999';
const CALLER = 'CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF USERNAME=bob PASSWORD=secret';
const SECOND = 1000;

function world(grants: Box['grants'] = {}, callee = CALLEE): World {
  const all = new World();
  all.a.users['bob'] = 'secret';
  all.a.grants = grants;
  all.b.lan = ip('192.168.20.1');
  all.a.run(callee);
  all.b.run(CALLER);
  return all;
}

function up(grants: Box['grants'] = {}, callee = CALLEE): World {
  const all = world(grants, callee);
  assert.ok(all.run(10_000, () => all.bothUp()));
  return all;
}

/** Runs until the callee is down; how long that took, seconds. */
function lasts(all: World, most = 100_000): number {
  const from = all.now;
  all.run(most * SECOND, () => !all.a.up.has('ppp1'));
  return Math.round((all.now - from) / SECOND);
}

test('a session that the user database limits ends when its time is over, with the reason, and the next one has its time again', () => {
  const all = up({ sessionTimeout: 90 });
  assert.match(all.a.run('SHOW PPP=1 CONFIG'), /Session Timer \(seconds\) +90/);
  assert.is(lasts(all), 90);
  all.run(5 * SECOND, () => all.a.one().lastReason !== '');
  assert.is(all.a.one().lastReason, 'The 90 seconds that the user database allows are over.');
  assert.ok(all.run(60_000, () => all.bothUp()));
  assert.is(lasts(all), 90);
});

test('a session without a limit lasts, and SHOW says so', () => {
  const all = up();
  assert.is(lasts(all, 20_000), 20_000);
  assert.match(all.a.run('SHOW PPP=1 CONFIG'), /Session Timer \(seconds\) +OFF/);
});

test('the lesser of IDLE and what the user database allows ends a silent session', () => {
  for (const [idle, allowed, least] of [[60, 20, 20], [60, 120, 60], [60, undefined, 60], ['OFF', 30, 30]] as const) {
    const all = up(allowed === undefined ? {} : { idleTimeout: allowed }, CALLEE.replace('999999999', String(idle)));
    assert.is(lasts(all), least, `${idle} ${allowed}`);
    all.run(5 * SECOND, () => all.a.one().lastReason !== '');
    assert.is(all.a.one().lastReason, `No traffic for ${least} seconds.`);
  }
});

test('an idle time of the user database is for a session: an interface without IDLE is not on demand for it', () => {
  const all = up({ idleTimeout: 30 }, CALLEE.replace('IDLE=999999999', ''));
  assert.not.ok(all.a.one().onDemand);
  all.run(25 * SECOND);
  all.a.carried(100, 'in');
  assert.is(lasts(all), 30);
});

test('a caller cannot lengthen its session by negotiating LCP anew', () => {
  const all = up({ sessionTimeout: 60 });
  all.run(40 * SECOND);
  // A Configure-Request of other content.
  all.a.interfaces.frame('ppp1', Uint8Array.from([0xc0, 0x21, 1, 99, 0, 8, 1, 4, 5, 0]), all.now);
  assert.ok(all.run(15 * SECOND, () => all.bothUp()), all.a.one().lastReason);
  all.run(60 * SECOND, () => all.a.one().lastReason !== '');
  assert.is(all.a.one().lastReason, 'The 60 seconds that the user database allows are over.');
  assert.ok(all.now < 70 * SECOND, `${all.now}`);
});

test('limits that change while a session runs count from its start, shorter and longer ones, and can be lifted', () => {
  const all = up({ sessionTimeout: 60 });
  const from = all.now;
  all.run(30 * SECOND);
  all.a.one().limit({ sessionTimeout: 120 }, all.now);
  lasts(all);
  assert.is(Math.round((all.now - from) / SECOND), 120);
  const shorter = up({ sessionTimeout: 600 });
  shorter.run(30 * SECOND);
  shorter.a.one().limit({ sessionTimeout: 10 }, shorter.now);
  assert.is(lasts(shorter), 0, 'over already');
  const lifted = up({ sessionTimeout: 60, idleTimeout: 90 });
  lifted.a.one().limit({ sessionTimeout: 0 }, lifted.now);
  assert.is(lasts(lifted), 90, 'idle stays');
  const idle = up({ idleTimeout: 90 });
  idle.a.one().limit({ idleTimeout: 20 }, idle.now);
  assert.is(lasts(idle), 20);
  const without = up();
  without.run(100 * SECOND);
  without.a.one().limit({ sessionTimeout: 300 }, without.now);
  assert.is(lasts(without), 200);
});

test('another path MTU changes the MTU of the session and is told once, and nothing is negotiated', () => {
  const all = up();
  const sent = all.a.one().link?.states().map(({ counters }) => [...counters.sent]);
  all.pathMtu = 1360;
  all.a.one().resized();
  all.a.one().resized();
  assert.equal([all.a.one().mtu, all.a.resizes], [1360, [['ppp1', 1360]]]);
  all.pathMtu = 1460;
  all.a.one().resized();
  assert.equal([all.a.one().mtu, all.a.resizes.length], [1460, 2]);
  all.run(10 * SECOND);
  assert.equal(all.a.one().link?.states().map(({ counters }) => [...counters.sent]), sent);
});

/** A world whose callee holds the caller's proof. */
function held(): World {
  const all = world();
  all.a.held = [];
  assert.ok(all.run(10_000, () => all.a.held?.length === 1));
  return all;
}

test('an interface that is handed over is silent, keeps its call and its history, and says so', () => {
  const all = held();
  const one = all.a.one();
  const before = one.history();
  assert.ok(before.lastSent !== undefined && before.lastReceived !== undefined && before.initialReceived !== undefined);
  one.handOver(all.now);
  assert.equal(one.history(), before);
  assert.is(one.condition(all.now), 'handed over');
  assert.match(all.a.run('SHOW PPP=1'), /Passed on/);
  const sent: Uint8Array[] = [];
  const lower = all.a.lowers.get('ppp1');
  if (lower !== undefined) lower.send = (frame) => sent.push(frame);
  all.a.interfaces.frame('ppp1', Uint8Array.from([0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0]), all.now);
  all.run(20 * SECOND);
  assert.equal([sent, all.connected, all.a.calls.filter((call) => call.startsWith('unwant'))], [[], true, []]);
  assert.is(one.condition(all.now), 'handed over');
});

test('an interface that was handed over ends with its call and its reason, and takes the next call like any other', () => {
  const all = held();
  all.a.one().handOver(all.now);
  all.hangUp(all.b, 'the caller hung up', all.now);
  all.run(100);
  assert.is(all.a.one().lastReason, 'The peer cleared the call.');
  assert.is.not(all.a.one().condition(all.now), 'handed over');
  all.a.held = undefined;
  assert.ok(all.run(30 * SECOND, () => all.bothUp()));
});

test('an interface that was handed over and is destroyed leaves no timer and hangs nothing up twice', () => {
  const all = held();
  all.a.one().handOver(all.now);
  all.a.run('DESTROY PPP=1');
  assert.is(all.a.devices.size, 0);
  all.b.run('DESTROY PPP=1');
  all.run(60 * SECOND);
  assert.is(all.timers.size, 0);
});

test('handing over an interface without a link does nothing', () => {
  const all = world();
  all.a.one().handOver(all.now);
  assert.is.not(all.a.one().condition(all.now), 'handed over');
  assert.equal(all.a.one().history(), { initialReceived: undefined, lastSent: undefined, lastReceived: undefined });
  assert.ok(all.run(10_000, () => all.bothUp()));
});

test.run();
