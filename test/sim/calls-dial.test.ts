// Dialled calls in virtual time: callers who are answered, static interfaces that call, calls for an LNS, and lines that are cut at any moment.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { FIRST_KEY, LAST_KEY } from '../../firmware/call/line.ts';
import type { CallLink } from '../../firmware/call/link.ts';
import { fromHex as readHex, hex } from '../../firmware/bytes/hex.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import { DialRig } from './calls-dial.rig.ts';

const fromHex = (digits: string): Uint8Array => readHex(digits) ?? new Uint8Array();
function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}
const LAC = 'ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0';

test('a caller on the port of a call with INANY is answered, and gets the link of a template', () => {
  const rig = new DialRig('bri0');
  assert.match(rig.say(LAC), /^Info/);
  const user = rig.ready('bri0');
  user.modem.ring('0312345678', '0698765432');
  rig.pass(1000);
  assert.equal(rig.seen(), ['arrive ppp1 ISDN-rmt', 'up ppp1']);
  assert.equal(user.events, ['connected']);
  const { kind, call, template, from, callingNumber, calledNumber, speed, bearer, framing } = must(rig.arrivals[0]);
  assert.equal({ kind, call, template, from, callingNumber, calledNumber, speed, bearer, framing }, {
    kind: 'ISDN', call: 'rmt', template: 0, from: '0312345678', callingNumber: '0312345678', calledNumber: '0698765432', speed: 64_000, bearer: 'digital', framing: 'async',
  });
  const session = rig.links.get('ppp1')?.session ?? 0;
  assert.ok(session >= FIRST_KEY && session <= LAST_KEY);
});

test('PPP frames cross between the line and the data plane both ways', () => {
  const rig = new DialRig('bri0');
  rig.say(LAC);
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  const link = must(rig.links.get('ppp1'));
  user.send(fromHex('c02101010004'));
  rig.pass(10);
  assert.equal(rig.frames.map(({ session, data }) => [session, hex(data)]), [[link.session, 'c02101010004']]);
  rig.board.plane.send([{ to: 'session', session: link.session, data: fromHex('c02102010004') }]);
  rig.pass(10);
  assert.equal(user.frames.map(hex), ['ff03c02102010004']);
  const counters = must(link.counters());
  assert.is(counters.inPackets, 1);
  assert.is(counters.outPackets, 1);
});

test('when the caller hangs up, his interface is told and nothing of him is left on the data plane', () => {
  const rig = new DialRig('bri0');
  rig.say(LAC);
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  const link: CallLink = must(rig.links.get('ppp1'));
  user.modem.hangUp();
  rig.pass(2000);
  assert.equal(rig.seen().slice(2), ['down ppp1']);
  assert.is(rig.board.plane.counters(link.session), undefined);
  assert.ok(link.counters() !== undefined, 'what it carried is still known');
  user.modem.ring('', '');
  rig.pass(1000);
  assert.equal(rig.seen(), ['arrive ppp2 ISDN-rmt', 'up ppp2'], 'the line takes the next call');
});

test('when the router hangs up, the modem is told by the escape sequence and the line is free for the next caller', () => {
  const rig = new DialRig('bri0');
  rig.say(LAC);
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  rig.links.get('ppp1')?.hangUp('the user was refused', rig.world.now);
  assert.equal(rig.seen().slice(2), ['down ppp1']);
  rig.pass(5000);
  assert.equal(user.events, ['connected', 'hung up']);
  assert.ok(user.end.open);
  user.modem.ring('', '');
  rig.pass(1000);
  assert.is(user.events.length, 3);
});

test('a call that nobody configured is not answered, and the log says why', () => {
  const rig = new DialRig('bri0', 'bri1');
  rig.say(LAC);
  const user = rig.ready('bri1');
  user.modem.ring('031', '');
  rig.pass(1000);
  assert.equal(user.events, []);
  assert.equal(rig.log, ['ISDN a call from 031 on bri1 is not answered: no ISDN CALL takes it (INANY, INCLI, INSUB, INTREQ)']);
  rig.refuses = 'PPP template 0 does not exist';
  const other = rig.ready('bri0');
  other.modem.ring('031', '');
  rig.pass(1000);
  assert.equal(other.events, []);
  assert.match(rig.log[1] ?? '', /not answered: ISDN-rmt: PPP template 0 does not exist/);
});

const SEARCHES: [string, string, string, boolean][] = [
  ['INCLI=ON', '0312345678', '', true],
  ['INCLI=ON', '0398765432', '', false],
  ['INCLI=ON', '', '', false],
  ['INCLI=ON CALLINGNUMBER=0398765432', '0398765432', '', true],
  ['INCLI=ON ALTNUMBER=03-9876-5432', '0398765432', '', true],
  ['INCLI=7', '0312345678', '', false],
  ['INSUB=LOCAL', '', 'RMT', true],
  ['INSUB=LOCAL', '', 'other', false],
  ['INSUB=REMOTE REMOTECALL=far', '', 'far', true],
  ['INANY=ON CHECKCLI=REQUIRED', '', '', false],
  ['INANY=ON CHECKCLI=PRESENT', '', '', true],
  ['INANY=ON CHECKCLI=PRESENT', '0398765432', '', false],
  ['INANY=ON CHECKCLI=REQUIRED', '0312345678', '', true],
  ['INANY=ON CHECKSUB=LOCAL', '', 'rmt', true],
  ['INANY=ON CHECKSUB=LOCAL', '', '', false],
  ['INANY=ON DIRECTION=OUT', '', '', false],
  ['INANY=ON INTREQ=bri7', '', '', false],
  ['PRIORITY=1', '0312345678', '', false],
];
for (const [options, calling, subAddress, taken] of SEARCHES) {
  test(`a call from "${calling}" to subaddress "${subAddress}" is ${taken ? '' : 'not '}answered with ${options}`, () => {
    const rig = new DialRig('bri0');
    assert.match(rig.say(`ADD ISDN CALL=rmt NUMBER=03-1234-5678 PRECEDENCE=IN USER=PPP PPPTEMPLATE=0 ${options}`), /^Info/);
    const user = rig.ready('bri0');
    user.end.write(utf8(`\r\nRING\r\n+CLIP: "${calling}",129\r\n+CDIP: "06",129,"${subAddress}",128\r\n`));
    rig.pass(1000);
    assert.is(rig.arrivals.length, taken ? 1 : 0);
  });
}

test('of several calls the one whose subaddress or number fits takes the caller before INANY does', () => {
  const rig = new DialRig('bri0');
  rig.say('ADD ISDN CALL=any NUMBER=0 PRECEDENCE=IN INANY=ON USER=PPP PPPTEMPLATE=0');
  rig.say('ADD ISDN CALL=cli NUMBER=031 PRECEDENCE=IN INCLI=ON USER=PPP PPPTEMPLATE=1');
  const user = rig.ready('bri0');
  user.modem.ring('031', '');
  rig.pass(1000);
  assert.equal(rig.seen(), ['arrive ppp1 ISDN-cli', 'up ppp1']);
});

test('an ACC call with DIRECTION=ANSWER takes callers on its port, and the two lines of AlliedWare say so', () => {
  const rig = new DialRig('asyn1', 'asyn2');
  rig.say('ADD ACC CALL=dialin DIRECTION=ANSWER ASYN=1 PPPTEMPLATE=3');
  const wrong = rig.ready('asyn2');
  wrong.modem.ring('', '');
  rig.pass(5000);
  assert.equal(rig.arrivals, []);
  const user = rig.ready('asyn1', 33_600);
  user.modem.ring('', '');
  rig.pass(5000);
  assert.equal(rig.seen(), ['arrive ppp1 ACC-dialin', 'up ppp1']);
  assert.is(rig.arrivals[0]?.speed, 33_600);
  assert.is(rig.arrivals[0]?.bearer, 'analog');
  assert.equal(rig.announced, ['Info (146281): Call completed successfully.', 'Info (146275): Call CONNECTED on asyn 1.']);
});

/** A rig with a static interface that wants its call. */
function calling(options = '', port = 'bri0'): DialRig {
  const rig = new DialRig(port);
  rig.say(`ADD ISDN CALL=toi NUMBER=031 PRECEDENCE=OUT ${options}`);
  rig.interfaces.set('isdn-toi', { name: 'ppp0', enabled: true });
  return rig;
}

test('a static interface that wants its call gets it made, and lets it go', () => {
  const rig = calling('SUBADDRESS=10');
  const far = rig.ready('bri0');
  assert.is(rig.dial.layerExists('ISDN-TOI'), true);
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(100);
  assert.equal(far.dialled, ['031/10']);
  assert.equal(rig.seen(), ['up ISDN-toi']);
  assert.is(rig.dial.bandwidth('isdn-toi'), 64_000);
  rig.dial.unwant('ISDN-toi', 'the interface is closed', rig.world.now);
  assert.equal(rig.seen(), ['down ISDN-toi: the interface is closed']);
  rig.pass(5000);
  assert.equal(far.events, ['connected', 'hung up']);
  rig.pass(100_000);
  assert.is(far.dialled.length, 1);
});

test('a static interface whose port has no line yet is told so by name, and called when one comes', () => {
  const rig = calling('INTREQ=bri0');
  rig.dial.want('ISDN-toi', rig.world.now);
  assert.equal(rig.seen(), ['down ISDN-toi: no line of bri0 is connected.']);
  assert.is(rig.dial.waiting('ISDN-toi', rig.world.now), 'ISDN-toi cannot be called: no line of bri0 is connected');
  rig.ready('bri0');
  assert.equal(rig.seen(), ['up ISDN-toi']);
});

test('a board without the port says so', () => {
  const rig = calling('INTREQ=bri3');
  rig.dial.want('ISDN-toi', rig.world.now);
  assert.equal(rig.seen(), ['down ISDN-toi: the board has no ISDN port bri3.']);
});

test('a call that fails is made again as RETRYN1, RETRYT1, RETRYN2 and RETRYT2 say', () => {
  const rig = calling('RETRYN1=2 RETRYT1=10 RETRYN2=1 RETRYT2=300');
  const far = rig.ready('bri0');
  far.results = Array.from({ length: 20 }, () => 'BUSY' as const);
  const at: number[] = [];
  let had = 0;
  const start = rig.world.now;
  rig.dial.want('ISDN-toi', start);
  rig.pass(500);
  while (at.length < 7 && rig.world.now < start + 3_600_000) {
    if (far.dialled.length > had) at.push(Math.floor((rig.world.now - start) / 1000));
    had = far.dialled.length;
    rig.pass(1000);
  }
  // Three attempts, the pause, three more, then a wait that doubles from RETRYT1.
  assert.equal(at, [0, 10, 20, 320, 330, 340, 350]);
  assert.match(rig.seen()[0] ?? '', /^down ISDN-toi: the far end is busy/);
  assert.match(rig.dial.waiting('ISDN-toi', rig.world.now) ?? '', /busy; next attempt in \d+ s$/);
});

test('a busy number is followed by ALTNUMBER at once', () => {
  const rig = calling('ALTNUMBER=069');
  const far = rig.ready('bri0');
  far.results = ['BUSY'];
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(100);
  assert.equal(far.dialled, ['031', '069']);
  assert.equal(rig.seen(), ['up ISDN-toi']);
});

test('a call over which PPP had opened is made again at once when it is lost', () => {
  const rig = calling();
  const far = rig.ready('bri0');
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(100);
  rig.links.get('ISDN-toi')?.negotiated(rig.world.now);
  far.modem.hangUp();
  rig.pass(2000);
  assert.is(far.dialled.length, 2);
  assert.is(rig.seen().length, 3);
});

test('HOLDUP keeps a call that nobody wants, and gives it back to who wants it again', () => {
  const rig = calling('HOLDUP=60');
  const far = rig.ready('bri0');
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(10_000);
  rig.dial.unwant('ISDN-toi', 'idle', rig.world.now);
  rig.pass(20_000);
  assert.equal(far.events, ['connected']);
  rig.dial.want('ISDN-toi', rig.world.now);
  assert.equal(rig.seen(), ['up ISDN-toi', 'down ISDN-toi: idle', 'up ISDN-toi']);
  rig.dial.unwant('ISDN-toi', 'idle', rig.world.now);
  rig.pass(40_000);
  assert.equal(far.events, ['connected', 'hung up']);
  assert.is(far.dialled.length, 1);
});

test('a call for a static interface is answered, and one that it is making gives way by PRECEDENCE', () => {
  for (const [precedence, answered] of [['IN', true], ['OUT', false]] as const) {
    const rig = new DialRig('bri0');
    rig.say(`ADD ISDN CALL=toi NUMBER=031 PRECEDENCE=${precedence} INANY=ON`);
    rig.interfaces.set('isdn-toi', { name: 'ppp0', enabled: true });
    const first = rig.ready('bri0');
    // Dials and hears nothing for now.
    first.end.onData = () => {};
    rig.dial.want('ISDN-toi', rig.world.now);
    const second = rig.ready('bri0');
    second.modem.ring('031', '');
    rig.pass(1000);
    assert.equal(second.events, answered ? ['connected'] : [], precedence);
    assert.equal(rig.seen(), answered ? ['up ISDN-toi'] : [], precedence);
  }
});

test('a static interface that is disabled, missing or has a call takes no other', () => {
  const rig = new DialRig('bri0');
  rig.say('ADD ISDN CALL=toi NUMBER=031 PRECEDENCE=IN INANY=ON DIRECTION=IN');
  const ringing = (): boolean => {
    const far = rig.ready('bri0');
    far.modem.ring('031', '');
    rig.pass(1000);
    return far.events.includes('connected');
  };
  assert.not.ok(ringing());
  rig.interfaces.set('isdn-toi', { name: 'ppp0', enabled: false });
  assert.not.ok(ringing());
  rig.interfaces.set('isdn-toi', { name: 'ppp0', enabled: true });
  assert.ok(ringing());
  assert.not.ok(ringing());
  const why = rig.log.filter((line) => line.includes('not answered')).map((line) => line.replace(/.*ISDN-toi: /, ''));
  assert.equal(why, ['no PPP interface is over it (CREATE PPP OVER=ISDN-toi)', 'interface ppp0 is disabled', 'ppp0 has a call already']);
});

test('ACTIVATE makes a call of a template too, and DEACTIVATE ends it', () => {
  const rig = new DialRig('asyn1');
  rig.say('ADD ACC CALL=out DIRECTION=ORIGINATE NUMBER=031 PPPTEMPLATE=2');
  assert.is(rig.say('ACTIVATE ACC CALL=out'), 'Error (346047): ACC call out cannot be made: no line of asyn1 is connected.');
  const far = rig.ready('asyn1');
  assert.match(rig.say('ACTIVATE ACC CALL=out'), /^Info/);
  rig.pass(100);
  assert.equal(rig.seen(), ['arrive ppp1 ACC-out', 'up ppp1']);
  assert.is(rig.say('ACTIVATE ACC CALL=out'), 'Warning (246043): ACC call out is already active.');
  assert.match(rig.say('DELETE ACC CALL=out'), /in use by interface ppp1/);
  assert.match(rig.say('DEACTIVATE ACC CALL=out'), /^Info/);
  assert.equal(rig.seen(), ['down ppp1']);
  rig.pass(5000);
  assert.equal(far.events, ['connected', 'hung up']);
  assert.match(rig.say('DELETE ACC CALL=out'), /^Info/);
});

test('DEACTIVATE keeps a static call down until ACTIVATE', () => {
  const rig = calling('RETRYT1=5');
  const far = rig.ready('bri0');
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(100);
  rig.say('DEACTIVATE ISDN CALL=toi');
  rig.pass(600_000);
  assert.is(far.dialled.length, 1);
  assert.match(rig.dial.waiting('ISDN-toi', rig.world.now) ?? '', /ACTIVATE ISDN CALL=toi/);
  assert.match(rig.say('ACTIVATE ISDN CALL=toi'), /^Info/);
  rig.pass(100);
  assert.is(far.dialled.length, 2);
});

// -- calls for an LNS --

interface Made {
  readonly events: string[];
  handle: ReturnType<DialRig['dial']['dial']> | undefined;
}

function dialFor(rig: DialRig, request: Partial<Parameters<DialRig['dial']['dial']>[0]>): Made {
  const made: Made = { events: [], handle: undefined };
  made.handle = rig.dial.dial(
    { call: '', number: '', subAddress: '', bearer: 'digital', ...request },
    {
      connected: (link, { speed, framing }) => made.events.push(`connected ${speed} ${framing} ${link.session >= FIRST_KEY}`),
      failed: (cause) => made.events.push(`failed ${cause}`),
      down: () => made.events.push('down'),
    },
    rig.world.now,
  );
  return made;
}

test('a call for an LNS is made by name, with its number where none is given, and its end is told', () => {
  const rig = calling();
  const far = rig.ready('bri0');
  const made = dialFor(rig, { call: 'TOI' });
  rig.pass(100);
  assert.equal(far.dialled, ['031']);
  assert.equal(made.events, ['connected 64000 async true']);
  far.modem.hangUp();
  rig.pass(2000);
  assert.equal(made.events.slice(1), ['down']);
  dialFor(rig, { call: 'toi', number: '069', subAddress: '7' });
  rig.pass(100);
  assert.is(far.dialled[1], '069/7');
});

test('what keeps a call for an LNS from being made is told by its result code', () => {
  const rig = calling();
  const far = rig.ready('bri0');
  const cases = [['BUSY', 8], ['NO DIALTONE', 9], ['NO ANSWER', 10], ['NO CARRIER', 1], ['ERROR', 6]] as const;
  for (const [result, cause] of cases) {
    far.results = [result];
    const made = dialFor(rig, { call: 'toi' });
    rig.pass(1000);
    assert.equal(made.events, [`failed ${cause}`]);
  }
  assert.equal(dialFor(rig, { call: 'nobody' }).handle, { refused: 'there is no ISDN or ACC call nobody', cause: 6 });
  assert.equal(dialFor(rig, { call: 'toi', number: '1\r2' }).handle, { refused: '"1\r2" is no number that can be dialled', cause: 6 });
  dialFor(rig, { call: 'toi' });
  assert.equal(dialFor(rig, { call: 'toi' }).handle, { refused: 'no line of bri0 is free', cause: 4 });
});

test('a bare number goes out on any port of the bearer', () => {
  const rig = new DialRig('bri0', 'asyn1');
  const [isdn, modem] = [rig.ready('bri0'), rig.ready('asyn1')];
  dialFor(rig, { number: '069', bearer: 'analog' });
  rig.pass(100);
  assert.equal([isdn.dialled, modem.dialled], [[], ['069']]);
  dialFor(rig, { number: '069' });
  rig.pass(100);
  assert.equal(isdn.dialled, ['069']);
});

test('an LNS that hangs up ends the call, whatever became of it, and is told nothing more', () => {
  for (const wait of [0, 100]) {
    const rig = calling();
    const far = rig.ready('bri0');
    const made = dialFor(rig, { call: 'toi' });
    rig.pass(wait);
    const handle = must(made.handle);
    if ('hangUp' in handle) handle.hangUp('the LNS has gone', rig.world.now);
    const before = made.events.length;
    rig.pass(10_000);
    assert.is(made.events.length, before);
    assert.is(rig.dial.lines().filter(({ use }) => use !== undefined).length, 0);
    assert.ok(!far.modem.online, `after ${wait} ms`);
  }
});

// -- what may go wrong --

test('packets for a line that takes nothing are dropped beyond a second of it, PPP later, and counted', () => {
  const rig = new DialRig('bri0');
  rig.say(LAC);
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  user.end.stuck = true;
  const packet = Uint8Array.of(0x00, 0x21, ...new Uint8Array(1000));
  for (let i = 0; i < 100; i++) assert.ok(rig.dial.line(must(rig.links.get('ppp1')).session, packet));
  const { backlog } = user.end.line;
  assert.ok(backlog > 8000 && backlog < 12_000, `${backlog}`);
  assert.ok((rig.dial.lines()[0]?.counters.dropped ?? 0) > 90);
});

test('a frame for no session of ours is not taken', () => {
  const rig = new DialRig('bri0');
  assert.not.ok(rig.dial.line(1 as never, Uint8Array.of(0, 0x21)));
});

test('a line that is cut at any moment leaves nothing behind', () => {
  for (let moment = 0; moment < 40; moment++) {
    const rig = new DialRig('bri0');
    rig.say(LAC);
    const user = rig.plug('bri0');
    user.modem.ring('031', '');
    // Each turn of the dialogue is one of the world's.
    let turns = 0;
    rig.world.run(60_000, () => turns++ >= moment);
    user.end.close();
    rig.pass(120_000);
    assert.is(rig.dial.lines().length, 0, `moment ${moment}`);
    assert.is(rig.world.pending, 0, `moment ${moment}: timers`);
    const ups = rig.told.filter((line) => line.startsWith('arrive')).length;
    assert.is(rig.told.filter((line) => line.startsWith('down')).length, ups, `moment ${moment}: ${rig.told.join(', ')}`);
  }
});

test('the end of the router ends calls and lines', () => {
  const rig = calling();
  rig.say(LAC);
  const user = rig.ready('bri0');
  const other = rig.ready('bri0');
  user.modem.ring('031', '');
  rig.dial.want('ISDN-toi', rig.world.now);
  rig.pass(1000);
  rig.dial.close(rig.world.now);
  rig.pass(120_000);
  assert.not.ok(user.end.open || other.end.open);
  assert.is(rig.world.pending, 0);
  assert.not.ok(rig.plug('bri0').end.open, 'who connects later is turned away');
});

test('random dialogues and garbage leave the dialler as it was, and the next caller is answered', () => {
  const rig = new DialRig('bri0');
  rig.say(LAC);
  const WORDS = ['\r\nOK\r\n', '\r\nRING\r\n', '\r\nCONNECT 64000\r\n', '\r\nNO CARRIER\r\n', '\r\nERROR\r\n', '+CLIP: "0', 'BUSY\r', '~\xff}#\xc0!', '~', '\0', 'RING;031\r\n', '\n', 'AT', '}~'];
  const { random } = rig.world;
  for (let round = 0; round < 300; round++) {
    const end = rig.board.calls.connect('bri0');
    for (let i = 0; i < 40; i++) {
      const word = WORDS[Math.floor(random.next() * WORDS.length)] ?? '';
      end.write(random.next() < 0.2 ? random.bytes(Math.floor(random.next() * 60)) : Uint8Array.from(word, (c) => c.charCodeAt(0)));
      rig.pass(random.next() < 0.1 ? 5000 : Math.floor(random.next() * 300));
      if (random.next() < 0.05) for (const link of rig.links.values()) link.hangUp('by chance', rig.world.now);
    }
    end.close();
    rig.pass(1);
  }
  rig.pass(600_000);
  assert.is(rig.dial.lines().length, 0);
  assert.is(rig.world.pending, 0);
  assert.is(rig.links.size, 0);
  const downs = rig.told.filter((line) => line.startsWith('down')).length;
  assert.is(downs, rig.arrivals.length);
  assert.ok(rig.told.filter((line) => line.startsWith('up')).length > 10, 'some of them were calls');
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  assert.equal(user.events, ['connected']);
});

test.run();
