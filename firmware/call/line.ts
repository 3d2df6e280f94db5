// One line of a call port, owned: its AT dialogue with a clock, and, while a call is up, the frames of it between the line and the data plane.

import { u16 } from '../bytes/integers.ts';
import { ANY_IPV4 } from '../bytes/ip.ts';
import { NEVER, type Alarm, type Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import { type DataPlane, type SessionCounters, type SessionKey, type SessionOptions, toSessionKey } from '../hal/dataplane.ts';
import type { CallLine, CallPort } from '../hal/io.ts';
import { AtLine } from './at.ts';
import { HdlcReceiver, type HdlcRefusal, HdlcSender } from './hdlc.ts';
import type { CallLink } from './link.ts';
import type { Ring } from './ring.ts';
import type { CallEnd } from './words.ts';

/** What the lines need of the data plane. */
export type LinePlane = Pick<DataPlane, 'attach' | 'update' | 'detach' | 'send' | 'counters'>;

/** Session keys of dialled calls: a range of their own among all rooms (L2TP counts from 1, PPPoE from 0x60000000). */
export const FIRST_KEY = 0x4000_0000;
export const LAST_KEY = 0x5fff_ffff;

/** PPP's own (RFC 1661 6.1), and what IP packets on a dialled line are at most. */
const MTU = 1500;
/** Own limits: octets that wait for the line before IP packets, and before PPP's own packets too, are dropped. The first is a second at 64 kbit/s. */
const DATA_BACKLOG = 8192;
const CONTROL_BACKLOG = 65_536;
/** PPP protocols from here on are control protocols (RFC 1661 2). */
const FIRST_CONTROL = 0x8000;

/** Who a call on a line belongs to. Told `connected` at most once, and `over` once, last. */
export interface LineUse {
  /** As messages name it: 'ISDN-rmt'. */
  readonly over: string;
  /** Bit/s, where the line does not say. */
  readonly speed: number;
  connected(link: CallLink, speed: number, now: Millis): void;
  /** PPP has opened over it. */
  negotiated(now: Millis): void;
  /** The call is over, or came to nothing; one sentence. `end` = what the line said, undefined = we ended it. */
  ended(reason: string, end: CallEnd | undefined, now: Millis): void;
}

/** Who has the lines. */
export interface LineOwner {
  readonly plane: LinePlane;
  readonly clock: Clock;
  /** A key that no session has. */
  key(): SessionKey;
  /** From now on frames of this session are this line's. */
  attached(session: SessionKey, line: Line): void;
  detached(session: SessionKey): void;
  ready(line: Line, now: Millis): void;
  ring(line: Line, ring: Ring, now: Millis): void;
  /** Something to log of the line itself. */
  note(line: Line, text: string): void;
  gone(line: Line): void;
}

const WORDS: Record<CallEnd, string> = {
  'no carrier': 'the line has no carrier (the far end hung up, or did not answer)',
  busy: 'the far end is busy',
  'no dial tone': 'the line has no dial tone: is it plugged in?',
  'no answer': 'the far end does not answer',
  refused: 'the modem refused the command (its number, or the call)',
  timeout: 'no connection within a minute',
  'line cut': 'the line to the modem was cut',
};

/** What PPP on the lines of a port met. */
export interface LineCounters {
  frames: number;
  refused: Record<HdlcRefusal, number>;
  /** Frames that the line had no room for. */
  dropped: number;
  /** Lines of the modem that were none that we know. */
  garbage: number;
}

export class Line {
  readonly port: CallPort;
  readonly from: string;
  readonly #at: AtLine;
  readonly #stream: CallLine;
  readonly #owner: LineOwner;
  #alarm: Alarm | undefined;
  #use: LineUse | undefined;
  #link: LineLink | undefined;
  readonly #refused: Record<HdlcRefusal, number> = { aborted: 0, short: 0, oversize: 0, 'bad check': 0 };
  #frames = 0;
  #dropped = 0;

  constructor(port: CallPort, stream: CallLine, owner: LineOwner) {
    this.port = port;
    this.from = stream.from;
    this.#stream = stream;
    this.#owner = owner;
    this.#at = new AtLine(port.kind, {
      write: (octets) => stream.write(octets),
      data: (octets) => this.#link?.received(octets),
      ready: (now) => owner.ready(this, now),
      ring: (ring, now) => owner.ring(this, ring, now),
      connected: (speed, now) => this.#connected(speed, now),
      ended: (end, now) => this.#over(WORDS[end], end, now),
      drop: (reason) => {
        owner.note(this, `${reason}: the line is cut`);
        stream.close();
      },
      mute: () => owner.note(this, 'the modem does not answer AT commands; asked again every 30 s'),
    });
    stream.onData = (data) => {
      const { clock } = owner;
      this.#at.receive(data, clock.now());
      this.#arm();
    };
    stream.onClose = () => {
      const now = owner.clock.now();
      this.#at.closed(now);
      this.#arm();
      owner.gone(this);
    };
    this.#at.start(owner.clock.now());
    this.#arm();
  }

  /** What the line is doing, in a word. */
  get state(): string {
    return this.#at.state;
  }

  /** The call on it. */
  get use(): LineUse | undefined {
    return this.#use;
  }

  /** A call can be made. */
  get idle(): boolean {
    return this.#at.state === 'idle';
  }

  /** A call is up. */
  get isUp(): boolean {
    return this.#link !== undefined;
  }

  get counters(): LineCounters {
    const refused = { ...this.#refused };
    for (const why of Object.keys(refused).filter(isRefusal)) refused[why] += this.#link?.receiver.refused[why] ?? 0;
    return { frames: this.#frames + (this.#link?.receiver.frames ?? 0), refused, dropped: this.#dropped, garbage: this.#at.garbage };
  }

  /** Takes the call that rings. */
  answer(use: LineUse, now: Millis): void {
    this.#use = use;
    if (!this.#at.answer(now)) this.#over('the caller has hung up', undefined, now);
    this.#arm();
  }

  /** Makes a call; false where the line cannot now, and `use` is told nothing. */
  dial(number: string, subAddress: string, use: LineUse, now: Millis): boolean {
    if (!this.idle) return false;
    this.#use = use;
    const dialled = this.#at.dial(number, subAddress, now);
    if (!dialled) this.#use = undefined;
    this.#arm();
    return dialled;
  }

  /** Another has the call from now on; the one before is told nothing. */
  handTo(use: LineUse): void {
    if (this.#use !== undefined) this.#use = use;
  }

  /** Ends the call; one sentence. */
  hangUp(reason: string, now: Millis): void {
    if (this.#use === undefined) return;
    this.#at.hangUp(now);
    this.#arm();
    this.#over(reason, undefined, now);
  }

  /** Ends the call, and the line with it. */
  cut(reason: string, now: Millis): void {
    this.#over(reason, undefined, now);
    this.#stream.close();
    // A stream that tells nothing of its own closing.
    this.#at.closed(now);
    this.#arm();
  }

  /** A frame that is to leave, its protocol field first. */
  send(frame: Uint8Array): void {
    const link = this.#link;
    if (link === undefined || frame.length < 2) return;
    const { backlog } = this.#stream;
    if (backlog > CONTROL_BACKLOG || (backlog > DATA_BACKLOG && u16(frame, 0) < FIRST_CONTROL)) {
      this.#dropped++;
      return;
    }
    this.#stream.write(link.sender.encode(frame));
  }

  #connected(speed: number | undefined, now: Millis): void {
    const use = this.#use;
    const { plane } = this.#owner;
    if (use === undefined) return;
    const session = this.#owner.key();
    const refused = plane.attach({
      key: session,
      leg: { kind: 'line' },
      far: undefined,
      options: { ipv4: false, ipv6: false, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false },
    });
    if (refused !== undefined) {
      // From within the dialogue: it ends the call when it has told of it.
      this.#at.hangUp(now);
      return this.#over(refused.refused, undefined, now);
    }
    const link = new LineLink(session, plane, {
      negotiated: (at) => {
        if (this.#link === link) this.#use?.negotiated(at);
      },
      hangUp: (reason, at) => {
        if (this.#link === link) this.hangUp(reason, at);
      },
    });
    this.#link = link;
    this.#owner.attached(session, this);
    use.connected(link, speed ?? use.speed, now);
  }

  #over(reason: string, end: CallEnd | undefined, now: Millis): void {
    const use = this.#use;
    const link = this.#link;
    this.#use = undefined;
    this.#link = undefined;
    if (link !== undefined) {
      this.#frames += link.receiver.frames;
      for (const why of Object.keys(this.#refused).filter(isRefusal)) this.#refused[why] += link.receiver.refused[why];
      link.detach();
      this.#owner.detached(link.session);
    }
    use?.ended(reason, end, now);
  }

  #arm(): void {
    const at = this.#at.deadline();
    if (this.#alarm?.at === at) return;
    this.#alarm?.cancel();
    this.#alarm =
      at === NEVER
        ? undefined
        : this.#owner.clock.at(at, (now) => {
            this.#alarm = undefined;
            this.#at.tick(now);
            this.#arm();
          });
  }
}

const isRefusal = (text: string): text is HdlcRefusal => text === 'aborted' || text === 'short' || text === 'oversize' || text === 'bad check';

/** The call on a line as its user sees it. */
class LineLink implements CallLink {
  readonly session: SessionKey;
  readonly mtu = MTU;
  readonly sender = new HdlcSender();
  readonly receiver: HdlcReceiver;
  readonly #plane: LinePlane;
  readonly #line: Pick<CallLink, 'negotiated' | 'hangUp'>;
  #last: SessionCounters | undefined;
  #over = false;

  constructor(session: SessionKey, plane: LinePlane, line: Pick<CallLink, 'negotiated' | 'hangUp'>) {
    this.session = session;
    this.#plane = plane;
    this.#line = line;
    this.receiver = new HdlcReceiver({ mru: MTU }, (data) => plane.send([{ to: 'arrived', session, data }]));
  }

  received(octets: Uint8Array): void {
    this.receiver.receive(octets);
  }

  counters(): SessionCounters | undefined {
    return this.#over ? this.#last : this.#plane.counters(this.session);
  }

  update(change: Partial<SessionOptions> & Parameters<CallLink['update']>[0]): void {
    if (this.#over) return;
    this.sender.acfc = change.acfc ?? this.sender.acfc;
    this.sender.pfc = change.pfc ?? this.sender.pfc;
    this.#plane.update(this.session, change);
  }

  sendMap(map: number): void {
    this.sender.accm = map >>> 0;
  }

  negotiated(now: Millis): void {
    if (!this.#over) this.#line.negotiated(now);
  }

  hangUp(reason: string, now: Millis): void {
    if (!this.#over) this.#line.hangUp(reason, now);
  }

  detach(): void {
    this.#last = this.#plane.counters(this.session);
    this.#over = true;
    this.#plane.detach(this.session);
  }
}

/** Session keys, one after the other, those in use left out. */
export class Keys {
  #next = FIRST_KEY;

  next(inUse: (key: SessionKey) => boolean): SessionKey {
    for (;;) {
      const key = toSessionKey(this.#next);
      this.#next = this.#next === LAST_KEY ? FIRST_KEY : this.#next + 1;
      if (!inUse(key)) return key;
    }
  }
}
