// The configuration writer: kept lines, cut lines, and configurations that read back as the same router.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptLines, sectionOf } from '../../../firmware/config/kept.ts';
import { RunningConfig } from '../../../firmware/config/running.ts';
import { LINE, splitLong } from '../../../firmware/config/split.ts';
import { SeededRandom } from '../../../board/sim/world.ts';
import { Shell } from '../../cli/shell.ts';

const kept = (lines: readonly string[]): KeptLines => {
  const out = new KeptLines();
  for (const line of lines) out.keep(line);
  return out;
};
const linesOf = (k: KeptLines): readonly string[] => k.sections().flatMap(({ lines }) => lines);

test('kept lines stay in order, ADD and CREATE where they were first given', () => {
  const add = 'add firewall policy=net interface=ppp1 type=private';
  assert.equal(linesOf(kept(['create firewall policy=net', add, 'create firewall policy=net', add])), ['create firewall policy=net', add]);
});

test('of kept ENABLE, DISABLE and SET lines the last one counts', () => {
  assert.equal(linesOf(kept(['enable firewall', 'disable firewall', 'enable firewall'])), ['disable firewall', 'enable firewall']);
  assert.equal(linesOf(kept(['set ipsec policy=a lport=1', 'set ipsec policy=a lport=2', 'set ipsec policy=a lport=1'])), ['set ipsec policy=a lport=2', 'set ipsec policy=a lport=1']);
});

test('kept DELETE and DESTROY lines are not resolved', () => {
  const lines = ['create firewall policy=a', 'destroy firewall policy=a', 'create firewall policy=a'];
  assert.equal(linesOf(kept(lines)), lines);
  assert.equal(linesOf(kept([...lines, 'create firewall policy=a'])), lines);
});

test('kept lines read back as the same kept lines', () => {
  const random = new SeededRandom(5);
  const verbs = ['add', 'create', 'set', 'enable', 'disable', 'delete', 'destroy'];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] ?? list[0]!;
  for (let round = 0; round < 200; round++) {
    const first = kept(Array.from({ length: 30 }, () => `${pick(verbs)} ${pick(['firewall', 'ipsec'])} policy=${pick(['a', 'b'])}`));
    assert.equal(linesOf(kept(linesOf(first))), linesOf(first));
  }
});

test('a kept line goes to the section of its object', () => {
  assert.is(sectionOf('add firewall policy=net'), 'FIREWALL');
  assert.is(sectionOf('create ppp template=0'), 'PPP templates');
  assert.is(sectionOf('create ppp=1 over=isdn-a'), 'PPP');
  assert.is(sectionOf('add isdn call=rmt'), 'ISDN');
  assert.is(sectionOf('enable ip nat'), 'IP');
  assert.is(sectionOf('add ip nat ip=1.1.1.1'), 'IP');
  assert.ok(kept(['enable firewall']).has('Firewall'));
});

test('kept lines stand behind the lines of built commands in their section', () => {
  const running = new RunningConfig(() => [{ title: 'LOG', lines: ['l'] }, { title: 'IP', lines: ['enable ip'] }, { title: 'SYSTEM', lines: [] }], kept(['enable ip nat', 'enable firewall', 'add isdn call=x']));
  assert.is(running.text(), '\n#\n# ISDN configuration\n#\nadd isdn call=x\n\n#\n# IP configuration\n#\nenable ip\nenable ip nat\n\n#\n# FIREWALL configuration\n#\nenable firewall\n\n#\n# LOG configuration\n#\nl');
  assert.is(running.text('IP'), '\n#\n# IP configuration\n#\nenable ip\nenable ip nat');
  assert.is(running.text('PPP'), undefined);
});

test('a line of up to 121 characters is written whole', () => {
  const line = `add user=x password=y login=no description="${'d'.repeat(LINE - 45)}"`;
  assert.is(line.length, LINE);
  assert.equal(splitLong(line), [line]);
});

test('a longer CREATE or ADD line is cut into itself and SET lines, and no value is', () => {
  const line = 'create ppp=1 over=tnl-remote authentication=either bap=off echo=on idle=999999999 lqr=off username="two words and more of them" password="another two words" iprequest=on';
  const lines = splitLong(line);
  assert.equal(lines, [
    'create ppp=1 over=tnl-remote authentication=either bap=off echo=on lqr=off idle=999999999',
    'set ppp=1 username="two words and more of them" password="another two words" iprequest=on',
  ]);
  for (const piece of lines) assert.ok(piece.length <= LINE);
});

test('a long line of a command that has no SET form is written whole', () => {
  const line = `add script=test.scp text="${'x'.repeat(200)}"`;
  assert.equal(splitLong(line), [line]);
  assert.equal(splitLong(`set system name="${'n'.repeat(80)}" location="${'l'.repeat(80)}"`), [`set system name="${'n'.repeat(80)}"`, `set system location="${'l'.repeat(80)}"`]);
});

// A random router: what its commands leave behind, printed, run on a new router and compared.

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => c !== '"');

class Dice {
  readonly #random: SeededRandom;
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }
  whole(low: number, high: number): number {
    return low + Math.floor(this.#random.next() * (high - low + 1));
  }
  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }
  maybe(text: () => string): string {
    return this.whole(0, 1) === 0 ? '' : ` ${text()}`;
  }
  text(low: number, high: number): string {
    return `"${Array.from({ length: this.whole(low, high) }, () => this.pick([...PRINTABLE, 'é', '日', '“', '↵', '　'])).join('')}"`;
  }
  ip(): string {
    return [0, 0, 0, 0].map(() => this.whole(0, 255)).join('.');
  }
}

function randomLine(d: Dice): string {
  const user = (): string => d.pick(['a', 'B', 'manager', 'user@example', 'x-1']);
  const settings = (): string =>
    d.maybe(() => `DESCRIPTION=${d.text(0, 24)}`) + d.maybe(() => `IPADDRESS=${d.ip()} NETMASK=255.255.${d.pick([0, 255])}.0`) + d.maybe(() => `MTU=${d.whole(40, 1500)}`) + d.maybe(() => `CALLINGNUMBER=${d.whole(1, 99999)}`) + d.maybe(() => `TELNET=${d.pick(['YES', 'NO'])}`);
  const output = (): number => d.whole(1, 4);
  const filter = (): string => d.maybe(() => `SEVERITY=${d.pick(['', '<', '>', '!'])}${d.whole(0, 7)}`) + d.maybe(() => `MODULE=${d.pick(['PPP', 'l2tp'])}`) + d.maybe(() => `ACTION=${d.pick(['PROCESS', 'IGNORE'])}`);
  return d.pick([
    () => `ADD USER=${user()} PASSWORD=${d.text(1, 32)} LOGIN=${d.pick(['YES', 'NO'])} PRIVILEGE=${d.pick(['USER', 'MANAGER', 'SECURITYOFFICER'])}${settings()}`,
    () => `ADD USER=${user()} PASSWORD=${d.text(6, 32)} LOGIN=NO${settings()}`,
    () => `SET USER=${user()}${d.maybe(() => `PASSWORD=${d.text(1, 32)}`)}${d.maybe(() => `LOGIN=${d.pick(['YES', 'NO'])}`)}${d.maybe(() => `PRIVILEGE=${d.pick(['USER', 'MANAGER'])}`)}${settings()}`,
    () => `DELETE USER=${user()}`,
    () => `DISABLE USER=${user()}`,
    () => `ENABLE USER=${user()}`,
    () => `SET USER MINPWDLEN=${d.whole(1, 23)}${d.maybe(() => `LOGINFAIL=${d.whole(1, 10)}`)}${d.maybe(() => `LOCKOUTPD=${d.whole(1, 30000)}`)}`,
    () => `SET SYSTEM NAME=${d.text(0, 80)} LOCATION=${d.text(0, 80)}${d.maybe(() => `CONTACT=${d.text(0, 80)}`)}${d.maybe(() => `TERRITORY=${d.pick(['JAPAN', 'USA'])}`)}`,
    () => `SET LOADER METHOD=${d.pick(['TFTP', 'HTTP'])} SERVER=${d.pick([d.ip(), 'files.example', 'NONE', '"none"'])} FILE=${d.pick(['dir/a.cfg', 'NONE', '"none"'])} DELAY=${d.whole(0, 65535)}`,
    () => `CREATE LOG OUTPUT=${output()} DESTINATION=SYSLOG SERVER=${d.ip()}${d.maybe(() => `FACILITY=LOCAL${d.whole(1, 7)}`)}${d.maybe(() => 'FORMAT=RFC5424')}${d.maybe(() => `PORT=${d.whole(1, 65535)}`)}`,
    () => `CREATE LOG OUTPUT=${output()} DESTINATION=MEMORY${d.maybe(() => `MESSAGES=${d.whole(10, 3000)}`)}`,
    () => `ADD LOG OUTPUT=${output()}${filter()}`,
    () => `ADD LOG OUTPUT=${output()} ALL`,
    () => `DELETE LOG OUTPUT=${output()} FILTER=1`,
    () => `DISABLE LOG OUTPUT=${output()}`,
    () => `${d.pick(['ENABLE', 'DISABLE'])} LOG`,
    () => `${d.pick(['ENABLE', 'DISABLE'])} TELNET SERVER`,
    () => `SET TELNET LISTENPORT=${d.whole(1, 65535)}`,
    () => `ADD ALIAS=${d.pick(['sl', 'add', 'x_1'])} STRING=${d.text(1, 100)}`,
  ])();
}

/** Everything that a configuration can say, without counters; passwords as they are stored. */
function stateOf(shell: Shell): unknown {
  const users = shell.users
    .list()
    .map((user) => ({ ...user, name: user.name === 'MANAGER' ? 'manager' : user.name, password: user.factory ? 'factory' : user.password.kind === 'clear' ? user.password.secret.reveal() : JSON.stringify(user.password) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    users: JSON.parse(JSON.stringify(users)) as unknown,
    policy: { ...shell.users.policy },
    system: shell.state.settings,
    loader: { ...shell.loader.settings },
    log: { on: shell.ring.enabled, outputs: shell.outputs.list().map((output) => ({ ...output, sent: 0 })) },
    telnet: [shell.telnet.enabled, shell.telnet.port],
    aliases: shell.aliases.list(),
  };
}

test('SHOW CONFIG DYNAMIC, run on a new router, gives the same router and prints the same', () => {
  let lines = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const d = new Dice(seed);
    const first = new Shell();
    for (let i = 0; i < 40; i++) first.run(randomLine(d));
    const script = first.running.text() ?? '';
    const second = new Shell();
    assert.equal(second.load(script), [], `seed ${seed}`);
    assert.is(second.running.text(), script, `seed ${seed}`);
    assert.equal(stateOf(second), stateOf(first), `seed ${seed}`);
    lines += script.split('\n').length;
  }
  assert.ok(lines > 60 * 20, `${lines} lines were compared`);
});

test('every printable character comes back in a name, a password and an alias', () => {
  for (const character of [...PRINTABLE, 'é', '日', '“', '”', '↵', '　', '\u00a0', '#', '\\', "'"]) {
    for (const value of [character, `${character}${character}`, `a${character}b`, `${character}b`, `a${character}`, `none${character}`]) {
      const first = new Shell();
      first.run(`SET SYSTEM NAME="${value}"`);
      first.run('SET USER MINPWDLEN=1');
      first.run(`ADD USER=u PASSWORD="${value}" LOGIN=NO`);
      first.run(`ADD ALIAS=x STRING="${value}"`);
      const { secret } = { secret: first.users.secretOf('u') };
      assert.is(first.state.settings.name, value);
      assert.ok(secret !== undefined && secret !== 'digest' && secret.matches(value), `password ${value}`);
      const second = new Shell();
      assert.equal(second.load(first.running.text() ?? ''), []);
      assert.is(second.state.settings.name, value);
      const again = second.users.secretOf('u');
      assert.ok(again !== undefined && again !== 'digest' && again.matches(value), `password ${value} after a second round`);
      assert.is(second.aliases.get('x'), value);
    }
  }
});

test('a quotation mark is refused in a value, as it has no escape', () => {
  const shell = new Shell();
  assert.match(shell.run('SET SYSTEM NAME="a"b"'), /^Error/);
  assert.match(shell.run('SET SYSTEM NAME="a'), /^Error/);
  assert.is(shell.state.settings.name, '');
});

test.run();
