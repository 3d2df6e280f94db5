// Programs of the machine that builds: which are needed, and running them.

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Command and the Debian package that has it. */
export const TOOLS: Readonly<Record<string, string>> = {
  'dpkg-deb': 'dpkg', depmod: 'kmod', mksquashfs: 'squashfs-tools', mke2fs: 'e2fsprogs', 'mkfs.vfat': 'dosfstools', mcopy: 'mtools', mmd: 'mtools', xz: 'xz-utils', zstd: 'zstd',
};

/** Where commands are looked for: also in the system folders that a plain user's PATH leaves out. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

function hasCommand(name: string): boolean {
  return PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The packages that are to be installed before an image can be built. */
export function missingTools(): string[] {
  return [...new Set(Object.entries(TOOLS).filter(([command]) => !hasCommand(command)).map(([, name]) => name))];
}

export interface RunOptions {
  readonly input?: Uint8Array;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end and gives its standard output; throws with what it said where it fails. */
export function run(command: readonly string[], options: RunOptions = {}): Buffer {
  const done = Bun.spawnSync([...command], {
    stdin: options.input ?? 'ignore', stdout: 'pipe', stderr: 'pipe',
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    env: { ...process.env, PATH, LC_ALL: 'C', TZ: 'UTC', ...options.env },
  });
  if (done.exitCode !== 0) throw new Error(`${command.slice(0, 6).join(' ')} ended with ${done.exitCode}: ${done.stderr.toString().trim().slice(-2000)}`);
  return done.stdout;
}
