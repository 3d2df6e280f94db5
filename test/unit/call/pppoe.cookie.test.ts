// AC-Cookies and the bound on answers: what the access concentrator knows of a peer without keeping anything.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SeededRandom } from '../../../board/sim/world.ts';
import { libraryCrypto as crypto } from '../../../board/linux/crypto.ts';
import { hex } from '../../../firmware/bytes/hex.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { Cookies, hmac } from '../../../firmware/call/pppoe.cookie.ts';
import { Throttle } from '../../../firmware/call/pppoe.throttle.ts';

const test = suite('PPPoE cookies');
const PEER = Uint8Array.of(2, 0, 0, 0, 0, 1);
const OTHER = Uint8Array.of(2, 0, 0, 0, 0, 2);
const cookies = (): Cookies => new Cookies(crypto, new SeededRandom(1), 0);

test('the digest of a cookie is that of RFC 4231, cases 1 and 2', () => {
  assert.is(hex(hmac(crypto, new Uint8Array(20).fill(0x0b), utf8('Hi There'))), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7');
  assert.is(hex(hmac(crypto, utf8('Jefe'), utf8('what do ya want for nothing?'))), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
});

test('a cookie holds for its peer on its port, and for no other', () => {
  const all = cookies();
  const cookie = all.of('eth1', PEER, 0);
  assert.is(all.holds(cookie, 'eth1', PEER, 1000), true);
  assert.is(all.holds(cookie, 'eth1', OTHER, 1000), false);
  assert.is(all.holds(cookie, 'eth0', PEER, 1000), false);
  assert.is(all.holds(undefined, 'eth1', PEER, 1000), false);
  assert.is(all.holds(cookie.subarray(0, 15), 'eth1', PEER, 1000), false);
  cookie[3] = (cookie[3] ?? 0) ^ 1;
  assert.is(all.holds(cookie, 'eth1', PEER, 1000), false);
});

test('a cookie holds for a minute at least and two at most', () => {
  const all = cookies();
  const early = all.of('eth1', PEER, 1000);
  const late = all.of('eth1', PEER, 59_000);
  assert.is(all.holds(early, 'eth1', PEER, 61_000), true);
  assert.is(all.holds(late, 'eth1', PEER, 118_000), true);
  all.of('eth1', PEER, 119_999);
  assert.is(all.holds(early, 'eth1', PEER, 121_000), false);
  assert.is(all.holds(late, 'eth1', PEER, 181_000), false);
});

test('a cookie given before hours of silence does not hold after them', () => {
  const all = cookies();
  const cookie = all.of('eth1', PEER, 0);
  assert.is(all.holds(cookie, 'eth1', PEER, 7_200_000), false);
});

test('two routers, or one that started anew, give different cookies', () => {
  assert.is.not(hex(cookies().of('eth1', PEER, 0)), hex(new Cookies(crypto, new SeededRandom(2), 0).of('eth1', PEER, 0)));
});

test('an address has its share of a second and again in the next', () => {
  const throttle = new Throttle({ buckets: 64, most: 3, salt: new SeededRandom(1).bytes(16) });
  const taken = (now: number): boolean[] => [1, 2, 3, 4].map(() => throttle.take(PEER, now));
  assert.equal(taken(5000), [true, true, true, false]);
  assert.is(throttle.take(PEER, 5999), false);
  assert.equal(taken(6000), [true, true, true, false]);
});

test('addresses spread evenly over the buckets, differently for every salt', () => {
  const address = (i: number): Uint8Array => Uint8Array.of(2, 0, 0, i >> 16, (i >> 8) & 255, i & 255);
  const through = (seed: number): boolean[] => {
    const throttle = new Throttle({ buckets: 1024, most: 4, salt: new SeededRandom(seed).bytes(16) });
    return Array.from({ length: 1024 }, (_, i) => throttle.take(address(i), 1));
  };
  const passed = through(1).filter(Boolean).length;
  assert.ok(passed > 980, `${passed} of 1024 neighbours passed`);
  assert.not.equal(through(1), through(2));
});

test.run();
