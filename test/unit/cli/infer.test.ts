// Compile-time inference of arguments from syntax lines: what compiles, and what must not.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ipv4, Ipv4Range } from '../../../firmware/bytes/ip.ts';
import { command, form, write, type Args } from '../../../firmware/cli/command.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T | undefined => undefined;

const ADD_CALL = form({
  syntax: `ADD L2TP CALL=call-name TYPE={ASYNC|ISDN|VIRTUAL} IP=ipadd [REMOTE=call-name] [DIAL=phone-number] [NUMBER={ON|OFF|STARTUP}]
    [PASSWORD=password] [PRE13={ON|OFF}] [PRECEDENCE={IN|OUT}] [SPEED=300..4292967295] [SUBADDRESS=subaddress]`,
  level: 'manager',
  defaults: { number: 'OFF', precedence: 'IN', speed: 64000 },
  example: 'ADD L2TP CALL=branch TYPE=VIRTUAL IP=192.0.2.1 REMOTE=branch',
  help: 'Defines a call.',
});
type AddCall = Args<typeof ADD_CALL>;
same<Same<AddCall['type'], 'ASYNC' | 'ISDN' | 'VIRTUAL'>>();
same<Same<AddCall['call'], string>>();
same<Same<AddCall['ip'], Ipv4>>();
same<Same<AddCall['remote'], string | undefined>>();
same<Same<AddCall['number'], 'ON' | 'OFF' | 'STARTUP'>>();
same<Same<AddCall['speed'], number>>();
same<Same<AddCall['pre13'], 'ON' | 'OFF' | undefined>>();

const USER = form({
  syntax: 'ADD L2TP USER={domain-name|ALL|LOCAL} ACTION={DATABASE|IGNORE} [IP=ipadd [PORT=port]] [TIMEOUT=8..300] [RANGE=ipadd[-ipadd]] [MRU={ON|OFF|256..1500}]',
  level: 'manager',
  example: 'ADD L2TP USER=ALL ACTION=IGNORE',
  help: 'x',
});
type User = Args<typeof USER>;
same<Same<User['user'], { readonly value: string } | 'ALL' | 'LOCAL'>>();
same<Same<User['port'], number | undefined>>();
same<Same<User['ip'], Ipv4 | undefined>>();
same<Same<User['range'], Ipv4Range | undefined>>();
same<Same<User['mru'], { readonly value: number } | 'ON' | 'OFF' | undefined>>();
same<Same<User['timeout'], number | undefined>>();

const DEBUG = form({
  syntax: 'ENABLE L2TP DEBUG={ALL|PKT|STATE} {CALL[=call-id]|TUNNEL[=tunnel-id]}',
  level: 'manager',
  example: 'ENABLE L2TP DEBUG=ALL CALL',
  help: 'x',
});
same<Same<Args<typeof DEBUG>, { readonly debug: 'ALL' | 'PKT' | 'STATE'; readonly call?: number | true | undefined; readonly tunnel?: number | true | undefined }>>();

const TUNNEL = form({ syntax: 'SHOW L2TP TUNNEL[=tunnel-id] [CALL[=call-id]] [COUNTER]', level: 'user', example: 'SHOW L2TP TUNNEL', help: 'x' });
same<Same<Args<typeof TUNNEL>, { readonly tunnel: number | true; readonly call?: number | true | undefined; readonly counter?: true | undefined }>>();

const LIST = form({
  syntax: 'SET TEST NAME=string(1..80) [OPTIONS={ALL|PING|8..9}[,...]] [DNS=ipadd[,...]] [PORTS={ALL|port[-port]}] [{RANDOM|VALUE=string|KIND={A|B}}] [PADR={0|15}]',
  level: 'manager',
  example: 'SET TEST NAME=a',
  help: 'x',
});
type List = Args<typeof LIST>;
same<Same<List['name'], string>>();
same<Same<List['options'], readonly ('ALL' | 'PING' | { readonly value: number })[] | undefined>>();
same<Same<List['dns'], readonly Ipv4[] | undefined>>();
same<Same<List['ports'], 'ALL' | { readonly value: { readonly low: number; readonly high: number } } | undefined>>();
same<Same<List['random'], true | undefined>>();
same<Same<List['value'], string | undefined>>();
same<Same<List['kind'], 'A' | 'B' | undefined>>();
same<Same<List['padr'], '0' | '15' | undefined>>();

const PING = form({ syntax: 'PING [IPADDRESS=]host [NUMBER={1..65535|CONTINUOUS}] [[LAST=]ipadd]', level: 'user', example: 'PING 192.0.2.1', help: 'x' });
same<Same<Args<typeof PING>, { readonly ipaddress: string | Ipv4; readonly number?: 'CONTINUOUS' | { readonly value: number } | undefined; readonly last?: Ipv4 | undefined }>>();

const CREATE_PPP = form({
  syntax: `CREATE PPP=0..511 OVER=physical [AUTHENTICATION={CHAP|EITHER|PAP|MSCHAPV2|NONE}] [AUTHMODE={IN|OUT|INOUT}] [BAP={ON|OFF}] [BAPMODE={CALL|CALLBACK}] [CBDELAY=1..100]
    [CBMODE={ACCEPT|OFF|REQUEST}] [CBNUMBER=phone-number] [CBOPERATION={E164NUMBER|USERAUTH}] [COMPALGORITHM={PREDICTOR|STACLZS}] [COMPRESSION={ON|OFF|LINK}]
    [CONFIGURE={1..255|CONTINUOUS}] [DEBUGMAXBYTES=16..256] [DESCRIPTION=string(1..70)] [DOWNRATE=0..100] [DOWNTIME=0..65535] [ECHO={ON|OFF|1..65535}] [ENCRYPTION={ON|OFF}]
    [FRAGMENT={ON|OFF}] [FRAGOVERHEAD=0..100] [IDLE={ON|OFF|1..4294967295}] [INDATALIMIT={NONE|1..65535}] [IPPOOL={name|NONE}] [IPREQUEST={ON|OFF}] [LQR={ON|OFF|1..65535}]
    [MAGIC={ON|OFF}] [MRU={ON|OFF|256..1500}] [MSSHEADER=40..200] [NULLFRAGTIMER=0..65535] [NUMBER=1..255] [ONLINELIMIT={NONE|1..65535}] [OUTDATALIMIT={NONE|1..65535}]
    [PADRRETRY={0|15}] [PASSWORD=secret] [PREDCHECK={CRC16|CRCCCITT}] [RECHALLENGE={ON|OFF|360..3600}] [RESTART=1..65535] [STACCHECK={LCB|SEQUENCE}] [STARENTITY=1..255]
    [TERMINATE={1..255|CONTINUOUS}] [TOTALDATALIMIT={NONE|1..65535}] [TYPE={DEMAND|PRIMARY|SECONDARY}] [UPRATE=0..100] [UPTIME=0..65535] [USERNAME=login-name]`,
  level: 'manager',
  defaults: { lqr: 'ON', idle: 'OFF', bap: 'ON', restart: 3, mru: { value: 1500 } },
  example: 'CREATE PPP=0 OVER=TNL-remote',
  help: 'x',
});
type CreatePpp = Args<typeof CREATE_PPP>;
same<Same<CreatePpp['username'], string | undefined>>();
same<Same<CreatePpp['idle'], 'ON' | 'OFF' | { readonly value: number }>>();
same<Same<CreatePpp['ppp'], number>>();

test('form infers handlers that use wrong literals as compile errors', () => {
  // @ts-expect-error a keyword that the syntax line does not have
  form({ syntax: 'SET X=string [Y={ON|OFF}]', level: 'user', defaults: { y: 'MAYBE' }, example: 'SET X=1', help: '' });
  // A default of a parameter that does not exist is refused at run time too.
  // @ts-expect-error a parameter that the syntax line does not have
  assert.throws(() => form({ syntax: 'SET X=string [Y={ON|OFF}]', level: 'user', defaults: { z: 'ON' }, example: 'SET X=1', help: '' }));
  const made = command(ADD_CALL, { apply: (a) => ({ text: `${a.call} ${a.type}` }) });
  assert.is(made.form.read.params.length, 11);
  assert.is(CREATE_PPP.read.params.length, 46);
});

test('write wants the required parameters and prints full words in lower case, defaults left out', () => {
  // @ts-expect-error TYPE and IP are missing
  const short = () => write(ADD_CALL, { call: 'a' });
  assert.type(short, 'function');
  assert.is(write(CREATE_PPP, { ppp: 1, over: 'TNL-remote', idle: { value: 999999999 }, lqr: 'OFF', bap: 'ON', username: 'a b' }), 'create ppp=1 over=TNL-remote idle=999999999 lqr=off username="a b"');
  assert.is(write(USER, { user: { value: 'local' }, action: 'IGNORE' }), 'add l2tp user="local" action=ignore');
  assert.is(write(USER, { user: 'LOCAL', action: 'IGNORE' }), 'add l2tp user=local action=ignore');
  assert.is(write(DEBUG, { debug: 'ALL', call: true }), 'enable l2tp debug=all call');
  assert.is(write(LIST, { name: 'a', options: ['ALL', { value: 8 }] }), 'set test name=a options=all,8');
});

test.run();
