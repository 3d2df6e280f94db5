// A connection of octets over a socket of Bun: telnet, the command socket.

import type { Socket } from 'bun';

import type { CallLine } from '../../firmware/hal/io.ts';

/** A peer that does not read may keep this much waiting; then the connection ends. */
const LONGEST_BACKLOG = 4 << 20;

/** What Bun's socket handlers keep per connection. */
export interface SocketData {
  stream: SocketStream | undefined;
}

/** A Stream over a connected socket. The owner's socket handlers call `received`, `drained`, `inputEnded` and `ended`. */
export class SocketStream implements CallLine {
  readonly terminal: boolean;
  readonly from: string;
  readonly columns?: number;
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly #socket: Pick<Socket<SocketData>, 'write' | 'end' | 'terminate'>;
  #waiting: Uint8Array[] = [];
  #backlog = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #inputEnded = false;

  constructor(socket: Pick<Socket<SocketData>, 'write' | 'end' | 'terminate'>, how: { readonly terminal: boolean; readonly from: string; readonly columns?: number }) {
    this.#socket = socket;
    this.terminal = how.terminal;
    this.from = how.from;
    if (how.columns !== undefined) this.columns = how.columns;
  }

  get backlog(): number {
    return this.#backlog;
  }

  write(data: Uint8Array): void {
    if (this.#state !== 'open' || data.length === 0) return;
    const taken = this.#waiting.length > 0 ? 0 : this.#put(data);
    if (taken === data.length) return;
    this.#waiting.push(data.slice(taken));
    this.#backlog += data.length - taken;
    if (this.#backlog > LONGEST_BACKLOG) this.#socket.terminate();
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    if (this.#waiting.length === 0) this.#socket.end();
  }

  /** From the socket's `data` handler; the octets are Bun's and valid until it returns. */
  received(data: Uint8Array): void {
    if (this.#state === 'open' && !this.#inputEnded) this.onData(data);
  }

  /** From the socket's `end` handler: the peer sends no more but still listens; what it asked for is answered. */
  inputEnded(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.onClose();
  }

  /** From the socket's `drain` handler. */
  drained(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = this.#put(first);
      this.#backlog -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#state === 'closing') this.#socket.end();
  }

  /** From the socket's `close` handler. */
  ended(): void {
    this.#state = 'closed';
    this.#waiting = [];
    this.inputEnded();
  }

  /** How many octets the socket took: it says -1 where it is closed already. */
  #put(data: Uint8Array): number {
    const taken = this.#socket.write(data);
    return taken < 0 ? data.length : taken;
  }
}
