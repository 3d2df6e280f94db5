// The board's call ports: stream sockets that speak the AT dialogue (each connection is a line), and serial lines with a modem or adapter.

import { closeSync, constants, openSync, rmSync, statSync } from 'node:fs';

import type { CallLine, CallPort, CallPorts } from '../../firmware/hal/io.ts';
import { serialAdapters } from './adapters.ts';
import { codeOf, socketError, textOf } from './failure.ts';
import { C, pinned } from './ffi/libc.ts';
import { AF, SOCK } from './ffi/socket.ts';
import { SerialStream } from './serial.ts';
import { type SocketData, SocketStream } from './stream.ts';
import { isLineSpeed, rawMode } from './termios.ts';

/** What stands behind a call port. */
export type CallDevice = { readonly kind: 'socket'; readonly path: string } | { readonly kind: 'serial'; readonly path: string; readonly speed: number };

/** Of a serial line that is given without one, bit/s. */
const DEFAULT_SPEED = 115_200;
/** How often a serial line that is not there is looked for. */
const REOPEN_MS = 2000;
const LOCK_EX_NB = 2 | 4;
/** sun_path of struct sockaddr_un, its closing zero included. */
const SUN_PATH = 108;

/** Names of call ports: 'bri0', 'asyn1'. */
export const isCallPort = (name: string): boolean => /^(?:bri|asyn)\d{1,3}$/i.test(name);

/** The first serial adapter on USB is 'usb-serial:1'. */
const ADAPTER = /^usb-serial:([1-9]\d?)$/;

/** 'unix:/run/dial.sock', '/dev/ttyUSB0', '/dev/ttyUSB0:57600', or 'usb-serial:1:57600' for the adapter in the first socket; a text says what is wrong. */
export function parseCallDevice(text: string): CallDevice | string {
  if (text.startsWith('unix:')) {
    const path = text.slice(5);
    if (!path.startsWith('/')) return `"${text}" is not unix:/PATH`;
    return Buffer.byteLength(path) < SUN_PATH ? { kind: 'socket', path } : `"${path}" is longer than the ${SUN_PATH - 1} octets that a socket's path may have`;
  }
  const parts = /^(\/[^:\s]+|usb-serial:[1-9]\d?)(?::(\d{1,7}))?$/.exec(text);
  if (parts === null) return `"${text}" is neither unix:/PATH nor a serial line like /dev/ttyUSB0:115200`;
  const speed = parts[2] === undefined ? DEFAULT_SPEED : Number(parts[2]);
  return isLineSpeed(speed) ? { kind: 'serial', path: parts[1] ?? '', speed } : `${speed} bit/s is no speed of a serial line`;
}

/** One open port. */
interface Open extends CallPort {
  close(): void;
}

export class LinuxCallPorts implements CallPorts {
  readonly #ports: Open[] = [];

  /**
   * Opens what stands behind the call ports among `mapped`; others are left alone. A text says why a socket cannot be served. A serial line
   * that is not there is told to `say` once and looked for until it comes.
   */
  static open(mapped: ReadonlyMap<string, string>, say: (text: string) => void): LinuxCallPorts | string {
    const all = new LinuxCallPorts();
    for (const [name, text] of mapped) {
      if (!isCallPort(name)) continue;
      const device = parseCallDevice(text);
      const opened = typeof device === 'string' ? device : device.kind === 'socket' ? openSocket(name, device.path) : new SerialPort(name, device, say);
      if (typeof opened === 'string') {
        all.close();
        return `Port ${name}: ${opened}`;
      }
      all.#ports.push(opened);
    }
    return all;
  }

  list(): readonly CallPort[] {
    return this.#ports;
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}

const kindOf = (name: string): CallPort['kind'] => (name.startsWith('bri') ? 'isdn' : 'async');
const turnAway = (line: CallLine): void => line.close();

/** Whether a program listens on the socket at `path`. */
function isServed(path: string): boolean {
  const fd = C.socket(AF.UNIX, SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);
  if (fd < 0) return false;
  const name = Buffer.from(path);
  const address = pinned(2 + SUN_PATH);
  address.view.setUint16(0, AF.UNIX, true);
  address.bytes.set(name, 2);
  const connected = C.connect(fd, address.at, 2 + name.length + 1);
  C.close(fd);
  return connected === 0;
}

/** Listens at `path`, for this user only (0600). What a crash left there is taken over. */
function openSocket(name: string, path: string): Open | string {
  const streams = new Set<SocketStream>();
  const port: Open = { name, kind: kindOf(name), onLine: turnAway, close: () => {} };
  const before = process.umask(0o177);
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSocket()) return `${path} is there already and is no socket`;
    if (there !== undefined && isServed(path)) return `${path} is in use by another program`;
    if (there !== undefined) rmSync(path, { force: true });
    let count = 0;
    const listener = Bun.listen<SocketData>({
      unix: path,
      socket: {
        open(socket) {
          const stream = new SocketStream(socket, { terminal: false, from: `line ${++count}` });
          socket.data = { stream };
          streams.add(stream);
          port.onLine(stream);
        },
        data: (socket, data) => socket.data.stream?.received(data),
        drain: (socket) => socket.data.stream?.drained(),
        close(socket) {
          const { stream } = socket.data;
          if (stream === undefined) return;
          streams.delete(stream);
          stream.ended();
        },
        error: socketError,
      },
    });
    return Object.assign(port, {
      close() {
        listener.stop();
        for (const stream of streams) stream.close();
        rmSync(path, { force: true });
      },
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return `the folder of ${path} does not exist`;
    return `${path} cannot be served: ${textOf(error)}`;
  } finally {
    process.umask(before);
  }
}

/** The line behind the path of a call device; undefined where that adapter is not plugged in. */
const lineOf = (path: string): string | undefined => {
  const adapter = ADAPTER.exec(path)?.[1];
  return adapter === undefined ? path : serialAdapters()[Number(adapter) - 1];
};

/** A modem on a serial line. The line is opened again when it was closed (a hang-up: DTR drops) or unplugged. */
class SerialPort implements Open {
  readonly name: string;
  readonly kind: CallPort['kind'];
  readonly #path: string;
  readonly #speed: number;
  readonly #say: (text: string) => void;
  #onLine: (line: CallLine) => void = turnAway;
  #stream: SerialStream | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #complaint = '';
  #closed = false;

  constructor(name: string, device: { readonly path: string; readonly speed: number }, say: (text: string) => void) {
    this.name = name;
    this.kind = kindOf(name);
    this.#path = device.path;
    this.#speed = device.speed;
    this.#say = say;
    // When the router has had time to say where lines go.
    this.#retry = setTimeout(() => this.#open(), 0);
  }

  get onLine(): (line: CallLine) => void {
    return this.#onLine;
  }

  set onLine(take: (line: CallLine) => void) {
    this.#onLine = take;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#stream?.close();
  }

  #open(): void {
    const path = lineOf(this.#path);
    // Nobody promised that there is one: it is a port from the moment it is plugged in.
    if (path === undefined) return this.#later();
    const fd = this.#descriptor(path);
    if (typeof fd === 'string') {
      if (fd !== this.#complaint) this.#say(`Port ${this.name}: ${fd}; tried again until it works`);
      this.#complaint = fd;
      return this.#later();
    }
    this.#complaint = '';
    const stream = new SerialStream(fd, { terminal: false, from: path });
    this.#stream = stream;
    this.#onLine(stream);
    // The router has put its handler there: ours comes behind it.
    const ended = stream.onClose;
    stream.onClose = () => {
      this.#stream = undefined;
      ended();
      this.#later();
    };
    // A router that did not want the line has closed it before it could be told.
    if (stream.closed) this.#later();
  }

  /** The open line, ours alone; a text says why not. */
  #descriptor(path: string): number | string {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return `there is no ${path}`;
      if (code === 'EACCES') return `this user may not open ${path}`;
      if (code === 'EBUSY') return `${path} is in use by another program`;
      return `${path} cannot be opened: ${textOf(error)}`;
    }
    let why: string | undefined;
    if (C.isatty(fd) !== 1) why = `${path} is no serial line`;
    else if (C.flock(fd, LOCK_EX_NB) !== 0) why = `${path} is in use by another program`;
    else if (rawMode(fd, { speed: this.#speed, flow: 'hardware' }) === undefined) why = `${path} does not take ${this.#speed} bit/s`;
    if (why === undefined) return fd;
    closeSync(fd);
    return why;
  }

  #later(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), REOPEN_MS);
  }
}
