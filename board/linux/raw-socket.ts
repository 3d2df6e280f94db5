// Raw IP sockets with the names and habits of the npm package raw-socket: IPv4 messages arrive with their IP header, IPv6 ones without.

import { EventEmitter } from 'node:events';
import { isIP, isIPv4 } from 'node:net';

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import { addChecksum, foldChecksum } from '../../firmware/bytes/checksum.ts';
import { u32 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, formatIpv4, parseIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { adoptSocket, type AdoptedSocket } from './adopt.ts';
import { Arena, MSG, SIZEOF_IOVEC } from './ffi/arena.ts';
import { ERRNO, errnoText, SystemError } from './ffi/errno.ts';
import { C, errno, type Pinned, pinned, pointer } from './ffi/libc.ts';
import { AF, IP, setOption, SOCK, sockaddrIn, SOL } from './ffi/socket.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import { Reader } from './reader.ts';

export const AddressFamily = { IPv4: 1, IPv6: 2 } as const;
export const Protocol = { None: 0, ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58 } as const;
export const SocketLevel = { SOL_SOCKET: 1, IPPROTO_IP: 0, IPPROTO_IPV6: 41 } as const;
/** asm-generic/socket.h, linux/in.h, linux/in6.h. */
export const SocketOption = {
  SO_RCVBUF: 8,
  SO_RCVTIMEO: 20,
  SO_SNDBUF: 7,
  SO_SNDTIMEO: 21,
  SO_BINDTODEVICE: 25,
  IP_HDRINCL: 3,
  IP_OPTIONS: 4,
  IP_TOS: 1,
  IP_TTL: 2,
  IPV6_TTL: 16,
  IPV6_UNICAST_HOPS: 16,
  IPV6_V6ONLY: 26,
  IPV6_HDRINCL: 36,
} as const;

export interface SocketOptions {
  /** AddressFamily.IPv4 where left out. */
  readonly addressFamily?: (typeof AddressFamily)[keyof typeof AddressFamily];
  /** IP protocol number; Protocol.None where left out. */
  readonly protocol?: number;
  /** Longest message, 4096 octets where left out. */
  readonly bufferSize?: number;
  readonly generateChecksums?: boolean;
  readonly checksumOffset?: number;
}

/** `null` or what went wrong, and the octets sent. */
export type AfterSend = (this: Socket, error: Error | null, bytes: number) => void;

interface Queued {
  readonly buffer: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly address: string;
  readonly before: (() => void) | undefined;
  readonly after: AfterSend;
}

const SIZEOF_SOCKADDR_IN6 = 28;
const SIZEOF_MSGHDR = 56;
/** struct cmsghdr and struct in_pktinfo, padded. */
const CMSG_HEADER = 16;
const CMSG_PKTINFO = CMSG_HEADER + 16;
const LARGEST_MESSAGE = 65_535;
const DEFAULT_BUFFER = 4096;

/** Events: 'message' (buffer, source address), 'error' (Error), 'close'. */
export class Socket extends EventEmitter<{ message: [Buffer, string]; error: [Error]; close: [] }> {
  /** The packets that wait while sending is paused. */
  readonly #queue: Queued[] = [];
  readonly #fd: number;
  readonly #family: number;
  /** What goes out: struct msghdr, iovec, destination, control message, then the message itself. */
  readonly #out = new Arena((1 << 16) + 1024);
  readonly #header = this.#out.take(SIZEOF_MSGHDR);
  readonly #vector = this.#out.take(SIZEOF_IOVEC);
  readonly #to = this.#out.take(SIZEOF_SOCKADDR_IN6);
  readonly #control = this.#out.take(CMSG_PKTINFO);
  readonly #message = this.#out.take(LARGEST_MESSAGE);
  #input: AdoptedSocket | Reader | undefined;
  #recvPaused = false;
  #sendPaused = false;
  #flushing = false;
  #closed = false;
  #checksums: { readonly on: boolean; readonly offset: number };

  constructor(options: SocketOptions = {}) {
    super();
    const { addressFamily = AddressFamily.IPv4, protocol = Protocol.None, bufferSize = DEFAULT_BUFFER } = options;
    this.#family = addressFamily === AddressFamily.IPv6 ? AF.INET6 : AF.INET;
    this.#checksums = { on: options.generateChecksums ?? false, offset: options.checksumOffset ?? 0 };
    this.#fd = C.socket(this.#family, SOCK.RAW | SOCK.NONBLOCK | SOCK.CLOEXEC, protocol);
    if (this.#fd < 0) throw new SystemError('raw socket', errno());
    if (this.#family === AF.INET6) {
      const on = { packets: (packets: readonly { readonly data: Uint8Array; readonly source: Uint8Array | undefined }[]) => this.#arrived6(packets), end: (code: number) => this.#inputEnded(code) };
      this.#input = new Reader({ fd: this.#fd, kind: 'sourced6', size: bufferSize }, on);
    } else {
      adoptSocket(this.#fd, { data: (message) => this.#arrived4(message.subarray(0, bufferSize)), close: () => this.#inputEnded(0) }).then(
        (adopted) => {
          this.#input = adopted;
          if (this.#closed) adopted.end();
        },
        (error: unknown) => this.emit('error', error instanceof Error ? error : new Error(String(error))),
      );
    }
  }

  /** The message is sent in order after those before it; `beforeCallback` runs just before, to set options for it. */
  send(buffer: Uint8Array, offset: number, length: number, address: string, beforeCallback: (() => void) | AfterSend | null, afterCallback?: AfterSend): this {
    const after = afterCallback ?? (beforeCallback as AfterSend);
    const before = afterCallback === undefined ? undefined : (beforeCallback as (() => void) | null) ?? undefined;
    if (length + offset > buffer.length) {
      after.call(this, new Error(`Buffer length '${buffer.length}' is not large enough for the specified offset '${offset}' plus length '${length}'`), 0);
      return this;
    }
    if (isIP(address) === 0) {
      after.call(this, new Error(`Invalid IP address '${address}'`), 0);
      return this;
    }
    this.#queue.push({ buffer, offset, length, address, before, after });
    this.#flushLater();
    return this;
  }

  /** Sends at once, past the queue, from `source` (IPv4 only; 0.0.0.0: as routed); the error number, or 0. */
  sendNow(message: Uint8Array, address: string, source: Ipv4 = ANY_IPV4): number {
    return this.#put({ buffer: message, offset: 0, length: message.length, address }, source);
  }

  /** `value`: a number for 32-bit options, or the octets of the value. */
  setOption(level: number, option: number, value: number | Uint8Array, length?: number): void {
    let result: number;
    if (typeof value === 'number') result = setOption(this.#fd, level, option, value);
    else {
      const copy = pinned(Math.max(1, value.length));
      copy.bytes.set(value);
      result = C.setsockopt(this.#fd, level, option, copy.at, length ?? value.length);
    }
    if (result < 0) throw new SystemError(`socket option ${level}/${option}`, errno());
  }

  /** Writes the value into `buffer`; the octets written. */
  getOption(level: number, option: number, buffer: Uint8Array, length: number): number {
    const value = pinned(Math.max(1, length));
    const size = pinned(4);
    size.view.setUint32(0, length, true);
    if (C.getsockopt(this.#fd, level, option, value.at, size.at) < 0) throw new SystemError(`socket option ${level}/${option}`, errno());
    const written = size.view.getUint32(0, true);
    buffer.set(value.bytes.subarray(0, written));
    return written;
  }

  /** Whether an Internet checksum is written into each message sent, `offset` octets into it. */
  generateChecksums(generate: boolean, offset = 0): this {
    this.#checksums = { on: generate, offset };
    return this;
  }

  /** Messages that arrive meanwhile are not kept for long: the kernel's buffer is all there is. */
  pauseRecv(): this {
    this.#recvPaused = true;
    this.#input?.pause();
    return this;
  }

  resumeRecv(): this {
    this.#recvPaused = false;
    this.#input?.resume();
    return this;
  }

  pauseSend(): this {
    this.#sendPaused = true;
    return this;
  }

  resumeSend(): this {
    this.#sendPaused = false;
    this.#flushLater();
    return this;
  }

  close(): this {
    if (this.#closed) return this;
    this.#closed = true;
    if (this.#input instanceof Reader) this.#input.stop();
    else this.#input?.end();
    return this;
  }

  #flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      for (let next = this.#sendPaused ? undefined : this.#queue.shift(); next !== undefined; next = this.#sendPaused ? undefined : this.#queue.shift()) {
        this.#sendQueued(next);
      }
    });
  }

  #sendQueued(next: Queued): void {
    let failure: Error | null = null;
    try {
      if (this.#closed) throw new Error('Socket is closed');
      next.before?.();
      const code = this.#put(next);
      if (code !== 0) throw new SystemError('send', code);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    next.after.call(this, failure, failure === null ? next.length : 0);
  }

  #put(message: Pick<Queued, 'buffer' | 'offset' | 'length' | 'address'>, source: Ipv4 = ANY_IPV4): number {
    const { buffer, offset, length, address } = message;
    if (length > LARGEST_MESSAGE) return ERRNO.EMSGSIZE;
    const out = this.#out;
    const part = out.u8.subarray(this.#message, this.#message + length);
    part.set(buffer.subarray(offset, offset + length));
    if (this.#checksums.on) {
      writeChecksum(part, this.#checksums.offset, 0);
      writeChecksum(part, this.#checksums.offset, createChecksum(part));
    }
    const to = this.#sockaddr(address);
    if (to === undefined) return ERRNO.EAFNOSUPPORT;
    out.u8.set(to.bytes, this.#to);
    out.putIovec(this.#vector, this.#message, length);
    out.putPointer(this.#header + MSG.NAME, this.#to);
    out.u32[(this.#header + MSG.NAMELEN) >> 2] = to.bytes.length;
    out.putPointer(this.#header + MSG.IOV, this.#vector);
    out.u32[(this.#header + MSG.IOVLEN) >> 2] = 1;
    out.putPointer(this.#header + MSG.CONTROL, this.#control);
    out.u32[(this.#header + MSG.CONTROLLEN) >> 2] = source === ANY_IPV4 ? 0 : CMSG_PKTINFO;
    const control = new DataView(out.u8.buffer, this.#control, CMSG_PKTINFO);
    control.setUint32(0, CMSG_HEADER + 12, true);
    control.setUint32(8, SOL.IP, true);
    control.setUint32(12, IP.PKTINFO, true);
    // ipi_ifindex 0: as routed; ipi_spec_dst: the source.
    control.setUint32(CMSG_HEADER + 4, source);
    return C.sendmsg(this.#fd, pointer(out.base + this.#header), 0) < 0 ? errno() : 0;
  }

  #sockaddr(address: string): Pinned | undefined {
    if (isIPv4(address) !== (this.#family === AF.INET)) return undefined;
    if (this.#family === AF.INET) return sockaddrIn(parseIpv4(address) ?? toIpv4(0), 0);
    const octets = parseIpv6(address);
    if (octets === undefined) return undefined;
    const to = pinned(SIZEOF_SOCKADDR_IN6);
    to.view.setUint16(0, AF.INET6, true);
    to.bytes.set(octets, 8);
    return to;
  }

  #arrived4(message: Uint8Array): void {
    if (this.#closed || this.#recvPaused || message.length < 20) return;
    this.emit('message', Buffer.from(message), formatIpv4(toIpv4(u32(message, 12))));
  }

  #arrived6(packets: readonly { readonly data: Uint8Array; readonly source: Uint8Array | undefined }[]): void {
    for (const { data, source } of packets) {
      if (this.#closed || source === undefined) return;
      this.emit('message', Buffer.from(data.buffer, data.byteOffset, data.length), formatIpv6(source));
    }
  }

  #inputEnded(code: number): void {
    // The adopted descriptor was Bun's to close; the reader's is ours.
    if (this.#input instanceof Reader) C.close(this.#fd);
    if (!this.#closed) {
      this.#closed = true;
      this.emit('error', new Error(code === 0 ? 'the raw socket was closed' : `the raw socket cannot be read: ${errnoText(code)}`));
    }
    this.emit('close');
  }
}

/** A raw socket; throws where the kernel gives none (CAP_NET_RAW). */
export const createSocket = (options: SocketOptions = {}): Socket => new Socket(options);

type Part = Uint8Array | { readonly buffer: Uint8Array; readonly offset: number; readonly length: number };

/** The Internet checksum over all parts as if they were one buffer (RFC 1071); parts other than the last have an even length. */
export function createChecksum(...parts: readonly Part[]): number {
  let sum = 0;
  for (const part of parts) sum = part instanceof Uint8Array ? addChecksum(sum, part, 0, part.length) : addChecksum(sum, part.buffer, part.offset, part.offset + part.length);
  return foldChecksum(sum);
}

/** Writes a checksum in network byte order and returns the buffer. */
export function writeChecksum<T extends Uint8Array>(buffer: T, offset: number, checksum: number): T {
  buffer[offset] = checksum >> 8;
  buffer[offset + 1] = checksum;
  return buffer;
}

// Both machines hashi runs on are little-endian.
export const htons = (value: number): number => ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
export const htonl = (value: number): number => ((htons(value & 0xffff) << 16) | htons(value >>> 16)) >>> 0;
export const ntohs = htons;
export const ntohl = htonl;
