// RFC 2661 7.4.1, 7.4.2, 7.5.1, 7.5.2: every row of the four session tables, on the machine.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Alarm, TimerQueue } from '../../firmware/bytes/time.ts';
import type { SessionMessage } from '../../firmware/l2tp/catalog.ts';
import { toSessionId } from '../../firmware/l2tp/ids.ts';
import { type IncomingConnect, Session, type SessionDown, type SessionKind, type SessionLink, type SessionState } from '../../firmware/l2tp/session.ts';

const PEER = 77;
const RESULT = { code: 3 };
const CONNECT: IncomingConnect = { txConnectSpeed: 64000, framingType: 1 };
const OUTGOING = { callSerialNumber: 1, minimumBps: 300, maximumBps: 64000, bearerType: 0, framingType: 3, calledNumber: 'hq' };

const MESSAGE = {
  ICRQ: { type: 'ICRQ', assignedSessionId: PEER, callSerialNumber: 5 },
  ICRP: { type: 'ICRP', assignedSessionId: PEER },
  ICCN: { type: 'ICCN', txConnectSpeed: 64000, framingType: 1 },
  OCRQ: { ...OUTGOING, type: 'OCRQ', assignedSessionId: PEER },
  OCRP: { type: 'OCRP', assignedSessionId: PEER },
  OCCN: { type: 'OCCN', txConnectSpeed: 64000, framingType: 1 },
  CDN: { type: 'CDN', resultCode: { code: 1 }, assignedSessionId: PEER },
} as const satisfies Record<string, SessionMessage>;

/** The tunnel around a session, and what it saw. */
class Link implements SessionLink {
  readonly own;
  readonly peer = { framing: 3, bearer: 3 };
  readonly setupTimeout = 60_000;
  readonly sent: SessionMessage[] = [];
  readonly timers = new TimerQueue();
  reason: SessionDown | undefined;
  ups = 0;
  accepts = true;
  decides = true;

  constructor(framing: number) {
    this.own = { framing, bearer: 3 };
  }
  send(_session: Session, message: SessionMessage): boolean {
    this.sent.push(message);
    return true;
  }
  alarm(at: number, task: (now: number) => void): Alarm {
    return this.timers.set(at, task);
  }
  learned(): void {}
  changed(): void {}
  called(session: Session): void {
    if (!this.decides) return;
    if (this.accepts) session.accept({}, 0);
    else session.refuse(RESULT, 0);
  }
  replied(): IncomingConnect | { refuse: typeof RESULT } {
    return this.accepts ? CONNECT : { refuse: RESULT };
  }
  up(): void {
    this.ups++;
  }
  down(_session: Session, reason: SessionDown): void {
    this.reason = reason;
  }
  info(): void {}
}

type Act = (session: Session, link: Link) => void;
interface Row {
  readonly state: SessionState;
  readonly event: string;
  readonly act: Act;
  readonly send: readonly string[];
  readonly next: SessionState;
  readonly cleanUp: boolean;
}

const receive = (name: keyof typeof MESSAGE): Act => (session) => {
  // A request that opens a session comes to it as such; on a session that exists it is a message like others.
  const message = MESSAGE[name];
  if ((message.type === 'ICRQ' || message.type === 'OCRQ') && session.state === 'idle') session.requested(message, 0);
  else session.receive(message, 0);
};
const refusing = (act: Act): Act => (session, link) => {
  link.accepts = false;
  act(session, link);
};
const open: Act = (session) => session.open(0);
const tunnelOpen: Act = (session) => session.tunnelOpen(0);
const close: Act = (session) => session.close(RESULT, 0);
const answer: Act = (session) => session.answered(CONNECT, 0);
const failure: Act = (session) => session.failed({ code: 8 }, 0);
const badIccn: Act = (session) => session.receive({ ...MESSAGE.ICCN, framingType: 2 }, 0);
/** What an OCRP with an AVP that cannot be taken becomes. */
const badOcrp: Act = (session) => session.invalid('OCRP: malformed AVP 14', { code: 2, error: 3 }, 0);

const rows = (states: SessionState | readonly SessionState[], event: string, act: Act, rest: { readonly send?: string; readonly next: SessionState; readonly cleanUp?: boolean }): Row[] =>
  [states].flat().map((state) => ({ state, event, act, send: rest.send === undefined ? [] : [rest.send], next: rest.next, cleanUp: rest.cleanUp ?? rest.next === 'idle' }));
const each = (states: SessionState | readonly SessionState[], names: readonly (keyof typeof MESSAGE)[], send: string | undefined): Row[] =>
  names.flatMap((name) => rows(states, `Receive ${name}`, receive(name), send === undefined ? { next: 'idle' } : { send, next: 'idle' }));

const TABLES: Record<SessionKind, readonly Row[]> = {
  // 7.4.1 LAC Incoming Call States
  'LAC incoming': [
    ...rows('idle', 'Bearer Ring or Ready to indicate incoming conn.', open, { next: 'wait-tunnel' }),
    ...each('idle', ['ICCN', 'ICRP', 'CDN'], undefined),
    ...rows('wait-tunnel', 'Bearer line drop or local close request', close, { next: 'idle' }),
    ...rows('wait-tunnel', 'tunnel-open', tunnelOpen, { send: 'ICRQ', next: 'wait-reply' }),
    ...rows('wait-reply', 'Receive ICRP, acceptable', receive('ICRP'), { send: 'ICCN', next: 'established' }),
    ...rows('wait-reply', 'Receive ICRP, Not acceptable', refusing(receive('ICRP')), { send: 'CDN', next: 'idle' }),
    ...each('wait-reply', ['ICRQ'], 'CDN'),
    ...each('wait-reply', ['CDN', 'ICCN'], undefined),
    ...rows('wait-reply', 'Local close request or Bearer line drop', close, { send: 'CDN', next: 'idle' }),
    ...each('established', ['CDN'], undefined),
    ...each('established', ['ICRQ', 'ICRP', 'ICCN'], 'CDN'),
    ...rows('established', 'Bearer line drop or local close request', close, { send: 'CDN', next: 'idle' }),
  ],
  // 7.4.2 LNS Incoming Call States
  'LNS incoming': [
    ...rows('idle', 'Receive ICRQ, acceptable', receive('ICRQ'), { send: 'ICRP', next: 'wait-connect' }),
    ...rows('idle', 'Receive ICRQ, not acceptable', refusing(receive('ICRQ')), { send: 'CDN', next: 'idle' }),
    ...each('idle', ['ICRP'], 'CDN'),
    ...each('idle', ['ICCN'], undefined),
    ...rows('wait-connect', 'Receive ICCN acceptable', receive('ICCN'), { next: 'established' }),
    ...rows('wait-connect', 'Receive ICCN not acceptable', badIccn, { send: 'CDN', next: 'idle' }),
    ...each('wait-connect', ['ICRQ', 'ICRP'], 'CDN'),
    ...each(['idle', 'wait-connect', 'established'], ['CDN'], undefined),
    ...rows(['wait-connect', 'established'], 'Local Close request', close, { send: 'CDN', next: 'idle' }),
    ...each('established', ['ICRQ', 'ICRP', 'ICCN'], 'CDN'),
  ],
  // 7.5.1 LAC Outgoing Call States
  'LAC outgoing': [
    ...rows('idle', 'Receive OCRQ, acceptable', receive('OCRQ'), { send: 'OCRP', next: 'wait-cs-answer' }),
    ...rows('idle', 'Receive OCRQ, not acceptable', refusing(receive('OCRQ')), { send: 'CDN', next: 'idle' }),
    ...each('idle', ['OCRP'], 'CDN'),
    ...each('idle', ['OCCN', 'CDN'], undefined),
    ...rows('wait-cs-answer', 'Bearer answer, framing detected', answer, { send: 'OCCN', next: 'established' }),
    ...rows('wait-cs-answer', 'Bearer failure', failure, { send: 'CDN', next: 'idle' }),
    ...each('wait-cs-answer', ['OCRQ', 'OCRP', 'OCCN'], 'CDN'),
    ...each('established', ['OCRQ', 'OCRP', 'OCCN'], 'CDN'),
    ...each(['wait-cs-answer', 'established'], ['CDN'], undefined),
    ...rows('established', 'Bearer line drop, Local close request', close, { send: 'CDN', next: 'idle' }),
  ],
  // 7.5.2 LNS Outgoing Call States
  'LNS outgoing': [
    ...rows('idle', 'Local open request', open, { next: 'wait-tunnel' }),
    ...each('idle', ['OCCN', 'OCRP', 'CDN'], undefined),
    ...rows('wait-tunnel', 'tunnel-open', tunnelOpen, { send: 'OCRQ', next: 'wait-reply' }),
    ...rows('wait-reply', 'Receive OCRP, acceptable', receive('OCRP'), { next: 'wait-connect' }),
    ...rows('wait-reply', 'Receive OCRP, not acceptable', badOcrp, { send: 'CDN', next: 'idle' }),
    ...each('wait-reply', ['OCCN', 'OCRQ'], 'CDN'),
    ...rows('wait-connect', 'Receive OCCN', receive('OCCN'), { next: 'established' }),
    ...each('wait-connect', ['OCRQ', 'OCRP'], 'CDN'),
    ...each(['idle', 'wait-reply', 'wait-connect', 'established'], ['CDN'], undefined),
    ...each('established', ['OCRQ', 'OCRP', 'OCCN'], 'CDN'),
    ...rows(['wait-reply', 'wait-connect', 'established'], 'Local Close request', close, { send: 'CDN', next: 'idle' }),
    ...rows('wait-tunnel', 'Local Close request', close, { next: 'idle' }),
  ],
};

const PATHS: Record<SessionKind, Partial<Record<SessionState, readonly Act[]>>> = {
  'LAC incoming': { idle: [], 'wait-tunnel': [open], 'wait-reply': [open, tunnelOpen], established: [open, tunnelOpen, receive('ICRP')] },
  'LNS incoming': { idle: [], 'wait-connect': [receive('ICRQ')], established: [receive('ICRQ'), receive('ICCN')] },
  'LAC outgoing': { idle: [], 'wait-cs-answer': [receive('OCRQ')], established: [receive('OCRQ'), answer] },
  'LNS outgoing': {
    idle: [], 'wait-tunnel': [open], 'wait-reply': [open, tunnelOpen], 'wait-connect': [open, tunnelOpen, receive('OCRP')],
    established: [open, tunnelOpen, receive('OCRP'), receive('OCCN')],
  },
};

function machine(kind: SessionKind, state: SessionState, framing = 3): { session: Session; link: Link } {
  const link = new Link(framing);
  const call = kind === 'LAC incoming' ? { callSerialNumber: 1 } : kind === 'LNS outgoing' ? OUTGOING : undefined;
  const session = new Session(toSessionId(8), kind, link, call);
  for (const act of PATHS[kind][state] ?? []) act(session, link);
  assert.is(session.state, state);
  link.sent.length = 0;
  return { session, link };
}

const KINDS: readonly SessionKind[] = ['LAC incoming', 'LNS incoming', 'LAC outgoing', 'LNS outgoing'];
for (const kind of KINDS) {
  const test = suite(`L2TP ${kind} call`);
  for (const { state, event, act, send, next, cleanUp } of TABLES[kind]) {
    test(`${state} + ${event}: ${send[0] === undefined ? 'sends nothing' : `sends ${send[0]}`}, becomes ${next}`, () => {
      const { session, link } = machine(kind, state, event.endsWith('ICCN not acceptable') ? 1 : 3);
      act(session, link);
      assert.equal(link.sent.map((message) => message.type), send);
      assert.is(session.state, next);
      assert.is(session.over, cleanUp);
      assert.is(link.reason !== undefined, cleanUp);
      assert.is(link.ups, next === 'established' || (state === 'established' && cleanUp) ? 1 : 0);
    });
  }
  test('in every state a message that cannot be taken clears the call, with CDN where the peer knows of it', () => {
    for (const state of Object.keys(PATHS[kind])) {
      if (!isState(state) || state === 'idle') continue;
      const { session, link } = machine(kind, state);
      session.invalid('malformed AVP 14', { code: 2, error: 3 }, 0);
      assert.equal(link.sent.map((message) => message.type), state === 'wait-tunnel' ? [] : ['CDN']);
      assert.ok(session.over);
    }
  });
  test('in every state the end of the tunnel ends the call without a message', () => {
    for (const state of Object.keys(PATHS[kind])) {
      if (!isState(state)) continue;
      const { session, link } = machine(kind, state);
      session.tunnelDown(0);
      assert.equal(link.sent, []);
      assert.equal(link.reason, { cause: 'tunnel' });
      assert.is(link.timers.size, 0);
    }
  });
  test('leaves no timer behind in any row', () => {
    for (const { state, act, event, cleanUp } of TABLES[kind]) {
      const { session, link } = machine(kind, state, event.endsWith('ICCN not acceptable') ? 1 : 3);
      act(session, link);
      if (cleanUp) assert.is(link.timers.size, 0, `${state} + ${event}`);
    }
  });
  test.run();
}

function isState(text: string): text is SessionState {
  return ['idle', 'wait-tunnel', 'wait-reply', 'wait-connect', 'wait-cs-answer', 'established'].includes(text);
}
