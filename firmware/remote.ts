// Callers: a call that a PPP template answers becomes a dynamic PPP interface with an address of its own (AlliedWare remote access).
// Joins L2TP, PPP, users, pools and routes; the interfaces of one template share a device of the data plane. What a LAC passes on of LCP and
// authentication (RFC 2661 4.4.5) is shown and not relied on: LCP and authentication begin anew with the caller himself.

import { formatIpv4, type Ipv4, type Ipv4Prefix } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import type { Clock } from './hal/clock.ts';
import type { DataPlane, InterfaceId, Refusal, SessionKey } from './hal/dataplane.ts';
import type { IpModule } from './ip/module.ts';
import type { L2tpLink, TemplateCall, TemplateUser } from './l2tp/link.ts';
import type { Log } from './log/log.ts';
import type { Attempt, Verdict } from './ppp/auth.ts';
import type { PppInterface } from './ppp/interface.ts';
import type { PppInterfaces } from './ppp/interfaces.ts';
import type { PppOwner, PppTraffic } from './ppp/owner.ts';
import { interfaceParameters, PppTemplates, type Template, type TemplateParameters } from './ppp/templates.ts';
import type { TemplateOwner, TemplateWatch } from './ppp/template.commands.ts';
import type { DebugKind } from './ppp/trace.ts';

export interface RemoteParts {
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly log: Log;
  readonly ip: IpModule;
  /** Judges a caller by the user database. */
  judge(attempt: Attempt): Verdict;
  /** Frames of a session go to this interface, until `leave`. */
  join(session: SessionKey, one: PppInterface): void;
  leave(session: SessionKey): void;
  traffic(link: L2tpLink): PppTraffic | undefined;
}

/** One caller from the acceptance of the call to the end of its interface. */
interface Caller {
  readonly one: PppInterface;
  readonly template: Template;
  /** The template as it was when the call came. */
  readonly parameters: TemplateParameters;
  readonly device: InterfaceId;
  readonly peer: Ipv4;
  link: L2tpLink | undefined;
  /** The name that was proved; empty where none had to be. */
  user: string;
  wasUp: boolean;
  /** Why the network phase could not begin. */
  refusal: string;
}

/** The MTU of a shared device: what L2TP over IPv4 leaves of 1500. */
const FIRST_MTU = 1460;
const HOST_LENGTH = 32;

export class Remote implements TemplateOwner {
  readonly templates: PppTemplates;
  readonly #parts: RemoteParts;
  /** By interface name. */
  readonly #callers = new Map<string, Caller>();
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

  /** A call for a template: why it cannot be taken, or the interface that takes it. */
  call(call: TemplateCall, now: Millis): Refusal | TemplateUser {
    const { template: number } = call.entry;
    const template = this.templates.get(number);
    if (template === undefined) return { refused: `PPP template ${number} does not exist (CREATE PPP TEMPLATE=${number})` };
    const answer = this.#answer(template, call.peer, now);
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

  #answer(template: Template, peer: Ipv4, now: Millis): Refusal | TemplateUser {
    const { ip } = this.#parts;
    if (!ip.status.enabled) return { refused: 'the IP module is not enabled (ENABLE IP)' };
    const ppp = this.#ppp;
    const owner = this.#owner;
    if (ppp === undefined || owner === undefined) return { refused: 'PPP is not ready' };
    const device = this.#device(template);
    if (typeof device === 'object') return device;
    const { parameters, number } = template;
    const one = ppp.addDynamic(owner, { template: number, over: `TNL-${formatIpv4(peer)}`, device }, interfaceParameters(parameters), now);
    const caller: Caller = { one, template, parameters, device, peer, link: undefined, user: '', wasUp: false, refusal: '' };
    this.#callers.set(one.name, caller);
    for (const watch of this.#watches.get(number)?.values() ?? []) if (now < watch.until) show(one, watch);
    return {
      name: one.name,
      userName: () => (caller.user === '' ? undefined : caller.user),
      linkUp: (link, at) => this.#linkUp(caller, link, at),
      linkMtu: () => caller.one.resized(),
      linkAsk: () => caller.one.ask(),
      linkDown: (reason, at) => this.#end(caller, reason, at),
    };
  }

  #device({ number, parameters }: Template): InterfaceId | Refusal {
    const known = this.#devices.get(number);
    if (known !== undefined) return known;
    const made = this.#parts.plane.open({ kind: 'shared-tun', name: nameOf(number), mtu: Math.min(FIRST_MTU, parameters.mtu), onDemand: false });
    if (typeof made === 'number') this.#devices.set(number, made);
    return made;
  }

  #closeDevice(template: number): void {
    const device = this.#devices.get(template);
    this.#devices.delete(template);
    if (device !== undefined) this.#parts.plane.close(device);
  }

  #linkUp(caller: Caller, link: L2tpLink, now: Millis): void {
    const { plane, clock } = this.#parts;
    const { session } = link;
    caller.link = link;
    this.#parts.join(session, caller.one);
    caller.one.lowerUp(
      {
        get mtu() {
          return Math.min(link.mtu, caller.parameters.mtu);
        },
        send: (data) => plane.send([{ to: 'session', session, data }]),
        configure: (change) => link.update(change),
        negotiated: () => link.negotiated(clock.now()),
        hangUp: (reason) => {
          link.hangUp(reason, clock.now());
          this.#end(caller, reason, clock.now());
        },
      },
      now,
    );
  }

  /** The one end of every caller: its address, route, session and interface go at once. */
  #end(caller: Caller, reason: string, now: Millis): void {
    const { one, link } = caller;
    if (this.#callers.get(one.name) !== caller) return;
    this.#callers.delete(one.name);
    const { ip } = this.#parts;
    this.#down(one.name);
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
        const login = this.#callers.get(name)?.parameters.login;
        if (login !== 'RADIUS' && login !== 'TACACS') return answer(judge(attempt), now);
        answer({ accepted: false, reason: `LOGIN=${login} of its template is not available in this build.` }, now);
      },
      ipUp: (name, { local, remote, mtu }) => this.#up(name, local, remote, mtu),
      ipDown: (name) => this.#down(name),
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
    if (typeof given === 'number') return { address: given, dns: [] };
    caller.refusal = `${user === '' ? 'A caller' : `User ${user}`} refused: ${given.refused}`;
    this.#parts.log.add({ module: 'PPP', severity: 4, type: 'VINT', subtype: 'FAIL', source: name, text: `${name}: ${caller.refusal}` });
    return given;
  }

  #addressFor({ one, parameters, user, peer }: Caller, address: Ipv4 | undefined): Ipv4 | Refusal {
    const { pools } = this.#parts.ip;
    if (address !== undefined) {
      if (address === peer) return { refused: `Address ${formatIpv4(address)} is that of the tunnel's peer.` };
      this.#supersede(one.name, user, address);
      return pools.claim(address, one.name);
    }
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
    const own: Ipv4Prefix[] = [{ address: remote, length: HOST_LENGTH }];
    caller.link.update({ far: caller.device, routes: own, sources: own });
    this.#parts.ip.dynamicUp(name, { device: nameOf(caller.template.number), local, peer: remote, mtu });
    const who = caller.user === '' ? '' : `, user ${caller.user}`;
    this.#log(name, 'UP', `${name}: IP is up to ${formatIpv4(remote)}${who}, from ${formatIpv4(caller.peer)} by PPP template ${caller.template.number}`);
  }

  #down(name: string): void {
    const gone = this.#parts.ip.dynamicDown(name);
    if (gone !== undefined) this.#log(name, 'DOWN', `${name}: IP is down, ${formatIpv4(gone.peer)} is not reached any more`);
    this.#callers.get(name)?.link?.update({ routes: [], sources: [] });
  }

  #log(name: string, subtype: string, text: string): void {
    this.#parts.log.add({ module: 'IP', severity: 6, type: 'VINT', subtype, source: name, text });
  }
}

/** The device that the interfaces of a template share. */
const nameOf = (template: number): string => `dyn${template}`;

const show = (one: PppInterface, watch: TemplateWatch): void =>
  one.trace.enable(watch.print, watch.kinds, { until: watch.until, packets: watch.packets });
