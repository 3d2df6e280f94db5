// SET under traffic: whatever a SET changes, it drops no packet and no session that it does not name.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allCommands } from '../../firmware/appliance.ts';
import type { SessionOptions } from '../../firmware/hal/dataplane.ts';
import { laterCommands } from '../../firmware/later.ts';
import { SimBoard } from '../../board/sim/board.ts';
import type { Node } from '../../board/sim/lans.ts';
import { World } from '../../board/sim/world.ts';
import { seeded } from '../cli/grammar.generate.ts';
import { configuring, randomLines } from './config.generate.ts';
import { network, numbers, pings, pingStream, show } from './calls.rig.ts';
import { lacNet } from './lac.rig.ts';
import { CLIENT, dialIn, SERVER } from './remote.rig.ts';

const LATER = new Set(laterCommands(() => {}).map(({ form }) => form.syntax));
const SETS = configuring(allCommands(new SimBoard(new World(1), { seed: 1 }))).filter(({ syntax, read }) => read.words[0] === 'SET' && !LATER.has(syntax));
/** What is meant to cut traffic: a filter that lets nothing in, another address on a port, the address of somebody else, a call closed for quiet. */
const CUTS = /^set (?:l2tp filter=\d|ip interface=eth\S* .*(?:ipaddress|mask)=|ip local ipaddress=(?:2\.2\.2\.2|1\.1\.1\.254|192\.168\.20\.1)|ppp=1 .*\bidle=\d{1,2}\b)/i;
const NAMED = `ADD L2TP USER=ALL ACTION=IGNORE
ADD L2TP CALL=c3 TYPE=VIRTUAL IP=9.9.9.9
ADD USER=Night PASSWORD=nightsecret LOGIN=NO
CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=192.168.10.2
CREATE LOG OUTPUT=2 DESTINATION=MEMORY
ADD IP INT=eth0-1 IP=10.77.0.1 MASK=255.255.255.0
ADD RADIUS SERVER=192.0.2.3 SECRET=x
ADD IP HOST=branch IP=192.0.2.9
ADD IP DNS PRIMARY=192.0.2.53
ADD IP DNS DOMAIN=branch.example PRIMARY=192.0.2.53
ADD ISDN CALL=dialin NUMBER=031 PRECEDENCE=OUT
ADD ACC CALL=dialin DIRECTION=ANSWER PPPTEMPLATE=0
ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth0
CREATE DHCP POLICY=lan LEASETIME=600
CREATE DHCP POLICY=base LEASETIME=600
ADD IP ROUTE=10.0.0.0 MASK=255.255.255.0 INT=eth0 NEXT=1.1.1.254
ADD IP ROUTE=172.16.5.9 MASK=255.255.255.255 INT=eth0 NEXT=0.0.0.0
${Array.from({ length: 32 }, (_, i) => `CREATE PPP TEMPLATE=${i}`).join('\n')}`;
/** It names one of 300 filters and one of 255 entries: chance does not find one that is there. */
const UNLIKELY = /^SET IP FILTER/;

/** A caller with an address of the LAN is found there by the router alone. */
const PROXY = new RegExp(`${CUTS.source}|^set ip interface=eth0\\S* .*proxyarp=off`, 'i');

/** A router whose SETs are tried while a ping goes through it. */
interface Scene {
  readonly world: World;
  readonly node: Node;
  readonly stream: () => ReturnType<typeof pingStream>;
  readonly cuts: RegExp;
}

const SCENES: Readonly<Record<string, (seed: number) => Scene>> = {
  'of a call that is up': (seed) => {
    const net = network({ after: NAMED }, {}, undefined, seed);
    return { world: net.world, node: net.a, stream: () => pingStream(net, { interval: 10 }), cuts: CUTS };
  },
  'of a caller of a template': (seed) => {
    const net = dialIn(SERVER + NAMED, CLIENT, undefined, seed);
    return { world: net.world, node: net.b, stream: () => pingStream(net, { from: net.a.board.ip, interval: 10 }), cuts: PROXY };
  },
  'of a caller who is passed on by a LAC': (seed) => {
    // Lines that the LAC of this network has already, or cannot have, are left out.
    const net = lacNet({ lac: NAMED.replaceAll(/^(?:CREATE PPP TEMPLATE=0|ADD IP ROUTE=.*|ADD PPP ACSERVICE.*)$\n?/gm, ''), seed });
    return { world: net.world, node: net.lac, stream: () => pingStream(net, { from: net.home.board.ip, to: '10.1.0.2', interval: 10 }), cuts: CUTS };
  },
};

for (const [whose, make] of Object.entries(SCENES)) {
  test(`no SET line of any form, whatever it says, loses a packet or a session ${whose}`, () => {
    const accepted = new Map(SETS.map(({ syntax }) => [syntax, 0]));
    const random = seeded(20);
    let lines = 0;
    let scene = make(1);
    for (let i = 0; i < 4000; i++) {
      // Each form in its turn. Values pile up: a fresh network now and then starts from the beginning.
      if (i % 100 === 0) {
        scene = make(1 + i);
        scene.world.run(10_000);
      }
      const { world, node, cuts } = scene;
      const [one] = randomLines(SETS.slice(i % SETS.length).slice(0, 1), LATER, { count: 1, random });
      if (one === undefined || cuts.test(one.line)) continue;
      const calls = (): string => numbers(show(node, 'SHOW L2TP TUNNEL CALL'), 'Call ID').join();
      const was = calls();
      const stream = scene.stream();
      world.run(30);
      if (show(node, one.line).startsWith('Error')) {
        stream.stop(100);
        continue;
      }
      lines++;
      accepted.set(one.form.syntax, (accepted.get(one.form.syntax) ?? 0) + 1);
      world.run(200);
      const { sent, answered } = stream.stop(100);
      assert.is(answered, sent, `${one.line} lost packets`);
      assert.is(calls(), was, `${one.line} changed the session`);
    }
    assert.ok(lines > 300, `${lines} lines`);
    const never = [...accepted].filter(([syntax, count]) => count === 0 && !UNLIKELY.test(syntax)).map(([syntax]) => syntax.replaceAll(/\s+/g, ' ').slice(0, 60));
    console.log(`INFO ${lines} SET lines under traffic ${whose}; never accepted: ${never.join('; ') || 'none'}`);
    if (whose === 'of a call that is up') assert.equal(never, [], 'every SET was tried');
  });
}

test('SET L2TP CHECKSUM reaches the data plane for the session that is up and for the next one', () => {
  const net = network();
  const { plane } = net.a.board;
  const given: (boolean | undefined)[] = [];
  const [attach, update] = [plane.attach.bind(plane), plane.update.bind(plane)];
  plane.attach = (path) => {
    given.push(path.options.checksum);
    return attach(path);
  };
  plane.update = (key, change: Partial<SessionOptions>) => {
    if (change.checksum !== undefined) given.push(change.checksum);
    update(key, change);
  };
  net.world.run(5000);
  show(net.a, 'SET L2TP CHECKSUM=OFF');
  assert.equal(given, [true, false]);
  assert.is(pings(net), 10);
  show(net.a, 'RESET PPP=1');
  net.world.run(30_000);
  assert.is(given.at(-1), false);
  assert.is(pings(net), 10);
});

test.run();
