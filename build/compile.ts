// npm run build: the binaries build/out/hashi-linux-x64 and build/out/hashi-linux-arm64. Arguments name targets: x64, arm64.
// Beside each its SBOM. The same source makes the same octets: version and date are those of package.json and of the last commit.
// The other architecture's Bun comes from the npm package that carries it; Bun's own download of targets is not used.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { binarySbom } from './image/sbom.ts';
import { releaseDate, sourceDate } from './version.ts';

const ROOT = join(import.meta.dir, '..');
const OUT = join(ROOT, 'build', 'out');
/** Targets and the npm packages that carry their Bun, of the version that the lockfile pins. */
const TARGETS = { x64: '@oven/bun-linux-x64', arm64: '@oven/bun-linux-aarch64' } as const;
type Target = keyof typeof TARGETS;
const MAIN = 'board/main.ts';

/** Workers are entries of their own: a compiled binary finds only what it was given. */
function workers(): string[] {
  return readdirSync(join(ROOT, 'board'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.worker.ts'))
    .map((name) => join('board', name))
    .toSorted();
}

function run(command: readonly string[], folder = ROOT): string {
  const done = Bun.spawnSync([...command], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const output = done.stdout.toString() + done.stderr.toString();
  if (done.exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${done.exitCode}\n${output}`);
  return output;
}

/** The Bun of a target: the one that runs this, one installed already, or one unpacked from the registry beside the build's output. */
function bunOf(target: Target): string {
  if (process.arch === target) return process.execPath;
  const name = TARGETS[target];
  const installed = join(ROOT, 'node_modules', name, 'bin', 'bun');
  if (existsSync(installed)) return installed;
  const kept = join(OUT, `.bun-${Bun.version}-${target}`);
  if (existsSync(kept)) return kept;
  const folder = mkdtempSync(join(tmpdir(), 'hashi-build-'));
  try {
    run(['npm', 'pack', '--silent', `${name}@${Bun.version}`], folder);
    const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack gave no archive of ${name}`);
    run(['tar', 'xzf', archive, 'package/bin/bun'], folder);
    run(['cp', join(folder, 'package', 'bin', 'bun'), kept]);
    chmodSync(kept, 0o755);
    return kept;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(target: Target): void {
  const started = performance.now();
  const file = join(OUT, `hashi-linux-${target}`);
  const fresh = `${file}.new`;
  run([
    process.execPath, 'build', '--compile', `--target=bun-linux-${target}`, `--compile-executable-path=${bunOf(target)}`, '--bytecode', '--format=esm', '--minify-syntax',
    '--define', `HASHI_RELEASED="${releaseDate()}"`,
    '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', MAIN, ...workers(), '--outfile', fresh,
  ]);
  // In one piece, so that a binary in use goes on with the old one.
  renameSync(fresh, file);
  writeFileSync(`${file}.cdx.json`, binarySbom(file, sourceDate()));
  const digest = createHash('sha256').update(new Uint8Array(Bun.mmap(file))).digest('hex').slice(0, 16);
  console.log(`${relative(ROOT, file)}: ${(statSync(file).size / 1e6).toFixed(0)} MB, sha256 ${digest}..., ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function isTarget(word: string): word is Target {
  return Object.hasOwn(TARGETS, word);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((word) => !isTarget(word));
if (unknown.length > 0) {
  console.error(`there is no target ${unknown.join(', ')}: ${Object.keys(TARGETS).join(', ')}`);
  process.exit(2);
}
mkdirSync(OUT, { recursive: true });
let failed = false;
for (const target of wanted.length > 0 ? wanted.filter(isTarget) : Object.keys(TARGETS).filter(isTarget)) {
  try {
    compile(target);
  } catch (error) {
    failed = true;
    console.error(`hashi-linux-${target} was not built: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exit(failed ? 1 : 0);
