// The initramfs archive: "newc" cpio (Linux Documentation/driver-api/early-userspace/buffer-format.rst), all files root's, all times equal.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;
const CHARACTER = 0o020000;

const pad4 = (length: number): number => (4 - (length % 4)) % 4;
const hex = (value: number): string => value.toString(16).padStart(8, '0').toUpperCase();

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly device?: readonly [number, number];
}

function record(entry: Entry, inode: number, date: number): Buffer {
  const name = Buffer.from(`${entry.name}\0`);
  const links = (entry.mode & FOLDER) === FOLDER ? 2 : 1;
  const [major, minor] = entry.device ?? [0, 0];
  const numbers = [inode, entry.mode, 0, 0, links, date, entry.data.length, 0, 0, major, minor, name.length, 0];
  const header = Buffer.from(`070701${numbers.map(hex).join('')}`);
  return Buffer.concat([header, name, Buffer.alloc(pad4(header.length + name.length)), entry.data, Buffer.alloc(pad4(entry.data.length))]);
}

function entriesOf(root: string, below = ''): Entry[] {
  return readdirSync(join(root, below)).toSorted().flatMap((name): Entry[] => {
    const path = below === '' ? name : `${below}/${name}`;
    const full = join(root, path);
    const about = lstatSync(full);
    if (about.isSymbolicLink()) return [{ name: path, mode: LINK | 0o777, data: Buffer.from(readlinkSync(full)) }];
    if (about.isDirectory()) return [{ name: path, mode: FOLDER | 0o755, data: new Uint8Array(0) }, ...entriesOf(root, path)];
    return [{ name: path, mode: REGULAR | ((about.mode & 0o111) === 0 ? 0o644 : 0o755), data: readFileSync(full) }];
  });
}

/** The archive of a folder, in the order of names, with /dev/console in it; `date` in seconds since 1970. */
export function cpioOf(root: string, date: number): Buffer {
  const console: Entry = { name: 'dev/console', mode: CHARACTER | 0o600, data: new Uint8Array(0), device: [5, 1] };
  const entries = [...entriesOf(root).filter(({ name }) => name !== 'dev'), { name: 'dev', mode: FOLDER | 0o755, data: new Uint8Array(0) }, console];
  const end = record({ name: 'TRAILER!!!', mode: 0, data: new Uint8Array(0) }, 0, 0);
  return Buffer.concat([...entries.map((entry, index) => record(entry, index + 1, date)), end]);
}
