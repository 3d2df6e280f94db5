// Thousands of callers at once, LNSs that are full, and peers that answer a LAC with nonsense: what is up stays up, what is kept is bounded.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ControlMessage } from '../../../firmware/l2tp/catalog.ts';
import { ADMISSION } from '../../../firmware/l2tp/admission.ts';
import { encodeMessage } from '../../../firmware/l2tp/control.ts';
import { encodeControl } from '../../../firmware/l2tp/header.ts';
import { type Bench, LNS, bench, offer } from './forward.rig.ts';
import { SAMPLES } from './samples.ts';
import { RawPeer, ip, withRaw } from './world.ts';

const test = suite('Storms');
const DATABASE = { action: 'DATABASE', ip: ip(LNS[0]) } as const;

/** Sends numbered frames from the LNS to the LAC over the first call, one every 10 ms; how many arrived. */
function trickle(b: Bench, frames: number): () => number {
  const [lns] = b.lns;
  const session = lns?.up[0]?.link?.session;
  if (lns === undefined || session === undefined) throw new Error('not up');
  const before = b.lac.frames.length;
  for (let i = 0; i < frames; i++) {
    b.world.at(b.world.now + i * 10, () => lns.node.board.plane.send([{ to: 'session', session, data: Uint8Array.of(0xc0, 0x21, 9, i & 255, 0, 4) }]));
  }
  return () => b.lac.frames.length - before;
}

test('Five thousand callers at once come up, and a call that was up loses no frame meanwhile', () => {
  const b = bench({ password: 'x', quality: { delay: 10 } });
  b.user(DATABASE);
  b.forward('first');
  b.run(1000);
  const arrived = trickle(b, 300);
  const calls = Array.from({ length: 5000 }, (_, i) => b.forward(`u${i}`));
  b.run(4000);
  assert.ok(calls.every((call) => call.told[0] === 'up'));
  assert.is(arrived(), 300);
  assert.ok(b.lac.server.tunnels().length <= 2);
});

test('Ten thousand callers are held for an hour, and leave nothing when the LNS stops', () => {
  const b = bench({ password: 'x' });
  b.user(DATABASE);
  const calls = Array.from({ length: 10_000 }, (_, i) => b.forward(`u${i}`));
  b.run(3_600_000);
  assert.ok(calls.every((call) => call.told.length === 1));
  assert.is(b.lns[0]?.up.length, 10_000);
  b.lns[0]?.node.server.shutdown(b.lns[0].node.now);
  b.run(100_000);
  assert.ok(calls.every((call) => call.told.length === 2));
  assert.is(b.lac.board.plane.residue.sessions, 0);
  assert.is(b.world.pending, 0);
});

test('Callers beyond what one LNS takes come up at the next, each after one refusal', () => {
  const b = bench({ lns: 2, password: 'x', limits: { ...ADMISSION, sessions: 300 } });
  b.user({ action: 'RADIUS' });
  b.lac.tunnels = (_name, done) => done([offer(LNS[0], 1), offer(LNS[1], 2)], b.lac.now);
  const calls = Array.from({ length: 500 }, (_, i) => b.forward(`u${i}`));
  b.run(3000);
  assert.ok(calls.every((call) => call.told.join() === 'up'));
  assert.equal(b.lns.map((lns) => lns.up.length), [300, 200]);
});

test('A thousand callers of an LNS that died come up at the next together, for five seconds of one tunnel set-up', () => {
  const b = bench({ lns: 2, password: 'x' });
  b.user({ action: 'RADIUS' });
  b.lac.tunnels = (_name, done) => done([offer(LNS[0], 1), offer(LNS[1], 2)], b.lac.now);
  b.cut(0);
  const calls = Array.from({ length: 1000 }, (_, i) => b.forward(`u${i}`));
  b.run(6500);
  assert.ok(calls.every((call) => call.told.join() === 'up'));
  assert.is(b.lns[1]?.up.length, 1000);
});

test('A call that is passed on is kept while data of its LNS comes, though that never answers HELLO', () => {
  const b = bench({ lns: 0 });
  b.user({ ...DATABASE, timeout: 8 });
  const peer = new RawPeer(b.world, b.wire, LNS[0], '1.1.1.1');
  peer.onMessage = (message) => {
    if (message.type === 'SCCRQ') peer.send({ type: 'SCCRP', protocolVersion: 0x0100, framingCapabilities: 3, hostName: 'raw', assignedTunnelId: 5 });
    if (message.type === 'ICRQ') peer.send({ type: 'ICRP', assignedSessionId: 6 }, { session: message.assignedSessionId });
    peer.acknowledges = message.type !== 'HELLO';
  };
  const call = b.forward('a');
  b.run(500);
  assert.equal(call.told, ['up']);
  const { tunnel, session } = peer;
  for (let i = 0; i < 60; i++) {
    b.run(5000);
    if (i < 30) peer.sendRaw(Uint8Array.of(0x00, 0x02, tunnel >> 8, tunnel & 255, session >> 8, session & 255, 0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 4));
    if (i === 29) assert.equal(call.told, ['up']);
  }
  assert.is(call.told.length, 2);
});

test('A tunnel id is given to no other tunnel while a closed one still answers with it', () => {
  const { world, a, peer } = withRaw();
  const { random } = a.board;
  const bytes = random.bytes.bind(random);
  let asked = 0;
  // Ids are two octets: for a while chance gives only two of them.
  random.bytes = (count) => (count === 2 ? Uint8Array.of(0, asked++ % 3 === 2 ? 8 : 7) : bytes(count));
  assert.ok(peer.open(world, 70));
  const first = peer.tunnel;
  peer.send({ type: 'StopCCN', assignedTunnelId: 70, resultCode: { code: 1 } });
  world.run(500);
  assert.equal(a.server.tunnels(), []);
  peer.ns = peer.nr = 0;
  assert.ok(peer.open(world, 71));
  assert.not.equal(peer.tunnel, first);
});

test('Whatever an LNS answers, a caller is told once and nothing is left', () => {
  const bodies: readonly ControlMessage[] = [...SAMPLES, { type: 'ICRP', assignedSessionId: 1 }, { type: 'CDN', resultCode: { code: 2, error: 7 }, assignedSessionId: 1 }];
  for (const [index, message] of bodies.entries()) {
    for (const at of ['tunnel', 'call', 'up'] as const) {
      for (const damage of [-1, 1, 7, 13]) {
        const b = bench({ lns: 0, seed: index + 1 });
        b.user({ ...DATABASE, timeout: 8 });
        const peer = new RawPeer(b.world, b.wire, LNS[0], '1.1.1.1');
        const say = (session: number): void => {
          const body = encodeMessage(message);
          if (body === undefined) return;
          const octets = damage < 0 ? body : body.with(damage % body.length, (body[damage % body.length] ?? 0) ^ 0xff);
          peer.sendRaw(encodeControl({ tunnelId: peer.tunnel, sessionId: session, ns: peer.ns++, nr: peer.nr }, octets));
        };
        peer.onMessage = (got) => {
          if (got.type === 'SCCRQ') {
            if (at === 'tunnel') say(0);
            else peer.send({ type: 'SCCRP', protocolVersion: 0x0100, framingCapabilities: 3, hostName: 'raw', assignedTunnelId: 5 });
          }
          if (got.type === 'ICRQ') {
            if (at === 'call') say(got.assignedSessionId);
            else peer.send({ type: 'ICRP', assignedSessionId: 6 }, { session: got.assignedSessionId });
          }
          if (got.type === 'ICCN' && at === 'up') say(peer.session);
        };
        const call = b.forward('a');
        b.run(1000);
        peer.onMessage = () => {};
        peer.acknowledges = false;
        b.run(400_000);
        const what = `${message.type} at ${at}, damage ${damage}: ${call.told.join('; ')}`;
        assert.match(call.told.filter((text) => !text.startsWith('accm')).join('; '), /^(?:failed: [^;]+(?:;[^;]+)*|up; down: .+)$/, what);
        assert.equal(b.lac.server.tunnels(), [], what);
        assert.is(b.lac.board.plane.residue.sessions, 0, what);
        b.lac.server.disable(b.lac.now);
        b.run(100_000);
        assert.ok(b.lac.server.isQuiet, what);
        assert.is(b.world.pending, 0, what);
      }
    }
  }
});

test.run();
