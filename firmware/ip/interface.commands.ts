// IP interface commands (AlliedWare IP chapter): ADD, SET, DELETE, ENABLE, DISABLE, RESET, SHOW IP INTERFACE, SET IP LOCAL.

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Args, type Command, type Outcome, command, form } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { soon } from '../cli/soon.ts';
import { INTERFACE_DEFAULTS, type InterfaceSettings, badInterface, deviceOf, interfaceName, isHostAddress, isPpp, lengthFor } from './interfaces.ts';
import type { IpModule } from './module.ts';
import { showInterfaces } from './show.ts';

const { vlantag: _tag, vlanpriority: _priority, ...ADD_DEFAULTS } = INTERFACE_DEFAULTS;

export const ADD_INTERFACE = form({
  syntax: `ADD IP INTERFACE=interface IPADDRESS={ipadd|DHCP} [MASK=ipadd] [BROADCAST={0|1}] [DIRECTEDBROADCAST={YES|NO|ON|OFF}]
    [FILTER={0..99|NONE}] [FRAGMENT={YES|NO}] [GRE={1..100|NONE}] [IGMPPROXY={OFF|UPSTREAM|DOWNSTREAM}]
    [MULTICAST={OFF|SEND|RECEIVE|BOTH|ON}] [OSPFMETRIC=1..65534] [POLICYFILTER={100..199|NONE}] [PRIORITYFILTER={200..299|NONE}]
    [PROXYARP={ON|OFF}] [RIPMETRIC=1..16] [VJC={ON|OFF}]`,
  level: 'manager',
  defaults: ADD_DEFAULTS,
  example: 'ADD IP INTERFACE=eth0 IPADDRESS=192.168.10.1 MASK=255.255.255.0',
  help: 'Runs IP on a port or PPP interface. IPADDRESS=DHCP asks a DHCP server for the address of a port; IPADDRESS=0.0.0.0 makes a PPP interface unnumbered, or lets the peer give the address (both need ENABLE IP REMOTEASSIGN). MASK is by default that of the address class.',
});

export const SET_INTERFACE = form({
  syntax: `SET IP INTERFACE=interface [IPADDRESS={ipadd|DHCP}] [MASK=ipadd] [BROADCAST={0|1}] [DIRECTEDBROADCAST={YES|NO|ON|OFF}]
    [FILTER={0..99|NONE}] [FRAGMENT={YES|NO}] [GRE={1..100|NONE}] [IGMPPROXY={OFF|UPSTREAM|DOWNSTREAM}]
    [MULTICAST={OFF|SEND|RECEIVE|BOTH|ON}] [OSPFMETRIC=1..65534] [POLICYFILTER={100..199|NONE}] [PRIORITYFILTER={200..299|NONE}]
    [PROXYARP={ON|OFF}] [RIPMETRIC=1..16] [VJC={ON|OFF}] [VLANTAG={1..4094|NONE}] [VLANPRIORITY={0..7|NONE}]
    [FLUSHARP]`,
  level: 'manager',
  example: 'SET IP INTERFACE=eth0 IPADDRESS=192.168.10.2 MASK=255.255.255.0',
  help:
    'Changes an IP interface; parameters not given stay as they are. A new IPADDRESS without MASK takes the mask of its class. On a PPP interface whose link is up ' +
    'the peer hears of it with the next negotiation (RESET PPP). FLUSHARP forgets the neighbours learned on it.',
});

const DELETE_INTERFACE = form({
  syntax: 'DELETE IP INTERFACE=interface',
  level: 'manager',
  example: 'DELETE IP INTERFACE=eth0',
  help: 'Ends IP on an interface. Static routes over it stay and wait until it is added again.',
});

const ENABLE_INTERFACE = form({ syntax: 'ENABLE IP INTERFACE=interface', level: 'manager', example: 'ENABLE IP INTERFACE=eth0', help: 'Lets IP use an interface again.' });

export const DISABLE_INTERFACE = form({
  syntax: 'DISABLE IP INTERFACE=interface',
  level: 'manager',
  example: 'DISABLE IP INTERFACE=eth0',
  help: 'Stops IP on an interface; its configuration stays.',
});

const RESET_INTERFACE = form({
  syntax: 'RESET IP INTERFACE=interface',
  level: 'manager',
  example: 'RESET IP INTERFACE=eth0',
  help: 'Takes the addresses and routes of an interface out and puts them in again.',
});

const SHOW_INTERFACE = form({
  syntax: 'SHOW IP INTERFACE[=interface]',
  level: 'manager',
  example: 'SHOW IP INTERFACE=eth0',
  help: 'Shows all IP interfaces, or one with everything that is set on it.',
});

export const SET_LOCAL = form({
  syntax: 'SET IP LOCAL IPADDRESS=ipadd',
  level: 'manager',
  example: 'SET IP LOCAL IPADDRESS=192.168.10.1',
  help: 'The source address of packets that the router itself sends, where a command names none. 0.0.0.0 unsets it.',
});

type Settable = Omit<Args<typeof SET_INTERFACE>, 'interface' | 'ipaddress' | 'mask' | 'flusharp'>;

/** The parameters given, as a change of settings. */
function settingsOf(args: Settable): Partial<InterfaceSettings> {
  const names = Object.keys(INTERFACE_DEFAULTS);
  return Object.fromEntries(Object.entries(args).filter(([name, value]) => names.includes(name) && value !== undefined));
}

/** An interface that has to exist as IP interface: its name, or why not. */
function existing(ip: IpModule, text: string): string | Message {
  const name = interfaceName(text);
  if (name === undefined) return badInterface(text);
  if (ip.interface(name) !== undefined) return name;
  const there = ip.interfaces().map((i) => i.name);
  return messages.ip.noInterface(name, there.length === 0 ? '; there is none' : `; there are: ${there.join(', ')}`);
}

/** Why an address cannot be that of an interface; the prefix length where it can. */
function checkAddress(ip: IpModule, name: string, address: Ipv4, mask: Ipv4 | undefined): number | Message {
  const length = lengthFor(address, mask, formatIpv4);
  if (typeof length !== 'number' || address === ANY_IPV4) return length;
  const text = formatIpv4(address);
  if (!isHostAddress(address, length)) {
    return messages.parser.badValue(text, 'IPADDRESS', `; permitted: 0.0.0.0, DHCP, or the address of a host in its network (prefix length ${length})`);
  }
  const other = ip.interfaces().find((i) => i.name !== name && i.address === address);
  return other === undefined ? length : messages.ip.addressTaken(text, other.name);
}

function verifyAdd(ip: IpModule, args: Args<typeof ADD_INTERFACE>): Message | undefined {
  const name = interfaceName(args.interface);
  if (name === undefined) return badInterface(args.interface);
  if (!ip.owner.exists(deviceOf(name))) return messages.ip.noPort(deviceOf(name), deviceOf(name).startsWith('ppp') ? '; CREATE PPP makes it' : '');
  if (ip.interface(name) !== undefined) return messages.ip.interfaceExists(name);
  if (args.ipaddress === 'DHCP') return checkDhcp(ip, name, args.mask);
  const length = checkAddress(ip, name, args.ipaddress.value, args.mask);
  return typeof length === 'number' ? undefined : length;
}

function verifySet(ip: IpModule, args: Args<typeof SET_INTERFACE>): Message | undefined {
  const name = existing(ip, args.interface);
  if (typeof name !== 'string') return name;
  const { interface: _, ...changes } = args;
  if (Object.values(changes).every((value) => value === undefined)) return messages.ip.nothingToSet();
  if (args.ipaddress === 'DHCP') return checkDhcp(ip, name, args.mask);
  if (args.ipaddress === undefined && args.mask !== undefined && ip.isDhcp(name)) return messages.parser.conflict('MASK', 'IPADDRESS=DHCP');
  const length = newLength(ip, name, args);
  return typeof length === 'object' ? length : undefined;
}

/** Why an interface cannot have its address by DHCP. */
function checkDhcp(ip: IpModule, name: string, mask: Ipv4 | undefined): Message | undefined {
  if (mask !== undefined) return messages.parser.conflict('MASK', 'IPADDRESS=DHCP');
  if (isPpp(name) || deviceOf(name) !== name) return messages.ip.dhcpPorts(name);
  if (!ip.status.remoteAssign) return messages.ip.remoteAssignOff();
  return ip.noDhcp === undefined ? undefined : messages.ip.noDhcpClient(ip.noDhcp);
}

/** The prefix length after SET; undefined for DHCP, which changes nothing. */
function newLength(ip: IpModule, name: string, { ipaddress, mask }: Args<typeof SET_INTERFACE>): number | Message | undefined {
  const found = ip.interface(name);
  if (found === undefined || ipaddress === 'DHCP') return undefined;
  if (ipaddress === undefined && mask === undefined) return found.length;
  return checkAddress(ip, name, ipaddress?.value ?? found.address, mask);
}

const outcome = (trouble: string | undefined, done: Message): Message => (trouble === undefined ? done : messages.ip.waits(trouble));

/** The answer once the filter that the interface was given is in force; undefined = none was. */
function withFilter(ip: IpModule, filter: InterfaceSettings['filter'] | undefined, done: Message): Outcome {
  if (filter === undefined) return done;
  const empty = filter !== 'NONE' && !ip.filterExists(filter.value) ? messages.ip.filterEmpty(filter.value, '') : undefined;
  return soon((answer) => ip.onFilter((failure) => answer(failure === undefined ? (empty ?? done) : messages.ip.notInForce(failure))));
}

/** ADD, SET, DELETE, ENABLE, DISABLE, RESET and SHOW IP INTERFACE, SET IP LOCAL. */
export const interfaceCommands = (ip: IpModule): Command[] => {
  const toExisting = (args: { readonly interface: string }): Message | undefined => {
    const name = existing(ip, args.interface);
    return typeof name === 'string' ? undefined : name;
  };
  const nameOf = (args: { readonly interface: string }): string => interfaceName(args.interface) ?? args.interface;
  return [
    command(ADD_INTERFACE, {
      verify: (args) => verifyAdd(ip, args),
      apply: (args) => {
        const { interface: _, ipaddress, mask, ...settings } = args;
        const name = nameOf(args);
        const dhcp = ipaddress === 'DHCP';
        const address = dhcp ? ANY_IPV4 : ipaddress.value;
        const length = lengthFor(address, mask, formatIpv4);
        if (typeof length !== 'number') return length;
        const added = { name, address, length, dhcp, enabled: true, settings: { ...INTERFACE_DEFAULTS, ...settings } };
        return withFilter(ip, settings.filter === 'NONE' ? undefined : settings.filter, outcome(ip.addInterface(added), messages.ip.interfaceAdded()));
      },
    }),
    command(SET_INTERFACE, {
      verify: (args) => verifySet(ip, args),
      apply: (args) => {
        const name = nameOf(args);
        const length = newLength(ip, name, args);
        if (typeof length === 'object') return length;
        const address = args.ipaddress === undefined ? {} : args.ipaddress === 'DHCP' ? { dhcp: true as const } : { address: args.ipaddress.value };
        const change = { ...address, ...(length === undefined ? {} : { length }), settings: settingsOf(args) };
        const trouble = ip.setInterface(name, change);
        const flushed = args.flusharp === true ? ip.forgetNeighbours((n) => n.name === deviceOf(name)).refused : undefined;
        return flushed === undefined ? withFilter(ip, args.filter, outcome(trouble, messages.ip.interfaceSet())) : messages.ip.arpStays(flushed);
      },
    }),
    command(DELETE_INTERFACE, {
      verify: toExisting,
      apply: (args) => {
        ip.deleteInterface(nameOf(args));
        return messages.ip.interfaceDeleted();
      },
    }),
    command(ENABLE_INTERFACE, {
      verify: toExisting,
      apply: (args) => {
        if (ip.interface(nameOf(args))?.enabled === true) return messages.ip.alreadyEnabled(`IP interface ${nameOf(args)}`);
        return outcome(ip.setInterface(nameOf(args), { enabled: true }), messages.ip.interfaceEnabled());
      },
    }),
    command(DISABLE_INTERFACE, {
      verify: toExisting,
      apply: (args) => {
        if (ip.interface(nameOf(args))?.enabled === false) return messages.ip.alreadyDisabled(`IP interface ${nameOf(args)}`);
        ip.setInterface(nameOf(args), { enabled: false });
        return messages.ip.interfaceDisabled();
      },
    }),
    command(RESET_INTERFACE, { verify: toExisting, apply: (args) => outcome(ip.resetInterface(nameOf(args)), messages.ip.interfaceReset()) }),
    command(SHOW_INTERFACE, {
      verify: (args) => (typeof args.interface === 'string' && ip.dynamic(args.interface.toLowerCase()) === undefined ? toExisting({ interface: args.interface }) : undefined),
      apply: (args) => ({ text: showInterfaces(ip, typeof args.interface === 'string' ? interfaceName(args.interface) : undefined) }),
    }),
    command(SET_LOCAL, {
      verify: ({ ipaddress }) =>
        ipaddress === ANY_IPV4 || isHostAddress(ipaddress, 32) ? undefined : messages.parser.badValue(formatIpv4(ipaddress), 'IPADDRESS', '; permitted: 0.0.0.0 or the address of a host'),
      apply: ({ ipaddress }) => {
        ip.setLocal(ipaddress);
        return messages.ip.done();
      },
    }),
  ];
};
