// Transcripts of the L2TP commands: what each prints, and what it says where it is given wrongly.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lone, two } from './l2tp.rig.ts';

const test = suite('L2TP commands');

const DONE = 'Info (169003): Operation successful.';
const CALL = 'add l2tp call=remote type=virtual ip=2.2.2.2 remote=remote';
const ISDN = 'add l2tp call=toi type=isdn ip=200.100.10.1 remote=toiisdn';
const USER = 'add l2tp user=all action=database ip=2.2.2.2 password=password';
const DOMAIN = 'add l2tp user="tunnel.xxx" action=dnslookup prefix=lns';

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], 'ENABLE L2TP', DONE],
  [['enable l2tp'], 'ENABLE L2TP', 'Warning (269020): The L2TP module is already enabled.'],
  [['enable l2tp'], 'DISABLE L2TP', DONE],
  [[], 'DISABLE L2TP', 'Warning (269021): The L2TP module is already disabled.'],
  [[], 'ENABLE L2TP SERVER=LAC', DONE],
  [[], 'ENABLE L2TP SERVER=BOTH', DONE],
  [[], 'ENABLE L2TP SERVER=PAC', 'Error (335261): Value "PAC" not valid for parameter "SERVER"; permitted: BOTH, LAC or LNS.'],
  [['enable l2tp server=both'], 'DISABLE L2TP SERVER=LAC', DONE],
  [[], 'DISABLE L2TP SERVER', 'Error (335259): Value missing for parameter "SERVER"; permitted: LNS, LAC or BOTH.'],

  [[], 'ADD L2TP CALL=virdial TYPE=VIRTUAL IP=200.100.10.5 REMOTE=virdial', DONE],
  [[], 'ADD L2TP CALL=toi TYPE=ISDN IP=200.100.10.1 REMOTE=toiisdn DIAL=0312345678 SUBADDRESS=9 SPEED=128000 NUMBER=STARTUP PRE13=ON PRECEDENCE=OUT PASSWORD=abc', DONE],
  [[], 'ADD L2TP CALL=a TYPE=VIRTUAL IP=0.0.0.0 SPEED=4292967295', DONE],
  [[], 'ADD L2TP CALL=a TYPE=VIRTUAL IP=0.0.0.0 SPEED=299', 'Error (335261): Value "299" not valid for parameter "SPEED"; permitted: 300..4292967295.'],
  [[], 'ADD L2TP CALL=a TYPE=VIRTUAL IP=0.0.0.0 SPEED=4292967296', 'Error (335261): Value "4292967296" not valid for parameter "SPEED"; permitted: 300..4292967295.'],
  [[], 'ADD L2TP CALL=a IP=2.2.2.2', 'Error (335260): Parameter "TYPE" missing; permitted: ASYNC, ISDN or VIRTUAL.'],
  [[], 'ADD L2TP CALL=a TYPE=VIRTUAL', 'Error (335260): Parameter "IP" missing; permitted: an IP address like 192.0.2.1.'],
  [[], 'ADD L2TP CALL=a-b TYPE=VIRTUAL IP=2.2.2.2', 'Error (335261): Value "a-b" not valid for parameter "CALL"; permitted: 1..15 letters, digits and _.'],
  [[CALL], 'ADD L2TP CALL=REMOTE TYPE=VIRTUAL IP=3.3.3.3', 'Error (369040): Call REMOTE already exists; SET L2TP CALL changes it.'],
  [[], 'ADD L2TP CALL=a TYPE=ASYNC IP=2.2.2.2 DIAL=123', 'Error (369050): Parameter "DIAL" is not permitted with TYPE=ASYNC.'],
  [[], 'ADD L2TP CALL=a TYPE=VIRTUAL IP=2.2.2.2 SUBADDRESS=1', 'Error (369051): Parameter "SUBADDRESS" is permitted only with TYPE=ISDN.'],
  [[CALL], 'SET L2TP CALL=Remote IP=3.3.3.3 PRECEDENCE=OUT', DONE],
  [[], 'SET L2TP CALL=remote IP=3.3.3.3', 'Error (369041): Call remote not found.'],
  [[CALL], 'SET L2TP CALL=remote SUBADDRESS=1', 'Error (369051): Parameter "SUBADDRESS" is permitted only with TYPE=ISDN.'],
  [[`${ISDN} dial=123`], 'SET L2TP CALL=toi TYPE=ASYNC', 'Error (369050): Parameter "DIAL" is not permitted with TYPE=ASYNC.'],
  [[ISDN], 'DELETE L2TP CALL=TOI', DONE],
  [[], 'DELETE L2TP CALL=toi', 'Error (369041): Call toi not found.'],
  [[CALL], 'DELETE L2TP CALL=remote', 'Error (369042): Call remote is in use by interface ppp1; destroy the interface first.'],
  [['enable l2tp', CALL], 'ACTIVATE L2TP CALL=remote', DONE],
  [[CALL], 'ACTIVATE L2TP CALL=remote', 'Error (369031): The L2TP module is not enabled; give ENABLE L2TP first.'],
  [['enable l2tp'], 'ACTIVATE L2TP CALL=remote', 'Error (369041): Call remote not found.'],
  [['enable l2tp', 'add l2tp call=p type=virtual ip=0.0.0.0'], 'ACTIVATE L2TP CALL=p', 'Error (369030): Call p has IP=0.0.0.0: it waits for its peer and never calls out.'],
  [['enable l2tp', CALL, 'activate l2tp call=remote'], 'DEACTIVATE L2TP CALL=remote', DONE],
  [[CALL], 'DEACTIVATE L2TP CALL=remote', 'Warning (269024): Call remote is not active.'],
  [[CALL], 'DEACTIVATE L2TP CALL=nobody', 'Error (369041): Call nobody not found.'],
  [[CALL], 'DEACTIVATE L2TP CALL=123', 'Error (369043): No active call has the ID 123.'],
  [[], 'SHOW L2TP CALL', 'Info (169005): There are no L2TP calls.'],
  [[CALL], 'SHOW L2TP CALL=nobody', 'Error (369041): Call nobody not found.'],

  [[], 'ADD L2TP IP=200.100.10.100 PPPTEMPLATE=0', DONE],
  [[], 'ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=31 NUMBER=STARTUP PRE13=ON', DONE],
  [[], 'ADD L2TP IP=1.1.1.1 PPPTEMPLATE=32', 'Error (335261): Value "32" not valid for parameter "PPPTEMPLATE"; permitted: 0..31.'],
  [[], 'ADD L2TP IP=1.1.1.9-1.1.1.1 PPPTEMPLATE=0', 'Error (335261): Value "1.1.1.9-1.1.1.1" not valid for parameter "IP"; permitted: an IP address like 192.0.2.1, or a range like 192.0.2.1-192.0.2.9.'],
  [['add l2tp ip=1.1.1.1 ppptemplate=0'], 'ADD L2TP IP=1.1.1.1 PPPTEMPLATE=1', 'Error (369056): IP range 1.1.1.1 already exists; delete it first.'],
  [['add l2tp ip=1.1.1.1 ppptemplate=0'], 'DELETE L2TP IP=1.1.1.1', DONE],
  [['add l2tp ip=1.1.1.1-1.1.1.2 ppptemplate=0'], 'DELETE L2TP IP=1.1.1.1', 'Error (369057): IP range 1.1.1.1 not found.'],
  [[], 'SHOW L2TP IP', 'Info (169006): There are no L2TP IP ranges.'],

  [[], 'ADD L2TP PASSWORD="abcde" IP=192.168.1.1', DONE],
  [[], 'ADD L2TP PASSWORD=NONE IP=192.168.1.1-192.168.1.9', DONE],
  [[], 'ADD L2TP PASSWORD=abcdefghijklmnopqrstuvwxyz012345', 'Error (335261): Value "****" not valid for parameter "PASSWORD"; permitted: NONE or 1..31 printable characters.'],
  [['add l2tp password=a'], 'ADD L2TP PASSWORD=b', 'Error (369054): A password for 0.0.0.0-255.255.255.255 already exists; delete it first.'],
  [['add l2tp password=a'], 'SET L2TP PASSWORD=b', DONE],
  [['add l2tp password=a'], 'SET L2TP PASSWORD=NONE', DONE],
  [[], 'SET L2TP PASSWORD', 'Error (335259): Value missing for parameter "PASSWORD"; permitted: NONE or 1..31 printable characters.'],
  [['add l2tp password=a ip=192.168.1.1'], 'DELETE L2TP PASSWORD IP=192.168.1.1', DONE],
  [['add l2tp password=a'], 'DELETE L2TP PASSWORD', DONE],
  [[], 'DELETE L2TP PASSWORD', 'Error (369055): There is no password for 0.0.0.0-255.255.255.255.'],
  [[], 'DELETE L2TP PASSWORD IP=ALL', DONE],

  [[], 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password', DONE],
  [[], 'ADD L2TP USER="tunnel.xxx" ACTION=DNSLOOKUP PREFIX="lns"', DONE],
  [[], 'ADD L2TP USER=LOCAL ACTION=RADIUS NUMBER=STARTUP TIMEOUT=300', DONE],
  [[], 'ADD L2TP USER=NONE ACTION=IGNORE', DONE],
  [[], 'ADD L2TP USER=REMOTE ACTION=DATABASE IP=2.2.2.2 PORT=1702', DONE],
  [[], 'ADD L2TP USER=ALL ACTION=DATABASE', 'Error (369052): Parameter "IP" is required with ACTION=DATABASE.'],
  [[], 'ADD L2TP USER=ALL ACTION=IGNORE IP=2.2.2.2', 'Error (369051): Parameter "IP" is permitted only with ACTION=DATABASE.'],
  [[], 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PREFIX=lns', 'Error (369051): Parameter "PREFIX" is permitted only with ACTION=DNSLOOKUP.'],
  [[], 'ADD L2TP USER=ALL ACTION=IGNORE TIMEOUT=7', 'Error (335261): Value "7" not valid for parameter "TIMEOUT"; permitted: 8..300.'],
  [[USER], 'SET L2TP USER=ALL', 'Error (335276): Nothing to set: no parameter given.'],
  [[CALL], 'SET L2TP CALL=remote', 'Error (335276): Nothing to set: no parameter given.'],
  [[USER], USER, 'Error (369058): L2TP user all already exists; SET L2TP USER changes it.'],
  [[USER], 'SET L2TP USER=ALL TIMEOUT=30 PORT=1702 IP=3.3.3.3', DONE],
  [[USER], 'SET L2TP USER=ALL ACTION=DNSLOOKUP PREFIX=lns', DONE],
  [[DOMAIN], 'SET L2TP USER=tunnel.xxx ACTION=DATABASE', 'Error (369052): Parameter "IP" is required with ACTION=DATABASE.'],
  [[], 'SET L2TP USER=ALL TIMEOUT=30', 'Error (369059): L2TP user all not found.'],
  [[DOMAIN], 'DELETE L2TP USER=TUNNEL.XXX', DONE],
  [[], 'DELETE L2TP USER=LOCAL', 'Error (369059): L2TP user local not found.'],
  [[], 'SHOW L2TP USER', 'Info (169007): There are no L2TP users.'],
  [[USER], 'SHOW L2TP USER=LOCAL', 'Error (369059): L2TP user local not found.'],

  [[], 'SET L2TP CHECKSUM=OFF', DONE],
  [[], 'SET L2TP CHECKSUM=MAYBE', 'Error (335261): Value "MAYBE" not valid for parameter "CHECKSUM"; permitted: ON or OFF.'],
  [[], 'SET L2TP FILTER=99', DONE],
  [[], 'SET L2TP FILTER=NONE', DONE],
  [[], 'SET L2TP FILTER=100', 'Error (335261): Value "100" not valid for parameter "FILTER"; permitted: NONE or 0..99.'],
  [[], 'ENABLE L2TP DEBUG=STATE TUNNEL', ''],
  [[], 'ENABLE L2TP DEBUG=PKT CALL=51299', ''],
  [[], 'ENABLE L2TP DEBUG=STATE', 'Error (335267): Parameter missing; CALL or TUNNEL must follow.'],
  [[], 'ENABLE L2TP DEBUG=STATE CALL TUNNEL', 'Error (335263): Parameters "CALL" and "TUNNEL" conflict.'],
  [[], 'ENABLE L2TP DEBUG=STATE CALL=65536', 'Error (335261): Value "65536" not valid for parameter "CALL"; permitted: 1..65535.'],
  [['enable l2tp debug=all call'], 'DISABLE L2TP DEBUG=ALL CALL', ''],
  [[], 'DISABLE L2TP DEBUG=NO CALL', 'Error (335261): Value "NO" not valid for parameter "DEBUG"; permitted: ALL, DECODE, PKT or STATE.'],
  [[], 'RESET L2TP COUNTER', DONE],
  [[], 'RESET L2TP', 'Error (335260): Parameter "COUNTER" missing.'],
  [[], 'SHOW L2TP TUNNEL', 'Info (169004): There are no L2TP tunnels.'],
  [[], 'SHOW L2TP TUNNEL=5', 'Error (369044): No tunnel has the ID 5.'],
  [[], 'SHOW L2TP TUNNEL=65536', 'Error (335261): Value "65536" not valid for parameter "TUNNEL"; permitted: 1..65535.'],
  [[], 'SHOW L2TP TUNNEL CALL=9', 'Error (369043): No active call has the ID 9.'],
];

for (const [before, line, expected] of TRANSCRIPTS) {
  test(`${line}${before.length === 0 ? '' : ` after ${before.join('; ')}`} answers ${expected.split(':')[0]}`, () => {
    const console = lone(line.startsWith('DELETE L2TP CALL') && before[0] === ISDN ? { users: {} } : {});
    assert.equal(console.load(before), []);
    assert.is(console.run(line), expected);
  });
}

const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'static PPP, router A': ['ENABLE L2TP', 'ENABLE L2TP SERVER=BOTH', 'ADD L2TP PASSWORD=l2tpA', 'ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN PASSWORD=l2tpB'],
  'passive side': ['ENABLE L2TP', 'ENABLE L2TP SERVER=BOTH', 'ADD L2TP PASSWORD=l2tpA', 'ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=0.0.0.0 PRECEDENCE=IN'],
  'dynamic PPP, router A': ['ENABLE L2TP', 'ENABLE L2TP SERVER=BOTH', 'ADD L2TP CALL=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=OUT PASSWORD=l2tpB'],
  'LAC': ['ENABLE L2TP', 'ENABLE L2TP SERVER=LAC', 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password'],
  'LNS': ['ENABLE L2TP', 'ENABLE L2TP SERVER=LNS', 'ADD L2TP PASSWORD=password', 'ADD L2TP IP=1.1.1.1 PPPTEMPLATE=0'],
  'command examples': [
    'ADD L2TP CALL=virdial TYPE=VIRTUAL IP=200.100.10.5 REMOTE=virdial', 'ADD L2TP CALL=toi TYPE=ISDN IP=200.100.10.1 REMOTE=toiisdn',
    'ADD L2TP IP=200.100.10.100 PPPTEMPLATE=0', 'ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0', 'ADD L2TP PASSWORD="abcde" IP=192.168.1.1',
    'ADD L2TP PASSWORD="bcdef" IP=192.168.1.10', 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password',
    'ADD L2TP USER="tunnel.xxx" ACTION=DNSLOOKUP PREFIX="lns"', 'DELETE L2TP PASSWORD IP=192.168.1.1', 'DELETE L2TP PASSWORD IP=192.168.1.10',
    'DELETE L2TP PASSWORD IP=ALL', 'ENABLE L2TP SERVER=LAC', 'ENABLE L2TP SERVER=BOTH',
  ],
};

for (const [name, lines] of Object.entries(SCRIPTS)) {
  test(`The manual's ${name} script runs without an error`, () => {
    assert.equal(lone().load(lines), []);
  });
}

test('ENABLE L2TP SERVER adds LAC and LNS up to both', () => {
  const console = lone();
  console.load(['enable l2tp server=lac', 'enable l2tp server=lns']);
  assert.is(console.node.server.server, 'BOTH');
  console.run('disable l2tp server=lac');
  assert.is(console.node.server.server, 'LNS');
  console.run('disable l2tp server=both');
  assert.is(console.node.server.server, undefined);
});

test('DISABLE L2TP SERVER=LAC leaves a server that is LNS alone', () => {
  const console = lone();
  console.load(['enable l2tp server=lns', 'disable l2tp server=lac']);
  assert.is(console.node.server.server, 'LNS');
});

test('SHOW L2TP lists the narrow password range before the catch-all', () => {
  const console = lone();
  console.load(['add l2tp password=abcde', 'add l2tp password=bcdef ip=192.168.10.1-192.168.10.254']);
  assert.match(console.run('show l2tp'), 'Passwords\n192.168.10.1 - 192.168.10.254 ........ bcdef\n0.0.0.0 - 255.255.255.255 ............ abcde\nFilter');
});

test('SET L2TP PASSWORD is written back as ADD L2TP PASSWORD', () => {
  const console = lone();
  console.run('set l2tp password=abcde');
  assert.equal(console.config(), ['add l2tp password=abcde']);
});

test('A password spelt none is kept apart from NONE', () => {
  const console = lone();
  console.run('set l2tp password="none"');
  assert.is(console.node.server.passwords.list()[0]?.password, 'none');
  assert.equal(console.config(), ['add l2tp password="none"']);
});

test('SET L2TP USER with another ACTION takes away what that does not permit', () => {
  const console = lone();
  console.load([USER, 'set l2tp user=all action=dnslookup prefix=lns']);
  assert.equal(console.config(), ['add l2tp user=all action=dnslookup password=password prefix=lns']);
  console.run('set l2tp user=all action=database ip=3.3.3.3');
  assert.equal(console.config(), ['add l2tp user=all action=database ip=3.3.3.3 password=password']);
});

test('SHOW L2TP CALL says why a call that is wanted is not up', () => {
  const console = lone();
  console.load(['enable l2tp', CALL, 'activate l2tp call=remote']);
  assert.match(console.run('show l2tp call=remote'), '\nStatus .................. opening a tunnel to 2.2.2.2');
});

test('DEACTIVATE L2TP CALL takes the local ID of an active call', () => {
  const { world, a, b } = two();
  a.load([CALL]);
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1 remote=remote']);
  a.run('activate l2tp call=remote');
  world.run(2000);
  const id = /Call ID \.+ (\d+)/.exec(a.run('show l2tp tunnel call'))?.[1];
  assert.is(a.run(`deactivate l2tp call=${id}`), DONE);
  world.run(1000);
  assert.match(a.run('show l2tp tunnel call'), 'There are no calls in L2TP tunnels.');
  assert.match(a.run('show l2tp call'), '\nStatus .................. deactivated by the operator (ACTIVATE L2TP\n                          CALL=remote calls again)');
});

test('DEACTIVATE L2TP CALL prefers a call whose name is a number', () => {
  const console = lone();
  console.load(['enable l2tp', 'add l2tp call=123 type=virtual ip=2.2.2.2', 'activate l2tp call=123']);
  assert.is(console.run('deactivate l2tp call=123'), DONE);
});

test('SHOW L2TP TUNNEL of a live tunnel is what the renderer makes of it', () => {
  const { world, a, b } = two();
  a.load([CALL, 'activate l2tp call=remote']);
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1 remote=remote']);
  world.run(2000);
  const shown = a.run('show l2tp tunnel').split('\n').map((line) => line.replace(/(\.{3,}) \d+$/, '$1 N'));
  assert.equal(shown, [
    'Tunnel ID ..................... N',
    '  State ....................... established',
    '  Started ..................... 02-Oct-2001 11:56:00',
    '  Debug ....................... disabled',
    '  Receive Window .............. N',
    '  Remote IP Address ........... 2.2.2.2',
    '  Remote UDP Port ............. N',
    '  Remote Tunnel ID ............ N',
    '  Remote Receive Window ....... N',
    '  Remote Firmware ............. 1-0',
    '  Remote Framing .............. sync+async',
    '  Remote Bearer ............... digital+analog',
    '  Remote Hostname ............. hashi',
    '  Max Timeout (s ) ............ N',
    '  Round Time Trip ............. N',
    '  Adaptive Time-Out ........... N',
    '  Last Acked .................. N',
    '  Next Sent ................... N',
    '  Next Received ............... N',
    '  Calls Active ................ N',
    'Call ID ......................... N',
    'Tunnel ID ....................... N',
    'Server Type ..................... LNS',
    'Started ......................... 02-Oct-2001 11:56:00',
    'Username ........................ not set',
    'State ........................... established',
    'Call Serial Number .............. N',
    'Remote Call ID .................. N',
  ]);
});

test('SHOW L2TP TUNNEL=id CALL=id COUNTER are all taken together', () => {
  const { world, a, b } = two();
  a.load([CALL, 'activate l2tp call=remote']);
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1 remote=remote']);
  world.run(2000);
  const [tunnel] = a.node.server.tunnels();
  const call = tunnel?.calls[0]?.id;
  assert.match(a.run(`show l2tp tunnel=${tunnel?.id} call=${call} counter`), 'Out Flow Payload Timeouts ....... 0');
  assert.is(a.run(`show l2tp tunnel=${tunnel?.id} call`), a.run('show l2tp tunnel call'));
  assert.is(a.run(`show l2tp tunnel=${tunnel?.id} call=${call}`).split('\n').length, 40);
});

test('RESET L2TP COUNTER lets every counter begin at zero', () => {
  const { world, a, b } = two();
  a.load([CALL, 'activate l2tp call=remote']);
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1 remote=remote']);
  world.run(2000);
  a.run('reset l2tp counter');
  assert.match(a.run('show l2tp counter'), 'In Messages ...................... 0\nOut Messages ..................... 0');
  assert.match(a.run('show l2tp tunnel counter'), 'Out Control Packets With Data ... 0');
});

test('The manual\'s 26 L2TP commands are all there, and RESET L2TP COUNTER', () => {
  const words = lone().table.forms('manager').map((form) => form.read.words.join(' ') + (form.read.object === undefined ? '' : ` ${form.read.object.name}`));
  const manual = [
    'ACTIVATE L2TP CALL', 'ADD L2TP CALL', 'ADD L2TP IP', 'ADD L2TP PASSWORD', 'ADD L2TP USER', 'DEACTIVATE L2TP CALL', 'DELETE L2TP CALL', 'DELETE L2TP IP',
    'DELETE L2TP PASSWORD', 'DELETE L2TP USER', 'DISABLE L2TP', 'DISABLE L2TP DEBUG', 'DISABLE L2TP SERVER', 'ENABLE L2TP', 'ENABLE L2TP DEBUG',
    'ENABLE L2TP SERVER', 'SET L2TP CALL', 'SET L2TP CHECKSUM', 'SET L2TP FILTER', 'SET L2TP PASSWORD', 'SET L2TP USER', 'SHOW L2TP', 'SHOW L2TP CALL',
    'SHOW L2TP IP', 'SHOW L2TP TUNNEL', 'SHOW L2TP USER',
  ];
  assert.equal(manual.filter((one) => !words.includes(one)), []);
  assert.is(words.length, manual.length + 1);
});

test.run();
