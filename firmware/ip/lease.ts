// DHCP on the router's own ports (AlliedWare ADD IP INTERFACE IPADDRESS=DHCP; RFC 2131 client, run by the board): who asks, and what was given.

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { DhcpAsking, DhcpClients, DhcpLease } from '../hal/dhcp.ts';
import type { Log } from '../log/log.ts';
import { isHostAddress } from './interfaces.ts';

export interface LeaseParts {
  /** Absent on a board without DHCP clients. */
  readonly clients: DhcpClients | undefined;
  readonly log: Log;
  /** What the router calls itself; '' = it does not say. */
  hostName(): string;
  /** Which other interface has an address already; undefined = none. */
  holder(address: Ipv4, name: string): string | undefined;
  /** An interface has another lease than before, or (undefined) none any more. */
  changed(name: string, lease: DhcpLease | undefined, now: Millis): void;
}

interface Asking {
  readonly asking: DhcpAsking;
  lease: DhcpLease | undefined;
  /** When the lease was given or last renewed. */
  since: Millis;
  trouble: string;
  /** As of the last `follow`. */
  up: boolean;
}

/** A lease and when it was given or last renewed. */
export interface Leased {
  readonly lease: DhcpLease;
  readonly since: Millis;
}

export class Leases {
  readonly #parts: LeaseParts;
  readonly #asking = new Map<string, Asking>();
  readonly #refused = new Map<string, string>();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** Why no port can have its address by DHCP; undefined where it can. */
  get missing(): string | undefined {
    const { clients } = this.#parts;
    return clients === undefined ? 'it has no DHCP client' : clients.missing;
  }

  /** Makes exactly these ports ask; `up` = the port has its carrier. One whose carrier is back asks whether its lease still holds. */
  follow(wanted: ReadonlyMap<string, boolean>, now: Millis): void {
    for (const name of [...this.#asking.keys(), ...this.#refused.keys()]) if (!wanted.has(name)) this.#stop(name, now);
    for (const [name, up] of wanted) {
      const found = this.#asking.get(name);
      if (found === undefined) this.#start(name, up);
      else {
        const back = up && !found.up;
        found.up = up;
        if (back) found.asking.renew();
      }
    }
  }

  get(name: string): Leased | undefined {
    const found = this.#asking.get(name);
    return found?.lease === undefined ? undefined : { lease: found.lease, since: found.since };
  }

  /** Why a port that asks has no address; undefined where it has one. */
  trouble(name: string): string | undefined {
    const refused = this.#refused.get(name);
    if (refused !== undefined) return refused;
    const found = this.#asking.get(name);
    return found === undefined || found.lease !== undefined ? undefined : found.trouble;
  }

  /** Why the client of a port cannot run at all. */
  refusal(name: string): string | undefined {
    return this.#refused.get(name);
  }

  #start(name: string, up: boolean): void {
    const { clients, log } = this.#parts;
    const report = (severity: 4 | 6, subtype: string, text: string): void => log.add({ module: 'IP', severity, type: 'DHCP', subtype, source: `${name} DHCP`, text: `${name}: ${text}` });
    const one: { current: Asking | undefined } = { current: undefined };
    const told = (act: (asking: Asking) => void): void => {
      // What comes after the end, or of a client before this one, says nothing.
      if (one.current !== undefined && this.#asking.get(name) === one.current) act(one.current);
    };
    const started = clients?.ask(name, this.#parts.hostName(), {
      bound: (lease, now) =>
        told((asking) => {
          if (!isHostAddress(lease.address, lease.length)) {
            report(4, 'BAD', `the DHCP server ${formatIpv4(lease.server)} gives ${formatIpv4(lease.address)}/${lease.length}, which is no address of a host; not taken`);
            return;
          }
          const holder = this.#parts.holder(lease.address, name);
          if (holder !== undefined) {
            report(4, 'BAD', `the DHCP server ${formatIpv4(lease.server)} gives ${formatIpv4(lease.address)}, which is the address of ${holder}; not taken`);
            return;
          }
          const before = asking.lease;
          asking.lease = lease;
          asking.since = now;
          if (before !== undefined && same(before, lease)) return;
          report(6, 'BOUND', `address ${formatIpv4(lease.address)}/${lease.length} given by DHCP server ${formatIpv4(lease.server)}`);
          this.#parts.changed(name, lease, now);
        }),
      unbound: (now) =>
        told((asking) => {
          const { lease } = asking;
          asking.trouble = NO_LEASE;
          if (lease === undefined) return;
          asking.lease = undefined;
          report(4, 'LOST', `the DHCP server took the address ${formatIpv4(lease.address)} back, or did not renew it in time; asking for another`);
          this.#parts.changed(name, undefined, now);
        }),
      unanswered: () =>
        told((asking) => {
          if (asking.trouble !== SILENT && asking.lease === undefined) report(4, 'NONE', `${SILENT}; asking again`);
          asking.trouble = SILENT;
        }),
      failed: (why) =>
        told((asking) => {
          if (asking.trouble !== why) report(4, 'FAIL', `the DHCP client does not run: ${why}; started again`);
          asking.trouble = why;
        }),
    }) ?? { refused: this.missing ?? '' };
    if ('refused' in started) {
      if (this.#refused.get(name) !== started.refused) report(4, 'FAIL', `no address by DHCP: ${started.refused}`);
      this.#refused.set(name, started.refused);
      return;
    }
    this.#refused.delete(name);
    one.current = { asking: started, lease: undefined, since: 0, trouble: NO_LEASE, up };
    this.#asking.set(name, one.current);
  }

  #stop(name: string, now: Millis): void {
    const found = this.#asking.get(name);
    this.#asking.delete(name);
    this.#refused.delete(name);
    found?.asking.stop();
    if (found?.lease !== undefined) this.#parts.changed(name, undefined, now);
  }
}

const NO_LEASE = 'no DHCP server has given it an address yet';
const SILENT = 'no DHCP server answers';

/** Nothing that the router uses differs. */
const same = (a: DhcpLease, b: DhcpLease): boolean =>
  a.address === b.address && a.length === b.length && (a.routers[0] ?? ANY_IPV4) === (b.routers[0] ?? ANY_IPV4) && sameList(a.dns, b.dns);

const sameList = (a: readonly Ipv4[], b: readonly Ipv4[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);
