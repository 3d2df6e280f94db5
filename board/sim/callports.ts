// Call ports in memory: a test connects a modem to one and is the other end of the AT dialogue.

import type { CallLine, CallPort, CallPorts } from '../../firmware/hal/io.ts';
import type { World } from './world.ts';

/** The modem's end of a line. Octets take no time but arrive in a turn of their own, as on every real line. */
export class SimModem {
  /** What the router writes; copied. */
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly line: CallLine;
  /** Set: the line takes nothing, what is written waits (CallLine.backlog). */
  stuck = false;
  readonly #world: World;
  #backlog = 0;
  #open = true;

  constructor(world: World, from: string) {
    const backlog = (): number => this.#backlog;
    this.#world = world;
    this.line = {
      terminal: false,
      from,
      get backlog() {
        return backlog();
      },
      write: (data) => {
        if (!this.#open) return;
        if (this.stuck) {
          this.#backlog += data.length;
          return;
        }
        const copy = data.slice();
        this.#later(() => this.onData(copy));
      },
      close: () => this.close(),
      onData: () => {},
      onClose: () => {},
    };
  }

  get open(): boolean {
    return this.#open;
  }

  write(data: Uint8Array): void {
    const copy = data.slice();
    this.#later(() => this.line.onData(copy));
  }

  /** Either end closes: both are told. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#world.at(this.#world.now, () => {
      this.line.onClose();
      this.onClose();
    });
  }

  #later(task: () => void): void {
    this.#world.at(this.#world.now, () => {
      if (this.#open) task();
    });
  }
}

export class SimCallPorts implements CallPorts {
  readonly #world: World;
  readonly #ports: CallPort[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Adds a port before the router starts; 'bri0' is an ISDN port, 'asyn1' an asynchronous one. */
  add(name: string): void {
    this.#ports.push({ name, kind: name.startsWith('bri') ? 'isdn' : 'async', onLine: (line) => line.close() });
  }

  list(): readonly CallPort[] {
    return this.#ports;
  }

  /** A modem is plugged in, or somebody connects to the socket. */
  connect(name: string): SimModem {
    const port = this.#ports.find((one) => one.name === name);
    if (port === undefined) throw new Error(`this board has no call port ${name}`);
    const modem = new SimModem(this.#world, name);
    port.onLine(modem.line);
    return modem;
  }
}
