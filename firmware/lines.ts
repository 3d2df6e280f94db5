// L2TP calls, PPP interfaces and IP joined: which session carries which interface, and what each room is told of the others.
// Only appliance.ts makes it; the rooms themselves know nothing of each other.

import type { Ipv4, Ipv4Prefix } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import { messages, type Message } from './cli/messages.ts';
import type { Board } from './hal/board.ts';
import type { InterfaceId, Punt, SessionKey } from './hal/dataplane.ts';
import type { IpModule } from './ip/module.ts';
import type { Identity, L2tpLink, L2tpOwner } from './l2tp/link.ts';
import { L2tpServer } from './l2tp/server.ts';
import type { Log } from './log/log.ts';
import type { Attempt, Verdict } from './ppp/auth.ts';
import type { PppInterface } from './ppp/interface.ts';
import { PppInterfaces } from './ppp/interfaces.ts';
import type { PppLower, PppOwner, PppTraffic } from './ppp/owner.ts';
import { Remote } from './remote.ts';

export interface LinesParts {
  readonly board: Board;
  readonly log: Log;
  readonly identity: Identity;
  hostName(): string;
  /** The IP module. */
  ip(): IpModule;
  /** The sources that IP filter `id` permits. */
  filter(id: number): readonly Ipv4Prefix[] | undefined;
  /** Judges a PPP peer. */
  judge(attempt: Attempt): Verdict;
}

/** Nominal speed of a tunnel for SHOW PPP UTILISATION, bit/s. */
const TUNNEL_SPEED = 100_000_000;
/** Layers of PPP that the command reference knows and this build has not. */
const OTHER_LAYERS = /^(?:syn\d+|isdn-.+|acc-.+|miox\d+-.+|tdm-.+|eth\d+-.+)$/i;

/** The physical layer that a call is, and the call that such a layer names. */
const layerOf = (call: string): string => `TNL-${call}`;
const callOf = (over: string): string => over.replace(/^tnl-/i, '');

export class Lines {
  readonly l2tp: L2tpServer;
  readonly ppp: PppInterfaces;
  /** Callers by template. */
  readonly remote: Remote;
  readonly #parts: LinesParts;
  /** The interface on each L2TP session, the session under each interface, the name of each device. */
  readonly #bySession = new Map<SessionKey, PppInterface>();
  readonly #linkOf = new Map<string, L2tpLink>();
  readonly #nameOf = new Map<InterfaceId, string>();

  constructor(parts: LinesParts) {
    this.#parts = parts;
    const { clock, wall, random, crypto, plane } = parts.board;
    this.l2tp = new L2tpServer({ plane, clock, wall, random, crypto, log: parts.log }, this.#l2tpOwner(), parts.identity);
    this.ppp = new PppInterfaces(this.#pppOwner());
    this.remote = new Remote({
      plane, clock, log: parts.log, ip: parts.ip(),
      judge: (attempt) => parts.judge(attempt),
      join: (session, one) => this.#bySession.set(session, one),
      leave: (session) => this.#bySession.delete(session),
      traffic,
    });
    this.remote.use(this.ppp);
  }

  /** What the data plane hands up: control messages to L2TP, frames and first packets to their PPP interface. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.l2tp.punt(batch, now);
    for (const punt of batch) {
      if (punt.kind === 'ppp') this.#bySession.get(punt.session)?.frame(punt.data, now);
      else if (punt.kind === 'demand') this.ppp.demand(this.#nameOf.get(punt.interface) ?? '', punt.data, now);
    }
  }

  /** A packet into the interface makes it dial. */
  demands(name: string): boolean {
    const one = this.ppp.named(name);
    return one?.enabled === true && one.onDemand;
  }

  /** The tunnel under the interface leads to this address. */
  underlies(name: string, address: Ipv4): boolean {
    return this.#linkOf.get(name)?.peer === address;
  }

  /** Tells every peer and gives everything back. */
  close(now: Millis): void {
    this.l2tp.shutdown(now);
    this.l2tp.close();
    this.ppp.clear(now);
    this.remote.close();
  }

  /** Whoever read debugging output by `print` is gone. */
  forgetDebug(print: (text: string) => void): void {
    this.l2tp.tracer.forget(print);
    this.ppp.forgetDebug(print);
    this.remote.forgetDebug(print);
  }

  /** The operator may add an IP interface on this PPP interface; undefined = there is none of that name. */
  carriesIp(name: string): boolean | undefined {
    const one = this.ppp.named(name);
    return one === undefined ? undefined : one.template === undefined;
  }

  /** The interface over a call. */
  #user(call: string): PppInterface | undefined {
    return this.ppp.over(layerOf(call));
  }

  #l2tpOwner(): L2tpOwner {
    const { board, hostName } = this.#parts;
    return {
      lookup: (destination) => board.ip.lookup(destination),
      filter: (id) => this.#parts.filter(id),
      hostName: () => hostName(),
      callUser: (call) => {
        const user = this.#user(call);
        return user === undefined ? undefined : { name: user.name, enabled: user.enabled };
      },
      linkUp: (call, link, now) => this.#linkUp(call, link, now),
      linkDown: (call, reason, now) => this.#linkDown(call, reason, now),
      linkMtu: (call) => this.#user(call)?.resized(),
      linkAsk: (call) => this.#user(call)?.ask() ?? false,
      callMissed: (call, now) => {
        const user = this.#user(call);
        if (user?.enabled === true && user.link === undefined) user.activate(now);
      },
      templateCall: (call, now) => this.remote.call(call, now),
      resolve: (_name, done) => done({ refused: 'there is no name server' }, board.clock.now()),
      tunnels: (_name, done) => done({ refused: 'no RADIUS server is configured (ADD RADIUS SERVER)' }, board.clock.now()),
      outgoingCall: () => ({ refused: 'there are no call ports', cause: 6 }),
    };
  }

  #linkUp(call: string, link: L2tpLink, now: Millis): void {
    const user = this.#user(call);
    if (user === undefined) return link.hangUp(`no PPP interface uses call ${call}`, now);
    this.#bySession.set(link.session, user);
    this.#linkOf.set(user.name, link);
    link.update({ far: user.device });
    user.lowerUp(this.#lower(link), now);
  }

  #lower(link: L2tpLink): PppLower {
    const { clock, plane } = this.#parts.board;
    const { session } = link;
    return {
      get mtu() {
        return link.mtu;
      },
      send: (data) => plane.send([{ to: 'session', session, data }]),
      configure: (change) => link.update(change),
      negotiated: () => link.negotiated(clock.now()),
      hangUp: (reason) => link.hangUp(reason, clock.now()),
    };
  }

  #linkDown(call: string, reason: string, now: Millis): void {
    const user = this.#user(call);
    if (user === undefined) return;
    const link = this.#linkOf.get(user.name);
    if (link !== undefined) this.#bySession.delete(link.session);
    // The interface reads what the session carried before it is forgotten.
    user.lowerDown(reason, now);
    this.#linkOf.delete(user.name);
  }

  #pppOwner(): PppOwner {
    const { board, log, hostName, ip, judge } = this.#parts;
    const { clock, wall, random, crypto } = board;
    return {
      clock, wall, random, crypto, log, ...this.#devices(),
      systemName: () => hostName(),
      layerExists: (over) => this.#layerExists(over),
      bandwidth: () => TUNNEL_SPEED,
      layerSays: (over) => this.l2tp.waiting(callOf(over), clock.now()),
      wantLink: (_name, over, now) => this.l2tp.want(callOf(over), now),
      unwantLink: (_name, over, reason, now) => this.l2tp.unwant(callOf(over), reason, now),
      ipAttached: (name) => ip().attached(name),
      localAddress: (name) => ip().localAddress(name),
      mayTakeAddress: (name) => ip().mayAssign(name),
      ipUp: (name, { local, remote, assigned }, now) => {
        ip().linkUp(name, { local, peer: remote, assigned });
        const peer = this.#linkOf.get(name)?.peer;
        if (peer !== undefined && ip().leads(name, peer)) this.l2tp.linkRouted(now);
      },
      ipDown: (name) => ip().linkDown(name),
      ipv6Up: () => {},
      ipv6Down: () => {},
      authenticate: (_name, attempt, answer, now) => answer(judge(attempt), now),
      traffic: (name) => {
        const link = this.#linkOf.get(name);
        return link === undefined ? undefined : traffic(link);
      },
    };
  }

  #devices(): Pick<PppOwner, 'openDevice' | 'setDevice' | 'closeDevice'> {
    const { board, ip } = this.#parts;
    const { plane } = board;
    return {
      openDevice: (name, mtu, onDemand) => {
        const device = plane.open({ kind: 'tun', name, mtu, onDemand });
        if (typeof device === 'number') this.#nameOf.set(device, name);
        return device;
      },
      setDevice: (device, change) => {
        plane.set(device, change);
        // Routes over an interface that dials are there while it is down.
        const name = this.#nameOf.get(device);
        if (name !== undefined && change.onDemand !== undefined) ip().refresh(name);
      },
      closeDevice: (device) => {
        this.#nameOf.delete(device);
        plane.close(device);
      },
    };
  }

  #layerExists(over: string): true | Message {
    if (!/^tnl-/i.test(over)) {
      if (OTHER_LAYERS.test(over)) return messages.parser.notBuilt(`PPP over ${over}`);
      return messages.parser.badValue(over, 'OVER', '; permitted: TNL- and the name of an L2TP call, like TNL-remote');
    }
    return this.l2tp.callExists(callOf(over)) ? true : messages.l2tp.callNotFound(callOf(over));
  }
}

function traffic(link: L2tpLink): PppTraffic | undefined {
  const c = link.counters();
  if (c === undefined) return undefined;
  const inDiscards = c.inDiscarded + c.orderDiscarded;
  return { inPackets: c.inPackets, inOctets: c.inBytes, inDiscards, outPackets: c.outPackets, outOctets: c.outBytes, lastCarried: c.lastCarried };
}
