// `hashi lab`: enters namespaces of its own, builds the network there, and gives the first router's console or the proof.

import type { Stream } from '../../../firmware/hal/io.ts';
import { attachStdio } from '../client.ts';
import { StdioConsole } from '../console.ts';
import { textOf } from '../failure.ts';
import { errnoText, SystemError } from '../ffi/errno.ts';
import { CLONE, execute, executeSelf, ownCommand, unshare } from '../ffi/exec.ts';
import { C } from '../ffi/libc.ts';
import { IFF, openTun } from '../ffi/tun.ts';
import { DYNAMIC } from './dynamic.ts';
import type { LabPlan } from './plan.ts';
import { ownRunFolder } from './space.ts';
import { REMOTE } from './remote.ts';
import { SCRIPTS, STATIC } from './static.ts';
import { runSteps } from './steps.ts';

export interface LabOptions {
  readonly name: string;
  readonly check: boolean;
  /** The process is in the lab's namespaces already. */
  readonly inside: boolean;
}

/** The same lab in memory, for machines whose kernel refuses what the real one needs. */
export interface MemoryLab {
  /** Proves it in virtual time, a line per step. The exit code. */
  check(scripts: typeof SCRIPTS, print: (line: string) => void): number;
  /** Runs it until `console` closes. The exit code. */
  run(scripts: typeof SCRIPTS, console: Stream): Promise<number>;
}

const PLANS: ReadonlyMap<string, LabPlan> = new Map([
  ['static', STATIC],
  ['dynamic', DYNAMIC],
  ['remote', REMOTE],
]);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code. */
export async function runLab(options: LabOptions, memory: MemoryLab): Promise<number> {
  const plan = PLANS.get(options.name);
  if (plan === undefined) {
    console.error(`hashi: there is no lab "${options.name}" in this build: ${[...PLANS.keys()].join(', ')}`);
    return 2;
  }
  const refusal = options.inside ? prepare() : enter(options);
  if (refusal === undefined) return options.check ? prove(options.name, plan) : converse(plan);
  if (plan !== STATIC) {
    console.error(`hashi: ${refusal}. Only the lab "static" runs in memory.`);
    return 1;
  }
  console.error(`hashi: ${refusal}. The same routers run in memory instead${options.check ? ', in virtual time' : ''}.`);
  if (options.check) return memory.check(SCRIPTS, (line) => console.log(line));
  for (const line of plan.welcome) console.log(line);
  const stdio = new StdioConsole('asyn0');
  const ended = memory.run(SCRIPTS, stdio);
  stdio.begin();
  const code = await Promise.race([ended, interrupted()]);
  await stdio.flushed();
  stdio.close();
  return code === 'interrupted' ? 0 : code;
}

/** Becomes this command again in namespaces of its own; returns only with why that is refused, as a sentence without its full stop. */
function enter(options: LabOptions): string {
  const words = ['lab', options.name, ...(options.check ? ['--check'] : []), '--_inside'];
  if (C.geteuid() === 0) {
    try {
      unshare(CLONE.NEWNET | CLONE.NEWNS);
    } catch (error) {
      return `Namespaces are refused here (${textOf(error)}; CAP_SYS_ADMIN is needed)`;
    }
    return executeSelf(words);
  }
  // A process with threads cannot enter a user namespace, and this one has threads from the start: unshare(1) has none.
  const tried = Bun.spawnSync(['unshare', '-Urnm', 'true'], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if (tried.exitCode !== 0) return `User namespaces are refused here (${tried.stderr.toString().trim()})`;
  const program = Bun.which('unshare');
  if (program === null) return 'The command unshare (util-linux), which a user other than root needs for a lab, is missing';
  return execute(program, ['unshare', '-Urnm', ...ownCommand(), ...words]);
}

/** Inside: hides /run and tries what routers will need. Why the lab cannot run, as a sentence without its full stop. */
function prepare(): string | undefined {
  try {
    ownRunFolder();
  } catch (error) {
    return error instanceof SystemError ? `Mounts are refused here (${error.message})` : textOf(error);
  }
  const tun = openTun('hashi-probe', IFF.TUN);
  if ('errno' in tun) return `TUN devices are refused here (${tun.call}: ${errnoText(tun.errno)})`;
  C.close(tun.fd);
  return undefined;
}

/** Resolves when a signal asks for the end. */
function interrupted(): Promise<'interrupted'> {
  return new Promise((done) => {
    for (const signal of SIGNALS) process.on(signal, () => done('interrupted'));
  });
}

async function prove(name: string, plan: LabPlan): Promise<number> {
  const stopped = interrupted();
  const lab = plan.build();
  try {
    const failed = await Promise.race([runSteps(lab.steps, (line) => console.log(line)), stopped]);
    if (failed === undefined) return 0;
    if (failed !== 'interrupted') console.log(await lab.diagnosis());
    console.error(failed === 'interrupted' ? 'hashi: interrupted' : `hashi: lab ${name} failed at: ${failed}`);
    return 1;
  } finally {
    await lab.stop();
  }
}

async function converse(plan: LabPlan): Promise<number> {
  const stopped = interrupted();
  const lab = plan.build();
  try {
    const failure = await Promise.race([lab.ready(), stopped]);
    if (failure === 'interrupted') return 0;
    if (failure !== undefined) {
      console.error(`hashi: ${failure}`);
      return 1;
    }
    for (const line of plan.welcome) console.log(line);
    const ended = await Promise.race([attachStdio(lab.first.flash), stopped]);
    if (ended === undefined || ended === 'interrupted') return 0;
    console.error(`hashi: ${ended}`);
    return 1;
  } finally {
    await lab.stop();
  }
}
