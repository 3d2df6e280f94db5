// Terminal modes (termios(3)), for serial lines and the terminal that hashi was started on.

import { C, pinned } from './ffi/libc.ts';

/** struct termios of glibc on x86-64 and arm64. */
const SIZEOF_TERMIOS = 60;
const AT = { iflag: 0, oflag: 4, cflag: 8, lflag: 12, cc: 17, ispeed: 52, ospeed: 56 } as const;
const CFLAG = { CBAUD: 0o010017, CSIZE: 0o60, CS8: 0o60, PARENB: 0o400, CSTOPB: 0o100, CREAD: 0o200, HUPCL: 0o2000, CLOCAL: 0o4000, CRTSCTS: 0x80000000 } as const;
const VTIME = 5;
const VMIN = 6;
/** At once: waiting for the output would hang at a terminal that nobody reads. */
const TCSANOW = 0;
/** asm-generic/termbits.h. */
const SPEED: Readonly<Record<number, number>> = { 1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 0o10001, 115200: 0o10002, 230400: 0o10003, 460800: 0o10004, 921600: 0o10007 };

/** Whether a serial line can have this speed, bit/s. */
export const isLineSpeed = (speed: number): boolean => SPEED[speed] !== undefined;

/**
 * Raw mode: each octet as it is, both ways, no echo, no signals. With `speed` (bits per second) also eight bits, no parity, no flow
 * control, no modem lines, as AlliedWare's console has it; with `flow` hardware for a modem: RTS and CTS, and DTR drops at the close. Returns how to put back what was set before; undefined where `fd` is no
 * terminal or the speed is none that a line can have.
 */
export function rawMode(fd: number, line?: { readonly speed: number; readonly flow?: 'hardware' }): (() => void) | undefined {
  const before = pinned(SIZEOF_TERMIOS + 4);
  if (C.tcgetattr(fd, before.at) < 0) return undefined;
  const raw = pinned(SIZEOF_TERMIOS + 4);
  raw.bytes.set(before.bytes);
  raw.view.setUint32(AT.iflag, 0, true);
  raw.view.setUint32(AT.oflag, 0, true);
  raw.view.setUint32(AT.lflag, 0, true);
  raw.bytes[AT.cc + VTIME] = 0;
  raw.bytes[AT.cc + VMIN] = 1;
  if (line !== undefined) {
    const code = SPEED[line.speed];
    if (code === undefined) return undefined;
    const kept = raw.view.getUint32(AT.cflag, true) & ~(CFLAG.CBAUD | CFLAG.CSIZE | CFLAG.PARENB | CFLAG.CSTOPB | CFLAG.CRTSCTS);
    raw.view.setUint32(AT.cflag, (kept | CFLAG.CS8 | CFLAG.CREAD | CFLAG.CLOCAL | code | (line.flow === 'hardware' ? CFLAG.CRTSCTS | CFLAG.HUPCL : 0)) >>> 0, true);
    raw.view.setUint32(AT.ispeed, code, true);
    raw.view.setUint32(AT.ospeed, code, true);
  }
  if (C.tcsetattr(fd, TCSANOW, raw.at) < 0) return undefined;
  return () => void C.tcsetattr(fd, TCSANOW, before.at);
}
