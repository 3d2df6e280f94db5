// The commands that recreate the IP module's state, for CREATE CONFIG and SHOW CONFIG DYNAMIC.

import { ANY_IPV4, classLength, maskOf } from '../bytes/ip.ts';
import { type ConfigSection, write } from '../cli/command.ts';
import { ADD_INTERFACE, DISABLE_INTERFACE, SET_INTERFACE, SET_LOCAL } from './interface.commands.ts';
import { INTERFACE_DEFAULTS, type InterfaceSettings, type IpInterface, type OrNone } from './interfaces.ts';
import { DISABLE_FORWARDING, DISABLE_REMOTEASSIGN, ENABLE_IP, ENABLE_REMOTEASSIGN } from './ip.commands.ts';
import type { IpModule } from './module.ts';
import type { Dns } from './dns.ts';
import { dnsConfig } from './dns.commands.ts';
import { poolConfig } from './pool.commands.ts';
import { pingConfig } from './probe.commands.ts';
import type { Probes } from './probes.ts';
import { ADD_ROUTE, SET_ROUTE, routeDefaults } from './route.commands.ts';
import type { Route, RouteSettings } from './routes.ts';

/** Longest line that AlliedWare's own configuration scripts hold; what does not fit goes into SET commands. */
const LINE = 121;

/** Line of `first` with as many of `changes` as fit, then the rest in as few lines of `next` as possible. */
function lines<T extends object>(changes: readonly Partial<T>[], first: (some: Partial<T>) => string, next: (some: Partial<T>) => string): string[] {
  const out: string[] = [];
  let print = first;
  let taken: Partial<T> = {};
  let count = 0;
  for (const change of changes) {
    const more: Partial<T> = { ...taken, ...change };
    const fits = print(more).length <= LINE || (print === next && count === 0);
    if (!fits) {
      out.push(print(taken));
      print = next;
    }
    taken = fits ? more : change;
    count = fits ? count + 1 : 1;
  }
  return [...out, print(taken)];
}

const alike = (a: OrNone | string | number, b: OrNone | string | number): boolean => (typeof a === 'object' && typeof b === 'object' ? a.value === b.value : a === b);

/** The settings of ADD IP INTERFACE that are not as usual, one object each. */
function unusual(s: InterfaceSettings): Partial<InterfaceSettings>[] {
  const d: InterfaceSettings = INTERFACE_DEFAULTS;
  return [
    alike(s.broadcast, d.broadcast) ? {} : { broadcast: s.broadcast },
    alike(s.directedbroadcast, d.directedbroadcast) ? {} : { directedbroadcast: s.directedbroadcast },
    alike(s.filter, d.filter) ? {} : { filter: s.filter },
    alike(s.fragment, d.fragment) ? {} : { fragment: s.fragment },
    alike(s.gre, d.gre) ? {} : { gre: s.gre },
    alike(s.igmpproxy, d.igmpproxy) ? {} : { igmpproxy: s.igmpproxy },
    alike(s.multicast, d.multicast) ? {} : { multicast: s.multicast },
    alike(s.ospfmetric, d.ospfmetric) ? {} : { ospfmetric: s.ospfmetric },
    alike(s.policyfilter, d.policyfilter) ? {} : { policyfilter: s.policyfilter },
    alike(s.priorityfilter, d.priorityfilter) ? {} : { priorityfilter: s.priorityfilter },
    alike(s.proxyarp, d.proxyarp) ? {} : { proxyarp: s.proxyarp },
    alike(s.ripmetric, d.ripmetric) ? {} : { ripmetric: s.ripmetric },
    alike(s.vjc, d.vjc) ? {} : { vjc: s.vjc },
  ].filter((change) => Object.keys(change).length > 0);
}

function interfaceLines({ name, address, length, dhcp, settings, enabled }: IpInterface): string[] {
  const usual = address === ANY_IPV4 ? 0 : classLength(address);
  const mask = dhcp || length === usual ? {} : { mask: maskOf(length) };
  const ipaddress = dhcp ? 'DHCP' : { value: address };
  const { vlantag, vlanpriority } = settings;
  const vlan = { ...(vlantag === 'NONE' ? {} : { vlantag }), ...(vlanpriority === 'NONE' ? {} : { vlanpriority }) };
  return [
    ...lines<InterfaceSettings>(
      unusual(settings),
      ({ vlantag: _tag, vlanpriority: _priority, ...some }) => write(ADD_INTERFACE, { interface: name, ipaddress, ...mask, ...some }),
      (some) => write(SET_INTERFACE, { interface: name, ...some }),
    ),
    ...(Object.keys(vlan).length === 0 ? [] : [write(SET_INTERFACE, { interface: name, ...vlan })]),
    ...(enabled ? [] : [write(DISABLE_INTERFACE, { interface: name })]),
  ];
}

function routeLines(route: Route): string[] {
  const { destination, length, nexthop } = route;
  const usual = destination === ANY_IPV4 ? 0 : classLength(destination);
  const key = { route: destination, interface: route.interface, nexthop, ...(length === usual ? {} : { mask: maskOf(length) }) };
  const d: RouteSettings = routeDefaults(route);
  const changes: Partial<RouteSettings>[] = [
    route.metric1 === d.metric1 ? {} : { metric1: route.metric1 },
    { metric2: route.metric2 },
    route.policy === d.policy ? {} : { policy: route.policy },
    route.preference === d.preference ? {} : { preference: route.preference },
    { tag: route.tag },
    { circuit: route.circuit },
    { dlci: route.dlci },
  ].filter((change) => Object.values(change).some((value) => value !== undefined));
  return lines<RouteSettings>(changes, (some) => write(ADD_ROUTE, { ...key, ...some }), (some) => write(SET_ROUTE, { ...key, ...some }));
}

/** All lines of the IP configuration. Interfaces in the order they were added: the first lends its address to unnumbered ones. */
export function ipConfig(ip: IpModule, probes: Probes, dns?: Dns): ConfigSection[] {
  const { enabled, forwarding, remoteAssign, local } = ip.status;
  // IPADDRESS=DHCP is refused without it.
  const lent = !remoteAssign && ip.interfaces().some(({ dhcp }) => dhcp);
  const all = [
    ...(enabled ? [write(ENABLE_IP, {})] : []),
    ...(forwarding ? [] : [write(DISABLE_FORWARDING, {})]),
    ...(remoteAssign || lent ? [write(ENABLE_REMOTEASSIGN, {})] : []),
    ...ip.interfaces().flatMap(interfaceLines),
    ...(lent ? [write(DISABLE_REMOTEASSIGN, {})] : []),
    ...(local === ANY_IPV4 ? [] : [write(SET_LOCAL, { ipaddress: local })]),
    ...ip.routes().flatMap(routeLines),
    ...(dns === undefined ? [] : dnsConfig(dns)),
    ...poolConfig(ip.pools),
    ...pingConfig(probes),
  ];
  return all.length === 0 ? [] : [{ title: 'IP', lines: all }];
}
