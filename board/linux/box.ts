// What a box of its own does around the router: watchdog, what came with the card, the way out where no DHCP server answers,
// what the console says about it.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import type { Appliance } from '../../firmware/appliance.ts';
import type { LinkState } from '../../firmware/hal/iphost.ts';
import { Leds } from './leds.ts';
import type { BootFacts } from './slots.ts';
import type { BoardTable } from './table.ts';
import { openWatchdog } from './watchdog.ts';

export interface Box {
  readonly table: BoardTable;
  readonly flash: string;
  readonly ports: ReadonlyMap<string, string>;
  readonly appliance: Appliance;
  readonly facts: BootFacts | undefined;
  links(): readonly LinkState[];
  say(text: string): void;
}

/** Commands that flash.sh put on the card: run once, behind the boot script, and then part of the configuration. */
const FIRST = 'first.cfg';
const SAVED = 'boot.cfg';

/** Runs a line and gives what it prints and whether it failed. */
const ask = (appliance: Appliance, line: string): Promise<{ readonly text: string; readonly failed: boolean }> =>
  new Promise((done) => {
    const lines: string[] = [];
    appliance.runCommand(line, (text) => lines.push(text), (failed) => done({ text: lines.join('\n'), failed }));
  });

async function runLines(appliance: Appliance, script: string, failed: (line: string, text: string) => void): Promise<void> {
  for (const line of script.split(/\r?\n/)) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const answer = await ask(appliance, line);
    if (answer.failed) failed(line.split(' ').slice(0, 3).join(' '), answer.text);
  }
}

async function takeFirst({ appliance, flash, say }: Box): Promise<void> {
  const path = join(flash, FIRST);
  if (!existsSync(path)) return;
  await runLines(appliance, readFileSync(path, 'utf8'), (line, text) => say(`${FIRST}: "${line} ...": ${text}`));
  // Saved under its own name before the script goes: a cut in between runs it again.
  const saved = await ask(appliance, `CREATE CONFIG=${SAVED}`);
  if (saved.failed) return say(`${FIRST} was run, but the configuration could not be saved: ${saved.text}`);
  rmSync(path, { force: true });
  say(`The settings that came with the card are saved in ${SAVED}`);
}

const hasAddress = (device: string): boolean => (networkInterfaces()[device] ?? []).some(({ family }) => family === 'IPv4');
const configuration = async (appliance: Appliance): Promise<string> => (await ask(appliance, 'SHOW CONFIG DYNAMIC')).text;

/** Waits for an address by DHCP; where none comes and nobody has changed anything, the box gets its own. */
function watchFallback({ table, ports, appliance, say }: Box, before: string): () => void {
  const { fallback } = table;
  if (fallback === undefined) return () => {};
  const timer = setTimeout(async () => {
    if (hasAddress(ports.get(fallback.port) ?? '') || (await configuration(appliance)) !== before) return;
    await runLines(appliance, fallback.script, (line, text) => say(`factory settings: "${line} ...": ${text}`));
    say(`No DHCP server answered on ${fallback.port}: its address is 192.168.1.1, and it gives addresses itself`);
  }, fallback.after * 1000);
  return () => clearTimeout(timer);
}

const LOOK_MS = 1000;

/** Shows on the LEDs whether a port has carrier, a PPP link is up, a port is missing or the flash is damaged. */
function watchLeds({ table, facts, links }: Box): () => void {
  if (table.leds === undefined) return () => {};
  const leds = new Leds(table.leds);
  const look = (): void => {
    const all = links();
    const isPpp = (name: string): boolean => /^(?:ppp|dyn)\d/.test(name);
    leds.show({
      link: all.some(({ name, up }) => up && !isPpp(name)),
      tunnel: all.some(({ name, up }) => up && isPpp(name)),
      fault: facts?.flash === 'damaged' || all.some(({ present }) => !present),
    });
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}

/** What the C library of the box's other programs reads. */
const RESOLVER = '/run/resolv.conf';
const NAMES_MS = 5000;

/** The box's other programs, the one that keeps the time first of all, ask the name servers that the router asks. */
function tellServers(appliance: Appliance): () => void {
  let told = '';
  const look = (): void => {
    const text = appliance.nameServers().map((server) => `nameserver ${formatIpv4(server)}\n`).join('');
    if (text === told) return;
    told = text;
    writeFileSync(RESOLVER, text);
  };
  const timer = setInterval(look, NAMES_MS);
  return () => clearInterval(timer);
}

/** Starts all that; `leave` when the router ends. */
export async function startBox(box: Box): Promise<{ leave(): void }> {
  const { table, appliance, facts, say } = box;
  const watchdog = table.watchdog === undefined || !existsSync(table.watchdog) ? undefined : openWatchdog(table.watchdog);
  if (typeof watchdog === 'string') say(watchdog);
  if (facts?.failed !== undefined) say(`The update in slot ${facts.failed.toUpperCase()} was tried and did not come up: this is the system before it`);
  if (facts?.trying === true) say('This system is on trial: CONFIRM UPDATE keeps it, else it is kept when it has run well for some minutes');
  if (facts?.flash === 'damaged') say('The flash is damaged and left as it is: these are factory settings, and what is saved is lost at the next start');
  const factory = /^Current configuration: None$/m.test((await ask(appliance, 'SHOW CONFIG')).text);
  await takeFirst(box);
  const now = await configuration(appliance);
  if (facts !== undefined && !/^set user=manager .*password=/im.test(now)) say('Network logins are refused until the password of manager is changed: SET PASSWORD');
  const dark = watchLeds(box);
  const mute = facts === undefined ? () => {} : tellServers(appliance);
  const stop = factory ? watchFallback(box, now) : () => {};
  return {
    leave() {
      stop();
      mute();
      dark();
      if (watchdog !== undefined && typeof watchdog !== 'string') watchdog.leave();
    },
  };
}
