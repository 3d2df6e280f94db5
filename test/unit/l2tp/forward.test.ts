// The LAC passes calls on: by whom ADD L2TP USER names, to the LNS that it names, to the next where that one fails.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hex } from '../../../firmware/bytes/hex.ts';
import { WHOLE_IPV4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { USER_DEFAULTS } from '../../../firmware/l2tp/users.ts';
import { ADMISSION } from '../../../firmware/l2tp/admission.ts';
import { MAX_VALUE } from '../../../firmware/l2tp/catalog.ts';
import { type Bench, LNS, type Passed, bench, caller, offer } from './forward.rig.ts';
import { RawPeer, ip } from './world.ts';

/** Virtual milliseconds until something was told of the call. */
function waited(b: Bench, call: Passed, most = 120_000): number {
  const from = b.world.now;
  b.world.run(most, () => call.told.length > 0);
  return b.world.now - from;
}

/** No tunnel, session, or timer is left at either end. */
function nothingLeft({ world, lac, lns }: Bench): void {
  for (const { server, board } of [lac, ...lns.map((one) => one.node)]) {
    assert.equal(server.tunnels(), []);
    assert.is(board.plane.residue.sessions, 0);
  }
  assert.is(world.pending, 0);
}

const test = suite('Passing calls on');
const DATABASE = { action: 'DATABASE', ip: ip(LNS[0]) } as const;

test('A call for ACTION=DATABASE comes up at the LNS with all that the line and the caller said', () => {
  const { lac, lns, user, forward, run } = bench({ password: 'password' });
  user({ ...DATABASE, password: 'password' });
  const call = forward('user@somewhere', { txSpeed: 128000, rxSpeed: 64000 });
  run(1000);
  assert.equal(call.told, ['up']);
  assert.is(call.link?.role, 'lac');
  const [taken] = lns[0]?.up ?? [];
  assert.is(taken?.call.callingNumber, '0312345678');
  assert.is(taken?.call.calledNumber, '0398765432');
  assert.is(taken?.link?.proxy?.authenType, 3);
  assert.is(taken?.link?.proxy?.authenId, 7);
  assert.equal(taken?.link?.proxy?.authenName, utf8('user@somewhere'));
  assert.equal(taken?.link?.proxy?.authenResponse, utf8('sesame'));
  const [shown] = lac.server.tunnels()[0]?.calls ?? [];
  assert.is(shown?.role, 'LAC');
  assert.is(shown?.userName, 'user@somewhere');
  assert.is(shown?.local.connectSpeed, 128000);
  assert.is(shown?.local.subAddress, '12');
  assert.is(shown?.local.bearer, 1);
  assert.is(shown?.local.framing, 1);
});

test('forwards names the most specific entry: the domain, then LOCAL or REMOTE, then ALL; NONE alone where nothing was proved', () => {
  const { lac } = bench();
  const { users } = lac.server;
  const add = (what: Parameters<typeof users.add>[0]['user'], address: string): void => users.add({ user: what, ...USER_DEFAULTS, action: 'DATABASE', ip: ip(address) });
  const who = (name: string | undefined): string | undefined => {
    const entry = lac.server.forwards(name);
    return entry === undefined ? undefined : typeof entry.user === 'string' ? entry.user : entry.user.value;
  };
  assert.is(who('a'), undefined);
  add('ALL', '9.9.9.9');
  assert.equal([who('a'), who('a@b.c'), who(undefined)], ['ALL', 'ALL', undefined]);
  add('LOCAL', '9.9.9.8');
  assert.equal([who('a'), who('a@b.c'), who('a@')], ['LOCAL', 'ALL', 'ALL']);
  add('REMOTE', '9.9.9.7');
  assert.equal([who('a'), who('a@b.c'), who('a@')], ['LOCAL', 'REMOTE', 'REMOTE']);
  add({ value: 'B.c' }, '9.9.9.6');
  assert.equal([who('a@b.C'), who('x@y@b.c'), who('b.c'), who('a@x.b.c')], ['B.c', 'B.c', 'LOCAL', 'REMOTE']);
  add('NONE', '9.9.9.5');
  assert.equal([who(undefined), who('')], ['NONE', 'LOCAL']);
});

test('forwards names nobody for ACTION=IGNORE, for an LNS alone and where L2TP is disabled', () => {
  const { lac } = bench();
  lac.server.users.add({ user: 'ALL', ...USER_DEFAULTS, ...DATABASE });
  lac.server.users.add({ user: { value: 'here' }, ...USER_DEFAULTS, action: 'IGNORE' });
  assert.is(lac.server.forwards('a@here'), undefined);
  assert.is(lac.server.forwards('a@there')?.user, 'ALL');
  lac.server.disableServer('LAC');
  assert.is(lac.server.forwards('a@there'), undefined);
  lac.server.enableServer('LNS');
  assert.is(lac.server.forwards('a@there'), undefined);
  lac.server.enableServer('LAC');
  assert.is(lac.server.forwards('a@there')?.user, 'ALL');
  lac.server.disable(lac.now);
  assert.is(lac.server.forwards('a@there'), undefined);
});


test('A hundred callers of one LNS share one tunnel, which is closed ten seconds after the last of them', () => {
  const b = bench({ password: 'x' });
  b.user(DATABASE);
  const calls = Array.from({ length: 100 }, (_, i) => b.forward(`user${i}`));
  b.run(2000);
  assert.ok(calls.every((call) => call.told[0] === 'up'));
  assert.is(b.lac.server.tunnels().length, 1);
  assert.is(b.lns[0]?.up.length, 100);
  for (const call of calls) call.link?.hangUp('enough', b.lac.now);
  b.run(9000);
  assert.is(b.lac.server.tunnels().length, 1);
  b.run(60_000);
  nothingLeft(b);
  assert.ok(calls.every((call) => call.told.join() === 'up,down: enough'));
});

test('Callers of entries with other passwords or ports have other tunnels', () => {
  const b = bench();
  b.user(DATABASE);
  b.user({ ...DATABASE, user: { value: 'secret' }, password: 'secret' });
  b.forward('a');
  b.forward('a@secret');
  b.run(1000);
  assert.equal(b.lac.server.tunnels().map((t) => t.calls.map((c) => c.userName)), [['a'], ['a@secret']]);
});

test('TIMEOUT is the longest retransmission interval of the tunnels that an entry opens', () => {
  const b = bench();
  b.user({ ...DATABASE, timeout: 300 });
  b.forward('a');
  b.run(1000);
  assert.is(b.lac.server.tunnels()[0]?.maxTimeout, 300);
});

test('PORT is the UDP port of the LNS', () => {
  const b = bench({ lns: 0 });
  b.user({ ...DATABASE, port: 5001 });
  const peer = new RawPeer(b.world, b.wire, LNS[0], '1.1.1.1', 5001);
  b.forward('a');
  b.run(100);
  assert.is(peer.received[0]?.type, 'SCCRQ');
});

test('A caller of USER=NONE is passed on with no name and Proxy Authen Type none', () => {
  const b = bench();
  b.user({ ...DATABASE, user: 'NONE' });
  const call = b.forward(undefined);
  b.run(1000);
  assert.equal(call.told, ['up']);
  const proxy = b.lns[0]?.up[0]?.link?.proxy;
  assert.equal([proxy?.authenType, proxy?.authenName], [4, undefined]);
});

test('NUMBER=ON of an entry numbers data both ways; STARTUP and OFF leave it to the LNS', () => {
  for (const [number, sequencing] of [['ON', true], ['STARTUP', false], ['OFF', false]] as const) {
    const b = bench();
    b.user({ ...DATABASE, number });
    const call = b.forward('a');
    b.run(500);
    const link = b.lns[0]?.up[0]?.link;
    const frame = Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4);
    for (const [node, of] of [[b.lac, call.link], [b.lns[0]?.node, link]] as const) {
      if (of !== undefined) node?.board.plane.send([{ to: 'session', session: of.session, data: frame }]);
    }
    b.run(100);
    assert.equal([call.link?.counters()?.nextSent, link?.counters()?.nextSent], sequencing ? [1, 1] : [0, 0], number);
  }
});

test('A relay joins two calls that are passed on: frames of every PPP protocol cross the LAC', () => {
  const b = bench({ lns: 2 });
  b.user(DATABASE);
  b.user({ ...DATABASE, user: 'REMOTE', ip: ip(LNS[1]) });
  const [one, two] = [b.forward('a'), b.forward('a@b')];
  b.run(500);
  if (one.link === undefined || two.link === undefined) throw new Error('not up');
  one.link.update({ far: { relay: two.link.session } });
  two.link.update({ far: { relay: one.link.session } });
  const [from, at] = [b.lns[0], b.lns[1]];
  const session = from?.up[0]?.link?.session;
  if (session === undefined || at === undefined) throw new Error('not up');
  const ipx = Uint8Array.of(0x00, 0x2b, 1, 2, 3);
  from?.node.board.plane.send([{ to: 'session', session, data: ipx }]);
  b.run(100);
  assert.equal(at.node.frames, [ipx]);
});

test('What LCP at the LNS agreed to escape reaches the line of the caller', () => {
  const b = bench();
  b.user(DATABASE);
  const call = b.forward('a', { framing: 'async' });
  b.run(500);
  b.lns[0]?.up[0]?.link?.accm?.(0x000a0000, 0, b.lac.now);
  b.run(100);
  assert.equal(call.told, ['up', 'accm a0000']);
});

// -- several LNSs

function dns(b: Bench, names: Record<string, readonly string[]>): string[] {
  const asked: string[] = [];
  b.lac.resolve = (name, done) => {
    asked.push(name);
    const addresses = names[name];
    b.lac.board.clock.at(b.lac.now + 20, (now) => done(addresses === undefined ? { refused: 'no such name' } : { addresses: addresses.map(ip), life: 60_000 }, now));
  };
  return asked;
}

test('ACTION=DNSLOOKUP asks for PREFIX and domain, anew for every call', () => {
  const b = bench();
  b.user({ action: 'DNSLOOKUP', user: { value: 'tunnel.xxx' }, prefix: 'lns' });
  b.user({ action: 'DNSLOOKUP', user: 'REMOTE' });
  const asked = dns(b, { 'lns.tunnel.xxx': [LNS[0]], 'other.xxx': [LNS[0]] });
  const calls = [b.forward('a@tunnel.xxx'), b.forward('b@tunnel.xxx'), b.forward('c@other.xxx')];
  b.run(1000);
  assert.equal(asked, ['lns.tunnel.xxx', 'lns.tunnel.xxx', 'other.xxx']);
  assert.equal(calls.map((call) => call.told), [['up'], ['up'], ['up']]);
});

test('ACTION=DNSLOOKUP says what could not be looked up', () => {
  const b = bench();
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'empty.xxx': ['0.0.0.0'] });
  const calls = [b.forward('a'), b.forward('a@'), b.forward('a@nowhere.xxx'), b.forward('a@empty.xxx')];
  b.run(1000);
  assert.equal(calls.map((call) => call.told), [
    ['failed: the name has no domain to look up (ACTION=DNSLOOKUP)'], ['failed: the name has no domain to look up (ACTION=DNSLOOKUP)'],
    ['failed: no address for nowhere.xxx: no such name'], ['failed: no address for empty.xxx'],
  ]);
  b.lac.server.close();
  assert.is(b.world.pending, 0);
});

test('ACTION=DNSLOOKUP asks for nothing that is no name, and takes no address from a caller', () => {
  const b = bench();
  b.user({ action: 'DNSLOOKUP' });
  const asked = dns(b, {});
  const bad = ['a@2.2.2.1', 'a@x y', 'a@x..y', 'a@.x', `a@${'x'.repeat(64)}.y`, `a@${'x.'.repeat(130)}y`, 'a@x/../y', 'a@\u0000', 'a@x:1701', 'a@host.1'];
  const calls = bad.map((name) => b.forward(name));
  b.run(100);
  assert.equal(asked, []);
  for (const [i, call] of calls.entries()) assert.match(call.told[0] ?? '', 'is no name that DNS could know', bad[i]);
  for (const good of ['a@x', 'a@X-1.example', 'a@_l2tp.example.', 'a@1.x']) b.forward(good);
  assert.equal(asked, ['x', 'X-1.example', '_l2tp.example.', '1.x']);
});

test('Of two addresses of a name a silent first one costs a caller five seconds, and the callers of the next minute nothing', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  b.cut(0);
  const first = b.forward('a@x');
  const took = waited(b, first);
  assert.equal(first.told, ['up']);
  assert.ok(took >= 5000 && took < 5500, `${took} ms`);
  for (const _ of [1, 2, 3]) {
    const next = b.forward('b@x');
    assert.ok(waited(b, next) < 500);
    assert.is(next.link?.peerName, 'lns2');
  }
  b.lns[0]?.node.board.ip.setUp('eth0', true);
  b.run(61_000);
  const later = b.forward('c@x');
  assert.ok(waited(b, later) < 500);
  assert.is(later.link?.peerName, 'lns1');
});

test('The last LNS gets every retransmission of its SCCRQ, and the caller hears what was tried', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP', timeout: 8 });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  b.cut(0);
  b.cut(1);
  const call = b.forward('a@x');
  const took = waited(b, call);
  assert.ok(took >= 36_000 && took < 36_200, `${took} ms`);
  assert.equal(call.told, [
    'failed: no LNS took the call: no answer from 2.2.2.1 within 5 s; no answer from 2.2.2.2: SCCRQ sent 6 times, nothing heard from it',
  ]);
});

test('Sixteen silent addresses are tried within 25 seconds before the last', () => {
  const b = bench();
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [...Array.from({ length: 15 }, (_, i) => `2.2.3.${i + 1}`), LNS[0], '2.2.3.99'] });
  const call = b.forward('a@x');
  assert.ok(waited(b, call) < 25_000);
  assert.equal(call.told, ['up']);
});

test('An LNS where nothing listens is left for the next at once', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  b.lns[0]?.node.server.close();
  const call = b.forward('a@x');
  assert.ok(waited(b, call) < 200);
  assert.is(call.link?.peerName, 'lns2');
});

test('An LNS that has no room for a call, or for a tunnel, says try another, and the call goes to the next', () => {
  for (const limits of [{ ...ADMISSION, sessions: 0 }, { ...ADMISSION, tunnels: 0 }]) {
    const b = bench({ lns: 2, limits });
    b.user({ action: 'DNSLOOKUP' });
    dns(b, { 'x': [LNS[0], LNS[1]] });
    const call = b.forward('a@x');
    const took = waited(b, call);
    assert.ok(took < 500, `${took} ms`);
    assert.match(call.told[0] ?? '', /^failed: no LNS took the call: 2\.2\.2\.1 refused the (?:call|tunnel): error, try another.*; 2\.2\.2\.2 refused/);
  }
});

test('An LNS without a free address for the caller is left for the next', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  const [full] = b.lns;
  if (full !== undefined) full.refuses = 'the pool is empty';
  const call = b.forward('a@x');
  assert.ok(waited(b, call) < 200);
  assert.is(call.link?.peerName, 'lns2');
});

test('An LNS that refuses a call for administrative reasons ends it: another would say the same', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  b.lns[0]?.node.server.disableServer('LNS');
  b.lns[0]?.node.server.enableServer('LAC');
  const call = b.forward('a@x');
  waited(b, call);
  assert.equal(call.told, ['failed: 2.2.2.1 refused the call: administrative reasons, "this server is not enabled as LNS"']);
});

test('A wrong password says so, and the next LNS is tried', () => {
  const b = bench({ lns: 2, password: 'right' });
  b.user({ action: 'DNSLOOKUP', password: 'wrong' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  b.lns[1]?.node.server.passwords.set('wrong');
  const call = b.forward('a@x');
  assert.ok(waited(b, call) < 500);
  assert.is(call.link?.peerName, 'lns2');
  const lone = bench({ password: 'right' });
  lone.user({ ...DATABASE, password: undefined });
  const other = lone.forward('a');
  waited(lone, other);
  assert.equal(other.told, ['failed: 2.2.2.1 asks for a password and the user entry has none (SET L2TP USER PASSWORD=)']);
});

test('ACTION=RADIUS asks for the domain, else for the whole name, and takes the offers by preference', () => {
  const b = bench({ lns: 3 });
  b.user({ action: 'RADIUS' });
  const asked: string[] = [];
  b.lac.tunnels = (name, done) => {
    asked.push(name);
    done([offer(LNS[1], 20), offer(LNS[2], 10), offer(LNS[0], 30)], b.lac.now);
  };
  b.cut(2);
  const call = b.forward('a@x.y');
  const took = waited(b, call);
  assert.ok(took >= 5000 && took < 5500);
  assert.is(call.link?.peerName, 'lns2');
  b.forward('local');
  assert.equal(asked, ['x.y', 'local']);
});

test('Offers of equal preference share the callers by chance', () => {
  const b = bench({ lns: 3 });
  b.user({ action: 'RADIUS' });
  b.lac.tunnels = (_name, done) => done([offer(LNS[0], 5), offer(LNS[1], 5), offer(LNS[2], 9)], b.lac.now);
  for (let i = 0; i < 200; i++) b.forward(`u${i}`);
  b.run(2000);
  const [one = 0, two = 0, three = 0] = b.lns.map((lns) => lns.up.length);
  assert.is(one + two, 200);
  assert.is(three, 0);
  assert.ok(one > 70 && two > 70, `${one} and ${two}`);
});

test('An offer brings its own secret, Host Name and assignment: each assignment has a tunnel', () => {
  const b = bench({ password: 'offered' });
  b.user({ action: 'RADIUS', password: 'of the entry' });
  const secret = new Secret('offered');
  const offers = { a: offer(LNS[0], 0, { password: secret, assignment: 'gold', hostName: 'lac-gold' }), b: offer(LNS[0], 0, { password: secret, assignment: 'lead' }) };
  b.lac.tunnels = (name, done) => done([name.startsWith('a') ? offers.a : offers.b], b.lac.now);
  const calls = [b.forward('a1'), b.forward('b1'), b.forward('a2')];
  b.run(1000);
  assert.equal(calls.map((call) => call.told), [['up'], ['up'], ['up']]);
  assert.equal(b.lns[0]?.node.server.tunnels().map((t) => [t.remoteHostName, t.calls.length]), [['lac-gold', 2], ['lac', 1]]);
});

test('A RADIUS server without an answer, or with none that names an LNS, is told of in one sentence', () => {
  const b = bench();
  b.user({ action: 'RADIUS' });
  b.user({ action: 'RADIUS', user: 'NONE' });
  const refused = b.forward('a');
  b.lac.tunnels = (_name, done) => done([], b.lac.now);
  const none = b.forward('a@x');
  const nobody = b.forward(undefined);
  b.run(10);
  assert.equal([refused.told, none.told, nobody.told], [
    ['failed: no RADIUS server is configured (ADD RADIUS SERVER)'], ['failed: RADIUS names no LNS for x'], ['failed: there is no name to ask RADIUS for (ACTION=RADIUS)'],
  ]);
});

// -- the end of calls

test('The user is never told from within forward, whatever fails at once', () => {
  const b = bench();
  b.user({ ...DATABASE, ip: b.lac.address });
  const own = b.forward('a');
  b.lac.route = () => undefined;
  b.lac.server.users.set('ALL', { ip: ip(LNS[0]) });
  const routeless = b.forward('a');
  const unknown = b.forward(undefined);
  assert.equal([own.told, routeless.told, unknown.told], [[], [], []]);
  b.run(10);
  assert.equal([own.told, routeless.told, unknown.told], [
    ['failed: protocol error with 1.1.1.1: the address of the LNS is our own'], ['failed: waiting for a route to 2.2.2.1'], ['failed: no LNS is known for the caller'],
  ]);
  nothingLeft(b);
});

test('A name, number or password that fits no AVP is refused in one sentence, and nothing is sent', () => {
  const b = bench();
  b.user(DATABASE);
  const long = 'x'.repeat(MAX_VALUE - 1);
  const calls = [b.forward(long), b.forward('a', { calledNumber: long }), b.forward('a', { proxy: { ...caller('a').proxy, authenResponse: utf8(long) } })];
  b.run(10);
  assert.equal(calls.map((call) => call.told), ['name', 'called number', 'response or password'].map((what) => [`failed: the caller's ${what} has 1016 octets, L2TP carries 1015 at most`]));
  assert.is(b.wire.sent, 0);
});

test('LCP options that fit no AVP are left out, and the call comes up', () => {
  const b = bench();
  b.user(DATABASE);
  const { proxy } = caller('a');
  const call = b.forward('a', { proxy: { ...proxy, initialReceived: Uint8Array.of(1, 4, 5, 220), lastSent: new Uint8Array(1200), lastReceived: new Uint8Array(4) } });
  b.run(500);
  assert.equal(call.told, ['up']);
  const got = b.lns[0]?.up[0]?.link?.proxy;
  assert.equal([got?.initialReceived, got?.lastSent, got?.lastReceived], [undefined, undefined, undefined]);
  assert.is(got?.authenType, 3);
});

test('A caller who hangs up at any moment leaves nothing, and nothing more is told', () => {
  for (let after = 0; after <= 14; after++) {
    const b = bench({ password: 'x' });
    b.user({ action: 'DNSLOOKUP' });
    b.lac.resolve = (_name, done) => void b.lac.board.clock.at(b.lac.now + 2, (now) => done({ addresses: [ip(LNS[0])], life: 1 }, now));
    const call = b.forward('a@x');
    b.run(after);
    call.cancel();
    const told = [...call.told];
    assert.equal(b.lac.server.tunnels().flatMap((t) => t.calls), []);
    b.run(200_000);
    assert.equal(call.told, told, `after ${after} ms`);
    assert.equal(b.lns[0]?.up.length, 0);
    nothingLeft(b);
  }
});

test('A call that is up goes down when the LNS ends it, and the reason is told', () => {
  const b = bench();
  b.user(DATABASE);
  const call = b.forward('a');
  b.run(500);
  b.lns[0]?.up[0]?.link?.hangUp('wrong password', b.lns[0].node.now);
  b.run(100);
  assert.equal(call.told, ['up', 'down: 2.2.2.1 ended the call: loss of carrier, "wrong password"']);
  b.run(100_000);
  nothingLeft(b);
});

test('An LNS that is stopped takes its calls down at once; their callers come back through the other', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  const calls = Array.from({ length: 20 }, (_, i) => b.forward(`u${i}@x`));
  b.run(1000);
  assert.is(b.lns[0]?.up.length, 20);
  b.lns[0]?.node.server.shutdown(b.lns[0].node.now);
  b.run(100);
  assert.ok(calls.every((call) => call.told[1] === 'down: 2.2.2.1 closed the tunnel: it is being shut down'));
  const again = Array.from({ length: 20 }, (_, i) => b.forward(`u${i}@x`));
  b.run(300);
  assert.ok(again.every((call) => call.link?.peerName === 'lns2'));
});

test('An LNS that died without a word loses its calls 31 seconds after ICMP says so, and new ones go to the other within seconds', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP', timeout: 8 });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  const call = b.forward('a@x');
  b.run(1000);
  b.lns[0]?.node.server.close();
  // Data of the caller is what ICMP answers.
  if (call.link !== undefined) b.lac.board.plane.send([{ to: 'session', session: call.link.session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
  b.run(100);
  const next = b.forward('b@x');
  assert.ok(waited(b, next) < 3500);
  assert.is(next.link?.peerName, 'lns2');
  b.run(35_000);
  assert.is(call.told.length, 2);
  assert.match(call.told[1] ?? '', /^down: 2\.2\.2\.1/);
});

test('An LNS that restarted without a word has new callers after three seconds, in a new tunnel, and loses the old ones', () => {
  const b = bench();
  b.user({ ...DATABASE, timeout: 8 });
  const old = b.forward('a');
  b.run(1000);
  const [lns] = b.lns;
  lns?.node.server.close();
  lns?.node.server.enable(lns.node.now);
  const call = b.forward('b');
  const took = waited(b, call);
  assert.equal(call.told, ['up']);
  assert.ok(took >= 3000 && took < 3500, `${took} ms`);
  const next = b.forward('c');
  assert.ok(waited(b, next) < 200);
  b.run(120_000);
  assert.match(old.told[1] ?? '', /^down: 2\.2\.2\.1 stopped answering/);
  assert.equal([call.told, next.told], [['up'], ['up']]);
  assert.is(b.lac.server.tunnels().length, 1);
});

test('An LNS that is heard but leaves a call alone is left for the next after fifteen seconds', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': ['2.2.2.9', LNS[1]] });
  const peer = new RawPeer(b.world, b.wire, '2.2.2.9', '1.1.1.1');
  peer.onMessage = (message) => {
    if (message.type === 'SCCRQ') peer.send({ type: 'SCCRP', protocolVersion: 0x0100, framingCapabilities: 3, bearerCapabilities: 3, hostName: 'raw', assignedTunnelId: 5 });
  };
  const call = b.forward('a@x');
  const took = waited(b, call);
  assert.is(call.link?.peerName, 'lns2');
  assert.ok(took >= 15_000 && took < 15_500, `${took} ms`);
  const next = b.forward('b@x');
  assert.ok(waited(b, next) < 200);
  assert.is(next.link?.peerName, 'lns2');
});

test('DISABLE L2TP ends calls that are up and calls on their way, and tries no other LNS', () => {
  const b = bench({ lns: 2 });
  b.user({ action: 'DNSLOOKUP' });
  dns(b, { 'x': [LNS[0], LNS[1]] });
  const up = b.forward('a@x');
  b.run(1000);
  const asking = b.forward('b@x');
  b.lac.server.disable(b.lac.now);
  b.run(1000);
  assert.equal(up.told, ['up', 'down: the L2TP module is not enabled (ENABLE L2TP)']);
  assert.equal(asking.told, ['failed: the L2TP module is not enabled (ENABLE L2TP)']);
  b.run(100_000);
  nothingLeft(b);
});

test('DEACTIVATE L2TP CALL ends a call that is passed on by its ID', () => {
  const b = bench();
  b.user(DATABASE);
  const call = b.forward('a');
  b.run(500);
  const id = String(b.lac.server.tunnels()[0]?.calls[0]?.id);
  assert.is(b.lac.server.mayDeactivate(id), undefined);
  b.lac.server.deactivate(id, b.lac.now);
  assert.equal(call.told, ['up', 'down: deactivated by the operator']);
  b.run(100);
  assert.is(b.lns[0]?.up.length, 0);
});

test('Both ends that open a tunnel to each other at once pass their callers on', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const b = bench({ seed, password: 'x' });
    b.user({ ...DATABASE, timeout: 8 });
    b.lac.server.enableServer('LNS');
    b.lac.server.passwords.set('x');
    b.lac.server.templates.add({ range: WHOLE_IPV4, template: 0, number: 'OFF', pre13: 'OFF' });
    const taken: string[] = [];
    b.lac.template = () => ({ name: 'ppp1', linkUp: () => taken.push('up'), linkMtu: () => {}, linkAsk: () => false, linkDown: () => taken.push('down') });
    const other = b.lns[0]?.node;
    other?.server.enableServer('LAC');
    other?.server.users.add({ user: 'ALL', ...USER_DEFAULTS, ...DATABASE, ip: b.lac.address, password: 'x' });
    const told: string[] = [];
    const call = b.forward('a');
    other?.server.forward(caller('b'), { up: () => told.push('up'), failed: (why) => told.push(why), down: (why) => told.push(why) }, other.now);
    b.run(3000);
    assert.equal([call.told, told, taken, b.lns[0]?.up.length], [['up'], ['up'], ['up'], 1], `seed ${seed}`);
  }
});

test('A password is hidden from who listens between two routers of this kind with a secret', () => {
  for (const [password, clear] of [['x', false], [undefined, true]] as const) {
    const b = bench(password === undefined ? {} : { password });
    b.user(DATABASE);
    const sent: string[] = [];
    const { plane } = b.lac.board;
    const send = plane.send.bind(plane);
    plane.send = (frames) => {
      for (const frame of frames) sent.push(hex(frame.data));
      send(frames);
    };
    const call = b.forward('alice@x');
    b.run(500);
    assert.equal(call.told, ['up']);
    assert.equal(b.lns[0]?.up[0]?.link?.proxy?.authenResponse, utf8('sesame'));
    assert.is(sent.join(' ').includes(hex(utf8('sesame'))), clear);
    assert.is(sent.join(' ').includes(hex(utf8('alice@x'))), clear);
  }
});

// -- anything at any time

test('Whatever callers, LNSs and lines do, nothing is left at the end: no tunnel, session or timer, and each caller was told once', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const b = bench({ seed, lns: 3, ...(seed % 2 === 0 ? { password: 'x' } : {}), quality: { loss: (seed % 5) * 0.08, duplicate: 0.1, jitter: (seed % 4) * 30 } });
    const { random } = b.world;
    b.user({ action: 'RADIUS', timeout: 8 });
    b.lac.tunnels = (_name, done) => {
      const offers = LNS.map((address) => offer(address, Math.floor(random.next() * 3)));
      if (random.next() < 0.5) return done(offers, b.lac.now);
      b.lac.board.clock.at(b.lac.now + random.next() * 3000, (now) => done(random.next() < 0.2 ? { refused: 'no answer' } : offers, now));
    };
    const calls: Passed[] = [];
    const cancelled = new Set<Passed>();
    for (let step = 0; step < 80; step++) {
      const dice = random.next();
      const lns = b.lns[Math.floor(random.next() * 3)]?.node;
      if (lns === undefined) return;
      if (dice < 0.55) calls.push(b.forward(`u${step}@x`));
      else if (dice < 0.75) {
        const call = calls[Math.floor(random.next() * calls.length)];
        if (call !== undefined) {
          if (call.link === undefined) {
            call.cancel();
            cancelled.add(call);
          } else call.link.hangUp('enough', b.lac.now);
        }
      } else if (dice < 0.8) lns.server.disable(lns.now);
      else if (dice < 0.85) lns.server.close();
      else if (dice < 0.95) lns.server.enable(lns.now);
      else lns.board.ip.setUp('eth0', random.next() < 0.5);
      b.run(random.next() * 2000);
    }
    for (const call of calls) {
      if (call.link !== undefined) continue;
      call.cancel();
      if (call.told.length === 0) cancelled.add(call);
    }
    b.lac.server.disable(b.lac.now);
    for (const { node } of b.lns) {
      node.board.ip.setUp('eth0', true);
      node.server.disable(node.now);
    }
    b.run(400_000);
    nothingLeft(b);
    for (const call of calls) {
      const [first, second, ...more] = call.told;
      assert.equal(more, []);
      if (cancelled.has(call)) continue;
      if (first === 'up') assert.match(second ?? '', /^down: /, `seed ${seed}`);
      else {
        assert.match(first ?? '', /^failed: /, `seed ${seed}`);
        assert.is(second, undefined);
      }
    }
  }
});

test.run();
