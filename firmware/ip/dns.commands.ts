// Name servers, host names and the DNS relay (AlliedWare IP chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: 'ADD IP DNS [DOMAIN={domain-name|ANY}] [PRIMARY=ipadd] [SECONDARY=ipadd] [INTERFACE=interface]',
    level: 'manager',
    example: 'ADD IP DNS DOMAIN=ANY PRIMARY=192.0.2.53 SECONDARY=192.0.2.54',
    help: 'Names the servers for a domain, or for all; with INTERFACE those that the peer of a PPP interface names.',
  }),
  form({
    syntax: 'SET IP DNS [DOMAIN={domain-name|ANY}] [PRIMARY=ipadd] [SECONDARY=ipadd] [INTERFACE=interface]',
    level: 'manager',
    example: 'SET IP DNS PRIMARY=192.0.2.53',
    help: 'Changes the name servers of a domain.',
  }),
  form({ syntax: 'DELETE IP DNS [DOMAIN={domain-name|ANY}]', level: 'manager', example: 'DELETE IP DNS DOMAIN=ANY', help: 'Forgets the name servers of a domain.' }),
  form({ syntax: 'SHOW IP DNS [CACHE]', level: 'manager', example: 'SHOW IP DNS CACHE', help: 'Shows name servers, or the names that are known from them.' }),
  form({ syntax: 'ADD IP HOST=host IPADDRESS=ipadd', level: 'manager', example: 'ADD IP HOST=branch IPADDRESS=192.168.20.1', help: 'Gives an address a name.' }),
  form({ syntax: 'SET IP HOST=host IPADDRESS=ipadd', level: 'manager', example: 'SET IP HOST=branch IPADDRESS=192.168.20.2', help: 'Changes the address of a name.' }),
  form({ syntax: 'DELETE IP HOST=host', level: 'manager', example: 'DELETE IP HOST=branch', help: 'Forgets a name.' }),
  form({ syntax: 'SHOW IP HOST', level: 'manager', example: 'SHOW IP HOST', help: 'Shows the names that were added.' }),
  form({ syntax: 'ENABLE IP DNSRELAY', level: 'manager', example: 'ENABLE IP DNSRELAY', help: 'Answers name requests of hosts on the LAN by asking the name servers.' }),
  form({ syntax: 'DISABLE IP DNSRELAY', level: 'manager', example: 'DISABLE IP DNSRELAY', help: 'Answers no name requests.' }),
  form({ syntax: 'SET IP DNSRELAY INTERFACE=interface', level: 'manager', example: 'SET IP DNSRELAY INTERFACE=ppp0', help: 'Takes the name servers that the peer of this interface names.' }),
];

export const dnsCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
