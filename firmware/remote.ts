// Callers: a call that a PPP template answers becomes a dynamic PPP interface with an address of its own (AlliedWare remote access), or,
// where ADD L2TP USER says so, goes on to an LNS. Joins the calls of all kinds, PPP, users, pools and routes; the interfaces of one template
// share a device of the data plane.

import { formatIpv4, inPrefix, type Ipv4, type Ipv4Prefix } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import type { Clock } from './hal/clock.ts';
import type { DataPlane, InterfaceId, Refusal, SessionKey } from './hal/dataplane.ts';
import type { IpModule } from './ip/module.ts';
import type { Caller as Forwarded, Relayed } from './relay.ts';
import type { Log } from './log/log.ts';
import type { Grant, Incoming, IncomingLink, IncomingUser, Judged, Party, Session } from './party.ts';
import type { Attempt, Verdict } from './ppp/auth.ts';
import type { PppInterface } from './ppp/interface.ts';
import type { PppInterfaces } from './ppp/interfaces.ts';
import type { PppParameters } from './ppp/parameters.ts';
import type { PppOwner, PppTraffic } from './ppp/owner.ts';
import { interfaceParameters, PppTemplates, type Template, type TemplateParameters } from './ppp/templates.ts';
import type { TemplateOwner, TemplateWatch } from './ppp/template.commands.ts';
import type { DebugKind } from './ppp/trace.ts';

export interface RemoteParts {
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly log: Log;
  readonly ip: IpModule;
  /** Judges a caller by the databases that LOGIN of his template names. */
  judge(attempt: Attempt, by: TemplateParameters['login'], party: Party, answer: Judged, now: Millis): void;
  /** Callers may be passed on to LNSs: their frames have to fit a tunnel. */
  passesOn(): boolean;
  /** Takes a caller on to an LNS; undefined where he is to stay here. */
  forward(caller: Forwarded, now: Millis): Relayed | undefined;
  /** Name servers that callers are told. */
  dns(): readonly Ipv4[];
  /** The IP of a caller is up; the function is called once when it is down. */
  began(session: Session, now: Millis): (reason: string, now: Millis) => void;
  /** Frames of a session go to this interface, until `leave`. */
  join(session: SessionKey, one: PppInterface): void;
  leave(session: SessionKey): void;
  traffic(link: IncomingLink): PppTraffic | undefined;
}

/** One caller from the acceptance of the call to the end of its interface. */
interface Caller {
  readonly one: PppInterface;
  readonly template: Template;
  /** The template as it was when the call came. */
  readonly parameters: TemplateParameters;
  readonly device: InterfaceId;
  readonly call: Incoming;
  readonly party: Party;
  link: IncomingLink | undefined;
  /** On its way to an LNS, or there. */
  relayed: Relayed | undefined;
  grant: Grant | undefined;
  /** Ends the accounting of the IP that is up. */
  ended: ((reason: string, now: Millis) => void) | undefined;
  /** The name that was proved; empty where none had to be. */
  user: string;
  wasUp: boolean;
  /** Why the network phase could not begin. */
  refusal: string;
}

/** What L2TP over IPv4 leaves of 1500. */
const TUNNEL_MTU = 1460;
/** The MTU of a shared device, where the template asks for no less: each session on it says itself what fits its path. */
const DEVICE_MTU = 1500;
const HOST_LENGTH = 32;

export class Remote implements TemplateOwner {
  readonly templates: PppTemplates;
  readonly #parts: RemoteParts;
  /** By interface name. */
  readonly #callers = new Map<string, Caller>();
  readonly #made = new WeakMap<TemplateParameters, PppParameters>();
  /** The shared device of each template that has had a caller. */
  readonly #devices = new Map<number, InterfaceId>();
  /** Who watches the callers of a template, by where he reads. */
  readonly #watches = new Map<number, Map<TemplateWatch['print'], TemplateWatch>>();
  #ppp: PppInterfaces | undefined;
  #owner: PppOwner | undefined;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.templates = new PppTemplates({ users: (template) => this.users(template), destroyed: (template) => this.#closeDevice(template) });
  }

  /** The PPP interfaces of the router, whose owner answers for callers too where they are like other interfaces. */
  use(ppp: PppInterfaces): void {
    this.#ppp = ppp;
    this.#owner = this.#callerOwner(ppp.owner);
  }

  /** The interfaces that were made from a template. */
  users(template: number): readonly string[] {
    return (this.#ppp?.dynamics(template) ?? []).map(({ name }) => name);
  }

  former(template: number): readonly string[] {
    const present = this.templates.get(template)?.parameters;
    return [...this.#callers.values()].filter((caller) => caller.template.number === template && caller.parameters !== present).map(({ one }) => one.name);
  }

  /** A call comes in: why it cannot be taken, or who takes it. */
  call(call: Incoming, now: Millis): Refusal | IncomingUser {
    const template = this.templates.get(call.template);
    if (template === undefined) return { refused: `PPP template ${call.template} does not exist (CREATE PPP TEMPLATE=${call.template})` };
    const answer = this.#answer(template, call, now);
    if ('refused' in answer) this.#refused(template, answer.refused);
    return answer;
  }

  /** Everything ends: the router restarts or stops. Callers have to be gone. */
  close(): void {
    for (const template of this.#devices.keys()) this.#closeDevice(template);
  }

  watch(template: number, watch: TemplateWatch): void {
    const list = this.#watches.get(template) ?? new Map<TemplateWatch['print'], TemplateWatch>();
    list.set(watch.print, watch);
    this.#watches.set(template, list);
    for (const one of this.#ppp?.dynamics(template) ?? []) show(one, watch);
  }

  unwatch(template: number, kinds: readonly DebugKind[]): void {
    for (const one of this.#ppp?.dynamics(template) ?? []) one.trace.disable(kinds);
    const list = this.#watches.get(template) ?? new Map<TemplateWatch['print'], TemplateWatch>();
    for (const [print, watch] of list) {
      const left = watch.kinds.filter((kind) => !kinds.includes(kind));
      if (left.length === 0) list.delete(print);
      else list.set(print, { ...watch, kinds: left });
    }
  }

  /** Whoever read by `print` is gone. */
  forgetDebug(print: TemplateWatch['print']): void {
    for (const list of this.#watches.values()) list.delete(print);
  }

  // -- private --

  #answer(template: Template, call: Incoming, now: Millis): Refusal | IncomingUser {
    const { ip } = this.#parts;
    if (!ip.status.enabled) return { refused: 'the IP module is not enabled (ENABLE IP)' };
    const ppp = this.#ppp;
    const owner = this.#owner;
    if (ppp === undefined || owner === undefined) return { refused: 'PPP is not ready' };
    const device = this.#device(template);
    if (typeof device === 'object') return device;
    const { parameters, number } = template;
    const one = ppp.addDynamic(owner, { template: number, over: call.over, device }, this.#parametersOf(parameters), now);
    const caller: Caller = { one, template, parameters, device, call, party: { call, number: one.number }, link: undefined, relayed: undefined, grant: undefined, ended: undefined, user: '', wasUp: false, refusal: '' };
    this.#callers.set(one.name, caller);
    for (const watch of this.#watches.get(number)?.values() ?? []) if (now < watch.until) show(one, watch);
    const isHere = (): boolean => this.#callers.get(one.name) === caller;
    return {
      get name() {
        return caller.relayed === undefined || isHere() ? one.name : 'L2TP';
      },
      userName: () => (caller.user === '' ? undefined : caller.user),
      linkUp: (link, at) => this.#linkUp(caller, link, at),
      linkMtu: () => caller.one.resized(),
      linkAsk: () => caller.one.ask(),
      linkDown: (reason, at) => this.#linkDown(caller, reason, at),
    };
  }

  /** One object for all callers of a template: there may be thousands. */
  #parametersOf(template: TemplateParameters): PppParameters {
    const made = this.#made.get(template) ?? interfaceParameters(template);
    this.#made.set(template, made);
    return made;
  }

  #device({ number, parameters }: Template): InterfaceId | Refusal {
    const known = this.#devices.get(number);
    if (known !== undefined) return known;
    const made = this.#parts.plane.open({ kind: 'shared-tun', name: nameOf(number), mtu: Math.min(DEVICE_MTU, parameters.mtu), onDemand: false });
    if (typeof made === 'number') this.#devices.set(number, made);
    return made;
  }

  #closeDevice(template: number): void {
    const device = this.#devices.get(template);
    this.#devices.delete(template);
    if (device !== undefined) this.#parts.plane.close(device);
  }

  #linkUp(caller: Caller, link: IncomingLink, now: Millis): void {
    const { plane, clock, passesOn } = this.#parts;
    const { session } = link;
    caller.link = link;
    // What LCP agrees here an LNS can only take over where it fits its tunnel.
    const most = Math.min(caller.parameters.mtu, caller.call.line.kind !== 'L2TP' && passesOn() ? TUNNEL_MTU : Number.POSITIVE_INFINITY);
    this.#parts.join(session, caller.one);
    caller.one.lowerUp(
      {
        get mtu() {
          return Math.min(link.mtu, most);
        },
        get path() {
          return link.path;
        },
        send: (data) => plane.send([{ to: 'session', session, data }]),
        configure: (change) => link.update(change),
        negotiated: () => link.negotiated(clock.now()),
        hangUp: (reason) => {
          link.hangUp(reason, clock.now());
          this.#end(caller, reason, clock.now());
        },
        ...(caller.call.line.framing === 'async' && link.sendMap !== undefined ? { asyncMap: 0, accm: (send) => link.sendMap?.(send) } : {}),
        ...(link.proxy === undefined ? {} : { proxy: link.proxy }),
      },
      now,
    );
  }

  #linkDown(caller: Caller, reason: string, now: Millis): void {
    // A line whose caller went on to an LNS has no interface any more.
    caller.relayed?.lineDown(reason, now);
    this.#end(caller, reason, now);
  }

  /** Tries to pass a caller on. True where he is on his way: `answer` comes then only if no LNS takes him. */
  #forward(caller: Caller, attempt: Attempt | undefined, answer: (verdict: Verdict, now: Millis) => void, now: Millis): boolean {
    const { call, one, link } = caller;
    // A LAC extends lines; what comes by L2TP has been extended already.
    if (call.line.kind === 'L2TP' || link === undefined) return false;
    // A caller who begins LCP anew is another one to the LNS: what was on its way with the old proof ends.
    caller.relayed?.lineDown('the caller began anew', now);
    const { callingNumber, calledNumber, subAddress, speed, bearer, framing } = call.line;
    caller.relayed = this.#parts.forward(
      {
        leg: link, attempt, lcp: one.history(),
        line: { callingNumber, calledNumber, subAddress, txSpeed: speed, rxSpeed: speed, bearer, framing },
        taken: (at) => this.#handOver(caller, at),
        refused: (reason, at) => {
          caller.relayed = undefined;
          answer({ accepted: false, reason }, at);
        },
      },
      now,
    );
    return caller.relayed !== undefined;
  }

  /** The LNS speaks with the caller from now on: the interface goes without a word. */
  #handOver(caller: Caller, now: Millis): void {
    const { one, link } = caller;
    this.#callers.delete(one.name);
    if (link !== undefined) this.#parts.leave(link.session);
    one.handOver(now);
    this.#ppp?.removeDynamic(one, 'Forwarded to an LNS.', now);
  }

  /** The one end of every caller: its address, route, session and interface go at once. */
  #end(caller: Caller, reason: string, now: Millis): void {
    const { one, link } = caller;
    if (this.#callers.get(one.name) !== caller) return;
    this.#callers.delete(one.name);
    caller.relayed?.lineDown(reason, now);
    const { ip } = this.#parts;
    this.#down(one.name, caller);
    caller.ended?.(reason, now);
    if (link !== undefined) {
      // The plane forgets the address before anybody else can have it.
      link.update({ ipv4: false, ipv6: false, routes: [], sources: [] });
      this.#parts.leave(link.session);
    }
    one.lowerDown(reason, now);
    this.#ppp?.removeDynamic(one, reason, now);
    ip.pools.release(one.name);
    if (!caller.wasUp) this.#refused(caller.template, caller.refusal === '' ? one.lastReason : caller.refusal);
  }

  #refused(template: Template, why: string): void {
    // SET PPP TEMPLATE may have put another one in its place meanwhile.
    const present = this.templates.get(template.number);
    if (present === undefined || why === '') return;
    present.refused++;
    present.lastRefusal = why;
  }

  #callerOwner(router: PppOwner): PppOwner {
    const { ip, judge } = this.#parts;
    return {
      ...router,
      wantLink: () => {},
      unwantLink: () => {},
      setDevice: () => {},
      closeDevice: () => {},
      ipAttached: () => false,
      localAddress: () => ip.localAddress(''),
      mayTakeAddress: () => false,
      assign: (name, peer, address) => this.#assign(name, peer, address),
      authenticate: (name, attempt, answer, now) => {
        const caller = this.#callers.get(name);
        if (caller === undefined || this.#forward(caller, attempt, answer, now)) return;
        judge(attempt, caller.parameters.login, caller.party, (verdict, at, grant) => {
          caller.grant = grant;
          answer(verdict, at);
        }, now);
      },
      mayEnter: (name, answer, now) => {
        const caller = this.#callers.get(name);
        if (caller === undefined || this.#forward(caller, undefined, answer, now)) return;
        answer({ accepted: true }, now);
      },
      ipUp: (name, { local, remote, mtu }) => this.#up(name, local, remote, mtu),
      ipDown: (name) => this.#down(name, this.#callers.get(name)),
      resized: (name, mtu) => this.#callers.get(name)?.link?.update({ mtu }),
      traffic: (name) => {
        const link = this.#callers.get(name)?.link;
        return link === undefined ? undefined : this.#parts.traffic(link);
      },
    };
  }

  /** The address of a caller: the one that belongs to its user, else one of the template's pool. */
  #assign(name: string, user: string, address: Ipv4 | undefined): { readonly address: Ipv4; readonly dns: readonly Ipv4[] } | Refusal {
    const caller = this.#callers.get(name);
    if (caller === undefined) return { refused: 'The call is over.' };
    caller.user = user;
    const given = this.#addressFor(caller, address);
    if (typeof given === 'number') return { address: given, dns: caller.grant === undefined || caller.grant.dns.length === 0 ? this.#parts.dns() : caller.grant.dns };
    caller.refusal = `${user === '' ? 'A caller' : `User ${user}`} refused: ${given.refused}`;
    this.#parts.log.add({ module: 'PPP', severity: 4, type: 'VINT', subtype: 'FAIL', source: name, text: `${name}: ${caller.refusal}` });
    return given;
  }

  #addressFor({ one, parameters, user, call, grant }: Caller, address: Ipv4 | undefined): Ipv4 | Refusal {
    const { pools } = this.#parts.ip;
    if (address !== undefined) {
      if (address === call.peer) return { refused: `Address ${formatIpv4(address)} is that of the tunnel's peer.` };
      this.#supersede(one.name, user, address);
      return pools.claim(address, one.name);
    }
    if (grant?.pool !== undefined) return pools.take(grant.pool, one.name);
    if (parameters.ippool !== 'NONE') return pools.take(parameters.ippool.value, one.name);
    return { refused: `There is no address: the user has no IPADDRESS and PPP template ${one.template} no IPPOOL.` };
  }

  /** A user whose own address is still held by a former call of the same user: that call is as good as dead. */
  #supersede(name: string, user: string, address: Ipv4): void {
    const holder = this.#parts.ip.pools.holderOf(address);
    const former = holder === undefined || holder === name ? undefined : this.#callers.get(holder);
    if (former === undefined || user === '' || former.user.toLowerCase() !== user.toLowerCase()) return;
    const now = this.#parts.clock.now();
    const reason = `User ${user} called again.`;
    const { link } = former;
    this.#end(former, reason, now);
    link?.hangUp(reason, now);
  }

  #up(name: string, local: Ipv4, remote: Ipv4, mtu: number): void {
    const caller = this.#callers.get(name);
    if (caller === undefined || caller.link === undefined) return;
    caller.wasUp = true;
    const networks = this.#networks(caller);
    const own: Ipv4Prefix[] = [{ address: remote, length: HOST_LENGTH }, ...networks];
    caller.link.update({ far: caller.device, routes: own, sources: own, mtu, address: local });
    this.#parts.ip.dynamicUp(name, { device: nameOf(caller.template.number), local, peer: remote, networks, mtu });
    const { one, party, user, grant } = caller;
    const { clock } = this.#parts;
    // LCP negotiated anew is the same session.
    caller.ended ??= this.#parts.began(
      {
        interface: name, party, user, address: remote, grant,
        traffic: () => (caller.link === undefined ? undefined : this.#parts.traffic(caller.link)),
        limit: (limits, now) => one.limit(limits, now),
        hangUp: (reason, now) => one.reset(now, reason),
      },
      clock.now(),
    );
    const who = caller.user === '' ? '' : `, user ${caller.user}`;
    this.#log(name, 'UP', `${name}: IP is up to ${formatIpv4(remote)}${who}, from ${caller.call.from} by PPP template ${caller.template.number}`);
  }

  /** Networks behind a caller; none may hold the peer of his own tunnel: its packets would go round in the tunnel for ever. */
  #networks({ one, user, call, grant }: Caller): readonly Ipv4Prefix[] {
    const { peer } = call;
    return (grant?.networks ?? []).filter((network) => {
      if (peer === undefined || !inPrefix(peer, network)) return true;
      const text = `${one.name}: network ${formatIpv4(network.address)}/${network.length} is not routed to user ${user}: it holds ${formatIpv4(peer)}, the peer of his own tunnel`;
      this.#parts.log.add({ module: 'IP', severity: 4, type: 'VINT', subtype: 'FAIL', source: one.name, text });
      return false;
    });
  }

  #down(name: string, caller: Caller | undefined): void {
    const gone = this.#parts.ip.dynamicDown(name);
    if (gone !== undefined) this.#log(name, 'DOWN', `${name}: IP is down, ${formatIpv4(gone.peer)} is not reached any more`);
    caller?.link?.update({ routes: [], sources: [] });
  }

  #log(name: string, subtype: string, text: string): void {
    this.#parts.log.add({ module: 'IP', severity: 6, type: 'VINT', subtype, source: name, text });
  }
}

/** The device that the interfaces of a template share. */
const nameOf = (template: number): string => `dyn${template}`;

const show = (one: PppInterface, watch: TemplateWatch): void =>
  one.trace.enable(watch.print, watch.kinds, { until: watch.until, packets: watch.packets });
