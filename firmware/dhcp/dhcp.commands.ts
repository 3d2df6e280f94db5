// DHCP server commands (AlliedWare DHCP chapter): ENABLE, DISABLE, SHOW DHCP, and the ranges of addresses.

import { formatIpv4, isHost, toIpv4 } from '../bytes/ip.ts';
import { type Args, type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { soon } from '../cli/soon.ts';
import { showClients, showDhcp, showPolicies, showRanges } from './dhcp.show.ts';
import { policyCommands, policyConfig } from './policy.commands.ts';
import { Range } from './range.ts';
import type { DhcpServer } from './server.ts';

const ENABLE = form({ syntax: 'ENABLE DHCP', level: 'manager', example: 'ENABLE DHCP', help: 'Turns the DHCP server on.' });
const DISABLE = form({ syntax: 'DISABLE DHCP', level: 'manager', example: 'DISABLE DHCP', help: 'Turns the DHCP server off.' });
const CREATE_RANGE = form({
  syntax: 'CREATE DHCP RANGE=name POLICY=name IP=ipadd NUMBER=1..65535 [GATEWAY=ipadd]',
  level: 'manager',
  example: 'CREATE DHCP RANGE=lan POLICY=lan IP=192.168.10.100 NUMBER=50',
  help: 'Makes a range of NUMBER addresses to give to clients on the LAN that they lie in; with GATEWAY to those behind that relay. The policy may come later.',
});
const ADD_RANGE = form({
  syntax: 'ADD DHCP RANGE=name IP=ipadd [ADDRESS=mac-address]',
  level: 'manager',
  example: 'ADD DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-9f',
  help: 'Adds an address to a range, or keeps an address of its network for one client alone where ADDRESS names it.',
});
const DELETE_RANGE = form({
  syntax: 'DELETE DHCP RANGE=name IP=ipadd [ADDRESS=mac-address]',
  level: 'manager',
  example: 'DELETE DHCP RANGE=lan IP=192.168.10.120',
  help: 'Takes an address out of a range, or with ADDRESS ends that it is kept for one client.',
});
const DESTROY_RANGE = form({ syntax: 'DESTROY DHCP RANGE=name', level: 'manager', example: 'DESTROY DHCP RANGE=lan', help: 'Deletes a range.' });
const SHOW = form({ syntax: 'SHOW DHCP', level: 'manager', example: 'SHOW DHCP', help: 'Shows whether the DHCP server is on, and which ranges wait for what.' });
const SHOW_CLIENT = form({ syntax: 'SHOW DHCP CLIENT', level: 'manager', example: 'SHOW DHCP CLIENT', help: 'Shows who has which address.' });
const SHOW_POLICY = form({ syntax: 'SHOW DHCP POLICY[=name]', level: 'manager', example: 'SHOW DHCP POLICY=lan', help: 'Shows policies.' });
const SHOW_RANGE = form({ syntax: 'SHOW DHCP RANGE[=name]', level: 'manager', example: 'SHOW DHCP RANGE=lan', help: 'Shows ranges.' });

/** What the commands need of the rest of the box. */
export interface DhcpOwner {
  readonly server: DhcpServer;
  /** Calls `done` once the board serves what is configured, with the reason where it does not. */
  settled(done: (failure: string | undefined) => void): void;
}

const macOf = (text: string): string => text.toLowerCase().replaceAll(':', '-');

function verifyCreate(server: DhcpServer, { range, ip, number, gateway }: Args<typeof CREATE_RANGE>): Message | undefined {
  const found = server.range(range);
  if (found !== undefined) return messages.dhcp.rangeExists(found.name);
  const last = ip + number - 1;
  if (last > 0xffffffff || !isHost(ip) || !isHost(toIpv4(last))) return messages.dhcp.badRange(formatIpv4(ip), formatIpv4(toIpv4(Math.min(last, 0xffffffff))));
  if (gateway !== undefined && !isHost(gateway)) return messages.parser.badValue(formatIpv4(gateway), 'GATEWAY', '; permitted: the address of a host');
  for (let n: number = ip; n <= last; n++) {
    const holder = server.holderOf(toIpv4(n));
    if (holder !== undefined) return messages.dhcp.addressTaken(formatIpv4(toIpv4(n)), holder.name);
  }
  return undefined;
}

function verifyAddTo(server: DhcpServer, { range, ip, address }: Args<typeof ADD_RANGE>): Message | undefined {
  const found = server.range(range);
  if (found === undefined) return messages.dhcp.rangeNotFound(range);
  if (!isHost(ip)) return messages.parser.badValue(formatIpv4(ip), 'IP', '; permitted: the address of a host');
  const holder = server.holderOf(ip);
  if (address === undefined) return holder === undefined ? undefined : messages.dhcp.addressTaken(formatIpv4(ip), holder.name);
  const owner = found.keptFor(ip);
  if (owner !== undefined) return messages.dhcp.keptAlready(found.name, formatIpv4(ip), owner);
  const other = found.addressOf(macOf(address));
  if (other !== undefined) return messages.dhcp.keptAlready(found.name, formatIpv4(other), macOf(address));
  return holder === undefined || holder === found ? undefined : messages.dhcp.addressTaken(formatIpv4(ip), holder.name);
}

function verifyDeleteFrom(server: DhcpServer, { range, ip, address }: Args<typeof DELETE_RANGE>): Message | undefined {
  const found = server.range(range);
  if (found === undefined) return messages.dhcp.rangeNotFound(range);
  if (address === undefined) return found.gives(ip) ? undefined : messages.dhcp.addressMissing(formatIpv4(ip), found.name, '');
  return found.keptFor(ip) === macOf(address) ? undefined : messages.dhcp.addressMissing(formatIpv4(ip), found.name, ` for ${macOf(address)}`);
}

/** The DHCP server. */
export function dhcpCommands(owner: DhcpOwner): Command[] {
  const { server } = owner;
  /** The answer once the board has followed; without `done` while nothing is served anyway. */
  const settled = (done: Message): Outcome => {
    if (!server.enabled) return done;
    return soon((answer) => owner.settled((failure) => answer(failure === undefined ? done : messages.dhcp.notServed(failure))));
  };
  const done = (): Outcome => settled(messages.dhcp.done());
  /** The same for what concerns one range: it may have to wait. */
  const doneFor = (range: Range): Outcome => {
    const served = server.enabled ? server.served(range) : undefined;
    return settled(typeof served === 'string' ? messages.dhcp.waits(served) : messages.dhcp.done());
  };
  const changed = (range: Range): Outcome => {
    server.onChange();
    return doneFor(range);
  };
  return [
    command(ENABLE, {
      apply: () => {
        if (server.enabled) return messages.dhcp.alreadyEnabled();
        server.enabled = true;
        server.onChange();
        const missing = server.parts.missing();
        return missing === undefined ? settled(messages.dhcp.enabled()) : messages.dhcp.notServed(missing);
      },
    }),
    command(DISABLE, {
      apply: () => {
        if (!server.enabled) return messages.dhcp.alreadyDisabled();
        server.enabled = false;
        server.onChange();
        return messages.dhcp.disabled();
      },
    }),
    ...policyCommands(server, done),
    command(CREATE_RANGE, {
      verify: (args) => verifyCreate(server, args),
      apply: ({ range, policy, ip, number, gateway }) => {
        const made = new Range({ name: range, policy, base: { low: ip, high: toIpv4(ip + number - 1) }, gateway });
        server.createRange(made);
        return doneFor(made);
      },
    }),
    command(ADD_RANGE, {
      verify: (args) => verifyAddTo(server, args),
      apply: ({ range, ip, address }) => {
        const found = server.range(range);
        if (found === undefined) return messages.dhcp.rangeNotFound(range);
        if (address === undefined) found.add(ip);
        else found.keep({ address: ip, mac: macOf(address) });
        return changed(found);
      },
    }),
    command(DELETE_RANGE, {
      verify: (args) => verifyDeleteFrom(server, args),
      apply: ({ range, ip, address }) => {
        const found = server.range(range);
        if (found === undefined) return messages.dhcp.rangeNotFound(range);
        if (address === undefined) found.remove(ip);
        else found.release(ip);
        return changed(found);
      },
    }),
    command(DESTROY_RANGE, {
      verify: ({ range }) => (server.range(range) === undefined ? messages.dhcp.rangeNotFound(range) : undefined),
      apply: ({ range }) => {
        server.destroyRange(range);
        return done();
      },
    }),
    command(SHOW, { apply: () => ({ text: showDhcp(server) }) }),
    command(SHOW_CLIENT, { apply: () => showClients(server) }),
    command(SHOW_POLICY, {
      verify: ({ policy }) => (policy !== true && server.policies.get(policy) === undefined ? messages.dhcp.policyNotFound(policy) : undefined),
      apply: ({ policy }) => showPolicies(server, policy === true ? undefined : policy),
    }),
    command(SHOW_RANGE, {
      verify: ({ range }) => (range !== true && server.range(range) === undefined ? messages.dhcp.rangeNotFound(range) : undefined),
      apply: ({ range }) => showRanges(server, range === true ? undefined : range),
    }),
  ];
}

function rangeLines(range: Range): string[] {
  const { name, policy, base, gateway, added, removed, fixed } = range;
  return [
    write(CREATE_RANGE, { range: name, policy, ip: base.low, number: base.high - base.low + 1, ...(gateway === undefined ? {} : { gateway }) }),
    ...added.map((ip) => write(ADD_RANGE, { range: name, ip })),
    ...fixed.map(({ address: ip, mac }) => write(ADD_RANGE, { range: name, ip, address: mac })),
    ...removed.map((ip) => write(DELETE_RANGE, { range: name, ip })),
  ];
}

/** The commands that make the same DHCP server again. */
export function dhcpConfig(server: DhcpServer): ConfigSection[] {
  const lines = [...policyConfig(server.policies), ...server.ranges().flatMap(rangeLines), ...(server.enabled ? [write(ENABLE, {})] : [])];
  return lines.length === 0 ? [] : [{ title: 'DHCP', lines }];
}
