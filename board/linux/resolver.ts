// Host names to addresses: /etc/hosts and the name servers of the box, as every other program on it sees them.

import { lookup } from 'node:dns';

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { Resolver } from '../../firmware/hal/io.ts';
import { codeOf } from './failure.ts';

const reason = (name: string, code: string): string =>
  /NOTFOUND|NODATA|NONAME/.test(code) ? `${name} has no address` : `the name server gave no answer for ${name}${code === '' ? '' : ` (${code})`}`;

/** `now` is the board's clock. */
export const hostResolver = (now: () => Millis): Resolver => ({
  resolve(name, done: (addresses: readonly Ipv4[] | Refusal, now: Millis) => void): void {
    lookup(name, { all: true, family: 4 }, (error, found) => {
      if (error !== null) return done({ refused: reason(name, codeOf(error)) }, now());
      const addresses = found.map((entry) => parseIpv4(entry.address)).filter((address) => address !== undefined);
      done(addresses.length > 0 ? addresses : { refused: `${name} has no address` }, now());
    });
  },
});
