// Transcripts of the RADIUS commands on a whole router in memory.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createAppliance, type Appliance } from '../../firmware/appliance.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';

const test = suite('radius commands');

class Box {
  readonly world = new World(1);
  readonly board = new SimBoard(this.world, { seed: 1 });
  readonly app: Appliance;

  constructor(...lines: readonly string[]) {
    this.board.ip.plug('eth0', new Wire(this.world));
    this.app = createAppliance(this.board, { factoryScript: '' });
    this.app.boot({ name: 'empty.cfg', text: '' });
    for (const line of lines) assert.match(this.give(line), /^(?:Info|Warning)/, line);
  }

  /** What the console prints. */
  give(line: string): string {
    let printed = '';
    this.app.runCommand(line, (text) => (printed += `${text}\n`), () => {});
    return printed.trimEnd();
  }

  /** The lines of the configuration that speak of RADIUS. */
  config(): string[] {
    return this.give('SHOW CONFIG DYNAMIC').split('\n').filter((line) => / radius /.test(line));
  }
}

const ADD = 'ADD RADIUS SERVER=192.0.2.9 SECRET=s3cret';

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], ADD, 'Info (165003): Operation successful.'],
  [[], 'ADD RADIUS SERVER=192.0.2.9', 'Error (335260): Parameter "SECRET" missing; permitted: 1..255 printable characters.'],
  [[], 'ADD RADIUS SERVER=0.0.0.0 SECRET=x', 'Error (335261): Value "0.0.0.0" not valid for parameter "SERVER"; permitted: the address of a host.'],
  [[], 'ADD RADIUS SERVER=224.0.0.1 SECRET=x', 'Error (335261): Value "224.0.0.1" not valid for parameter "SERVER"; permitted: the address of a host.'],
  [[], `${ADD} PORT=0`, 'Error (335261): Value "0" not valid for parameter "PORT"; permitted: 1..65535 or a service name like TELNET.'],
  [[], `${ADD} LOCAL=3`, 'Error (335264): LOCAL other than NONE (requests leave from the address of their interface) is not available in this build.'],
  [[], `${ADD} LOCAL=NONE ACCPORT=0`, 'Info (165003): Operation successful.'],
  [[ADD], ADD, 'Error (365256): RADIUS server 192.0.2.9 already exists.'],
  [Array.from({ length: 8 }, (_, i) => `ADD RADIUS SERVER=192.0.2.${10 + i} SECRET=x`), ADD, 'Error (365258): There are 8 RADIUS servers already, and there can be no more.'],
  [[], 'DELETE RADIUS SERVER=192.0.2.9', 'Error (365257): RADIUS server 192.0.2.9 not found.'],
  [[ADD], 'DELETE RADIUS SERVER=192.0.2.9', 'Info (165003): Operation successful.'],
  [[], 'DELETE RADIUS SERVER=server', 'Error (335261): Value "server" not valid for parameter "SERVER"; permitted: an IP address like 192.0.2.1.'],
  [[], 'SET RADIUS SERVER=192.0.2.9 PORT=1812', 'Error (365257): RADIUS server 192.0.2.9 not found.'],
  [[ADD], 'SET RADIUS SERVER=192.0.2.9', 'Error (335276): Nothing to set: no parameter given.'],
  [[ADD], 'SET RADIUS SERVER=192.0.2.9 PORT=1812 MESSAGEAUTH=OPTIONAL', 'Info (165003): Operation successful.'],
  [[], 'SET RADIUS', 'Error (335276): Nothing to set: no parameter given.'],
  [[], 'SET RADIUS TIMEOUT=16', 'Error (335261): Value "16" not valid for parameter "TIMEOUT"; permitted: 1..15.'],
  [[], 'SET RADIUS TIMEOUT=6 RETRANSMIT=3 DEADTIME=5', 'Info (165003): Operation successful.'],
  [[], 'SET RADIUS INTERIM=59', 'Error (335261): Value "59" not valid for parameter "INTERIM"; permitted: OFF or 60..86400.'],
  [[], 'SHOW RADIUS=1', 'Error (335266): Parameter "RADIUS" takes no value.'],
];

for (const [before, line, answer] of TRANSCRIPTS) {
  test(`${line} answers ${answer}${before.length === 0 ? '' : ` after ${before.length} lines like ${before[0]}`}`, () => {
    assert.is(new Box(...before).give(line), answer);
  });
}

test('CREATE CONFIG writes what differs from the defaults, secrets in clear, servers in their order', () => {
  const box = new Box(
    'ADD RADIUS SERVER=192.0.2.9 SECRET="two words" PORT=1812 ACCPORT=1813', 'ADD RADIUS SERVER=192.0.2.3 SECRET=x MESSAGEAUTH=OPTIONAL',
    'SET RADIUS TIMEOUT=6 DEADTIME=5 INTERIM=300 COA=OFF TUNNELPASSWORD=cisco', 'SET RADIUS SERVER=192.0.2.9 ACCPORT=0',
  );
  assert.equal(box.config(), [
    'set radius deadtime=5 interim=300 coa=off tunnelpassword=cisco',
    'add radius server=192.0.2.9 secret="two words" port=1812 accport=0',
    'add radius server=192.0.2.3 secret=x messageauth=optional',
  ]);
  const again = new Box(...box.config());
  assert.equal(again.config(), box.config());
});

test('SET RADIUS back to the defaults leaves nothing to write', () => {
  const box = new Box('SET RADIUS TIMEOUT=2 INTERIM=60 COA=OFF', 'SET RADIUS TIMEOUT=6 INTERIM=OFF COA=ON');
  assert.equal(box.config(), []);
});

test('SHOW RADIUS shows servers and counters, and no secret', () => {
  const box = new Box();
  assert.match(box.give('SHOW RADIUS'), 'There are no RADIUS servers.');
  assert.match(box.give('SHOW RADIUS'), 'On (port closed: no servers)');
  box.give('ADD RADIUS SERVER=192.0.2.9 SECRET=s3cret PORT=1812 ACCPORT=0');
  const shown = box.give('SHOW RADIUS');
  assert.is(
    shown.split('\n').slice(6, 14).join('\n'),
    `Disconnect and CoA ............... On
-------------------------------------------------------------------------------
Server           Port          Accounting    Signed       Waiting
192.0.2.9        1812 alive    off           required     0
   Requests 0         Repeated 0         Timeouts 0         Accounted 0
   Accepts 0          Rejects 0          Challenges 0       Unexpected 0
   Forged 0           Unsigned 0         Malformed 0
-------------------------------------------------------------------------------`,
  );
  assert.not.match(shown, 's3cret');
});

test('UDP port 3799 is open only while there is a server and COA is on', () => {
  const box = new Box();
  assert.is(box.board.udp.residue, 0);
  box.give(ADD);
  assert.is(box.board.udp.residue, 1);
  box.give('SET RADIUS COA=OFF');
  assert.is(box.board.udp.residue, 0);
  box.give('SET RADIUS COA=ON');
  assert.is(box.board.udp.residue, 1);
  box.give('DELETE RADIUS SERVER=192.0.2.9');
  assert.is(box.board.udp.residue, 0);
});

test('a router that stops leaves no RADIUS socket and no alarm of it', () => {
  const box = new Box('ENABLE IP', 'ADD IP INT=eth0 IP=192.0.2.1', ADD);
  box.world.run(5000);
  let done = false;
  box.app.shutdown(() => (done = true));
  box.world.run(5000);
  assert.ok(done);
  assert.is(box.board.udp.residue, 0);
});

test.run();
