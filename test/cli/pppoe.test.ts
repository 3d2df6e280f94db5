// PPPoE commands as the operator types them, on whole routers: services, clients, what SHOW says, the configuration they come back as.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { createAppliance, type Appliance } from '../../firmware/appliance.ts';

interface Box {
  readonly board: SimBoard;
  readonly app: Appliance;
  say(line: string): string;
}

/** A router with eth0 alone on a wire and eth1 on the one given. */
function box(world: World, wire: Wire, seed: number, script = ''): Box {
  const board = new SimBoard(world, { seed });
  board.ip.plug('eth0', new Wire(world));
  board.ip.plug('eth1', wire);
  const app = createAppliance(board, { factoryScript: '' });
  const errors: string[] = [];
  app.boot({ name: 'test.cfg', text: script }, (line) => errors.push(line));
  assert.equal(errors, []);
  return {
    board, app,
    say: (line) => {
      let printed = '';
      app.runCommand(line, (text) => (printed += printed === '' ? text : `\n${text}`), () => {});
      return printed;
    },
  };
}
function alone(...lines: string[]): (line: string) => string {
  const world = new World(1);
  const { say } = box(world, new Wire(world), 1);
  for (const line of lines) assert.not.match(say(line), /^Error/, line);
  return say;
}
const written = (say: (line: string) => string): string[] => say('SHOW CONFIG DYNAMIC=PPPOE').split('\n').filter((line) => /^[a-z]/.test(line));

const OK = 'Info (13003): Operation successful.';
const AC = `SET SYSTEM NAME=AC
ENABLE IP
ADD IP INT=eth0 IP=10.8.0.1 MASK=255.255.255.0
ADD USER=bob PASSWORD=builder LOGIN=NO
CREATE IP POOL=ips IP=10.9.0.1-10.9.0.2
CREATE PPP TEMPLATE=0 AUTHENTICATION=CHAP IPPOOL=ips BAP=OFF LQR=OFF
ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth1
ENABLE PPP ACCESSCONCENTRATOR
`;
const CLIENT = `ENABLE IP
ENABLE IP REMOTEASSIGN
CREATE PPP=0 OVER=eth1-any BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=bob PASSWORD=builder
ADD IP INT=ppp0 IP=0.0.0.0
`;

for (const [line, answer] of [
  ['ADD PPP ACSERVICE=gold TEMPLATE=1 ACINT=eth1', OK],
  ['ADD PPP ACSERVICE=any TEMPLATE=1 ACINT=eth1', 'Error (33312): PPPoE service any on ETH1 already exists; SET PPP ACSERVICE changes it.'],
  ['ADD PPP ACSERVICE=ANY TEMPLATE=1', OK],
  ['ADD PPP ACSERVICE=x TEMPLATE=0 ACINT=eth5', 'Error (33310): Interface ETH5 does not exist; name a port by ACINTERFACE.'],
  ['ADD PPP ACSERVICE=x TEMPLATE=0 ACINT=ppp0', 'Error (335261): Value "ppp0" not valid for parameter "ACINTERFACE"; permitted: an Ethernet port like eth1.'],
  ['ADD PPP ACSERVICE=x TEMPLATE=32', 'Error (335261): Value "32" not valid for parameter "TEMPLATE"'],
  ['ADD PPP ACSERVICE=x', 'Error (335260): Parameter "TEMPLATE" missing'],
  ['ADD PPP ACSERVICE=1234567890123456789 TEMPLATE=0', 'Error (335261): Value "1234567890123456789" not valid for parameter "ACSERVICE"'],
  ['ADD PPP ACSERVICE=x TEMPLATE=0 MAXSESSIONS=0', 'Error (335261): Value "0" not valid for parameter "MAXSESSIONS"'],
  ['ADD PPP ACSERVICE=x TEMPLATE=0 ACRADIUS=ON', 'Warning (23305): Service x is stored, but ACRADIUS=ON is not available in this build: LOGIN of the template says who judges callers.'],
  ['SET PPP ACSERVICE=any MAXSESSIONS=32000 MACLIMIT=2', OK],
  ['SET PPP ACSERVICE=any ACINT=eth0 TEMPLATE=2', 'Error (33311): PPPoE service any not found on ETH0.'],
  ['SET PPP ACSERVICE=other TEMPLATE=2', 'Error (33311): PPPoE service other not found.'],
  ['SET PPP ACSERVICE=any', 'Error (335276): Nothing to set: no parameter given.'],
  ['DELETE PPP ACSERVICE=any', OK],
  ['DELETE PPP ACSERVICE=other', 'Error (33311): PPPoE service other not found.'],
  ['ENABLE PPP ACCESSCONCENTRATOR', 'Info (13300): The PPPoE access concentrator has been enabled.'],
  ['DISABLE PPP ACCESS', 'Warning (23303): The PPPoE access concentrator is already disabled.'],
  ['CREATE PPP=0 OVER=ETH1-any', OK],
  ['CREATE PPP=0 OVER=eth7-any', 'Error (33310): Interface ETH7 does not exist.'],
  ['SHOW PPP PPPOE=1', 'Error (335266): Parameter "PPPOE" takes no value'],
] as const) {
  test(`${line} answers ${answer.slice(0, 60)}`, () => {
    const said = alone('ADD PPP ACSERVICE=any TEMPLATE=0 ACINT=eth1')(line);
    assert.is(said.slice(0, answer.length), answer);
  });
}

test('a service that two ports have is meant by its port', () => {
  const say = alone('ADD PPP ACSERVICE=any TEMPLATE=0 ACINT=eth0', 'ADD PPP ACSERVICE=any TEMPLATE=0 ACINT=eth1');
  assert.is(say('DELETE PPP ACSERVICE=any'), 'Error (33313): PPPoE service any is on ETH0 and ETH1: name one by ACINTERFACE.');
  assert.is(say('SET PPP ACSERVICE=any ACINT=eth1 TEMPLATE=3'), OK);
  assert.is(say('DELETE PPP ACSERVICE=any ACINT=ETH0'), OK);
  assert.equal(written(say), ['add ppp acservice=any template=3 acinterface=eth1']);
});

test('what is written of services makes the same services again', () => {
  const say = alone(
    'ADD PPP ACSERVICE=ANY TEMPLATE=31 ACINT=eth1 MAXSESSIONS=32000 MACLIMIT=1 ACRADIUS=ON',
    'ADD PPP ACSERVICE="two words" TEMPLATE=0',
    'ENABLE PPP ACCESSCONCENTRATOR',
  );
  const lines = written(say);
  assert.equal(lines, [
    'add ppp acservice=ANY template=31 acinterface=eth1 acradius=on maclimit=1 maxsessions=32000',
    'add ppp acservice="two words" template=0',
    'enable ppp accessconcentrator',
  ]);
  assert.equal(written(alone(...lines)), lines);
});

test('a router without PPPoE writes nothing of it', () => {
  assert.equal(written(alone()), []);
});

test('SHOW PPP PPPOE tells of client and service what there is between them', () => {
  const world = new World(1);
  const wire = new Wire(world);
  const ac = box(world, wire, 1, AC);
  const client = box(world, wire, 2, CLIENT);
  world.run(10_000);
  assert.match(client.say('SHOW PPP PPPOE'), /^ETH1-any +ppp0 +Session\n {2}Access Concentrator +AC\n {2}Address +02-00-00-00-00-02\n {2}Session +\d+\n {2}MTU +1492\n {2}Up +9 s$/m);
  const said = ac.say('SHOW PPP PPPOE');
  assert.match(said, /^ANY +ETH1 +0 +1 +512 +1 +0$/m);
  assert.match(said, /^\d+ +ppp0 +ETH1-any +02-00-00-00-00-04 +1492 +9$/m);
  assert.match(said, /^ {2}Received +1 +0 +1 +0 +0$/m);
  assert.match(client.say('SHOW IP INTERFACE=ppp0'), /10\.9\.0\.1/);
});

test('SHOW PPP PPPOE tells a client without access concentrator why it waits', () => {
  const world = new World(1);
  const client = box(world, new Wire(world), 2, CLIENT);
  world.run(35_000);
  assert.match(client.say('SHOW PPP PPPOE'), /^ {2}Reason +no access concentrator answers$/m);
  assert.match(client.say('SHOW PPP=0'), /before: no access concentrator\s+answers/);
});

test('callers of two routers get addresses of the pool, the third is refused, and a freed address is given again', () => {
  const world = new World(1);
  const wire = new Wire(world);
  const ac = box(world, wire, 1, AC);
  const clients = [2, 3, 4].map((seed) => box(world, wire, seed, CLIENT));
  world.run(60_000);
  const addresses = (): string[] => clients.map(({ say }) => /10\.9\.0\.\d/.exec(say('SHOW IP INTERFACE=ppp0'))?.[0] ?? 'none').sort();
  assert.equal(addresses(), ['10.9.0.1', '10.9.0.2', 'none']);
  const up = clients.find(({ say }) => say('SHOW IP INTERFACE=ppp0').includes('10.9.0.1'));
  up?.say('DISABLE PPP=0');
  world.run(120_000);
  assert.equal(addresses(), ['10.9.0.1', '10.9.0.2', 'none']);
  assert.match(ac.say('SHOW PPP PPPOE'), /^ANY +ETH1 +0 +2 +512/m);
});

test('deleting a service ends its sessions; the client is back when there is one again', () => {
  const world = new World(1);
  const wire = new Wire(world);
  const ac = box(world, wire, 1, AC);
  const client = box(world, wire, 2, CLIENT);
  world.run(10_000);
  assert.is(ac.say('DELETE PPP ACSERVICE=any'), OK);
  world.run(1000);
  assert.not.match(client.say('SHOW PPP PPPOE'), /Session$/m);
  assert.not.match(ac.say('SHOW PPP'), 'ppp0');
  assert.is(ac.say('ADD PPP ACSERVICE=isp TEMPLATE=0 ACINT=eth1'), OK);
  world.run(120_000);
  assert.match(client.say('SHOW IP INTERFACE=ppp0'), /10\.9\.0\.1/);
});

test('a router that is shut down leaves no PPPoE session with its peer, port or timer', () => {
  const world = new World(1);
  const wire = new Wire(world);
  const ac = box(world, wire, 1, AC);
  const client = box(world, wire, 2, CLIENT);
  world.run(10_000);
  client.app.shutdown(() => {});
  world.run(100);
  assert.match(ac.say('SHOW PPP PPPOE'), /^ANY +ETH1 +0 +0 +512/m);
  assert.equal(client.board.plane.residue, { services: 0, devices: 0, sessions: 0 });
});

test.run();
