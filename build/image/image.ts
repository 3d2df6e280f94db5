// npm run image -- --board raspberrypi|qemu-virt: the card's image out of the binary and Debian's packages, without root, loop
// devices or containers. Options: --update-key FILE (the public key that updates must be signed with), --sign-key FILE (signs
// the update file made beside), --binary FILE, --cache DIR, --out DIR, --refresh-lock, --fast (worse compression, for tests).

import { createHash } from 'node:crypto';
import { chmodSync, closeSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

import { sourceDate, VERSION } from '../version.ts';
import { BOARDS, type ImageBoard } from './boards.ts';
import { cpioOf } from './cpio.ts';
import { imageSize, masterBootRecord, partition, type Partition } from './disk.ts';
import { fetchPackages, unpack } from './fetch.ts';
import { type Lock, readLock, REFRESH, refreshLock } from './lock.ts';
import { KernelModules } from './modules.ts';
import { BOOT_MODULES, KEXEC, PI_FIRMWARE, ROOT_MODULES, ROOT_PACKAGES } from './packages.ts';
import { certificates, layOut, linkApplets, sizeOf, stamp, takeFiles } from './root.ts';
import { imageSbom } from './sbom.ts';
import { missingTools, run } from './tools.ts';
import { writeUpdate } from './update.ts';

const ROOT = join(import.meta.dir, '..', '..');
const OWN = join(ROOT, 'board', 'appliance');
/** Names for file systems that would else be random. */
const FLASH_UUID = 'a7400000-0000-4000-8000-000000000004';
const FLASH_SEED = 'a7400000-0000-4000-8000-000000000005';
const BOOT_ID = 'A7400001';

interface Options {
  readonly board: ImageBoard;
  readonly binary: string;
  readonly cache: string;
  readonly out: string;
  readonly updateKey: string | undefined;
  readonly signKey: string | undefined;
  readonly fast: boolean;
}

/** Where things are while an image is made. */
interface Works {
  readonly tree: string;
  readonly root: string;
  readonly initramfs: string;
  readonly boot: string;
  readonly parts: string;
  readonly date: number;
  readonly kernel: KernelModules;
  readonly lock: Lock;
}

const sumOf = (...data: readonly Uint8Array[]): string => data.reduce((hash, one) => hash.update(one), createHash('sha256')).digest('hex');

function makeInitramfs({ tree, initramfs, kernel, date }: Works, id: string): Buffer {
  rmSync(initramfs, { recursive: true, force: true });
  for (const folder of ['bin', 'usr/bin', 'usr/sbin', 'usr/lib', 'proc', 'sys', 'new', 'run']) mkdirSync(join(initramfs, folder), { recursive: true });
  run(['ln', '-s', 'usr/lib', join(initramfs, 'lib')]);
  takeFiles([KEXEC, { name: 'libc6', why: '', files: ['usr/lib/ld-linux-aarch64.so.1', 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'] }], tree, initramfs);
  cpSync(join(tree, 'usr/bin/busybox'), join(initramfs, 'bin/busybox'));
  kernel.install(kernel.closure([...BOOT_MODULES, 'vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859_1']), initramfs);
  cpSync(join(OWN, 'init'), join(initramfs, 'init'));
  chmodSync(join(initramfs, 'init'), 0o755);
  writeFileSync(join(initramfs, 'boot.id'), id);
  return run(['zstd', '-q', '-19', '-T1', '-c'], { input: cpioOf(initramfs, date) });
}

/** Kernel, initramfs and device trees: the same for the loader and for the slot of this build. */
function bootFiles(works: Works, board: ImageBoard): { readonly kernel: Buffer; readonly initramfs: Buffer; readonly trees: Map<string, Buffer>; readonly id: string } {
  const { tree, lock } = works;
  const folder = join(tree, 'usr/lib/modules', lock.kernel);
  const kernel = readFileSync(join(folder, 'vmlinuz'));
  const trees = new Map<string, Buffer>();
  if (board.deviceTrees !== undefined) {
    for (const name of readdirSync(join(folder, 'dtb'), { recursive: true, encoding: 'utf8' }).toSorted()) {
      if (board.deviceTrees.test(name) && name.endsWith('.dtb')) trees.set(basename(name), readFileSync(join(folder, 'dtb', name)));
    }
  }
  const own = readFileSync(join(OWN, 'init'));
  const id = `${lock.kernel} ${sumOf(kernel, own, ...trees.values()).slice(0, 16)}\n`;
  return { kernel, initramfs: makeInitramfs(works, id), trees, id };
}

function makeRoot(works: Works, options: Options, boot: ReturnType<typeof bootFiles>): void {
  const { root, tree, kernel } = works;
  layOut(root);
  takeFiles(ROOT_PACKAGES, tree, root);
  certificates(tree, root);
  kernel.install(kernel.closure(ROOT_MODULES), root);
  cpSync(join(OWN, 'root'), root, { recursive: true });
  for (const name of readdirSync(join(OWN, 'root', 'usr/sbin'))) chmodSync(join(root, 'usr/sbin', name), 0o755);
  copyFileSync(options.binary, join(root, 'usr/bin/hashi'));
  chmodSync(join(root, 'usr/bin/hashi'), 0o755);
  linkApplets(root);
  writeFileSync(join(root, 'etc/hashi/board'), `${options.board.name}\n`);
  writeFileSync(join(root, 'etc/hashi/version'), `${VERSION}\n`);
  if (options.updateKey !== undefined) writeFileSync(join(root, 'etc/hashi/update.pub'), readFileSync(options.updateKey));
  writeFileSync(join(root, 'boot/vmlinuz'), boot.kernel);
  writeFileSync(join(root, 'boot/initramfs'), boot.initramfs);
  writeFileSync(join(root, 'boot/id'), boot.id);
  for (const [name, data] of boot.trees) writeFileSync(join(root, 'boot', name), data);
}

function squash({ root, parts, date }: Works, fast: boolean): string {
  const file = join(parts, 'slot');
  stamp(root, date);
  const packing = fast ? ['-comp', 'zstd', '-Xcompression-level', '3', '-b', '128K'] : ['-comp', 'zstd', '-Xcompression-level', '22', '-b', '256K'];
  run(['mksquashfs', root, file, ...packing, '-all-root', '-no-xattrs', '-noappend', '-quiet', '-no-progress', '-processors', '2'], { env: { SOURCE_DATE_EPOCH: String(date) } });
  return file;
}

function bootPartition(works: Works, board: ImageBoard, boot: ReturnType<typeof bootFiles>): string {
  const { boot: folder, tree, parts, date } = works;
  mkdirSync(folder, { recursive: true });
  // As it is: the whole image packs it better than gzip, the one packing that the firmware would undo.
  writeFileSync(join(folder, 'loader.img'), boot.kernel);
  writeFileSync(join(folder, 'loader.cpio'), boot.initramfs);
  for (const [name, text] of Object.entries(board.files)) writeFileSync(join(folder, name), text);
  for (const [name, data] of boot.trees) writeFileSync(join(folder, name), data);
  if (board.firmware.length > 0) {
    const firmware = join(tree, 'usr/lib/raspi-firmware');
    for (const name of board.firmware) copyFileSync(join(firmware, name), join(folder, name));
    copyFileSync(join(tree, 'usr/share/doc/raspi-firmware/copyright'), join(folder, 'firmware-copyright.txt'));
  }
  stamp(folder, date);
  const file = join(parts, 'boot');
  writeFileSync(file, '');
  truncateSync(file, partition('boot').size);
  run(['mkfs.vfat', '--invariant', '-F', '32', '-i', BOOT_ID, '-n', 'HASHI', file]);
  for (const name of readdirSync(folder).toSorted()) run(['mcopy', '-m', '-i', file, join(folder, name), `::${name}`], { env: { MTOOLS_SKIP_CHECK: '1' } });
  return file;
}

function flashPartition({ parts, date }: Works): string {
  const file = join(parts, 'flash');
  writeFileSync(file, '');
  truncateSync(file, partition('flash').size);
  run(['mke2fs', '-q', '-t', 'ext4', '-L', 'FLASH', '-U', FLASH_UUID, '-m', '0', '-J', 'size=4', '-O', '^metadata_csum_seed,^orphan_file,metadata_csum', '-E', `hash_seed=${FLASH_SEED},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0`, file], {
    env: { E2FSPROGS_FAKE_TIME: String(date), SOURCE_DATE_EPOCH: String(date) },
  });
  return file;
}

/** Puts the parts at their places; what is zero stays a hole. */
function assemble(file: string, parts: ReadonlyMap<Partition['name'], string>): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, '');
  truncateSync(fresh, imageSize());
  const fd = openSync(fresh, 'r+');
  try {
    writeSync(fd, masterBootRecord(), 0, undefined, 0);
    for (const [name, path] of parts) {
      const { at, size } = partition(name);
      const data = readFileSync(path);
      if (data.length > size) throw new Error(`${name} has ${data.length} octets and its partition ${size}`);
      const block = 65_536;
      const zero = Buffer.alloc(block);
      for (let i = 0; i < data.length; i += block) {
        const part = data.subarray(i, i + block);
        if (!part.equals(zero.subarray(0, part.length))) writeSync(fd, part, 0, part.length, at + i);
      }
    }
  } finally {
    closeSync(fd);
  }
  run(['mv', fresh, file]);
}

const mega = (octets: number): string => `${(octets / 1e6).toFixed(1)} MB`;

async function build(options: Options): Promise<void> {
  const started = performance.now();
  const lock = readLock();
  const date = sourceDate();
  const folder = mkdtempSync(join(options.out, '.image-'));
  const step = (text: string): void => console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  try {
    const names = lock.packages.map(({ name }) => name).filter((name) => options.board.firmware.length > 0 || name !== PI_FIRMWARE.name);
    const debs = await fetchPackages(lock, names, options.cache);
    step(`${names.length} packages fetched`);
    const tree = join(folder, 'tree');
    for (const name of names) unpack(debs.get(name) ?? '', tree);
    const works: Works = { tree, root: join(folder, 'root'), initramfs: join(folder, 'initramfs'), boot: join(folder, 'boot'), parts: join(folder, 'parts'), date, lock, kernel: new KernelModules(tree, lock.kernel) };
    mkdirSync(works.parts);
    const boot = bootFiles(works, options.board);
    makeRoot(works, options, boot);
    step(`root of ${mega(sizeOf(works.root))}, kernel ${lock.kernel}`);
    const slot = squash(works, options.fast);
    step(`slot of ${mega(statSync(slot).size)}`);
    const base = join(options.out, `hashi-${options.board.name}`);
    const parts = new Map<Partition['name'], string>([['boot', bootPartition(works, options.board, boot)], ['slot-a', slot], ['flash', flashPartition(works)]]);
    assemble(`${base}.img`, parts);
    for (const name of options.board.firmware.length > 0 ? [] : ['loader.img', 'loader.cpio']) copyFileSync(join(works.boot, name), `${base}.${name}`);
    writeFileSync(`${base}.img.sha256`, `${sumOf(readFileSync(`${base}.img`))}  hashi-${options.board.name}.img\n`);
    writeUpdate({ slot, file: `${base}.update`, board: options.board.name, version: VERSION, kernel: lock.kernel, signKey: options.signKey });
    writeFileSync(`${base}.cdx.json`, imageSbom(lock, names, { board: options.board.name, date, binary: options.binary }));
    step(`${relative(ROOT, `${base}.img`)}: ${mega(statSync(`${base}.img`).size)}`);
    if (!options.fast) {
      run(['xz', '-f', '-k', '-T2', `${base}.img`]);
      step(`${relative(ROOT, `${base}.img.xz`)}: ${mega(statSync(`${base}.img.xz`).size)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function value(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}

const KNOWN: ReadonlySet<string> = new Set(['--board', '--binary', '--cache', '--out', '--update-key', '--sign-key']);

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--refresh-lock')) {
    const { kernel, packages } = await refreshLock();
    console.log(`build/image/lock.json: ${packages.length} packages, kernel ${kernel}`);
    return 0;
  }
  const unknown = words.filter((word, i) => word.startsWith('--') ? !KNOWN.has(word) && word !== '--fast' : !KNOWN.has(words[i - 1] ?? ''));
  const board = Object.values(BOARDS).find(({ name }) => name === value(words, '--board'));
  if (unknown.length > 0 || board === undefined) {
    console.error(`${unknown.length > 0 ? `unknown: ${unknown.join(' ')}\n` : ''}npm run image -- --board ${Object.keys(BOARDS).join('|')} [--update-key FILE] [--sign-key FILE] [--binary FILE] [--cache DIR] [--out DIR] [--fast], or ${REFRESH}`);
    return 2;
  }
  const tools = missingTools();
  if (tools.length > 0) throw new Error(`these packages are needed: apt-get install ${tools.join(' ')}`);
  const out = value(words, '--out') ?? join(ROOT, 'build', 'out');
  const binary = value(words, '--binary') ?? join(ROOT, 'build', 'out', 'hashi-linux-arm64');
  if (!existsSync(binary)) throw new Error(`${relative('.', binary)} is not there: npm run build makes it`);
  mkdirSync(out, { recursive: true });
  const cache = value(words, '--cache') ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hashi', 'packages');
  mkdirSync(dirname(cache), { recursive: true });
  await build({ board, binary, cache, out, updateKey: value(words, '--update-key'), signKey: value(words, '--sign-key'), fast: words.includes('--fast') });
  return 0;
}

main(process.argv.slice(2)).then((code) => process.exit(code), (error: unknown) => {
  console.error(`image: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
