// What SHOW DHCP, SHOW DHCP CLIENT, POLICY and RANGE print (AlliedWare DHCP chapter).

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { printable } from '../bytes/text.ts';
import type { Text } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Policy } from './policy.ts';
import type { Range } from './range.ts';
import type { DhcpServer } from './server.ts';

const RULE = '-'.repeat(79);
const leader = (label: string, value: string | number): string => `${`${label} `.padEnd(34, '.')} ${value}`;
const list = (addresses: readonly Ipv4[]): string => addresses.map(formatIpv4).join(', ');
const seconds = (lease: number): string => (lease === Infinity ? 'Infinity' : String(lease));

export function showDhcp(server: DhcpServer): string {
  const waiting = server.enabled ? server.waiting() : [];
  const { trouble } = server;
  return [
    'DHCP Server',
    RULE,
    leader('DHCP Server Status', server.enabled ? 'ENABLED' : 'DISABLED'),
    leader('Policies', server.policies.list().length),
    leader('Ranges (served)', `${server.ranges().length} (${server.wanted().length})`),
    leader('Clients', server.parts.leases().length),
    ...(trouble === undefined || !server.enabled ? [] : [leader('Not served', trouble)]),
    ...waiting.map(({ range, why }) => leader(`Range ${range.name} waits`, why)),
    RULE,
  ].join('\n');
}

const CLIENT = [16, 19, 12] as const;

export function showClients(server: DhcpServer): Message | Text {
  const leases = server.parts.leases();
  if (leases.length === 0) return messages.dhcp.noClients();
  const line = (cells: readonly string[]): string => cells.map((cell, i) => cell.padEnd(CLIENT[i] ?? 0)).join('').trimEnd();
  const rows = leases.map(({ address, mac, host, left }) => line([formatIpv4(address), mac, seconds(left), printable(host)]));
  return { text: [line(['IP Address', 'Client', 'Left (s)', 'Name']), RULE, ...rows, RULE].join('\n') };
}

function policyRows({ name, lease, inherit, options: { subnetmask, router, dnsserver, domainname, ntpserver } }: Policy): string[] {
  return [
    leader('Policy', name),
    leader('Lease Time (s)', seconds(lease)),
    leader('Inherits from', inherit === '' ? '-' : inherit),
    ...(subnetmask === undefined ? [] : [leader('Subnet Mask', formatIpv4(subnetmask))]),
    ...(router === undefined ? [] : [leader('Routers', list(router))]),
    ...(dnsserver === undefined ? [] : [leader('DNS Servers', list(dnsserver))]),
    ...(domainname === undefined ? [] : [leader('Domain Name', domainname)]),
    ...(ntpserver === undefined ? [] : [leader('NTP Servers', list(ntpserver))]),
    RULE,
  ];
}

export function showPolicies(server: DhcpServer, only: string | undefined): Message | Text {
  const shown = only === undefined ? server.policies.list() : [server.policies.get(only)].filter((one) => one !== undefined);
  return shown.length === 0 ? messages.dhcp.noPolicies() : { text: ['DHCP Policies', RULE, ...shown.flatMap(policyRows)].join('\n') };
}

function rangeRows(server: DhcpServer, range: Range): string[] {
  const served = server.served(range);
  const state = typeof served === 'string' ? `waiting: ${served}` : server.enabled ? 'served' : 'the DHCP server is off';
  const used = server.parts.leases().filter(({ address }) => range.gives(address) || range.keptFor(address) !== undefined).length;
  return [
    leader('Range', range.name),
    leader('Policy', range.policy),
    ...range.ranges().map(({ low, high }) => leader('IP Addresses', low === high ? formatIpv4(low) : `${formatIpv4(low)} - ${formatIpv4(high)}`)),
    ...range.fixed.map(({ address, mac }) => leader(`Kept for ${mac}`, formatIpv4(address))),
    ...(range.gateway === undefined ? [] : [leader('Gateway', formatIpv4(range.gateway))]),
    leader('Addresses (in use)', `${range.size + range.fixed.filter(({ address }) => !range.gives(address)).length} (${used})`),
    leader('Status', state),
    RULE,
  ];
}

export function showRanges(server: DhcpServer, only: string | undefined): Message | Text {
  const shown = only === undefined ? server.ranges() : [server.range(only)].filter((one) => one !== undefined);
  return shown.length === 0 ? messages.dhcp.noRanges() : { text: ['DHCP Ranges', RULE, ...shown.flatMap((one) => rangeRows(server, one))].join('\n') };
}
