// Namespaces, wires, routers and captures for the network tests. Everything a Network makes, it takes away again.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '..');
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** Runs a command to its end. Output is standard output and error together. */
export async function run(command: readonly string[], limits: { readonly seconds: number } = { seconds: 60 }): Promise<Finished> {
  const child = Bun.spawn([...command], { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, PATH } });
  const timer = setTimeout(() => child.kill('SIGKILL'), limits.seconds * 1000);
  const [out, err, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  clearTimeout(timer);
  return { code, output: out + err };
}

/** Runs a command that must succeed; the error carries what it printed. */
export async function must(command: readonly string[], limits?: { readonly seconds: number }): Promise<string> {
  const done = await run(command, limits);
  if (done.code !== 0) throw new Error(`${command.join(' ')}\nexit ${done.code}\n${done.output}`);
  return done.output;
}

/** Asks `probe` every 100 ms until it is true; an error that says what was waited for when `seconds` have passed. */
export async function until(what: string, seconds: number, probe: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await probe())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for: ${what}`);
    await Bun.sleep(100);
  }
}

/** A running router: `hashi run` in a namespace. */
export class Router {
  readonly flash: string;
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly #log: Promise<string>;

  constructor(child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>, flash: string) {
    this.#child = child;
    this.flash = flash;
    this.#log = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]).then((parts) => parts.join(''));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What the console prints for these commands; prompts and echo left out. */
  async cli(...commands: string[]): Promise<string> {
    return (await this.cliResult(...commands)).output;
  }

  async cliResult(...commands: string[]): Promise<Finished> {
    return run([process.execPath, 'board/main.ts', 'cli', '--flash', this.flash, ...commands.flatMap((c) => ['-c', c])], { seconds: 30 });
  }

  /** SIGTERM and wait; the exit code. */
  async stop(): Promise<number> {
    this.#child.kill('SIGTERM');
    return this.#child.exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  /** Everything it printed; only after it has ended. */
  async printed(): Promise<string> {
    return this.#log;
  }
}

/** A capture of one device, by tcpdump. */
export class Capture {
  readonly file: string;
  readonly #child: Bun.Subprocess;

  constructor(child: Bun.Subprocess, file: string) {
    this.#child = child;
    this.file = file;
  }

  async end(): Promise<void> {
    await Bun.sleep(400);
    this.#child.kill('SIGINT');
    await this.#child.exited;
  }

  /** The values of `fields` of every packet that matches tshark's display filter, tab-separated lines. */
  async fields(filter: string, ...fields: string[]): Promise<string[]> {
    const out = await must(['tshark', '-n', '-r', this.file, '-Y', filter, '-T', 'fields', ...fields.flatMap((f) => ['-e', f])]);
    return out.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
  }

  async count(filter: string): Promise<number> {
    return (await this.fields(filter, 'frame.number')).length;
  }

  /** Packets that tshark finds malformed, wrong in a checksum, or worth a warning; with `secret` hidden AVPs are opened. */
  async complaints(filter: string, secret = ''): Promise<string[]> {
    const bad = `(${filter}) && (_ws.malformed || _ws.expert.severity >= 0x600000)`;
    const options = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-o', 'tcp.analyze_sequence_numbers:FALSE', '-o', `l2tp.shared_secret:${secret}`];
    const out = await must(['tshark', '-n', '-r', this.file, ...options, '-Y', bad, '-T', 'fields', '-e', 'frame.number', '-e', '_ws.col.Info', '-e', '_ws.expert.message']);
    return out.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
  }
}

/** A set of namespaces of one test. `prefix` makes their names unique: keep it short, devices have 15 characters. */
export class Network {
  readonly folder: string;
  readonly #prefix: string;
  readonly #spaces: string[] = [];
  readonly #children: Bun.Subprocess[] = [];

  constructor(prefix: string) {
    this.#prefix = `hs-${prefix}-`;
    this.folder = mkdtempSync(join(tmpdir(), this.#prefix));
  }

  /** The full name of a namespace of this network. */
  name(space: string): string {
    return this.#prefix + space;
  }

  async space(...names: string[]): Promise<void> {
    for (const name of names) {
      await run(['ip', 'netns', 'del', this.name(name)]);
      await must(['ip', 'netns', 'add', this.name(name)]);
      this.#spaces.push(this.name(name));
      await must(['ip', '-n', this.name(name), 'link', 'set', 'lo', 'up']);
    }
  }

  /** A wire between two devices "space/device"; checksum offload off, so that captures carry real checksums. */
  async wire(a: string, b: string): Promise<void> {
    const [spaceA = '', deviceA = ''] = a.split('/');
    const [spaceB = '', deviceB = ''] = b.split('/');
    await must(['ip', 'link', 'add', deviceA, 'netns', this.name(spaceA), 'type', 'veth', 'peer', 'name', deviceB, 'netns', this.name(spaceB)]);
    for (const [space, device] of [[spaceA, deviceA], [spaceB, deviceB]] as const) {
      await must(['ip', '-n', this.name(space), 'link', 'set', device, 'up']);
      await must(['ip', 'netns', 'exec', this.name(space), 'ethtool', '-K', device, 'tx', 'off']);
    }
  }

  /** ip(8) in a namespace: ip('h1', 'addr', 'add', ...). */
  async ip(space: string, ...words: string[]): Promise<string> {
    return must(['ip', '-n', this.name(space), ...words]);
  }

  async exec(space: string, command: readonly string[], limits?: { readonly seconds: number }): Promise<Finished> {
    return run(['ip', 'netns', 'exec', this.name(space), ...command], limits);
  }

  /** Pings until an answer comes. */
  async pings(space: string, address: string, seconds: number): Promise<void> {
    await until(`ping ${address} from ${space}`, seconds, async () => (await this.exec(space, ['ping', '-n', '-c', '1', '-W', '1', address])).code === 0);
  }

  /** Starts `hashi run` in a namespace; `ports` as "eth0=DEV". Returns when its command socket answers. */
  async router(space: string, ports: readonly string[], script: string): Promise<Router> {
    const flash = mkdtempSync(join(this.folder, `${space}-`));
    return this.startRouter(space, ports, script, flash);
  }

  /** The same on a flash folder that is there already. */
  async startRouter(space: string, ports: readonly string[], script: string, flash: string): Promise<Router> {
    const config = join(flash, 'test.cfg');
    writeFileSync(config, script);
    const child = Bun.spawn(
      [process.execPath, 'board/main.ts', 'run', '--flash', flash, ...ports.flatMap((p) => ['--port', p]), '--netns', this.name(space), '--config', config, '--console', 'none'],
      { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, PATH } },
    );
    this.#children.push(child);
    const router = new Router(child, flash);
    await until(`the router in ${space} to answer`, 15, async () => {
      if (child.exitCode !== null) throw new Error(`the router ended at once:\n${await router.printed()}`);
      return (await router.cliResult('SHOW TIME')).code === 0;
    });
    return router;
  }

  async capture(space: string, device: string, filter = ''): Promise<Capture> {
    const file = join(this.folder, `${space}-${device}.pcap`);
    const child = Bun.spawn(
      ['ip', 'netns', 'exec', this.name(space), 'tcpdump', '-Z', 'root', '--immediate-mode', '-B', '32768', '-U', '-nni', device, '-w', file, ...(filter === '' ? [] : [filter])],
      { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', env: { ...process.env, PATH } },
    );
    this.#children.push(child);
    await until('tcpdump to start', 10, async () => (await Bun.file(file).exists()) && Bun.file(file).size >= 24);
    return new Capture(child, file);
  }

  /** A command that goes on in the background of a namespace until the network is removed. */
  start(space: string, command: readonly string[]): Bun.Subprocess {
    const child = Bun.spawn(['ip', 'netns', 'exec', this.name(space), ...command], { cwd: ROOT, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', env: { ...process.env, PATH } });
    this.#children.push(child);
    return child;
  }

  async remove(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGTERM');
    await Promise.race([Promise.all(this.#children.map((c) => c.exited)), Bun.sleep(3000)]);
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGKILL');
    for (const space of this.#spaces) await run(['ip', 'netns', 'del', space]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
