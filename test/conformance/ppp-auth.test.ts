// PAP (RFC 1334), CHAP (RFC 1994) and MS-CHAPv2 (RFC 2759): the vectors of the documents, and the exchanges packet by packet.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { libraryCrypto as crypto } from '../../board/linux/crypto.ts';
import { fromHex, hex } from '../../firmware/bytes/hex.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { verifyAttempt } from '../../firmware/ppp/auth.ts';
import { chapResponse } from '../../firmware/ppp/chap-md5.ts';
import { encodeChapValue, parseChapValue } from '../../firmware/ppp/chap.ts';
import { authenticatorResponse, challengeHash, desKey, encodeResponse, failureReason, ntPasswordHash, ntResponse, parseResponse, provesItself } from '../../firmware/ppp/mschap.ts';
import { encodePapRequest, parsePapRequest } from '../../firmware/ppp/pap.ts';
import { option, Solo, type EndSettings, type Seen } from '../unit/ppp/wire.ts';

const PAP = 0xc023;
const CHAP = 0xc223;
const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const packets = (seen: readonly Seen[], protocol: number): readonly Seen[] => seen.filter((one) => one.protocol === protocol);

// RFC 2759 9.2.
const PROOF = {
  name: 'User',
  password: new Secret('clientPass'),
  authenticatorChallenge: octets('5B5D7C7D7B3F2F3E3C2C602132262628'),
  peerChallenge: octets('21402324255E262A28295F2B3A337C7E'),
};
const NT_RESPONSE = '82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df';
const SUCCESS = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

test('MS-CHAPv2 computes the values that RFC 2759 9.2 prints', () => {
  assert.is(hex(challengeHash(crypto, PROOF)), 'd02e4386bce91226');
  assert.is(hex(ntPasswordHash(crypto, PROOF.password)), '44ebba8d5312b8d611474411f56989ae');
  assert.is(hex(crypto.md4(ntPasswordHash(crypto, PROOF.password))), '41c00c584bd2d91c4017a2a12fa59f3f');
  assert.is(hex(ntResponse(crypto, PROOF)), NT_RESPONSE);
  assert.is(authenticatorResponse(crypto, PROOF, octets(NT_RESPONSE)), SUCCESS);
});

test('DES keys carry seven bits an octet and odd parity', () => {
  const seven = octets('0123456789abcd');
  const key = desKey(seven);
  const bits = (b: Uint8Array, width: number): string => Array.from(b, (octet) => octet.toString(2).padStart(8, '0').slice(0, width)).join('');
  assert.is(bits(key, 7), bits(seven, 8));
  for (const octet of key) assert.is([...octet.toString(2)].filter((bit) => bit === '1').length % 2, 1);
});

test('a domain in front of the user name does not count', () => {
  assert.is(hex(ntResponse(crypto, { ...PROOF, name: 'BIGCO\\User' })), NT_RESPONSE);
});

test('CHAP computes MD5 over identifier, secret and challenge', () => {
  assert.is(hex(chapResponse(crypto, 7, utf8('password'), octets('101112131415161718191a1b1c1d1e1f'))), '82d0b4e17e04228f31a38d1b57c3238b');
});

test('a verdict needs the right secret, name, identifier and challenge', () => {
  const secret = new Secret('clientPass');
  const response = encodeResponse({ peerChallenge: PROOF.peerChallenge, ntResponse: octets(NT_RESPONSE) });
  const attempt = { kind: 'chap', algorithm: 'MSCHAPv2', name: 'User', id: 1, challenge: PROOF.authenticatorChallenge, response } as const;
  assert.equal(verifyAttempt(crypto, attempt, secret), { accepted: true, success: `${SUCCESS} M=Welcome` });
  assert.not.ok(verifyAttempt(crypto, { ...attempt, name: 'user' }, secret).accepted);
  assert.not.ok(verifyAttempt(crypto, attempt, new Secret('clientpass')).accepted);
  assert.not.ok(verifyAttempt(crypto, { ...attempt, response: response.slice(0, 48) }, secret).accepted);
  const md5 = { kind: 'chap', algorithm: 'CHAP-MD5', name: 'a', id: 7, challenge: octets('01'), response: chapResponse(crypto, 7, utf8('x'), octets('01')) } as const;
  assert.ok(verifyAttempt(crypto, md5, new Secret('x')).accepted);
  assert.not.ok(verifyAttempt(crypto, { ...md5, id: 8 }, new Secret('x')).accepted);
  assert.not.ok(verifyAttempt(crypto, { ...md5, challenge: octets('02') }, new Secret('x')).accepted);
});

test('a Success proves itself by its first 42 characters only', () => {
  assert.ok(provesItself(`${SUCCESS} M=Access granted`, SUCCESS));
  assert.ok(provesItself(SUCCESS.replace('A', 'a'), SUCCESS));
  for (const bad of ['', 'S=', SUCCESS.slice(0, 41), SUCCESS.replace('407A', '407B'), `M=hello ${SUCCESS}`]) assert.not.ok(provesItself(bad, SUCCESS), bad);
});

test('Failure messages are read however they are cut', () => {
  assert.is(failureReason('E=691 R=1 C=00 V=3 M=Access denied'), 'wrong name or password');
  assert.is(failureReason('R=1 E=648'), 'the password has expired');
  assert.is(failureReason('E=99999'), 'error 99999');
  for (const text of ['', 'E=', 'M=E', 'xE=691', 'E=x']) assert.is(failureReason(text), undefined);
});

test('a Response value has 49 octets or is none', () => {
  for (let length = 0; length < 256; length++) assert.is(typeof parseResponse(new Uint8Array(length)) === 'string', length !== 49);
});

test('PAP requests whose lengths run past their end are refused', () => {
  for (const bad of ['', '00', '05', '0561', '016105', '01610562', 'ff', 'ff00']) assert.type(parsePapRequest(octets(bad)), 'string', bad);
  const empty = parsePapRequest(octets('0000'));
  assert.is(typeof empty === 'string' ? empty : empty.name + empty.password.reveal(), '');
  const padded = parsePapRequest(octets('0161016200ff'));
  assert.is(typeof padded === 'string' ? padded : padded.name + padded.password.reveal(), 'ab');
});

test('PAP names and passwords of more than 255 octets are refused, not cut', () => {
  assert.is(encodePapRequest({ name: 'x'.repeat(256), password: new Secret('') }), undefined);
  assert.is(encodePapRequest({ name: '', password: new Secret('ü'.repeat(128)) }), undefined);
  assert.is(encodePapRequest({ name: 'x'.repeat(255), password: new Secret('y'.repeat(255)) })?.length, 512);
});

test('CHAP values are 1 to 255 octets that are there', () => {
  for (const bad of ['', '00', '0061', '05aabb', 'ff']) assert.type(parseChapValue(octets(bad)), 'string', bad);
  assert.equal(parseChapValue(octets('01aa')), { value: octets('aa'), name: '' });
  assert.equal(parseChapValue(new Uint8Array(256).fill(255)), { value: new Uint8Array(255).fill(255), name: '' });
  assert.is(encodeChapValue(new Uint8Array(0), 'a'), undefined);
  assert.is(encodeChapValue(new Uint8Array(256), 'a'), undefined);
});

// -- exchanges

/** A link that judges the peer, LCP open; what it sent since is in `taken`. */
function judge(demand: 'PAP' | 'CHAP-MD5' | 'MSCHAPv2', more: EndSettings = {}): { solo: Solo; sent: readonly Seen[] } {
  const solo = new Solo({ demand: [demand], users: { User: 'clientPass' }, ...more }).openLcp([option(5, 1, 2, 3, 4)]);
  return { solo, sent: solo.taken() };
}

/** A link that must prove itself by the method of the option. */
function prove(...method: number[]): Solo {
  const solo = new Solo({ credentials: ['User', 'clientPass'] }).openLcp([option(3, ...method)]);
  return solo;
}

const papRequest = (name: string, password: string): Uint8Array => encodePapRequest({ name, password: new Secret(password) }) ?? new Uint8Array(0);
const chapValue = (value: Uint8Array, name: string): Uint8Array => encodeChapValue(value, name) ?? new Uint8Array(0);

function challengeOf(sent: readonly Seen[]): { identifier: number; value: Uint8Array } {
  const challenge = packets(sent, CHAP).findLast(({ code }) => code === 1);
  const value = challenge === undefined ? 'none' : parseChapValue(challenge.data);
  if (challenge === undefined || typeof value === 'string') throw new Error('no challenge');
  return { identifier: challenge.identifier, value: value.value };
}

test('PAP: a right request is acknowledged, and so is each repetition', () => {
  const { solo } = judge('PAP');
  for (let id = 1; id <= 3; id++) {
    solo.give(PAP, 1, id, papRequest('User', 'clientPass'));
    const [answer] = packets(solo.taken(), PAP);
    assert.equal([answer?.code, answer?.identifier], [2, id]);
  }
  assert.is(solo.end.attempts.length, 1);
  assert.is(solo.end.link.phase, 'Network');
});

test('PAP: a wrong request is refused, further ones change nothing, and the link ends', () => {
  const { solo } = judge('PAP');
  solo.give(PAP, 1, 1, papRequest('User', 'wrong'));
  assert.is(packets(solo.taken(), PAP)[0]?.code, 3);
  solo.give(PAP, 1, 2, papRequest('User', 'clientPass'));
  assert.is.not(solo.end.link.phase, 'Network');
  solo.wait(10_000);
  assert.is(solo.end.ended, 'Wrong password for user User.');
});

test('PAP: an Ack from the peer that we judge is ignored', () => {
  const { solo } = judge('PAP');
  solo.give(PAP, 2, 1, octets('00')).give(CHAP, 3, 1, octets('00'));
  assert.is(solo.end.link.phase, 'Authenticate');
});

test('PAP: a peer that sends no request is given up', () => {
  const { solo } = judge('PAP');
  solo.wait(60_000);
  assert.is(solo.end.ended, 'The peer sent no PAP request.');
});

test('PAP: our request is repeated under a new identifier until it is answered, whichever answer comes', () => {
  const solo = prove(0xc0, 0x23);
  const identifiers = [packets(solo.taken(), PAP)[0]?.identifier ?? -1];
  for (let i = 0; i < 3; i++) identifiers.push(packets(solo.wait(3000).taken(), PAP)[0]?.identifier ?? -1);
  assert.is(new Set(identifiers).size, 4);
  solo.give(PAP, 2, 250, octets('00'));
  assert.is(solo.end.link.phase, 'Authenticate');
  solo.give(PAP, 2, identifiers[1] ?? 0, octets('00'));
  assert.is(solo.end.link.phase, 'Network');
});

test('PAP: an answer without the message that must be in it counts', () => {
  const solo = prove(0xc0, 0x23);
  const [request] = packets(solo.taken(), PAP);
  solo.give(PAP, 2, request?.identifier ?? 0, new Uint8Array(0));
  assert.is(solo.end.link.phase, 'Network');
});

test('PAP: the peer\'s words of refusal are told without control characters', () => {
  const solo = prove(0xc0, 0x23);
  const [request] = packets(solo.taken(), PAP);
  const text = utf8('Go \u001b[2Jaway');
  solo.give(PAP, 3, request?.identifier ?? 0, Uint8Array.from([200, ...text])).wait(10_000);
  assert.is(solo.end.ended, 'The peer refused our name or password (PAP): "Go \\x1b[2Jaway".');
});

test('PAP: a peer that never answers is given up', () => {
  const solo = prove(0xc0, 0x23).wait(60_000);
  assert.is(solo.end.ended, 'The peer did not answer 10 PAP requests.');
});

test('CHAP: a challenge is repeated with a new identifier and value until it is answered or ten were sent', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const seen = [...packets(sent, CHAP)];
  solo.wait(60_000);
  seen.push(...packets(solo.taken(), CHAP));
  assert.is(seen.length, 10);
  assert.is(new Set(seen.map(({ identifier }) => identifier)).size, 10);
  assert.is(new Set(seen.map(({ data }) => hex(data))).size, 10);
  assert.is(solo.end.ended, 'The peer did not answer 10 CHAP challenges.');
});

test('CHAP: the right response succeeds under its identifier, and its repetition gets the same answer', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier, value } = challengeOf(sent);
  const response = chapValue(chapResponse(crypto, identifier, utf8('clientPass'), value), 'User');
  for (let i = 0; i < 3; i++) {
    solo.give(CHAP, 2, identifier, response);
    const [answer] = packets(solo.taken(), CHAP);
    assert.equal([answer?.code, answer?.identifier], [3, identifier]);
  }
  assert.is(solo.end.attempts.length, 1);
  assert.is(solo.end.link.phase, 'Network');
});

test('CHAP: a wrong response fails under its identifier and ends the link', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier, value } = challengeOf(sent);
  solo.give(CHAP, 2, identifier, chapValue(chapResponse(crypto, identifier, utf8('guess'), value), 'User'));
  const [answer] = packets(solo.taken(), CHAP);
  assert.equal([answer?.code, answer?.identifier], [4, identifier]);
  solo.wait(10_000);
  assert.is(solo.end.ended, 'Wrong password for user User.');
});

test('CHAP: a response to an old challenge, and one that no challenge asked for, are discarded', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier, value } = challengeOf(sent);
  const response = chapValue(chapResponse(crypto, identifier, utf8('clientPass'), value), 'User');
  solo.wait(3000).taken();
  solo.give(CHAP, 2, identifier, response).give(CHAP, 2, identifier + 100, response);
  assert.equal(packets(solo.taken(), CHAP), []);
  assert.is(solo.end.attempts.length, 0);
});

test('CHAP: a response of a wrong size is a failure, an empty one is discarded', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier } = challengeOf(sent);
  for (const bad of ['', '00', '10aa']) solo.give(CHAP, 2, identifier, octets(bad));
  assert.is(solo.end.link.phase, 'Authenticate');
  solo.give(CHAP, 2, identifier, chapValue(new Uint8Array(49), 'User'));
  assert.is(packets(solo.taken(), CHAP)[0]?.code, 4);
  assert.is(solo.end.attempts.length, 0);
});

test('CHAP: a response without a name is judged like any other unknown user', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier, value } = challengeOf(sent);
  solo.give(CHAP, 2, identifier, chapValue(chapResponse(crypto, identifier, utf8('clientPass'), value), '')).wait(10_000);
  assert.is(solo.end.ended, 'No user .');
});

test('CHAP: a Success from the peer that we judge is ignored', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier } = challengeOf(sent);
  for (let id = 0; id < 256; id++) solo.give(CHAP, 3, id, utf8('Welcome'));
  solo.give(CHAP, 3, identifier, utf8('Welcome'));
  assert.is(solo.end.link.phase, 'Authenticate');
});

test('CHAP: network packets before the verdict are silently discarded', () => {
  const { solo } = judge('CHAP-MD5');
  solo.give(0x8021, 1, 1, [option(3, 10, 0, 0, 1)]).give(0x8057, 1, 1, []).give(0x80fd, 1, 1, []);
  assert.equal(solo.taken(), []);
});

test('CHAP: a further challenge under another name ends the link', () => {
  const { solo, sent } = judge('CHAP-MD5', { users: { User: 'clientPass', Other: 'clientPass' }, link: { rechallenge: 400_000 } });
  const first = challengeOf(sent);
  solo.give(CHAP, 2, first.identifier, chapValue(chapResponse(crypto, first.identifier, utf8('clientPass'), first.value), 'User'));
  solo.openIpcp().wait(400_000);
  const next = challengeOf(solo.taken());
  solo.give(CHAP, 2, next.identifier, chapValue(chapResponse(crypto, next.identifier, utf8('clientPass'), next.value), 'Other')).wait(10_000);
  assert.is(solo.end.ended, 'The peer User changed its name to Other.');
});

test('CHAP: our response is right, copies the identifier and is repeated until it is answered', () => {
  const solo = prove(0xc2, 0x23, 5);
  solo.taken();
  solo.give(CHAP, 1, 77, chapValue(octets('a1a2a3'), 'peer'));
  const first = packets(solo.taken(), CHAP);
  assert.equal([first[0]?.code, first[0]?.identifier], [2, 77]);
  assert.equal(parseChapValue(first[0]?.data ?? new Uint8Array(0)), { value: chapResponse(crypto, 77, utf8('clientPass'), octets('a1a2a3')), name: 'User' });
  assert.equal(packets(solo.wait(3000).taken(), CHAP), first);
  solo.give(CHAP, 3, 76, utf8('no')).give(CHAP, 4, 78, utf8('no'));
  assert.is(solo.end.link.phase, 'Authenticate');
  solo.give(CHAP, 3, 77, new Uint8Array(0));
  assert.is(solo.end.link.phase, 'Network');
});

test('CHAP: a Success that no response asked for is ignored', () => {
  const solo = prove(0xc2, 0x23, 5);
  for (let id = 0; id < 256; id++) solo.give(CHAP, 3, id, utf8('Welcome'));
  assert.is(solo.end.link.phase, 'Authenticate');
});

test('CHAP: challenges of 1 and 255 octets are answered, one of none is not', () => {
  const solo = prove(0xc2, 0x23, 5);
  solo.taken();
  solo.give(CHAP, 1, 1, octets('00'));
  assert.equal(packets(solo.taken(), CHAP), []);
  for (const size of [1, 255]) {
    solo.give(CHAP, 1, size, chapValue(new Uint8Array(size).fill(9), ''));
    assert.is(packets(solo.taken(), CHAP)[0]?.code, 2);
  }
});

test('CHAP: our own challenge sent back to us is not answered', () => {
  const solo = new Solo({ demand: ['CHAP-MD5'], users: {}, credentials: ['User', 'clientPass'] }).openLcp([option(3, 0xc2, 0x23, 5)]);
  const { identifier, value } = challengeOf(solo.taken());
  solo.give(CHAP, 1, identifier, chapValue(value, 'mirror'));
  assert.equal(packets(solo.taken(), CHAP), []);
});

test('CHAP: a peer that never challenges is given up', () => {
  const solo = prove(0xc2, 0x23, 5).wait(60_000);
  assert.is(solo.end.ended, 'The peer sent no CHAP challenge.');
});

test('MS-CHAPv2: our response and the peer\'s proof are checked against each other', () => {
  const solo = prove(0xc2, 0x23, 0x81);
  solo.taken();
  solo.give(CHAP, 1, 5, chapValue(PROOF.authenticatorChallenge, 'server'));
  const value = parseChapValue(packets(solo.taken(), CHAP)[0]?.data ?? new Uint8Array(0));
  const response = typeof value === 'string' ? value : parseResponse(value.value);
  if (typeof response === 'string') throw new Error(response);
  const proof = { ...PROOF, peerChallenge: response.peerChallenge };
  assert.equal(response.ntResponse, ntResponse(crypto, proof));
  solo.give(CHAP, 3, 5, utf8(`${authenticatorResponse(crypto, proof, response.ntResponse)} M=Hello`));
  assert.is(solo.end.link.phase, 'Network');
});

for (const [name, success] of [
  ['wrong', SUCCESS],
  ['empty', ''],
  ['cut short', 'S=40'],
  ['not text', '\u0000\ufffd'],
] as const)
  test(`MS-CHAPv2: a Success whose proof is ${name} ends the link`, () => {
    const solo = prove(0xc2, 0x23, 0x81);
    solo.give(CHAP, 1, 5, chapValue(PROOF.authenticatorChallenge, 'server')).give(CHAP, 3, 5, utf8(success)).wait(10_000);
    assert.is(solo.end.ended, 'The peer did not prove that it knows our password (MS-CHAPv2).');
  });

test('MS-CHAPv2: a challenge that has not 16 octets is not answered', () => {
  const solo = prove(0xc2, 0x23, 0x81);
  solo.taken();
  for (const size of [1, 15, 17, 255]) solo.give(CHAP, 1, size, chapValue(new Uint8Array(size), 'server'));
  assert.equal(packets(solo.taken(), CHAP), []);
});

test('MS-CHAPv2: a right response gets S= and 40 digits in capitals, a wrong one E=691', () => {
  for (const [password, expected] of [
    ['clientPass', /^S=[0-9A-F]{40} M=/],
    ['guess', /^E=691 R=0 C=[0-9A-F]{32} V=3 M=/],
  ] as const) {
    const { solo, sent } = judge('MSCHAPv2');
    const { identifier, value } = challengeOf(sent);
    assert.is(value.length, 16);
    const proof = { ...PROOF, password: new Secret(password), authenticatorChallenge: value };
    const response = encodeResponse({ peerChallenge: proof.peerChallenge, ntResponse: ntResponse(crypto, proof) });
    assert.is(response.length, 49);
    solo.give(CHAP, 2, identifier, chapValue(response, 'User'));
    assert.match(fromUtf8(packets(solo.taken(), CHAP)[0]?.data ?? new Uint8Array(0)), expected);
  }
});

test('MS-CHAPv2: the reason of a Failure is told in words', () => {
  const solo = prove(0xc2, 0x23, 0x81);
  solo.give(CHAP, 1, 5, chapValue(PROOF.authenticatorChallenge, 'server')).give(CHAP, 4, 5, utf8('E=647 R=0 V=3 M=x')).wait(10_000);
  assert.is(solo.end.ended, 'The peer refused our name or password (MSCHAPv2): the account is disabled.');
});

test('a verdict that comes after the link was closed sends nothing', () => {
  const { solo, sent } = judge('CHAP-MD5', { slow: 2000 });
  const { identifier, value } = challengeOf(sent);
  solo.give(CHAP, 2, identifier, chapValue(chapResponse(crypto, identifier, utf8('clientPass'), value), 'User'));
  solo.end.link.close('Over.', solo.now);
  solo.wait(10_000);
  assert.equal(packets(solo.taken(), CHAP), []);
  assert.is(solo.end.ended, 'Over.');
});

test('a user database that never answers is a refusal after a minute', () => {
  const { solo, sent } = judge('CHAP-MD5', { slow: 1_000_000 });
  const { identifier } = challengeOf(sent);
  solo.give(CHAP, 2, identifier, chapValue(new Uint8Array(16), 'User')).wait(70_000);
  assert.is(solo.end.ended, 'The user database did not answer.');
});

test('authentication packets after the link has failed are ignored', () => {
  const { solo, sent } = judge('CHAP-MD5');
  const { identifier, value } = challengeOf(sent);
  solo.give(CHAP, 2, identifier, chapValue(new Uint8Array(16), 'User')).taken();
  solo.give(CHAP, 2, identifier, chapValue(chapResponse(crypto, identifier, utf8('clientPass'), value), 'User'));
  assert.equal(packets(solo.taken(), CHAP), []);
  assert.is(solo.end.link.phase, 'Terminate');
});

test.run();
