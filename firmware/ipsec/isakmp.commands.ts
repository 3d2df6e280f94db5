// ISAKMP policies (AlliedWare IPsec chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const SWITCH = '{TRUE|FALSE|ON|OFF|YES|NO}';
const OPTIONS = `[ENCALG={DES|3DES2KEY|3DESINNER|3DESOUTER|AES128|AES192|AES256}] [HASHALG={SHA|SHA2256|MD5}] [GROUP={0|1|2|5|14}] [AUTHTYPE={PRESHARED|RSAENCR|RSASIG}]
  [MODE={MAIN|AGGRESSIVE}] [EXPIRYSECONDS=600..31449600] [LOCALID=string(1..255)] [REMOTEID=string(1..255)] [NATTRAVERSAL=${SWITCH}] [SENDDELETES=${SWITCH}]
  [SENDNOTIFY=${SWITCH}] [SENDIDALWAYS=${SWITCH}] [PHASE2XCHGLIMIT={1..1024|NONE}] [RETRYIKEATTEMPTS={0..16|CONTINUOUS}] [MSGRETRYLIMIT=0..1024] [MSGTIMEOUT=1..86400]
  [HEARTBEATMODE={BOTH|NONE|RECEIVE|SEND}] [SRCINTERFACE=interface] [SETCOMMITBIT=${SWITCH}] [XAUTH={CLIENT|SERVER|NONE}] [XAUTHNAME=login-name]
  [XAUTHPASSWORD=secret] [XAUTHTYPE={GENERIC|RADIUS}]` as const;

const FORMS = [
  form({ syntax: 'ENABLE ISAKMP', level: 'manager', example: 'ENABLE ISAKMP', help: 'Turns the exchange of keys on.' }),
  form({ syntax: 'DISABLE ISAKMP', level: 'manager', example: 'DISABLE ISAKMP', help: 'Turns the exchange of keys off.' }),
  form({
    syntax: `CREATE ISAKMP POLICY=string(1..24) PEER={ipadd|ANY} KEY=0..65535 ${OPTIONS}`,
    level: 'manager',
    example: 'CREATE ISAKMP POLICY=peer PEER=192.0.2.2 KEY=1 ENCALG=3DESOUTER HASHALG=SHA GROUP=2',
    help: 'Says how keys are agreed with a peer. KEY is that of CREATE ENCO KEY.',
  }),
  form({
    syntax: `SET ISAKMP POLICY=string(1..24) [PEER={ipadd|ANY}] [KEY=0..65535] ${OPTIONS}`,
    level: 'manager',
    example: 'SET ISAKMP POLICY=peer NATTRAVERSAL=TRUE',
    help: 'Changes an ISAKMP policy; parameters not given stay as they are.',
  }),
  form({ syntax: 'DESTROY ISAKMP POLICY=string(1..24)', level: 'manager', example: 'DESTROY ISAKMP POLICY=peer', help: 'Deletes an ISAKMP policy.' }),
  form({ syntax: 'SHOW ISAKMP', level: 'manager', example: 'SHOW ISAKMP', help: 'Shows whether the exchange of keys is on.' }),
  form({ syntax: 'SHOW ISAKMP POLICY[=string(1..24)]', level: 'manager', example: 'SHOW ISAKMP POLICY=peer', help: 'Shows ISAKMP policies.' }),
  form({ syntax: 'SHOW ISAKMP SA[=0..65535]', level: 'manager', example: 'SHOW ISAKMP SA', help: 'Shows ISAKMP associations.' }),
  form({ syntax: 'SHOW ISAKMP EXCHANGE[=0..65535]', level: 'manager', example: 'SHOW ISAKMP EXCHANGE', help: 'Shows exchanges of keys in progress.' }),
  form({ syntax: 'SHOW ISAKMP COUNTERS', level: 'manager', example: 'SHOW ISAKMP COUNTERS', help: 'Shows what happened in exchanges of keys.' }),
];

export const isakmpCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
