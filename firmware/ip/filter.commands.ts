// IP filter commands (AlliedWare IP chapter): 0-99 traffic filters, carried out; 100-199 policy and 200-299 priority filters, read and kept.

import { ANY_IPV4, type Ipv4, type Ipv4Prefix, formatIpv4, lengthOf, maskOf } from '../bytes/ip.ts';
import { type Args, type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { type Keeper } from '../cli/later.ts';
import { type Message, messages } from '../cli/messages.ts';
import { soon } from '../cli/soon.ts';
import type { Refusal } from '../hal/dataplane.ts';
import type { FilterCount } from '../hal/packetfilter.ts';
import { type FilterEntry, type Filters, MOST_ENTRIES, PROTOCOLS, TRAFFIC_FILTERS } from './filter.ts';
import { showFilters } from './filter.show.ts';

/** What filter commands need of the router. */
export interface FilterOwner extends Keeper {
  readonly filters: Filters;
  /** Filters have changed: puts them in force. `done` gets the reason where that failed. */
  changed(done: (failure?: string) => void): void;
  counters(done: (counts: ReadonlyMap<number, FilterCount> | Refusal) => void): void;
  /** Interfaces whose FILTER= is this number. */
  usedBy(filter: number): readonly string[];
}


const ADD_FILTER = form({
  syntax: `ADD IP FILTER=0..299 SOURCE=ipadd {ACTION={INCLUDE|EXCLUDE}|POLICY=0..15|PRIORITY={P0|P1|P2|P3|P4|P5|P6|P7}} [SMASK=ipadd]
      [SPORT={port[-port]|ANY}] [DESTINATION=ipadd] [DMASK=ipadd] [DPORT={port[-port]|ANY}] [PROTOCOL={0..255|ANY|EGP|ICMP|OSPF|TCP|UDP}]
      [SESSION={ANY|ESTABLISHED|START}] [ICMPTYPE={0..255|ANY}] [ICMPCODE={0..255|ANY}] [SIZE={0..65535|ANY}] [OPTIONS={ON|OFF|YES|NO|TRUE|FALSE}]
      [LOG={4..1600|DUMP|HEADER|NONE}] [ENTRY=1..255]`,
  level: 'manager',
  example: 'ADD IP FILTER=1 SOURCE=192.168.20.0 SMASK=255.255.255.0 ACTION=INCLUDE PROTOCOL=TCP DPORT=TELNET',
  help: 'Adds an entry to a filter, at the end or at position ENTRY. The first that matches decides; what none matches is excluded. Applied to what an interface receives, before NAT. SMASK and DMASK are by default those of a single host, of 0.0.0.0 all. LOG is stored. Numbers from 100 on (POLICY, PRIORITY) are kept only.',
});

const SET_FILTER = form({
  syntax: `SET IP FILTER=0..299 ENTRY=1..255 [SOURCE=ipadd] [{ACTION={INCLUDE|EXCLUDE}|POLICY=0..15|PRIORITY={P0|P1|P2|P3|P4|P5|P6|P7}}] [SMASK=ipadd]
      [SPORT={port[-port]|ANY}] [DESTINATION=ipadd] [DMASK=ipadd] [DPORT={port[-port]|ANY}] [PROTOCOL={0..255|ANY|EGP|ICMP|OSPF|TCP|UDP}]
      [SESSION={ANY|ESTABLISHED|START}] [ICMPTYPE={0..255|ANY}] [ICMPCODE={0..255|ANY}] [SIZE={0..65535|ANY}] [OPTIONS={ON|OFF|YES|NO|TRUE|FALSE}]
      [LOG={4..1600|DUMP|HEADER|NONE}]`,
  level: 'manager',
  example: 'SET IP FILTER=1 ENTRY=2 ACTION=EXCLUDE',
  help: 'Changes an entry of a filter; what is not given stays as it is.',
});

const DELETE_FILTER = form({ syntax: 'DELETE IP FILTER=0..299 ENTRY={1..255|ALL}', level: 'manager', example: 'DELETE IP FILTER=1 ENTRY=ALL', help: 'Deletes an entry of a filter, or all of them. An interface whose filter has no entries receives nothing.' });
const SHOW_FILTER = form({ syntax: 'SHOW IP FILTER[=0..299]', level: 'manager', example: 'SHOW IP FILTER=1', help: 'Shows the entries of filters and how many packets each has matched.' });

type Values = Omit<Args<typeof SET_FILTER>, 'filter' | 'entry'>;
type New = Omit<FilterEntry, 'id'>;

const EVERYTHING: New = {
  action: 'EXCLUDE', source: { address: ANY_IPV4, length: 0 }, destination: { address: ANY_IPV4, length: 0 }, protocol: undefined, sport: undefined, dport: undefined,
  session: 'ANY', icmptype: undefined, icmpcode: undefined, size: undefined, options: undefined, log: 'NONE',
};

/** `ANY` is undefined; a value that is not given leaves what is there. */
const free = <T>(given: { readonly value: T } | 'ANY' | undefined, there: T | undefined): T | undefined => (given === undefined ? there : given === 'ANY' ? undefined : given.value);

function protocolOf(given: Values['protocol'], there: number | undefined): number | undefined {
  if (given === undefined) return there;
  if (given === 'ANY') return undefined;
  return typeof given === 'string' ? PROTOCOLS[given] : given.value;
}

interface Side {
  readonly address: Ipv4 | undefined;
  readonly mask: Ipv4 | undefined;
  readonly names: readonly [address: string, mask: string];
}

/** The network that address and mask name; a mask alone goes with the address that is there. */
function side({ address, mask, names }: Side, there: Ipv4Prefix): Ipv4Prefix | Message {
  if (address === undefined && mask === undefined) return there;
  const at = address ?? there.address;
  const length = mask === undefined ? (at === ANY_IPV4 ? 0 : 32) : lengthOf(mask);
  if (length === undefined) return messages.parser.badValue(formatIpv4(mask ?? ANY_IPV4), names[1], '; permitted: a mask of contiguous bits like 255.255.255.0');
  if ((at & ~maskOf(length)) !== 0) {
    return messages.parser.badValue(formatIpv4(at), names[0], `; permitted: an address without bits outside of ${names[1]}=${formatIpv4(maskOf(length))}`);
  }
  return { address: at, length };
}

/** The entry that `args` make of `there`; a message where they do not go together. */
function entryOf(args: Values, there: New): New | Message {
  const source = side({ address: args.source, mask: args.smask, names: ['SOURCE', 'SMASK'] }, there.source);
  if ('severity' in source) return source;
  const destination = side({ address: args.destination, mask: args.dmask, names: ['DESTINATION', 'DMASK'] }, there.destination);
  if ('severity' in destination) return destination;
  const { options } = args;
  const entry: New = {
    action: args.action ?? there.action,
    source,
    destination,
    protocol: protocolOf(args.protocol, there.protocol),
    sport: free(args.sport, there.sport),
    dport: free(args.dport, there.dport),
    session: args.session ?? there.session,
    icmptype: free(args.icmptype, there.icmptype),
    icmpcode: free(args.icmpcode, there.icmpcode),
    size: free(args.size, there.size),
    options: options === undefined ? there.options : options === 'ON' || options === 'YES' || options === 'TRUE',
    log: args.log ?? there.log,
  };
  return contradiction(entry) ?? entry;
}

function contradiction({ protocol, sport, dport, session, icmptype, icmpcode }: New): Message | undefined {
  const carriesPorts = protocol === PROTOCOLS.TCP || protocol === PROTOCOLS.UDP;
  if (sport !== undefined && !carriesPorts) return messages.ip.onlyWith('SPORT', 'PROTOCOL=TCP or PROTOCOL=UDP');
  if (dport !== undefined && !carriesPorts) return messages.ip.onlyWith('DPORT', 'PROTOCOL=TCP or PROTOCOL=UDP');
  if (session !== 'ANY' && protocol !== PROTOCOLS.TCP) return messages.ip.onlyWith('SESSION', 'PROTOCOL=TCP');
  if (icmptype !== undefined && protocol !== PROTOCOLS.ICMP) return messages.ip.onlyWith('ICMPTYPE', 'PROTOCOL=ICMP');
  if (icmpcode !== undefined && protocol !== PROTOCOLS.ICMP) return messages.ip.onlyWith('ICMPCODE', 'PROTOCOL=ICMP');
  return undefined;
}

/** Which of ACTION, POLICY and PRIORITY belongs to a number. */
function wrongKind(number: number, args: Pick<Values, 'action' | 'policy' | 'priority'>): Message | undefined {
  const kind = number < TRAFFIC_FILTERS ? 'ACTION' : number < 200 ? 'POLICY' : 'PRIORITY';
  const permitted = { ACTION: 'FILTER=0..99', POLICY: 'FILTER=100..199', PRIORITY: 'FILTER=200..299' } as const;
  const given = { ACTION: args.action, POLICY: args.policy, PRIORITY: args.priority } as const;
  for (const name of ['ACTION', 'POLICY', 'PRIORITY'] as const) if (given[name] !== undefined && name !== kind) return messages.ip.onlyWith(name, permitted[name]);
  return undefined;
}

function verifyAdd({ filters }: FilterOwner, args: Args<typeof ADD_FILTER>): Message | undefined {
  const wrong = wrongKind(args.filter, args);
  if (wrong !== undefined || args.filter >= TRAFFIC_FILTERS) return wrong;
  const entry = entryOf(args, EVERYTHING);
  if ('severity' in entry) return entry;
  const count = filters.entries(args.filter).length;
  if (count >= MOST_ENTRIES) return messages.ip.filterFull(args.filter, count);
  if (args.entry === undefined || args.entry <= count + 1) return undefined;
  return messages.parser.badValue(String(args.entry), 'ENTRY', `; permitted: 1..${count + 1}, as filter ${args.filter} has ${count} entries`);
}

/** Why there is no such entry. */
function missing({ filters }: FilterOwner, number: number, entry: number | undefined): Message | undefined {
  const count = filters.entries(number).length;
  const there = filters.list().map((one) => one.number);
  if (count === 0) return messages.ip.noFilter(number, there.length === 0 ? ', there is none' : `, there are: ${there.join(', ')}`);
  return entry === undefined || entry <= count ? undefined : messages.ip.noFilterEntry(number, entry, `1..${count}`);
}

function verifySet(owner: FilterOwner, args: Args<typeof SET_FILTER>): Message | undefined {
  const wrong = wrongKind(args.filter, args);
  if (wrong !== undefined || args.filter >= TRAFFIC_FILTERS) return wrong;
  const gone = missing(owner, args.filter, args.entry);
  if (gone !== undefined) return gone;
  const { filter: _, entry: __, ...changes } = args;
  if (Object.values(changes).every((value) => value === undefined)) return messages.ip.nothingToSet();
  const there = owner.filters.entries(args.filter)[args.entry - 1];
  const entry = there === undefined ? undefined : entryOf(args, there);
  return entry !== undefined && 'severity' in entry ? entry : undefined;
}

/** A filter that this build only keeps. */
function keep(owner: FilterOwner, line: string): Message {
  owner.keep(line);
  return messages.parser.notBuilt('IP FILTER from 100 on (policy and priority filters)');
}

/** ADD, SET, DELETE and SHOW IP FILTER. */
export function filterCommands(owner: FilterOwner): Command[] {
  const { filters } = owner;
  const changed = (done: Message): Outcome => soon((answer) => owner.changed((failure) => answer(failure === undefined ? done : messages.ip.notInForce(failure))));
  return [
    command(ADD_FILTER, {
      verify: (args) => verifyAdd(owner, args),
      apply: (args) => {
        if (args.filter >= TRAFFIC_FILTERS) return keep(owner, write(ADD_FILTER, args));
        const entry = entryOf(args, EVERYTHING);
        if ('severity' in entry) return entry;
        filters.add(args.filter, entry, args.entry ?? filters.entries(args.filter).length + 1);
        return changed(messages.ip.done());
      },
    }),
    command(SET_FILTER, {
      verify: (args) => verifySet(owner, args),
      apply: (args) => {
        if (args.filter >= TRAFFIC_FILTERS) return keep(owner, write(SET_FILTER, args));
        const there = filters.entries(args.filter)[args.entry - 1];
        if (there === undefined) return messages.ip.noFilter(args.filter, '');
        const entry = entryOf(args, there);
        if ('severity' in entry) return entry;
        filters.set(args.filter, entry, args.entry);
        return changed(messages.ip.done());
      },
    }),
    command(DELETE_FILTER, {
      verify: ({ filter, entry }) => (filter >= TRAFFIC_FILTERS ? undefined : missing(owner, filter, entry === 'ALL' ? undefined : entry.value)),
      apply: (args) => {
        if (args.filter >= TRAFFIC_FILTERS) return keep(owner, write(DELETE_FILTER, args));
        filters.delete(args.filter, args.entry === 'ALL' ? 'ALL' : args.entry.value);
        const users = owner.usedBy(args.filter);
        const empty = filters.entries(args.filter).length === 0 && users.length > 0;
        return changed(empty ? messages.ip.filterEmpty(args.filter, ` on ${users.join(', ')}`) : messages.ip.done());
      },
    }),
    command(SHOW_FILTER, {
      verify: ({ filter }) => (typeof filter === 'number' && filter < TRAFFIC_FILTERS ? missing(owner, filter, undefined) : undefined),
      apply: ({ filter }) => {
        if (typeof filter === 'number' && filter >= TRAFFIC_FILTERS) return messages.parser.notBuilt('IP FILTER from 100 on (policy and priority filters)');
        const shown = filters.list().filter(({ number }) => filter === true || filter === undefined || number === filter);
        if (shown.length === 0) return messages.ip.noFilters();
        return soon((answer) => owner.counters((counts) => answer({ text: showFilters(shown, 'refused' in counts ? new Map() : counts) })));
      },
    }),
  ];
}

const orAny = <T>(value: T | undefined, name: string): object => (value === undefined ? {} : { [name]: { value } });

function entryLine(filter: number, entry: FilterEntry): string {
  const { action, source, destination, protocol, sport, dport, session, icmptype, icmpcode, size, options, log } = entry;
  const name = Object.entries(PROTOCOLS).find(([, number]) => number === protocol)?.[0];
  const hostly = (p: Ipv4Prefix): boolean => p.length === (p.address === ANY_IPV4 ? 0 : 32);
  return write(ADD_FILTER, {
    filter,
    source: source.address,
    action,
    ...(hostly(source) ? {} : { smask: maskOf(source.length) }),
    ...orAny(sport, 'sport'),
    ...(destination.length === 0 ? {} : { destination: destination.address }),
    ...(hostly(destination) ? {} : { dmask: maskOf(destination.length) }),
    ...orAny(dport, 'dport'),
    ...(protocol === undefined ? {} : isProtocol(name) ? { protocol: name } : { protocol: { value: protocol } }),
    ...(session === 'ANY' ? {} : { session }),
    ...orAny(icmptype, 'icmptype'),
    ...orAny(icmpcode, 'icmpcode'),
    ...orAny(size, 'size'),
    ...(options === undefined ? {} : { options: options ? 'ON' : 'OFF' }),
    ...(log === 'NONE' ? {} : { log }),
  });
}

const isProtocol = (name: string | undefined): name is keyof typeof PROTOCOLS => name !== undefined && name in PROTOCOLS;

/** The lines that make the filters again; they come before the interfaces that name them. */
export function filterConfig({ filters }: Pick<FilterOwner, 'filters'>): ConfigSection[] {
  const lines = filters.list().flatMap(({ number, entries }) => entries.map((entry) => entryLine(number, entry)));
  return lines.length === 0 ? [] : [{ title: 'IP', lines }];
}
