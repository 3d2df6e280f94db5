// RFC 2661 7.2.1, Control Connection Establishment: every row of the table, on the machine.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bench, CHALLENGE, icrq, sccrp, sccrq, secretOf } from '../unit/l2tp/wire.ts';
import { toSessionId } from '../../firmware/l2tp/ids.ts';

const test = suite('L2TP control connection');

type State = 'idle' | 'wait-ctl-reply' | 'wait-ctl-conn' | 'established';
interface Row {
  readonly state: State;
  readonly event: string;
  readonly act: (bench: Bench) => void;
  /** Messages sent, in order. */
  readonly send: readonly string[];
  readonly next: State;
  readonly cleanUp: boolean;
}

const LOWER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
const TIE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2);
const row = (state: State, event: string, act: Row['act'], send: readonly string[], next: State, cleanUp: boolean): Row => ({ state, event, act, send, next, cleanUp });
const STATES: readonly State[] = ['idle', 'wait-ctl-reply', 'wait-ctl-conn', 'established'];

// The table as the RFC prints it. A session waits in every state, so that "Send tunnel-open event to waiting sessions" shows as ICRQ.
const TABLE: readonly Row[] = [
  row('idle', 'Local Open request', (b) => b.tunnel.open(b.now), ['SCCRQ'], 'wait-ctl-reply', false),
  row('idle', 'Receive SCCRQ, acceptable', (b) => b.feed(sccrq()), ['SCCRP'], 'wait-ctl-conn', false),
  row('idle', 'Receive SCCRQ, not acceptable', (b) => b.feed(sccrq({ protocolVersion: 0x0200 })), ['StopCCN'], 'idle', true),
  row('idle', 'Receive SCCRP', (b) => b.feed(sccrp()), ['StopCCN'], 'idle', true),
  row('idle', 'Receive SCCCN', (b) => b.feed({ type: 'SCCCN' }), [], 'idle', true),
  row('wait-ctl-reply', 'Receive SCCRP, acceptable', (b) => b.feed(sccrp()), ['SCCCN', 'ICRQ'], 'established', false),
  row('wait-ctl-reply', 'Receive SCCRP, not acceptable', (b) => b.feed(sccrp({ protocolVersion: 0 })), ['StopCCN'], 'idle', true),
  row('wait-ctl-reply', 'Receive SCCRQ, lose tie-breaker', (b) => b.tunnel.collide(sccrq({ tieBreaker: LOWER }), b.now), [], 'idle', true),
  row('wait-ctl-reply', 'Receive SCCCN', (b) => b.feed({ type: 'SCCCN' }), ['StopCCN'], 'idle', true),
  row('wait-ctl-conn', 'Receive SCCCN, acceptable', (b) => b.feed({ type: 'SCCCN' }), ['ICRQ'], 'established', false),
  row('wait-ctl-conn', 'Receive SCCCN, not acceptable', (b) => b.feed({ type: 'SCCCN', challengeResponse: CHALLENGE }), ['StopCCN'], 'idle', true),
  row('wait-ctl-conn', 'Receive SCCRP', (b) => b.feed(sccrp()), ['StopCCN'], 'idle', true),
  row('wait-ctl-conn', 'Receive SCCRQ', (b) => b.feed(sccrq()), ['StopCCN'], 'idle', true),
  row('established', 'Local Open request (new call)', (b) => void b.tunnel.placeIncoming(toSessionId(9), { callSerialNumber: 1 }, b.now), ['ICRQ'], 'established', false),
  row('established', 'Admin Tunnel Close', (b) => b.tunnel.close({ code: 1 }, b.now), ['StopCCN'], 'idle', true),
  row('established', 'Receive SCCRQ', (b) => b.feed(sccrq()), ['StopCCN'], 'idle', true),
  row('established', 'Receive SCCRP', (b) => b.feed(sccrp()), ['StopCCN'], 'idle', true),
  row('established', 'Receive SCCCN', (b) => b.feed({ type: 'SCCCN' }), ['StopCCN'], 'idle', true),
  ...STATES.map((state) => row(state, 'Receive StopCCN', (b) => b.feed({ type: 'StopCCN', assignedTunnelId: 3400, resultCode: { code: 1 } }), [], 'idle', true)),
];

/** A machine in `state`, with a session that waits for the tunnel where the state lets it. */
function machine(state: State, event: string): Bench {
  const responder = state === 'wait-ctl-conn' || (state === 'idle' && event !== 'Local Open request');
  const bench = event === 'Receive SCCCN, not acceptable'
    ? new Bench({ role: 'responder', secret: secretOf('abcde'), challenge: CHALLENGE })
    : new Bench({ role: responder ? 'responder' : 'initiator', tieBreaker: TIE });
  if (state === 'wait-ctl-reply') bench.tunnel.open(bench.now);
  if (state === 'wait-ctl-conn') bench.feed(sccrq());
  if (state === 'established') bench.establish();
  else if (state !== 'idle') bench.tunnel.placeIncoming(toSessionId(8), { callSerialNumber: 1 }, bench.now);
  return bench;
}

for (const { state, event, act, send, next, cleanUp } of TABLE) {
  const sends = send.length === 0 ? 'sends nothing' : `sends ${send.join(', ')}`;
  test(`${state} + ${event}: ${sends}, becomes ${next}`, () => {
    const bench = machine(state, event);
    assert.is(bench.tunnel.state, state);
    const before = bench.owner.names().length;
    act(bench);
    // The window opens as the peer acknowledges.
    for (let i = 0; i < 4; i++) bench.zlb();
    assert.equal(bench.owner.names().slice(before), send);
    assert.is(bench.tunnel.state, next);
    assert.is(bench.owner.reason !== undefined, cleanUp);
    assert.is(bench.tunnel.phase === 'open', !cleanUp);
    if (cleanUp) assert.is(bench.tunnel.sessions.size, 0);
  });
}

test('the table has all rows of the RFC', () => {
  assert.is(TABLE.length, 22);
});

test('a request lower in version, or higher, is told the version that is spoken', () => {
  const bench = new Bench({ role: 'responder' });
  bench.feed(sccrq({ protocolVersion: 0x0200 }));
  assert.equal(bench.last()?.message?.resultCode, { code: 5, error: 0x0100 });
  assert.is(bench.last()?.tunnelId, 3400);
});

test('a session message before the control connection is established clears it', () => {
  const bench = new Bench({ role: 'responder' });
  bench.feed(sccrq());
  bench.feed(icrq());
  assert.is(bench.owner.names().at(-1), 'StopCCN');
  assert.is(bench.tunnel.state, 'idle');
});

test.run();
