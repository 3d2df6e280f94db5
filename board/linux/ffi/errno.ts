// Error numbers of Linux that the drivers tell apart (asm-generic/errno*.h, equal on x86-64 and arm64), and their words.

import { C, errno } from './libc.ts';

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EROFS: 30,
  EPROTO: 71,
  EBADFD: 77,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
} as const;

/** What the C library says for an error number, beginning in lower case so that it can end a sentence. */
export function errnoText(code: number): string {
  const text = String(C.strerror(code));
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A call of the C library that failed where no operator can help: a programmer's or the kernel's error. */
export class SystemError extends Error {
  readonly call: string;
  readonly errno: number;

  constructor(call: string, code: number) {
    super(`${call}: ${errnoText(code)}`);
    this.call = call;
    this.errno = code;
  }
}

/** The result of a call, or a SystemError with this thread's errno where it is negative. */
export function check(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, errno());
  return result;
}
