// Random octets from the kernel (getrandom).

import { randomBytes } from 'node:crypto';

import type { Random } from '../../firmware/hal/clock.ts';

export const kernelRandom: Random = { bytes: (count) => Uint8Array.from(randomBytes(count)) };
