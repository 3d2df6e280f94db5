// The processes of a lab: routers (`hashi run`) and hosts (agents), each in its namespace. They end with the lab, however it ends.

import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { reachable, runCommands } from '../client.ts';
import { ownCommand } from '../ffi/exec.ts';
import type { AaaBook } from './aaa.ts';
import type { DialInOptions } from './dialin.ts';
import type { Errand, ErrandResult } from './traffic.ts';

/** The folder of the lab's files, on its own tmpfs. */
const FOLDER = '/run/hashi-lab';
const READY_MS = 10_000;
const STOP_MS = 2500;
const LOG_LINES = 15;

/** A router of the lab with its flash folder; killed and started again on the same one. */
export class LabRouter {
  readonly name: string;
  readonly flash: string;
  readonly #space: string;
  readonly #ports: readonly string[];
  readonly #log: string;
  #child: Bun.Subprocess | undefined;

  /** `ports`: the devices behind eth0, eth1... `script` becomes boot.cfg; `calls`: call ports, as --port takes them. */
  constructor(name: string, space: string, ports: readonly string[], script: string, calls: readonly string[] = []) {
    this.name = name;
    this.#space = space;
    this.#ports = [...ports.map((device, i) => `eth${i}=${device}`), ...calls];
    this.flash = join(FOLDER, space);
    this.#log = join(FOLDER, `${space}.log`);
    mkdirSync(this.flash, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.flash, 'boot.cfg'), script);
  }

  start(): void {
    const ports = this.#ports.flatMap((port) => ['--port', port]);
    const log = openSync(this.#log, 'a');
    this.#child = Bun.spawn([...ownCommand(), 'run', '--_tied', '--netns', this.#space, '--flash', this.flash, ...ports, '--console', 'none'], {
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    });
  }

  /** Waits until its command socket answers; why it does not. */
  async ready(): Promise<string | undefined> {
    const end = performance.now() + READY_MS;
    while (performance.now() < end) {
      if (this.#child?.exitCode !== null) return `${this.name} ended at once: ${this.printed()}`;
      if (await reachable(this.flash)) return undefined;
      await Bun.sleep(20);
    }
    return `${this.name} does not answer after ${READY_MS / 1000} s`;
  }

  /** Runs console commands; what they print. */
  async command(...commands: string[]): Promise<string> {
    const printed: string[] = [];
    const add = (text: string): void => void printed.push(text);
    await runCommands(this.flash, commands, { out: add, error: add });
    return printed.join('\n');
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await child.exited;
    clearTimeout(timer);
  }

  /** The last lines of its own output. */
  printed(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  }
}

/** A host of the lab. */
export class LabHost {
  readonly name: string;
  readonly address: string;
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #waiting = new Map<number, (result: ErrandResult) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #errands = 0;

  constructor(name: string, space: string, address: string) {
    this.name = name;
    this.address = address;
    this.#child = Bun.spawn([...ownCommand(), 'lab-host', '--_tied', '--netns', space], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    void this.#listen();
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Undefined where the errand succeeded, else why not. */
  async run(kind: Errand['kind'], other: LabHost, seconds: number, as?: string): Promise<string | undefined> {
    const errand: Errand = { id: ++this.#errands, kind, to: other.address, seconds, ...(as === undefined ? {} : { as }) };
    const { promise, resolve } = Promise.withResolvers<ErrandResult>();
    this.#waiting.set(errand.id, resolve);
    this.#child.stdin.write(`${JSON.stringify(errand)}\n`);
    await this.#child.stdin.flush();
    return (await promise).failure;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  async #listen(): Promise<void> {
    const { Readable } = await import('node:stream');
    for await (const line of createInterface({ input: Readable.fromWeb(this.#child.stdout as never) })) {
      if (line === 'ready') {
        this.#ready.resolve();
        continue;
      }
      const result: ErrandResult = JSON.parse(line);
      this.#waiting.get(result.id)?.(result);
      this.#waiting.delete(result.id);
    }
    const ended = `${this.name} has ended`;
    this.#ready.reject(new Error(ended));
    for (const [id, resolve] of this.#waiting) resolve({ id, failure: ended });
  }
}

/** The user who dials in, with the namespace of a host. */
export class LabDialIn {
  readonly #child: Bun.Subprocess;
  readonly #log: string;

  constructor(space: string, { socket, user, password }: DialInOptions) {
    this.#log = join(FOLDER, `${space}.dialin.log`);
    const log = openSync(this.#log, 'a');
    this.#child = Bun.spawn([...ownCommand(), 'lab-dialin', '--_tied', '--netns', space, '--socket', socket, '--user', user, '--password', password], { stdin: 'ignore', stdout: log, stderr: log });
  }

  printed(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

/** The lab's name and RADIUS server. */
export class LabAaa {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #ready = Promise.withResolvers<void>();

  constructor(space: string, book: AaaBook) {
    this.#child = Bun.spawn([...ownCommand(), 'lab-aaa', '--_tied', '--netns', space], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    this.#child.stdin.write(`${JSON.stringify(book)}\n`);
    void this.#child.stdin.flush();
    void this.#listen();
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  async #listen(): Promise<void> {
    for await (const part of this.#child.stdout) if (Buffer.from(part).toString().includes('ready')) this.#ready.resolve();
    this.#ready.reject(new Error('the AAA server has ended'));
  }
}
