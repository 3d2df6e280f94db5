// A box as the suite sees it: a console, and for some a power switch. In qemu the image as shipped; else a real box behind a
// serial line or ssh.

import { appendFileSync, constants, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/** Octets to and from a console. */
interface Wire {
  write(text: string): void;
  onData: (text: string) => void;
  close(): void;
}

export interface Target {
  readonly name: string;
  /** Whether power can be cut, and the box started anew, from here. */
  readonly canCut: boolean;
  /** The console; after a start it begins with what the box prints. */
  readonly console: Console;
  /** Switches on and gives the seconds until the login prompt. */
  start(): Promise<number>;
  /** Cuts the power at once. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

const PROMPT = /(?:Manager|SecOff)[^\n>]*> $/;

/** A console with a transcript: what is expected, what is sent. */
export class Console {
  #text = '';
  /** Everything since the box was started. */
  history = '';
  readonly #transcript: string;
  #wire: Wire | undefined;
  /** Those that wait for more. */
  readonly #waiting = new Set<() => void>();

  constructor(transcript: string) {
    this.#transcript = transcript;
    writeFileSync(transcript, '');
  }

  attach(wire: Wire): void {
    this.#wire = wire;
    this.#text = '';
    this.history = '';
    wire.onData = (text) => {
      appendFileSync(this.#transcript, text.replaceAll('\r', ''));
      this.#text += text;
      this.history += text;
      for (const wake of this.#waiting) wake();
    };
  }

  note(text: string): void {
    appendFileSync(this.#transcript, `\n---- ${text} ----\n`);
  }

  send(text: string): void {
    this.#wire?.write(text);
  }

  /** What came since the last `expect`. */
  get pending(): string {
    return this.#text;
  }

  /** Waits for a pattern; gives what came up to its end and forgets it. */
  async expect(pattern: RegExp, seconds = 60): Promise<string> {
    const text = await this.seen(pattern, seconds);
    if (text === undefined) throw new Error(`${String(pattern)} did not come in ${seconds} s; the last lines: ${JSON.stringify(this.#text.slice(-400))}`);
    return text;
  }

  /** As `expect`; undefined where the pattern did not come. One that waits takes what it waits for from all others: end it before the next. */
  async seen(pattern: RegExp, seconds: number): Promise<string | undefined> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) {
        const until = found.index + found[0].length;
        const text = this.#text.slice(0, until);
        this.#text = this.#text.slice(until);
        return text;
      }
      const left = end - performance.now();
      if (left <= 0) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, left);
      this.#waiting.add(resolve);
      await promise;
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }

  async login(password = 'friend', user = 'manager'): Promise<void> {
    // Whatever half a line stands there; the prompt comes anew.
    this.send('\r');
    await this.expect(/login: $/, 90);
    this.send(`${user}\r`);
    await this.expect(/[Pp]assword: $/);
    this.send(`${password}\r`);
    await this.expect(PROMPT);
  }

  /** Gives a command and returns what it printed, without echo and prompt. */
  async command(line: string, seconds = 60): Promise<string> {
    this.#text = '';
    this.send(`${line}\r`);
    let text = '';
    for (;;) {
      text += await this.expect(/(?:(?:Manager|SecOff)[^\n>]*> \r?$)|(?:--More--[^\n]*$)/, seconds);
      if (!/--More--[^\n]*$/.test(text)) break;
      this.send('c');
    }
    // eslint-disable-next-line no-control-regex
    return text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]|\r/g, '').split('\n').slice(1, -1).join('\n');
  }
}

export interface QemuOptions {
  /** The image as built, and the loader beside it. */
  readonly image: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** A folder of this run: disk, transcript. */
  readonly folder: string;
  readonly machine?: 'virt' | 'raspi3b';
  readonly dtb?: string;
  readonly append?: string;
  /** Words behind qemu's own: network cards. */
  readonly extra?: readonly string[];
  readonly wrap?: readonly string[];
}

const socketWire = (socket: Socket): Wire => {
  const wire: Wire = { write: (text) => void socket.write(text, 'latin1'), onData: () => {}, close: () => socket.destroy() };
  socket.on('data', (data: Buffer) => wire.onData(data.toString('latin1')));
  socket.on('error', () => {});
  return wire;
};

const connected = (path: string): Promise<Socket | undefined> =>
  new Promise((done) => {
    const tried = connect(path, () => done(tried)).on('error', () => done(undefined));
  });

/** qemu-system-aarch64 with the image on its disk. */
export class QemuTarget implements Target {
  readonly name: string;
  readonly canCut = true;
  readonly console: Console;
  readonly disk: string;
  /** The shell on a second line; on virt only. */
  readonly rescue: Console;
  readonly #options: QemuOptions;
  #child: Bun.Subprocess | undefined;

  constructor(options: QemuOptions) {
    this.name = `qemu ${options.machine ?? 'virt'}`;
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.disk = join(options.folder, 'disk.img');
    this.console = new Console(join(options.folder, 'transcript.log'));
    this.rescue = new Console(join(options.folder, 'rescue.log'));
    this.fresh();
  }

  /** The image as shipped on the disk again. */
  fresh(): void {
    rmSync(this.disk, { force: true });
    Bun.spawnSync(['cp', '--sparse=always', this.#options.image, this.disk]);
    // An SD card of this machine has a power of two for its size.
    if (this.#options.machine === 'raspi3b') Bun.spawnSync(['truncate', '-s', '512M', this.disk]);
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null;
  }

  /** Starts without waiting for anything. */
  async power(): Promise<void> {
    const { kernel, initramfs, folder, machine = 'virt', dtb, append = '', extra = [], wrap = [] } = this.#options;
    const socket = join(folder, 'console.sock');
    const rescue = join(folder, 'rescue.sock');
    for (const path of [socket, rescue]) rmSync(path, { force: true });
    const serial = ['-chardev', `socket,id=c,path=${socket},server=on,wait=on`];
    // What the guest wrote is the disk's when qemu is killed, synchronised by this machine or not: its own disk need not be waited for.
    const virt = ['-M', 'virt', '-cpu', 'cortex-a53', '-smp', '2', '-m', '512', '-serial', 'chardev:c', '-append', `console=ttyAMA0 quiet loglevel=4 panic=10 hashi.rescue=ttyS0 ${append}`,
      '-drive', `file=${this.disk},if=none,format=raw,id=d,cache=unsafe`, '-device', 'virtio-blk-pci,drive=d', '-device', 'i6300esb', '-action', 'watchdog=reset',
      '-chardev', `socket,id=r,path=${rescue},server=on,wait=off`, '-device', 'pci-serial,chardev=r'];
    // qemu takes the first write to this machine's watchdog for its expiry.
    const pi = ['-M', 'raspi3b', '-serial', 'null', '-serial', 'chardev:c', '-dtb', dtb ?? '', '-append', `console=ttyS1,115200 quiet loglevel=4 panic=10 module_blacklist=bcm2835_wdt ${append}`, '-drive', `file=${this.disk},if=sd,format=raw,cache=unsafe`];
    const words = [...wrap, 'nice', '-n', '10', 'qemu-system-aarch64', '-nodefaults', '-display', 'none', '-kernel', kernel, '-initrd', initramfs, ...serial, ...(machine === 'virt' ? virt : pi), ...extra];
    const log = openSync(join(folder, 'qemu.log'), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
    this.#child = Bun.spawn(words, { stdin: 'ignore', stdout: log, stderr: log });
    for (let turn = 0; turn < 100; turn++) {
      await Bun.sleep(50);
      if (this.#child.exitCode !== null) throw new Error(`qemu ended at once: ${await Bun.file(join(folder, 'qemu.log')).text()}`);
      const found = await connected(socket);
      if (found === undefined) continue;
      this.console.attach(socketWire(found));
      const second = machine === 'virt' ? await connected(rescue) : undefined;
      if (second !== undefined) this.rescue.attach(socketWire(second));
      return;
    }
    throw new Error('qemu opens no console');
  }

  async start(): Promise<number> {
    const began = performance.now();
    await this.power();
    await this.console.expect(/login: $/, 240);
    return (performance.now() - began) / 1000;
  }

  async cut(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
    this.#child = undefined;
    this.console.note('power cut');
  }

  stop(): Promise<void> {
    return this.cut();
  }
}

/** A real box: a serial line (serial:/dev/ttyUSB0[:speed]) or ssh (ssh://manager@address). */
export class RealTarget implements Target {
  readonly name: string;
  readonly canCut = false;
  readonly console: Console;
  readonly #words: readonly string[];
  #child: Bun.Subprocess<'pipe', 'pipe', 'ignore'> | undefined;

  constructor(url: string, folder: string) {
    this.name = url;
    mkdirSync(folder, { recursive: true });
    this.console = new Console(join(folder, 'transcript.log'));
    const serial = /^serial:([^:]+)(?::(\d+))?$/.exec(url);
    const ssh = /^ssh:\/\/(.+)$/.exec(url);
    if (serial !== null) this.#words = ['sh', '-c', 'stty -F "$1" "$2" raw -echo && cat "$1" & exec cat >"$1"', 'sh', serial[1] ?? '', serial[2] ?? '115200'];
    else if (ssh !== null) this.#words = ['ssh', '-tt', ssh[1] ?? ''];
    else throw new Error(`${url}: a target is qemu-virt, serial:/dev/LINE[:SPEED] or ssh://USER@ADDRESS`);
  }

  async start(): Promise<number> {
    const began = performance.now();
    const child = Bun.spawn([...this.#words], { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' });
    this.#child = child;
    const wire: Wire = { write: (text) => void (child.stdin.write(text), child.stdin.flush()), onData: () => {}, close: () => child.kill() };
    this.console.attach(wire);
    void (async () => {
      for await (const part of child.stdout) wire.onData(Buffer.from(part).toString('latin1'));
    })();
    this.console.send('\r');
    await this.console.expect(/login: $/, 90);
    return (performance.now() - began) / 1000;
  }

  cut(): Promise<void> {
    return Promise.reject(new Error('the power of a real box is cut by hand'));
  }

  async stop(): Promise<void> {
    this.#child?.kill();
    await this.#child?.exited;
  }
}
