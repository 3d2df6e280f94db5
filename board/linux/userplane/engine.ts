// The worker's loop: waits for sockets, devices and the doorbell, and obeys the main thread's commands.

import { Arena } from '../ffi/arena.ts';
import { Epoll, EPOLLERR, EPOLLIN } from '../ffi/epoll.ts';
import { C, monotonic, pinned, pointer } from '../ffi/libc.ts';
import { getOption, MSG_FLAG, SO, SOL } from '../ffi/socket.ts';
import { TUN_F } from '../ffi/tun.ts';
import { Coalescer } from './coalesce.ts';
import { ErrorQueue } from './errorqueue.ts';
import { EtherBox, ETHERNET_HEADER } from './etherbox.ts';
import { EtherReceiver } from './etherin.ts';
import { ADDRESS_CONTROL, PPP_LCP } from './frame.ts';
import { Inward } from './inward.ts';
import { COMMAND, ETHER, ETHER_OPEN, FAILURE, MAX_DATAGRAM, UNDERLAY, type Start } from './layout.ts';
import { Outbox } from './outbox.ts';
import { Outward } from './outward.ts';
import { Punter } from './punter.ts';
import { Receiver } from './receive.ts';
import { RingReader, RingWriter } from './ring.ts';
import { Routes } from './routes.ts';
import type { Ether, Interface, Underlay } from './session.ts';
import { Sessions } from './sessions.ts';
import { summing } from './sum.ts';
import { Transmitter } from './transmit.ts';

const ARENA_SIZE = 8 << 20;
/** Messages of the main thread sent together, and the room for their octets. */
const SEND_ROOM = 256 << 10;
/** L2TP with Ns and Nr, address and control. */
const FRAME_HEADROOM = 16;
/** Where an Ethernet frame has its source address. */
const SOURCE = 6;
/** Commands obeyed before packets have their turn again. */
const COMMANDS = 512;
/** Batches of control messages taken before data has its turn again. */
const CONTROL_BATCHES = 4;
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
  readonly #outward: Outward;
  readonly #inward: Inward;
  readonly #errors: ErrorQueue;
  readonly #receiver: Receiver;
  readonly #etherReceiver: EtherReceiver;
  readonly #transmitter: Transmitter;
  readonly #room = this.#a.take(SEND_ROOM);
  readonly #bell = pinned(8);
  #roomUsed = 0;

  readonly #underlays: (Underlay | undefined)[] = [];
  readonly #interfaces: (Interface | undefined)[] = [];
  readonly #ethers: (Ether | undefined)[] = [];
  readonly #sessions: Sessions;
  /** What a ready descriptor belongs to. */
  readonly #socketOf: (Underlay | undefined)[] = [];
  readonly #portOf: (Ether | undefined)[] = [];
  readonly #deviceOf: (Interface | undefined)[] = [];
  #running = true;
  #now = Math.floor(monotonic());

  /** `wake` is called when the main thread sleeps and punts wait for it. */
  constructor(start: Start, wake: () => void) {
    this.#start = start;
    this.#commands = new RingReader(start.commands);
    this.#sessions = new Sessions(this.#commands, start.sessionCounters, { underlays: this.#underlays, interfaces: this.#interfaces, ethers: this.#ethers });
    this.#punter = new Punter(this.#a, new RingWriter(start.punts), wake);
    this.#errors = new ErrorQueue(this.#a, this.#punter);
    this.#outbox = new Outbox(this.#a, (u, peer, port, code) => this.#errors.unsent(u, peer, port, code, this.#now));
    const sums = summing(this.#a);
    this.#outward = new Outward(this.#a, { outbox: this.#outbox, etherBox: new EtherBox(this.#a), punter: this.#punter });
    this.#inward = new Inward(this.#a, { punter: this.#punter, coalescer: new Coalescer(this.#a, sums), outward: this.#outward });
    this.#receiver = new Receiver(this.#a, this.#punter, this.#inward);
    this.#etherReceiver = new EtherReceiver(this.#a, this.#punter, this.#inward);
    this.#transmitter = new Transmitter(this.#a, sums, this.#outward, this.#punter);
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
      // Control ahead of data: a peer that hears no acknowledgement gives its tunnel up.
      for (let i = 0; i < ready; i++) {
        const socket = this.#socketOf[this.#epoll.fd(i)];
        if (socket !== undefined && socket.control === this.#epoll.fd(i)) this.#control(socket, this.#epoll.events(i));
      }
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
      if (fd === socket.control) return;
      if ((events & EPOLLERR) !== 0) this.#errors.drain(socket, fd, this.#now);
      if ((events & EPOLLIN) !== 0) this.#receiver.drain(socket, fd, this.#now);
      return;
    }
    const port = this.#portOf[fd];
    if (port !== undefined) {
      // The only error there is: the device went down. Asking for it clears it.
      if ((events & EPOLLERR) !== 0) getOption(fd, SOL.SOCKET, SO.ERROR);
      if ((events & EPOLLIN) !== 0) this.#etherReceiver.drain(port, fd, this.#now);
      return;
    }
    const device = this.#deviceOf[fd];
    if (device !== undefined) {
      const result = (events & EPOLLIN) !== 0 ? this.#transmitter.drain(device, this.#now) : 'gone';
      if (result === 'gone') this.#lose(device);
      return;
    }
    // Any other descriptor was closed since the wait began: its number may be somebody else's by now.
    if (fd === this.#start.doorbell) C.read(fd, this.#bell.at, 8);
  }

  #control(u: Underlay, events: number): void {
    if ((events & EPOLLERR) !== 0) this.#errors.drain(u, u.control, this.#now);
    if ((events & EPOLLIN) === 0) return;
    for (let i = 0; i < CONTROL_BATCHES && this.#receiver.drain(u, u.control, this.#now) > 0; i++) continue;
    this.#punter.flush();
    this.#obey();
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
    this.#outward.flush();
    this.#roomUsed = 0;
  }

  #command(kind: number, at: number): void {
    const ring = this.#commands;
    switch (kind) {
      case COMMAND.SEND_SESSION:
        return this.#sendSession(ring.word(at, 3), at);
      case COMMAND.SEND_PEER:
        return this.#sendPeer(at);
      case COMMAND.SEND_ARRIVED:
        return this.#arrived(ring.word(at, 3), at);
      case COMMAND.SEND_PORT:
        return this.#sendPort(at);
      case COMMAND.ETHER_OPEN:
        return this.#openEther(at);
      case COMMAND.ETHER_CLOSE:
        return this.#closeEther(ring.word(at, 3));
      case COMMAND.ATTACH:
        return this.#sessions.attach(at);
      case COMMAND.UPDATE:
        // What was given before the change leaves in its old form.
        this.#flush();
        return this.#sessions.update(at);
      case COMMAND.DETACH:
        this.#flush();
        return this.#sessions.detach(ring.word(at, 3));
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
    const u: Underlay = { index, fd, out, control: this.#commands.word(at, 7), counters, sessions: new Map(), tunnels: new Map(), unchecked: false, permitted: undefined, lastStray: Number.NEGATIVE_INFINITY };
    this.#underlays[index] = u;
    for (const one of u.control < 0 ? [fd] : [fd, u.control]) {
      this.#socketOf[one] = u;
      this.#epoll.add(one, EPOLLIN);
    }
  }

  #unlisten(index: number): void {
    const u = this.#underlays[index];
    if (u === undefined) return;
    this.#flush();
    for (const one of u.control < 0 ? [u.fd] : [u.fd, u.control]) {
      this.#epoll.remove(one);
      this.#socketOf[one] = undefined;
    }
    this.#underlays[index] = undefined;
  }

  #permit(at: number): void {
    const u = this.#underlays[this.#commands.word(at, 3)];
    if (u === undefined) return;
    if (this.#commands.word(at, 4) !== 0) u.permitted = undefined;
    else u.permitted = this.#sessions.pairs(at, this.#commands.length(at) / 8);
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
      sessions: new Set(),
      newest: undefined,
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

  #openEther(at: number): void {
    const word = (index: number): number => this.#commands.words[(at >> 2) + index] as number;
    const index = word(ETHER_OPEN.PORT);
    const counters = new Float64Array(this.#start.etherCounters, index * ETHER.SIZE * 8, ETHER.SIZE);
    counters.fill(0);
    counters[ETHER.SERIAL] = word(ETHER_OPEN.SERIAL);
    const ether: Ether = {
      index,
      fd: word(ETHER_OPEN.SESSION_FD),
      discovery: word(ETHER_OPEN.DISCOVERY_FD),
      out: word(ETHER_OPEN.OUT_FD),
      address: word(ETHER_OPEN.ADDRESS) >>> 0,
      addressLast: word(ETHER_OPEN.ADDRESS_LAST),
      mtu: word(ETHER_OPEN.MTU),
      counters,
      sessions: new Map(),
      lastNoSession: Number.NEGATIVE_INFINITY,
    };
    this.#ethers[index] = ether;
    for (const fd of [ether.fd, ether.discovery]) {
      this.#portOf[fd] = ether;
      this.#epoll.add(fd, EPOLLIN);
    }
  }

  #closeEther(index: number): void {
    const ether = this.#ethers[index];
    if (ether === undefined) return;
    this.#flush();
    for (const fd of [ether.fd, ether.discovery]) {
      this.#epoll.remove(fd);
      this.#portOf[fd] = undefined;
    }
    this.#ethers[index] = undefined;
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
    // Over L2TP, LCP goes with address and control whatever was negotiated (RFC 1661 6.6).
    const bare = session.acfc && (session.underlay === undefined || view.getUint16(frame) !== PPP_LCP);
    const ppp = bare ? frame : frame - 2;
    if (!bare) view.setUint16(ppp, ADDRESS_CONTROL);
    const start = ppp - session.front;
    const whole = frame + length - start;
    this.#outward.aim(session, this.#now);
    this.#outward.head(session, start, whole);
    this.#outward.add(session, start, whole);
  }

  /** A frame that came over a session's line. */
  #arrived(key: number, at: number): void {
    const session = this.#sessions.get(key);
    if (session === undefined || session.underlay !== undefined || session.ether !== undefined) return;
    const length = this.#commands.length(at);
    const frame = this.#copy(at, FRAME_HEADROOM);
    this.#inward.now = this.#now;
    this.#inward.arrived(session, frame, length, FRAME_HEADROOM);
    // What lies behind this frame in the room is not the coalescer's.
    this.#inward.flush();
  }

  #sendPort(at: number): void {
    const ring = this.#commands;
    const ether = this.#ethers[ring.word(at, 3)];
    const length = ring.length(at);
    if (ether === undefined || length < ETHERNET_HEADER || length > ETHERNET_HEADER + ether.mtu) return;
    const { view, base } = this.#a;
    const frame = this.#copy(at, 0);
    view.setUint32(frame + SOURCE, ether.address);
    view.setUint16(frame + SOURCE + 4, ether.addressLast);
    if (C.send(ether.out, pointer(base + frame), length, MSG_FLAG.DONTWAIT) === length) (ether.counters[ETHER.OUT_FRAMES] as number)++;
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
