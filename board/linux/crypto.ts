// The digests and the DES block of L2TP and PPP authentication, by the crypto library that Bun carries.

import { createCipheriv, createHash } from 'node:crypto';

import type { Crypto } from '../../firmware/hal/clock.ts';

const digest = (name: string) => (data: Uint8Array): Uint8Array => Uint8Array.from(createHash(name).update(data).digest());

/** One block, no padding. The parity bits of the key are not looked at. */
function des(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (key.length !== 8 || block.length !== 8) throw new RangeError('DES takes a key and a block of 8 octets');
  const cipher = createCipheriv('des-ecb', key, null);
  cipher.setAutoPadding(false);
  return Uint8Array.from(cipher.update(block));
}

export const libraryCrypto: Crypto = { md4: digest('md4'), md5: digest('md5'), sha1: digest('sha1'), sha256: digest('sha256'), des };
