// Firewall policies (AlliedWare Firewall chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const POLICY_FORMS = [
  form({ syntax: 'ENABLE FIREWALL [NOTIFY={ALL|MAIL|MANAGER|PORT|SNMP}[,...]]', level: 'manager', example: 'ENABLE FIREWALL', help: 'Turns the firewall on, or a way of notifying of attacks.' }),
  form({ syntax: 'DISABLE FIREWALL [NOTIFY={ALL|MAIL|MANAGER|PORT|SNMP}[,...]]', level: 'manager', example: 'DISABLE FIREWALL', help: 'Turns the firewall off, or a way of notifying of attacks.' }),
  form({
    syntax: 'CREATE FIREWALL POLICY=name [DYNAMIC=template-name]',
    level: 'manager',
    example: 'CREATE FIREWALL POLICY=net',
    help: 'Makes a policy; with DYNAMIC a template in it for PPP interfaces that come and go.',
  }),
  form({ syntax: 'DESTROY FIREWALL POLICY=name [DYNAMIC=template-name]', level: 'manager', example: 'DESTROY FIREWALL POLICY=net', help: 'Deletes a policy, or a template of it.' }),
  form({
    syntax: `ENABLE FIREWALL POLICY=name [ACCOUNTING] [DEBUG={ALL|HTTP|PACKET|PKT|PROCESS|PROXY|SMTP}[,...]] [FRAGMENT={UDP|ICMP}[,...]]
      [ICMP_FORWARDING={ALL|PARAMETER|PING|SOURCEQUENCH|TIMEEXCEEDED|TIMESTAMP|UNREACHABLE}[,...]]
      [LOG={ALLOW|DENY|DENYDUMP|INAICMP|INALLOW|INAOTHER|INATCP|INAUDP|INDDICMP|INDDOTHER|INDDTCP|INDDUDP|INDDUMP|INDENY|INDICMP|INDOTHER|INDTCP|INDUDP|OUTAICMP|OUTALLOW|OUTAOTHER|OUTATCP|OUTAUDP|OUTDDICMP|OUTDDOTHER|OUTDDTCP|OUTDDUDP|OUTDDUMP|OUTDENY|OUTDICMP|OUTDOTHER|OUTDTCP|OUTDUDP}[,...]]
      [OPTIONS={ALL|RECORD_ROUTE|SECURITY|SOURCEROUTING|TIMESTAMP}[,...]] [PING] [IDENTPROXY]`,
    level: 'manager',
    example: 'ENABLE FIREWALL POLICY=net ICMP_FORWARDING=PING,UNREACHABLE LOG=DENY',
    help: 'Turns options of a policy on.',
  }),
  form({
    syntax: `DISABLE FIREWALL POLICY=name [ACCOUNTING] [DEBUG={ALL|HTTP|PACKET|PKT|PROCESS|PROXY|SMTP}[,...]] [FRAGMENT={UDP|ICMP}[,...]]
      [ICMP_FORWARDING={ALL|PARAMETER|PING|SOURCEQUENCH|TIMEEXCEEDED|TIMESTAMP|UNREACHABLE}[,...]]
      [LOG={ALLOW|DENY|DENYDUMP|INAICMP|INALLOW|INAOTHER|INATCP|INAUDP|INDDICMP|INDDOTHER|INDDTCP|INDDUDP|INDDUMP|INDENY|INDICMP|INDOTHER|INDTCP|INDUDP|OUTAICMP|OUTALLOW|OUTAOTHER|OUTATCP|OUTAUDP|OUTDDICMP|OUTDDOTHER|OUTDDTCP|OUTDDUDP|OUTDDUMP|OUTDENY|OUTDICMP|OUTDOTHER|OUTDTCP|OUTDUDP}[,...]]
      [OPTIONS={ALL|RECORD_ROUTE|SECURITY|SOURCEROUTING|TIMESTAMP}[,...]] [PING] [IDENTPROXY]`,
    level: 'manager',
    example: 'DISABLE FIREWALL POLICY=net IDENTPROXY',
    help: 'Turns options of a policy off.',
  }),
  form({
    syntax: 'SET FIREWALL POLICY=name [TCPTIMEOUT=0..43200] [UDPTIMEOUT=0..43200] [OTHERTIMEOUT=0..43200] [FTPDATAPORT={RFC|ANY}]',
    level: 'manager',
    example: 'SET FIREWALL POLICY=net TCPTIMEOUT=60',
    help: 'Minutes after which sessions without traffic are forgotten (0: 30 seconds), and which ports FTP data may come from.',
  }),
  form({ syntax: 'SHOW FIREWALL', level: 'manager', example: 'SHOW FIREWALL', help: 'Shows whether the firewall is on and how many sessions it holds.' }),
  form({ syntax: 'SHOW FIREWALL POLICY[=name]', level: 'manager', example: 'SHOW FIREWALL POLICY=net', help: 'Shows policies with interfaces, NAT and rules.' }),
  form({ syntax: 'SHOW FIREWALL SESSION', level: 'manager', example: 'SHOW FIREWALL SESSION', help: 'Shows the sessions that pass.' }),
  form({ syntax: 'SHOW FIREWALL EVENT[={ALLOW|DENY|NOTIFY}]', level: 'manager', example: 'SHOW FIREWALL EVENT=DENY', help: 'Shows what was lately allowed, denied and notified.' }),
];

const MEMBER_FORMS = [
  form({
    syntax: 'ADD FIREWALL POLICY=name INTERFACE=interface TYPE={PUBLIC|PRIVATE} [METHOD={DYNAMIC|PASSALL}] [UPNPTYPE={LAN|WAN}]',
    level: 'manager',
    example: 'ADD FIREWALL POLICY=net INTERFACE=ppp1 TYPE=PRIVATE',
    help: 'Puts an interface into a policy. What comes from PRIVATE passes to PUBLIC, with the answers to it; nothing else from PUBLIC passes without a rule.',
  }),
  form({
    syntax: 'DELETE FIREWALL POLICY=name INTERFACE=interface [TYPE={PUBLIC|PRIVATE}]',
    level: 'manager',
    example: 'DELETE FIREWALL POLICY=net INTERFACE=ppp1',
    help: 'Takes an interface out of a policy.',
  }),
  form({
    syntax: 'ADD FIREWALL POLICY=name DYNAMIC=template-name USER={login-name|ANY|NONE}',
    level: 'manager',
    example: 'ADD FIREWALL POLICY=net DYNAMIC=remote USER=ANY',
    help: 'Says whose PPP interfaces a template of a policy stands for.',
  }),
  form({
    syntax: 'DELETE FIREWALL POLICY=name DYNAMIC=template-name USER={login-name|ANY|NONE}',
    level: 'manager',
    example: 'DELETE FIREWALL POLICY=net DYNAMIC=remote USER=ANY',
    help: 'Takes users out of a template of a policy.',
  }),
  form({
    syntax: 'ADD FIREWALL POLICY=name NAT={ENHANCED|STANDARD} INTERFACE=interface GBLINTERFACE=interface [IP=ipadd] [GBLIP=ipadd[-ipadd]]',
    level: 'manager',
    example: 'ADD FIREWALL POLICY=net NAT=ENHANCED INTERFACE=eth0 GBLINTERFACE=ppp0',
    help: 'Translates addresses between a private and a public interface: ENHANCED all behind one address, STANDARD one to one or from a range.',
  }),
  form({
    syntax: 'DELETE FIREWALL POLICY=name NAT={ENHANCED|STANDARD} INTERFACE=interface GBLINTERFACE=interface [IP=ipadd]',
    level: 'manager',
    example: 'DELETE FIREWALL POLICY=net NAT=ENHANCED INTERFACE=eth0 GBLINTERFACE=ppp0',
    help: 'Ends a translation of a policy.',
  }),
];

const RULE_FORMS = [
  form({
    syntax: `ADD FIREWALL POLICY=name RULE=1..1000 ACTION={ALLOW|DENY|NAT|NONAT} INTERFACE=interface PROTOCOL={0..255|ALL|EGP|GRE|OSPF|SA|TCP|UDP|ICMP|ESP}
      [IP=ipadd[-ipadd]] [PORT={port[-port]|ALL}] [GBLIP=ipadd] [GBLPORT={port[-port]|ALL}] [REMOTEIP=ipadd[-ipadd]] [SOURCEPORT={port[-port]|ALL}]
      [GBLREMOTEIP=ipadd[-ipadd]] [LIST={name|RADIUS}] [NATTYPE={DOUBLE|ENHANCED|REVERSE|STANDARD}] [NATMASK=ipadd] [ENCAPSULATION={NONE|IPSEC}]
      [AFTER=time] [BEFORE=time] [DAYS={MON|TUE|WED|THU|FRI|SAT|SUN|WEEKDAY|WEEKEND}[,...]] [TTL=time]`,
    level: 'manager',
    example: 'ADD FIREWALL POLICY=net RULE=1 ACTION=ALLOW INTERFACE=ppp0 PROTOCOL=UDP PORT=1701 IP=192.0.2.1',
    help: 'Adds a rule for packets that arrive on an interface. Rules are tried in rising number; the first that matches decides.',
  }),
  form({
    syntax: `SET FIREWALL POLICY=name RULE=1..1000 [ACTION={ALLOW|DENY|NAT|NONAT}] [PROTOCOL={0..255|ALL|EGP|GRE|OSPF|SA|TCP|UDP|ICMP|ESP}]
      [IP=ipadd[-ipadd]] [PORT={port[-port]|ALL}] [GBLIP=ipadd] [GBLPORT={port[-port]|ALL}] [REMOTEIP=ipadd[-ipadd]] [SOURCEPORT={port[-port]|ALL}]
      [GBLREMOTEIP=ipadd[-ipadd]] [NATTYPE={DOUBLE|ENHANCED|REVERSE|STANDARD}] [NATMASK=ipadd] [ENCAPSULATION={NONE|IPSEC}]
      [AFTER=time] [BEFORE=time] [DAYS={MON|TUE|WED|THU|FRI|SAT|SUN|WEEKDAY|WEEKEND}[,...]] [TTL=time]`,
    level: 'manager',
    example: 'SET FIREWALL POLICY=net RULE=1 REMOTEIP=198.51.100.1-198.51.100.9',
    help: 'Changes a rule; parameters not given stay as they are.',
  }),
  form({ syntax: 'DELETE FIREWALL POLICY=name RULE=1..1000', level: 'manager', example: 'DELETE FIREWALL POLICY=net RULE=1', help: 'Deletes a rule.' }),
];

export const firewallCommands = (keeper: Keeper): Command[] => [...POLICY_FORMS, ...MEMBER_FORMS, ...RULE_FORMS].map((one) => later(one, keeper));
