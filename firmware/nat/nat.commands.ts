// Range NAT (AlliedWare IP NAT, "cannot be used together with firewall NAT"): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: `ENABLE IP NAT [FRAGMENT={ICMP|UDP|OTHER}[,...]] [LOG={ALL|FAILS|INICMP|INOTHER|INTCP|INUDP|OUTICMP|OUTOTHER|OUTTCP|OUTUDP}[,...]]`,
    level: 'manager',
    example: 'ENABLE IP NAT LOG=FAILS',
    help: 'Turns range NAT on, or one of its options.',
  }),
  form({
    syntax: `DISABLE IP NAT [FRAGMENT={ICMP|UDP|OTHER}[,...]] [LOG={ALL|FAILS|INICMP|INOTHER|INTCP|INUDP|OUTICMP|OUTOTHER|OUTTCP|OUTUDP}[,...]]`,
    level: 'manager',
    example: 'DISABLE IP NAT',
    help: 'Turns range NAT off, or one of its options.',
  }),
  form({
    syntax: `ADD IP NAT [MASK=ipadd] IP=ipadd [{GBLIP=ipadd|GBLINTERFACE=interface}] [GBLMASK=ipadd] [GBLPORT=port] [PORT=port]
      [PROTOCOL={0..255|ALL|GRE|ICMP|OSPF|SA|TCP|UDP}]`,
    level: 'manager',
    example: 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINTERFACE=ppp1',
    help: 'Translates inside addresses: IP and GBLIP one to one; with MASK and GBLMASK range to range; with PROTOCOL and PORT one service; with MASK and one GBLIP or GBLINTERFACE all behind one address.',
  }),
  form({
    syntax: `DELETE IP NAT [MASK=ipadd] IP=ipadd [{GBLIP=ipadd|GBLINTERFACE=interface}] [GBLMASK=ipadd] [GBLPORT=port] [PORT=port]
      [PROTOCOL={0..255|ALL|GRE|ICMP|OSPF|SA|TCP|UDP}]`,
    level: 'manager',
    example: 'DELETE IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINTERFACE=ppp1',
    help: 'Ends a translation; named by what it was added with.',
  }),
  form({ syntax: 'SHOW IP NAT', level: 'manager', example: 'SHOW IP NAT', help: 'Shows translations.' }),
];

export const natCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
