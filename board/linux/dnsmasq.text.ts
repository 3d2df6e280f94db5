// The configuration of dnsmasq for what the router serves, and the leases that it writes down.

import { formatIpv4, lengthOf, maskOf, parseIpv4 } from '../../firmware/bytes/ip.ts';
import type { ServedLease, ServedRange, ServicesConfig } from '../../firmware/hal/dhcp.ts';

export interface Surroundings {
  /** The kernel's device of a port, or the interface itself. */
  device(name: string): string;
  /** Where leases and the process id are kept. */
  readonly folder: string;
  /** Who it runs as after its sockets are open; undefined = as it is started. */
  readonly user: { readonly name: string; readonly group: string | undefined } | undefined;
}

export const LEASES = 'dnsmasq.leases';
export const PID = 'dnsmasq.pid';
const NAMES_KEPT = 1000;
/** Leases at a time: as many as the largest range. */
const LEASES_MOST = 65535;
const OPTION = { MASK: 1, ROUTER: 3, DNS: 6, DOMAIN: 15, NTP: 42 } as const;

export function renderServices(config: ServicesConfig, around: Surroundings): string {
  const { relay, ranges, interfaces } = config;
  return [
    '# Written by hashi at every change.',
    relay === undefined ? 'port=0' : 'port=53',
    'no-resolv',
    'no-poll',
    'no-hosts',
    'bind-dynamic',
    'except-interface=lo',
    ...interfaces.map((name) => `interface=${around.device(name)}`),
    `pid-file=${around.folder}/${PID}`,
    'log-facility=-',
    // An empty group keeps it from taking one of its own, which a user namespace refuses.
    `user=${around.user?.name ?? 'root'}`,
    `group=${around.user?.group ?? ''}`,
    ...(relay === undefined ? [] : relayLines(relay)),
    ...(ranges.length === 0 ? [] : [`dhcp-leasefile=${around.folder}/${LEASES}`, `dhcp-lease-max=${LEASES_MOST}`, 'dhcp-authoritative', 'quiet-dhcp', ...ranges.flatMap(rangeLines)]),
    '',
  ].join('\n');
}

function relayLines({ servers, hosts }: NonNullable<ServicesConfig['relay']>): string[] {
  return [
    `cache-size=${NAMES_KEPT}`,
    // The secondary server is for when the primary one fails.
    'strict-order',
    ...servers.flatMap(({ domain, servers: each }) => {
      const prefix = domain === '' ? '' : `/${domain}/`;
      // A domain whose server is not known is not asked for elsewhere.
      if (each.length === 0) return domain === '' ? [] : [`server=${prefix}`];
      return each.map((server) => `server=${prefix}${formatIpv4(server)}`);
    }),
    ...hosts.map(({ name, address }) => `host-record=${name},${formatIpv4(address)}`),
  ];
}

function rangeLines({ name, network, addresses, fixed, lease, mask, routers, dns, ntp, domain }: ServedRange): string[] {
  const net = formatIpv4(maskOf(network.length));
  const time = lease === Infinity ? 'infinite' : String(lease);
  const lines = addresses.map(({ low, high }) => `dhcp-range=set:${name},${formatIpv4(low)},${formatIpv4(high)},${net},${time}`);
  const option = (code: number, values: readonly string[]): string => `dhcp-option=tag:${name},${[code, ...values].join(',')}`;
  return [
    ...(lines.length === 0 ? [`dhcp-range=set:${name},${formatIpv4(network.address)},static,${net},${time}`] : lines),
    ...fixed.map((one) => `dhcp-host=${one.mac.replaceAll('-', ':')},set:${name},${formatIpv4(one.address)},${time}`),
    ...(lengthOf(mask) === network.length ? [] : [option(OPTION.MASK, [formatIpv4(mask)])]),
    // An option without value keeps dnsmasq from putting its own address there.
    option(OPTION.ROUTER, routers.map(formatIpv4)),
    option(OPTION.DNS, dns.map(formatIpv4)),
    ...(ntp.length === 0 ? [] : [option(OPTION.NTP, ntp.map(formatIpv4))]),
    ...(domain === '' ? [] : [option(OPTION.DOMAIN, [domain])]),
  ];
}

/** Leases of the file that hold at `now`, in seconds of the calendar (each line: end, MAC, address, name or *, client id; end 0 = never). */
export function readLeases(text: string, now: number): ServedLease[] {
  const leases: ServedLease[] = [];
  for (const line of text.split('\n')) {
    const [end = '', mac = '', ip = '', host = ''] = line.split(' ');
    const address = parseIpv4(ip);
    if (address === undefined || !/^\d+$/.test(end)) continue;
    const left = end === '0' ? Infinity : Math.floor(Number(end) - now);
    if (left > 0) leases.push({ address, mac: mac.replaceAll(':', '-'), host: host === '*' ? '' : host, left });
  }
  return leases.sort((a, b) => a.address - b.address);
}
