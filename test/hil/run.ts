// npm run hil -- --target qemu-virt|qemu-raspi3b|serial:/dev/LINE[:SPEED]|ssh://USER@HOST[:PORT]: the suite against a box.
//   --case WORD        only cases whose name has it
//   --cuts N           power cuts of each case that cuts (200)
//   --folder DIR       for the transcripts, one a run, the last ten of them (build/out/hil)
//   --built DIR        an image that an earlier run built (DIR of that run's --folder, then /image); else it is built first
//   --server ADDRESS   of an HTTP server with good.update and the others of test/hil/image.ts, as a real box reaches it
//   --password TEXT    of the account on a real box; --key FILE and --ssh-option WORD (several times) are for ssh

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { TOOLS } from '../../build/image/tools.ts';
import { BARE, type Case, CASES, type Suite } from './cases.ts';
import { clock } from './clock.ts';
import { alone, portless, seeded } from './first.ts';
import { builtImage, type GuestImage } from './image.ts';
import { lanToLan } from './lan.ts';
import { missing, type Need } from '../needs.ts';
import { vlans } from './vlan.ts';
import { machineImage } from './machine.ts';
import { QemuTarget } from './target.ts';
import { qemuSuite, SERVER, serving } from './qemu.ts';
import { RealTarget } from './real.ts';
import { through } from './through.ts';
import { guarded } from './trial.ts';

const TRANSCRIPTS = 10;

const TARGETS = 'qemu-virt, qemu-raspi3b, serial:/dev/LINE[:SPEED] or ssh://USER@HOST[:PORT]';
function values(name: string): string[] {
  return process.argv.flatMap((word, at) => (word === name ? (process.argv[at + 1] ?? []) : []));
}
const value = (name: string): string | undefined => values(name)[0];

const url = value('--target');
if (url === undefined) {
  console.error('npm run hil -- --target qemu-virt|qemu-raspi3b|serial:/dev/LINE[:SPEED]|ssh://USER@HOST[:PORT] [--case WORD] [--cuts N] [--folder DIR] [--built DIR] [--server ADDRESS] [--password TEXT] [--key FILE] [--ssh-option WORD]...');
  process.exit(2);
}
const lacking = url.startsWith('qemu-') ? missing('qemu-system-aarch64', 'unsquashfs', ...Object.keys(TOOLS)) : undefined;
if (lacking !== undefined) {
  console.error(`${url} ${lacking}`);
  process.exit(1);
}
const folder = value('--folder') ?? join(import.meta.dir, '..', '..', 'build', 'out', 'hil');
mkdirSync(folder, { recursive: true });
const cuts = Number(value('--cuts') ?? 200);
const say = (text: string): void => console.log(`     ${text}`);

/** '2026-01-31T12-00-00.log'; older ones than the last few go. */
function newTranscript(): string {
  const old = readdirSync(folder).filter((name) => /^\d{4}-\d\d-\d\dT[\d-]+\.log$/.test(name)).sort();
  for (const name of old.slice(0, Math.max(0, old.length - TRANSCRIPTS + 1))) rmSync(join(folder, name));
  return join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.log`);
}
const transcript = newTranscript();

function realSuite(at: string): Suite {
  const target = new RealTarget(at, { transcript, password: value('--password'), key: value('--key'), sshOptions: values('--ssh-option') });
  return { target, qemu: undefined, server: value('--server') ?? '', cuts, say };
}

function guestSuite(): Suite & { readonly built: GuestImage } {
  const ready = value('--built');
  return qemuSuite(join(folder, 'box'), cuts, say, { transcript, ready: ready === undefined ? undefined : builtImage(ready), image: join(folder, 'image') });
}

/** Cases with a guest of their own. */
function outsideCases(built: GuestImage): Case[] {
  const own = (name: string, needs: readonly Need[], run: (at: string) => Promise<void>): Case => ({ name, cuts: true, needs, run: () => run(join(folder, name.replaceAll(/\W+/g, '-').slice(0, 40))) });
  const about = { server: SERVER, guestfwd: serving(built), say };
  return [
    own('what flash.sh gives along is taken at the first start, and ssh lets its key in', ['ssh', 'ssh-keygen'], (at) => seeded(built, at, say)),
    own('a box that no DHCP server answers gets its own address and serves others', [], (at) => alone(built, at, say)),
    own('a box without the expected port starts and says which is missing', [], (at) => portless(built, at)),
    own('two VLANs of one port are eth0 and eth1', [], (at) => vlans(built, at, say)),
    own('an update whose router never comes up is left when the guard\'s time is over', [], (at) => guarded(built, at, say)),
    own('the suite runs through a serial line', ['socat', 'ssh-keygen'], (at) => through('serial', built, at, about)),
    own('the suite runs through ssh', ['ssh', 'ssh-keygen'], (at) => through('ssh', built, at, about)),
    own('the LAN-to-LAN example with the image as router A, over a clock that jumps', ['root', 'tun', 'netns', 'ping'], (at) => lanToLan(built, at, say)),
    own('the clock is set by the network\'s time server', ['root', 'tun', 'netns', 'dnsmasq'], (at) => clock(built, at, say)),
  ];
}

const guest = url === 'qemu-virt' ? guestSuite() : undefined;
/** The Raspberry Pi's image on qemu's Pi 3B, without its Ethernet, which qemu does not have. */
function piSuite(): Suite {
  const target = new QemuTarget({ ...machineImage('raspi3b', join(folder, 'pi')), folder: join(folder, 'box'), transcript });
  return { target, qemu: target, server: '', cuts, say };
}
const known = /^(?:qemu-virt|qemu-raspi3b|serial:.+|ssh:\/\/.+)$/.test(url);
if (!known) {
  console.error(`there is no target ${url}: ${TARGETS}`);
  process.exit(2);
}
const suite: Suite = guest ?? (url === 'qemu-raspi3b' ? piSuite() : realSuite(url));
const cases = url === 'qemu-raspi3b' ? BARE : CASES;
const outside = guest === undefined ? [] : outsideCases(guest.built);
const words = values('--case');
let failed = 0;
let passed = 0;

/** Cases go on from each other; the first one starts the box itself where it is that one's matter. */
let opened = false;
async function runOne(one: Case): Promise<void> {
  if (outside.includes(one)) {
    // One machine at a time.
    await suite.target.stop();
    opened = false;
  } else if (!opened && one !== CASES[0]) await suite.target.open();
  opened = !outside.includes(one);
  await one.run(suite);
}

try {
  for (const one of [...cases, ...outside]) {
    if (words.length > 0 && !words.some((word) => one.name.includes(word))) continue;
    const needs = missing(...(one.needs ?? [])) ?? (one.cuts && !suite.target.canCut ? 'needs the power switch' : /update|trial/.test(one.name) && suite.server === '' ? 'needs --server' : undefined);
    if (needs !== undefined) {
      console.log(`SKIP ${one.name}: ${needs}`);
      continue;
    }
    const began = performance.now();
    suite.target.console.note(one.name);
    try {
      await runOne(one);
      passed++;
      console.log(`ok   ${one.name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      // Wherever this one left it: the next one looks anew.
      opened = false;
      console.log(`FAIL ${one.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await suite.target.stop();
}
console.log(`\n${passed} passed, ${failed} failed; transcript in ${transcript}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
