// RADIUS packets and what hides in them, against the examples of RFC 2865 7, vectors of RFC 2868 3.5, and every cut and bit flip.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { libraryCrypto } from '../../../board/linux/crypto.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { fromUtf8, utf8 } from '../../../firmware/bytes/text.ts';
import { all, ATTRIBUTE, first, firstAddress, firstMicrosoft, firstNumber, microsoft, number, octets, text, type Attribute } from '../../../firmware/aaa/radius.attribute.ts';
import { hidePassword, hideTunnelPassword, unhidePassword, unhideTunnelPassword } from '../../../firmware/aaa/radius.hide.ts';
import {
  checkMessageAuthenticator, CODE, encodeAccessRequest, encodeDigestRequest, encodeReply, hmac, parsePacket, replyIsTrue, requestIsTrue, type Packet, type Trust,
} from '../../../firmware/aaa/radius.packet.ts';
import { sure } from './radius.rig.ts';

const bytes = (digits: string): Uint8Array => sure(fromHex(digits));
const trust = (secret: string): Trust => ({ secret: new Secret(secret), crypto: libraryCrypto });
function parsed(data: Uint8Array): Packet {
  const packet = parsePacket(data);
  if (typeof packet === 'string') throw new Error(packet);
  return packet;
}

// RFC 2865 7.1: user nemo, password arctangent, port 3 of 192.168.1.16, secret xyzzy5461.
const XYZZY = trust('xyzzy5461');
const TELNET_REQUEST = bytes('01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 0406c0a80110 050600000003');
const TELNET_ACCEPT = bytes('02000026 86fe220e7624ba2a1005f6bf9b55e0b2 060600000001 0f0600000000 0e06c0a80103');
// RFC 2865 7.2: user flopsy with CHAP.
const CHAP_REQUEST = bytes('01010047 2aee86f08d0d55969ca5978e0d3367a2 0108666c6f707379 031316e9755709e85ee65cf25bd1a1aa6a6c47 0406c0a80110 050600000014 060600000002 070600000001');
const CHAP_ACCEPT = bytes('02010038 15efbc7dabcda3e1dde8cf8b5e7cf0b4 060600000002 070600000001 0806fffffffe 0a0600000002 0d0600000001 0c06000005dc'.replaceAll(' ', ''));

test('A request of RFC 2865 7.1 is read, and its password comes out', () => {
  const packet = parsed(TELNET_REQUEST);
  assert.is(packet.code, CODE['Access-Request']);
  assert.is(packet.id, 0);
  assert.is(fromUtf8(first(packet.attributes, 'User-Name') ?? new Uint8Array(0)), 'nemo');
  assert.is(firstAddress(packet.attributes, 'NAS-IP-Address'), 0xc0a80110);
  assert.is(firstNumber(packet.attributes, 'NAS-Port'), 3);
  const hidden = first(packet.attributes, 'User-Password') ?? new Uint8Array(0);
  assert.is(fromUtf8(unhidePassword(hidden, packet.authenticator, XYZZY) ?? new Uint8Array(0)), 'arctangent');
  assert.is(hex(hidePassword(utf8('arctangent'), packet.authenticator, XYZZY)), hex(hidden));
});

test('The answer of RFC 2865 7.1 is true for its request, and for no other request or secret', () => {
  const reply = parsed(TELNET_ACCEPT);
  const { authenticator } = parsed(TELNET_REQUEST);
  assert.ok(replyIsTrue(reply, authenticator, XYZZY));
  assert.not.ok(replyIsTrue(reply, parsed(CHAP_REQUEST).authenticator, XYZZY));
  assert.not.ok(replyIsTrue(reply, authenticator, trust('xyzzy5462')));
  const again = encodeReply({ code: reply.code, id: reply.id, attributes: reply.attributes }, authenticator, XYZZY, 'plain');
  assert.is(hex(again), hex(TELNET_ACCEPT));
});

test('The CHAP request of RFC 2865 7.2 is read', () => {
  const packet = parsed(CHAP_REQUEST);
  assert.is(fromUtf8(first(packet.attributes, 'User-Name') ?? new Uint8Array(0)), 'flopsy');
  assert.is(hex(first(packet.attributes, 'CHAP-Password') ?? new Uint8Array(0)), '16e9755709e85ee65cf25bd1a1aa6a6c47');
  assert.is(firstAddress(parsed(CHAP_ACCEPT).attributes, 'Framed-IP-Address'), 0xfffffffe);
});

test('Passwords of every length up to 128 octets come back as they were', () => {
  const authenticator = Uint8Array.from({ length: 16 }, (_, i) => i * 7);
  for (let length = 0; length <= 128; length++) {
    const password = Uint8Array.from({ length }, (_, i) => 1 + ((i * 31 + length) % 255));
    const hidden = hidePassword(password, authenticator, XYZZY);
    assert.is(hidden.length, Math.max(16, Math.ceil(length / 16) * 16));
    assert.is(hex(unhidePassword(hidden, authenticator, XYZZY) ?? Uint8Array.of(0)), hex(password));
  }
  assert.is(hidePassword(new Uint8Array(300).fill(65), authenticator, XYZZY).length, 128);
  for (const size of [0, 1, 15, 17, 144]) assert.is(unhidePassword(new Uint8Array(size), authenticator, XYZZY), undefined);
});

const REQUEST = bytes('000102030405060708090a0b0c0d0e0f');
const RADSECRET = trust('radsecret');

test('Tunnel-Password is hidden as RFC 2868 3.5 says, and comes out with its tag', () => {
  const value = bytes('018001d8ce9ccac113582037a725a246f9f26922b01074c3acf33cf5b65564c9dab0cd');
  const out = unhideTunnelPassword(value, REQUEST, RADSECRET);
  assert.is(out?.tag, 1);
  assert.is(fromUtf8(out?.password ?? new Uint8Array(0)), 'tunnelpass-longer-than-16');
  assert.is(hex(hideTunnelPassword(utf8('tunnelpass-longer-than-16'), { tag: 1, salt: bytes('8001'), authenticator: REQUEST }, RADSECRET)), hex(value));
});

test('Tunnel-Password without a tag octet is read from its salt on', () => {
  const tagged = hideTunnelPassword(utf8('abc'), { tag: 0, salt: bytes('9234'), authenticator: REQUEST }, RADSECRET);
  const out = unhideTunnelPassword(tagged.subarray(1), REQUEST, RADSECRET);
  assert.is(out?.tag, 0);
  assert.is(fromUtf8(out?.password ?? new Uint8Array(0)), 'abc');
});

test('Tunnel-Password of an odd size, or with an inner length that is a lie, is refused', () => {
  for (let size = 0; size < 60; size++) {
    if ((size - 3) % 16 === 0 && size > 3) continue;
    assert.is(unhideTunnelPassword(Uint8Array.of(1, ...new Uint8Array(Math.max(0, size - 1))).subarray(0, size), REQUEST, RADSECRET), undefined, `${size} octets`);
  }
  for (let lie = 0; lie <= 255; lie++) {
    const salt = bytes('8001');
    // The first octet of a block of zeros is the inner length.
    const honest = hideTunnelPassword(new Uint8Array(0), { tag: 1, salt, authenticator: REQUEST }, RADSECRET);
    honest[3] = (honest[3] ?? 0) ^ lie;
    const out = unhideTunnelPassword(honest, REQUEST, RADSECRET);
    if (lie <= 15) assert.is(out?.password.length, lie);
    else assert.is(out, undefined, `inner length ${lie}`);
  }
});

test('HMAC-MD5 gives the values of RFC 2104', () => {
  assert.is(hex(hmac(trust('\u000b'.repeat(16)), utf8('Hi There'))), '9294727a3638bb1c13f48ef8158bfc9d');
  assert.is(hex(hmac(trust('Jefe'), utf8('what do ya want for nothing?'))), '750c783e6ab0b503eaa86e310a5db738');
});

test('An Access-Request has Message-Authenticator first, and it is right', () => {
  const octets_ = encodeAccessRequest({ code: CODE['Access-Request'], id: 9, attributes: [text('User-Name', 'nemo')] }, REQUEST, XYZZY);
  const packet = parsed(octets_);
  assert.equal(packet.attributes.map(({ type }) => type), [ATTRIBUTE['Message-Authenticator'], ATTRIBUTE['User-Name']]);
  assert.is(checkMessageAuthenticator(packet, REQUEST, XYZZY), 'right');
  assert.is(checkMessageAuthenticator(packet, REQUEST, RADSECRET), 'wrong');
});

test('Two Message-Authenticators, or one of another size, are wrong', () => {
  const right = encodeReply({ code: 2, id: 1, attributes: [] }, REQUEST, XYZZY, 'with Message-Authenticator');
  assert.is(checkMessageAuthenticator(parsed(right), REQUEST, XYZZY), 'right');
  const signature = parsed(right).attributes[0]?.value ?? new Uint8Array(16);
  for (const attributes of [[octets('Message-Authenticator', signature), octets('Message-Authenticator', signature)], [octets('Message-Authenticator', signature.subarray(1))]]) {
    assert.is(checkMessageAuthenticator(parsed(encodeReply({ code: 2, id: 1, attributes }, REQUEST, XYZZY, 'plain')), REQUEST, XYZZY), 'wrong');
  }
});

const RICH: readonly Attribute[] = [
  text('User-Name', 'someone@isp.example'), number('Session-Timeout', 3600), octets('Class', bytes('00ff')), octets('Class', bytes('ff00')),
  microsoft('MS-CHAP2-Success', utf8('\u0001S=0123456789012345678901234567890123456789')), number('Framed-IP-Address', 0x0a000001),
];
const ANSWER = encodeReply({ code: 2, id: 77, attributes: RICH }, REQUEST, XYZZY, 'with Message-Authenticator');

test('Every bit flip of an answer makes it malformed or untrue', () => {
  for (let bit = 0; bit < ANSWER.length * 8; bit++) {
    const flipped = ANSWER.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const packet = parsePacket(flipped);
    // Octet 1 is the identifier, octet 0 the code: both are under the digest as well.
    if (typeof packet !== 'string') assert.not.ok(replyIsTrue(packet, REQUEST, XYZZY), `bit ${bit}`);
  }
});

test('Every truncation of an answer is malformed, with its length adapted untrue', () => {
  for (let length = 0; length < ANSWER.length; length++) {
    const cut = ANSWER.slice(0, length);
    assert.type(parsePacket(cut), 'string', `${length} octets`);
    if (length < 20) continue;
    cut[2] = length >> 8;
    cut[3] = length;
    const packet = parsePacket(cut);
    if (typeof packet !== 'string') assert.not.ok(replyIsTrue(packet, REQUEST, XYZZY), `${length} octets`);
  }
});

test('What follows the Length field is padding', () => {
  const padded = new Uint8Array(ANSWER.length + 9);
  padded.set(ANSWER);
  assert.ok(replyIsTrue(parsed(padded), REQUEST, XYZZY));
});

test('Attribute lengths of 0, 1 and beyond the packet are malformed', () => {
  const packet = bytes('02010018000000000000000000000000000000001b040000');
  assert.is(parsed(packet).attributes.length, 1);
  for (const length of [0, 1, 5, 255]) {
    packet[21] = length;
    assert.is(parsePacket(packet), 'attribute length does not fit', `length ${length}`);
  }
  packet[21] = 3;
  assert.is(parsePacket(packet), 'attribute length does not fit', 'one octet of an attribute left over');
});

test('Length fields below 20, above 4096 and beyond the datagram are malformed', () => {
  for (const length of [0, 19, 4097, 65535, ANSWER.length + 1]) {
    const data = new Uint8Array(5000);
    data.set(ANSWER);
    data[2] = length >> 8;
    data[3] = length;
    assert.is(parsePacket(length > 4096 || length < 20 ? data : data.subarray(0, length - 1)), 'length field does not fit', `${length}`);
  }
  assert.is(parsePacket(new Uint8Array(19)), 'shorter than a header');
});

test('A digest request proves itself, and does not with another secret or another octet', () => {
  const request = encodeDigestRequest({ code: CODE['Accounting-Request'], id: 3, attributes: RICH }, XYZZY);
  assert.ok(requestIsTrue(parsed(request), XYZZY));
  assert.not.ok(requestIsTrue(parsed(request), RADSECRET));
  request[30] = (request[30] ?? 0) ^ 1;
  assert.not.ok(requestIsTrue(parsed(request), XYZZY));
});

test('Vendor attributes are found behind others of the vendor, and lies about their length end the search', () => {
  const inner = (value: string): Attribute => ({ type: ATTRIBUTE['Vendor-Specific'], value: bytes(value) });
  const find = (...list: readonly Attribute[]): string | undefined => {
    const value = firstMicrosoft(list, 'MS-CHAP2-Success');
    return value === undefined ? undefined : hex(value);
  };
  assert.is(find(inner('00000137 0204abcd 1a03ee')), 'ee');
  assert.is(find(inner('00000138 1a03ee')), undefined);
  assert.is(find(inner('00000137 0200abcd 1a03ee')), undefined);
  assert.is(find(inner('00000137 0209abcd 1a03ee')), undefined);
  assert.is(find(inner('00000137 1a04ee')), undefined);
  assert.is(find(inner('00000137'), inner('000001371a'), inner('000001371a02')), '');
  assert.is(all(RICH, 'Class').map(hex).join(), '00ff,ff00');
});

test.run();
