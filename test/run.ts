// Runs the tests: type checks and lint first, then every *.test.ts, each file in a process of its own. Closes with one
// line "N passed, N failed". Arguments select files by a part of their path: npm test -- l2tp
// A file that fails to load, runs no test or does not end in its time counts as a failure.

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dir, '..');
interface Stage {
  readonly folders: readonly string[];
  /** Seconds a file may take. */
  readonly seconds: number;
  /** How many files run side by side. */
  readonly width: number;
  /** Begin first: the longest ones, so that none of them runs alone at the end. */
  readonly long?: readonly string[];
}

/** In running order. */
const STAGES: readonly Stage[] = [
  { folders: ['unit'], seconds: 120, width: 2 },
  { folders: ['conformance'], seconds: 120, width: 2 },
  { folders: ['cli'], seconds: 120, width: 2 },
  { folders: ['fuzz'], seconds: 240, width: 2 },
  { folders: ['sim'], seconds: 300, width: 2 },
  { folders: ['netns'], seconds: 240, width: 1 },
  { folders: ['interop', 'image', 'hil'], seconds: 900, width: 2, long: ['test/interop/pppoe.test.ts', 'test/hil/appliance.test.ts'] },
];

interface Result {
  passed: number;
  failed: number;
  skipped: number;
}
const sum: Result = { passed: 0, failed: 0, skipped: 0 };

function testsIn(folder: string): string[] {
  return readdirSync(join(ROOT, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', folder, name))
    .sort();
}

function count(output: string, label: string): number {
  let total = 0;
  for (const found of output.matchAll(new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'gm'))) total += Number(found[1]);
  return total;
}

/** Runs a command to its end or its time limit; standard output and error together. */
async function capture(command: string[], seconds: number): Promise<{ output: string; code: number; late: boolean }> {
  const child = Bun.spawn(command, { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' } });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  const [out, err, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  clearTimeout(limit);
  return { output: out + err, code, late };
}

function report(title: string, result: Result, started: number, output: string): void {
  sum.passed += result.passed;
  sum.failed += result.failed;
  sum.skipped += result.skipped;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${result.failed > 0 ? 'FAIL' : 'ok  '} ${title} (${result.passed} passed${result.skipped > 0 ? `, ${result.skipped} skipped` : ''}, ${seconds} s)`);
  const notes = output.split('\n').filter((line) => /^(SKIP|INFO) /.test(line));
  for (const note of notes) console.log(`     ${note}`);
  if (result.failed > 0) console.log(output.replace(/^/gm, '     | '));
}

async function runFile(file: string, seconds: number): Promise<void> {
  const started = performance.now();
  const { output, code, late } = await capture([process.execPath, file], seconds);
  const total = count(output, 'Total');
  const passed = count(output, 'Passed');
  const skipped = count(output, 'Skipped');
  // A hook that throws leaves tests out and the exit code as it is.
  const broken = code !== 0 || late || total === 0 || passed + skipped < total;
  const failed = broken ? Math.max(1, total - passed - skipped) : 0;
  report(late ? `${file}: not finished after ${seconds} s` : file, { passed, failed, skipped }, started, output);
}

async function runCheck(title: string, command: string[]): Promise<void> {
  const started = performance.now();
  const { output, code } = await capture(command, 300);
  report(title, { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }, started, output);
}

async function pool(files: readonly string[], width: number, run: (file: string) => Promise<void>): Promise<void> {
  const queue = [...files];
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await run(file);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

const wanted = process.argv.slice(2);
const matches = (file: string): boolean => wanted.length === 0 || wanted.some((part) => relative('.', file).includes(part));

if (wanted.length === 0) {
  await runCheck('types', ['node_modules/.bin/tsc', '-p', '.']);
  await runCheck('types of the portable part', ['node_modules/.bin/tsc', '-p', 'firmware']);
  await runCheck('lint', ['node_modules/.bin/oxlint', '--deny-warnings', 'firmware', 'board', 'build', 'test']);
  await runCheck('command reference is current', [process.execPath, 'build/reference.ts', '--check']);
}
for (const { folders, long = [], width, seconds } of STAGES) {
  const files = folders.flatMap(testsIn);
  await pool([...long, ...files.filter((file) => !long.includes(file))].filter(matches), width, (file) => runFile(file, seconds));
}
const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
console.log(`\n${sum.passed} passed, ${sum.failed} failed${skipped}`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
