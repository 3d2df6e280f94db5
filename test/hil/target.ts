// A box as the suite sees it: a console, and for some a power switch. Here the image as shipped in qemu; a real box is in real.ts.

import { appendFileSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/** Octets to and from a console. */
export interface Wire {
  write(text: string): void;
  onData: (text: string) => void;
  close(): void;
}

export interface Target {
  readonly name: string;
  /** Whether power can be cut, and the box started anew, from here. */
  readonly canCut: boolean;
  /** Whether the console tells what the box prints before its login prompt. */
  readonly hearsStart: boolean;
  /** The console; after a start it begins with what the box prints. */
  readonly console: Console;
  /** The box as it is, or switched on where it is off, logged in. */
  open(): Promise<void>;
  /** Switches on, or has it start anew where there is no switch, and gives the seconds until the login prompt. */
  start(): Promise<number>;
  /** RESTART REBOOT by whoever is logged in; the seconds until the login prompt. */
  restart(): Promise<number>;
  /** Cuts the power at once. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

const PROMPT = /(?:Manager|SecOff)[^\n>]*> $/;
/** The login prompt as the router draws it over that of its start script. */
// eslint-disable-next-line no-control-regex
export const OWN_PROMPT = /\u001b\[J[^\r\n]*login: $/;
/** What a console may show that waits for somebody. */
const STANDS = /(?:Manager|SecOff)[^\n>]*> $|(?:^|[\r\n])[^\r\n]*login: $|[Pp]assword: $|--More--[^\n]*$/;

/** Without what moves a terminal's cursor or colours its letters. */
// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]|\r/g, '');

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
    appendFileSync(transcript, '');
  }

  /** Who logs in where a case names nobody. */
  user = 'manager';
  password = 'friend';

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

  /** Waits for a box that starts; milliseconds from `began` to its login prompt. Goes on until the router has drawn that prompt anew: it has told what it has to tell by then. */
  async started(seconds: number, began = performance.now()): Promise<number> {
    const text = await this.expect(/login: $/, seconds);
    const prompt = performance.now() - began;
    if (!OWN_PROMPT.test(text)) await this.expect(OWN_PROMPT, seconds);
    return prompt;
  }

  /** Leaves the wire to somebody else. */
  detach(): void {
    this.#wire?.close();
    this.#wire = undefined;
  }

  /** Logs in from whatever stands there: a prompt of either kind, half a line, a page that waits for a key. */
  async login(password = this.password, user = this.user): Promise<void> {
    let named = false;
    this.#text = '';
    this.send('\r');
    for (let turn = 0; turn < 12; turn++) {
      const text = await this.seen(STANDS, turn === 0 ? 30 : 60);
      if (text === undefined) this.send('\u0003\r');
      else if (PROMPT.test(text)) return;
      else if (/--More--[^\n]*$/.test(text)) this.send('q');
      else if (text.endsWith('login: ')) {
        named = true;
        this.send(`${user}\r`);
      } else this.send(named ? `${password}\r` : '\r');
    }
    throw new Error(`nobody could log in; the last lines: ${JSON.stringify(this.history.slice(-400))}`);
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
    return plain(text).split('\n').slice(1, -1).join('\n');
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
  /** The file for what the console said, where it is not one in the folder. */
  readonly transcript?: string;
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

// eslint-disable-next-line no-control-regex
const SHELL = /# (?:\u001b\[6n)?$/;

/** The restart that somebody types who stays on the line. */
export async function typedRestart(on: Console): Promise<number> {
  const began = performance.now();
  on.history = '';
  on.send('restart reboot\r');
  return (await on.started(300, began)) / 1000;
}

/** qemu-system-aarch64 with the image on its disk. */
export class QemuTarget implements Target {
  readonly name: string;
  readonly canCut = true;
  readonly hearsStart = true;
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
    this.console = new Console(options.transcript ?? join(options.folder, 'transcript.log'));
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
    // qemu takes the first write to this machine's watchdog for its expiry. Its four processors on fewer of ours wait for each other
    // for half a minute at times: one thread takes them in turns.
    const pi = ['-M', 'raspi3b', '-accel', 'tcg,thread=single', '-serial', 'null', '-serial', 'chardev:c', '-dtb', dtb ?? '', '-append', `console=ttyS1,115200 quiet loglevel=4 panic=10 module_blacklist=bcm2835_wdt ${append}`, '-drive', `file=${this.disk},if=sd,format=raw,cache=unsafe`];
    const words = [...wrap, 'nice', '-n', '10', 'qemu-system-aarch64', '-nodefaults', '-display', 'none', '-kernel', kernel, '-initrd', initramfs, ...serial, ...(machine === 'virt' ? virt : pi), ...extra];
    const log = openSync(join(folder, 'qemu.log'), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
    this.#child = Bun.spawn(words, { stdin: 'ignore', stdout: log, stderr: log });
    for (let turn = 0; turn < 100; turn++) {
      await Bun.sleep(50);
      if (this.#child.exitCode !== null) throw new Error(`qemu ended at once: ${await Bun.file(join(folder, 'qemu.log')).text()}`);
      const found = await connected(socket);
      if (found === undefined) continue;
      this.console.attach(socketWire(found));
      // qemu opens the second line once somebody is at the first.
      let second: Socket | undefined;
      for (let more = 0; machine === 'virt' && second === undefined; more++) {
        second = await connected(rescue);
        if (second !== undefined) this.rescue.attach(socketWire(second));
        else if (more > 100) throw new Error('qemu opens no second line');
        else await Bun.sleep(50);
      }
      return;
    }
    throw new Error('qemu opens no console');
  }

  async start(): Promise<number> {
    const began = performance.now();
    await this.power();
    return (await this.console.started(240, began)) / 1000;
  }

  async open(): Promise<void> {
    if (!this.running) await this.start();
    await this.console.login();
  }

  restart(): Promise<number> {
    return typedRestart(this.console);
  }

  /** What a command prints at the rescue shell. */
  async shell(command: string, seconds = 60): Promise<string> {
    const { rescue } = this;
    // A shell that has just begun may lose the first key.
    for (let turn = 0; turn < 6; turn++) {
      rescue.send('\r');
      if ((await rescue.seen(SHELL, 10)) !== undefined) break;
    }
    // Marks that the echo of the line does not have.
    rescue.send(`echo be""gin; ${command}; echo en""d\r`);
    await rescue.expect(/(?:^|[\r\n])begin\r?\n/, seconds);
    const text = await rescue.expect(/(?:^|\n)end\r?\n/, seconds);
    return plain(text).replace(/\n?end\n$/, '');
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

