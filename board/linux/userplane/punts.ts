// The main thread's end of the punt ring: records become the Punt values of hal/dataplane.ts.

import { toIpv4 } from '../../../firmware/bytes/ip.ts';
import type { EtherId, InterfaceId, Punt, SessionKey, UnderlayId } from '../../../firmware/hal/dataplane.ts';
import { PUNT } from './layout.ts';
import { RingReader } from './ring.ts';

/** Which sessions, underlays, interfaces and ports there still are. */
export interface Known {
  session(key: number): key is SessionKey;
  underlay(index: number): index is UnderlayId;
  interface(index: number): index is InterfaceId;
  ether(index: number): index is EtherId;
}

/** Octets copied out of the ring for one batch; also the longest record. */
const ROOM = 512 << 10;
const MOST = 256;
const LONGEST = 66_000;

export class PuntReader {
  readonly #ring: RingReader;
  /** Handlers get ordinary memory: text and digest functions refuse shared memory. */
  readonly #room = new Uint8Array(new ArrayBuffer(ROOM));
  #used = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new RingReader(memory);
    this.#ring.sleep();
  }

  /** The next batch, at most MOST; undefined where nothing waits. Its octets are good until the next call. */
  take(known: Known): Punt[] | undefined {
    const batch: Punt[] = [];
    let taken = 0;
    this.#used = 0;
    while (taken < MOST && this.#used + LONGEST <= ROOM) {
      const at = this.#ring.next();
      if (at < 0) break;
      taken++;
      const punt = this.#read(at, known);
      if (punt !== undefined) batch.push(punt);
      this.#ring.release();
    }
    if (taken === 0) return undefined;
    this.#ring.publish();
    return batch;
  }

  /** See RingReader.sleep. */
  sleep(): boolean {
    return this.#ring.sleep();
  }

  #read(at: number, known: Known): Punt | undefined {
    const ring = this.#ring;
    const first = ring.word(at, 3);
    switch (ring.kind(at)) {
      case PUNT.CONTROL:
        if (!known.underlay(first)) return undefined;
        return { kind: 'control', underlay: first, local: toIpv4(ring.word(at, 4)), peer: toIpv4(ring.word(at, 5)), peerPort: ring.word(at, 6), data: this.#data(at) };
      case PUNT.PPP:
        return known.session(first) ? { kind: 'ppp', session: first, data: this.#data(at) } : undefined;
      case PUNT.DEMAND:
        return known.interface(first) ? { kind: 'demand', interface: first, data: this.#data(at) } : undefined;
      case PUNT.UNREACHABLE:
        if (!known.underlay(first)) return undefined;
        return { kind: 'unreachable', underlay: first, peer: toIpv4(ring.word(at, 4)), peerPort: ring.word(at, 5), mtu: ring.word(at, 6), code: ring.word(at, 7) | 0 };
      case PUNT.STRAY:
        if (!known.underlay(first)) return undefined;
        return { kind: 'stray', underlay: first, local: toIpv4(ring.word(at, 4)), peer: toIpv4(ring.word(at, 5)), peerPort: ring.word(at, 6) };
      case PUNT.TRACE:
        return known.session(first) ? { kind: 'trace', session: first, direction: ring.word(at, 4) === 1 ? 'rx' : 'tx', data: this.#data(at) } : undefined;
      case PUNT.LINE:
        return known.session(first) ? { kind: 'line', session: first, data: this.#data(at) } : undefined;
      case PUNT.DISCOVERY:
        return known.ether(first) ? { kind: 'discovery', port: first, data: this.#data(at) } : undefined;
      case PUNT.NO_SESSION:
        return known.ether(first) ? { kind: 'no session', port: first, peer: station(ring.word(at, 4), ring.word(at, 5)), session: ring.word(at, 6) } : undefined;
      case PUNT.FAILED:
        return known.session(first) ? { kind: 'failed', session: first, reason: 'The interface was deleted by another program' } : undefined;
      default:
        throw new Error(`punt ${ring.kind(at)} is unknown`);
    }
  }

  #data(at: number): Uint8Array {
    const length = this.#ring.length(at);
    const copy = this.#room.subarray(this.#used, this.#used + length);
    copy.set(this.#ring.bytes.subarray(at, at + length));
    this.#used += length;
    return copy;
  }
}

/** An Ethernet address from its first four octets and its last two. */
const station = (first: number, last: number): Uint8Array => Uint8Array.of(first >> 24, first >> 16, first >> 8, first, last >> 8, last);
