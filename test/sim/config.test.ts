// What SHOW CONFIG DYNAMIC prints, run on an empty router, gives the same router: over generated configurations of the whole box.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allCommands, createAppliance, type Appliance } from '../../firmware/appliance.ts';
import { laterCommands } from '../../firmware/later.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { seeded } from '../cli/grammar.generate.ts';
import { configuring, randomLines } from './config.generate.ts';

const CONFIGURATIONS = Number(process.env['CONFIGS'] ?? 400);
const FIRST = Number(process.env['SEED'] ?? 1);
const COMMANDS = allCommands(new SimBoard(new World(1), { seed: 1 }));
const FORMS = configuring(COMMANDS);
/** Commands that this build only keeps. */
const LATER = new Set(laterCommands(() => {}).map(({ form }) => form.syntax));

/** An empty router with two ports. */
function router(seed: number): Appliance {
  const world = new World(seed);
  const board = new SimBoard(world, { seed });
  board.ip.plug('eth0', new Wire(world));
  board.ip.plug('eth1', new Wire(world));
  const app = createAppliance(board, { factoryScript: '' });
  app.boot({ name: 'empty.cfg', text: '' });
  return app;
}

/** What the console prints. */
function give(app: Appliance, line: string): string {
  let printed = '';
  app.runCommand(line, (text) => (printed += `${text}\n`), () => {});
  return printed.trimEnd();
}

const refused = (answer: string): boolean => answer.startsWith('Error');
/** Commands that this build reads and keeps but cannot carry out: the error says so, and nothing is lost. */
const kept = (answer: string): boolean => answer.includes('not available in this build');

const SHOWS = [
  'SHOW L2TP', 'SHOW L2TP CALL', 'SHOW L2TP IP', 'SHOW L2TP USER', 'SHOW PPP', 'SHOW PPP CONFIG', 'SHOW PPP LIMITS', 'SHOW PPP IDLETIMER', 'SHOW IP', 'SHOW IP INTERFACE', 'SHOW IP ROUTE', 'SHOW IP FILTER', 'SHOW IP NAT',
  'SHOW PPP TEMPLATE', 'SHOW IP POOL', 'SHOW PPP PPPOE', 'SHOW ISDN CALL', 'SHOW ACC CALL', 'SHOW RADIUS', 'SHOW IP DNS', 'SHOW IP HOST', 'SHOW DHCP POLICY', 'SHOW DHCP RANGE',
  'SHOW PING', 'SHOW USER', 'SHOW USER CONFIGURATION', 'SHOW LOG OUTPUT', 'SHOW ALIAS', 'SHOW LOADER', 'SHOW TELNET', 'SHOW SYSTEM',
];

/** All that the router shows of itself, without what tells of its past: what it waits for, how often, since when. */
function state(app: Appliance, config: string): string {
  const named = [...config.matchAll(/^(?:add|set) (?:ip (interface)|(user))=(\S+)/gm)].map(([, first, second, name]) => `SHOW ${first === undefined ? second?.toUpperCase() : 'IP INTERFACE'}=${name}`);
  const outputs = [...config.matchAll(/^create log output=(\d+)/gm)].map(([, number]) => `SHOW LOG OUTPUT=${number}`);
  return [...SHOWS, ...new Set([...named, ...outputs])].map((line) => `> ${line}\n${present(give(app, line))}`).join('\n');
}

const present = (shown: string): string =>
  shown
    .replace(/\nStatus \.+ .*(?:\n {26}.*)*/g, '')
    .replace(/^(?:Messages processed|In Messages|Out Messages|Tunnels) .*/gm, '')
    .replace(/(?<=Changes +)\d+/g, '')
    .replace(/(?:STARTING|INITIAL)$/gm, 'down')
    .replace(/^((?:TEMPORARY|\d+) .*?)\d+ +\d+$/gm, '$1');

const difference = (a: string, b: string): string => {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  const command = left.slice(0, Math.max(0, at) + 1).findLast((line) => line.startsWith('> ')) ?? '';
  return `${command}\n  first:  ${left[at < 0 ? right.length : at] ?? '(end)'}\n  second: ${right[at < 0 ? left.length : at] ?? '(end)'}`;
};

test(`SHOW CONFIG DYNAMIC gives the same router again, for ${CONFIGURATIONS} generated configurations`, () => {
  const accepted = new Map(FORMS.map(({ syntax }) => [syntax, 0]));
  const failures: string[] = [];
  let lines = 0;
  let written = 0;
  for (let seed = FIRST; seed < FIRST + CONFIGURATIONS; seed++) {
    const random = seeded(seed);
    const first = router(seed);
    const history: string[] = [];
    for (const { form, line } of randomLines(FORMS, LATER, { count: 10 + Math.floor(random() * 220), random })) {
      const answer = give(first, line);
      if (refused(answer) && !kept(answer)) continue;
      accepted.set(form.syntax, (accepted.get(form.syntax) ?? 0) + 1);
      history.push(line);
      lines++;
    }
    const config = give(first, 'SHOW CONFIG DYNAMIC');
    const second = router(seed);
    for (const [i, line] of config.split('\n').entries()) {
      const answer = give(second, line);
      if (line !== '' && !line.startsWith('#')) written++;
      if (refused(answer) && !kept(answer)) failures.push(`seed ${seed}, line ${i + 1} refused: ${line}\n  ${answer}`);
    }
    const again = give(second, 'SHOW CONFIG DYNAMIC');
    if (again !== config) failures.push(`seed ${seed}, text differs: ${difference(config, again)}`);
    const [was, is] = [state(first, config), state(second, config)];
    if (was !== is) failures.push(`seed ${seed}, state differs: ${difference(was, is)}`);
    if (failures.length > 0 && process.env['VERBOSE'] !== undefined) failures.push(history.join('\n'), config);
    if (failures.length >= 5) break;
  }
  console.log(`INFO ${lines} accepted lines, ${written} lines written back`);
  assert.equal(failures.join('\n'), '');
  const never = [...accepted].filter(([syntax, count]) => count === 0 && !LATER.has(syntax) && !/^(?:(?:ADD|DELETE) PPP|(?:DE)?ACTIVATE)/.test(syntax)).map(([syntax]) => syntax.replace(/\s+/g, ' ').slice(0, 80));
  assert.equal(never, [], 'every configuring command was accepted at least once (but multilink, which this build refuses, and ACTIVATE, which configures nothing)');
});

/** What the router writes after these lines. */
function written(...lines: readonly string[]): string[] {
  const app = router(1);
  for (const line of lines) give(app, line);
  return give(app, 'SHOW CONFIG DYNAMIC').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('SET IP INTERFACE with an address takes the place of DHCP', () => {
  const lines = ['ENABLE IP REMOTEASSIGN', 'ADD IP INTERFACE=eth0 IPADDRESS=DHCP', 'SET IP INTERFACE=ETH0 IPADDRESS=192.168.1.1'];
  assert.equal(written(...lines), ['enable ip remoteassign', 'add ip interface=eth0 ipaddress=192.168.1.1']);
});

test('a long line that is only kept is written whole', () => {
  const line = 'add firewall policy=net rule=1 action=allow interface=ppp0 protocol=udp ip=1.1.1.1 port=1701 gblip=1.1.1.1 gblport=1701 after=09:00:00 days=mon,weekend ttl=00:30:00';
  assert.equal(written(line), [line]);
});

test('SET PPP MRU before the first link sets the MTU of the interface, as CREATE PPP MRU does', () => {
  const app = router(1);
  for (const line of ['ADD L2TP CALL=a TYPE=VIRTUAL IP=1.1.1.1', 'CREATE PPP=1 OVER=TNL-a', 'SET PPP=1 MRU=1200']) give(app, line);
  assert.match(give(app, 'SHOW INTERFACE=ppp1'), /ifMTU\.+ 1200/);
});

test.run();
