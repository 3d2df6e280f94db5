// What SHOW IP DNS and SHOW IP DNS CACHE print (AlliedWare IP chapter).

import { formatIpv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Text } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Dns, DnsCounter, DnsEntry } from './dns.ts';
import { RULE79, leader, row } from './show.ts';

const SERVERS = [31, 16, 16, 16] as const;
const NONE = '-';

function entryRow(dns: Dns, entry: DnsEntry): string {
  const [primary, secondary] = dns.serversOf(entry);
  const text = (server: typeof primary): string => (server === undefined ? NONE : formatIpv4(server));
  return row(SERVERS, [entry.domain, text(primary), text(secondary), entry.interface === '' ? NONE : entry.interface]);
}

const COUNTED: readonly (readonly [string, readonly DnsCounter[]])[] = [
  ['Questions sent', ['questions']],
  ['Names answered', ['answers']],
  ['Names not answered', ['silent']],
  ['Answered from the cache', ['cached']],
  ['Joined to a running question', ['shared']],
  ['From a stranger', ['dns-sender']],
  ['With a wrong identifier', ['dns-id']],
  ['To another question', ['dns-question', 'dns-query']],
  ['Damaged', ['dns-short', 'dns-name', 'dns-record']],
  ['With too many records', ['dns-records']],
];

export function showDns(dns: Dns): string {
  const entries = dns.entries();
  const total = (names: readonly DnsCounter[]): number => names.reduce((sum, name) => sum + (dns.counters.get(name) ?? 0), 0);
  const learned = dns.generalServers().map(formatIpv4).join(', ');
  const none = [learned === '' ? 'No name servers are set: the resolver of the board answers.' : `No name servers are set; in use those learned: ${learned}`];
  const rows = entries.length === 0 ? none : [row(SERVERS, ['Domain', 'Primary', 'Secondary', 'Interface']), ...entries.map((entry) => entryRow(dns, entry))];
  return [
    'DNS Configuration',
    RULE79,
    leader('DNS Relay', !dns.relay ? 'DISABLED' : dns.generalServers().length === 0 ? 'ENABLED, but no name servers are known' : 'ENABLED'),
    leader('Names in the cache', dns.cache.size),
    RULE79,
    ...rows,
    RULE79,
    ...COUNTED.map(([label, names]) => leader(label, total(names))),
    RULE79,
  ].join('\n');
}

const CACHE = [44, 17, 10] as const;

export function showDnsCache(dns: Dns, now: Millis): Message | Text {
  const known = dns.cache.list(now);
  if (known.length === 0) return messages.ip.noNames();
  const rows = known.flatMap(({ name, addresses, until }) => {
    const life = String(Math.ceil((until - now) / 1000));
    const texts = addresses.length === 0 ? ['none'] : addresses.map(formatIpv4);
    return texts.map((text, i) => row(CACHE, [i === 0 ? name : '', text, i === 0 ? life : '']));
  });
  return { text: [row(CACHE, ['Name', 'IP Address', 'Seconds']), RULE79, ...rows, RULE79].join('\n') };
}
