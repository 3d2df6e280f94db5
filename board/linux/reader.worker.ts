// The thread behind Reader: blocked in poll(2) on the descriptor and on the bell that says run, pause or stop.

import { ERRNO } from './ffi/errno.ts';
import { C, errno, pinned } from './ffi/libc.ts';
import { type ReaderNews, type ReaderOrder, type ReadPacket, STATE } from './reader.ts';

declare const self: Worker;

const MOST_IN_BATCH = 64;
const POLLIN = 1;
const SIZEOF_POLLFD = 8;
const SIZEOF_SOCKADDR_IN6 = 28;
const tell = (news: ReaderNews): void => self.postMessage(news);

function run(order: ReaderOrder): number {
  const state = new Int32Array(order.state);
  const buffer = pinned(order.size);
  const from = pinned(SIZEOF_SOCKADDR_IN6);
  const fromLength = pinned(4);
  const waits = pinned(2 * SIZEOF_POLLFD);
  const rung = pinned(8);
  waits.view.setInt32(0, order.bell, true);
  waits.view.setInt16(4, POLLIN, true);
  waits.view.setInt32(SIZEOF_POLLFD, order.fd, true);
  waits.view.setInt16(SIZEOF_POLLFD + 4, POLLIN, true);

  const read = (): number => {
    if (order.kind === 'packet') return C.read(order.fd, buffer.at, order.size);
    fromLength.view.setUint32(0, SIZEOF_SOCKADDR_IN6, true);
    return C.recvfrom(order.fd, buffer.at, order.size, 0, from.at, fromLength.at);
  };

  for (;;) {
    C.poll(waits.at, Atomics.load(state, 0) === STATE.pause ? 1 : 2, -1);
    if (waits.view.getInt16(6, true) !== 0) C.read(order.bell, rung.at, 8);
    const wanted = Atomics.load(state, 0);
    if (wanted === STATE.stop) return 0;
    if (wanted === STATE.pause) continue;
    const packets: ReadPacket[] = [];
    while (packets.length < MOST_IN_BATCH) {
      const length = read();
      if (length < 0) {
        const code = errno();
        if (code === ERRNO.EAGAIN) break;
        if (code === ERRNO.EINTR) continue;
        if (packets.length > 0) tell({ packets });
        return code;
      }
      packets.push({ data: buffer.bytes.slice(0, length), source: order.kind === 'sourced6' ? from.bytes.slice(8, 24) : undefined });
    }
    if (packets.length > 0) tell({ packets });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ReaderOrder>) => tell({ ended: run(data) }));
