// One router per flash folder.

import { closeSync, mkdirSync, openSync, readFileSync, writeSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';

import { codeOf } from './failure.ts';
import { C } from './ffi/libc.ts';
import { runFolder } from './command-socket.ts';

/** flock(2): exclusive, not waiting. The lock goes with the process, whatever ends it. */
const LOCK_EX_NB = 2 | 4;

/** Takes the flash folder for this process; the sentence who has it. A read-only folder needs no lock. */
export function lockFlash(flash: string): string | undefined {
  const path = join(runFolder(flash), 'pid');
  let fd: number;
  try {
    mkdirSync(runFolder(flash), { recursive: true, mode: 0o700 });
    fd = openSync(path, 'a+', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EROFS') return undefined;
    return `The flash folder ${flash} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (C.flock(fd, LOCK_EX_NB) === 0) {
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`);
    return undefined;
  }
  const holder = readFileSync(fd, 'latin1').trim();
  closeSync(fd);
  return `A router runs on ${flash} already${holder === '' ? '' : ` (process ${holder})`}`;
}
