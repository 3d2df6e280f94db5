// A netlink socket for requests: one at a time, answered by the kernel before the call returns.

import { check, ERRNO, errnoText, SystemError } from '../ffi/errno.ts';
import { C, errno, pinned } from '../ffi/libc.ts';
import { AF, SOCK, SOL, setBuffers, setOption } from '../ffi/socket.ts';
import { attributesOf, MessageWriter, messagesOf, NLM_F, NLMSG, type Received, textOf } from './message.ts';

export const NETLINK_ROUTE = 0;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
/** Error number and the header of the request, which NETLINK_CAP_ACK leaves alone. */
const ERROR_BODY = 4 + 16;
const NLMSGERR_ATTR_MSG = 1;
/** The kernel gives dumps in pieces of up to 32 KiB. */
const RECEIVE = 1 << 16;
/** A dump during which the table changed is taken again. */
const MOST_DUMPS = 8;

/** Why the kernel refused: its error number, and its words where it has some (extended acknowledgement), else the C library's. */
export interface NetlinkFailure {
  readonly errno: number;
  readonly text: string;
}

/** A socket of the thread's network namespace at the time of its making. */
export class NetlinkClient {
  readonly #fd: number;
  readonly #writer = new MessageWriter();
  readonly #received = pinned(RECEIVE);
  #sequence = 0;

  constructor(protocol: number = NETLINK_ROUTE) {
    this.#fd = check('socket(AF_NETLINK)', C.socket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol));
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) setOption(this.#fd, SOL.NETLINK, option, 1);
    setBuffers(this.#fd, 1 << 20);
  }

  close(): void {
    C.close(this.#fd);
  }

  /**
   * Sends one request and hands every answering message to `each`. `flags` besides REQUEST and ACK; with DUMP the answers of an
   * interrupted dump are given again, after `restart`.
   */
  request(type: number, flags: number, write: (writer: MessageWriter) => void, answers?: { each(message: Received): void; restart?(): void }): NetlinkFailure | undefined {
    for (let round = 1; ; round++) {
      this.#writer.begin(type, flags | NLM_F.REQUEST | NLM_F.ACK, ++this.#sequence);
      write(this.#writer);
      this.#writer.finish();
      check('send to netlink', C.send(this.#fd, this.#writer.memory.at, this.#writer.length, 0));
      const result = this.#collect(answers?.each ?? (() => {}));
      if (result !== 'interrupted') return result;
      if (round === MOST_DUMPS) throw new Error('a netlink dump was interrupted again and again');
      answers?.restart?.();
    }
  }

  #collect(each: (message: Received) => void): NetlinkFailure | 'interrupted' | undefined {
    let interrupted = false;
    for (;;) {
      const length = C.recv(this.#fd, this.#received.at, RECEIVE, 0);
      if (length < 0) {
        const code = errno();
        if (code === ERRNO.EINTR) continue;
        throw new SystemError('receive from netlink', code);
      }
      for (const message of messagesOf(this.#received.bytes.subarray(0, length))) {
        if (message.sequence !== this.#sequence) continue;
        if ((message.flags & NLM_F.DUMP_INTR) !== 0) interrupted = true;
        if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) return failureOf(message) ?? (interrupted ? 'interrupted' : undefined);
        each(message);
      }
    }
  }
}

/** An error of the kernel, or undefined where it acknowledged. */
function failureOf(message: Received): NetlinkFailure | undefined {
  const code = message.body.byteLength >= 4 ? -message.body.getInt32(0, true) : 0;
  if (code === 0) return undefined;
  const from = message.type === NLMSG.DONE ? 4 : ERROR_BODY;
  const words = (message.flags & NLM_F.ACK_TLVS) === 0 ? '' : textOf(attributesOf(message.body, from).get(NLMSGERR_ATTR_MSG));
  return { errno: code, text: words === '' ? errnoText(code) : words.replace(/^Error: /, '').replace(/\.$/, '') };
}
