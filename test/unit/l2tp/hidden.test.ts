import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { challengeResponse, responseIsRight } from '../../../firmware/l2tp/auth.ts';
import { hide, unhide } from '../../../firmware/l2tp/hidden.ts';
import { crypto } from './wire.ts';

const test = suite('L2TP hiding and authentication');
const bytes = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

interface Vectors {
  readonly secret: string;
  readonly challenge: string;
  readonly response: { readonly SCCRP: string; readonly SCCCN: string };
  readonly randomVector: string;
  readonly hidden: readonly { readonly type: number; readonly text?: string; readonly hex?: string; readonly padding: number; readonly cipher: string }[];
}
const vectors: Vectors = JSON.parse(readFileSync(new URL('../../vectors/l2tp.json', import.meta.url), 'utf8'));
const secret = new Secret(vectors.secret);
const hiding = { secret, vector: bytes(vectors.randomVector), crypto };

for (const { type, text, hex: digits, padding, cipher } of vectors.hidden) {
  const value = text === undefined ? bytes(digits ?? '') : utf8(text);
  test(`the value of AVP ${type} with ${padding} octets of padding hides to ${cipher.slice(0, 12)}..`, () => {
    assert.is(hex(hide(type, value, hiding, new Uint8Array(padding))), cipher);
  });
  test(`the value hidden in ${cipher.slice(0, 12)}.. comes back`, () => {
    assert.equal(unhide(type, bytes(cipher), hiding), value);
  });
}

test('the challenge response of SCCRP and SCCCN is the vector\'s', () => {
  const challenge = bytes(vectors.challenge);
  assert.is(hex(challengeResponse('SCCRP', secret, challenge, crypto)), vectors.response.SCCRP);
  assert.is(hex(challengeResponse('SCCCN', secret, challenge, crypto)), vectors.response.SCCCN);
});

test('a response is right only for its message, secret, challenge and length', () => {
  const challenge = bytes(vectors.challenge);
  const right = bytes(vectors.response.SCCRP);
  assert.ok(responseIsRight('SCCRP', right, { secret, challenge, crypto }));
  assert.not(responseIsRight('SCCCN', right, { secret, challenge, crypto }));
  assert.not(responseIsRight('SCCRP', right, { secret: new Secret('other'), challenge, crypto }));
  assert.not(responseIsRight('SCCRP', right, { secret, challenge: right, crypto }));
  assert.not(responseIsRight('SCCRP', right.slice(0, 15), { secret, challenge, crypto }));
});

test('values of every length from 0 to 64 come back from hiding', () => {
  for (let size = 0; size <= 64; size++) {
    const value = Uint8Array.from({ length: size }, (_, i) => i);
    const cipher = hide(33, value, hiding, new Uint8Array(size % 5));
    assert.is(cipher.length, 2 + size + (size % 5));
    assert.equal(unhide(33, cipher, hiding), value);
  }
});

test('an inner length beyond the cipher text is refused, 0 gives an empty value', () => {
  const forge = (length: number, size: number): Uint8Array => {
    const plain = hide(33, new Uint8Array(size), hiding);
    plain[0] = (plain[0] ?? 0) ^ (size >> 8) ^ (length >> 8);
    plain[1] = (plain[1] ?? 0) ^ (size & 255) ^ (length & 255);
    return plain;
  };
  assert.is(unhide(33, forge(9, 8), hiding), undefined);
  assert.is(unhide(33, forge(65535, 8), hiding), undefined);
  assert.is(unhide(33, forge(0xfffe, 8), hiding), undefined);
  assert.equal(unhide(33, forge(0, 8), hiding), new Uint8Array(0));
  assert.equal(unhide(33, forge(8, 8), hiding), new Uint8Array(8));
});

test('a cipher text of less than two octets is refused', () => {
  assert.is(unhide(33, new Uint8Array(0), hiding), undefined);
  assert.is(unhide(33, new Uint8Array(1), hiding), undefined);
});

test.run();
