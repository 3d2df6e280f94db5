// PPP template and IP pool commands as the operator types them, and the configuration they come back as.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { createAppliance } from '../../firmware/appliance.ts';

/** A router that was given these lines; `say` is what the console prints for one more. */
function router(...lines: string[]): (line: string) => string {
  const app = createAppliance(new SimBoard(new World(1), { seed: 1 }), { factoryScript: '' });
  app.boot({ name: 'test.cfg', text: '' });
  const say = (line: string): string => {
    let printed = '';
    app.runCommand(line, (text) => (printed += printed === '' ? text : `\n${text}`), () => {});
    return printed;
  };
  for (const line of lines) say(line);
  return say;
}
const written = (say: (line: string) => string): string[] => say('SHOW CONFIG DYNAMIC').split('\n').filter((line) => /^(create|set) (ppp|ip)/.test(line));

const OK3 = 'Info (13003): Operation successful.';
const OK5 = 'Info (15003): Operation successful.';

test('CREATE PPP TEMPLATE keeps every parameter and writes only what is not as usual', () => {
  const say = router();
  assert.is(say('CREATE PPP TEMPLATE=0 IDLE=60 BAP=OFF LQR=OFF AUTHEN=EITHER IPPOOL=ips PASSWORD="two words"'), OK3);
  assert.equal(written(say), ['create ppp template=0 authentication=either bap=off idle=60 ippool=ips lqr=off password="two words"']);
  assert.is(say('SET PPP TEMPLATE=0 IDLE=OFF BAP=ON PASSWORD=NONE'), OK3);
  assert.equal(written(say), ['create ppp template=0 authentication=either ippool=ips lqr=off']);
});

const EVERYTHING =
  'AUTHENTICATION=CHAP BAP=OFF BAPMODE=CALLBACK CBDELAY=2 CBMODE=ACCEPT CBNUMBER=0123 CBOPERATION=E164NUMBER COMPALGORITHM=PREDICTOR COMPRESSION=LINK ' +
  'DEBUGMAXBYTES=64 DESCRIPTION="dial in" DOWNRATE=1 DOWNTIME=2 ECHO=30 ENCRYPTION=ON FRAGMENT=ON FRAGOVERHEAD=100 IDLE=999999999 INDATALIMIT=65535 IPPOOL=ips ' +
  'IPREQUEST=ON LOGIN=USER LQR=OFF MAGIC=OFF MAXLINKS=2 MRU=1656 MSSHEADER=200 MTU=1400 MULTILINK=OFF NULLFRAGTIMER=4 ONLINELIMIT=1 OUTDATALIMIT=2 ' +
  'PASSWORD=secret PREDCHECK=CRCCCITT RECHALLENGE=360 RESTART=4 STACCHECK=SEQUENCE STARENTITY=255 TERMINATE=CONTINUOUS TOTALDATALIMIT=3 UPRATE=4 UPTIME=5 USERNAME=hq VJC=ON';

test('what is written of a template with all its parameters makes the same template again, in lines that fit', () => {
  const say = router(`CREATE PPP TEMPLATE=31 ${EVERYTHING}`);
  const lines = written(say);
  assert.ok(lines.length > 1);
  for (const line of lines) assert.ok(line.length <= 121, line);
  const again = router(...lines);
  assert.equal(written(again), lines);
  assert.is(again('SHOW PPP TEMPLATE=31'), say('SHOW PPP TEMPLATE=31'));
  for (const word of EVERYTHING.match(/[A-Z]+(?==)/g) ?? []) assert.ok(lines.some((line) => line.includes(` ${word.toLowerCase()}=`)), word);
});

test('COPY takes what is not named from another template, which stays as it is', () => {
  const say = router('CREATE PPP TEMPLATE=0 AUTHENTICATION=PAP IDLE=60 IPPOOL=ips LQR=OFF');
  assert.is(say('CREATE PPP TEMPLATE=1 COPY=0 IDLE=90'), OK3);
  assert.equal(written(say), [
    'create ppp template=0 authentication=pap idle=60 ippool=ips lqr=off',
    'create ppp template=1 authentication=pap idle=90 ippool=ips lqr=off',
  ]);
});

for (const [line, answer] of [
  ['CREATE PPP TEMPLATE=0', 'Error (33272): PPP template 0 already exists; SET PPP TEMPLATE changes it.'],
  ['CREATE PPP TEMPLATE=32', 'Error (335261): Value "32" not valid for parameter "TEMPLATE"'],
  ['CREATE PPP TEMPLATE=1 COPY=9', 'Error (33271): PPP template 9 not found.'],
  ['CREATE PPP TEMPLATE=1 ECHO=ON LQR=ON', 'Error (33263): ECHO and LQR cannot both be on: turn one of them off.'],
  ['CREATE PPP TEMPLATE=1 OVER=TNL-x', 'Error (335257): Parameter "OVER" not recognised'],
  ['CREATE PPP TEMPLATE=1 LOGIN=RADIUS', 'Info (13003): Operation successful.'],
  ['SET PPP TEMPLATE=0 COPY=1', 'Error (335257): Parameter "COPY" not recognised'],
  ['SET PPP TEMPLATE=0', 'Error (335276): Nothing to set: no parameter given.'],
  ['SET PPP TEMPLATE=5 IDLE=60', 'Error (33271): PPP template 5 not found.'],
  ['SET PPP TEMPLATE=0 LOGIN=TACACS', 'Warning (23270): Template 0 is stored, but LOGIN=TACACS is not available in this build: its callers are refused.'],
  ['DESTROY PPP TEMPLATE=5', 'Error (33271): PPP template 5 not found.'],
  ['DESTROY PPP TEMPLATE', 'Error (335259): Value missing for parameter "TEMPLATE"'],
  ['DESTROY PPP TEMPLATE=0', OK3],
  ['SHOW PPP TEMPLATE=5', 'Error (33271): PPP template 5 not found.'],
  ['ENABLE PPP TEMPLATE=0 DEBUG=LCP,NCP TIMEOUT=NONE NUMPKTS=CONT', OK3],
  ['ENABLE PPP TEMPLATE=5 DEBUG=LCP', 'Error (33271): PPP template 5 not found.'],
  ['DISABLE PPP TEMPLATE=0 DEBUG=ALL', OK3],
  ['CREATE IP POOL=IPS IP=10.0.0.1', 'Error (35316): IP pool IPS already exists.'],
  ['CREATE IP POOL=one IP=10.0.0.1', OK5],
  ['CREATE IP POOL=bad IP=192.168.20.210-192.168.20.200', 'Error (335261): Value "192.168.20.210-192.168.20.200" not valid for parameter "IP"'],
  ['CREATE IP POOL=bad IP=10.0.0.1-224.0.0.1', 'Error (335261): Value "10.0.0.1-224.0.0.1" not valid for parameter "IP"; permitted: addresses of hosts'],
  ['CREATE IP POOL=sixteen_letters_ IP=10.0.0.1', 'Error (335261): Value "sixteen_letters_" not valid for parameter "POOL"'],
  ['DESTROY IP POOL=none', 'Error (35315): IP pool none not found.'],
  ['DESTROY IP POOL=ips', OK5],
  ['SHOW IP POOL=none', 'Error (35315): IP pool none not found.'],
] as const) {
  test(`"${line}" answers: ${answer}`, () => {
    const printed = router('CREATE PPP TEMPLATE=0 LQR=OFF', 'CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210')(line);
    assert.ok(printed.startsWith(answer), printed);
  });
}

test('SHOW PPP TEMPLATE and SHOW IP POOL say so where there are none', () => {
  const say = router();
  assert.is(say('SHOW PPP TEMPLATE'), 'Info (13005): There are no PPP templates.');
  assert.is(say('SHOW IP POOL'), 'Info (15314): There are no IP pools.');
});

test('SHOW PPP TEMPLATE lists the templates, and of one all parameters but never its password', () => {
  const say = router('CREATE PPP TEMPLATE=3 AUTHENTICATION=PAP', `CREATE PPP TEMPLATE=0 ${EVERYTHING}`);
  assert.is(
    say('SHOW PPP TEMPLATE'),
    `Template  Authentication  Login   IP Pool          Interfaces  Refused
-------------------------------------------------------------------------------
0         CHAP            USER    ips              0           0
3         PAP             ALL     NONE             0           0
-------------------------------------------------------------------------------`,
  );
  const one = say('SHOW PPP TEMPLATE=0');
  assert.match(one, /^ {2}PASSWORD {14}\(set\)$/m);
  assert.not.match(one, /secret/);
  for (const [word, value] of EVERYTHING.match(/[A-Z]+=(?:"[^"]*"|\S+)/g)?.map((pair) => pair.split('=')) ?? []) {
    if (word !== 'PASSWORD') assert.ok(one.includes(`  ${(word ?? '').padEnd(22)}${value}`), `${word}=${value}\n${one}`);
  }
});

test('SHOW IP POOL shows each pool with its range', () => {
  const say = router('CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210', 'CREATE IP POOL=one IP=10.0.0.1');
  assert.is(
    say('SHOW IP POOL'),
    `IP Address Pools
-------------------------------------------------------------------------------
Pool ............................. ips
IP Range ......................... 192.168.20.200 - 192.168.20.210
Addresses (in use) ............... 11 (0)
Requests Refused ................. 0
-------------------------------------------------------------------------------
Pool ............................. one
IP Range ......................... 10.0.0.1
Addresses (in use) ............... 1 (0)
Requests Refused ................. 0
-------------------------------------------------------------------------------`,
  );
  assert.equal(written(say), ['create ip pool=ips ip=192.168.20.200-192.168.20.210', 'create ip pool=one ip=10.0.0.1']);
});

test.run();
