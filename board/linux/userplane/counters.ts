// Counters in shared memory: slots handed out on the main thread, written by the worker alone, readable at any time.

import type { EtherCounters, SessionCounters, UnderlayCounters } from '../../../firmware/hal/dataplane.ts';
import { ETHER, SESSION, UNDERLAY } from './layout.ts';

/** Doubles per slot, and the one that says whose they are; the same for sessions, underlays and ports. */
const SIZE = SESSION.SIZE;
const SERIAL = SESSION.SERIAL;

export class CounterTable {
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array<SharedArrayBuffer>;
  readonly #serials: number[] = [];
  readonly #free: number[] = [];

  constructor(slots: number) {
    this.memory = new SharedArrayBuffer(slots * SIZE * 8);
    this.#values = new Float64Array(this.memory);
  }

  /** A slot with a new serial; undefined when none is left. */
  take(): number | undefined {
    const slot = this.#free.pop() ?? this.#serials.length;
    if ((slot + 1) * SIZE > this.#values.length) return undefined;
    this.#serials[slot] = (this.#serials[slot] ?? 0) + 1;
    return slot;
  }

  /** What the worker writes into the slot when it starts counting for this owner. */
  serial(slot: number): number {
    return this.#serials[slot] ?? 0;
  }

  free(slot: number): void {
    this.#free.push(slot);
  }

  session(slot: number): SessionCounters {
    const value = this.#reader(slot);
    return {
      inPackets: value(SESSION.IN_PACKETS),
      inBytes: value(SESSION.IN_BYTES),
      inEmpty: value(SESSION.IN_EMPTY),
      inOrder: value(SESSION.IN_ORDER),
      outOfOrder: value(SESSION.OUT_OF_ORDER),
      orderDiscarded: value(SESSION.ORDER_DISCARDED),
      inDiscarded: value(SESSION.IN_DISCARDED),
      outPackets: value(SESSION.OUT_PACKETS),
      outBytes: value(SESSION.OUT_BYTES),
      outDiscarded: value(SESSION.OUT_DISCARDED),
      nextSent: value(SESSION.NEXT_SENT),
      nextExpected: value(SESSION.NEXT_EXPECTED),
      lastIn: value(SESSION.LAST_IN),
      lastCarried: value(SESSION.LAST_CARRIED),
    };
  }

  underlay(slot: number): UnderlayCounters {
    const value = this.#reader(slot);
    return {
      inData: value(UNDERLAY.IN_DATA),
      outData: value(UNDERLAY.OUT_DATA),
      inDataEmpty: value(UNDERLAY.IN_DATA_EMPTY),
      inOrder: value(UNDERLAY.IN_ORDER),
      outOfOrder: value(UNDERLAY.OUT_OF_ORDER),
      orderDiscarded: value(UNDERLAY.ORDER_DISCARDED),
      noSuchTunnel: value(UNDERLAY.NO_SUCH_TUNNEL),
      noSuchCall: value(UNDERLAY.NO_SUCH_CALL),
      malformed: value(UNDERLAY.MALFORMED),
      filtered: value(UNDERLAY.FILTERED),
      processed: value(UNDERLAY.PROCESSED),
    };
  }

  ether(slot: number): EtherCounters {
    const value = this.#reader(slot);
    return { inFrames: value(ETHER.IN_FRAMES), outFrames: value(ETHER.OUT_FRAMES), malformed: value(ETHER.MALFORMED), noSession: value(ETHER.NO_SESSION) };
  }

  /** Reads the slot's doubles; zeros while the worker has not begun with its present owner. */
  #reader(slot: number): (index: number) => number {
    if (this.#values[slot * SIZE + SERIAL] !== this.serial(slot)) return () => 0;
    return (index) => this.#values[slot * SIZE + index] ?? 0;
  }
}
