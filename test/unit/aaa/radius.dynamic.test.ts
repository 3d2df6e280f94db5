// Disconnect- and CoA-Requests (RFC 5176) of servers on a simulated wire.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { hex } from '../../../firmware/bytes/hex.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { RadiusSession } from '../../../firmware/aaa/accounting.ts';
import { ATTRIBUTE, firstNumber, number, octets, text, type Attribute } from '../../../firmware/aaa/radius.attribute.ts';
import { checkMessageAuthenticator, CODE, encodeDigestRequest, hmac, parsePacket, replyIsTrue, type Packet, type Trust } from '../../../firmware/aaa/radius.packet.ts';
import type { UdpSocket } from '../../../firmware/hal/io.ts';
import { CLIENT, ip, LINE, Net, sure, type FakeServer } from './radius.rig.ts';

/** A router with two sessions of nemo and one of dory, and a server that asks. */
class Rig {
  readonly net = new Net();
  readonly server: FakeServer = this.net.server();
  /** What happened to sessions. */
  readonly done: string[] = [];
  readonly answers: Packet[] = [];
  readonly #socket: UdpSocket;
  #id = 0;

  constructor() {
    this.net.radius.putServer(this.server.as({ accPort: 0 }), this.net.now);
    for (const [name, id, address, port] of [['nemo', 'a1', '10.9.0.1', 1], ['nemo', 'a2', '10.9.0.2', 2], ['dory', 'b1', '10.9.0.3', 3]] as const) {
      const session: RadiusSession = {
        name, line: { ...LINE, sessionId: id, nasPort: port }, class: [], interim: undefined, proved: 'radius',
        address: () => ip(address),
        traffic: () => undefined,
        disconnect: (reason, now) => {
          this.done.push(`${id} ends: ${reason}`);
          account.end('Admin-Reset', now);
        },
        change: (limits) => this.done.push(`${id} ${JSON.stringify(limits)}`),
      };
      const account = this.net.radius.begin(session, this.net.now);
    }
    this.#socket = this.#open(this.server);
  }

  #open(server: FakeServer): UdpSocket {
    return server.udp.open({ port: 0, failed: () => assert.unreachable(), received: (_from, _port, data) => this.answers.push(sure(packetOf(data.slice()))) });
  }

  /** A further port of the server's. */
  another(): UdpSocket {
    return this.#open(this.server);
  }

  request(code: number, attributes: readonly Attribute[], trust: Trust = this.server.trust): Uint8Array {
    return encodeDigestRequest({ code, id: this.#id++ & 255, attributes }, trust);
  }

  /** Sends a request from a server (or elsewhere) and gives what came back. */
  send(request: Uint8Array, from: UdpSocket = this.#socket): Packet | undefined {
    this.answers.length = 0;
    from.send(CLIENT, 3799, request);
    this.net.world.run(20);
    assert.ok(this.answers.length <= 1);
    return this.answers[0];
  }

  ask(code: 'Disconnect-Request' | 'CoA-Request', ...attributes: readonly Attribute[]): string {
    const request = this.request(CODE[code], attributes);
    const answer = this.send(request);
    if (answer === undefined) return 'nothing';
    assert.ok(replyIsTrue(answer, sure(packetOf(request)).authenticator, this.server.trust));
    const name = Object.entries(CODE).find(([, value]) => value === answer.code)?.[0] ?? '';
    const cause = firstNumber(answer.attributes, 'Error-Cause');
    return cause === undefined ? name : `${name} ${cause}`;
  }
}

function packetOf(data: Uint8Array): Packet | undefined {
  const packet = parsePacket(data);
  return typeof packet === 'string' ? undefined : packet;
}

const name = (value: string): Attribute => text('User-Name', value);
const ENDED = 'RADIUS server 10.0.0.11 asked for it';

test('A Disconnect-Request ends the session that all its attributes fit', () => {
  const rig = new Rig();
  assert.is(rig.ask('Disconnect-Request', name('nemo'), text('Acct-Session-Id', 'a2')), 'Disconnect-ACK');
  assert.is(rig.ask('Disconnect-Request', number('Framed-IP-Address', ip('10.9.0.3'))), 'Disconnect-ACK');
  assert.is(rig.ask('Disconnect-Request', number('NAS-Port', 1), text('Calling-Station-Id', LINE.callingNumber), text('Called-Station-Id', LINE.calledNumber)), 'Disconnect-ACK');
  assert.equal(rig.done, [`a2 ends: ${ENDED}`, `b1 ends: ${ENDED}`, `a1 ends: ${ENDED}`]);
});

test('A Disconnect-Request with a user name alone ends all sessions of the user', () => {
  const rig = new Rig();
  assert.is(rig.ask('Disconnect-Request', name('nemo')), 'Disconnect-ACK');
  assert.equal(rig.done, [`a1 ends: ${ENDED}`, `a2 ends: ${ENDED}`]);
  assert.is(rig.net.radius.accounts.sessions().length, 1);
});

test('A CoA-Request sets the limits it names', () => {
  const rig = new Rig();
  assert.is(rig.ask('CoA-Request', name('dory'), number('Session-Timeout', 900), number('Idle-Timeout', 60)), 'CoA-ACK');
  assert.is(rig.ask('CoA-Request', text('Acct-Session-Id', 'a1'), number('Session-Timeout', 0)), 'CoA-ACK');
  assert.equal(rig.done, ['b1 {"sessionTimeout":900,"idleTimeout":60}', 'a1 {"sessionTimeout":0}']);
});

/** [request, attributes, answer]. */
const REFUSED: readonly (readonly ['Disconnect-Request' | 'CoA-Request', readonly Attribute[], string])[] = [
  ['Disconnect-Request', [], 'Disconnect-NAK 402'],
  ['Disconnect-Request', [text('NAS-Identifier', 'RouterA')], 'Disconnect-NAK 402'],
  ['CoA-Request', [], 'CoA-NAK 402'],
  ['CoA-Request', [name('nemo')], 'CoA-NAK 402'],
  ['CoA-Request', [number('Session-Timeout', 9)], 'CoA-NAK 402'],
  ['Disconnect-Request', [name('nobody')], 'Disconnect-NAK 503'],
  ['Disconnect-Request', [name('NEMO')], 'Disconnect-NAK 503'],
  ['Disconnect-Request', [name('dory'), text('Acct-Session-Id', 'a1')], 'Disconnect-NAK 503'],
  ['Disconnect-Request', [octets('Framed-IP-Address', Uint8Array.of(10, 9, 0))], 'Disconnect-NAK 503'],
  ['Disconnect-Request', [name('nemo'), number('Session-Timeout', 9)], 'Disconnect-NAK 401'],
  ['CoA-Request', [name('nemo'), text('Filter-Id', 'f'), number('Session-Timeout', 9)], 'CoA-NAK 401'],
  ['CoA-Request', [name('nemo'), octets('Session-Timeout', Uint8Array.of(1))], 'CoA-NAK 404'],
  ['CoA-Request', [name('nemo'), number('Service-Type', 17), octets('State', Uint8Array.of(1))], 'CoA-NAK 405'],
  ['Disconnect-Request', [name('nemo'), text('NAS-Identifier', 'RouterB')], 'Disconnect-NAK 403'],
  ['Disconnect-Request', [name('nemo'), number('NAS-IP-Address', ip('10.0.0.2'))], 'Disconnect-NAK 403'],
];

for (const [code, attributes, answer] of REFUSED) {
  test(`${code} with attributes ${attributes.map(({ type }) => type).join(', ') || 'none'} is answered ${answer} and changes nothing`, () => {
    const rig = new Rig();
    assert.is(rig.ask(code, ...attributes), answer);
    assert.equal(rig.done, []);
  });
}

test('The router may be named by its own name and address', () => {
  const rig = new Rig();
  assert.is(rig.ask('Disconnect-Request', name('dory'), text('NAS-Identifier', 'RouterA'), number('NAS-IP-Address', CLIENT)), 'Disconnect-ACK');
});

test('Proxy-State comes back as it was, all of it, in order', () => {
  const rig = new Rig();
  const states = ['p1', 'p2'].map((one) => octets('Proxy-State', utf8(one)));
  const answer = sure(rig.send(rig.request(CODE['Disconnect-Request'], [...states, name('dory')])));
  assert.equal(answer.attributes.map(({ type, value }) => `${type} ${hex(value)}`), ['33 7031', '33 7032']);
});

test('Requests of strangers, with wrong secrets, cut or of another kind get no answer and change nothing', () => {
  const rig = new Rig();
  const good = rig.request(CODE['Disconnect-Request'], [name('dory')]);
  const stranger = rig.net.server();
  assert.is(rig.send(good, stranger.udp.open({ port: 0, failed: () => {}, received: () => assert.unreachable() })), undefined);
  assert.is(rig.send(rig.request(CODE['Disconnect-Request'], [name('dory')], { ...rig.server.trust, secret: new Secret('guess') })), undefined);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const flipped = good.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(rig.send(flipped), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < good.length; length++) assert.is(rig.send(good.subarray(0, length)), undefined, `${length} octets`);
  for (const code of [1, 2, 4, 5, 41, 44, 255]) assert.is(rig.send(rig.request(code, [name('dory')])), undefined, `code ${code}`);
  assert.equal(rig.done, []);
  const { foreign, forged, malformed } = rig.net.radius.dynamic.counters;
  assert.is(foreign, 1);
  assert.ok(forged > 100 && malformed > 50, `${forged} ${malformed}`);
  assert.is(sure(rig.send(good)).code, CODE['Disconnect-ACK'], 'the untouched request still works');
});

/** A Disconnect-Request for dory with a Message-Authenticator, right or wrong (RFC 5176 3.3: reckoned over zeros as authenticator). */
function signed(rig: Rig, trust: Trust): Uint8Array {
  const plain = encodeDigestRequest({ code: CODE['Disconnect-Request'], id: 200, attributes: [octets('Message-Authenticator', new Uint8Array(16)), name('dory')] }, rig.server.trust);
  plain.fill(0, 4, 20);
  return encodeDigestRequest({ code: CODE['Disconnect-Request'], id: 200, attributes: [octets('Message-Authenticator', hmac(trust, plain)), name('dory')] }, rig.server.trust);
}

test('A Message-Authenticator is checked where there is one, and answered with one', () => {
  const rig = new Rig();
  assert.is(rig.send(signed(rig, { ...rig.server.trust, secret: new Secret('guess') })), undefined);
  assert.equal(rig.done, []);
  const request = signed(rig, rig.server.trust);
  const answer = sure(rig.send(request));
  assert.is(answer.code, CODE['Disconnect-ACK']);
  assert.is(answer.attributes[0]?.type, ATTRIBUTE['Message-Authenticator']);
  assert.is(checkMessageAuthenticator(answer, sure(packetOf(request)).authenticator, rig.server.trust), 'right');
});

test('A request that comes again gets the same answer, and nothing is done twice', () => {
  const rig = new Rig();
  const request = rig.request(CODE['CoA-Request'], [name('dory'), number('Session-Timeout', 5)]);
  const first = sure(rig.send(request));
  rig.net.world.run(30_000);
  assert.is(hex(sure(rig.send(request)).octets), hex(first.octets));
  assert.equal([rig.done.length, rig.net.radius.dynamic.counters.repeated], [1, 1]);
});

test('The same words without a time in them are meant anew from another port, and a minute later', () => {
  const rig = new Rig();
  const request = rig.request(CODE['CoA-Request'], [name('dory'), number('Session-Timeout', 5)]);
  rig.send(request);
  rig.send(request, rig.another());
  rig.net.world.run(61_000);
  rig.send(request);
  assert.equal([rig.done.length, rig.net.radius.dynamic.counters.repeated], [3, 0]);
});

test('A recorded request with a time in it does nothing, from whatever port and however late', () => {
  const rig = new Rig();
  const request = rig.request(CODE['CoA-Request'], [name('dory'), number('Session-Timeout', 5), number('Event-Timestamp', rig.net.board.wall.seconds() + 290)]);
  const first = sure(rig.send(request));
  for (const wait of [1000, 200_000, 350_000, 45_000]) {
    rig.net.world.run(wait);
    const answer = rig.send(request, rig.another());
    if (answer !== undefined) assert.is(hex(answer.octets), hex(first.octets));
  }
  assert.is(rig.done.length, 1);
  const { repeated, stale } = rig.net.radius.dynamic.counters;
  assert.equal([repeated, stale], [3, 1]);
});

test('A request whose Event-Timestamp is more than five minutes away gets no answer', () => {
  const rig = new Rig();
  const seconds = rig.net.board.wall.seconds();
  for (const away of [-301, 302, -seconds]) assert.is(rig.ask('Disconnect-Request', name('dory'), number('Event-Timestamp', seconds + away)), 'nothing', `${away} s`);
  assert.equal([rig.net.radius.dynamic.counters.stale, rig.done.length], [3, 0]);
  assert.is(rig.ask('Disconnect-Request', name('dory'), number('Event-Timestamp', seconds - 290)), 'Disconnect-ACK');
});

test('The port is closed while no server is configured, and with COA=OFF', () => {
  const rig = new Rig();
  rig.net.radius.set({ coa: 'OFF' });
  assert.is(rig.ask('Disconnect-Request', name('dory')), 'nothing');
  rig.net.radius.set({ coa: 'ON' });
  assert.is(rig.ask('Disconnect-Request', name('nobody')), 'Disconnect-NAK 503');
  rig.net.radius.deleteServer(rig.server.address, rig.net.now);
  assert.is(rig.ask('Disconnect-Request', name('dory')), 'nothing');
  assert.equal(rig.done, []);
});

test('The answers that are kept for repetitions are bounded', () => {
  const rig = new Rig();
  const first = rig.request(CODE['CoA-Request'], [name('dory'), number('Session-Timeout', 1)]);
  rig.send(first);
  for (let i = 0; i < 1024; i++) rig.send(rig.request(CODE['CoA-Request'], [name('dory'), number('Session-Timeout', 2 + i)]));
  rig.send(first);
  assert.is(rig.done.length, 1026, 'the oldest answer was forgotten');
});

test.run();
