// Byte streams, datagrams, raw IP, name resolution and file transfer. Slow answers come back as callbacks.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Refusal } from './dataplane.ts';

/** A connection of octets both ways: a console, a telnet session, the command socket. */
export interface Stream {
  /** A person sits there: escapes, echo and paging make sense. */
  readonly terminal: boolean;
  /** Where it comes from, for SHOW USER and the log: 'asyn0', '192.168.1.5:40123', 'cli'. */
  readonly from: string;
  write(data: Uint8Array): void;
  /** After what was written has gone out. */
  close(): void;
  onData: (data: Uint8Array) => void;
  onClose: () => void;
  /** Width of the terminal, where it is known at the start. */
  readonly columns?: number;
  /** Set by the session: the terminal has another width now. */
  onColumns?: (columns: number) => void;
}

/** TCP server sockets (telnet). */
export interface Listeners {
  /** `accept` is called for each connection. Returns how to stop, or why it could not start. */
  listen(port: number, accept: (stream: Stream) => void): { stop(): void } | Refusal;
}

/** One UDP socket for small clients (syslog). Best effort. */
export interface Datagrams {
  send(to: Ipv4, port: number, data: Uint8Array): void;
}

/** UDP sockets of small clients and servers (RADIUS, DNS): never for L2TP, whose answers have to leave from the address that was asked. */
export interface UdpSockets {
  open(options: {
    /** 0 = any free port. */
    readonly port: number;
    /** `data` is valid only until the handler returns. */
    received(from: Ipv4, port: number, data: Uint8Array, now: Millis): void;
    /** The socket could not be opened after all; one sentence. Nothing more comes. */
    failed(why: string): void;
  }): UdpSocket;
}

export interface UdpSocket {
  /** Copied before this returns. Best effort: what cannot be sent is lost, as on the wire. */
  send(to: Ipv4, port: number, data: Uint8Array): void;
  close(): void;
}

/** One line of a call port: the stream of an AT dialogue. */
export interface CallLine extends Stream {
  /** Octets written that the line has not taken yet: data beyond what it can carry is dropped, never queued without bound. */
  readonly backlog: number;
}

/** A port that a call comes over: a serial line with a modem or terminal adapter, or a local stream socket that speaks the same AT dialogue. */
export interface CallPort {
  /** As the operator names it: 'bri0', 'asyn1'. */
  readonly name: string;
  readonly kind: 'isdn' | 'async';
  /**
   * Each stream is one line (a B channel, a modem): the router is the DTE that gives AT commands, the other end is the modem. A serial device
   * is one line at a time: when it was closed or unplugged it comes as a new one. A socket is one line for each connection. Until the router
   * sets this, lines are closed at once.
   */
  onLine: (line: CallLine) => void;
}

/** The call ports that the board maps. */
export interface CallPorts {
  list(): readonly CallPort[];
}

/** An ICMP message that answers a probe, and who sent it. */
export interface IcmpAnswer {
  readonly from: Ipv4;
  readonly type: number;
  readonly code: number;
  /** What follows the first four octets of the ICMP header (type, code, checksum): identifier, sequence, data; or unused + the quoted packet. */
  readonly rest: Uint8Array;
}

/** Raw ICMP for PING and TRACE. */
export interface RawIp {
  /** Opens one probe socket; `onAnswer` gets every ICMP message that arrives. */
  open(onAnswer: (answer: IcmpAnswer, now: Millis) => void): RawIpSocket | Refusal;
}

export interface RawIpSocket {
  /** `message` is a whole ICMP message with checksum. `source` 0.0.0.0 = as routed. Returns why it could not be sent. */
  send(to: Ipv4, message: Uint8Array, options: { readonly source: Ipv4; readonly ttl: number; readonly tos: number }): Refusal | undefined;
  close(): void;
}

/** Names to addresses, by the board's resolver. */
export interface Resolver {
  resolve(name: string, done: (addresses: readonly Ipv4[] | Refusal, now: Millis) => void): void;
}

/** File transfer with a server: LOAD and UPLOAD. */
export interface Transfer {
  load(method: 'tftp' | 'http', server: Ipv4, file: string, done: (data: Uint8Array | Refusal) => void, progress: (bytes: number) => void): { cancel(): void };
  upload(method: 'tftp' | 'http', server: Ipv4, file: string, data: Uint8Array, done: (result: Refusal | undefined) => void): { cancel(): void };
}
