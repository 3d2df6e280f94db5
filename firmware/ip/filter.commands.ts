// IP filters (AlliedWare IP chapter): 0-99 traffic, 100-199 policy, 200-299 priority. Read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: `ADD IP FILTER=0..299 SOURCE=ipadd {ACTION={INCLUDE|EXCLUDE}|POLICY=0..15|PRIORITY={P0|P1|P2|P3|P4|P5|P6|P7}} [SMASK=ipadd]
      [SPORT={port[-port]|ANY}] [DESTINATION=ipadd] [DMASK=ipadd] [DPORT={port[-port]|ANY}] [PROTOCOL={0..255|ANY|EGP|ICMP|OSPF|TCP|UDP}]
      [SESSION={ANY|ESTABLISHED|START}] [ICMPTYPE={0..255|ANY}] [ICMPCODE={0..255|ANY}] [SIZE={0..65535|ANY}] [OPTIONS={ON|OFF|YES|NO|TRUE|FALSE}]
      [LOG={4..1600|DUMP|HEADER|NONE}] [ENTRY=1..255]`,
    level: 'manager',
    example: 'ADD IP FILTER=1 SOURCE=192.168.20.0 SMASK=255.255.255.0 ACTION=INCLUDE PROTOCOL=TCP DPORT=TELNET',
    help: 'Adds an entry to a filter. The first that matches decides; what none matches is excluded. Applied to what an interface receives.',
  }),
  form({
    syntax: `SET IP FILTER=0..299 ENTRY=1..255 [SOURCE=ipadd] [{ACTION={INCLUDE|EXCLUDE}|POLICY=0..15|PRIORITY={P0|P1|P2|P3|P4|P5|P6|P7}}] [SMASK=ipadd]
      [SPORT={port[-port]|ANY}] [DESTINATION=ipadd] [DMASK=ipadd] [DPORT={port[-port]|ANY}] [PROTOCOL={0..255|ANY|EGP|ICMP|OSPF|TCP|UDP}]
      [SESSION={ANY|ESTABLISHED|START}] [ICMPTYPE={0..255|ANY}] [ICMPCODE={0..255|ANY}] [SIZE={0..65535|ANY}] [OPTIONS={ON|OFF|YES|NO|TRUE|FALSE}]
      [LOG={4..1600|DUMP|HEADER|NONE}]`,
    level: 'manager',
    example: 'SET IP FILTER=1 ENTRY=2 ACTION=EXCLUDE',
    help: 'Changes an entry of a filter.',
  }),
  form({ syntax: 'DELETE IP FILTER=0..299 ENTRY={1..255|ALL}', level: 'manager', example: 'DELETE IP FILTER=1 ENTRY=ALL', help: 'Deletes an entry of a filter, or all of them.' }),
  form({ syntax: 'SHOW IP FILTER[=0..299]', level: 'manager', example: 'SHOW IP FILTER=1', help: 'Shows the entries of filters.' }),
];

export const filterCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
