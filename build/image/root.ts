// The root of a slot as a folder: the binary, the files taken from Debian's packages, what they link to, the kernel's modules,
// and our own files of board/appliance/root.

import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { neededBy } from './elf.ts';
import type { Wanted } from './packages.ts';
import { run } from './tools.ts';

const LIBRARIES = ['usr/lib/aarch64-linux-gnu', 'usr/lib', 'usr/lib/ipsec'] as const;
/** What our scripts, the router and an operator at the rescue shell use of busybox. */
const APPLETS = [
  'sh', 'ash', 'init', 'mount', 'umount', 'ls', 'cat', 'cp', 'mv', 'rm', 'mkdir', 'rmdir', 'ln', 'chmod', 'touch', 'ps', 'ip', 'modprobe', 'lsmod', 'insmod', 'rmmod', 'reboot', 'poweroff', 'halt', 'dmesg', 'udhcpc', 'sync', 'find', 'sort', 'xargs',
  'sleep', 'kill', 'killall', 'grep', 'sed', 'awk', 'cut', 'tr', 'head', 'tail', 'dd', 'df', 'du', 'free', 'top', 'uptime', 'date', 'hostname', 'setsid', 'echo', 'printf', 'test', '[', 'true', 'false', 'sha256sum', 'hexdump', 'od', 'tar', 'gzip', 'vi', 'less',
  'nslookup', 'ping', 'wget', 'nc', 'tftp', 'watchdog', 'stty', 'id', 'uname', 'env', 'expr', 'seq', 'wc', 'timeout', 'mktemp', 'readlink', 'basename', 'dirname', 'fsync', 'blkid', 'switch_root', 'devmem', 'ifconfig', 'route', 'arping', 'traceroute',
] as const;

/** Copies a path out of an unpacked package: files as they are, links as links, folders with all they hold. */
function take(from: string, path: string, root: string): void {
  const source = join(from, path);
  if (!existsSync(source) && !lstatSync(source, { throwIfNoEntry: false })) return;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  cpSync(source, join(root, path), { recursive: true, dereference: false, verbatimSymlinks: true });
  // A link's target beside it comes along.
  const about = lstatSync(source);
  if (about.isSymbolicLink()) {
    const target = realpathSync(source);
    const relative = target.slice(realpathSync(from).length + 1);
    if (!existsSync(join(root, relative))) {
      mkdirSync(dirname(join(root, relative)), { recursive: true });
      cpSync(target, join(root, relative));
    }
  }
}

function elfFiles(root: string, below: string): string[] {
  const folder = join(root, below);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(below, name)).filter((path) => {
    const about = lstatSync(join(root, path));
    return about.isFile() && !path.endsWith('.ko') && !path.endsWith('/hashi');
  });
}

/** Takes the files that are wanted, and the libraries that programs in the root link to, from the unpacked packages in `tree`. */
export function takeFiles(wanted: readonly Wanted[], tree: string, root: string): void {
  const missing: string[] = [];
  for (const { name, files } of wanted) {
    for (const path of files) {
      const alternative = path.startsWith('usr/') ? path.slice('usr/'.length) : `usr/${path}`;
      if (lstatSync(join(tree, path), { throwIfNoEntry: false }) !== undefined) take(tree, path, root);
      else if (lstatSync(join(tree, alternative), { throwIfNoEntry: false }) !== undefined) cpSync(join(tree, alternative), join(root, path), { recursive: true, verbatimSymlinks: true });
      // Debian moves the loader of programs between two folders; one of them is enough.
      else if (!path.includes('ld-linux')) missing.push(`${name}: ${path}`);
    }
  }
  if (missing.length > 0) throw new Error(`these files are in no package: ${missing.join(', ')}`);
  for (let again = true; again; ) {
    again = false;
    for (const file of elfFiles(root, 'usr')) {
      for (const library of neededBy(readFileSync(join(root, file)))) {
        if (LIBRARIES.some((folder) => existsSync(join(root, folder, library)))) continue;
        const home = LIBRARIES.find((folder) => existsSync(join(tree, folder, library)));
        if (home === undefined) throw new Error(`${file} needs ${library}, which no package of the lock file has`);
        take(tree, join(home, library), root);
        again = true;
      }
    }
  }
}

/** The folders and links every root has. */
export function layOut(root: string): void {
  for (const folder of ['usr/bin', 'usr/sbin', 'usr/lib', 'etc/hashi', 'proc', 'sys', 'dev', 'run', 'tmp', 'flash', 'boot']) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib']) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync('run/var', join(root, 'var'));
  symlinkSync('/run/resolv.conf', join(root, 'etc/resolv.conf'));
  symlinkSync('/proc/self/mounts', join(root, 'etc/mtab'));
}

/** Links for busybox's applets, those where no other program has the name. */
export function linkApplets(root: string): void {
  for (const applet of APPLETS) if (!existsSync(join(root, 'usr/bin', applet)) && !existsSync(join(root, 'usr/sbin', applet))) symlinkSync('busybox', join(root, 'usr/bin', applet));
  symlinkSync('../bin/busybox', join(root, 'usr/sbin/init'));
  symlinkSync('../bin/busybox', join(root, 'usr/sbin/modprobe'));
  symlinkSync('../bin/busybox', join(root, 'usr/sbin/reboot'));
}

/** All certificates in one file, as ca-certificates' own script would make it. */
export function certificates(tree: string, root: string): void {
  const folder = join(tree, 'usr/share/ca-certificates/mozilla');
  const all = readdirSync(folder).toSorted().map((name) => readFileSync(join(folder, name), 'utf8').trim());
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), `${all.join('\n')}\n`);
}

/** Same times for all, so that the same input makes the same octets. */
export function stamp(folder: string, date: number): void {
  run(['find', folder, '-depth', '-exec', 'touch', '-h', '-d', `@${date}`, '{}', '+']);
}

/** Octets of all files. */
export const sizeOf = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : entry.isFile() ? statSync(path).size : 0);
  }, 0);
