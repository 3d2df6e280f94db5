// The PPP commands as an operator meets them: what is accepted, what each refusal says, what SHOW prints, what CREATE CONFIG writes.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { writeLine } from '../../firmware/cli/write.ts';
import { CREATE_PPP } from '../../firmware/ppp/parameters.ts';
import { pppCommands } from '../../firmware/ppp/ppp.commands.ts';
import { pppConfig } from '../../firmware/ppp/ppp.config.ts';
import { showLimits, showUtilisation } from '../../firmware/ppp/ppp.show.ts';
import { ip, World, type Box } from '../unit/ppp/box.ts';
import { askEverywhere, examplesMatch, generate, printParseEqual, seeded } from './grammar.generate.ts';

const DONE = 'Info (13003): Operation successful.';
const CREATE = 'CREATE PPP=1 OVER=TNL-remote';

/** A router with ppp1 made by `line`. */
function box(line = CREATE): { world: World; a: Box } {
  const world = new World();
  world.reachable = false;
  assert.is(world.a.run(line), DONE);
  return { world, a: world.a };
}

/** Two routers joined by the manual's LAN-to-LAN commands, up. */
function joined(): World {
  const world = new World();
  const seed = 'CREATE PPP=1 OVER=TNL-remote IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON';
  for (const [one, lan] of [[world.a, '192.168.10.1'], [world.b, '192.168.20.1']] as const) {
    one.lan = ip(lan);
    assert.is(one.run(seed), DONE);
  }
  world.a.run('ACTIVATE PPP=1');
  assert.ok(world.run(10_000, () => world.bothUp()));
  return world;
}

test('each of the manual\'s PPP lines is accepted', () => {
  const { a } = box('CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF IPREQUEST=ON');
  assert.is(a.run('SET PPP=1 USER=RouterA PASSWORD=PasswordA'), DONE);
  assert.equal(a.one().parameters.username, { value: 'RouterA' });
  assert.equal(a.one().parameters.password, { value: 'PasswordA' });
});

test('every parameter of CREATE PPP is accepted, kept and shown or written', () => {
  const line =
    `${CREATE} AUTHENTICATION=EITHER AUTHMODE=IN BAP=OFF BAPMODE=CALLBACK CBDELAY=100 CBMODE=ACCEPT CBNUMBER=0312345678 CBOPERATION=E164NUMBER ` +
    'COMPALGORITHM=PREDICTOR COMPRESSION=LINK CONFIGURE=CONTINUOUS DEBUGMAXBYTES=256 DESCRIPTION="to Tokyo" DOWNRATE=1 DOWNTIME=2 ECHO=20 ENCRYPTION=ON FRAGMENT=ON ' +
    'FRAGOVERHEAD=100 IDLE=999999999 INDATALIMIT=65535 IPPOOL=ips IPREQUEST=ON LQR=OFF MAGIC=OFF MRU=256 MSSHEADER=200 NULLFRAGTIMER=4 NUMBER=2 ONLINELIMIT=1 ' +
    'OUTDATALIMIT=2 PADRRETRY=0 PASSWORD="pass word" PREDCHECK=CRCCCITT RECHALLENGE=3600 RESTART=5 STACCHECK=SEQUENCE STARENTITY=255 TERMINATE=CONTINUOUS ' +
    'TOTALDATALIMIT=3 TYPE=SECONDARY UPRATE=99 UPTIME=3 USERNAME="user name"';
  const { a } = box(line);
  const written = pppConfig(a.interfaces).flatMap(({ lines }) => lines).join(' ');
  for (const [, name] of line.matchAll(/ ([A-Z]+)=/g)) if (name !== 'PPP' && name !== 'OVER') assert.match(written, new RegExp(` ${(name ?? '').toLowerCase()}=`), name);
  const shown = a.run('SHOW PPP=1 CONFIG');
  assert.match(shown, /^ppp1 - to Tokyo\n/);
  assert.not.match(shown, /pass word/);
});

const REFUSED = [
  ['CREATE PPP=512 OVER=TNL-remote', 'Error (335261): Value "512" not valid for parameter "PPP"; permitted: 0..511.'],
  ['CREATE PPP=2', 'Error (335260): Parameter "OVER" missing; permitted: a physical interface like TNL-remote, ISDN-call, ETH0-any or SYN0.'],
  ['CREATE PPP=2 OVER=TNL-nobody', 'Error (335261): Value "TNL-nobody" not valid for parameter "OVER"; permitted: a layer that exists.'],
  ['CREATE PPP=1 OVER=TNL-other', 'Error (33260): Interface ppp1 already exists.'],
  ['CREATE PPP=2 OVER=tnl-REMOTE', 'Error (33261): Layer tnl-REMOTE is already in use by ppp1.'],
  ['CREATE PPP=2 OVER=TNL-other ECHO=ON LQR=ON', 'Error (33263): ECHO and LQR cannot both be on: turn one of them off.'],
  ['CREATE PPP=2 OVER=TNL-other ECHO=10 LQR=20', 'Error (33263): ECHO and LQR cannot both be on: turn one of them off.'],
  ['CREATE PPP=2 OVER=TNL-other MRU=255', 'Error (335261): Value "255" not valid for parameter "MRU"; permitted: ON, OFF or 256..1500.'],
  ['CREATE PPP=2 OVER=TNL-other AUTHENTICATION=EAP', 'Error (335261): Value "EAP" not valid for parameter "AUTHENTICATION"; permitted: CHAP, EITHER, MSCHAPV2, PAP or NONE.'],
  ['CREATE PPP=2 OVER=TNL-other RECHALLENGE=359', 'Error (335261): Value "359" not valid for parameter "RECHALLENGE"; permitted: ON, OFF or 360..3600.'],
  ['SET PPP=2 ECHO=ON', 'Error (33259): Interface ppp2 not found.'],
  ['SET PPP=1 OVER=TNL-other', 'Error (33262): Interface ppp1 runs over TNL-remote, not over TNL-other: DESTROY and CREATE it to change the layer.'],
  ['DESTROY PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['ENABLE PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['ENABLE PPP=1', 'Warning (23256): Interface ppp1 is already enabled.'],
  ['DISABLE PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['RESET PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['ACTIVATE PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['ADD PPP=1 OVER=TNL-other', 'Error (33267): Interface ppp1 has its link over TNL-remote: further links (multilink) are not available in this build.'],
  ['ADD PPP=2 OVER=TNL-other', 'Error (33259): Interface ppp2 not found.'],
  ['DELETE PPP=1 OVER=TNL-remote', 'Error (33268): TNL-remote is the only link of interface ppp1: DESTROY PPP=1 removes both.'],
  ['DELETE PPP=1 OVER=TNL-other', 'Error (33269): Interface ppp1 has no link over TNL-other.'],
  ['SET PPP=1', 'Error (335276): Nothing to set: no parameter given.'],
  ['SET PPP=1 OVER=TNL-remote', 'Error (335276): Nothing to set: no parameter given.'],
  ['SHOW PPP=2', 'Error (33259): Interface ppp2 not found.'],
  ['SHOW PPP=2 COUNTER', 'Error (33259): Interface ppp2 not found.'],
  ['SHOW PPP=2 LIMITS', 'Error (33259): Interface ppp2 not found.'],
  ['ENABLE PPP=2 DEBUG=ALL', 'Error (33259): Interface ppp2 not found.'],
  ['DISABLE PPP=2 DEBUG=ALL', 'Error (33259): Interface ppp2 not found.'],
] as const;

for (const [line, answer] of REFUSED)
  test(`${line} is answered with its reason`, () => {
    const { a } = box();
    assert.is(a.run(line), answer);
    assert.is(a.interfaces.all().length, 1);
  });

test('ECHO=ON turns the default LQR off; both named is an error, unless the same command turns the other off', () => {
  const { a } = box();
  assert.is(a.run('SET PPP=1 ECHO=ON'), DONE);
  assert.match(a.run('SET PPP=1 LQR=ON'), /^Error \(33263\)/);
  assert.is(a.run('SET PPP=1 LQR=ON ECHO=OFF'), DONE);
  assert.match(a.run('SET PPP=1 ECHO=ON'), /^Error \(33263\)/);
  assert.is(a.run('SET PPP=1 ECHO=5 LQR=OFF'), DONE);
});

test('numbers of the whole range make interfaces', () => {
  const { a } = box('CREATE PPP=0 OVER=TNL-remote');
  assert.is(a.run('CREATE PPP=511 OVER=TNL-other'), DONE);
  assert.equal(
    a.interfaces.all().map(({ name }) => name),
    ['ppp0', 'ppp511'],
  );
  assert.is(a.interfaces.named('PPP511')?.number, 511);
  assert.is(a.interfaces.named('ppp5111'), undefined);
  assert.is(a.interfaces.over('tnl-OTHER')?.number, 511);
});

test('SHOW PPP without interfaces prints an empty table, its details say that there are none', () => {
  const { a } = new World();
  assert.is(a.run('SHOW PPP').split('\n').length, 2);
  for (const what of ['CONFIG', 'COUNTER', 'COUNTER=LCP', 'LIMITS', 'UTILISATION']) assert.is(a.run(`SHOW PPP ${what}`), 'Info (13004): There are no PPP interfaces.');
});

test('SHOW PPP prints the columns of an open interface', () => {
  assert.is(
    joined().a.run('SHOW PPP'),
    `Name            Enabled  ifIndex  Over                   CP          State
-------------------------------------------------------------------------------
ppp1            YES      05                              IPCP        OPENED
                                  TNL-remote             LCP         OPENED
-------------------------------------------------------------------------------`,
  );
});

test('SHOW PPP of one interface says what it is doing and why its last link ended', () => {
  const world = joined();
  world.run(62_000);
  assert.match(world.a.run('SHOW PPP=1'), /\nUp for 00:01:0\d\nLocal address 192\.168\.10\.1, peer 192\.168\.20\.1, MTU 1460\n-+$/);
  world.hangUp(world.b, 'cut', world.now);
  world.run(1000);
  assert.match(world.a.run('SHOW PPP=1'), /IPCP {8}INITIAL\n.*LCP {9}INITIAL\n-+\nOn demand: waiting for traffic\nLast link: The peer cleared the call\.\n-+$/);
  world.reachable = false;
  world.a.run('ACTIVATE PPP=1');
  assert.match(world.a.run('SHOW PPP=1'), /STARTING\n-+\nWaiting for TNL-remote\n/);
  world.a.run('DISABLE PPP=1');
  assert.match(world.a.run('SHOW PPP=1'), /ppp1 {12}NO .*\n.*\n-+\nDisabled\n/);
});

test('SHOW PPP LIMITS prints what the command reference prints', () => {
  const rows = [
    { counter: 'online', current: (1473 * 60 + 35) * 60_000, limit: undefined, previous: undefined },
    { counter: 'in', current: 731_200_000, limit: undefined, previous: undefined },
    { counter: 'out', current: 223_000_000, limit: undefined, previous: undefined },
    { counter: 'total', current: 954_300_000, limit: undefined, previous: undefined },
  ] as const;
  assert.is(
    showLimits('ppp0', rows),
    `ppp0:
  Limit Counter           Current     Limit       Remaining   Previous
  ----------------------------------------------------------------------------
  Connection Time       1473:35       Unlimited   --
  In Data                 731.2 MB    Unlimited   --
  Out Data                223.0 MB    Unlimited   --
  Total Data              954.3 MB    Unlimited   --
  ----------------------------------------------------------------------------`,
  );
});

test('SHOW PPP LIMITS shows what is left, what is exceeded and what was before', () => {
  const world = new World();
  assert.is(world.a.run(`${CREATE} LQR=OFF INDATALIMIT=10 TOTALDATALIMIT=1 ONLINELIMIT=2`), DONE);
  assert.is(world.b.run(`${CREATE} LQR=OFF`), DONE);
  assert.ok(world.run(10_000, () => world.bothUp()));
  world.run(30 * 60_000);
  world.a.carried(2_500_000, 'in');
  world.a.one().refresh(world.now);
  world.a.run('RESET PPP=1 OUTDATALIMIT');
  assert.is(
    world.a.run('SHOW PPP=1 LIMITS'),
    `ppp1:
  Limit Counter           Current     Limit       Remaining   Previous
  ----------------------------------------------------------------------------
  Connection Time          0:30       2:00        1:30
  In Data                   2.5 MB    10.0 MB     7.5 MB
  Out Data                  0.0 MB    Unlimited   --          0.0 MB
  Total Data                2.5 MB    1.0 MB      EXCEEDED
  ----------------------------------------------------------------------------`,
  );
});

test('SHOW PPP UTILISATION prints what the command reference prints', () => {
  const time = { year: 2002, month: 2, day: 28, hour: 15, minute: 45, second: 39, weekday: 4 };
  assert.is(
    showUtilisation({ name: 'ppp0', over: 'tdm-0', time, rate: 0, bandwidth: 2_048_000, percent: 93, overall: 47 }),
    `Interface: ppp0 Time: 15:45:39
  Over: tdm-0                 Utilisation(%): 93       Bandwidth(bps): 2048000
  Utilisation Overall(%): 47  Up Timer(seconds): 0     Down Timer(seconds): 0`,
  );
});

test('SHOW PPP UTILISATION reckons from the octets carried, and never more than all', () => {
  const world = joined();
  world.a.one().refresh(world.now);
  world.run(2000);
  world.a.carried(8000, 'in');
  assert.match(world.a.run('SHOW PPP=1 UTILISATION'), /Utilisation\(%\): 50 .*64000\n {2}Utilisation Overall\(%\): 25 /);
  world.run(2000);
  world.a.carried(8_000_000, 'in');
  assert.match(world.a.run('SHOW PPP UTILISATION'), /Utilisation\(%\): 100 .*\n {2}Utilisation Overall\(%\): 100 /);
});

test('SHOW PPP IDLETIMER shows configured and remaining seconds', () => {
  const world = joined();
  world.a.run('SET PPP=1 IDLE=600');
  world.run(100_000);
  world.a.carried(10, 'out');
  world.run(60_000);
  const line = world.a.run('SHOW PPP IDLETIMER').split('\n')[2] ?? '';
  assert.match(line, /^ppp1 {12}600 {17}540$/);
});

test('SHOW PPP COUNTER counts octets, packets and control packets by code', () => {
  const world = joined();
  world.a.carried(100, 'in');
  const all = world.a.run('SHOW PPP=1 COUNTER');
  assert.match(all, /^ppp1:\n {2}Interface Counters\n {4}inOctets {22}100 /);
  assert.match(all, /\n {2}LCP Counters\n {4}inConfigureRequest {12}1 +outConfigureRequest +1\n/);
  assert.match(all, /\n {2}IPCP Counters\n/);
  assert.not.match(world.a.run('SHOW PPP COUNTER=LCP'), /IPCP|inOctets/);
  assert.not.match(world.a.run('SHOW PPP COUNTER=IF'), /LCP Counters/);
});

test('SHOW PPP CONFIG shows configured and negotiated values, a password only as set', () => {
  const world = joined();
  world.a.run('SET PPP=1 USERNAME=RouterA PASSWORD=PasswordA');
  const shown = world.a.run('SHOW PPP=1 CONFIG');
  assert.match(shown, /\n {2}Maximum Receive Unit \(bytes\) {6}OFF {11}1460 {12}1460\n/);
  assert.match(shown, /\n {2}Echo \(seconds\) {20}10\n/);
  assert.match(shown, /\n {2}IP Address {38}192\.168\.10\.1 {4}192\.168\.20\.1\n/);
  assert.match(shown, /\n {2}Password {26}\(set\)\n/);
  assert.not.match(shown, /PasswordA/);
});

test('CREATE CONFIG writes only what is not a default, and splits what is longer than a line', () => {
  const { a } = box(`${CREATE} BAP=OFF LQR=OFF ECHO=ON IDLE=999999999 RESTART=3`);
  assert.equal(pppConfig(a.interfaces), [{ title: 'PPP', lines: ['create ppp=1 over=TNL-remote bap=off echo=on idle=999999999 lqr=off'] }]);
  a.run(`SET PPP=1 DESCRIPTION="${'long '.repeat(12)}end" USERNAME=RouterA PASSWORD="a b"`);
  a.run('DISABLE PPP=1');
  const lines = pppConfig(a.interfaces)[0]?.lines ?? [];
  assert.is(lines.length, 3);
  for (const line of lines) assert.ok(line.length <= 121, line);
  assert.match(lines[1] ?? '', /^set ppp=1 /);
  assert.match(lines.join('\n'), /password="a b"/);
  assert.is(lines[2], 'disable ppp=1');
  assert.equal(pppConfig(new World().a.interfaces), []);
});

test('what CREATE CONFIG writes makes the same interfaces on an empty router, 500 times', () => {
  const random = seeded(20260101);
  let made = 0;
  for (let round = 0; round < 500; round++) {
    const [from, to] = [new World().a, new World().a];
    for (const [number, over] of [[3, 'TNL-remote'], [400, 'TNL-other']] as const) {
      const args = { ...generate(CREATE_PPP, random), ppp: number, over };
      const line = writeLine(CREATE_PPP.read, CREATE_PPP.defaults, args);
      if (from.run(line) === DONE) made++;
    }
    if (random() < 0.3) from.run('DISABLE PPP=3');
    const text = pppConfig(from.interfaces).flatMap(({ lines }) => lines);
    for (const line of text) assert.is(to.run(line), DONE, line);
    const state = (box: Box) => box.interfaces.all().map(({ number, over, enabled, parameters }) => ({ number, over, enabled, parameters: { lqr: undefined, ...parameters } }));
    assert.equal(state(to), state(from));
    assert.equal(pppConfig(to.interfaces).flatMap(({ lines }) => lines), text);
  }
  assert.ok(made > 600, `${made}`);
});

test('every PPP form accepts its example and what the writer prints, and ? and TAB never mislead', () => {
  const commands = pppCommands(new World().a.interfaces);
  examplesMatch(commands);
  assert.ok(printParseEqual(commands, 5, 60) > 500);
  assert.ok(askEverywhere(commands, 6, 10) > 100);
});

test.run();
