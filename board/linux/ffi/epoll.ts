// epoll(7). struct epoll_event is packed (12 octets) on x86-64 only; elsewhere it has 16 with the data at 8.

import { check } from './errno.ts';
import { C, O_CLOEXEC, pinned } from './libc.ts';

const PACKED = process.arch === 'x64';
const SIZE = PACKED ? 12 : 16;
const DATA = PACKED ? 4 : 8;

export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLERR = 8;
export const EPOLLHUP = 16;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

/** One epoll descriptor and the events of its last wait. Belongs to one thread. */
export class Epoll {
  readonly #fd = check('epoll_create1', C.epoll_create1(O_CLOEXEC));
  readonly #change = pinned(16);
  readonly #events;
  readonly #words;
  readonly #most: number;

  constructor(most = 64) {
    this.#most = most;
    this.#events = pinned(SIZE * most);
    this.#words = new Int32Array(this.#events.bytes.buffer);
  }

  add(fd: number, events: number): void {
    this.#control(EPOLL_CTL_ADD, fd, events);
  }

  change(fd: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events);
  }

  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Blocks the calling thread for up to `milliseconds` (-1: for ever). How many descriptors are ready; -1 when a signal came. */
  wait(milliseconds: number): number {
    return C.epoll_wait(this.#fd, this.#events.at, this.#most, milliseconds);
  }

  /** The i-th ready descriptor of the last wait. */
  fd(i: number): number {
    return this.#words[(i * SIZE + DATA) >> 2] as number;
  }

  /** What it is ready for: EPOLLIN, EPOLLERR... */
  events(i: number): number {
    return this.#words[(i * SIZE) >> 2] as number;
  }

  close(): void {
    C.close(this.#fd);
  }

  #control(operation: number, fd: number, events: number): void {
    this.#change.view.setUint32(0, events, true);
    this.#change.view.setInt32(DATA, fd, true);
    check('epoll_ctl', C.epoll_ctl(this.#fd, operation, fd, this.#change.at));
  }
}
