// A running router: the board, the appliance on it, its consoles and its command socket, from start to orderly end.

import { accessSync, constants, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { type Appliance, createAppliance } from '../../firmware/appliance.ts';
import { type LinuxBoard, openBoard } from './board.ts';
import { startBox } from './box.ts';
import { serveCommands } from './command-socket.ts';
import { StdioConsole } from './console.ts';
import { codeOf, textOf } from './failure.ts';
import { lockFlash } from './lock.ts';
import { SerialConsole } from './serial.ts';
import { readBootFacts } from './slots.ts';
import type { BoardTable } from './table.ts';
import { CardUpdates } from './update.ts';

export interface RunOptions {
  readonly table: BoardTable;
  readonly flash: string;
  readonly ports: ReadonlyMap<string, string>;
  /** A script to run instead of the boot script, once. */
  readonly config: string | undefined;
  /** 'stdio', 'none' or a serial line each. */
  readonly consoles: readonly string[];
}

/** From SIGTERM to the exit at the latest; an orderly end takes a few milliseconds. */
const SHUTDOWN_MS = 1500;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

const say = (text: string): void => void process.stderr.write(`hashi: ${text}\n`);

/** Why PPP interfaces will not come up here, where that is known beforehand. */
function tunRefusal(): string | undefined {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'the kernel has no TUN driver loaded' : 'this user may not open it';
    return `/dev/net/tun: ${why}; PPP interfaces cannot be made`;
  }
}

function readScript(path: string): { name: string; text: string } | string {
  try {
    return { name: basename(path), text: readFileSync(path, 'utf8') };
  } catch (error) {
    return `The script ${path} cannot be read: ${textOf(error)}`;
  }
}

/** Runs a router until a signal or RESTART REBOOT ends it. The exit code. */
export async function run(options: RunOptions): Promise<number> {
  const script = options.config === undefined ? undefined : readScript(options.config);
  if (typeof script === 'string') return refused(script);
  const locked = lockFlash(options.flash);
  if (locked !== undefined) return refused(locked);
  const ended = Promise.withResolvers<void>();
  const { table } = options;
  const facts = table.boot === undefined ? undefined : readBootFacts(table.boot);
  const updates = facts === undefined ? {} : { updates: new CardUpdates(facts, table.id, options.flash, (text) => report(`hashi: ${text}`)) };
  const board = openBoard({ name: table.name, flash: options.flash, ports: options.ports, ...updates, say, reboot: ended.resolve });
  if (typeof board === 'string') return refused(board);
  for (const signal of SIGNALS) process.on(signal, () => ended.resolve());
  // Whatever ends the process, an error of ours included, takes our rules, addresses and routes out of the kernel.
  process.on('exit', () => {
    board.filter.close();
    board.ip.close();
  });
  const noTun = tunRefusal();
  if (noTun !== undefined) say(noTun);
  const appliance = createAppliance(board, { factoryScript: table.factoryScript });
  let tell = report;
  // Before the consoles, so that a wrong line of the script is read above the first prompt.
  appliance.boot(script, report);
  const box = await startBox({ table, flash: options.flash, ports: options.ports, appliance, facts, links: () => board.ip.links(), say: (text) => tell(`hashi: ${text}`) });
  const consoles = openConsoles(options, appliance);
  if (consoles.length > 0) tell = (line) => appliance.tell(line);
  const served = serveCommands(options.flash, {
    attach: (stream) => appliance.attachConsole(stream, 'cli'),
    login: (stream) => appliance.attachConsole(stream, 'network'),
    run: (command, print, done) => appliance.runCommand(command, print, done),
  });
  if (typeof served === 'string') say(served);
  await ended.promise;
  box.leave();
  await shutDown(appliance, board);
  if (typeof served !== 'string') served.close();
  for (const console of consoles) await console.close();
  return 0;
}

/** What the boot script answered. A terminal may be in raw mode, where a line ends with both characters, and have a prompt for those who type ahead. */
const report = (line: string): void => void process.stderr.write(process.stderr.isTTY ? `\r\u001b[J${line}\r\n` : `${line}\n`);

function refused(text: string): number {
  say(text);
  return 1;
}

/** Opens every console that was asked for; one that cannot be opened says so and does not stop the router. */
function openConsoles(options: RunOptions, appliance: Appliance): { close(): void | Promise<void> }[] {
  const opened: { close(): void | Promise<void> }[] = [];
  for (const [index, name] of options.consoles.filter((one) => one !== 'none').entries()) {
    const from = `asyn${index}`;
    if (name === 'stdio') {
      const stdio = new StdioConsole(from);
      appliance.attachConsole(stdio, 'login');
      stdio.begin();
      opened.push({
        async close() {
          await stdio.flushed();
          stdio.close();
        },
      });
      continue;
    }
    const serial = new SerialConsole({ path: name, speed: options.table.consoleSpeed, from }, (stream) => appliance.attachConsole(stream, 'login'));
    const failure = serial.open();
    if (failure !== undefined) say(failure);
    opened.push(serial);
  }
  return opened;
}

/** Closes the tunnels and the board, in the time there is. */
async function shutDown(appliance: Appliance, board: LinuxBoard): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, SHUTDOWN_MS);
  const orderly = new Promise<void>((done) => appliance.shutdown(done));
  await Promise.race([orderly, late.promise]);
  await Promise.race([board.close(), late.promise]);
  clearTimeout(timer);
}
