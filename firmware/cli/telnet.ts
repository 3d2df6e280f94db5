// TELNET, the server's side (RFC 854, 855; options ECHO 857, SUPPRESS-GO-AHEAD 858, NAWS 1073): a filter between a TCP connection and a session.

import type { Stream } from '../hal/io.ts';
import { Session, type SessionOwner } from './session.ts';

/** RFC 854 "Telnet command structure". */
const COMMAND = { SE: 240, NOP: 241, BRK: 243, IP: 244, AO: 245, AYT: 246, EC: 247, EL: 248, SB: 250, WILL: 251, WONT: 252, DO: 253, DONT: 254, IAC: 255 } as const;
const OPTION = { ECHO: 1, SUPPRESS_GO_AHEAD: 3, NAWS: 31 } as const;

/** Octets of a subnegotiation that are kept (our limit); NAWS has four. */
const SUBNEGOTIATION = 64;
/** Answers to option requests and AYT per connection (our limit): a peer that asks on and on gets nothing more. */
const ANSWERS = 256;

const OURS: readonly number[] = [OPTION.ECHO, OPTION.SUPPRESS_GO_AHEAD];
const THEIRS: readonly number[] = [OPTION.NAWS, OPTION.SUPPRESS_GO_AHEAD];

type State = 'data' | 'command' | 'will' | 'wont' | 'do' | 'dont' | 'sub' | 'subCommand';

/** A TCP connection with the TELNET protocol taken out: what a session reads and writes is plain text. */
export class TelnetStream implements Stream {
  readonly terminal = true;
  readonly from: string;
  onData: (data: Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;
  /** The terminal's size, as soon as the other side tells it. */
  onSize: (columns: number, rows: number) => void = () => undefined;
  readonly #tcp: Stream;
  #state: State = 'data';
  readonly #sub: number[] = [];
  /** Options in force, ours and theirs: an option that is in force already is not answered again (RFC 854: no loops). */
  readonly #ours = new Set<number>(OURS);
  readonly #theirs = new Set<number>();
  #answers = 0;

  constructor(tcp: Stream) {
    this.#tcp = tcp;
    this.from = tcp.from;
    tcp.onData = (data) => this.#receive(data);
    tcp.onClose = () => this.onClose();
    this.#send([COMMAND.WILL, OPTION.ECHO], [COMMAND.WILL, OPTION.SUPPRESS_GO_AHEAD], [COMMAND.DO, OPTION.NAWS]);
  }

  write(data: Uint8Array): void {
    if (!data.includes(COMMAND.IAC)) return this.#tcp.write(data);
    const out: number[] = [];
    for (const octet of data) {
      out.push(octet);
      if (octet === COMMAND.IAC) out.push(octet);
    }
    this.#tcp.write(Uint8Array.from(out));
  }

  close(): void {
    this.#tcp.close();
  }

  #send(...commands: readonly (readonly number[])[]): void {
    this.#tcp.write(Uint8Array.from(commands.flatMap((command) => [COMMAND.IAC, ...command])));
  }

  #receive(data: Uint8Array): void {
    const out = new Uint8Array(data.length);
    let length = 0;
    for (const octet of data) {
      const text = this.#one(octet);
      if (text !== undefined) out[length++] = text;
    }
    if (length > 0) this.onData(out.subarray(0, length));
  }

  /** The octet of text that `octet` completes, if it does. */
  #one(octet: number): number | undefined {
    switch (this.#state) {
      case 'data':
        if (octet !== COMMAND.IAC) return octet;
        this.#state = 'command';
        return undefined;
      case 'command':
        return this.#command(octet);
      case 'sub':
        if (octet === COMMAND.IAC) this.#state = 'subCommand';
        else this.#keep(octet);
        return undefined;
      case 'subCommand':
        this.#state = 'sub';
        if (octet === COMMAND.IAC) this.#keep(octet);
        else if (octet === COMMAND.SE) this.#subnegotiated();
        else {
          // A command inside a subnegotiation: it has ended without SE.
          return this.#command(octet);
        }
        return undefined;
      case 'will':
      case 'wont':
      case 'do':
      case 'dont':
        this.#option(this.#state, octet);
        this.#state = 'data';
        return undefined;
    }
  }

  #command(octet: number): number | undefined {
    this.#state = 'data';
    switch (octet) {
      case COMMAND.IAC:
        return octet;
      case COMMAND.WILL:
        this.#state = 'will';
        return undefined;
      case COMMAND.WONT:
        this.#state = 'wont';
        return undefined;
      case COMMAND.DO:
        this.#state = 'do';
        return undefined;
      case COMMAND.DONT:
        this.#state = 'dont';
        return undefined;
      case COMMAND.SB:
        this.#state = 'sub';
        this.#sub.length = 0;
        return undefined;
      case COMMAND.BRK:
      case COMMAND.IP:
        return 0x03;
      case COMMAND.EC:
        return 0x7f;
      case COMMAND.EL:
        return 0x15;
      case COMMAND.AYT:
        if (this.#answers++ < ANSWERS) this.#tcp.write(Uint8Array.from([0x5b, 0x59, 0x65, 0x73, 0x5d, 0x0d, 0x0a]));
        return undefined;
      default:
        return undefined;
    }
  }

  #option(verb: 'will' | 'wont' | 'do' | 'dont', option: number): void {
    const set = verb === 'will' || verb === 'wont' ? this.#theirs : this.#ours;
    const permitted = verb === 'will' || verb === 'wont' ? THEIRS : OURS;
    const on = verb === 'will' || verb === 'do';
    if (on === set.has(option)) return;
    const agreed = on && permitted.includes(option);
    if (agreed) set.add(option);
    else set.delete(option);
    if (this.#answers++ >= ANSWERS) return;
    // We asked for NAWS: its WILL is the answer, and needs none.
    if (verb === 'will' && option === OPTION.NAWS) return;
    const [yes, no] = verb === 'will' || verb === 'wont' ? [COMMAND.DO, COMMAND.DONT] : [COMMAND.WILL, COMMAND.WONT];
    this.#send([agreed ? yes : no, option]);
  }

  #keep(octet: number): void {
    if (this.#sub.length < SUBNEGOTIATION) this.#sub.push(octet);
  }

  #subnegotiated(): void {
    this.#state = 'data';
    const [option, ...rest] = this.#sub;
    this.#sub.length = 0;
    const [wide = 0, wideLow = 0, high = 0, highLow = 0] = rest;
    if (option !== OPTION.NAWS || rest.length !== 4) return;
    const [columns, rows] = [wide * 256 + wideLow, high * 256 + highLow];
    // 0 means "not known" (RFC 1073).
    if (columns > 0) this.onSize(columns, rows);
  }
}

/** Begins a TELNET session on an accepted TCP connection. */
export function openTelnet(tcp: Stream, owner: SessionOwner): Session {
  const stream = new TelnetStream(tcp);
  const session = new Session(stream, owner, { kind: 'telnet', banner: 'TELNET session now in ESTABLISHED state' });
  stream.onSize = (columns) => {
    session.columns = columns;
  };
  return session;
}
