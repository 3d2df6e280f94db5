// Commands of names that the operator gives to addresses (AlliedWare IP chapter): ADD, SET, DELETE, SHOW IP HOST.

import { formatIpv4 } from '../bytes/ip.ts';
import { type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import type { Dns } from './dns.ts';
import { isHostAddress } from './interfaces.ts';
import { RULE79, row } from './show.ts';

export const ADD_HOST = form({
  syntax: 'ADD IP HOST=host-name IPADDRESS=ipadd',
  level: 'manager',
  example: 'ADD IP HOST=branch IPADDRESS=192.168.20.1',
  help: 'Gives an address a name, for the commands of this router and for those who ask its DNS relay. It goes before what name servers say.',
});
const SET_HOST = form({ syntax: 'SET IP HOST=host-name IPADDRESS=ipadd', level: 'manager', example: 'SET IP HOST=branch IPADDRESS=192.168.20.2', help: 'Changes the address of a name.' });
const DELETE_HOST = form({ syntax: 'DELETE IP HOST=host-name', level: 'manager', example: 'DELETE IP HOST=branch', help: 'Forgets a name.' });
const SHOW_HOST = form({ syntax: 'SHOW IP HOST', level: 'manager', example: 'SHOW IP HOST', help: 'Shows the names that were added.' });

const COLUMNS = [17, 15] as const;

/** `done` gives the answer once the change is in force. */
export function hostCommands(dns: Dns, done: () => Outcome): Command[] {
  const { hosts } = dns;
  const badAddress = (address: Parameters<typeof isHostAddress>[0]) =>
    isHostAddress(address, 32) ? undefined : messages.parser.badValue(formatIpv4(address), 'IPADDRESS', '; permitted: the address of a host');
  return [
    command(ADD_HOST, {
      verify: ({ host, ipaddress }) => (hosts.get(host) === undefined ? badAddress(ipaddress) : messages.ip.hostExists(host)),
      apply: ({ host, ipaddress }) => {
        dns.putHost(host, ipaddress);
        return done();
      },
    }),
    command(SET_HOST, {
      verify: ({ host, ipaddress }) => (hosts.get(host) === undefined ? messages.ip.noHost(host) : badAddress(ipaddress)),
      apply: ({ host, ipaddress }) => {
        dns.putHost(host, ipaddress);
        return done();
      },
    }),
    command(DELETE_HOST, {
      verify: ({ host }) => (hosts.get(host) === undefined ? messages.ip.noHost(host) : undefined),
      apply: ({ host }) => {
        dns.deleteHost(host);
        return done();
      },
    }),
    command(SHOW_HOST, {
      apply: () => {
        const rows = hosts.list().map(({ name, address }) => row(COLUMNS, [formatIpv4(address), name]));
        return rows.length === 0 ? messages.ip.noHosts() : { text: [row(COLUMNS, ['IP Address', 'Host']), RULE79, ...rows, RULE79].join('\n') };
      },
    }),
  ];
}

export const hostConfig = (dns: Dns): ConfigSection['lines'] => dns.hosts.list().map(({ name, address }) => write(ADD_HOST, { host: name, ipaddress: address }));
