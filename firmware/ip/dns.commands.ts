// Name server and DNS relay commands (AlliedWare IP chapter): ADD, SET, DELETE, SHOW IP DNS, ENABLE, DISABLE, SET IP DNSRELAY.

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { soon } from '../cli/soon.ts';
import { ANY, type Dns, type DnsEntry } from './dns.ts';
import { showDns, showDnsCache } from './dns.show.ts';
import { hostCommands, hostConfig } from './host.commands.ts';
import { badInterface, deviceOf, interfaceName, isHostAddress } from './interfaces.ts';

export const ADD_DNS = form({
  syntax: 'ADD IP DNS [DOMAIN={domain-name|ANY}] [PRIMARY=ipadd] [SECONDARY=ipadd] [INTERFACE=interface]',
  level: 'manager',
  defaults: { domain: ANY },
  example: 'ADD IP DNS DOMAIN=ANY PRIMARY=192.0.2.53 SECONDARY=192.0.2.54',
  help: 'Names the servers for a domain, or for all; with INTERFACE those that the peer of a PPP interface names. The most specific domain wins.',
});
const SET_DNS = form({
  syntax: 'SET IP DNS [DOMAIN={domain-name|ANY}] [PRIMARY=ipadd] [SECONDARY=ipadd] [INTERFACE=interface]',
  level: 'manager',
  defaults: { domain: ANY },
  example: 'SET IP DNS PRIMARY=192.0.2.53',
  help: 'Changes the name servers of a domain; SECONDARY=0.0.0.0 takes the second one out.',
});
const DELETE_DNS = form({
  syntax: 'DELETE IP DNS [DOMAIN={domain-name|ANY}]',
  level: 'manager',
  defaults: { domain: ANY },
  example: 'DELETE IP DNS DOMAIN=ANY',
  help: 'Forgets the name servers of a domain.',
});
const SHOW_DNS = form({ syntax: 'SHOW IP DNS [CACHE]', level: 'manager', example: 'SHOW IP DNS CACHE', help: 'Shows name servers, or the names that are known from them.' });
export const ENABLE_RELAY = form({
  syntax: 'ENABLE IP DNSRELAY',
  level: 'manager',
  example: 'ENABLE IP DNSRELAY',
  help: 'Answers name requests of hosts on LANs and of callers by asking the name servers. Interfaces that lead to the Internet (a default route, DHCP) are not served.',
});
const DISABLE_RELAY = form({ syntax: 'DISABLE IP DNSRELAY', level: 'manager', example: 'DISABLE IP DNSRELAY', help: 'Answers no name requests.' });
const SET_RELAY = form({
  syntax: 'SET IP DNSRELAY INTERFACE=interface',
  level: 'manager',
  example: 'SET IP DNSRELAY INTERFACE=ppp0',
  help: 'Takes the name servers that the peer of this interface names, as SET IP DNS DOMAIN=ANY INTERFACE does.',
});

/** What the commands need of the rest of the box. */
export interface DnsOwner {
  readonly dns: Dns;
  /** There is such an interface. */
  exists(name: string): boolean;
  /** Why this board cannot relay; undefined where it can. */
  relayRefused(): string | undefined;
  /** Calls `done` once the board does what is configured, with the reason where it does not. */
  settled(done: (failure: string | undefined) => void): void;
}

interface Given {
  readonly primary?: Ipv4 | undefined;
  readonly secondary?: Ipv4 | undefined;
  readonly interface?: string | undefined;
}

const domainOf = (domain: typeof ANY | { readonly value: string }): string => (domain === ANY ? ANY : domain.value);

function badServer(address: Ipv4 | undefined, name: string): Message | undefined {
  if (address === undefined || address === ANY_IPV4 || isHostAddress(address, 32)) return undefined;
  return messages.parser.badValue(formatIpv4(address), name, '; permitted: the address of a host');
}

function badGiven(owner: DnsOwner, given: Given): Message | undefined {
  if (given.interface === undefined) return badServer(given.primary, 'PRIMARY') ?? badServer(given.secondary, 'SECONDARY');
  if (given.primary !== undefined) return messages.parser.conflict('PRIMARY', 'INTERFACE');
  if (given.secondary !== undefined) return messages.parser.conflict('SECONDARY', 'INTERFACE');
  const name = interfaceName(given.interface);
  if (name === undefined) return badInterface(given.interface);
  return owner.exists(deviceOf(name)) ? undefined : messages.ip.noPort(name, '');
}

const NEEDED = messages.parser.oneMissing('PRIMARY or INTERFACE must follow');
/** There is a server, or an interface to learn them on. */
const isWhole = ({ primary, interface: over }: DnsEntry): boolean => primary !== ANY_IPV4 || over !== '';

function verifyAdd(owner: DnsOwner, domain: string, given: Given): Message | undefined {
  if (owner.dns.entry(domain) !== undefined) return messages.ip.dnsExists(domain);
  return badGiven(owner, given) ?? (isWhole(changed(emptyEntry(domain), given)) ? undefined : NEEDED);
}

function verifySet(owner: DnsOwner, domain: string, given: Given): Message | undefined {
  const found = owner.dns.entry(domain);
  if (found === undefined) return noEntry(owner.dns, domain);
  if (Object.values(given).every((value) => value === undefined)) return messages.parser.nothingToSet();
  return badGiven(owner, given) ?? (isWhole(changed(found, given)) ? undefined : NEEDED);
}

function noEntry(dns: Dns, domain: string): Message {
  const there = dns.entries().map((entry) => entry.domain);
  return messages.ip.noDns(domain, there.length === 0 ? '' : `; there are some for ${there.join(', ')}`);
}

/** An entry with the given parameters in place of its own. Servers and INTERFACE stand for one another. */
function changed(entry: DnsEntry, given: Given): DnsEntry {
  if (given.interface !== undefined) return { domain: entry.domain, primary: ANY_IPV4, secondary: ANY_IPV4, interface: interfaceName(given.interface) ?? '' };
  return { domain: entry.domain, primary: given.primary ?? entry.primary, secondary: given.secondary ?? entry.secondary, interface: '' };
}

const emptyEntry = (domain: string): DnsEntry => ({ domain, primary: ANY_IPV4, secondary: ANY_IPV4, interface: '' });

/** Name servers, the DNS relay and IP hosts. */
export function dnsCommands(owner: DnsOwner): Command[] {
  const { dns } = owner;
  const settled = (what: string): Outcome =>
    soon((answer) => owner.settled((failure) => answer(failure === undefined ? messages.ip.done() : messages.ip.notServed(what, failure))));
  /** What the relay then asks is told to the board as well; a failure there is that of the relay. */
  const done = (): Outcome => (dns.relay ? settled('DNS relay') : messages.ip.done());
  return [
    command(ADD_DNS, {
      verify: ({ domain, ...given }) => verifyAdd(owner, domainOf(domain), given),
      apply: ({ domain, ...given }) => {
        dns.putEntry(changed(emptyEntry(domainOf(domain)), given));
        return done();
      },
    }),
    command(SET_DNS, {
      verify: ({ domain, ...given }) => verifySet(owner, domainOf(domain), given),
      apply: ({ domain, ...given }) => {
        dns.putEntry(changed(dns.entry(domainOf(domain)) ?? emptyEntry(domainOf(domain)), given));
        return done();
      },
    }),
    command(DELETE_DNS, {
      verify: ({ domain }) => (dns.entry(domainOf(domain)) === undefined ? noEntry(dns, domainOf(domain)) : undefined),
      apply: ({ domain }) => {
        dns.deleteEntry(domainOf(domain));
        return done();
      },
    }),
    command(SHOW_DNS, { apply: ({ cache }, { now }) => (cache === true ? showDnsCache(dns, now) : { text: showDns(dns) }) }),
    command(ENABLE_RELAY, {
      apply: () => {
        if (dns.relay) return messages.ip.alreadyEnabled('The DNS relay');
        const refused = owner.relayRefused();
        dns.setRelay(true);
        return refused === undefined ? settled('DNS relay') : messages.ip.notServed('DNS relay', refused);
      },
    }),
    command(DISABLE_RELAY, {
      apply: () => {
        if (!dns.relay) return messages.ip.alreadyDisabled('The DNS relay');
        dns.setRelay(false);
        return settled('DNS relay');
      },
    }),
    command(SET_RELAY, {
      verify: (given) => badGiven(owner, given),
      apply: (given) => {
        dns.putEntry(changed(emptyEntry(ANY), given));
        return done();
      },
    }),
    ...hostCommands(dns, done),
  ];
}

/** The commands that make the same again. */
export const dnsConfig = (dns: Dns): ConfigSection['lines'] => [
  ...hostConfig(dns),
  ...dns.entries().map(({ domain, primary, secondary, interface: over }) =>
    write(ADD_DNS, {
      domain: domain === ANY ? ANY : { value: domain },
      ...(primary === ANY_IPV4 ? {} : { primary }),
      ...(secondary === ANY_IPV4 ? {} : { secondary }),
      ...(over === '' ? {} : { interface: over }),
    }),
  ),
  ...(dns.relay ? [write(ENABLE_RELAY, {})] : []),
];
