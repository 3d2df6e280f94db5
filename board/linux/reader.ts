// Packets from a descriptor that the event loop cannot wait for (TUN, TAP, raw IPv6): a worker thread waits, and sends them in batches.

import { C, pinned, O_CLOEXEC } from './ffi/libc.ts';
import { check } from './ffi/errno.ts';
import { workerAddress } from './worker.ts';

/** What the worker is told when it starts. */
export interface ReaderOrder {
  readonly fd: number;
  /** An eventfd that is written whenever `state` changes. */
  readonly bell: number;
  readonly state: SharedArrayBuffer;
  /** 'packet': read(2). 'sourced6': recvfrom(2) with an IPv6 source. */
  readonly kind: 'packet' | 'sourced6';
  readonly size: number;
}
export const STATE = { run: 0, pause: 1, stop: 2 } as const;

/** One packet; `source` is the 16 octets of the IPv6 address it came from, where asked for. */
export interface ReadPacket {
  readonly data: Uint8Array;
  readonly source: Uint8Array | undefined;
}
/** What the worker says: packets, or why it ended. */
export type ReaderNews = { readonly packets: readonly ReadPacket[] } | { readonly ended: number };

/** Reads `fd` until `stop`; the descriptor stays the caller's, who closes it in `onEnd`. */
export class Reader {
  readonly #worker: Worker;
  readonly #bell = check('eventfd', C.eventfd(0, O_CLOEXEC));
  readonly #state = new Int32Array(new SharedArrayBuffer(4));
  #over = false;

  constructor(source: { readonly fd: number; readonly kind: ReaderOrder['kind']; readonly size: number }, on: { packets(packets: readonly ReadPacket[]): void; end(errno: number): void }) {
    this.#worker = new Worker(workerAddress('reader.worker.ts'));
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ReaderNews>) => {
      if ('packets' in data) {
        if (this.#state[0] !== STATE.stop) on.packets(data.packets);
        return;
      }
      this.#over = true;
      this.#worker.terminate();
      C.close(this.#bell);
      on.end(data.ended);
    });
    const order: ReaderOrder = { ...source, bell: this.#bell, state: this.#state.buffer };
    this.#worker.postMessage(order);
  }

  pause(): void {
    this.#set(STATE.pause);
  }

  resume(): void {
    this.#set(STATE.run);
  }

  stop(): void {
    this.#set(STATE.stop);
  }

  #set(state: number): void {
    if (this.#over || this.#state[0] === STATE.stop) return;
    this.#state[0] = state;
    const one = pinned(8);
    one.view.setUint32(0, 1, true);
    C.write(this.#bell, one.at, 8);
  }
}
