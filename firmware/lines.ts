// Calls of every kind, PPP interfaces and IP joined: which session carries which interface, and what each room is told of the others.
// Only appliance.ts makes it; the rooms themselves know nothing of each other.

import { formatIpv4, type Ipv4, type Ipv4Prefix } from './bytes/ip.ts';
import { printable } from './bytes/text.ts';
import type { Millis } from './bytes/time.ts';
import { DialCalls } from './call/dial.ts';
import type { CallLayers, CallOwner } from './call/link.ts';
import { Pppoe } from './call/pppoe.ts';
import { messages, type Message } from './cli/messages.ts';
import { Early } from './early.ts';
import type { Board } from './hal/board.ts';
import type { InterfaceId, Punt, SessionKey } from './hal/dataplane.ts';
import type { IpModule } from './ip/module.ts';
import type { Identity, L2tpLink, L2tpOwner, TemplateCall } from './l2tp/link.ts';
import { L2tpServer } from './l2tp/server.ts';
import type { Log } from './log/log.ts';
import type { Incoming, IncomingLink, Judged, Party } from './party.ts';
import type { Attempt } from './ppp/auth.ts';
import type { PppInterface } from './ppp/interface.ts';
import { PppInterfaces } from './ppp/interfaces.ts';
import type { PppLower, PppOwner, PppTraffic } from './ppp/owner.ts';
import { forward, outgoing } from './relay.ts';
import { Remote, type RemoteParts } from './remote.ts';

export interface LinesParts {
  readonly board: Board;
  readonly log: Log;
  readonly identity: Identity;
  hostName(): string;
  /** The IP module. */
  ip(): IpModule;
  /** The sources that IP filter `id` permits. */
  filter(id: number): readonly Ipv4Prefix[] | undefined;
  /** Judges a PPP peer by the databases that a template names: a caller, or who is at the other end of a static interface ('ppp1'). */
  judge(attempt: Attempt, by: Databases, who: Party | string, answer: Judged, now: Millis): void;
  resolve: L2tpOwner['resolve'];
  tunnels: L2tpOwner['tunnels'];
  /** A line for everyone who is logged in. */
  announce(message: Message): void;
  /** Name servers that callers are told. */
  callerDns(): readonly Ipv4[];
  /** Name servers that the peer of a PPP interface named; none once its link is down. */
  learned(name: string, servers: readonly Ipv4[]): void;
  /** A caller's IP is up. */
  began: RemoteParts['began'];
}

/** LOGIN of a PPP template. */
type Databases = 'ALL' | 'RADIUS' | 'TACACS' | 'USER';

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
  /** ISDN and ACC calls. */
  readonly dial: DialCalls;
  readonly pppoe: Pppoe;
  /** Callers by template. */
  readonly remote: Remote;
  readonly #parts: LinesParts;
  /** The interface on each L2TP session, the session under each interface, the name of each device. */
  readonly #bySession = new Map<SessionKey, PppInterface>();
  /** Frames that came before their session had an interface. */
  readonly #early = new Early();
  readonly #linkOf = new Map<string, IncomingLink & { readonly peer?: Ipv4 }>();
  /** What brings links that are not L2TP. */
  readonly #layers: readonly CallLayers[];
  readonly #nameOf = new Map<InterfaceId, string>();

  constructor(parts: LinesParts) {
    this.#parts = parts;
    const { clock, wall, random, crypto, plane } = parts.board;
    this.l2tp = new L2tpServer({ plane, clock, wall, random, crypto, log: parts.log }, this.#l2tpOwner(), parts.identity);
    this.ppp = new PppInterfaces(this.#pppOwner());
    this.remote = new Remote({
      plane, clock, log: parts.log, ip: parts.ip(),
      judge: (attempt, by, party, answer, now) => parts.judge(attempt, by, party, answer, now),
      passesOn: () => this.l2tp.enabled && (this.l2tp.server === 'LAC' || this.l2tp.server === 'BOTH') && this.l2tp.users.list().some(({ action }) => action !== 'IGNORE'),
      forward: (caller, now) => forward(this.l2tp, caller, now),
      dns: () => parts.callerDns(),
      began: (session, now) => parts.began(session, now),
      join: (session, one) => this.#join(session, one),
      leave: (session) => this.#bySession.delete(session),
      traffic,
    });
    this.remote.use(this.ppp);
    const { log } = parts;
    const owner = this.#callOwner();
    this.dial = new DialCalls({ ports: parts.board.calls, plane, clock, log, owner, announce: (message) => parts.announce(message) });
    this.pppoe = new Pppoe({ plane, clock, random, crypto, log, owner, carrier: (port) => carrierOf(parts.board, port), raise: (port) => parts.board.ip.setUp(port, true) });
    this.#layers = [this.dial, this.pppoe.layers];
  }

  #join(session: SessionKey, one: PppInterface): void {
    this.#bySession.set(session, one);
    const early = this.#early.take(session);
    const { clock } = this.#parts.board;
    // The link is not up yet.
    if (early.length > 0) clock.at(clock.now(), (now) => early.forEach((frame) => this.#bySession.get(session)?.frame(frame, now)));
  }

  #frame(session: SessionKey, data: Uint8Array, now: Millis): void {
    const one = this.#bySession.get(session);
    if (one === undefined) this.#early.keep(session, data);
    else one.frame(data, now);
  }

  /** What the data plane hands up: control messages to L2TP, frames and first packets to their PPP interface. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.l2tp.punt(batch, now);
    for (const punt of batch) {
      switch (punt.kind) {
        case 'ppp':
          this.#frame(punt.session, punt.data, now);
          break;
        case 'demand':
          this.ppp.demand(this.#nameOf.get(punt.interface) ?? '', punt.data, now);
          break;
        case 'line':
          this.dial.line(punt.session, punt.data);
          break;
        case 'discovery':
        case 'no session':
          this.pppoe.punt(punt, now);
          break;
      }
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
    this.dial.close(now);
    this.pppoe.close(now);
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
      linkDown: (call, reason, now) => this.#linkDown(this.#user(call), reason, now),
      linkMtu: (call) => this.#user(call)?.resized(),
      linkAsk: (call) => this.#user(call)?.ask() ?? false,
      callMissed: (call, now) => {
        const user = this.#user(call);
        if (user?.enabled === true && user.link === undefined) user.activate(now);
      },
      templateCall: (call, now) => this.remote.call(incoming(call), now),
      resolve: (name, done) => this.#parts.resolve(name, done),
      tunnels: (name, done) => this.#parts.tunnels(name, done),
      outgoingCall: (request, answer, now) => outgoing(this.dial, request, answer, now),
    };
  }

  #linkUp(call: string, link: L2tpLink, now: Millis): void {
    const user = this.#user(call);
    if (user === undefined) return link.hangUp(`no PPP interface uses call ${call}`, now);
    this.#carry(user, link, now);
  }

  /** A link of its layer is the interface's from now on. */
  #carry(user: PppInterface, link: IncomingLink & { readonly peer?: Ipv4 }, now: Millis): void {
    this.#join(link.session, user);
    this.#linkOf.set(user.name, link);
    link.update({ far: user.device });
    user.lowerUp(this.#lower(link), now);
  }

  #lower(link: IncomingLink): PppLower {
    const { clock, plane } = this.#parts.board;
    const { session } = link;
    return {
      get mtu() {
        return link.mtu;
      },
      get path() {
        return link.path;
      },
      send: (data) => plane.send([{ to: 'session', session, data }]),
      configure: (change) => link.update(change),
      negotiated: () => link.negotiated(clock.now()),
      hangUp: (reason) => link.hangUp(reason, clock.now()),
    };
  }

  #linkDown(user: PppInterface | undefined, reason: string, now: Millis): void {
    if (user === undefined) return;
    const link = this.#linkOf.get(user.name);
    if (link !== undefined) this.#bySession.delete(link.session);
    // The interface reads what the session carried before it is forgotten.
    user.lowerDown(reason, now);
    this.#linkOf.delete(user.name);
  }

  /** What calls that are not L2TP need of the router. */
  #callOwner(): CallOwner {
    const { board, hostName } = this.#parts;
    return {
      arrive: ({ kind, template, over, from, callingNumber, calledNumber, subAddress, speed, bearer, framing }, now) =>
        this.remote.call({ template, over, from, peer: undefined, serial: '', line: { kind, callingNumber, calledNumber, subAddress, speed, bearer, framing } }, now),
      layerUser: (over) => {
        const user = this.ppp.over(over);
        return user === undefined ? undefined : { name: user.name, enabled: user.enabled };
      },
      linkUp: (over, link, now) => {
        const user = this.ppp.over(over);
        if (user === undefined) return link.hangUp(`no PPP interface is over ${over}`, now);
        this.#carry(user, link, now);
      },
      linkDown: (over, reason, now) => this.#linkDown(this.ppp.over(over), reason, now),
      portExists: (name) => board.ip.links().some((link) => link.name === name && /^eth\d/.test(name)),
      hostName: () => hostName(),
    };
  }

  /** Of the rooms that bring links, the one with this layer. */
  #layer(over: string): CallLayers | undefined {
    return /^tnl-/i.test(over) ? undefined : this.#layers.find((one) => one.layerExists(over) !== undefined);
  }

  #pppOwner(): PppOwner {
    const { board, log, hostName, ip, judge } = this.#parts;
    const { clock, wall, random, crypto } = board;
    return {
      clock, wall, random, crypto, log, ...this.#devices(),
      systemName: () => hostName(),
      layerExists: (over) => this.#layerExists(over),
      bandwidth: (over) => this.#layer(over)?.bandwidth(over) ?? TUNNEL_SPEED,
      layerSays: (over) => {
        const layer = this.#layer(over);
        return layer === undefined ? this.l2tp.waiting(callOf(over), clock.now()) : layer.waiting(over, clock.now());
      },
      wantLink: (_name, over, now) => {
        const layer = this.#layer(over);
        if (layer === undefined) this.l2tp.want(callOf(over), now);
        else layer.want(over, now);
      },
      unwantLink: (_name, over, reason, now) => {
        const layer = this.#layer(over);
        if (layer === undefined) this.l2tp.unwant(callOf(over), reason, now);
        else layer.unwant(over, reason, now);
      },
      ipAttached: (name) => ip().attached(name),
      localAddress: (name) => ip().localAddress(name),
      mayTakeAddress: (name) => ip().mayAssign(name),
      ipUp: (name, { local, remote, dns, assigned }, now) => {
        this.#parts.learned(name, dns);
        ip().linkUp(name, { local, peer: remote, assigned });
        const peer = this.#linkOf.get(name)?.peer;
        if (peer !== undefined && ip().leads(name, peer)) this.l2tp.linkRouted(now);
      },
      ipDown: (name) => {
        this.#parts.learned(name, []);
        ip().linkDown(name);
      },
      ipv6Up: () => {},
      ipv6Down: () => {},
      authenticate: (name, attempt, answer, now) => judge(attempt, 'ALL', name, answer, now),
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
      for (const layers of this.#layers) {
        const exists = layers.layerExists(over);
        if (exists !== undefined) return exists;
      }
      if (OTHER_LAYERS.test(over)) return messages.parser.notBuilt(`PPP over ${over}`);
      return messages.parser.badValue(over, 'OVER', '; permitted: TNL- and the name of an L2TP call, like TNL-remote');
    }
    return this.l2tp.callExists(callOf(over)) ? true : messages.l2tp.callNotFound(callOf(over));
  }
}

/** A call of a tunnel that a template is to answer. */
const incoming = ({ entry, peer, callingNumber, calledNumber, serial }: TemplateCall): Incoming => ({
  template: entry.template,
  over: `TNL-${formatIpv4(peer)}`,
  from: callingNumber === '' ? formatIpv4(peer) : `${formatIpv4(peer)} (${printable(callingNumber)})`,
  peer,
  serial: String(serial),
  line: { kind: 'L2TP', callingNumber, calledNumber, subAddress: '', speed: TUNNEL_SPEED, bearer: 'none', framing: 'sync' },
});

function traffic(link: IncomingLink): PppTraffic | undefined {
  const c = link.counters();
  if (c === undefined) return undefined;
  const inDiscards = c.inDiscarded + c.orderDiscarded;
  return { inPackets: c.inPackets, inOctets: c.inBytes, inDiscards, outPackets: c.outPackets, outOctets: c.outBytes, lastCarried: c.lastCarried };
}

/** Whether a port has a carrier, or not even a device. */
function carrierOf(board: Board, port: string): boolean | 'gone' {
  const link = board.ip.links().find(({ name }) => name === port);
  return link?.present === true ? link.up : 'gone';
}
