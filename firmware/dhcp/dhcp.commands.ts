// The DHCP server (AlliedWare DHCP chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({ syntax: 'ENABLE DHCP', level: 'manager', example: 'ENABLE DHCP', help: 'Turns the DHCP server on.' }),
  form({ syntax: 'DISABLE DHCP', level: 'manager', example: 'DISABLE DHCP', help: 'Turns the DHCP server off.' }),
  form({
    syntax: 'CREATE DHCP POLICY=name LEASETIME={1..4294967294|INFINITY} [INHERIT=name]',
    level: 'manager',
    example: 'CREATE DHCP POLICY=lan LEASETIME=7200',
    help: 'Makes a set of options for clients; LEASETIME in seconds; what it does not name it takes from the policy INHERIT.',
  }),
  form({
    syntax: 'ADD DHCP POLICY=name [SUBNETMASK=ipadd] [ROUTER=ipadd[,...]] [DNSSERVER=ipadd[,...]] [DOMAINNAME=domain-name] [NTPSERVER=ipadd[,...]]',
    level: 'manager',
    example: 'ADD DHCP POLICY=lan SUBNETMASK=255.255.255.0 ROUTER=192.168.10.1 DNSSERVER=192.0.2.53,192.0.2.54',
    help: 'Adds options to a policy.',
  }),
  form({
    syntax: 'SET DHCP POLICY=name [LEASETIME={1..4294967294|INFINITY}] [INHERIT=name] [SUBNETMASK=ipadd] [ROUTER=ipadd[,...]] [DNSSERVER=ipadd[,...]] [DOMAINNAME=domain-name] [NTPSERVER=ipadd[,...]]',
    level: 'manager',
    example: 'SET DHCP POLICY=lan ROUTER=192.168.10.2',
    help: 'Changes options of a policy.',
  }),
  form({
    syntax: 'DELETE DHCP POLICY=name [SUBNETMASK] [ROUTER] [DNSSERVER] [DOMAINNAME] [NTPSERVER]',
    level: 'manager',
    example: 'DELETE DHCP POLICY=lan NTPSERVER',
    help: 'Takes options out of a policy.',
  }),
  form({ syntax: 'DESTROY DHCP POLICY=name', level: 'manager', example: 'DESTROY DHCP POLICY=lan', help: 'Deletes a policy.' }),
  form({
    syntax: 'CREATE DHCP RANGE=name POLICY=name IP=ipadd NUMBER=1..65535 [GATEWAY=ipadd]',
    level: 'manager',
    example: 'CREATE DHCP RANGE=lan POLICY=lan IP=192.168.10.100 NUMBER=50',
    help: 'Makes a range of NUMBER addresses to give to clients; with GATEWAY to those behind that relay.',
  }),
  form({
    syntax: 'ADD DHCP RANGE=name IP=ipadd [ADDRESS=mac-address]',
    level: 'manager',
    example: 'ADD DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-9f',
    help: 'Adds an address to a range, for one client alone where ADDRESS names it.',
  }),
  form({ syntax: 'DELETE DHCP RANGE=name IP=ipadd [ADDRESS=mac-address]', level: 'manager', example: 'DELETE DHCP RANGE=lan IP=192.168.10.120', help: 'Takes an address out of a range.' }),
  form({ syntax: 'DESTROY DHCP RANGE=name', level: 'manager', example: 'DESTROY DHCP RANGE=lan', help: 'Deletes a range.' }),
  form({ syntax: 'SHOW DHCP', level: 'manager', example: 'SHOW DHCP', help: 'Shows whether the DHCP server is on.' }),
  form({ syntax: 'SHOW DHCP CLIENT', level: 'manager', example: 'SHOW DHCP CLIENT', help: 'Shows who has which address.' }),
  form({ syntax: 'SHOW DHCP POLICY[=name]', level: 'manager', example: 'SHOW DHCP POLICY=lan', help: 'Shows policies.' }),
  form({ syntax: 'SHOW DHCP RANGE[=name]', level: 'manager', example: 'SHOW DHCP RANGE=lan', help: 'Shows ranges.' }),
];

export const dhcpCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
