// The binary: reads its command line, enters the namespace asked for before anything else, and does what is asked.

import { existsSync, readFileSync } from 'node:fs';

import { allCommands, checkScript } from '../firmware/appliance.ts';
import { HOST } from './host/board.ts';
import { QEMU_VIRT } from './qemu-virt/board.ts';
import { RASPBERRY_PI } from './raspberrypi/board.ts';
import { isCallPort } from './linux/callports.ts';
import { attachStdio, runCommands } from './linux/client.ts';
import { textOf } from './linux/failure.ts';
import { endWithParent } from './linux/ffi/exec.ts';
import { runAaa } from './linux/lab/aaa.ts';
import { runDialIn } from './linux/lab/dialin.ts';
import { runLab } from './linux/lab/lab.ts';
import { runHostAgent } from './linux/lab/agent.ts';
import { enterNamespace } from './linux/namespace.ts';
import { choosePlan, type Wishes } from './linux/plan.ts';
import { awaitPorts, type FoundPorts, makeVlans } from './linux/ports.ts';
import { run } from './linux/run.ts';
import { readBootFacts } from './linux/slots.ts';
import { type BoardTable, tableFromFile } from './linux/table.ts';
import { installFile } from './linux/update.ts';
import { VERSION } from './linux/version.ts';
import { SimBoard } from './sim/board.ts';
import { checkSimLab, simLab } from './sim/lab.ts';
import { World } from './sim/world.ts';
import { type Arguments, parseArguments, USAGE } from './options.ts';

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
const SIGTERM = 15;
/** On boards that do not know their hardware. */
const NOTHING_FOUND: FoundPorts = { ports: {}, missing: [] };

// Synchronous, so that nothing is lost at the exit.
const say = (text: string): void => console.error(`hashi: ${text}`);
const print = (text: string): void => console.log(text);

function wrongUsage(text: string): number {
  say(`${text}\n${USAGE}`);
  return WRONG_USAGE;
}

function failed(text: string): number {
  say(text);
  return FAILED;
}

/** The board that --board names; a text says what is wrong. */
function boardTable(name: string): BoardTable | string {
  const known = [HOST, QEMU_VIRT, RASPBERRY_PI].find(({ id }) => id === name);
  if (known !== undefined) return known;
  if (name.endsWith('.json')) return tableFromFile(name, HOST);
  return `there is no board "${name}" in this build: host, qemu-virt, raspberrypi, or a FILE.json`;
}

async function runRouter({ options }: Arguments): Promise<number> {
  const known = boardTable(options.get('--board')?.[0] ?? 'host');
  if (typeof known === 'string') return wrongUsage(known);
  const flash = options.get('--flash')?.[0] ?? known.flash;
  if (flash === '') return wrongUsage('--flash is required on this board');
  const plane = options.get('--plane')?.[0] ?? 'auto';
  if (plane !== 'auto' && plane !== 'user') return wrongUsage(`--plane ${plane}: this build has auto and user`);
  const wishes: Wishes = { ports: options.get('--port'), consoles: options.get('--console') };
  const found = wishes.ports === undefined && known.findPorts !== undefined ? await awaitPorts(known.findPorts) : NOTHING_FOUND;
  for (const text of found.missing) say(text);
  const chosen = choosePlan({ table: known, flash, wishes, found: found.ports, say });
  if (typeof chosen === 'string') return wrongUsage(chosen);
  const { table, plan } = chosen;
  // Those of a board file; a device of the command line is there or missing.
  const vlans = makeVlans(wishes.ports === undefined ? [...plan.ports].flatMap(([name, device]) => (isCallPort(name) ? [] : [device])) : []);
  for (const text of vlans.failures) say(text);
  process.on('exit', () => vlans.remove());
  return run({ table, flash, ports: plan.ports, config: options.get('--config')?.[0], consoles: plan.consoles });
}

async function cli({ options, operands }: Arguments): Promise<number> {
  const flash = options.get('--flash')?.[0];
  if (flash === undefined) return wrongUsage('--flash is required');
  if (operands.length > 0) return wrongUsage(`cli takes no "${operands[0]}"`);
  const commands = options.get('-c');
  if (commands !== undefined) return runCommands(flash, commands, { out: print, error: say });
  const failure = await attachStdio(flash, options.has('--login') ? 'login' : 'console');
  return failure === undefined ? DONE : failed(failure);
}

/** The name that the image gives its board; '' elsewhere. */
function ownBoard(): string {
  const path = '/etc/hashi/board';
  return existsSync(path) ? readFileSync(path, 'latin1').trim() : '';
}

async function update({ options, operands }: Arguments): Promise<number> {
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) return wrongUsage('update needs the name of one file, or - for standard input');
  const table = boardTable(options.get('--board')?.[0] ?? ownBoard());
  if (typeof table === 'string') return wrongUsage(table);
  const facts = table.boot === undefined ? undefined : readBootFacts(table.boot);
  if (facts === undefined) return failed('this is no box with two slots for systems');
  return installFile(path, { facts, board: table.id, flash: table.flash, unsigned: options.has('--unsigned'), say });
}

function check({ operands }: Arguments): number {
  if (operands.length === 0) return wrongUsage('check needs the names of scripts');
  // The grammar alone is wanted: a board in memory gives it without touching this machine.
  const commands = allCommands(new SimBoard(new World(1), { seed: 1 }));
  let code = DONE;
  for (const path of operands) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      code = failed(`${path} cannot be read: ${textOf(error)}`);
      continue;
    }
    for (const line of checkScript(commands, { name: path, text })) {
      print(line);
      code = FAILED;
    }
  }
  return code;
}

async function perform(words: readonly string[]): Promise<number> {
  if (words.some((word) => word === '--help' || word === '-h')) {
    print(USAGE);
    return DONE;
  }
  const given = parseArguments(words);
  if (typeof given === 'string') return wrongUsage(given);
  const { command, options, operands } = given;
  if (options.has('--_tied')) endWithParent(SIGTERM);
  const namespace = options.get('--netns')?.[0];
  if (namespace !== undefined) return failed(enterNamespace(namespace, withoutNamespace(words)));
  switch (command) {
    case 'run':
      return operands.length > 0 ? wrongUsage(`run takes no "${operands[0]}"`) : runRouter(given);
    case 'cli':
      return cli(given);
    case 'update':
      return update(given);
    case 'check':
      return check(given);
    case 'lab':
      return operands.length > 1 ? wrongUsage(`lab takes no "${operands[1]}"`) : runLab({ name: operands[0] ?? 'static', check: options.has('--check'), inside: options.has('--_inside') }, { check: checkSimLab, run: simLab });
    case 'lab-host':
      return runHostAgent();
    case 'lab-aaa':
      return runAaa();
    case 'lab-dialin':
      return runDialIn({ socket: options.get('--socket')?.[0] ?? '', user: options.get('--user')?.[0] ?? '', password: options.get('--password')?.[0] ?? '' });
    default:
      print(VERSION);
      return DONE;
  }
}

/** The same words without --netns and its value. */
function withoutNamespace(words: readonly string[]): string[] {
  const at = words.findIndex((word) => word === '--netns' || word.startsWith('--netns='));
  return words.toSpliced(at, words[at] === '--netns' ? 2 : 1);
}

/** An error of the program itself: the process ends, and whoever supervises it starts it again. */
function crash(error: unknown): never {
  console.error(error);
  process.exit(FAILED);
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// No await at the top level: while one is pending, Bun prints an uncaught error and goes on.
perform(process.argv.slice(2)).then((code) => process.exit(code), crash);
