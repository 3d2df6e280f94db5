// SA specifications, bundles and policies (AlliedWare IPsec chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const SA = `[MODE={TRANSPORT|TUNNEL}] [ENCALG={DES|3DES2KEY|3DESINNER|3DESOUTER|AES128|AES192|AES256|NULL}] [HASHALG={SHA|SHA2256|MD5|DESMAC|NULL}] [COMPALG=LZS]
  [ENCKEY=0..65535] [HASHKEY=0..65535] [INSPI=256..4294967295] [OUTSPI=256..4294967295] [ANTIREPLAYENABLED={TRUE|FALSE|ON|OFF|YES|NO}]
  [REPLAYWINDOWSIZE={32|64|128|256}]`;
const POLICY = `[BUNDLESPECIFICATION=0..255] [DFBIT={SET|COPY|CLEAR}] [GROUP={0|1|2|5|14}] [ICMPTYPE={0..255|ANY}] [ISAKMPPOLICY=string(1..24)]
  [KEYMANAGEMENT={ISAKMP|MANUAL}] [LADDRESS={ipadd[-ipadd]|ANY}] [LMASK=ipadd] [LNAME={string(1..255)|ANY}] [LPORT={port|ANY|OPAQUE}]
  [PEERADDRESS={ipadd|ANY|DYNAMIC}] [POSITION=1..100] [RADDRESS={ipadd[-ipadd]|ANY}] [RMASK=ipadd] [RNAME={string(1..255)|ANY}] [RPORT={port|ANY|OPAQUE}]
  [SASELECTORFROMPKT={ALL|LADDRESS|LPORT|NONE|RADDRESS|RPORT|TRANSPORTPROTOCOL}[,...]] [SRCINTERFACE=interface]
  [TRANSPORTPROTOCOL={0..255|ANY|EGP|ESP|GRE|ICMP|OPAQUE|OSPF|RSVP|TCP|UDP}] [UDPTUNNEL={TRUE|FALSE|ON|OFF|YES|NO}] [UDPPORT=1..65535]
  [UDPHEARTBEAT={TRUE|FALSE|ON|OFF|YES|NO}] [USEPFSKEY={TRUE|FALSE|ON|OFF|YES|NO}]`;

const FORMS = [
  form({ syntax: 'ENABLE IPSEC', level: 'manager', example: 'ENABLE IPSEC', help: 'Turns IPsec on.' }),
  form({ syntax: 'DISABLE IPSEC', level: 'manager', example: 'DISABLE IPSEC', help: 'Turns IPsec off.' }),
  form({
    syntax: `CREATE IPSEC SASPECIFICATION=0..255 KEYMANAGEMENT={ISAKMP|MANUAL} PROTOCOL={AH|COMP|ESP} ${SA}`,
    level: 'manager',
    example: 'CREATE IPSEC SASPECIFICATION=1 KEYMANAGEMENT=ISAKMP PROTOCOL=ESP ENCALG=DES HASHALG=SHA MODE=TRANSPORT',
    help: 'Defines how one security association protects packets. MODE is TUNNEL where it is not given.',
  }),
  form({
    syntax: `SET IPSEC SASPECIFICATION=0..255 [KEYMANAGEMENT={ISAKMP|MANUAL}] [PROTOCOL={AH|COMP|ESP}] ${SA}`,
    level: 'manager',
    example: 'SET IPSEC SASPECIFICATION=1 ENCALG=AES128',
    help: 'Changes an SA specification.',
  }),
  form({ syntax: 'DESTROY IPSEC SASPECIFICATION=0..255', level: 'manager', example: 'DESTROY IPSEC SASPECIFICATION=1', help: 'Deletes an SA specification.' }),
  form({
    syntax: 'CREATE IPSEC BUNDLESPECIFICATION=0..255 KEYMANAGEMENT={ISAKMP|MANUAL} STRING=string(1..100) [EXPIRYKBYTES=1..2000000000] [EXPIRYSECONDS=300..31449600]',
    level: 'manager',
    example: 'CREATE IPSEC BUNDLESPECIFICATION=1 KEYMANAGEMENT=ISAKMP STRING="1 AND 2"',
    help: 'Joins SA specifications: AND for both on a packet, OR or a comma for alternatives to offer.',
  }),
  form({
    syntax: 'SET IPSEC BUNDLESPECIFICATION=0..255 [KEYMANAGEMENT={ISAKMP|MANUAL}] [STRING=string(1..100)] [EXPIRYKBYTES=1..2000000000] [EXPIRYSECONDS=300..31449600]',
    level: 'manager',
    example: 'SET IPSEC BUNDLESPECIFICATION=1 EXPIRYSECONDS=3600',
    help: 'Changes a bundle specification.',
  }),
  form({ syntax: 'DESTROY IPSEC BUNDLESPECIFICATION=0..255', level: 'manager', example: 'DESTROY IPSEC BUNDLESPECIFICATION=1', help: 'Deletes a bundle specification.' }),
  form({
    syntax: `CREATE IPSEC POLICY=string(1..23) INTERFACE=interface ACTION={DENY|IPSEC|PERMIT} ${POLICY}`,
    level: 'manager',
    example: 'CREATE IPSEC POLICY=l2 INTERFACE=ppp0 ACTION=IPSEC KEYMANAGEMENT=ISAKMP BUNDLESPECIFICATION=1 PEERADDRESS=192.0.2.2',
    help: 'Says what is done with packets through an interface: policies are tried by POSITION; an interface with policies drops what none matches.',
  }),
  form({
    syntax: `SET IPSEC POLICY=string(1..23) [INTERFACE=interface] [ACTION={DENY|IPSEC|PERMIT}] ${POLICY}`,
    level: 'manager',
    example: 'SET IPSEC POLICY=l2 LADDRESS=192.0.2.1 LPORT=1701 RADDRESS=192.0.2.2 RPORT=1701 TRANSPORTPROTOCOL=UDP',
    help: 'Changes a policy; parameters not given stay as they are.',
  }),
  form({ syntax: 'DESTROY IPSEC POLICY=string(1..23)', level: 'manager', example: 'DESTROY IPSEC POLICY=l2', help: 'Deletes a policy.' }),
  form({ syntax: 'RESET IPSEC POLICY[=string(1..23)]', level: 'manager', example: 'RESET IPSEC POLICY=l2', help: 'Ends the associations of a policy, or of all.' }),
  form({ syntax: 'PURGE IPSEC', level: 'manager', example: 'PURGE IPSEC', help: 'Deletes everything that is configured of IPsec.' }),
  form({ syntax: 'SHOW IPSEC', level: 'manager', example: 'SHOW IPSEC', help: 'Shows whether IPsec is on.' }),
  form({ syntax: 'SHOW IPSEC SA[=0..65535]', level: 'manager', example: 'SHOW IPSEC SA', help: 'Shows security associations.' }),
  form({ syntax: 'SHOW IPSEC SASPECIFICATION[=0..255]', level: 'manager', example: 'SHOW IPSEC SASPECIFICATION=1', help: 'Shows SA specifications.' }),
  form({ syntax: 'SHOW IPSEC BUNDLESPECIFICATION[=0..255]', level: 'manager', example: 'SHOW IPSEC BUNDLESPECIFICATION', help: 'Shows bundle specifications.' }),
  form({ syntax: 'SHOW IPSEC POLICY[=string(1..23)]', level: 'manager', example: 'SHOW IPSEC POLICY=l2', help: 'Shows policies.' }),
];

export const ipsecCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
