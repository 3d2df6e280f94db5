// SHOW CONFIG DYNAMIC of L2TP: its lines, run on an empty router, give the same state, and the same lines again.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SeededRandom } from '../../board/sim/world.ts';
import { type L2tpConsole, lone } from './l2tp.rig.ts';

const test = suite('L2TP configuration');

/** Everything the room keeps. */
const state = ({ node: { server } }: L2tpConsole): unknown => ({
  enabled: server.enabled, server: server.server, filter: server.filter, checksum: server.checksum,
  passwords: server.passwords.list(), templates: server.templates.list(),
  calls: server.calls.list().map((call) => ({ ...call, name: call.name })).map(defined), users: server.users.list().map(defined),
});

/** Absent and undefined mean the same. */
const defined = (value: object): unknown => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));

/** Lines of a random configuration; some are errors (a range given twice, a parameter that does not fit), which change nothing. */
function generate(seed: number): string[] {
  const random = new SeededRandom(seed);
  const next = (below: number): number => Math.floor(random.next() * below);
  const one = (list: readonly string[]): string => list[next(list.length)] ?? '';
  const some = (list: readonly (readonly string[])[]): string => list.filter(() => next(2) === 0).map((values) => ` ${one(values)}`).join('');
  const address = (): string => `${1 + next(220)}.${next(256)}.${next(256)}.${next(256)}`;
  const range = (): string => (next(3) === 0 ? '0.0.0.0-255.255.255.255' : next(2) === 0 ? address() : `10.0.0.${next(9)}-10.0.0.${9 + next(240)}`);
  const secret = (): string => one(['abc', '"two words"', 'None', '"none"', 'a=b,c', "it's", 'x#y', 'Zz1234567890123456789012345678', '\u00e4\u00f6', '"-1"', '\\', "%'!$&()"]);
  const name = (): string => one(['remote', 'Branch_1', 'a', '123', 'none', 'ABCDEFGHIJKLMNO']);
  const lines = [...(next(3) > 0 ? ['enable l2tp'] : []), ...(next(3) > 0 ? [`enable l2tp server=${one(['lac', 'lns', 'both'])}`] : [])];
  if (next(2) === 0) lines.push(`set l2tp checksum=${one(['on', 'off'])}`, `set l2tp filter=${one(['0', '99', 'none'])}`);
  for (let i = next(5); i > 0; i--) lines.push(`add l2tp password=${next(4) === 0 ? 'none' : secret()} ip=${range()}`);
  if (next(3) === 0) lines.push(`set l2tp password=${secret()}`);
  for (let i = next(4); i > 0; i--) lines.push(`add l2tp ip=${range()} ppptemplate=${next(32)}${some([['number=on', 'number=startup'], ['pre13=on']])}`);
  for (let i = next(6); i > 0; i--) {
    const more = some([
      ['remote=remote', 'remote=ABCDEFGHIJKLMNO'], ['dial=0312345678', 'dial=0123456789012345678901234567890'], ['number=on', 'number=startup', 'number=off'],
      [`password=${secret()}`], ['pre13=on', 'pre13=off'], ['precedence=out'], ['speed=300', 'speed=4292967295', 'speed=64000'], ['subaddress=1', `subaddress=${'9'.repeat(31)}`],
    ]);
    lines.push(`add l2tp call=${name()} type=${one(['async', 'isdn', 'virtual'])} ip=${next(4) === 0 ? '0.0.0.0' : address()}${more}`);
  }
  for (let i = next(5); i > 0; i--) {
    const more = some([[`ip=${address()}`, `ip=${address()} port=1702`], ['number=on'], [`password=${secret()}`], ['pre13=on'], ['prefix=lns', `prefix=${'a'.repeat(63)}`], ['timeout=8', 'timeout=300', 'timeout=20']]);
    lines.push(`add l2tp user=${one(['all', 'local', 'none', 'remote', 'tunnel.xxx', '"all"', `${'d'.repeat(63)}`])} action=${one(['database', 'dnslookup', 'ignore', 'radius'])}${more}`);
  }
  return lines;
}

test('What SHOW CONFIG DYNAMIC prints gives the same state and the same lines, for 300 generated configurations', () => {
  let written = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const first = lone();
    for (const line of generate(seed)) first.run(line);
    const lines = first.config();
    const second = lone();
    assert.equal(second.load(lines), [], `seed ${seed}`);
    assert.equal(state(second), state(first), `seed ${seed}: ${lines.join('\n')}`);
    assert.equal(second.config(), lines, `seed ${seed}`);
    written += lines.length;
  }
  assert.ok(written > 2000, `only ${written} lines`);
});

test('SHOW CONFIG DYNAMIC writes full words in lower case and leaves defaults out', () => {
  const console = lone();
  console.load(['EN L2TP', 'ENA L2TP SERV=BOTH', 'ADD L2TP PASS=l2tpA', 'ADD L2TP CALL=remote REM=remote TY=VIRT IP=2.2.2.2 PREC=IN PASS=l2tpB NUM=OFF SPEED=64000']);
  assert.equal(console.config(), [
    'enable l2tp', 'enable l2tp server=both', 'add l2tp password=l2tpA', 'add l2tp call=remote type=virtual ip=2.2.2.2 remote=remote password=l2tpB',
  ]);
});

test('SHOW CONFIG DYNAMIC writes no line longer than 121 characters', () => {
  const console = lone();
  const dial = '0123456789012345678901234567890';
  assert.equal(console.load([`add l2tp call=ABCDEFGHIJKLMNO type=isdn ip=200.100.100.100 remote=ABCDEFGHIJKLMNO dial=${dial} subaddress=${dial} password=${dial} speed=4292967295`]), []);
  const lines = console.config();
  assert.is(Math.max(...lines.map((line) => line.length)) <= 121, true);
  assert.match(lines[0] ?? '', /^add l2tp call=ABCDEFGHIJKLMNO type=isdn ip=200\.100\.100\.100 remote=ABCDEFGHIJKLMNO/);
  assert.match(lines[1] ?? '', /^set l2tp call=ABCDEFGHIJKLMNO /);
});

test('SHOW CONFIG DYNAMIC of a router without L2TP configuration has no L2TP section', () => {
  assert.equal(lone().config(), []);
});

test.run();
