// The tunnel for a call of ours: one that is there and may be shared, else a new one (RFC 2661 2.0; RFC 2868 3.6).

import type { Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { UnderlayId } from '../hal/dataplane.ts';
import type { Lookup } from '../hal/iphost.ts';
import type { AdmissionLimits } from './admission.ts';
import type { TunnelEntry, TunnelPurpose } from './entry.ts';
import type { CallReason } from './reason.ts';
import type { Tunnels } from './tunnels.ts';

/** Where a call is to go, and what its tunnel must be like. */
export interface Target extends TunnelPurpose {
  readonly peer: Ipv4;
  readonly password: string | undefined;
  readonly pre13: boolean;
  /** Which tunnels that the peer opened will do: every established one, or only one that beat ours in a tie. */
  readonly theirs: 'established' | 'tie';
}

export interface ReachHost {
  lookup(peer: Ipv4): Lookup | undefined;
  /** The interface `name` is carried by a tunnel to this very peer. */
  leadsIntoItself(name: string, peer: Ipv4): boolean;
  /** The port served; undefined while there is none. */
  underlay(): UnderlayId | undefined;
}

export class Reach {
  readonly #host: ReachHost;
  readonly #tunnels: Tunnels;
  readonly #limits: AdmissionLimits;

  constructor(host: ReachHost, tunnels: Tunnels, limits: AdmissionLimits) {
    this.#host = host;
    this.#tunnels = tunnels;
    this.#limits = limits;
  }

  /** A tunnel for one more call, or why there is none. The route is looked at also where there is a tunnel. */
  tunnel(target: Target, now: Millis): TunnelEntry | CallReason {
    const { peer } = target;
    if (this.#tunnels.full) return { kind: 'too many', what: 'calls' };
    const route = this.#host.lookup(peer);
    if (route === undefined) return { kind: 'no route', peer };
    if (this.#host.leadsIntoItself(route.name, peer)) return { kind: 'route through itself', peer, name: route.name };
    return this.shared(target) ?? this.#dial(target, route.source, now);
  }

  /** A tunnel that one more call may use; one that is up is preferred. */
  shared(target: Target): TunnelEntry | undefined {
    const usable = this.#tunnels.with(target.peer).filter((entry) => !entry.suspect && entry.calls.size < this.#limits.sessionsPerTunnel && fits(entry, target));
    return usable.find((entry) => entry.tunnel.state === 'established') ?? usable[0];
  }

  #dial(target: Target, local: Ipv4, now: Millis): TunnelEntry | CallReason {
    const { peer, port, password, pre13, hostName, assignment, longestTimeout, forwards } = target;
    const underlay = this.#host.underlay();
    if (underlay === undefined) return { kind: 'module disabled' };
    return this.#tunnels.dial({ underlay, local, peer, port }, { password, pre13, purpose: { port, hostName, assignment, longestTimeout, forwards } }, now);
  }
}

function fits({ ours, purpose, tunnel, wonTie, password, pre13 }: TunnelEntry, target: Target): boolean {
  if (!ours || purpose === undefined) return wonTie || (target.theirs === 'established' && tunnel.state === 'established');
  return (
    purpose.port === target.port && purpose.hostName === target.hostName && purpose.assignment === target.assignment &&
    password === target.password && pre13 === target.pre13 && tunnel.state !== 'idle'
  );
}
