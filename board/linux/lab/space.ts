// Network namespaces of a lab: made, wired and addressed through netlink. They live in the lab's own mount namespace and go with it.

import { mkdirSync, writeFileSync } from 'node:fs';

import type { Ipv4 } from '../../../firmware/bytes/ip.ts';
import { ANY_IPV4, networkOf, parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { CLONE, enterNetwork, mount, MS, openNamespace, unshare } from '../ffi/exec.ts';
import { loopbackUp, NAMED, within } from '../namespace.ts';
import { RouteClient } from '../netlink/route.ts';
import { writeSwitch } from '../sysctl.ts';

/** Routes of the lab's hosts (rtm_protocol "static"). */
const RTPROT_STATIC = 4;

/** An address the lab's own tables name; anything else is a programmer's error. */
export function address(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(`"${text}" is no IPv4 address`);
  return value;
}

/** Hides the machine's /run behind an empty one of this mount namespace, for the names of namespaces and the routers' files. */
export function ownRunFolder(): void {
  mount('none', '/', '', MS.REC | MS.PRIVATE);
  mount('tmpfs', '/run', 'tmpfs', 0);
  mkdirSync(NAMED, { recursive: true });
}

/** One network namespace. */
export class Space {
  readonly name: string;
  readonly #fd: number;

  private constructor(name: string, fd: number) {
    this.name = name;
    this.#fd = fd;
  }

  /** The namespace this process is in. */
  static own(name: string): Space {
    loopbackUp();
    return new Space(name, openNamespace());
  }

  /** A new namespace that child processes enter by its name (--netns). */
  static make(name: string): Space {
    const own = openNamespace();
    const file = `${NAMED}/${name}`;
    unshare(CLONE.NEWNET);
    try {
      writeFileSync(file, '');
      mount('/proc/thread-self/ns/net', file, '', MS.BIND);
      loopbackUp();
      return new Space(name, openNamespace(file));
    } finally {
      enterNetwork(own);
    }
  }

  /** A cable between a device here and one in another space; both ends up. */
  wire(device: string, far: Space, farDevice: string): void {
    const failure = this.#ask((route) => route.addVeth({ name: device, namespace: this.#fd }, { name: farDevice, namespace: far.#fd }));
    if (failure !== undefined) throw new Error(`no cable ${this.name}/${device} - ${far.name}/${farDevice}: ${failure.text}`);
    this.setUp(device, 'up');
    far.setUp(farDevice, 'up');
  }

  setUp(device: string, state: 'up' | 'down'): void {
    this.#ask((route) => {
      const link = route.link(device);
      const failure = link === undefined ? { text: 'no such device' } : route.setLink(link.index, { up: state === 'up' });
      if (failure !== undefined) throw new Error(`${this.name}/${device} ${state}: ${failure.text}`);
    });
  }

  addAddress(device: string, text: string, length: number): void {
    this.#ask((route) => {
      const failure = route.addAddress(route.link(device)?.index ?? 0, address(text), length);
      if (failure !== undefined) throw new Error(`${this.name}/${device} ${text}: ${failure.text}`);
    });
  }

  addDefaultRoute(device: string, via: string): void {
    this.#ask((route) => {
      const index = route.link(device)?.index ?? 0;
      const failure = route.addRoute({ destination: networkOf(ANY_IPV4, 0).address, length: 0, via: address(via), index, metric: 0, protocol: RTPROT_STATIC }, 'only');
      if (failure !== undefined) throw new Error(`${this.name} default route: ${failure.text}`);
    });
  }

  /** Makes it forward between its devices. */
  forward(): void {
    const failure = within(this.#fd, () => writeSwitch('net/ipv4/ip_forward', '1'));
    if (failure !== undefined) throw new Error(failure);
  }

  #ask<T>(body: (route: RouteClient) => T): T {
    return within(this.#fd, () => {
      const route = new RouteClient();
      try {
        return body(route);
      } finally {
        route.close();
      }
    });
  }
}
