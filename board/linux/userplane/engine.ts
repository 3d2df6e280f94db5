// The worker's loop: waits for sockets, devices and the doorbell, and obeys the main thread's commands.

import { Arena } from '../ffi/arena.ts';
import { Epoll, EPOLLERR, EPOLLIN } from '../ffi/epoll.ts';
import { C, monotonic, pinned } from '../ffi/libc.ts';
import { TUN_F } from '../ffi/tun.ts';
import { Coalescer } from './coalesce.ts';
import { ErrorQueue } from './errorqueue.ts';
import { l2tpLength, setLength, writeL2tp } from './header.ts';
import { ATTACH, COMMAND, FAILURE, MAX_DATAGRAM, SESSION, UNDERLAY, UPDATE, type Start } from './layout.ts';
import { Outbox } from './outbox.ts';
import { Punter } from './punter.ts';
import { Receiver } from './receive.ts';
import { RingReader, RingWriter } from './ring.ts';
import { Routes } from './routes.ts';
import { idsOf, Session, type Interface, type Underlay } from './session.ts';
import { summing } from './sum.ts';
import { Transmitter } from './transmit.ts';

const ARENA_SIZE = 8 << 20;
/** Messages of the main thread sent together, and the room for their octets. */
const SEND_ROOM = 256 << 10;
/** L2TP with Ns and Nr, address and control. */
const FRAME_HEADROOM = 16;
/** Commands obeyed before packets have their turn again. */
const COMMANDS = 512;
const PPP_LCP = 0xc021;
/** How long bulk data may gather before it is taken: fewer, longer super-packets, and fewer acknowledgements of them. */
const GATHER_MICROSECONDS = 80;
/** prctl(2): how late the kernel may wake this thread, in nanoseconds; 50 us where not told. */
const PR_SET_TIMERSLACK = 29;
const TIMER_SLACK_NS = 1000;

export class Engine {
  readonly #a = new Arena(ARENA_SIZE);
  readonly #epoll = new Epoll();
  readonly #start: Start;
  readonly #commands: RingReader;
  readonly #punter: Punter;
  readonly #outbox: Outbox;
  readonly #errors: ErrorQueue;
  readonly #receiver: Receiver;
  readonly #transmitter: Transmitter;
  readonly #room = this.#a.take(SEND_ROOM);
  readonly #bell = pinned(8);
  #roomUsed = 0;

  readonly #underlays: (Underlay | undefined)[] = [];
  readonly #interfaces: (Interface | undefined)[] = [];
  readonly #sessions = new Map<number, Session>();
  /** What a ready descriptor belongs to. */
  readonly #socketOf: (Underlay | undefined)[] = [];
  readonly #deviceOf: (Interface | undefined)[] = [];
  #running = true;
  #now = Math.floor(monotonic());

  /** `wake` is called when the main thread sleeps and punts wait for it. */
  constructor(start: Start, wake: () => void) {
    this.#start = start;
    this.#commands = new RingReader(start.commands);
    this.#punter = new Punter(this.#a, new RingWriter(start.punts), wake);
    this.#errors = new ErrorQueue(this.#a, this.#punter);
    this.#outbox = new Outbox(this.#a, (u, peer, port, code) => this.#errors.unsent(u, peer, port, code, this.#now));
    const sums = summing(this.#a);
    this.#receiver = new Receiver(this.#a, this.#punter, new Coalescer(this.#a, sums));
    this.#transmitter = new Transmitter(this.#a, sums, this.#outbox, this.#punter);
    this.#epoll.add(start.doorbell, EPOLLIN);
  }

  /** Runs until the main thread says stop. Blocks its thread. */
  run(): void {
    C.prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
    while (this.#running) {
      if (this.#receiver.trickle) {
        this.#receiver.trickle = false;
        C.usleep(GATHER_MICROSECONDS);
      }
      const ready = this.#epoll.wait(this.#commands.sleep() ? -1 : 0);
      this.#commands.wake();
      this.#now = Math.floor(monotonic());
      this.#obey();
      for (let i = 0; i < ready && this.#running; i++) {
        this.#serve(this.#epoll.fd(i), this.#epoll.events(i));
        // Whoever gave a command and then sent a packet expects them to take effect in that order.
        this.#obey();
      }
      this.#punter.flush();
    }
    this.#epoll.close();
    // Only now may the main thread close descriptors: none is being read any more.
    this.#commands.publish();
  }

  #serve(fd: number, events: number): void {
    const socket = this.#socketOf[fd];
    if (socket !== undefined) {
      if ((events & EPOLLERR) !== 0) this.#errors.drain(socket, this.#now);
      if ((events & EPOLLIN) !== 0) this.#receiver.drain(socket, this.#now);
      return;
    }
    const device = this.#deviceOf[fd];
    if (device !== undefined) {
      const result = (events & EPOLLIN) !== 0 ? this.#transmitter.drain(device, this.#now) : 'gone';
      if (result === 'gone') this.#lose(device);
      return;
    }
    C.read(fd, this.#bell.at, 8);
  }

  /** Somebody deleted the device under us: it would be ready for ever. */
  #lose(device: Interface): void {
    this.#epoll.remove(device.fd);
    this.#deviceOf[device.fd] = undefined;
    for (const session of device.sessions) this.#punter.failed(session, FAILURE.INTERFACE_GONE);
  }

  #obey(): void {
    const ring = this.#commands;
    let obeyed = 0;
    for (let at = ring.next(); at >= 0; at = ring.next()) {
      this.#command(ring.kind(at), at);
      ring.release();
      if (++obeyed === COMMANDS) break;
    }
    if (obeyed === 0) return;
    this.#flush();
    if (this.#running) ring.publish();
  }

  #flush(): void {
    this.#outbox.flush();
    this.#roomUsed = 0;
  }

  #command(kind: number, at: number): void {
    const ring = this.#commands;
    switch (kind) {
      case COMMAND.SEND_SESSION:
        return this.#sendSession(ring.word(at, 3), at);
      case COMMAND.SEND_PEER:
        return this.#sendPeer(at);
      case COMMAND.ATTACH:
        return this.#attach(at);
      case COMMAND.UPDATE:
        return this.#update(at);
      case COMMAND.DETACH:
        return this.#detach(ring.word(at, 3));
      case COMMAND.LISTEN:
        return this.#listen(at);
      case COMMAND.UNLISTEN:
        return this.#unlisten(ring.word(at, 3));
      case COMMAND.PERMIT:
        return this.#permit(at);
      case COMMAND.OPEN:
        return this.#open(at);
      case COMMAND.DEMAND: {
        const device = this.#interfaces[ring.word(at, 3)];
        if (device !== undefined) device.onDemand = ring.word(at, 4) !== 0;
        return;
      }
      case COMMAND.CLOSE:
        return this.#close(ring.word(at, 3));
      case COMMAND.STOP:
        this.#running = false;
        return;
      default:
        throw new Error(`command ${kind} is unknown`);
    }
  }

  #listen(at: number): void {
    const index = this.#commands.word(at, 3);
    const fd = this.#commands.word(at, 4);
    const out = this.#commands.word(at, 5);
    const counters = new Float64Array(this.#start.underlayCounters, index * UNDERLAY.SIZE * 8, UNDERLAY.SIZE);
    counters.fill(0);
    counters[UNDERLAY.SERIAL] = this.#commands.word(at, 6);
    const u: Underlay = { index, fd, out, counters, sessions: new Map(), tunnels: new Map(), unchecked: false, permitted: undefined, lastStray: Number.NEGATIVE_INFINITY };
    this.#underlays[index] = u;
    this.#socketOf[fd] = u;
    this.#epoll.add(fd, EPOLLIN);
  }

  #unlisten(index: number): void {
    const u = this.#underlays[index];
    if (u === undefined) return;
    this.#flush();
    this.#epoll.remove(u.fd);
    this.#socketOf[u.fd] = undefined;
    this.#underlays[index] = undefined;
  }

  #permit(at: number): void {
    const u = this.#underlays[this.#commands.word(at, 3)];
    if (u === undefined) return;
    if (this.#commands.word(at, 4) !== 0) u.permitted = undefined;
    else u.permitted = this.#pairs(at, this.#commands.length(at) / 8);
  }

  #open(at: number): void {
    const index = this.#commands.word(at, 3);
    const fd = this.#commands.word(at, 4);
    const device: Interface = {
      index,
      fd,
      udpSegments: (this.#commands.word(at, 5) & TUN_F.USO4) !== 0,
      onDemand: this.#commands.word(at, 6) !== 0,
      lastDemand: Number.NEGATIVE_INFINITY,
      sessions: [],
      routes: this.#commands.word(at, 7) !== 0 ? new Routes() : undefined,
      lost: new Float64Array(this.#start.interfaceCounters, index * 8, 1),
    };
    this.#interfaces[index] = device;
    this.#deviceOf[fd] = device;
    this.#epoll.add(fd, EPOLLIN);
  }

  #close(index: number): void {
    const device = this.#interfaces[index];
    if (device === undefined) return;
    if (this.#deviceOf[device.fd] === device) this.#epoll.remove(device.fd);
    this.#deviceOf[device.fd] = undefined;
    this.#interfaces[index] = undefined;
    for (const session of device.sessions) session.far = undefined;
  }

  #attach(at: number): void {
    const word = (index: number): number => this.#commands.words[(at >> 2) + index] as number;
    const u = this.#underlays[word(ATTACH.UNDERLAY)];
    if (u === undefined) return;
    const counters = new Float64Array(this.#start.sessionCounters, word(ATTACH.SLOT) * SESSION.SIZE * 8, SESSION.SIZE);
    counters.fill(0);
    counters[SESSION.SERIAL] = word(ATTACH.SERIAL);
    const session = new Session({
      key: word(ATTACH.KEY),
      underlay: u,
      counters,
      local: word(ATTACH.LOCAL) >>> 0,
      peer: word(ATTACH.PEER) >>> 0,
      peerPort: word(ATTACH.PEER_PORT),
      localTunnel: word(ATTACH.LOCAL_TUNNEL),
      localSession: word(ATTACH.LOCAL_SESSION),
      peerTunnel: word(ATTACH.PEER_TUNNEL),
      peerSession: word(ATTACH.PEER_SESSION),
    });
    session.set(word(ATTACH.OPTIONS), -1);
    session.mss = word(ATTACH.MSS);
    const pairs = at + ATTACH.WORDS * 4;
    session.routes = this.#pairs(pairs, word(ATTACH.ROUTES));
    if (word(ATTACH.SOURCES) >= 0) session.sources = this.#pairs(pairs + word(ATTACH.ROUTES) * 8, word(ATTACH.SOURCES));
    this.#sessions.set(session.key, session);
    u.sessions.set(idsOf(session.localTunnel, session.localSession), session);
    u.tunnels.set(session.localTunnel, (u.tunnels.get(session.localTunnel) ?? 0) + 1);
    if (word(ATTACH.FAR) > 0) this.#join(session, word(ATTACH.FAR) - 1);
  }

  #join(session: Session, index: number): void {
    leave(session);
    const device = this.#interfaces[index];
    if (device === undefined) return;
    session.far = device;
    device.sessions.push(session);
    device.routes?.add(session);
  }

  /** A copy of `count` pairs of address and mask in a record's data. */
  #pairs(at: number, count: number): Int32Array {
    return this.#commands.words.slice(at >> 2, (at >> 2) + count * 2);
  }

  #update(at: number): void {
    const ring = this.#commands;
    const session = this.#sessions.get(ring.word(at, 3));
    if (session === undefined) return;
    // What was given before the change leaves in its old form.
    this.#flush();
    session.set(ring.word(at, 5), ring.word(at, 6));
    if (ring.word(at, 7) >= 0) session.mss = ring.word(at, 7);
    if (ring.length(at) > 0) this.#limit(session, at);
    if (ring.word(at, 4) > 0) this.#join(session, ring.word(at, 4) - 1);
  }

  /** Gives the session the routes and sources in an UPDATE record. */
  #limit(session: Session, at: number): void {
    const { words } = this.#commands;
    const routes = words[(at >> 2) + UPDATE.ROUTES] as number;
    const sources = words[(at >> 2) + UPDATE.SOURCES] as number;
    const pairs = at + UPDATE.WORDS * 4;
    if (routes >= 0) {
      session.far?.routes?.remove(session);
      session.routes = this.#pairs(pairs, routes);
      session.far?.routes?.add(session);
    }
    if (sources >= 0) session.sources = this.#pairs(pairs + Math.max(routes, 0) * 8, sources);
  }

  #detach(key: number): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#flush();
    leave(session);
    this.#sessions.delete(key);
    const u = session.underlay;
    u.sessions.delete(idsOf(session.localTunnel, session.localSession));
    const left = (u.tunnels.get(session.localTunnel) ?? 1) - 1;
    if (left > 0) u.tunnels.set(session.localTunnel, left);
    else u.tunnels.delete(session.localTunnel);
  }

  /** Copies a record's data into the arena behind `headroom` octets; the place of the data. */
  #copy(at: number, headroom: number): number {
    const length = this.#commands.length(at);
    if (this.#roomUsed + headroom + length > SEND_ROOM || !this.#outbox.open) this.#flush();
    const to = this.#room + this.#roomUsed + headroom;
    this.#a.u8.set(this.#commands.bytes.subarray(at, at + length), to);
    this.#roomUsed += (headroom + length + 15) & ~15;
    return to;
  }

  #sendSession(key: number, at: number): void {
    const session = this.#sessions.get(key);
    const length = this.#commands.length(at);
    if (session === undefined || length < 2 || length > MAX_DATAGRAM) return;
    const { view } = this.#a;
    const frame = this.#copy(at, FRAME_HEADROOM);
    // LCP goes with address and control whatever was negotiated (RFC 1661 6.6).
    const bare = session.acfc && view.getUint16(frame) !== PPP_LCP;
    const ppp = bare ? frame : frame - 2;
    if (!bare) view.setUint16(ppp, 0xff03);
    const l2tp = l2tpLength(session.numbering ? 0 : -1);
    const start = ppp - l2tp;
    const whole = frame + length - start;
    this.#outbox.toSession(session, l2tp, this.#now);
    writeL2tp(view, start, session, session.nextNs());
    setLength(view, start, whole);
    if (session.trace) this.#punter.trace(session, 'tx', start, whole);
    this.#outbox.add(start, whole);
  }

  #sendPeer(at: number): void {
    const ring = this.#commands;
    const u = this.#underlays[ring.word(at, 3)];
    if (u === undefined) return;
    const to = this.#copy(at, 0);
    this.#outbox.toPeer(u, ring.word(at, 4) >>> 0, ring.word(at, 5) >>> 0, ring.word(at, 6));
    this.#outbox.add(to, ring.length(at));
  }
}

/** Takes the session off its interface. */
function leave(session: Session): void {
  const { far } = session;
  if (far === undefined) return;
  far.sessions.splice(far.sessions.indexOf(session), 1);
  far.routes?.remove(session);
  session.far = undefined;
}
