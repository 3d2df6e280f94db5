// What the kernel tells by itself about its links, on the event loop.

import { adoptSocket, type AdoptedSocket } from '../adopt.ts';
import { check } from '../ffi/errno.ts';
import { C, pinned } from '../ffi/libc.ts';
import { AF, SOCK, setBuffers } from '../ffi/socket.ts';
import { NETLINK_ROUTE } from './client.ts';
import { messagesOf, type Received } from './message.ts';

/** Groups to join, as the bits of sockaddr_nl. */
export const RTMGRP = { LINK: 1 } as const;
const SIZEOF_SOCKADDR_NL = 12;
const REOPEN_AFTER_MS = 20;

/** A subscription. When messages were lost (ENOBUFS closes the socket) it opens anew and says so: the owner reads everything again. */
export class NetlinkEvents {
  readonly #groups: number;
  readonly #on: { message(message: Received): void; lost(): void };
  readonly #receiveBuffer: number;
  #socket: AdoptedSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `receiveBuffer` in octets. */
  constructor(groups: number, on: { message(message: Received): void; lost(): void }, receiveBuffer = 1 << 20) {
    this.#groups = groups;
    this.#on = on;
    this.#receiveBuffer = receiveBuffer;
    this.#open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.end();
  }

  #open(): void {
    const fd = check('socket(AF_NETLINK)', C.socket(AF.NETLINK, SOCK.RAW | SOCK.NONBLOCK | SOCK.CLOEXEC, NETLINK_ROUTE));
    setBuffers(fd, this.#receiveBuffer);
    const at = pinned(SIZEOF_SOCKADDR_NL);
    at.view.setUint16(0, AF.NETLINK, true);
    at.view.setUint32(8, this.#groups, true);
    check('bind(AF_NETLINK)', C.bind(fd, at.at, SIZEOF_SOCKADDR_NL));
    const data = (datagram: Uint8Array): void => {
      for (const message of messagesOf(datagram)) this.#on.message(message);
    };
    adoptSocket(fd, { data, close: () => this.#reopen() }).then(
      (adopted) => {
        this.#socket = adopted;
        if (this.#closed) adopted.end();
        else adopted.unref();
      },
      () => this.#reopen(),
    );
  }

  #reopen(): void {
    this.#socket = undefined;
    if (this.#closed || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#open();
      this.#on.lost();
    }, REOPEN_AFTER_MS);
  }
}
