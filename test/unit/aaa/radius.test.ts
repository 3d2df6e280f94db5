// The RADIUS client against servers on a simulated wire: loss, silence, forgery, many callers at once.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { formatIpv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { fromUtf8, utf8 } from '../../../firmware/bytes/text.ts';
import { ATTRIBUTE, firstMicrosoft, firstNumber, firstText, microsoft, number, octets, taggedNumber, taggedText, text } from '../../../firmware/aaa/radius.attribute.ts';
import type { ServerCounters } from '../../../firmware/aaa/radius.server.ts';
import { hideTunnelPassword, unhidePassword } from '../../../firmware/aaa/radius.hide.ts';
import type { RadiusLogin, RadiusVerdict } from '../../../firmware/aaa/radius.login.ts';
import { checkMessageAuthenticator, CODE, encodeReply } from '../../../firmware/aaa/radius.packet.ts';
import { accept, ip, LINE, Net, papLogin, sure, valueOf, type FakeServer } from './radius.rig.ts';

const bytes = (digits: string): Uint8Array => fromHex(digits) ?? new Uint8Array(0);

/** A client that knows these servers. */
function net(count: number, settings: Parameters<Net['radius']['set']>[0] = {}): { readonly net: Net; readonly servers: readonly FakeServer[] } {
  const made = new Net();
  made.radius.set(settings);
  const servers = Array.from({ length: count }, () => made.server());
  for (const server of servers) made.radius.putServer(server.as({ accPort: 0 }), made.now);
  return { net: made, servers };
}

function ask(at: Net, login: RadiusLogin = papLogin()): { verdicts: RadiusVerdict[] } {
  const verdicts: RadiusVerdict[] = [];
  at.radius.authenticate(login, (verdict) => verdicts.push(verdict), at.now);
  return { verdicts };
}

const counters = (at: Net, server = 0): ServerCounters => sure(at.radius.exchange.states(at.now)[server]).counters;
const SILENT: RadiusVerdict = { accepted: false, silent: true, reason: 'No RADIUS server answers' };

test('A PAP login names caller and line, hides the password and signs the request first', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  const { verdicts } = ask(at);
  at.world.run(50);
  assert.equal(verdicts, [{ accepted: true, routes: [], dns: [], class: [], ignored: [] }]);
  const [request] = server.requests;
  assert.ok(request !== undefined);
  assert.is(request.attributes[0]?.type, ATTRIBUTE['Message-Authenticator']);
  assert.is(checkMessageAuthenticator(request, request.authenticator, server.trust), 'right');
  assert.is(fromUtf8(unhidePassword(valueOf(request, ATTRIBUTE['User-Password']) ?? new Uint8Array(0), request.authenticator, server.trust) ?? new Uint8Array(0)), 'arctangent');
  const list = request.attributes;
  assert.equal(
    [firstText(list, 'User-Name'), firstText(list, 'NAS-Identifier'), firstText(list, 'Calling-Station-Id'), firstText(list, 'Called-Station-Id'), firstText(list, 'Acct-Session-Id')],
    ['nemo', 'RouterA', '0312345678', '*99', LINE.sessionId],
  );
  const numbers = (['NAS-IP-Address', 'NAS-Port', 'NAS-Port-Type', 'Service-Type', 'Framed-Protocol'] as const).map((type) => firstNumber(list, type));
  assert.equal(numbers, [0x0a000001, 7, 5, 2, 1]);
});

test('A CHAP login carries identifier, response and challenge', () => {
  const { net: at, servers: [server] } = net(1);
  const challenge = bytes('000102030405060708090a0b0c0d0e0f10');
  ask(at, { ...papLogin(), proof: { kind: 'chap', id: 0x16, challenge, response: bytes('e9755709e85ee65cf25bd1a1aa6a6c47') } });
  at.world.run(50);
  const request = sure(server?.requests[0]);
  assert.is(hex(valueOf(request, ATTRIBUTE['CHAP-Password']) ?? new Uint8Array(0)), '16e9755709e85ee65cf25bd1a1aa6a6c47');
  assert.is(hex(valueOf(request, ATTRIBUTE['CHAP-Challenge']) ?? new Uint8Array(0)), hex(challenge));
  assert.is(valueOf(request, ATTRIBUTE['User-Password']), undefined);
});

// RFC 2759 9.2.
const CHALLENGE = bytes('5b5d7c7d7b3f2f3e3c2c602132262628');
const PEER = '21402324255e262a28295f2b3a337c7e';
const NT = '82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df';
const MSCHAP: RadiusLogin = { ...papLogin('User'), proof: { kind: 'mschapv2', id: 0x21, challenge: CHALLENGE, response: bytes(`${PEER}${'00'.repeat(8)}${NT}00`) } };
const PROOF = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

test('An MS-CHAPv2 login carries the attributes of RFC 2548 2.3, and gives back the proof of the server', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  server.policy = () => ({ code: CODE['Access-Accept'], attributes: [microsoft('MS-CHAP2-Success', Uint8Array.of(0x21, ...utf8(PROOF)))] });
  const { verdicts } = ask(at, MSCHAP);
  at.world.run(50);
  const list = server.requests[0]?.attributes ?? [];
  assert.is(hex(firstMicrosoft(list, 'MS-CHAP-Challenge') ?? new Uint8Array(0)), hex(CHALLENGE));
  assert.is(hex(firstMicrosoft(list, 'MS-CHAP2-Response') ?? new Uint8Array(0)), `2100${PEER}${'00'.repeat(8)}${NT}`);
  const [verdict] = verdicts;
  assert.ok(verdict?.accepted);
  assert.is(verdict.success, PROOF);
});

for (const [what, value] of [
  ['none', undefined], ['one for another identifier', Uint8Array.of(0x22, ...utf8(PROOF))], ['one that is too short', Uint8Array.of(0x21, ...utf8(PROOF.slice(0, 41)))], ['an empty one', new Uint8Array(0)],
] as const) {
  test(`An MS-CHAPv2 login is refused where the server's proof is missing: ${what}`, () => {
    const { net: at, servers: [server] } = net(1);
    assert.ok(server !== undefined);
    server.policy = () => ({ code: CODE['Access-Accept'], attributes: value === undefined ? [] : [microsoft('MS-CHAP2-Success', value)] });
    const { verdicts } = ask(at, MSCHAP);
    at.world.run(50);
    assert.equal(verdicts, [{ accepted: false, reason: 'The RADIUS server accepts without MS-CHAP2-Success, so that it cannot prove itself to the caller' }]);
  });
}

/** [attributes of an Access-Accept, what the verdict says beside the empty lists]. */
const GRANTS: readonly (readonly [string, readonly { readonly type: number; readonly value: Uint8Array }[], object])[] = [
  ['an address', [number('Framed-IP-Address', ip('10.1.2.3')), number('Framed-IP-Netmask', ip('255.255.255.0'))], { address: ip('10.1.2.3'), netmask: ip('255.255.255.0') }],
  ['an address of the pool by 255.255.255.254', [number('Framed-IP-Address', 0xfffffffe)], {}],
  ['an address that the caller may choose, by 255.255.255.255', [number('Framed-IP-Address', 0xffffffff)], {}],
  ['a pool', [text('Framed-Pool', 'gold')], { pool: 'gold' }],
  ['times, of which 0 is none', [number('Session-Timeout', 3600), number('Idle-Timeout', 0)], { sessionTimeout: 3600 }],
  ['an interim interval, a minute at least', [number('Acct-Interim-Interval', 5)], { interim: 60 }],
  ['a time with three octets, which is none', [octets('Session-Timeout', bytes('000e10'))], {}],
  ['name servers, without one that can be none', [microsoft('MS-Primary-DNS-Server', bytes('c0000235')), microsoft('MS-Secondary-DNS-Server', bytes('00000000'))], { dns: [ip('192.0.2.53')] }],
  [
    'routes, each in its words, and a note about one that is none',
    ['192.168.1.0/24 192.168.1.1 1', '10.2.3.4', '172.16.5.9/16 0.0.0.0 7 8', 'fe80::/10 :: 1', '10.0.0.0/33 0.0.0.0 1', '127.0.0.0/8 0.0.0.0 1'].map((one) => text('Framed-Route', one)),
    {
      routes: [{ prefix: { address: ip('192.168.1.0'), length: 24 }, metric: 1 }, { prefix: { address: ip('10.0.0.0'), length: 8 }, metric: 1 }, { prefix: { address: ip('172.16.0.0'), length: 16 }, metric: 7 }],
      ignored: ['fe80::/10 :: 1', '10.0.0.0/33 0.0.0.0 1', '127.0.0.0/8 0.0.0.0 1'].map((one) => `Framed-Route "${one}" is no "network/length gateway metric"`),
    },
  ],
  ['classes, as they are', [octets('Class', bytes('00ff')), octets('Class', bytes('616263'))], { class: [bytes('00ff'), bytes('616263')] }],
  ['Framed service and what means nothing here', [number('Service-Type', 2), number('Framed-Protocol', 1), { type: 12, value: bytes('000005dc') }, { type: 250, value: bytes('01') }], {}],
];

for (const [what, attributes, expected] of GRANTS) {
  test(`An Access-Accept gives ${what}`, () => {
    const { net: at, servers: [server] } = net(1);
    assert.ok(server !== undefined);
    server.policy = () => ({ code: CODE['Access-Accept'], attributes });
    const { verdicts } = ask(at);
    at.world.run(50);
    assert.equal(verdicts, [{ accepted: true, routes: [], dns: [], class: [], ignored: [], ...expected }]);
  });
}

const REFUSALS: readonly (readonly [string, number, readonly { readonly type: number; readonly value: Uint8Array }[], string])[] = [
  ['a reject', CODE['Access-Reject'], [], 'The RADIUS server refuses'],
  ['a reject with words, which cannot drive a terminal', CODE['Access-Reject'], [text('Reply-Message', 'not\u001b[2J today'), text('Reply-Message', 'sorry')], 'The RADIUS server refuses: not\\x1b[2J today sorry'],
  ['an MS-CHAP error', CODE['Access-Reject'], [microsoft('MS-CHAP-Error', utf8('\u0001E=691 R=1'))], 'The RADIUS server refuses: E=691 R=1'],
  ['a challenge', CODE['Access-Challenge'], [octets('State', bytes('01'))], 'The RADIUS server asks for a further proof, which PPP does not have'],
  ['another service', CODE['Access-Accept'], [number('Service-Type', 6)], 'The RADIUS server gives Service-Type 6, not Framed'],
  ['another protocol', CODE['Access-Accept'], [number('Framed-Protocol', 2)], 'The RADIUS server gives Framed-Protocol 2, not PPP'],
  ['an address that no host has', CODE['Access-Accept'], [number('Framed-IP-Address', ip('127.0.0.1'))], 'The RADIUS server gives Framed-IP-Address 127.0.0.1, which no caller can have'],
];

for (const [what, code, attributes, reason] of REFUSALS) {
  test(`An answer with ${what} refuses the caller`, () => {
    const { net: at, servers: [server] } = net(1);
    assert.ok(server !== undefined);
    server.policy = () => ({ code, attributes });
    const { verdicts } = ask(at);
    at.world.run(50);
    assert.equal(verdicts, [{ accepted: false, reason }]);
  });
}

test('What cannot be put into a request is refused without asking', () => {
  const { net: at, servers: [server] } = net(1);
  const chap = { kind: 'chap', id: 1, challenge: new Uint8Array(16), response: new Uint8Array(16) } as const;
  for (const login of [
    papLogin('x'.repeat(254)), papLogin('nemo', 'x'.repeat(129)),
    { ...papLogin(), proof: { ...chap, challenge: new Uint8Array(0) } }, { ...papLogin(), proof: { ...chap, challenge: new Uint8Array(255) } }, { ...papLogin(), proof: { ...chap, response: new Uint8Array(15) } },
    { ...papLogin(), proof: { ...chap, kind: 'mschapv2' } as const },
  ]) {
    const { verdicts } = ask(at, login);
    assert.is(verdicts.length, 1);
    assert.is(verdicts[0]?.accepted, false);
  }
  at.world.run(50);
  assert.is(server?.requests.length, 0);
});

test('Without a server the answer is that there is none', () => {
  const at = new Net();
  assert.not.ok(at.radius.isConfigured);
  assert.equal(ask(at).verdicts, [{ accepted: false, silent: true, reason: 'No RADIUS server is configured' }]);
});

test('A request is repeated unchanged at the end of TIMEOUT, RETRANSMIT times, then the next server is asked', () => {
  const { net: at, servers: [first, second] } = net(2, { timeout: 2, retransmit: 3 });
  assert.ok(first !== undefined && second !== undefined);
  first.policy = () => undefined;
  const { verdicts } = ask(at);
  at.world.run(7900);
  assert.is(first.requests.length, 4);
  assert.is(new Set(first.requests.map(({ octets: all }) => hex(all))).size, 1);
  assert.is(second.requests.length, 0);
  at.world.run(200);
  assert.is(second.requests.length, 1);
  assert.is(verdicts[0]?.accepted, true);
  assert.is(at.log()[0], 'RADIUS server 10.0.0.11 does not answer on port 1645; is its secret the same there, and are we its client?');
});

test('A dead server is left out for DEADTIME, then asked first again', () => {
  const { net: at, servers: [first, second] } = net(2, { timeout: 1, retransmit: 1, deadtime: 5 });
  assert.ok(first !== undefined && second !== undefined);
  first.policy = () => undefined;
  ask(at);
  at.world.run(3000);
  const asked = first.requests.length;
  assert.is(at.radius.exchange.states(at.now)[0]?.login, 'dead');
  const { verdicts } = ask(at);
  at.world.run(100);
  assert.is(verdicts.length, 1, 'answered at once by the second');
  assert.is(first.requests.length, asked);
  first.policy = accept;
  at.world.run(5 * 60_000);
  ask(at);
  at.world.run(100);
  assert.is(first.requests.length, asked + 1);
  assert.is(at.radius.exchange.states(at.now)[0]?.login, 'alive');
  assert.ok(at.log().includes('RADIUS server 10.0.0.11 answers again on port 1645'));
});

test('Without DEADTIME a silent server is asked first again by the next caller', () => {
  const { net: at, servers: [first, second] } = net(2, { timeout: 1, retransmit: 1 });
  assert.ok(first !== undefined && second !== undefined);
  first.policy = () => undefined;
  ask(at);
  at.world.run(3000);
  ask(at);
  at.world.run(3000);
  assert.is(first.requests.length, 4);
  assert.is(second.requests.length, 2);
});

test('Where all servers are silent the caller is told so, and a dead one is found out about by one request at a time', () => {
  const { net: at, servers } = net(2, { timeout: 1, retransmit: 1, deadtime: 10 });
  for (const server of servers) server.policy = () => undefined;
  const { verdicts } = ask(at);
  at.world.run(5000);
  assert.equal(verdicts, [SILENT]);
  const [probe, other, third] = [ask(at), ask(at), ask(at)];
  assert.equal([probe.verdicts.length, other.verdicts.length], [0, 0]);
  assert.equal(third.verdicts, [SILENT], 'both servers are being tried already');
  for (const server of servers) server.policy = accept;
  at.world.run(1100);
  assert.is(probe.verdicts[0]?.accepted, true);
  assert.is(ask(at).verdicts.length, 0);
  assert.is(at.radius.exchange.states(at.now)[0]?.login, 'alive');
});

test('A server that lives and leaves one question unanswered is not taken for dead', () => {
  const { net: at, servers: [first, second] } = net(2, { timeout: 1, retransmit: 2, deadtime: 5 });
  assert.ok(first !== undefined && second !== undefined);
  first.policy = (request) => (firstText(request.attributes, 'User-Name') === 'bad' ? undefined : accept(request));
  const bad = ask(at, papLogin('bad'));
  at.world.run(1000);
  ask(at, papLogin('good'));
  at.world.run(2500);
  assert.is(bad.verdicts[0]?.accepted, true, 'the second server answered');
  assert.is(at.radius.exchange.states(at.now)[0]?.login, 'alive');
});

test('With half of the exchanges lost and others doubled, callers get their verdicts all the same', () => {
  const { net: at } = net(2, { timeout: 1, retransmit: 5 });
  at.wire.quality = { ...at.wire.quality, loss: 0.3, duplicate: 0.2, jitter: 40 };
  const all = Array.from({ length: 300 }, (_, i) => ask(at, papLogin(`user${i}`)));
  at.world.run(30_000);
  assert.is(all.filter(({ verdicts }) => verdicts.length === 1 && verdicts[0]?.accepted === true).length, 300);
  assert.ok(counters(at).unexpected > 0, 'duplicates were counted');
});

test('5,000 logins at once all get through, on a bounded number of sockets', () => {
  const { net: at, servers: [server] } = net(1);
  let verdicts = 0;
  for (let i = 0; i < 5000; i++) at.radius.authenticate(papLogin(`user${i}`), (verdict) => (verdicts += verdict.accepted ? 1 : 0), at.now);
  at.world.run(5000);
  assert.is(verdicts, 5000);
  assert.is(server?.requests.length, 5000);
  assert.ok(at.board.udp.residue <= 5, `${at.board.udp.residue} sockets`);
  assert.is(at.radius.exchange.states(at.now)[0]?.waiting, 0);
});

test('A server that takes 250 requests at a time and drops others serves 5,000 logins', () => {
  const { net: at, servers: [server] } = net(1, { timeout: 2 });
  assert.ok(server !== undefined);
  let busy = 0;
  const socket = server.udp.open({ port: 1812, failed: () => assert.unreachable(), received: (from, port, data) => {
    if (busy >= 250) return;
    busy++;
    const copy = data.slice();
    at.world.at(at.now + 20 + busy, () => {
      busy--;
      socket.send(from, port, encodeReply({ code: CODE['Access-Accept'], id: copy[1] ?? 0, attributes: [] }, copy.slice(4, 20), server.trust, 'with Message-Authenticator'));
    });
  } });
  at.radius.putServer(server.as({ port: 1812, accPort: 0 }), at.now);
  let verdicts = 0;
  for (let i = 0; i < 5000; i++) at.radius.authenticate(papLogin(`user${i}`), (verdict) => (verdicts += verdict.accepted ? 1 : 0), at.now);
  at.world.run(120_000);
  assert.is(verdicts, 5000);
});

test('A server that is near is never asked more at a time than receive buffers hold, one that is far as much as is on its way', () => {
  const most = (delay: number): number => {
    const { net: at, servers: [server] } = net(1);
    assert.ok(server !== undefined);
    let [busy, peak, verdicts] = [0, 0, 0];
    const socket = server.udp.open({ port: 1812, failed: () => assert.unreachable(), received: (from, port, data) => {
      peak = Math.max(peak, ++busy);
      const copy = data.slice();
      at.world.at(at.now + delay, () => {
        busy--;
        socket.send(from, port, encodeReply({ code: CODE['Access-Accept'], id: copy[1] ?? 0, attributes: [] }, copy.slice(4, 20), server.trust, 'with Message-Authenticator'));
      });
    } });
    at.radius.putServer(server.as({ port: 1812, accPort: 0 }), at.now);
    for (let i = 0; i < 10_000; i++) at.radius.authenticate(papLogin(`user${i}`), (verdict) => (verdicts += verdict.accepted ? 1 : 0), at.now);
    at.world.run(60_000);
    assert.is(verdicts, 10_000);
    return peak;
  };
  const [near, far] = [most(1), most(100)];
  assert.ok(near >= 64 && near <= 90, `${near} at a time 1 ms away`);
  assert.ok(far >= 120, `${far} at a time 100 ms away`);
});

test('5,000 logins at once go to the second server together when the first is silent, and the next ones without waiting', () => {
  const { net: at, servers: [first, second] } = net(2, { timeout: 1, retransmit: 2, deadtime: 1 });
  assert.ok(first !== undefined && second !== undefined);
  first.policy = () => undefined;
  let verdicts = 0;
  const login = (i: number): void => at.radius.authenticate(papLogin(`user${i}`), (verdict) => (verdicts += verdict.accepted ? 1 : 0), at.now);
  for (let i = 0; i < 5000; i++) login(i);
  at.world.run(4000);
  assert.is(verdicts, 5000);
  assert.is(first.requests.length, 3 * 64);
  login(5000);
  at.world.run(10);
  assert.is(verdicts, 5001);
});

test('A queue that is full says so at once', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  server.policy = () => undefined;
  const all = Array.from({ length: 10_200 }, () => ask(at));
  const refused = all.filter(({ verdicts }) => verdicts.length > 0);
  assert.is(refused.length, 10_200 - 10_000 - 64);
  assert.equal(refused[0]?.verdicts, [{ accepted: false, silent: true, reason: '10000 requests wait for the RADIUS server already' }]);
  at.world.run(60_000);
  assert.ok(all.every(({ verdicts }) => verdicts.length === 1), 'and the others are told when the server stays silent');
});

test('A forged, cut, foreign or wrongly signed answer is counted and ignored; the true one still counts', () => {
  const { net: at, servers: [server, other] } = net(1, { timeout: 5 });
  assert.ok(server !== undefined && other === undefined);
  server.policy = () => undefined;
  const { verdicts } = ask(at);
  at.world.run(50);
  const [request] = server.requests;
  assert.ok(request !== undefined);
  const { authenticator, id } = request;
  const draft = { code: CODE['Access-Accept'], id, attributes: [text('Reply-Message', 'come in')] };
  const answer = encodeReply(draft, authenticator, server.trust, 'with Message-Authenticator');
  const forger = { ...server.trust, secret: new Secret('guess') };
  const before = { ...counters(at) };
  const flipped = answer.slice();
  flipped[25] = (flipped[25] ?? 0) ^ 1;
  server.forge(encodeReply(draft, authenticator, forger, 'with Message-Authenticator'));
  server.forge(flipped);
  server.forge(encodeReply(draft, new Uint8Array(16), server.trust, 'with Message-Authenticator'));
  server.forge(answer.subarray(0, 30));
  server.forge(new Uint8Array(0));
  server.forge(encodeReply({ ...draft, code: CODE['Accounting-Response'] }, authenticator, server.trust, 'plain'));
  server.forge(encodeReply({ ...draft, id: (id + 1) & 255 }, authenticator, server.trust, 'with Message-Authenticator'));
  server.forge(encodeReply(draft, authenticator, server.trust, 'plain'));
  server.forge(answer, 1812);
  const stranger = at.server();
  stranger.from = server.from;
  stranger.forge(answer);
  at.world.run(50);
  assert.equal(verdicts, []);
  const after = counters(at);
  assert.equal(
    [after.forged - before.forged, after.malformed - before.malformed, after.unexpected - before.unexpected, after.unsigned - before.unsigned, at.radius.exchange.foreign],
    [3, 3, 1, 1, 2],
  );
  server.forge(answer);
  server.forge(answer);
  at.world.run(50);
  assert.is(verdicts.length, 1);
  assert.is(verdicts[0]?.accepted, true);
  assert.is(counters(at).unexpected - before.unexpected, 2, 'the second copy is a duplicate');
});

test('An answer whose Message-Authenticator is wrong is refused although its authenticator is right', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  server.policy = () => ({ code: CODE['Access-Accept'], attributes: [octets('Message-Authenticator', new Uint8Array(16))], form: 'plain' });
  const { verdicts } = ask(at);
  at.world.run(100);
  assert.equal([verdicts.length, counters(at).forged], [0, 1]);
});

test('Answers without Message-Authenticator are believed with MESSAGEAUTH=OPTIONAL alone', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  server.policy = () => ({ code: CODE['Access-Accept'], form: 'plain' });
  const first = ask(at);
  at.world.run(100);
  assert.equal(first.verdicts, []);
  at.radius.putServer(server.as({ accPort: 0, messageAuth: 'OPTIONAL' }), at.now);
  at.world.run(100);
  assert.is(first.verdicts[0]?.accepted, true, 'what was under way is asked again');
});

test('DELETE of a server gives what it was asked to the next', () => {
  const { net: at, servers: [first, second] } = net(2);
  assert.ok(first !== undefined && second !== undefined);
  first.policy = () => undefined;
  const all = Array.from({ length: 200 }, () => ask(at));
  at.world.run(100);
  at.radius.deleteServer(first.address, at.now);
  at.world.run(100);
  assert.ok(all.every(({ verdicts }) => verdicts[0]?.accepted === true));
  at.radius.deleteServer(second.address, at.now);
  assert.is(at.board.udp.residue, 0);
});

test('A new secret is used for what is under way', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  at.radius.putServer(server.as({ accPort: 0, secret: new Secret('wrong') }), at.now);
  const { verdicts } = ask(at);
  at.world.run(100);
  assert.is(verdicts.length, 0);
  at.radius.putServer(server.as({ accPort: 0 }), at.now);
  at.world.run(100);
  assert.is(verdicts[0]?.accepted, true);
});

const tunnel = (tag: number, server: string, preference: number): ReturnType<typeof taggedNumber>[] => [
  taggedNumber('Tunnel-Type', 3, tag), taggedNumber('Tunnel-Medium-Type', 1, tag), taggedText('Tunnel-Server-Endpoint', server, tag), taggedNumber('Tunnel-Preference', preference, tag),
];

function tunnels(at: Net, name = 'isp.example'): unknown[] {
  const answers: unknown[] = [];
  at.radius.tunnels(name, (answer) => answers.push('refused' in answer ? answer.refused : answer.map((one) => `${formatIpv4(one.server)} ${one.preference} ${one.password?.reveal() ?? '-'} ${one.assignment ?? '-'} ${one.hostName ?? '-'} ${one.peerName ?? '-'}`)), at.now);
  at.world.run(100);
  return answers;
}

test('Tunnels are asked for as Outbound service and come in the order of their preference', () => {
  const { net: at, servers: [server] } = net(1, { tunnelPassword: 'cisco' });
  assert.ok(server !== undefined);
  server.policy = (request) => ({
    code: CODE['Access-Accept'],
    attributes: [
      ...tunnel(1, '192.0.2.1', 20), ...tunnel(31, '192.0.2.2', 10), taggedText('Tunnel-Assignment-ID', 'a', 31), taggedText('Tunnel-Client-Auth-ID', 'lac', 31), taggedText('Tunnel-Server-Auth-ID', 'lns', 31),
      octets('Tunnel-Password', hideTunnelPassword(utf8('pw'), { tag: 31, salt: bytes('8123'), authenticator: request.authenticator }, server.trust)),
    ],
  });
  assert.equal(tunnels(at), [['192.0.2.2 10 pw a lac lns', '192.0.2.1 20 - - - -']]);
  const request = sure(server.requests[0]);
  assert.is(firstNumber(request.attributes, 'Service-Type'), 5);
  assert.is(fromUtf8(unhidePassword(valueOf(request, ATTRIBUTE['User-Password']) ?? new Uint8Array(0), request.authenticator, server.trust) ?? new Uint8Array(0)), 'cisco');
});

test('A tunnel endpoint that is a name is resolved, all its addresses in turn', () => {
  const { net: at, servers: [server] } = net(1);
  assert.ok(server !== undefined);
  at.board.names.set('lns.example', [ip('192.0.2.7'), ip('192.0.2.8')]);
  server.policy = () => ({ code: CODE['Access-Accept'], attributes: [...tunnel(1, 'lns.example', 1), ...tunnel(2, '192.0.2.9', 2), ...tunnel(3, 'nowhere.example', 3)] });
  assert.equal(tunnels(at), [['192.0.2.7 1 - - - -', '192.0.2.8 1 - - - -', '192.0.2.9 2 - - - -']]);
  server.policy = () => ({ code: CODE['Access-Accept'], attributes: tunnel(3, 'nowhere.example', 3) });
  assert.equal(tunnels(at), ['None of the tunnel endpoints of isp.example has an address: There is no host named nowhere.example']);
});

/** [attributes, what is said of the tunnel]. */
const BAD: readonly (readonly [readonly { readonly type: number; readonly value: Uint8Array }[], string])[] = [
  [[], ''],
  [[taggedNumber('Tunnel-Type', 1, 1), taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1)], ' (tunnel with tag 1: Tunnel-Type 1 is not L2TP)'],
  [[taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1)], ' (tunnel with tag 1: no Tunnel-Type)'],
  [[taggedNumber('Tunnel-Type', 3, 1), taggedNumber('Tunnel-Medium-Type', 2, 1), taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1)], ' (tunnel with tag 1: Tunnel-Medium-Type 2 is not IPv4)'],
  [[taggedNumber('Tunnel-Type', 3, 1), taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 2)], ' (tunnel with tag 1: no Tunnel-Server-Endpoint; tunnel with tag 2: no Tunnel-Type)'],
  [[taggedNumber('Tunnel-Type', 3, 0x55), taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1)], ' (tunnel with tag 0: no Tunnel-Server-Endpoint; tunnel with tag 1: no Tunnel-Type)'],
  [[{ type: 64, value: bytes('0103') }, taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1)], ' (tunnel with tag 1: attribute 64 has 2 octets)'],
  [[{ type: 64, value: bytes('') }], ' (tunnel with tag 0: attribute 64 has 0 octets)'],
  [[...tunnel(1, '192.0.2.1', 1), { type: 69, value: bytes(`018001${'00'.repeat(17)}`) }], ' (tunnel with tag 1: Tunnel-Password does not decrypt)'],
  [[...tunnel(1, '192.0.2.1', 1), { type: 69, value: bytes('018001') }], ' (tunnel with tag 1: Tunnel-Password does not decrypt)'],
  [[taggedNumber('Tunnel-Type', 3, 1), { type: 67, value: bytes('01') }], ' (tunnel with tag 1: no Tunnel-Server-Endpoint)'],
];

for (const [attributes, what] of BAD) {
  test(`Tunnel attributes with bad tags, types or sizes give no tunnel${what}`, () => {
    const { net: at, servers: [server] } = net(1);
    assert.ok(server !== undefined);
    server.policy = () => ({ code: CODE['Access-Accept'], attributes });
    assert.equal(tunnels(at), [`The RADIUS server names no L2TP tunnel for isp.example${what}`]);
  });
}

test('Closing the client leaves no socket, no alarm and no answer', () => {
  const { net: at } = net(1);
  at.world.run(2000);
  const { verdicts } = ask(at);
  at.radius.close(at.now);
  at.world.run(60_000);
  assert.equal([verdicts.length, at.board.udp.residue, at.world.pending], [0, 0, 0]);
});

test.run();
