// npm run hil -- --target qemu-virt|serial:/dev/LINE[:SPEED]|ssh://USER@ADDRESS: the suite against a box. In qemu the image is
// built first and booted as shipped. --cuts N (200), --server ADDRESS of an HTTP server with good.update and the others of
// test/hil/image.ts for a real box, --folder DIR for the transcript, --case WORD for the cases whose name has it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Case, CASES, type Suite } from './cases.ts';
import type { BuiltImage } from './image.ts';
import { alone, portless, seeded } from './first.ts';
import { lanToLan } from './lan.ts';
import { qemuSuite } from './qemu.ts';
import { RealTarget, type Target } from './target.ts';

function value(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const url = value('--target');
if (url === undefined) {
  console.error('npm run hil -- --target qemu-virt|serial:/dev/LINE[:SPEED]|ssh://USER@ADDRESS [--cuts N] [--server ADDRESS] [--folder DIR] [--case WORD]');
  process.exit(2);
}
const folder = value('--folder') ?? join(import.meta.dir, '..', '..', 'build', 'out', 'hil');
mkdirSync(folder, { recursive: true });
const cuts = Number(value('--cuts') ?? 200);
const say = (text: string): void => console.log(`     ${text}`);

function realSuite(target: Target): Suite {
  return { target, qemu: undefined, server: value('--server') ?? '', cuts, say };
}

const suite: Suite & { readonly built?: BuiltImage } = url === 'qemu-virt' ? qemuSuite(folder, cuts, say) : realSuite(new RealTarget(url, folder));
const { built } = suite;
const outside: Case[] = built === undefined ? [] : [
  { name: 'what flash.sh gives along is taken at the first start, and ssh lets its key in', cuts: true, run: () => seeded(built, join(folder, 'seeded'), say) },
  { name: 'a box that no DHCP server answers gets its own address and serves others', cuts: true, run: () => alone(built, join(folder, 'alone'), say) },
  { name: 'a box without the expected port starts and says which is missing', cuts: true, run: () => portless(built, join(folder, 'portless')) },
  ...(process.getuid?.() === 0 ? [{ name: 'the LAN-to-LAN example with the image as router A', cuts: true, run: () => lanToLan(built, join(folder, 'lan'), say) }] : []),
];
const word = value('--case') ?? '';
let started = false;
/** Cases go on from each other; the first one starts the box itself where it is that one's matter. */
function needsStart(one: Case): boolean {
  const first = !started;
  started = true;
  return first && one !== CASES[0] && !outside.includes(one);
}
let failed = 0;
let passed = 0;
try {
  for (const one of [...CASES, ...outside]) {
    if (word !== '' && !one.name.includes(word)) continue;
    const needs = one.cuts && !suite.target.canCut ? 'somebody must cut the power' : /update/.test(one.name) && suite.server === '' ? 'needs --server' : undefined;
    if (needs !== undefined) {
      console.log(`SKIP ${one.name}: ${needs}`);
      continue;
    }
    const began = performance.now();
    suite.target.console.note(one.name);
    try {
      if (needsStart(one)) {
        await suite.target.start();
        await suite.target.console.login();
      }
      await one.run(suite);
      passed++;
      console.log(`ok   ${one.name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${one.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await suite.target.stop();
}
console.log(`\n${passed} passed, ${failed} failed; transcript in ${join(folder, 'transcript.log')}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
