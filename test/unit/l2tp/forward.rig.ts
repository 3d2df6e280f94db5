// One LAC and any number of LNSs on a simulated network: calls that are passed on, and what both ends were told.

import type { World } from '../../../board/sim/world.ts';
import { World as Network } from '../../../board/sim/world.ts';
import { CLEAN, Wire, type WireQuality } from '../../../board/sim/wire.ts';
import { WHOLE_IPV4 } from '../../../firmware/bytes/ip.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { AdmissionLimits } from '../../../firmware/l2tp/admission.ts';
import type { Forward, L2tpLink, TemplateCall } from '../../../firmware/l2tp/link.ts';
import { USER_DEFAULTS, type UserEntry } from '../../../firmware/l2tp/users.ts';
import { Node, ip } from './world.ts';

export const LAC = '1.1.1.1';
/** The addresses of the LNSs, by number. */
export const LNS = ['2.2.2.1', '2.2.2.2', '2.2.2.3'] as const;

const NOTHING_PROVED = {
  initialReceived: undefined, lastSent: undefined, lastReceived: undefined, authenType: undefined, authenName: undefined, authenChallenge: undefined,
  authenId: undefined, authenResponse: undefined,
} as const;

/** A caller on an ISDN line who gave a name and a PAP password. */
export const caller = (name: string | undefined, change: Partial<Forward> = {}): Forward => ({
  name,
  proxy: name === undefined ? { ...NOTHING_PROVED, authenType: 4 } : { ...NOTHING_PROVED, authenType: 3, authenName: utf8(name), authenId: 7, authenResponse: utf8('sesame') },
  callingNumber: '0312345678', calledNumber: '0398765432', subAddress: '12', txSpeed: 64000, rxSpeed: 64000, bearer: 'digital', framing: 'sync', ...change,
});

/** One call that is passed on, and all that was told of it. */
export interface Passed {
  readonly told: string[];
  link: L2tpLink | undefined;
  cancel(): void;
}

/** What an LNS has of one caller. */
export interface Taken {
  readonly call: TemplateCall;
  link: L2tpLink | undefined;
  ended: string | undefined;
}

export class Lns {
  readonly node: Node;
  readonly taken: Taken[] = [];
  /** Refuses calls with this text where set. */
  refuses: string | undefined;

  constructor(node: Node) {
    this.node = node;
    node.server.templates.add({ range: WHOLE_IPV4, template: 0, number: 'OFF', pre13: 'OFF' });
    node.template = (call) => {
      if (this.refuses !== undefined) return { refused: this.refuses };
      const one: Taken = { call, link: undefined, ended: undefined };
      this.taken.push(one);
      return {
        name: `ppp${this.taken.length}`,
        linkUp: (link) => {
          one.link = link;
        },
        linkMtu: () => {},
        linkAsk: () => false,
        linkDown: (reason) => {
          one.ended = reason;
        },
      };
    };
  }

  /** Calls that are up. */
  get up(): readonly Taken[] {
    return this.taken.filter((one) => one.link !== undefined && one.ended === undefined);
  }
}

export interface Bench {
  readonly world: World;
  readonly wire: Wire;
  readonly lac: Node;
  readonly lns: readonly Lns[];
  user(entry: Partial<UserEntry> & Pick<UserEntry, 'action'>): void;
  forward(name: string | undefined, change?: Partial<Forward>): Passed;
  run(span: number): void;
  /** Takes an LNS off the network: no answer, no ICMP. */
  cut(index: number): void;
}

export interface BenchOptions {
  readonly seed?: number;
  readonly lns?: number;
  readonly password?: string;
  readonly quality?: Partial<WireQuality>;
  readonly limits?: AdmissionLimits;
  readonly lacLimits?: AdmissionLimits;
}

export function bench({ seed = 1, lns = 1, password, quality, limits, lacLimits }: BenchOptions = {}): Bench {
  const world = new Network(seed);
  const wire = new Wire(world, { ...CLEAN, ...quality });
  const lac = new Node(world, wire, LAC, { name: 'lac', seed: seed * 10 + 1, ...(lacLimits === undefined ? {} : { limits: lacLimits }) });
  lac.server.enable(lac.now);
  lac.server.enableServer('LAC');
  const all = LNS.slice(0, lns).map((address, i) => {
    const node = new Node(world, wire, address, { name: `lns${i + 1}`, seed: seed * 10 + 2 + i, ...(limits === undefined ? {} : { limits }) });
    node.server.enable(node.now);
    node.server.enableServer('LNS');
    if (password !== undefined) node.server.passwords.set(password);
    return new Lns(node);
  });
  return {
    world, wire, lac, lns: all,
    user: (entry) => lac.server.users.add({ user: 'ALL', ...USER_DEFAULTS, password, ...entry }),
    forward(name, change) {
      const told: string[] = [];
      const passed: Passed = { told, link: undefined, cancel: () => {} };
      let within = true;
      const tell = (text: string): void => void told.push(within ? `at once: ${text}` : text);
      const call = lac.server.forward(
        caller(name, change),
        {
          up: (link) => {
            tell('up');
            passed.link = link;
          },
          failed: (reason) => tell(`failed: ${reason}`),
          down: (reason) => tell(`down: ${reason}`),
          accm: (map) => tell(`accm ${map.toString(16)}`),
        },
        lac.now,
      );
      within = false;
      passed.cancel = () => call.cancel('the caller hung up', lac.now);
      return passed;
    },
    run: (span) => void world.run(span),
    cut: (index) => {
      const node = all[index]?.node;
      if (node === undefined) throw new Error(`no LNS ${index}`);
      node.board.ip.setUp('eth0', false);
    },
  };
}

/** One address as RADIUS offers it. */
export const offer = (server: string, preference = 0, change: object = {}): { readonly preference: number; readonly server: ReturnType<typeof ip>; readonly password: undefined; readonly assignment: undefined; readonly hostName: undefined } => ({
  preference, server: ip(server), password: undefined, assignment: undefined, hostName: undefined, ...change,
});
