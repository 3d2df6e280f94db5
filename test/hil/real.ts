// A real box: behind a serial line (serial:/dev/LINE[:SPEED]) or ssh (ssh://USER@HOST[:PORT]). Nobody has his hand on its power switch.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { Console, type Target, typedRestart, type Wire } from './target.ts';

export interface RealOptions {
  /** The file for what the console said. */
  readonly transcript: string;
  readonly password?: string | undefined;
  /** Of ssh: the file of the private key, and options as behind -o. */
  readonly key?: string | undefined;
  readonly sshOptions?: readonly string[];
}

/** Programs whose output is the console's and whose input is the operator's. */
type Programs = { readonly read: readonly string[]; readonly write?: readonly string[]; readonly before?: readonly string[] };

const HELP = 'a target is qemu-virt, qemu-raspi3b, serial:/dev/LINE[:SPEED] or ssh://USER@HOST[:PORT]';
/** How long a box may take to start anew, in seconds. */
const RESTART = 300;

function programs(url: string, { key, sshOptions = [] }: RealOptions): { readonly user: string; readonly way: 'serial' | 'ssh'; readonly programs: Programs } {
  const serial = /^serial:([^:]+)(?::(\d+))?$/.exec(url);
  if (serial !== null) {
    const line = serial[1] ?? '';
    return { user: 'manager', way: 'serial', programs: { before: ['stty', '-F', line, serial[2] ?? '115200', 'raw', '-echo', '-hupcl', 'clocal'], read: ['cat', line], write: ['sh', '-c', 'exec cat >"$1"', 'sh', line] } };
  }
  const ssh = /^ssh:\/\/([^@]+)@([^:/]+)(?::(\d+))?\/?$/.exec(url);
  if (ssh === null) throw new Error(`${url}: ${HELP}`);
  const [, user = '', host = '', port = '22'] = ssh;
  // Of an option given twice ssh takes the first.
  const options = [...sshOptions, 'StrictHostKeyChecking=accept-new', 'ServerAliveInterval=4', 'ServerAliveCountMax=3', 'ConnectTimeout=10', 'LogLevel=ERROR'].flatMap((one) => ['-o', one]);
  return { user, way: 'ssh', programs: { read: ['ssh', '-tt', '-e', 'none', '-p', port, ...(key === undefined ? [] : ['-i', key]), ...options, `${user}@${host}`] } };
}

export class RealTarget implements Target {
  readonly name: string;
  readonly canCut = false;
  readonly hearsStart: boolean;
  readonly console: Console;
  readonly #programs: Programs;
  #children: readonly Bun.Subprocess[] = [];

  constructor(url: string, options: RealOptions) {
    this.name = url;
    const { user, way, programs: found } = programs(url, options);
    this.#programs = found;
    this.hearsStart = way === 'serial';
    mkdirSync(dirname(options.transcript), { recursive: true });
    this.console = new Console(options.transcript);
    this.console.user = user;
    if (options.password !== undefined) this.console.password = options.password;
  }

  get #connected(): boolean {
    return this.#children.length > 0 && this.#children.every((child) => child.exitCode === null);
  }

  async #connect(): Promise<void> {
    await this.stop();
    const { before, read, write } = this.#programs;
    if (before !== undefined) {
      const done = Bun.spawnSync([...before], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
      if (done.exitCode !== 0) throw new Error(`${before.join(' ')}: ${done.stderr.toString()}`);
    }
    const reader = Bun.spawn([...read], { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' });
    const writer = write === undefined ? reader : Bun.spawn([...write], { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' });
    this.#children = write === undefined ? [reader] : [reader, writer];
    const wire: Wire = {
      write(text: string): void {
        if (writer.exitCode !== null) return;
        void writer.stdin.write(text);
        void writer.stdin.flush();
      },
      onData: (): void => {},
      close: () => void this.stop(),
    };
    this.console.attach(wire);
    void (async () => {
      for await (const part of reader.stdout) wire.onData(Buffer.from(part).toString('latin1'));
    })();
  }

  async open(): Promise<void> {
    if (!this.#connected) await this.#connect();
    // ssh has a login prompt as soon as it is through; a serial line may stand anywhere.
    if (!this.hearsStart && (await this.console.seen(/login: $/, 30)) === undefined) this.console.note('ssh shows no login prompt');
    await this.console.login();
  }

  async start(): Promise<number> {
    await this.open();
    return this.restart();
  }

  async restart(): Promise<number> {
    if (this.hearsStart) return typedRestart(this.console);
    const began = performance.now();
    this.console.send('restart reboot\r');
    // The session ends with the box, or nobody answers any more.
    await Promise.race([this.#children[0]?.exited, Bun.sleep(60_000)]);
    while (performance.now() - began < RESTART * 1000) {
      await this.#connect();
      for (let turn = 0; turn < 30 && this.#connected; turn++) {
        if ((await this.console.seen(/login: $/, 1)) !== undefined) return (performance.now() - began) / 1000;
      }
      await Bun.sleep(1000);
    }
    throw new Error(`${this.name} does not answer any more`);
  }

  cut(): Promise<void> {
    return Promise.reject(new Error('the power of a real box is cut by hand'));
  }

  async stop(): Promise<void> {
    const children = this.#children;
    this.#children = [];
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.exited));
  }
}
