// npm run hil -- --target qemu-virt|serial:/dev/LINE[:SPEED]|ssh://USER@ADDRESS: the suite against a box. In qemu the image is
// built first and booted as shipped. --cuts N (200), --server ADDRESS of an HTTP server with good.update and the others of
// test/hil/image.ts for a real box, --folder DIR for the transcript, --case WORD for the cases whose name has it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { CASES, type Suite } from './cases.ts';
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

const suite: Suite = url === 'qemu-virt' ? qemuSuite(folder, cuts, say) : realSuite(new RealTarget(url, folder));
const word = value('--case') ?? '';
let failed = 0;
let passed = 0;
try {
  for (const one of CASES) {
    if (word !== '' && !one.name.includes(word)) continue;
    const needs = one.cuts && !suite.target.canCut ? 'somebody must cut the power' : /update/.test(one.name) && suite.server === '' ? 'needs --server' : undefined;
    if (needs !== undefined) {
      console.log(`SKIP ${one.name}: ${needs}`);
      continue;
    }
    const began = performance.now();
    suite.target.console.note(one.name);
    try {
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
