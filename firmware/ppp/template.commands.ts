// PPP templates (AlliedWare CREATE PPP TEMPLATE): what interfaces that come and go are made from. Read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

/** AlliedWare's list; no TYPE, OVER and AUTHMODE. */
const OPTIONS = `[AUTHENTICATION={CHAP|EITHER|MSCHAPV2|PAP|NONE}] [BAP={ON|OFF}] [BAPMODE={CALL|CALLBACK}] [CBDELAY=1..100] [CBMODE={ACCEPT|OFF|REQUEST}]
  [CBNUMBER=phone-number] [CBOPERATION={E164NUMBER|USERAUTH}] [COMPALGORITHM={PREDICTOR|STACLZS}] [COMPRESSION={ON|OFF|LINK}] [DEBUGMAXBYTES=16..256]
  [DESCRIPTION=string(1..70)] [DOWNRATE=0..100] [DOWNTIME=1..300] [ECHO={ON|OFF|1..3600}] [ENCRYPTION={ON|OFF}] [FRAGMENT={ON|OFF}] [FRAGOVERHEAD=0..100]
  [IDLE={ON|OFF|1..4294967295}] [INDATALIMIT={NONE|1..65535}] [IPPOOL={name|NONE}] [IPREQUEST={ON|OFF}] [LOGIN={ALL|RADIUS|TACACS|USER}] [LQR={ON|OFF|1..3600}]
  [MAGIC={ON|OFF}] [MAXLINKS=1..64] [MRU={ON|OFF|256..1656}] [MSSHEADER=40..200] [MTU=256..1500] [MULTILINK={ON|OFF}] [NULLFRAGTIMER=1..60]
  [ONLINELIMIT={NONE|1..65535}] [OUTDATALIMIT={NONE|1..65535}] [PASSWORD={secret(1..64)|NONE}] [PREDCHECK={CRC16|CRCCCITT}] [RECHALLENGE={ON|OFF|360..3600}]
  [RESTART=1..60] [STACCHECK={LCB|SEQUENCE}] [STARENTITY=1..255] [TERMINATE={1..255|CONTINUOUS}] [TOTALDATALIMIT={NONE|1..65535}] [UPRATE=0..100]
  [UPTIME=1..300] [USERNAME={string(1..64)|NONE}] [VJC={ON|OFF}]`;

const DEBUG = '{ALL|AUTH|DEMAND|LCP|NCP|PKT|UTILISATION}[,...]';

const FORMS = [
  form({
    syntax: `CREATE PPP TEMPLATE=0..31 [COPY=0..31] ${OPTIONS}`,
    level: 'manager',
    example: 'CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHENTICATION=EITHER IPPOOL=ips',
    help: 'Makes a template for PPP interfaces of callers; with COPY what is not named comes from another one. A pool may be named before it exists.',
  }),
  form({ syntax: `SET PPP TEMPLATE=0..31 ${OPTIONS}`, level: 'manager', example: 'SET PPP TEMPLATE=0 IDLE=60', help: 'Changes a template; holds for callers from then on.' }),
  form({ syntax: 'DESTROY PPP TEMPLATE=0..31', level: 'manager', example: 'DESTROY PPP TEMPLATE=0', help: 'Deletes a template.' }),
  form({ syntax: 'SHOW PPP TEMPLATE[=0..31]', level: 'manager', example: 'SHOW PPP TEMPLATE=0', help: 'Shows templates.' }),
  form({
    syntax: `ENABLE PPP TEMPLATE=0..31 DEBUG=${DEBUG} [ASYN=0..255] [TIMEOUT={NONE|1..4000000000}] [NUMPKTS={CONT|1..4000000000}]`,
    level: 'manager',
    example: 'ENABLE PPP TEMPLATE=0 DEBUG=LCP,NCP TIMEOUT=60',
    help: 'Prints what interfaces made from a template do.',
  }),
  form({ syntax: `DISABLE PPP TEMPLATE=0..31 DEBUG=${DEBUG}`, level: 'manager', example: 'DISABLE PPP TEMPLATE=0 DEBUG=ALL', help: 'Prints that no more.' }),
];

export const templateCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));
