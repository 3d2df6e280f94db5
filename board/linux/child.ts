// A program that the board runs beside itself (dnsmasq, udhcpc): its lines are heard, it ends with hashi whatever ends hashi, and one that
// ends by itself is started again.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { textOf } from './failure.ts';

/** System folders that a plain user's PATH may leave out. */
export const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/**
 * The shell between hashi and the program. Its standard input is a pipe that nobody writes to: it ends when hashi does, even by SIGKILL, and
 * the program is ended then. PR_SET_PDEATHSIG would not do: the kernel forgets it when a program gives up root.
 */
const KEEPER = 'keeper';
const WRAPPER = `# Runs a program that ends when hashi does. Written by hashi.
trap '' INT HUP
trap 'kill -TERM "$child" 2>/dev/null' TERM
trap 'kill -USR1 "$child" 2>/dev/null' USR1
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
( trap - TERM; read -r _; kill -TERM "$child"; sleep 1; kill -KILL "$child" ) <&3 >/dev/null 2>&1 &
watch=$!
exec 3<&- </dev/null
while :; do
  wait "$child"
  status=$?
  kill -0 "$child" 2>/dev/null || break
done
kill "$watch" 2>/dev/null
exit "$status"
`;

/** A program that was asked to end has one second, the shell beside it a little more. */
const GRACE_MS = 1500;
/** Octets of one line that are kept. */
const LINE_MOST = 4096;

export interface ChildEvents {
  /** One line of its output, standard and error, without the line feed. */
  line(text: string): void;
  /** It has ended. Called once, also where it could not be started. */
  ended(why: string): void;
}

/** Makes the working folder of programs. Throws what the file system says. */
export function prepare(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, KEEPER), WRAPPER, { mode: 0o600 });
}

/** One run of a program in a folder of `prepare`. The constructor throws where no process can be made. */
export class Child {
  readonly #process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  /** Settled when the program has ended. */
  readonly ended: Promise<void>;
  #heard = false;
  #renew = false;

  constructor(command: readonly string[], folder: string, events: ChildEvents) {
    this.#process = Bun.spawn(['/bin/sh', join(folder, KEEPER), ...command], { cwd: folder, env: { PATH, LC_ALL: 'C' }, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    const { stdout, stderr, exited } = this.#process;
    const hear = (text: string): void => {
      this.#heard = true;
      events.line(text);
      if (this.#renew) this.renew();
    };
    this.ended = Promise.all([exited, readLines(stdout, hear), readLines(stderr, hear)]).then(([status]) => {
      void this.#process.stdin.end();
      events.ended(endText(status));
    });
  }

  /** SIGUSR1, once the shell is ready for it: with the first line that comes. */
  renew(): void {
    this.#renew = !this.#heard;
    if (this.#heard) this.#process.kill('SIGUSR1');
  }

  /** Ends it; by force where it does not in time. */
  async stop(): Promise<void> {
    // The pipe's end tells the shell as well, where a signal comes before it listens.
    void this.#process.stdin.end();
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

const endText = (status: number): string => (status === 127 ? 'it could not be started' : status > 128 ? `it was ended by signal ${status - 128}` : `it ended with status ${status}`);

async function readLines(from: ReadableStream<Uint8Array>, line: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of from) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (parts.pop() ?? '').slice(0, LINE_MOST);
    for (const part of parts) line(part.slice(0, LINE_MOST));
  }
  if (rest !== '') line(rest);
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** One that ran for so long starts the pauses anew. */
const STEADY_MS = 60_000;

export interface KeptEvents {
  line(text: string): void;
  /** It ended by itself and is started again after a pause. */
  down(why: string): void;
}

/** A program that is kept running until `stop`. */
export class Kept {
  readonly #command: readonly string[];
  readonly #folder: string;
  readonly #events: KeptEvents;
  #child: Child | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE_MS;
  #stopped = false;

  constructor(command: readonly string[], folder: string, events: KeptEvents) {
    this.#command = command;
    this.#folder = folder;
    this.#events = events;
    this.#start();
  }

  renew(): void {
    this.#child?.renew();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#child?.stop();
  }

  #start(): void {
    const started = performance.now();
    let last = '';
    const ended = (why: string): void => {
      this.#child = undefined;
      if (this.#stopped) return;
      if (performance.now() - started > STEADY_MS) this.#pause = FIRST_PAUSE_MS;
      this.#timer = setTimeout(() => this.#start(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
      this.#events.down(last === '' ? why : `${why} (${last})`);
    };
    const line = (text: string): void => {
      last = text;
      if (!this.#stopped) this.#events.line(text);
    };
    try {
      this.#child = new Child(this.#command, this.#folder, { line, ended });
    } catch (error) {
      const why = textOf(error);
      setImmediate(() => ended(why));
    }
  }
}

/** Ends the program that a crashed hashi left behind: the one of the file's process id, if it still is one of ours (`folder` is in its command line). */
export function endLeftover(pidFile: string, folder: string): void {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'latin1').trim());
  rmSync(pidFile, { force: true });
  if (!Number.isInteger(pid) || pid < 2) return;
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder)) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
}
