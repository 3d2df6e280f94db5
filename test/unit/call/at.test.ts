// The router's side of AT dialogues: setting a modem up, calls that ring, calls that are made, and how they end.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { AtLine, type AtState } from '../../../firmware/call/at.ts';
import { fromUtf8, utf8 } from '../../../firmware/bytes/text.ts';

/** A line whose events and octets are kept as text, in order. */
class Rig {
  readonly events: string[] = [];
  sent = '';
  now = 0;
  readonly at: AtLine;

  constructor(kind: 'isdn' | 'async' = 'isdn') {
    this.at = new AtLine(kind, {
      write: (octets) => (this.sent += fromUtf8(octets)),
      data: (octets) => this.events.push(`data ${fromUtf8(octets)}`),
      ready: () => this.events.push('ready'),
      ring: ({ callingNumber, calledNumber, subAddress }) => this.events.push(`ring ${callingNumber}/${calledNumber}/${subAddress}`),
      connected: (speed) => this.events.push(`connected ${speed ?? '?'}`),
      ended: (end) => this.events.push(`ended ${end}`),
      drop: () => this.events.push('drop'),
      mute: () => this.events.push('mute'),
    });
    this.at.start(0);
  }

  /** What has been written since the last call. */
  take(): string {
    const text = this.sent;
    this.sent = '';
    return text;
  }

  says(text: string): void {
    this.at.receive(utf8(text), this.now);
  }

  /** Lets time pass, ticking when it is due. */
  pass(span: number): void {
    const end = this.now + span;
    for (let due = this.at.deadline(); due <= end; due = this.at.deadline()) {
      this.now = Math.max(this.now, due);
      this.at.tick(this.now);
    }
    this.now = end;
  }

  seen(): string[] {
    return this.events.splice(0);
  }

  ready(): this {
    for (let i = 0; i < 5; i++) this.says('\r\nOK\r\n');
    assert.equal(this.seen(), ['ready']);
    this.take();
    return this;
  }

  online(): this {
    this.ready().says('\r\nRING\r\n+CLIP: "031",129\r\n');
    this.pass(300);
    assert.ok(this.at.answer(this.now));
    this.says('\r\nCONNECT 64000\r\n');
    this.seen();
    this.take();
    return this;
  }

  is(state: AtState): void {
    assert.is(this.at.state, state);
  }
}

test('a modem is reset, told to give words and no echo, and the rest as far as it takes it', () => {
  const rig = new Rig();
  const commands: string[] = [];
  for (const answer of ['OK', 'OK', 'ERROR', 'ERROR', 'ERROR']) {
    commands.push(rig.take());
    rig.says(`\r\n${answer}\r\n`);
  }
  assert.equal(commands, ['ATZ\r', 'ATE0V1Q0S0=0\r', 'ATX4&C1&D2&K3\r', 'AT+CLIP=1\r', 'AT+CDIP=1\r']);
  assert.equal(rig.seen(), ['ready']);
  rig.is('idle');
});

test('a modem that echoes and answers in digits is set up too', () => {
  const rig = new Rig();
  rig.says('ATZ\r0\r');
  assert.is(rig.take(), 'ATZ\rATE0V1Q0S0=0\r');
  rig.says('ATE0V1Q0S0=0\r\r\nOK\r\n');
  assert.is(rig.take(), 'ATX4&C1&D2&K3\r');
  assert.is(rig.at.garbage, 0);
});

test('a modem that does not answer is asked five times, then every half minute', () => {
  const rig = new Rig();
  rig.pass(14_000);
  assert.is(rig.take(), 'ATZ\r'.repeat(5));
  rig.pass(2000);
  assert.equal(rig.seen(), ['mute']);
  rig.pass(29_000);
  rig.pass(1000);
  assert.is(rig.take(), 'ATZ\r');
  rig.ready();
});

test('a call that rings is told once, with the number that comes behind the ring, and again when it rings anew', () => {
  const rig = new Rig().ready();
  rig.says('\r\nRING\r\n\r\n+CLIP: "0312345678",129\r\n');
  rig.pass(3000);
  rig.says('\r\nRING\r\n\r\n+CLIP: "0312345678",129\r\n');
  rig.pass(3000);
  assert.equal(rig.seen(), ['ring 0312345678//']);
  rig.pass(10_000);
  assert.equal(rig.seen(), ['ready']);
  rig.says('\r\nRING\r\n');
  rig.pass(600);
  assert.equal(rig.seen(), ['ring //']);
});

const FORMS: [string, string][] = [
  ['RING;0312345678', '0312345678//'],
  ['RING 03-1234-5678', '0312345678//'],
  ['+CRING: REL ASYNC', '//'],
  ['RING\r\n+CLIP: "+81312345678",145', '81312345678//'],
  ['RING\r\n+CLIP: 0312345678,129', '0312345678//'],
  ['RING\r\n+CLIP: "",128', '//'],
  ['RING\r\n+CLIP: "031",129\r\n+CDIP: "0698",129,"10",128', '031/0698/10'],
  ['+CLIP: "031",129\r\nRING', '031//'],
  ['RING\r\nNMBR = 0312345678', '0312345678//'],
  ['RING\r\nDATE = 1002\r\nTIME = 1156\r\nNMBR=031\r\nNAME=BRANCH', '031//'],
  ['RING\r\nCALLER NUMBER: 031\r\nCALLED NUMBER: 0698/10', '031/0698/10'],
  ['RING\r\nFROM:031\r\nTO:0698', '031/0698/'],
  ['RING\r\nNMBR = P', '//'],
];
for (const [form, expected] of FORMS) {
  test(`who calls is read from "${form.replaceAll('\r\n', ' | ')}"`, () => {
    const rig = new Rig().ready();
    rig.says(`\r\n${form}\r\n`);
    rig.pass(700);
    assert.equal(rig.seen(), [`ring ${expected}`]);
    assert.is(rig.at.garbage, 0);
  });
}

test('a number of an earlier call is not that of the next', () => {
  const rig = new Rig().ready();
  rig.says('RING\r\n+CLIP: "031",129\r\n');
  rig.pass(20_000);
  rig.says('RING\r\n');
  rig.pass(1000);
  assert.equal(rig.seen(), ['ring 031//', 'ready', 'ring //']);
});

test('a call that rings while the modem is set up is told when that is done', () => {
  const rig = new Rig();
  rig.says('\r\nRING\r\n');
  for (let i = 0; i < 5; i++) rig.says('\r\nOK\r\n');
  rig.pass(600);
  assert.equal(rig.seen(), ['ring //']);
});

test('an analog modem has time until its second ring to say who calls', () => {
  const rig = new Rig('async').ready();
  rig.says('\r\nRING\r\n');
  rig.pass(2000);
  assert.equal(rig.seen(), []);
  rig.says('NMBR = 031\r\n');
  rig.pass(300);
  assert.equal(rig.seen(), ['ring 031//']);
  const other = new Rig('async').ready();
  other.says('\r\nRING\r\n');
  other.pass(1000);
  other.says('\r\nRING\r\n');
  assert.equal(other.seen(), ['ring //']);
});

test('an answered call is up with the speed that CONNECT names, and what follows is data', () => {
  const rig = new Rig().ready();
  rig.says('\r\nRING;031\r\n');
  rig.pass(300);
  assert.ok(rig.at.answer(rig.now));
  assert.is(rig.take(), 'ATA\r');
  rig.says('\r\nRING;031\r\n\r\nCARRIER 33600\r\n\r\nCONNECT 57600/V.34/LAPM\r\n~data');
  assert.equal(rig.seen(), ['ring 031//', 'connected 57600', 'data ~data']);
  assert.is(rig.at.garbage, 0);
});

test('a caller who gives up before he is answered is forgotten', () => {
  const rig = new Rig().ready();
  rig.says('\r\nRING;031\r\n');
  rig.pass(300);
  rig.says('\r\nNO CARRIER\r\n');
  assert.not.ok(rig.at.answer(rig.now));
  assert.equal(rig.seen(), ['ring 031//', 'ready']);
  rig.is('idle');
});

test('a call that is made goes out by tones on modems and as it is on ISDN lines, a subaddress behind a slash', () => {
  const isdn = new Rig('isdn').ready();
  assert.ok(isdn.at.dial('03-1234', '10', 0));
  assert.is(isdn.take(), 'ATD03-1234/10\r');
  const modem = new Rig('async').ready();
  assert.ok(modem.at.dial('*99#', '', 0));
  assert.is(modem.take(), 'ATDT*99#\r');
  modem.says('\r\nRINGING\r\n\r\nCONNECT\r\n');
  assert.equal(modem.seen(), ['connected ?']);
});

test('a number that is none is not dialled, whatever it holds', () => {
  const rig = new Rig().ready();
  for (const number of ['', '12\rATH', '031;+X', 'a', '1'.repeat(32)]) assert.not.ok(rig.at.dial(number, '', 0), JSON.stringify(number));
  assert.not.ok(rig.at.dial('031', '1/2', 0));
  assert.is(rig.take(), '');
});

const RESULTS: [string, string][] = [
  ['BUSY', 'busy'], ['NO CARRIER', 'no carrier'], ['NO DIALTONE', 'no dial tone'], ['NO DIAL TONE', 'no dial tone'], ['NO ANSWER', 'no answer'], ['ERROR', 'refused'],
];
for (const [word, end] of RESULTS) {
  test(`${word} ends a call that is being made`, () => {
    const rig = new Rig().ready();
    rig.at.dial('031', '', 0);
    rig.says(`\r\n${word}\r\n`);
    assert.equal(rig.seen(), [`ended ${end}`, 'ready']);
    assert.ok(rig.at.dial('031', '', 0));
  });
}

test('a call without an answer of the modem ends after a minute, and the modem is told', () => {
  const rig = new Rig().ready();
  rig.at.dial('031', '', 0);
  rig.take();
  rig.pass(59_000);
  assert.equal(rig.seen(), []);
  rig.pass(1000);
  assert.equal(rig.seen(), ['ended timeout']);
  assert.is(rig.take(), '\r');
  rig.says('\r\nNO CARRIER\r\n');
  assert.equal(rig.seen(), ['ready']);
});

test('hanging up is silence, the escape sequence, silence and ATH', () => {
  const rig = new Rig().online();
  rig.at.hangUp(rig.now);
  rig.pass(1000);
  assert.is(rig.take(), '');
  rig.pass(200);
  assert.is(rig.take(), '+++');
  rig.says('~ what was on its way ~\r\nOK\r\n');
  assert.is(rig.take(), 'ATH\r');
  rig.says('\r\nOK\r\n');
  assert.equal(rig.seen(), ['ready']);
});

test('a modem that does not take the escape sequence is cut off', () => {
  const rig = new Rig().online();
  rig.at.hangUp(rig.now);
  rig.pass(10_000);
  assert.equal(rig.seen(), ['drop']);
  rig.is('closed');
});

test('a call that connects in the moment it is given up is ended', () => {
  const rig = new Rig().ready();
  rig.at.dial('031', '', 0);
  rig.at.hangUp(0);
  assert.is(rig.take(), 'ATD031\r\r');
  rig.says('\r\nCONNECT 64000\r\n');
  rig.pass(1200);
  assert.is(rig.take(), '+++');
  rig.says('\r\nOK\r\n');
  rig.says('\r\nOK\r\n');
  assert.equal(rig.seen(), ['ready']);
});

test('NO CARRIER behind a flag ends the call, wherever the line cuts it', () => {
  const line = '~data~\r\nNO CARRIER\r\n';
  for (let cut = 0; cut <= line.length; cut++) {
    const rig = new Rig().online();
    rig.says(line.slice(0, cut));
    rig.says(line.slice(cut));
    assert.equal(rig.seen().filter((event) => !event.startsWith('data')), ['ended no carrier', 'ready'], `cut at ${cut}`);
  }
});

test('NO CARRIER inside a frame is data, unless nothing comes behind it', () => {
  const rig = new Rig().online();
  rig.says('~frame with\r\nNO CARRIER\r\n');
  rig.pass(500);
  rig.says('in it~');
  rig.pass(5000);
  rig.is('online');
  rig.seen();
  rig.says('~cut short\r\nNO CARRIER\r\n');
  rig.pass(1100);
  assert.equal(rig.seen().slice(1), ['ended no carrier', 'ready']);
  const other = new Rig().online();
  other.says('~NO CARRIER~ \r\nNO CARRIER~\r\n NO CARRIER\r\n');
  other.pass(5000);
  other.is('online');
});

test('a line that is cut ends its call, whatever it is doing', () => {
  const online = new Rig().online();
  online.at.closed(online.now);
  assert.equal(online.seen(), ['ended line cut']);
  const dialling = new Rig().ready();
  dialling.at.dial('031', '', 0);
  dialling.at.closed(0);
  assert.equal(dialling.seen(), ['ended line cut']);
  const idle = new Rig().ready();
  idle.at.closed(0);
  assert.equal(idle.seen(), []);
  assert.is(idle.at.deadline(), Infinity);
});

test('lines without end and lines that mean nothing are counted and do no harm', () => {
  const rig = new Rig().ready();
  rig.says('x'.repeat(100_000));
  rig.says('\r\nWHAT IS THIS\r\n\u0000\u0007\r\n');
  assert.is(rig.at.garbage, 2);
  rig.says('\r\nRING;031\r\n');
  rig.pass(300);
  assert.equal(rig.seen(), ['ring 031//']);
});

test.run();
