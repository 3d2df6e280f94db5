// The user data plane of Linux boards: what the control plane sees of it. Sockets and devices are made here, on the main thread,
// and handed to the worker (engine.ts), which alone reads and writes them.

import { u16, u32 } from '../../../firmware/bytes/integers.ts';
import type { Ipv4Prefix } from '../../../firmware/bytes/ip.ts';
import { maskOf } from '../../../firmware/bytes/ip.ts';
import type {
  DataPlane, EtherCounters, EtherId, Far, Frame, InterfaceCounters, InterfaceId, InterfaceSpec, L2tpLeg, PppoeLeg, Punt,
  Refusal, SessionCounters, SessionKey, SessionPath, Underlay, UnderlayCounters, UnderlayId,
} from '../../../firmware/hal/dataplane.ts';
import { check } from '../ffi/errno.ts';
import { C, monotonic, O_CLOEXEC, O_NONBLOCK, pinned } from '../ffi/libc.ts';
import { workerAddress } from '../worker.ts';
import { CounterTable } from './counters.ts';
import { Devices } from './devices.ts';
import { ATTACH, COMMAND, ETHER_OPEN, MAX_DATAGRAM, MAX_ETHERS, MAX_INTERFACES, MAX_SESSIONS, MAX_UNDERLAYS, RING_CAPACITY, UPDATE, type Start } from './layout.ts';
import { closePort, openPort, type PortSockets } from './ports.ts';
import { PuntReader } from './punts.ts';
import { bitsOf, idsOf, maskOfChange, pairOctets, peerOf } from './records.ts';
import { ringMemory, RingWriter } from './ring.ts';
import { openUnderlay, type Sockets } from './sockets.ts';

/** How long the worker may take to obey: it answers within a batch of packets, microseconds to milliseconds. */
const PATIENCE_MS = 5000;
/** How long punts alone are looked at: the replies of a RADIUS server fill their socket's buffer meanwhile. */
const DRAIN_MS = 5;

interface Served extends Sockets {
  /** Sessions by local ids. */
  readonly sessions: Map<number, SessionKey>;
}

interface Attached {
  readonly path: SessionPath;
  readonly slot: number;
  far: Far | undefined;
}

/** An Ethernet port that is served, and how often it was opened. */
interface ServedPort extends PortSockets {
  readonly device: string;
  users: number;
  /** Sessions by number and peer. */
  readonly sessions: Map<string, SessionKey>;
}

export class UserPlane implements DataPlane {
  readonly name = 'user';
  onPunt: (batch: readonly Punt[], now: number) => void = () => {};

  readonly #worker: Worker;
  readonly #bell: number;
  readonly #one = pinned(8);
  readonly #commands: RingWriter;
  readonly #punts: PuntReader;
  readonly #devices: Devices;
  readonly #underlays = new Map<UnderlayId, Served>();
  readonly #ethers = new Map<EtherId, ServedPort>();
  readonly #etherCounters = new CounterTable(MAX_ETHERS);
  readonly #ports: ReadonlyMap<string, string>;
  readonly #sessions = new Map<SessionKey, Attached>();
  readonly #sessionCounters = new CounterTable(MAX_SESSIONS);
  readonly #underlayCounters = new CounterTable(MAX_UNDERLAYS);
  readonly #interfaceCounters = new Float64Array(new SharedArrayBuffer(MAX_INTERFACES * 8));
  #closed = false;
  #willRing = false;

  /**
   * Starts the worker. Needs CAP_NET_ADMIN from the first interface on, CAP_NET_RAW from the first Ethernet port on. `ports`: the operator's
   * names of Ethernet ports and the kernel's devices behind them; a name that is not among them is the device's own.
   */
  constructor(ports: ReadonlyMap<string, string> = new Map()) {
    this.#ports = ports;
    this.#bell = check('eventfd', C.eventfd(0, O_CLOEXEC | O_NONBLOCK));
    this.#one.view.setUint32(0, 1, true);
    const start: Start = {
      commands: ringMemory(RING_CAPACITY),
      punts: ringMemory(RING_CAPACITY),
      sessionCounters: this.#sessionCounters.memory,
      underlayCounters: this.#underlayCounters.memory,
      etherCounters: this.#etherCounters.memory,
      interfaceCounters: this.#interfaceCounters.buffer,
      doorbell: this.#bell,
    };
    this.#commands = new RingWriter(start.commands);
    this.#punts = new PuntReader(start.punts);
    this.#devices = new Devices(MAX_INTERFACES);
    this.#worker = new Worker(workerAddress('userplane/userplane.worker.ts'));
    this.#worker.addEventListener('message', () => this.#drain());
    this.#worker.addEventListener('error', (event) => {
      throw new Error(`the data plane has ended: ${event.message}`);
    });
    this.#worker.postMessage(start);
  }

  listen(at: Underlay): UnderlayId | Refusal {
    const index = this.#underlayCounters.take();
    if (index === undefined) return { refused: `No more than ${MAX_UNDERLAYS} local ports can be served` };
    const opened = openUnderlay(at);
    if ('refused' in opened) {
      this.#underlayCounters.free(index);
      return opened;
    }
    const id = index as UnderlayId;
    this.#underlays.set(id, { ...opened, sessions: new Map() });
    this.#command(COMMAND.LISTEN, index, opened.fd, opened.out, this.#underlayCounters.serial(index), opened.control);
    return id;
  }

  boundPort(id: UnderlayId): number {
    return this.#underlays.get(id)?.port ?? 0;
  }

  /** Sessions still attached through it are detached. */
  unlisten(id: UnderlayId): void {
    const served = this.#underlays.get(id);
    if (served === undefined) return;
    for (const key of served.sessions.values()) this.detach(key);
    this.#underlays.delete(id);
    this.#command(COMMAND.UNLISTEN, id);
    this.#settle();
    closeSockets(served);
    this.#underlayCounters.free(id);
  }

  permit(id: UnderlayId, sources: readonly Ipv4Prefix[] | undefined): void {
    if (!this.#underlays.has(id)) return;
    const at = this.#reserve(COMMAND.PERMIT, (sources?.length ?? 0) * 8);
    this.#commands.word(3, id);
    this.#commands.word(4, sources === undefined ? 1 : 0);
    this.#pairs(at, sources ?? []);
    this.#commit();
  }

  open(spec: InterfaceSpec): InterfaceId | Refusal {
    const opened = this.#devices.open(spec);
    if ('refused' in opened) return opened;
    this.#interfaceCounters[opened.id] = 0;
    this.#command(COMMAND.OPEN, opened.id, opened.fd, opened.offload, spec.onDemand ? 1 : 0, spec.kind === 'shared-tun' ? 1 : 0);
    return opened.id;
  }

  set(id: InterfaceId, change: { readonly mtu?: number; readonly up?: boolean; readonly onDemand?: boolean }): void {
    if (!this.#devices.set(id, change)) return;
    if (change.onDemand !== undefined) this.#command(COMMAND.DEMAND, id, change.onDemand ? 1 : 0);
  }

  /** Returns when the device is gone: about 20 ms. */
  close(id: InterfaceId): void {
    if (!this.#devices.has(id)) return;
    for (const session of this.#sessions.values()) if (session.far === id) session.far = undefined;
    this.#command(COMMAND.CLOSE, id);
    this.#settle();
    this.#devices.close(id);
  }

  openEther(name: string): EtherId | Refusal {
    const device = this.#ports.get(name) ?? name;
    for (const [id, port] of this.#ethers) {
      if (port.device !== device) continue;
      port.users++;
      return id;
    }
    const index = this.#etherCounters.take();
    if (index === undefined) return { refused: `No more than ${MAX_ETHERS} Ethernet ports can be served` };
    const opened = openPort(device, name);
    if ('refused' in opened) {
      this.#etherCounters.free(index);
      return opened;
    }
    const id = index as EtherId;
    this.#ethers.set(id, { ...opened, device, users: 1, sessions: new Map() });
    const at = this.#reserve(COMMAND.ETHER_OPEN, ETHER_OPEN.WORDS * 4) >> 2;
    const words = this.#commands.words;
    words[at + ETHER_OPEN.PORT] = id;
    words[at + ETHER_OPEN.SESSION_FD] = opened.session;
    words[at + ETHER_OPEN.DISCOVERY_FD] = opened.discovery;
    words[at + ETHER_OPEN.OUT_FD] = opened.out;
    words[at + ETHER_OPEN.ADDRESS] = u32(opened.address, 0);
    words[at + ETHER_OPEN.ADDRESS_LAST] = u16(opened.address, 4);
    words[at + ETHER_OPEN.MTU] = opened.mtu;
    words[at + ETHER_OPEN.SERIAL] = this.#etherCounters.serial(index);
    this.#commit();
    return id;
  }

  closeEther(id: EtherId): void {
    const port = this.#ethers.get(id);
    if (port === undefined || --port.users > 0) return;
    for (const key of port.sessions.values()) this.detach(key);
    this.#ethers.delete(id);
    this.#command(COMMAND.ETHER_CLOSE, id);
    this.#settle();
    closePort(port);
    this.#etherCounters.free(id);
  }

  ether(id: EtherId): { readonly address: Uint8Array; readonly mtu: number } | undefined {
    const port = this.#ethers.get(id);
    return port === undefined ? undefined : { address: port.address.slice(), mtu: port.mtu };
  }

  attach(path: SessionPath): Refusal | undefined {
    const { key, leg, far, options, routes = [], sources } = path;
    if (this.#sessions.has(key)) return { refused: `Session key ${key} is attached already` };
    const refusal = leg.kind === 'l2tpv2' ? this.#mayTunnel(leg) : leg.kind === 'pppoe' ? this.#mayPort(leg) : undefined;
    if (refusal !== undefined) return refusal;
    if (typeof far === 'number' && !this.#devices.has(far)) return { refused: 'There is no such interface' };
    const slot = this.#sessionCounters.take();
    if (slot === undefined) return { refused: `The data plane carries no more than ${MAX_SESSIONS} sessions` };
    this.#sessions.set(key, { path, slot, far });
    const data = this.#reserve(COMMAND.ATTACH, ATTACH.WORDS * 4 + pairOctets(routes, sources));
    const at = data >> 2;
    const words = this.#commands.words;
    words.fill(0, at, at + ATTACH.WORDS);
    words[at + ATTACH.KEY] = key;
    words[at + ATTACH.SLOT] = slot;
    words[at + ATTACH.SERIAL] = this.#sessionCounters.serial(slot);
    words[at + ATTACH.UNDERLAY] = -1;
    words[at + ATTACH.ETHER] = -1;
    if (leg.kind === 'l2tpv2') this.#tunnelLeg(at, leg, key);
    else if (leg.kind === 'pppoe') this.#portLeg(at, leg, key);
    words[at + ATTACH.FAR] = typeof far === 'number' ? far + 1 : 0;
    words[at + ATTACH.RELAY] = typeof far === 'object' ? far.relay : 0;
    words[at + ATTACH.OPTIONS] = bitsOf(options);
    words[at + ATTACH.MSS] = options.mss;
    words[at + ATTACH.MTU] = options.mtu;
    words[at + ATTACH.ADDRESS] = options.address;
    words[at + ATTACH.ROUTES] = routes.length;
    words[at + ATTACH.SOURCES] = sources?.length ?? -1;
    this.#pairs(this.#pairs(data + ATTACH.WORDS * 4, routes), sources ?? []);
    this.#commit();
    return undefined;
  }

  update(key: SessionKey, change: Parameters<DataPlane['update']>[1]): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const far = typeof change.far === 'number' && this.#devices.has(change.far) ? change.far : undefined;
    const relay = typeof change.far === 'object' ? change.far.relay : undefined;
    if (far !== undefined || relay !== undefined) session.far = change.far;
    const { routes, sources, mtu, address } = change;
    const hasMore = [routes, sources, relay, mtu, address].some((one) => one !== undefined);
    const at = this.#reserve(COMMAND.UPDATE, hasMore ? UPDATE.WORDS * 4 + pairOctets(routes, sources) : 0);
    this.#words(key, far === undefined ? 0 : far + 1, bitsOf(change), maskOfChange(change), change.mss ?? -1);
    if (hasMore) {
      this.#commands.words[(at >> 2) + UPDATE.ROUTES] = routes?.length ?? -1;
      this.#commands.words[(at >> 2) + UPDATE.SOURCES] = sources?.length ?? -1;
      this.#commands.words[(at >> 2) + UPDATE.RELAY] = relay ?? -1;
      this.#commands.words[(at >> 2) + UPDATE.MTU] = mtu ?? -1;
      this.#commands.words[(at >> 2) + UPDATE.ADDRESS] = address ?? -1;
      this.#pairs(this.#pairs(at + UPDATE.WORDS * 4, routes ?? []), sources ?? []);
    }
    this.#commit();
  }

  detach(key: SessionKey): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { leg } = session.path;
    this.#sessions.delete(key);
    if (leg.kind === 'l2tpv2') this.#underlays.get(leg.underlay)?.sessions.delete(idsOf(leg));
    else if (leg.kind === 'pppoe') this.#ethers.get(leg.port)?.sessions.delete(peerOf(leg));
    this.#command(COMMAND.DETACH, key);
    this.#sessionCounters.free(session.slot);
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.data.length > MAX_DATAGRAM) continue;
      if (frame.to === 'session' || frame.to === 'arrived') {
        const session = this.#sessions.get(frame.session);
        if (session === undefined || (frame.to === 'arrived' && session.path.leg.kind !== 'line')) continue;
        const at = this.#reserve(frame.to === 'session' ? COMMAND.SEND_SESSION : COMMAND.SEND_ARRIVED, frame.data.length);
        this.#commands.bytes.set(frame.data, at);
        this.#commands.word(3, frame.session);
      } else if (frame.to === 'peer') {
        if (!this.#underlays.has(frame.underlay)) continue;
        const at = this.#reserve(COMMAND.SEND_PEER, frame.data.length);
        this.#commands.bytes.set(frame.data, at);
        this.#commands.word(3, frame.underlay);
        this.#commands.word(4, frame.local);
        this.#commands.word(5, frame.peer);
        this.#commands.word(6, frame.peerPort);
      } else {
        if (!this.#ethers.has(frame.port)) continue;
        const at = this.#reserve(COMMAND.SEND_PORT, frame.data.length);
        this.#commands.bytes.set(frame.data, at);
        this.#commands.word(3, frame.port);
      }
      this.#commands.commit();
    }
    this.#ringLater();
  }

  counters(key: SessionKey): SessionCounters | undefined {
    const session = this.#sessions.get(key);
    return session === undefined ? undefined : this.#sessionCounters.session(session.slot);
  }

  etherCounters(id: EtherId): EtherCounters | undefined {
    return this.#ethers.has(id) ? this.#etherCounters.ether(id) : undefined;
  }

  underlayCounters(id: UnderlayId): UnderlayCounters | undefined {
    return this.#underlays.has(id) ? this.#underlayCounters.underlay(id) : undefined;
  }

  interfaceCounters(id: InterfaceId): InterfaceCounters | undefined {
    return this.#devices.has(id) ? { outNoSession: this.#interfaceCounters[id] ?? 0 } : undefined;
  }

  /** Takes everything down: afterwards no device, socket or thread of the plane is left, and no call to it does anything. */
  shutdown(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#command(COMMAND.STOP);
    this.#settle();
    this.#devices.closeAll();
    for (const served of this.#underlays.values()) closeSockets(served);
    for (const served of this.#ethers.values()) closePort(served);
    C.close(this.#bell);
    this.#underlays.clear();
    this.#ethers.clear();
    this.#sessions.clear();
    void this.#worker.terminate();
  }

  /** Gives the control plane what the worker has punted, until nothing more waits or other sockets and alarms have waited long enough. */
  #drain(): void {
    if (this.#closed) return;
    const until = monotonic() + DRAIN_MS;
    do {
      for (let batch = this.#punts.take(this.#known); batch !== undefined; batch = this.#punts.take(this.#known)) {
        this.onPunt(batch, Math.floor(monotonic()));
        this.#ring();
        if (monotonic() < until) continue;
        setImmediate(() => this.#drain());
        return;
      }
    } while (!this.#closed && !this.#punts.sleep());
  }

  /** What the control plane still has: news of anything else is no news. */
  readonly #known = {
    session: (key: number): key is SessionKey => this.#sessions.has(key as SessionKey),
    underlay: (index: number): index is UnderlayId => this.#underlays.has(index as UnderlayId),
    interface: (index: number): index is InterfaceId => this.#devices.has(index as InterfaceId),
    ether: (index: number): index is EtherId => this.#ethers.has(index as EtherId),
  };

  #mayTunnel(leg: L2tpLeg): Refusal | undefined {
    const served = this.#underlays.get(leg.underlay);
    if (served === undefined) return { refused: 'The local port is not served' };
    if (served.sessions.has(idsOf(leg))) return { refused: `Tunnel ${leg.localTunnel} call ${leg.localSession} is attached already` };
    return undefined;
  }

  #mayPort(leg: PppoeLeg): Refusal | undefined {
    const port = this.#ethers.get(leg.port);
    if (port === undefined) return { refused: 'The Ethernet port is not served' };
    if (port.sessions.has(peerOf(leg))) return { refused: `PPPoE session ${leg.session} of this peer is attached already` };
    return undefined;
  }

  #tunnelLeg(at: number, leg: L2tpLeg, key: SessionKey): void {
    const { words } = this.#commands;
    this.#underlays.get(leg.underlay)?.sessions.set(idsOf(leg), key);
    words[at + ATTACH.UNDERLAY] = leg.underlay;
    words[at + ATTACH.LOCAL] = leg.local;
    words[at + ATTACH.PEER] = leg.peer;
    words[at + ATTACH.PEER_PORT] = leg.peerPort;
    words[at + ATTACH.LOCAL_TUNNEL] = leg.localTunnel;
    words[at + ATTACH.LOCAL_SESSION] = leg.localSession;
    words[at + ATTACH.PEER_TUNNEL] = leg.peerTunnel;
    words[at + ATTACH.PEER_SESSION] = leg.peerSession;
  }

  #portLeg(at: number, leg: PppoeLeg, key: SessionKey): void {
    const { words } = this.#commands;
    this.#ethers.get(leg.port)?.sessions.set(peerOf(leg), key);
    words[at + ATTACH.ETHER] = leg.port;
    words[at + ATTACH.PEER] = u32(leg.peer, 0);
    words[at + ATTACH.PEER_PORT] = u16(leg.peer, 4);
    words[at + ATTACH.LOCAL_SESSION] = leg.session;
    words[at + ATTACH.PEER_SESSION] = leg.session;
  }

  #command(kind: number, ...words: number[]): void {
    this.#reserve(kind, 0);
    this.#words(...words);
    this.#commit();
  }

  /** The free words of the reserved record, from the first. */
  #words(...words: number[]): void {
    for (const [i, word] of words.entries()) this.#commands.word(3 + i, word);
  }

  /** Writes prefixes as pairs of address and mask into a record's data; where they end. */
  #pairs(at: number, prefixes: readonly Ipv4Prefix[]): number {
    let word = at >> 2;
    for (const { address, length } of prefixes) {
      this.#commands.words[word++] = address & maskOf(length);
      this.#commands.words[word++] = maskOf(length);
    }
    return word << 2;
  }

  /** Room for a command; waits where the worker is behind. */
  #reserve(kind: number, length: number): number {
    const end = monotonic() + PATIENCE_MS;
    for (let at = this.#commands.reserve(kind, length); ; at = this.#commands.reserve(kind, length)) {
      if (at >= 0) return at;
      if (monotonic() > end) throw new Error('the data plane does not answer');
      this.#ring();
      this.#commands.waitForRoom(PATIENCE_MS);
    }
  }

  #commit(): void {
    this.#commands.commit();
    this.#ringLater();
  }

  /** One bell for all that this turn of the event loop has to say: a wake of the worker costs more than most of what it is told. */
  #ringLater(): void {
    if (this.#willRing) return;
    this.#willRing = true;
    queueMicrotask(() => {
      this.#willRing = false;
      if (!this.#closed) this.#ring();
    });
  }

  #ring(): void {
    if (this.#commands.takeSleep()) C.write(this.#bell, this.#one.at, 8);
  }

  /** Returns when the worker has obeyed every command given. */
  #settle(): void {
    this.#ring();
    if (!this.#commands.drained(PATIENCE_MS)) throw new Error('the data plane does not answer');
  }
}

function closeSockets({ fd, out, control }: Sockets): void {
  for (const one of [fd, out, control]) if (one >= 0) C.close(one);
}
