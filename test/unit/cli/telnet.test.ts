import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TelnetStream, openTelnet } from '../../../firmware/cli/telnet.ts';
import { fromUtf8 } from '../../../firmware/bytes/text.ts';
import { table } from './fixture.ts';
import { TestStream } from './terminal.ts';

const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240];
const GREETING = [IAC, WILL, 1, IAC, WILL, 3, IAC, DO, 31];

function connect() {
  const tcp = new TestStream(false);
  const telnet = new TelnetStream(tcp);
  let text = '';
  const sizes: (readonly number[])[] = [];
  telnet.onData = (data) => { text += fromUtf8(data); };
  telnet.onSize = (...size) => { sizes.push(size); };
  const greeting = tcp.sent.splice(0);
  return { tcp, telnet, greeting, sizes, text: () => text, feed: (...octets: number[]) => tcp.onData(Uint8Array.from(octets)), answers: () => tcp.sent.splice(0) };
}
const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));

test('The server offers ECHO and SUPPRESS-GO-AHEAD and asks for the window size', () => {
  assert.equal(connect().greeting, GREETING);
});

test('Commands are taken out of the text wherever the packets are cut', () => {
  const octets = [...ascii('sh'), IAC, DO, 1, ...ascii('ow'), IAC, SB, 31, 0, 100, 0, 40, IAC, SE, IAC, IAC, ...ascii(' x'), IAC, 241, ...ascii('y\r'), 0];
  for (let cut = 0; cut <= octets.length; cut++) {
    const { feed, text, sizes } = connect();
    feed(...octets.slice(0, cut));
    feed(...octets.slice(cut));
    assert.is(text(), 'show\ufffd xy\r\0', `cut ${cut}`);
    assert.equal(sizes, [[100, 40]]);
  }
});

test('A window size with 255 in it is doubled on the wire; 0 means unknown', () => {
  const { feed, sizes } = connect();
  feed(IAC, SB, 31, 0, IAC, IAC, 0, 24, IAC, SE, IAC, SB, 31, 0, 0, 0, 0, IAC, SE, IAC, SB, 31, 1, IAC, SE);
  assert.equal(sizes, [[255, 24]]);
});

test('Options are answered once, unknown ones refused, and a loop is not entered', () => {
  const { feed, answers } = connect();
  feed(IAC, DO, 1, IAC, DO, 3, IAC, WILL, 31);
  assert.equal(answers(), []);
  feed(IAC, DO, 24, IAC, WILL, 24, IAC, WILL, 3, IAC, WILL, 3, IAC, DONT, 1, IAC, DONT, 1, IAC, WONT, 24);
  assert.equal(answers(), [IAC, WONT, 24, IAC, DONT, 24, IAC, DO, 3, IAC, WONT, 1]);
  for (let i = 0; i < 10_000; i++) feed(IAC, DO, 24, IAC, WILL, 40);
  assert.ok(answers().length <= 256 * 3);
});

test('Interrupt, erase and are-you-there do what their keys do', () => {
  const { feed, text, answers } = connect();
  feed(IAC, 244, IAC, 243, IAC, 247, IAC, 248, IAC, 246);
  assert.is(text(), '\u0003\u0003\u007f\u0015');
  assert.equal(answers(), ascii('[Yes]\r\n'));
});

test('An endless subnegotiation takes no memory and ends at the next command', () => {
  const { feed, text } = connect();
  feed(IAC, SB, 31);
  for (let i = 0; i < 1000; i++) feed(...ascii('x'.repeat(100)));
  assert.is(text(), '');
  feed(IAC, WILL, 3, ...ascii('a'));
  assert.is(text(), 'a');
});

test('255 in output is doubled', () => {
  const { tcp, telnet } = connect();
  telnet.write(Uint8Array.of(1, 255, 2));
  assert.equal(tcp.sent.slice(-4), [1, 255, 255, 2]);
});

test('A TELNET session greets, asks for the login and takes CR NUL as Enter', () => {
  const tcp = new TestStream(false);
  const attempts: string[] = [];
  const session = openTelnet(tcp, {
    table,
    now: () => 0,
    systemName: () => 'RouterA',
    authenticate: ({ user, password, kind }) => {
      attempts.push(`${user} ${password} ${kind}`);
      return { kind: 'accepted', user, level: 'manager' };
    },
    ended: () => undefined,
  });
  assert.equal(tcp.sent.slice(0, GREETING.length), GREETING);
  assert.is(String.fromCharCode(...tcp.sent.slice(GREETING.length)), 'TELNET session now in ESTABLISHED state\r\n\r\nRouterA login: ');
  tcp.type('manager\r\0friend\r\0');
  assert.equal(attempts, ['manager friend telnet']);
  assert.equal(session.login, { user: 'manager', level: 'manager' });
  tcp.onClose();
  assert.ok(tcp.closed);
});

test.run();
