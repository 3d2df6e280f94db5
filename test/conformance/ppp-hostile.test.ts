// What callers send that they should not: nothing is parsed that was not agreed, nothing is judged twice, nothing that they say of themselves
// is taken for more than it is (RFC 1661, 1332, 1334, 1994, 2759).

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { libraryCrypto as crypto } from '../../board/linux/crypto.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { chapResponse } from '../../firmware/ppp/chap-md5.ts';
import { encodeChapValue, parseChapValue } from '../../firmware/ppp/chap.ts';
import { encodeResponse, ntResponse } from '../../firmware/ppp/mschap.ts';
import type { AuthMethod } from '../../firmware/ppp/auth.ts';
import { encodePapRequest } from '../../firmware/ppp/pap.ts';
import { address, option, Solo, type EndSettings, type Seen } from '../unit/ppp/wire.ts';

const LCP = 0xc021;
const IPCP = 0x8021;
const IPV6CP = 0x8057;
const PAP = 0xc023;
const CHAP = 0xc223;
const EAP = 0xc227;
const ALL: Readonly<Record<string, number>> = { LCP, IPCP, IPV6CP };
const DATABASE: EndSettings = { users: { bob: 'secret' }, ip: { local: address('10.0.0.1'), remote: address('10.0.0.9'), remoteMode: 'must' } };

/** A link in the network phase without authentication, its packets so far taken. */
function network(settings: EndSettings = {}): { solo: Solo; request: Seen } {
  const solo = new Solo({ ...DATABASE, ...settings }).wait(1000).openLcpAgain();
  const request = solo.taken().find(({ protocol, code }) => protocol === IPCP && code === 1);
  if (request === undefined) throw new Error('no IPCP request');
  return { solo, request };
}

/** A link that waits for a proof, and its challenge where there is one. */
function judge(method: AuthMethod, settings: EndSettings = {}): { solo: Solo; challenge: Seen | undefined } {
  const solo = new Solo({ ...DATABASE, demand: [method], accept: [method], ...settings }).wait(1000).openLcpAgain();
  return { solo, challenge: solo.taken().find(({ protocol, code }) => protocol === CHAP && code === 1) };
}

const papRequest = (name = 'bob', password = 'secret'): Uint8Array => encodePapRequest({ name, password: new Secret(password) }) ?? new Uint8Array(0);
const words = (seen: readonly Seen[]): string[] => seen.map(({ protocol, code }) => `${protocol.toString(16)} ${code}`);

/** The right or a wrong answer to a challenge. */
function response(method: AuthMethod, { identifier, data }: Seen, password = 'secret', name = 'bob'): Uint8Array {
  const challenge = parseChapValue(data);
  if (typeof challenge === 'string') throw new Error(challenge);
  const proof = { name, password: new Secret(password), authenticatorChallenge: challenge.value, peerChallenge: new Uint8Array(16) };
  const value = method === 'CHAP-MD5'
    ? chapResponse(crypto, identifier, utf8(password), challenge.value)
    : encodeResponse({ peerChallenge: proof.peerChallenge, ntResponse: ntResponse(crypto, proof) });
  return encodeChapValue(value, name) ?? new Uint8Array(0);
}

for (const [name, protocol] of Object.entries(ALL)) {
  test(`${name} packets of nothing but zeros or 255s, and lists with lengths of 0, 1 or beyond the end, are silently discarded`, () => {
    const { solo, request } = network();
    const bodies = [[0, 0, 0, 0], [0, 0], [255, 255, 255, 255], [255, 255], [3, 0], [3, 1, 0, 0], [3, 0, 0, 0, 0, 0], [3, 7, 1, 2, 3, 4], [1], [129, 6, 1, 2, 3]];
    for (const code of [1, 2, 3, 4]) {
      for (const body of bodies) {
        const before = solo.end.link.phase;
        solo.give(protocol, code, request.identifier, Uint8Array.from(body));
        assert.equal([words(solo.taken()).filter((word) => word !== `${IPV6CP.toString(16)} 1`), solo.end.link.phase], [[], before], `${code} ${body.join()}`);
      }
    }
    solo.frame(Uint8Array.from([protocol >> 8, protocol & 255, ...new Uint8Array(200).fill(255)]));
    solo.frame(Uint8Array.from([protocol >> 8, protocol & 255, ...new Uint8Array(200)]));
    assert.equal(solo.taken(), []);
  });
}

test('EAP is never read: dropped before the network phase, declined by Protocol-Reject in it, whatever its lengths say', () => {
  const packets = [[], [1], [2, 1, 0, 4], [1, 1, 255, 255, 4, 16], [1, 1, 0, 6, 4, 255], [2, 1, 0, 5, 26], [2, 1, 0, 4, 13, 255, 255, 255, 255]];
  for (const method of ['PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) {
    const { solo } = judge(method);
    for (const packet of packets) solo.frame(Uint8Array.from([0xc2, 0x27, ...packet]));
    assert.equal([solo.taken(), solo.end.attempts, solo.end.link.phase], [[], [], 'Authenticate'], method);
  }
  const { solo } = network();
  for (const packet of packets) solo.frame(Uint8Array.from([0xc2, 0x27, ...packet]));
  const answers = solo.taken();
  assert.equal(words(answers), packets.map(() => 'c021 8'));
  for (const { data } of answers) assert.equal([data[0], data[1]], [EAP >> 8, EAP & 255]);
  assert.is(solo.end.link.phase, 'Network');
});

test('an authentication protocol that was not agreed is dropped while the proof is due, and declined in the network phase', () => {
  const chap = judge('CHAP-MD5');
  for (const code of [1, 2, 3]) chap.solo.give(PAP, code, 1, papRequest());
  assert.equal([chap.solo.taken(), chap.solo.end.attempts.length], [[], 0]);
  const pap = judge('PAP');
  for (const code of [1, 2, 3, 4]) pap.solo.give(CHAP, code, 1, Uint8Array.from([16, ...new Uint8Array(16), 0x62]));
  assert.equal([pap.solo.taken(), pap.solo.end.attempts.length], [[], 0]);
  const { solo } = network();
  solo.give(PAP, 1, 1, papRequest()).give(CHAP, 1, 1, Uint8Array.from([1, 2]));
  assert.equal([words(solo.taken()), solo.end.attempts.length], [['c021 8', 'c021 8'], 0]);
});

test('a result that the peer sends us is ignored where we are the one who judges, before, while and after we do', () => {
  for (const method of ['PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) {
    const { solo, challenge } = judge(method, { slow: 5000 });
    const results = (): void => {
      const id = challenge?.identifier ?? 1;
      solo.give(PAP, 2, id, Uint8Array.of(0)).give(PAP, 3, id, Uint8Array.of(0)).give(CHAP, 3, id, utf8('S=0000000000000000000000000000000000000000')).give(CHAP, 4, id, utf8('E=691'));
    };
    results();
    assert.is(solo.end.link.phase, 'Authenticate', 'before');
    if (challenge === undefined) solo.give(PAP, 1, 1, papRequest());
    else solo.give(CHAP, 2, challenge.identifier, response(method, challenge));
    results();
    assert.equal([solo.taken(), solo.end.link.phase], [[], 'Authenticate'], 'while');
    solo.wait(6000);
    assert.is(solo.end.link.phase, 'Network');
    solo.taken();
    results();
    assert.is(solo.end.link.phase, 'Network', 'after');
  }
});

test('PAP with an empty name, and CHAP without a name, are judged like any unknown user', () => {
  const pap = judge('PAP');
  pap.solo.give(PAP, 1, 1, papRequest('', ''));
  assert.equal([pap.solo.end.attempts.map(({ name }) => name), words(pap.solo.taken())[0]], [[''], 'c023 3']);
  const { solo, challenge } = judge('CHAP-MD5');
  if (challenge !== undefined) solo.give(CHAP, 2, challenge.identifier, response('CHAP-MD5', challenge, 'secret', ''));
  assert.equal([solo.end.attempts.map(({ name }) => name), words(solo.taken())[0]], [[''], 'c223 4']);
});

test('names that are not text are taken as they come and shown without control characters', () => {
  const { solo } = judge('PAP');
  solo.give(PAP, 1, 1, Uint8Array.from([4, 0xff, 0x00, 0x1b, 0x0a, 1, 0x41]));
  assert.is(solo.end.attempts.length, 1);
  for (const line of solo.end.lines) for (const char of line) assert.ok(char >= ' ', JSON.stringify(line));
});

for (const method of ['PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) {
  test(`${method}: a refusal that comes eight seconds late reaches the peer once, and what it repeated meanwhile was not judged again`, () => {
    const { solo, challenge } = judge(method, { slow: 8000 });
    const ask = (n: number): unknown =>
      challenge === undefined ? solo.give(PAP, 1, n, papRequest('bob', 'wrong')) : solo.give(CHAP, 2, challenge.identifier, response(method, challenge, 'wrong'));
    for (let n = 1; n <= 3; n++) {
      ask(n);
      solo.wait(2500);
    }
    assert.equal([solo.taken(), solo.end.attempts.length], [[], 1]);
    solo.wait(600);
    const [refusal, terminate] = solo.taken();
    assert.equal([refusal?.protocol, refusal?.code, terminate?.protocol, terminate?.code], [method === 'PAP' ? PAP : CHAP, method === 'PAP' ? 3 : 4, LCP, 5]);
    // The last request's identifier, or the challenge's.
    assert.is(refusal?.identifier, challenge?.identifier ?? 3);
    if (method === 'MSCHAPv2') {
      const challenged = parseChapValue(challenge?.data ?? new Uint8Array(0));
      const hexed = typeof challenged === 'string' ? '' : [...challenged.value].map((octet) => octet.toString(16).padStart(2, '0')).join('').toUpperCase();
      assert.is(fromUtf8(refusal?.data ?? new Uint8Array(0)), `E=691 R=0 C=${hexed} V=3 M=Authentication failed`);
    }
    solo.wait(20_000);
    assert.equal([solo.end.attempts.length, solo.end.ended], [1, 'Wrong password for user bob.']);
  });

  test(`${method}: nothing happens when the caller hangs up, or closes LCP, before the verdict comes`, () => {
    for (const way of ['hangs up', 'closes LCP']) {
      const { solo, challenge } = judge(method, { slow: 8000 });
      if (challenge === undefined) solo.give(PAP, 1, 1, papRequest());
      else solo.give(CHAP, 2, challenge.identifier, response(method, challenge));
      solo.wait(1000);
      if (way === 'hangs up') solo.end.link.lowerDown(solo.now);
      else solo.give(LCP, 5, 7, utf8('bye'));
      solo.taken();
      solo.wait(30_000);
      assert.equal([words(solo.taken()).filter((word) => !word.startsWith('c021')), solo.end.up, solo.end.link.phase], [[], undefined, 'Dead'], way);
    }
  });
}

test('a thousand repeated proofs are one attempt, and a caller who begins LCP anew to try another way is judged anew', () => {
  const { solo, challenge } = judge('CHAP-MD5', { slow: 8000 });
  if (challenge === undefined) throw new Error('no challenge');
  for (let n = 0; n < 1000; n++) solo.give(CHAP, 2, challenge.identifier, response('CHAP-MD5', challenge, `guess ${n}`));
  assert.equal([solo.end.attempts.length, solo.taken().length], [1, 0]);
  solo.openLcp([option(1, 5, 120)]);
  const second = solo.taken().find(({ protocol }) => protocol === CHAP);
  assert.is.not(second?.identifier, undefined);
  solo.wait(8000);
  assert.equal(words(solo.taken()).filter((word) => word !== 'c223 1'), [], 'the first verdict is for nobody');
});

test('a caller that wants to be 0.0.0.0, broadcast, loopback, multicast, our own address or another\'s is given its own', () => {
  for (const wish of ['0.0.0.0', '255.255.255.255', '127.0.0.1', '127.255.255.254', '224.0.0.5', '240.0.0.1', '10.0.0.1', '10.0.0.8']) {
    const { solo, request } = network();
    solo.give(IPCP, 2, request.identifier, request.data.slice());
    for (let round = 0; round < 12 && solo.end.link.phase === 'Network'; round++) {
      solo.give(IPCP, 1, 50 + round, [option(3, ...wish.split('.').map(Number))]);
      const [answer] = solo.taken();
      assert.is.not(answer?.code, 2, `${wish} is never granted`);
      if (round === 0) assert.equal([answer?.code, answer?.options], [3, [option(3, 10, 0, 0, 9)]]);
    }
    assert.is(solo.end.up, undefined, wish);
  }
});

test('a Nak that appends a hundred options to what we asked changes nothing but what we asked', () => {
  const { solo, request } = network();
  const many = Array.from({ length: 100 }, (_, n) => option(4 + n, n, n, n, n));
  solo.give(IPCP, 3, request.identifier, many);
  const [again] = solo.taken();
  assert.equal([again?.protocol, again?.code, again?.options], [IPCP, 1, request.options]);
  assert.is(solo.end.link.phase, 'Network');
});

test('a caller with an MRU of 65535 gets packets of the path\'s size, and one with an MRU of nothing is offered more', () => {
  const large = new Solo(DATABASE).wait(1000).openLcpAgain();
  large.openLcp([option(1, 255, 255)]);
  assert.is(large.end.mtu, 1460);
  large.taken();
  large.frame(Uint8Array.from([0x80, 0xfd, ...new Uint8Array(3000)]));
  large.give(LCP, 9, 1, new Uint8Array(3000)).give(LCP, 77, 2, new Uint8Array(3000));
  assert.equal(large.end.sent.map((frame) => frame.length), [1502, 1502, 1502], 'what goes back to it is no larger than what everybody takes');
  for (const mru of [0, 1, 64, 127]) {
    const solo = new Solo(DATABASE).wait(1000);
    solo.taken();
    solo.give(LCP, 1, 1, [option(1, mru >> 8, mru & 255)]);
    assert.equal(solo.taken().map(({ code, options }) => [code, options]), [[3, [option(1, 0, 128)]]]);
  }
});

test('a frame of every network protocol there is, in every phase, is answered at most once', () => {
  for (const phase of ['Establish', 'Authenticate', 'Network'] as const) {
    const solo = phase === 'Establish' ? new Solo(DATABASE).wait(1000) : phase === 'Authenticate' ? judge('PAP').solo : network().solo;
    solo.taken();
    for (let protocol = 1; protocol < 0x10000; protocol += 2) {
      if ((protocol & 0x0100) !== 0 || protocol === LCP || protocol === IPCP || protocol === IPV6CP) continue;
      solo.frame(Uint8Array.from([protocol >> 8, protocol & 255, 1, 1, 0, 4]));
      const answers = words(solo.taken());
      assert.ok(answers.length === 0 || (phase === 'Network' && answers.join() === 'c021 8'), `${phase} ${protocol.toString(16)} ${answers.join()}`);
    }
    assert.is(solo.end.link.phase, phase);
  }
});

test.run();
