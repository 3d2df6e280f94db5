// The C library through bun:ffi: the only file that opens it. Thin bindings that return what C returns; -1 means "ask errno()".
// Sizes and lengths are declared 32 bits wide: all buffers here are far below 2 GiB, both ABIs (x86-64, arm64) pass them in a
// whole register anyway, and 64-bit types would cost a BigInt per call.

import { dlopen, FFIType, ptr, read, type Pointer } from 'bun:ffi';

const library = dlopen('libc.so.6', {
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  readv: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  writev: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u32', 'ptr'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  fsync: { args: ['i32'], returns: 'i32' },
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  isatty: { args: ['i32'], returns: 'i32' },
  tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
  tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  socketpair: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u32', 'i32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'u32', 'i32'], returns: 'i32' },
  sendto: { args: ['i32', 'ptr', 'u32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  recvfrom: { args: ['i32', 'ptr', 'u32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  sendmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  recvmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  sendmmsg: { args: ['i32', 'ptr', 'u32', 'i32'], returns: 'i32' },
  recvmmsg: { args: ['i32', 'ptr', 'u32', 'i32', 'ptr'], returns: 'i32' },
  epoll_create1: { args: ['i32'], returns: 'i32' },
  epoll_ctl: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  epoll_wait: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  eventfd: { args: ['u32', 'i32'], returns: 'i32' },
  usleep: { args: ['u32'], returns: 'i32' },
  poll: { args: ['ptr', 'u32', 'i32'], returns: 'i32' },
  if_nametoindex: { args: ['ptr'], returns: 'u32' },
  setns: { args: ['i32', 'i32'], returns: 'i32' },
  unshare: { args: ['i32'], returns: 'i32' },
  mount: { args: ['ptr', 'ptr', 'ptr', 'u32', 'ptr'], returns: 'i32' },
  umount2: { args: ['ptr', 'i32'], returns: 'i32' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  prctl: { args: ['i32', 'u32', 'u32', 'u32', 'u32'], returns: 'i32' },
  reboot: { args: ['i32'], returns: 'i32' },
  sync: { args: [], returns: 'void' },
  sethostname: { args: ['ptr', 'u32'], returns: 'i32' },
  clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
  clock_settime: { args: ['i32', 'ptr'], returns: 'i32' },
  sched_setscheduler: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  geteuid: { args: [], returns: 'u32' },
  getpid: { args: [], returns: 'i32' },
  strerror: { args: ['i32'], returns: 'cstring' },
  __errno_location: { args: [], returns: FFIType.ptr },
});

/** The functions of glibc, typed. Pointers are numbers from `pinned()`, an Arena or `ptr()`. */
export const C = library.symbols;
export { ptr, type Pointer };

// errno belongs to a thread; its address stays for the thread's life, and every Worker evaluates this module anew.
const errnoAt = C.__errno_location();
if (errnoAt === null) throw new Error('the C library gave no errno');

/** The error of this thread's last failed call; valid right after the call that returned -1, and never across an await. */
export const errno = (): number => read.i32(errnoAt, 0);

/** An address reckoned from a base and an offset, as an FFI argument. */
export const pointer = (address: number): Pointer => address as Pointer;

/** A buffer and its address, which stays while `bytes` is reachable. */
export interface Pinned {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly at: Pointer;
}

/** `size` zero octets that never move: an explicit ArrayBuffer, because small typed arrays move when `.buffer` is first touched. */
export function pinned(size: number): Pinned {
  const buffer = new ArrayBuffer(size);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), at: ptr(buffer) };
}

/** The zero-terminated UTF-8 form of `text`; keep it reachable while C reads it. */
export function cString(text: string): Pinned {
  const encoded = new TextEncoder().encode(text);
  const out = pinned(encoded.length + 1);
  out.bytes.set(encoded);
  return out;
}

// Flags of open(2) and relatives that are equal on x86-64 and arm64.
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

export const CLOCK_MONOTONIC = 1;
const timespec = pinned(16);

/** Milliseconds of CLOCK_MONOTONIC: the same for all threads of the machine, unlike performance.now(). */
export function monotonic(): number {
  C.clock_gettime(CLOCK_MONOTONIC, timespec.at);
  return timespec.view.getInt32(0, true) * 1000 + timespec.view.getInt32(8, true) / 1e6;
}
