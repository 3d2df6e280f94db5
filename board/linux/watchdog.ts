// The hardware's watchdog (Linux Documentation/watchdog/watchdog-api.rst): fed from the main loop, so that a router whose loop
// stands still, or which does not come up again, is started anew by the hardware.

import { closeSync, openSync, writeSync } from 'node:fs';

import { textOf } from './failure.ts';
import { C, pinned } from './ffi/libc.ts';

/** _IOWR('W', 6, int) */
const WDIOC_SETTIMEOUT = 0xc0045706;
/** The Raspberry Pi's counter holds 15.9 s at most. */
const SECONDS = 15;
const FEED_MS = 3000;

export interface Watchdog {
  /** Stops feeding and leaves the timer running: whoever starts next takes it over, or the box starts anew. */
  leave(): void;
}

/** Starts to feed; a sentence why not. */
export function openWatchdog(path: string): Watchdog | string {
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    return `The watchdog ${path} cannot be opened: ${textOf(error)}`;
  }
  const timeout = pinned(4);
  timeout.view.setInt32(0, SECONDS, true);
  // A device that cannot be set keeps the time it has.
  C.ioctl(fd, WDIOC_SETTIMEOUT, timeout.at);
  const feed = (): void => void writeSync(fd, '.');
  feed();
  const timer = setInterval(feed, FEED_MS);
  return {
    leave() {
      clearInterval(timer);
      feed();
      // Without the letter V, which would stop it.
      closeSync(fd);
    },
  };
}
