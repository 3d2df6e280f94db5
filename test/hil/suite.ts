// What the cases of the suite share: the box under test, and the questions that most of them ask it.

import type { Need } from '../needs.ts';
import type { QemuTarget, Target } from './target.ts';

export interface Suite {
  readonly target: Target;
  /** The same where power can be cut and the disk reached; undefined on a real box. */
  readonly qemu: QemuTarget | undefined;
  /** Address of the HTTP server with the updates, as the box reaches it. */
  readonly server: string;
  /** Power cuts of the cases that cut. */
  readonly cuts: number;
  say(text: string): void;
}

export interface Case {
  readonly name: string;
  /** Needs the power switch or the rescue shell. */
  readonly cuts: boolean;
  /** Programs and rights of this machine that only this case needs. */
  readonly needs?: readonly Need[];
  run(suite: Suite): Promise<void>;
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Starts, logs in. */
export async function begin({ target }: Suite): Promise<void> {
  await target.start();
  await target.console.login();
}

/** An orderly restart; logged in again. */
export async function restart({ target }: Suite): Promise<void> {
  await target.restart();
  await target.console.login();
}

/** Gives a command; what it prints, which must have the pattern. */
export async function has({ target }: Suite, command: string, pattern: RegExp, seconds = 60): Promise<string> {
  const text = (await target.console.command(command, seconds)).replaceAll(/\n(?=\S)/g, ' ');
  check(pattern.test(text), `${command}: ${String(pattern)} is not in ${JSON.stringify(text)}`);
  return text;
}

/** The command for one of the server's updates. */
export const update = ({ server }: Suite, file: string): string => `update system file=${file}.update server=${server}`;

/** Waits until the box reaches its network: a lease takes some seconds after a start. */
export async function online({ target }: Suite): Promise<void> {
  for (let turn = 0; turn < 60; turn++) {
    if (/^ *0\.0\.0\.0/m.test(await target.console.command('show ip route'))) return;
    await Bun.sleep(500);
  }
  throw new Error('the box has no way to the network');
}

/** 'A' or 'B' */
export async function runningSlot({ target }: Suite): Promise<string> {
  const text = await target.console.command('show update');
  const found = /Running slot \.+ ([AB])/.exec(text)?.[1];
  check(found !== undefined, `SHOW UPDATE: ${text}`);
  return found;
}

/** What SHOW SYSTEM calls the box. */
export async function nameOf({ target }: Suite): Promise<string> {
  return /SysName\n([^\n]*)/.exec(await target.console.command('show system'))?.[1]?.trim() ?? '';
}

/** Saves the box under a name in boot.cfg, from which it starts. */
export async function saveAs(suite: Suite, name: string): Promise<void> {
  await suite.target.console.command(`set system name=${name}`);
  await has(suite, 'create config=boot.cfg', /successful/i);
  await has(suite, 'set config=boot.cfg', /successful/i);
}
