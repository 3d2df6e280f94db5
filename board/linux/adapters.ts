// Serial adapters on USB, in the order of their sockets: the kernel numbers them as they come.

import { readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The devices of the adapters that are plugged in, '/dev/ttyUSB1' for one. An adapter with several lines has them one after another. */
export function serialAdapters(tty = '/sys/class/tty'): string[] {
  const found = readdirSync(tty).filter((name) => /^tty(?:USB|ACM)\d+$/.test(name)).flatMap((name) => {
    try {
      return [{ name, place: realpathSync(join(tty, name, 'device')) }];
    } catch {
      // Unplugged meanwhile.
      return [];
    }
  });
  return found.toSorted((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true })).map(({ name }) => `/dev/${basename(name)}`);
}
