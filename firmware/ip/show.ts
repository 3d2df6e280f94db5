// What SHOW IP, SHOW IP INTERFACE, SHOW IP ROUTE and SHOW IP ARP print (AlliedWare IP chapter; columns of SHOW IP INTERFACE as
// tools that read real devices expect them: address and mask in the third, MTU in the fourth).

import { ANY_IPV4, type Ipv4, formatIpv4, inPrefix, maskOf } from '../bytes/ip.ts';
import { wrap } from '../bytes/text.ts';
import type { Neighbour } from '../hal/iphost.ts';
import type { DynamicLink } from './dynamic.ts';
import { type IpInterface, type OrNone, isPpp } from './interfaces.ts';
import type { IpModule, RouteView } from './module.ts';

export const RULE79 = '-'.repeat(79);
const RULE80 = '-'.repeat(80);
const NONE = '---';
const DEFAULT_MTU = 1500;

/** Cells side by side, each but the last filled to its width, at least one blank between two. */
export function row(widths: readonly number[], cells: readonly string[]): string {
  return cells.map((cell, i) => (i === cells.length - 1 ? cell : `${cell.padEnd((widths[i] ?? 1) - 1)} `)).join('');
}

/** `Label ........ value` with the value at a fixed column. */
export const leader = (label: string, value: string | number, column = 35): string => `${`${label} `.padEnd(column - 1, '.')} ${value}`;

const FIRST = [14, 10, 17, 3, 3, 6, 5, 11, 7];
const SECOND = [14, 10, 17, 6, 6, 5, 11, 7];
const INTERFACE_HEAD = [
  row(FIRST, ['Interface', 'Type', 'IP Address', 'Bc', 'Fr', 'PArp', 'Filt', 'RIP Met.', 'SAMode', 'IPSc']),
  row(SECOND, ['Pri. Filt', 'Pol.Filt', 'Network Mask', 'MTU', 'VJC', 'GRE', 'OSPF Met.', 'DBcast', 'Mul.']),
  RULE80,
];
const MULTICAST = { OFF: 'Off', SEND: 'Snd', RECEIVE: 'Rec', BOTH: 'On', ON: 'On' } as const;
const noneOr = (value: OrNone, digits = 3): string => (value === 'NONE' ? NONE : String(value.value).padStart(digits, '0'));
const orNotSet = (address: Ipv4): string => (address === ANY_IPV4 ? 'Not set' : formatIpv4(address));
const capital = (word: string): string => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;

/** SHOW IP INTERFACE; with a name that interface alone and what the table has no column for. */
export function showInterfaces(ip: IpModule, only: string | undefined): string {
  const found = ip.interfaces().filter((i) => only === undefined || i.name === only);
  const local = only === undefined ? localRows(ip.status.local) : [];
  const details = only === undefined ? [] : found.flatMap((i) => detailRows(ip, i));
  const dynamics = ip.dynamics().filter(({ name }) => only === undefined || name === only);
  return [...INTERFACE_HEAD, ...local, ...found.flatMap((i) => interfaceRows(ip, i)), ...dynamics.flatMap(dynamicRows), RULE80, ...details].join('\n');
}

const localRows = (address: Ipv4): string[] => [
  row(FIRST, ['Local', address === ANY_IPV4 ? NONE : 'Static', orNotSet(address), '-', '-', '-', NONE, '--', 'Pass', 'No']),
  row(SECOND, [NONE, NONE, address === ANY_IPV4 ? 'Not set' : formatIpv4(maskOf(32)), String(DEFAULT_MTU), '-', NONE, '--', NONE, NONE]),
];

function interfaceRows(ip: IpModule, found: IpInterface): string[] {
  const { settings: s } = found;
  const link = ip.link(found.name);
  const assigned = link?.assigned === true;
  const address = assigned ? link.local : found.address;
  const length = assigned ? 32 : found.length;
  const name = `${found.name}${ip.condition(found.name) === 'up' ? '' : '#'}`;
  const broadcast = s.directedbroadcast === 'YES' || s.directedbroadcast === 'ON' ? 'Yes' : 'No';
  return [
    row(FIRST, [name, found.dhcp ? 'DHCP' : assigned ? 'Remote' : 'Static', formatIpv4(address), s.broadcast, s.fragment === 'YES' ? 'y' : 'n', isPpp(found.name) ? '-' : capital(s.proxyarp), noneOr(s.filter), String(s.ripmetric).padStart(2, '0'), 'Pass', 'No']),
    row(SECOND, [noneOr(s.priorityfilter), noneOr(s.policyfilter), formatIpv4(maskOf(length)), String(ip.device(found.name)?.mtu ?? DEFAULT_MTU), isPpp(found.name) ? capital(s.vjc) : '-', noneOr(s.gre), String(s.ospfmetric).padStart(10, '0'), broadcast, MULTICAST[s.multicast]]),
  ];
}

/** A dynamic PPP interface: unnumbered, nothing is configured on it. */
const dynamicRows = ({ name, mtu }: DynamicLink): string[] => [
  row(FIRST, [name, 'Dynamic', formatIpv4(ANY_IPV4), '-', 'n', '-', NONE, '01', 'Pass', 'No']),
  row(SECOND, [NONE, NONE, formatIpv4(ANY_IPV4), String(mtu), 'Off', NONE, '--', 'No', NONE]),
];

function detailRows(ip: IpModule, found: IpInterface): string[] {
  const { settings: s } = found;
  const link = ip.link(found.name);
  const device = ip.device(found.name);
  const borrowed = found.address === ANY_IPV4 && link === undefined ? ip.localAddress(found.name) : ANY_IPV4;
  return [
    leader('Status', ip.condition(found.name)),
    ...wrap(ip.trouble(found.name) ?? '-', 44).map((part, i) => (i === 0 ? leader('Reason', part) : `${' '.repeat(35)}${part}`)),
    leader('Device', device === undefined || !device.present ? 'Not present' : device.device),
    ...leaseRows(ip, found.name),
    ...(isPpp(found.name) ? [leader('Local address', orNotSet(link?.local ?? borrowed)), leader('Peer address', orNotSet(link?.peer ?? ANY_IPV4))] : []),
    leader('IGMP proxy', capital(s.igmpproxy)),
    leader('VJ compression', capital(s.vjc)),
    leader('Proxy ARP', capital(s.proxyarp)),
    leader('VLAN tag', s.vlantag === 'NONE' ? 'None' : s.vlantag.value),
    leader('VLAN priority', s.vlanpriority === 'NONE' ? 'None' : s.vlanpriority.value),
    RULE80,
  ];
}

/** What a DHCP server gave. */
function leaseRows(ip: IpModule, name: string): string[] {
  const leased = ip.lease(name);
  if (leased === undefined) return [];
  const { server, seconds, routers, dns } = leased.lease;
  const list = (addresses: readonly Ipv4[]): string => (addresses.length === 0 ? '-' : addresses.map(formatIpv4).join(', '));
  return [
    leader('DHCP server', orNotSet(server)),
    leader('Lease left (s)', seconds === Infinity ? 'Infinity' : Math.max(0, seconds - leased.age)),
    leader('Gateway', list(routers.slice(0, 1))),
    leader('Name servers', list(dns)),
  ];
}

const ROUTE_FIRST = [16, 17, 18, 12];
const ROUTE_SECOND = [16, 10, 11, 14, 12];

/** SHOW IP ROUTE; with an address the routes whose network holds it. */
export function showRoutes(routes: readonly RouteView[], holding: Ipv4 | undefined): string {
  const shown = routes.filter((r) => holding === undefined || inPrefix(holding, { address: r.destination, length: r.length }));
  return [
    'IP Routes',
    RULE79,
    'Destination     Mask             NextHop           Interface          Age',
    'DLCI/Circ.      Type      Policy     Protocol      Metrics      Preference',
    RULE79,
    ...shown.flatMap(routeRows),
    RULE79,
  ].join('\n');
}

function routeRows(r: RouteView): string[] {
  const metrics = r.metric2 === undefined ? String(r.metric1) : `${r.metric1}/${r.metric2}`;
  return [
    row(ROUTE_FIRST, [formatIpv4(r.destination), formatIpv4(maskOf(r.length)), formatIpv4(r.nexthop), `${r.interface}${r.used ? '' : '#'}`, String(r.age).padStart(11)]),
    row(ROUTE_SECOND, [r.circuit, r.nexthop === ANY_IPV4 ? 'direct' : 'remote', String(r.policy), r.protocol, metrics, String(r.preference).padStart(11)]),
  ];
}

const ARP = [15, 19, 20, 12];

/** SHOW IP ARP. */
export function showArp(neighbours: readonly Neighbour[]): string {
  const rows = [...neighbours]
    .sort((a, b) => (a.name === b.name ? a.address - b.address : a.name < b.name ? -1 : 1))
    .map((n) => row(ARP, [n.name, formatIpv4(n.address), n.mac, n.kind === 'static' ? 'Static' : 'Dynamic', n.active ? 'Active' : 'Inactive']));
  return [row(ARP, ['Interface', 'IP Address', 'Physical Address', 'ARP Type', 'Status']), RULE79, ...rows, RULE79].join('\n');
}

/** SHOW IP. */
export function showIp(ip: IpModule): string {
  const { enabled, forwarding, remoteAssign, local } = ip.status;
  const on = (value: boolean): string => (value ? 'ENABLED' : 'DISABLED');
  const routes = ip.routeViews().filter((r) => r.protocol === 'static');
  const up = ip.interfaces().filter((i) => ip.condition(i.name) === 'up').length;
  return [
    'IP Module Configuration',
    RULE79,
    leader('Module Status', on(enabled)),
    leader('IP Packet Forwarding', on(forwarding)),
    leader('IP Remote Address Assign', on(remoteAssign)),
    leader('Local IP Address', orNotSet(local)),
    leader('Interfaces (up)', `${ip.interfaces().length} (${up})`),
    ...(ip.dynamics().length === 0 ? [] : [leader('Dynamic Interfaces', ip.dynamics().length)]),
    leader('Static Routes (in use)', `${routes.length} (${routes.filter((r) => r.used).length})`),
    RULE79,
  ].join('\n');
}
