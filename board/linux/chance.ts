// Random octets from the kernel (getrandom).

import { randomFillSync } from 'node:crypto';

import type { Random } from '../../firmware/hal/clock.ts';

/** Asked for at once: a call of PPP needs a dozen small numbers, and each question costs more than the octets. */
const pool = new Uint8Array(4096);
let used = pool.length;

function bytes(count: number): Uint8Array {
  if (count > pool.length) return randomFillSync(new Uint8Array(count));
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const out = pool.slice(used, used + count);
  // What was given out is nobody else's, and is not kept.
  pool.fill(0, used, used + count);
  used += count;
  return out;
}

export const kernelRandom: Random = { bytes };
