// Static route commands (AlliedWare IP chapter): ADD, SET, DELETE, SHOW IP ROUTE.

import { type Ipv4, formatIpv4, networkOf } from '../bytes/ip.ts';
import { type Args, type Command, command, form } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { badInterface, interfaceName, lengthFor } from './interfaces.ts';
import type { IpModule } from './module.ts';
import { type RouteKey, type RouteSettings, defaultPreference } from './routes.ts';
import { showRoutes } from './show.ts';

export const ADD_ROUTE = form({
  syntax: `ADD IP ROUTE=ipadd INTERFACE=interface NEXTHOP=ipadd [MASK=ipadd] [{METRIC=1..16|METRIC1=1..16}] [METRIC2=1..65535] [POLICY=0..7]
    [PREFERENCE=0..65535] [TAG=1..65535] [{CIRCUIT=name|DLCI=0..1023}]`,
  level: 'manager',
  example: 'ADD IP ROUTE=192.168.20.0 MASK=255.255.255.0 INTERFACE=ppp1 NEXTHOP=0.0.0.0',
  help: 'Adds a static route. NEXTHOP=0.0.0.0: directly on the interface. MASK is by default that of the address class; METRIC1 1; PREFERENCE 360 for the default route, else 60; the lowest wins.',
});

export const SET_ROUTE = form({
  syntax: `SET IP ROUTE=ipadd INTERFACE=interface NEXTHOP=ipadd [MASK=ipadd] [{METRIC=1..16|METRIC1=1..16}] [METRIC2=1..65535] [POLICY=0..7]
    [PREFERENCE=0..65535] [TAG=1..65535] [{CIRCUIT=name|DLCI=0..1023}]`,
  level: 'manager',
  example: 'SET IP ROUTE=192.168.20.0 MASK=255.255.255.0 INTERFACE=ppp1 NEXTHOP=0.0.0.0 PREFERENCE=100',
  help: 'Changes the static route with this destination, mask, interface and next hop; parameters not given stay as they are.',
});

const DELETE_ROUTE = form({
  syntax: 'DELETE IP ROUTE=ipadd INTERFACE=interface NEXTHOP=ipadd [MASK=ipadd]',
  level: 'manager',
  example: 'DELETE IP ROUTE=192.168.20.0 MASK=255.255.255.0 INTERFACE=ppp1 NEXTHOP=0.0.0.0',
  help: 'Deletes the static route with this destination, mask, interface and next hop.',
});

const SHOW_ROUTE = form({
  syntax: 'SHOW IP ROUTE[=ipadd]',
  level: 'manager',
  example: 'SHOW IP ROUTE',
  help: 'Shows the routes, or those whose network holds an address. # after the interface: not in use while that is down.',
});

interface Named {
  readonly route: Ipv4;
  readonly mask?: Ipv4 | undefined;
  readonly interface: string;
  readonly nexthop: Ipv4;
}

/** The route that a command names, or what is wrong with the name. */
function keyOf({ route, mask, interface: text, nexthop }: Named): RouteKey | Message {
  const name = interfaceName(text);
  if (name === undefined) return badInterface(text);
  const length = lengthFor(route, mask, formatIpv4);
  if (typeof length !== 'number') return length;
  const { address } = networkOf(route, length);
  if (address !== route) return messages.parser.badValue(formatIpv4(route), 'ROUTE', `; permitted: an address without bits outside the mask, like ${formatIpv4(address)}`);
  if (route >= 0xe0000000 || route >>> 24 === 127) return messages.parser.badValue(formatIpv4(route), 'ROUTE', '; permitted: a unicast network or host');
  if (nexthop >= 0xe0000000 || nexthop >>> 24 === 127) return messages.parser.badValue(formatIpv4(nexthop), 'NEXTHOP', '; permitted: 0.0.0.0 or the address of a host');
  return { destination: route, length, interface: name, nexthop };
}

const isKey = (found: RouteKey | Message): found is RouteKey => 'destination' in found;
const networkText = ({ destination, length }: RouteKey): string => `${formatIpv4(destination)}/${length}`;
const throughText = ({ interface: name, nexthop }: RouteKey): string => `${name} ${formatIpv4(nexthop)}`;

function settingsOf(args: Args<typeof SET_ROUTE>, base: RouteSettings): RouteSettings {
  const bound = args.circuit !== undefined || args.dlci !== undefined;
  return {
    metric1: args.metric1 ?? args.metric ?? base.metric1,
    metric2: args.metric2 ?? base.metric2,
    policy: args.policy ?? base.policy,
    preference: args.preference ?? base.preference,
    tag: args.tag ?? base.tag,
    circuit: bound ? args.circuit : base.circuit,
    dlci: bound ? args.dlci : base.dlci,
  };
}

/** Settings of a route whose command names none. */
export const routeDefaults = (key: RouteKey): RouteSettings => ({
  metric1: 1,
  metric2: undefined,
  policy: 0,
  preference: defaultPreference(key),
  tag: undefined,
  circuit: undefined,
  dlci: undefined,
});

/** ADD, SET, DELETE and SHOW IP ROUTE. */
export const routeCommands = (ip: IpModule): Command[] => {
  const mustExist = (args: Named): Message | undefined => {
    const key = keyOf(args);
    if (!isKey(key)) return key;
    return ip.route(key) === undefined ? messages.ip.noRoute(networkText(key), throughText(key)) : undefined;
  };
  const put = (args: Args<typeof SET_ROUTE>, done: Message): Message => {
    const key = keyOf(args);
    if (!isKey(key)) return key;
    const trouble = ip.putRoute(key, settingsOf(args, ip.route(key) ?? routeDefaults(key)));
    return trouble === undefined ? done : messages.ip.waits(trouble);
  };
  return [
    command(ADD_ROUTE, {
      verify: (args) => {
        const key = keyOf(args);
        if (!isKey(key)) return key;
        return ip.route(key) === undefined ? undefined : messages.ip.routeExists(networkText(key), throughText(key));
      },
      apply: (args) => put(args, messages.ip.routeAdded()),
    }),
    command(SET_ROUTE, {
      verify: (args) => {
        const { route: _route, mask: _mask, interface: _interface, nexthop: _nexthop, ...changes } = args;
        return mustExist(args) ?? (Object.values(changes).every((value) => value === undefined) ? messages.ip.nothingToSet() : undefined);
      },
      apply: (args) => put(args, messages.ip.routeSet()),
    }),
    command(DELETE_ROUTE, {
      verify: mustExist,
      apply: (args) => {
        const key = keyOf(args);
        if (!isKey(key)) return key;
        ip.deleteRoute(key);
        return messages.ip.routeDeleted();
      },
    }),
    command(SHOW_ROUTE, { apply: (args) => ({ text: showRoutes(ip.routeViews(), typeof args.route === 'number' ? args.route : undefined) }) }),
  ];
};
