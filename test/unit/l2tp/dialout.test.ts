// Calls that an LNS has a LAC make (ADD L2TP CALL TYPE=ISDN or ASYNC; RFC 2661 7.5): both ends.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { World } from '../../../board/sim/world.ts';
import type { CallSettings } from '../../../firmware/l2tp/calls.ts';
import type { ControlMessage } from '../../../firmware/l2tp/catalog.ts';
import { outgoingRequest } from '../../../firmware/l2tp/dialout.ts';
import type { L2tpLink, OutgoingAnswer, OutgoingRequest } from '../../../firmware/l2tp/link.ts';
import { B, type Node, RawPeer, ip, pair, withRaw } from './world.ts';

const test = suite('Outgoing calls');

interface Dialled {
  readonly request: OutgoingRequest;
  readonly answer: OutgoingAnswer;
  readonly told: string[];
  link: L2tpLink | undefined;
}

/** Lets `lac` take every request; what it dials is in the list. */
function dials(lac: Node, at: (one: Dialled) => void = () => {}): Dialled[] {
  const dialled: Dialled[] = [];
  lac.outgoingCall = (request, answer) => {
    const one: Dialled = { request, answer, told: [], link: undefined };
    dialled.push(one);
    at(one);
    return {
      name: `ISDN-${request.call}`,
      linkUp: (link) => {
        one.link = link;
        one.told.push('up');
      },
      linkDown: (reason) => one.told.push(`down: ${reason}`),
      accm: (map) => one.told.push(`accm ${map.toString(16)}`),
    };
  };
  return dialled;
}

function ask(change: Partial<CallSettings> = {}): { world: World; lns: Node; lac: Node; dialled: Dialled[] } {
  const { world, a: lns, b: lac } = pair();
  lac.server.disableServer('LNS');
  const dialled = dials(lac);
  lns.add({ name: 'toi', type: 'ISDN', remote: 'toiisdn', ...change, ip: B });
  lns.want('toi');
  world.run(500);
  return { world, lns, lac, dialled };
}

const stateOf = (node: Node): string | undefined => node.server.tunnels()[0]?.calls[0]?.state;

const FORMS: readonly (readonly [Partial<CallSettings>, Partial<OutgoingRequest>])[] = [
  [{ remote: 'toiisdn' }, { call: 'toiisdn', number: '', bearer: 'digital' }],
  [{ remote: undefined, dial: '0312345678' }, { call: '', number: '0312345678', bearer: 'digital' }],
  [{ dial: '0312345678', subaddress: '12', speed: 128000 }, { call: 'toiisdn', number: '0312345678', subAddress: '12', maximumBps: 128000 }],
  [{ type: 'ASYNC', remote: 'modem' }, { call: 'modem', number: '', bearer: 'analog' }],
  [{ remote: undefined }, { call: '', number: '', bearer: 'digital' }],
];
for (const [settings, expected] of FORMS) {
  const what = Object.entries(settings).map(([key, value]) => `${key.toUpperCase()}=${value ?? ''}`).join(' ');
  test(`ADD L2TP CALL with ${what} asks the LAC for just that`, () => {
    const { dialled } = ask(settings);
    assert.is(dialled.length, 1);
    const request = dialled[0]?.request;
    assert.equal({ ...request, ...expected }, request);
    assert.equal([request?.minimumBps, request?.peer], [300, ip('1.1.1.1')]);
  });
}

test('A Called Number is a name, a number, or both with a colon', () => {
  const of = (calledNumber: string): readonly string[] => {
    const message: ControlMessage<'OCRQ'> = { type: 'OCRQ', assignedSessionId: 1, callSerialNumber: 1, minimumBps: 1, maximumBps: 2, bearerType: 3, framingType: 1, calledNumber };
    const { call, number } = outgoingRequest(message, ip(B));
    return [call, number];
  };
  assert.equal(of('branch'), ['branch', '']);
  assert.equal(of('03-1234 (5678)'), ['', '03-1234 (5678)']);
  assert.equal(of('+81*3#'), ['', '+81*3#']);
  assert.equal(of('branch:0312345678'), ['branch', '0312345678']);
  assert.equal(of('123:456'), ['123', '456']);
  assert.equal(of(':456'), ['', '456']);
  assert.equal(of('branch:1:2'), ['branch', '1:2']);
});

test('A call that the LAC makes is answered by OCRP at once and comes up by OCCN when the line does, with its speed and framing', () => {
  const { world, lns, lac, dialled } = ask();
  assert.is(stateOf(lns), 'wait-connect');
  assert.is(stateOf(lac), 'wait-cs-answer');
  world.run(20_000);
  assert.equal(lns.events, []);
  dialled[0]?.answer.connected({ speed: 56000, framing: 'sync' }, lac.now);
  world.run(200);
  assert.equal(lns.events, ['up toi lns']);
  assert.equal(dialled[0]?.told, ['up']);
  assert.is(dialled[0]?.link?.role, 'lac');
  const at = lns.server.tunnels()[0]?.calls[0];
  assert.equal([at?.role, at?.remote.connectSpeed, at?.remote.framing], ['LNS', 56000, 1]);
  const session = lns.links.get('toi')?.session;
  if (session === undefined) throw new Error('not up');
  lns.board.plane.send([{ to: 'session', session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
  world.run(100);
  assert.equal(lac.frames, [Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4)]);
  lns.links.get('toi')?.accm?.(0xa0000, 0, lns.now);
  world.run(100);
  assert.equal(dialled[0]?.told, ['up', 'accm a0000']);
});

for (const [cause, text] of [[8, 'busy'], [7, 'no carrier'], [9, 'no dial tone'], [10, 'not established in time'], [4, 'lack of facilities, temporary']] as const) {
  test(`A line that fails for cause ${cause} tells the LNS so, and the dialler nothing more`, () => {
    const { world, lns, lac, dialled } = ask();
    dialled[0]?.answer.failed(cause, 'the reason', lac.now);
    world.run(200);
    assert.equal(lns.events, [`down toi: 2.2.2.2 refused the call: ${text}, "the reason"`]);
    assert.equal(dialled[0]?.told, []);
    assert.equal(lac.server.tunnels()[0]?.calls, []);
  });
}

test('A request that nobody can serve is refused with its cause', () => {
  const { world, a: lns, b: lac } = pair();
  lac.outgoingCall = () => ({ refused: 'there is no ISDN call nowhere', cause: 6 });
  lns.add({ name: 'toi', type: 'ISDN', remote: 'nowhere', ip: B });
  lns.want('toi');
  world.run(500);
  assert.equal(lns.events, ['down toi: 2.2.2.2 refused the call: invalid destination, "there is no ISDN call nowhere"']);
  assert.match(lac.log.map(({ text }) => text).join('\n'), 'refused: there is no ISDN call nowhere');
});

test('A line that answers or fails before the dialler has returned is told of after OCRP', () => {
  for (const [what, expected] of [['connected', ['up toi lns']], ['failed', ['down toi: 2.2.2.2 refused the call: busy, "engaged"']]] as const) {
    const { world, a: lns, b: lac } = pair();
    dials(lac, ({ answer }) => {
      if (what === 'connected') answer.connected({ speed: 64000, framing: 'sync' }, lac.now);
      else answer.failed(8, 'engaged', lac.now);
    });
    lns.add({ name: 'toi', type: 'ISDN', remote: 'toiisdn', ip: B });
    lns.want('toi');
    world.run(500);
    assert.equal(lns.events, expected);
  }
});

test('An LNS that hangs up while the LAC dials ends the dialling, and what the line says later means nothing', () => {
  const { world, lns, lac, dialled } = ask();
  lns.server.unwant('toi', 'not any more', lns.now);
  world.run(200);
  assert.equal(dialled[0]?.told, ['down: 1.1.1.1 refused the call: administrative reasons, "not any more"']);
  dialled[0]?.answer.connected({ speed: 64000, framing: 'sync' }, lac.now);
  dialled[0]?.answer.failed(8, 'busy', lac.now);
  world.run(200);
  assert.equal(dialled[0]?.told.length, 1);
  world.run(60_000);
  assert.is(lac.board.plane.residue.sessions, 0);
});

test('A call that is up ends with the line, with the LNS and with the tunnel', () => {
  for (const how of ['line', 'LNS', 'tunnel'] as const) {
    const { world, lns, lac, dialled } = ask();
    dialled[0]?.answer.connected({ speed: 64000, framing: 'async' }, lac.now);
    world.run(200);
    if (how === 'line') dialled[0]?.link?.hangUp('the line is gone', lac.now);
    else if (how === 'LNS') lns.server.unwant('toi', 'enough', lns.now);
    else lns.server.shutdown(lns.now);
    world.run(200);
    assert.equal(dialled[0]?.told.length, 2, how);
    assert.match(dialled[0]?.told[1] ?? '', { line: 'down: the line is gone', LNS: '"enough"', tunnel: 'it is being shut down' }[how]);
    assert.equal([lns.board.plane.residue.sessions, lac.board.plane.residue.sessions], [0, 0]);
  }
});

test('A router that is no LAC makes no calls for others', () => {
  const { world, a: lns, b: lac } = pair();
  lac.server.disableServer('LAC');
  const dialled = dials(lac);
  lns.add({ name: 'toi', type: 'ISDN', remote: 'toiisdn', ip: B });
  lns.want('toi');
  world.run(500);
  assert.equal(dialled, []);
  assert.match(lns.events[0] ?? '', /this server is not enabled as LAC/);
});

test('An LNS that does not know the password has no calls made', () => {
  const { world, a: lns, b: lac } = pair();
  lac.server.passwords.set('right');
  const dialled = dials(lac);
  lns.add({ name: 'toi', type: 'ISDN', remote: 'toiisdn', password: 'wrong', ip: B });
  lns.want('toi');
  world.run(500);
  assert.equal(dialled, []);
});

test('A request without bearer for a name that is no L2TP call goes to the call ports too', () => {
  const { world, a, peer } = withRaw();
  const dialled = dials(a);
  assert.ok(peer.open(world));
  requestRaw(peer, { bearerType: 0, calledNumber: 'branch' });
  world.run(100);
  assert.equal(dialled.map(({ request }) => [request.call, request.bearer]), [['branch', 'none']]);
  assert.is(peer.received.at(-1)?.type, 'OCRP');
});

test('Each of many calls that an LNS asks for is told when the tunnel goes', () => {
  const { world, a, peer } = withRaw();
  const dialled = dials(a);
  assert.ok(peer.open(world));
  for (let i = 0; i < 20; i++) requestRaw(peer, { assignedSessionId: 100 + i, calledNumber: 'x'.repeat(1000) });
  world.run(1000);
  assert.is(dialled.length, 20);
  assert.is(dialled[0]?.request.call.length, 1000);
  peer.send({ type: 'StopCCN', assignedTunnelId: 77, resultCode: { code: 1 } });
  world.run(1000);
  assert.ok(dialled.every(({ told }) => told.length === 1 && told[0]?.startsWith('down: ') === true));
});

function requestRaw(peer: RawPeer, change: Partial<ControlMessage<'OCRQ'>>): void {
  peer.send({ type: 'OCRQ', assignedSessionId: 9, callSerialNumber: 1, minimumBps: 300, maximumBps: 64000, bearerType: 1, framingType: 1, calledNumber: 'x', ...change });
}

test.run();
