// `hashi lab`: enters namespaces of its own, builds the network there, and gives the first router's console or the proof.

import { attachStdio } from '../client.ts';
import { textOf } from '../failure.ts';
import { errnoText, SystemError } from '../ffi/errno.ts';
import { CLONE, execute, executeSelf, ownCommand, unshare } from '../ffi/exec.ts';
import { C } from '../ffi/libc.ts';
import { IFF, openTun } from '../ffi/tun.ts';
import { ownRunFolder } from './space.ts';
import { StaticLab } from './static.ts';
import { runSteps } from './steps.ts';

export interface LabOptions {
  readonly name: string;
  readonly check: boolean;
  /** The process is in the lab's namespaces already. */
  readonly inside: boolean;
  /** Runs the lab in memory where the kernel refuses what the real one needs; `reason` is that refusal. */
  readonly simulate?: (reason: string) => Promise<number>;
}

const NAMES = ['static'];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code. */
export async function runLab(options: LabOptions): Promise<number> {
  if (!NAMES.includes(options.name)) {
    console.error(`hashi: there is no lab "${options.name}" in this build: ${NAMES.join(', ')}`);
    return 2;
  }
  const refusal = options.inside ? prepare() : enter(options);
  if (refusal === undefined) return options.check ? prove() : converse();
  if (options.simulate !== undefined) return options.simulate(refusal);
  console.error(`hashi: the lab cannot run here: ${refusal}`);
  return 1;
}

/** Becomes this command again in namespaces of its own; returns only with the reason why that is refused. */
function enter(options: LabOptions): string {
  const words = ['lab', options.name, ...(options.check ? ['--check'] : []), '--_inside'];
  if (C.geteuid() === 0) {
    try {
      unshare(CLONE.NEWNET | CLONE.NEWNS);
    } catch (error) {
      return `namespaces are refused (${textOf(error)}); CAP_SYS_ADMIN is needed`;
    }
    return executeSelf(words);
  }
  // A process with threads cannot enter a user namespace, and this one has threads from the start: unshare(1) has none.
  const tried = Bun.spawnSync(['unshare', '-Urnm', 'true'], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if (tried.exitCode !== 0) return `user namespaces are refused (${tried.stderr.toString().trim()}); run it as root`;
  const program = Bun.which('unshare');
  if (program === null) return 'the command unshare (util-linux) is missing; run it as root';
  return execute(program, ['unshare', '-Urnm', ...ownCommand(), ...words]);
}

/** Inside: hides /run and tries what routers will need. The reason why the lab cannot run. */
function prepare(): string | undefined {
  try {
    ownRunFolder();
  } catch (error) {
    return error instanceof SystemError ? `the kernel refuses mounts here (${error.message})` : textOf(error);
  }
  const tun = openTun('hashi-probe', IFF.TUN);
  if ('errno' in tun) return `TUN devices are refused (${tun.call}: ${errnoText(tun.errno)})`;
  C.close(tun.fd);
  return undefined;
}

/** Resolves when a signal asks for the end. */
function interrupted(): Promise<'interrupted'> {
  return new Promise((done) => {
    for (const signal of SIGNALS) process.on(signal, () => done('interrupted'));
  });
}

async function prove(): Promise<number> {
  const stopped = interrupted();
  const lab = new StaticLab();
  try {
    const failed = await Promise.race([runSteps(lab.steps, (line) => console.log(line)), stopped]);
    if (failed === undefined) return 0;
    if (failed !== 'interrupted') console.log(await lab.diagnosis());
    console.error(failed === 'interrupted' ? 'hashi: interrupted' : `hashi: lab static failed at: ${failed}`);
    return 1;
  } finally {
    await lab.stop();
  }
}

async function converse(): Promise<number> {
  const stopped = interrupted();
  const lab = new StaticLab();
  try {
    const failure = await Promise.race([lab.ready(), stopped]);
    if (failure === 'interrupted') return 0;
    if (failure !== undefined) {
      console.error(`hashi: ${failure}`);
      return 1;
    }
    for (const line of lab.welcome) console.log(line);
    const ended = await Promise.race([attachStdio(lab.first.flash), stopped]);
    if (ended === undefined || ended === 'interrupted') return 0;
    console.error(`hashi: ${ended}`);
    return 1;
  } finally {
    await lab.stop();
  }
}
