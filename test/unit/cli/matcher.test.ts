import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { MAX_LINE } from '../../../firmware/cli/lexer.ts';
import { redacted } from '../../../firmware/cli/table.ts';
import { askEverywhere, examplesMatch, printParseEqual } from '../../cli/grammar.generate.ts';
import { commands, context, matched, table } from './fixture.ts';

const ip = (text: string) => parseIpv4(text) ?? assert.unreachable();
const is = (line: string, args: unknown): void => assert.equal(matched(line), args, line);
const refuses = (line: string, text: string | RegExp): void => {
  const got = matched(line);
  if (typeof text === 'string') assert.is(got, text, line);
  else assert.match(typeof got === 'string' ? got : JSON.stringify(got), text, line);
};

test('a line gives typed arguments and the defaults of what it leaves out', () => {
  is('ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN PASSWORD=l2tpB', {
    number: 'OFF', precedence: 'IN', speed: 64000, call: 'remote', remote: 'remote', type: 'VIRTUAL', ip: ip('2.2.2.2'), password: 'l2tpB',
  });
  is('add l2tp ip=0.0.0.0-255.255.255.255 ppptemplate=0', { ip: { low: 0, high: ip('255.255.255.255') }, ppptemplate: 0 });
  is('ADD L2TP USER="tunnel.xxx" ACTION=DNSLOOKUP PREFIX="lns"', { user: { value: 'tunnel.xxx' }, action: 'DNSLOOKUP', prefix: 'lns', timeout: 20 });
  is('SHOW L2TP TUNNEL CALL=7 COUNTER', { tunnel: true, call: 7, counter: true });
  is('ADD IP DNS SERVERS=1.1.1.1,2.2.2.2 OPTIONS=P,ALL PORTS=1-2,www', { servers: [ip('1.1.1.1'), ip('2.2.2.2')], options: ['PING', 'ALL'], ports: [{ value: { low: 1, high: 2 } }, { value: { low: 80, high: 80 } }] });
});

test('a keyword may be cut to a prefix that is unique among what may stand there', () => {
  is('sh l2tp u', { user: true });
  is('ADD FIREWALL POLICY=net RU=1 AC=ALLOW INT=ppp0 PROT=UDP GBLPORT=1701 PORT=1701', {
    policy: 'net', rule: 1, action: 'ALLOW', interface: 'ppp0', protocol: 'UDP', gblport: { value: { low: 1701, high: 1701 } }, port: { value: { low: 1701, high: 1701 } },
  });
  refuses('sh l2tp c', 'Parameter "c" is ambiguous: COUNTER or CALL.');
  refuses('L', 'Command "L" is ambiguous: LOGIN or LOGOFF.');
  refuses('S', 'Command "S" is ambiguous: SHOW or SET.');
  refuses('CREATE PPP=0 OVER=TNL-a BA=ON', 'Parameter "BA" is ambiguous: BAP or BAPMODE.');
});

test('an exact keyword goes before one that only begins so', () => {
  is('CREATE PPP=0 OVER=TNL-a BAP=ON', { mru: { value: 1500 }, lqr: 'ON', ppp: 0, over: 'TNL-a', bap: 'ON' });
  is('ADD IP INT=eth0 IP=1.1.1.1 METRIC=2', { interface: 'eth0', ipaddress: { value: ip('1.1.1.1') }, metric: 2 });
});

test('a keyword value may be cut, but beside a free value text that this value takes is the value', () => {
  is('ADD L2TP PASSWORD=no', { password: { value: 'no' } });
  is('ADD L2TP PASSWORD=none', { password: 'NONE' });
  is('ADD L2TP PASSWORD="none"', { password: { value: 'none' } });
  is('DELETE L2TP PASSWORD IP=ALL', { ip: 'ALL' });
  is('ENABLE L2TP SERVER=la', { server: 'LAC' });
  refuses('ENABLE L2TP SERVER=L', 'Value "L" for parameter "SERVER" is ambiguous: LAC or LNS.');
  is('PING a NUMBER=C', { ipaddress: 'a', number: 'CONTINUOUS' });
  is('ENABLE L2TP SERVER="lac"', { server: 'LAC' });
});

test('forms that share their first words are told apart by what follows', () => {
  is('SHOW L2TP', {});
  is('SHOW L2TP COUNTER', { counter: true });
  is('SHOW PPP=3', { ppp: 3 });
  is('SHOW PPP=3 CONFIG', { ppp: 3, config: true });
  is('SHOW PPP TEMPLATE=3', { template: 3 });
  is('CREATE PPP TEMPLATE=3 MRU=1600', { template: 3, mru: { value: 1600 } });
  refuses('CREATE PPP=3 OVER=TNL-a MRU=1600', 'Value "1600" not valid for parameter "MRU"; permitted: ON, OFF or 256..1500.');
  is('ADD FIREWALL POLICY=net INT=ppp1 TYPE=PRIVATE', { policy: 'net', interface: 'ppp1', type: 'PRIVATE' });
});

test('an error names the parameter and what is permitted, of the closest form only', () => {
  refuses('foo bar', 'Unknown command "foo".');
  refuses('ADD L2TP FOO=1', 'Parameter "FOO" not recognised; permitted here: CALL, IP, PASSWORD or USER.');
  refuses('ADD L2TP', 'Parameter missing; CALL, IP, PASSWORD or USER must follow.');
  refuses('ADD L2TP CALL', 'Value missing for parameter "CALL"; permitted: 1..15 letters, digits and _.');
  refuses('ADD L2TP CALL=', 'Value missing for parameter "CALL"; permitted: 1..15 letters, digits and _.');
  refuses('ADD L2TP CALL=a', 'Parameter "TYPE" missing; permitted: ASYNC, ISDN or VIRTUAL.');
  refuses('ADD L2TP CALL=a TYPE=FOO', 'Value "FOO" not valid for parameter "TYPE"; permitted: ASYNC, ISDN or VIRTUAL.');
  refuses('ADD L2TP CALL=a TYPE=V TYPE=V IP=1.1.1.1', 'Parameter "TYPE" repeated.');
  refuses('ADD L2TP CALL=a TYPE=V IP=1.1.1.1 CALL=b', 'Parameter "CALL" repeated.');
  refuses('ADD L2TP CALL=a TYPE=V IP=1.1.1.1 SPEED=1', 'Value "1" not valid for parameter "SPEED"; permitted: 300..4292967295.');
  refuses('ADD L2TP USER=a ACTION=IGNORE TIMEOUT=301', 'Value "301" not valid for parameter "TIMEOUT"; permitted: 8..300.');
  refuses('ADD L2TP USER=a ACTION=IGNORE PORT=301', 'Parameter "PORT" is permitted only together with "IP".');
  refuses('ENABLE L2TP DEBUG=ALL', 'Parameter missing; CALL or TUNNEL must follow.');
  refuses('ENABLE L2TP DEBUG=ALL CALL TUNNEL', 'Parameters "CALL" and "TUNNEL" conflict.');
  refuses('SHOW L2TP COUNTER=1', 'Parameter "COUNTER" takes no value.');
  refuses('SHOW L2TP IP NOW', 'Parameter "NOW" not recognised; nothing may follow.');
  refuses('ADD L2TP IP=2.2.2.2-1.1.1.1 PPP=0', /^Value "2\.2\.2\.2-1\.1\.1\.1" not valid for parameter "IP"/);
  refuses('ADD L2TP PASSWORD=12345678901234567890123456789012', 'Value "****" not valid for parameter "PASSWORD"; permitted: NONE or 1..31 printable characters.');
});

test('an error shows hostile text without control characters and cut short', () => {
  refuses(`ADD L2TP CALL=${'x'.repeat(1000)} TYPE=V IP=1.1.1.1`, `Value "${'x'.repeat(40)}..." not valid for parameter "CALL"; permitted: 1..15 letters, digits and _.`);
  refuses('ADD L2TP CALL=\u001b[2J', 'Line holds a control character (code 27).');
  refuses('constructor', 'Unknown command "constructor".');
  refuses('SHOW __proto__', /^Parameter "__proto__" not recognised/);
  refuses('ADD L2TP CALL=a TYPE=toString', /^Value "toString" not valid/);
});

test('a positional value may stand alone or with its keyword', () => {
  is('PING 192.0.2.1', { ipaddress: ip('192.0.2.1'), number: { value: 5 } });
  is('PING IPADDRESS=192.0.2.1 LENGTH=10', { ipaddress: ip('192.0.2.1'), length: 10, number: { value: 5 } });
  is('PING LENGTH=10 number', { ipaddress: 'number', length: 10, number: { value: 5 } });
  is('RENAME a.cfg b.cfg', { from: 'a.cfg', to: 'b.cfg' });
  is('HELP', {});
  is('HELP "show l2tp"', { topic: 'show l2tp' });
  refuses('PING', /^Parameter "IPADDRESS" missing/);
  refuses('RENAME a.cfg', /^Parameter "TO" missing/);
  refuses('PING 1.1.1.1 2.2.2.2', /^Parameter "2\.2\.2\.2" not recognised/);
});

test('a command above the level of the user does not exist for him', () => {
  assert.is(matched('ADD L2TP PASSWORD=a', 'user'), 'Unknown command "ADD".');
  assert.is(matched('CREATE ENCO KEY=1 TYPE=GENERAL', 'manager'), 'Parameter "ENCO" not recognised; permitted here: PPP.');
  assert.equal(matched('CREATE ENCO KEY=1 TYPE=GEN', 'security'), { key: 1, type: 'GENERAL' });
});

test('text pasted from the manual is read: typographic quotes, return arrow, no-break and ideographic blanks', () => {
  is('ADD\u00a0L2TP\u3000PASSWORD=\u201dabcde\u201d IP=192.168.1.1 \u21b5', { password: { value: 'abcde' }, ip: { low: ip('192.168.1.1'), high: ip('192.168.1.1') } });
  is('ENABLE L2TP\u21b5', {});
  is('ADD L2TP PASSWORD="a\u201db"', { password: { value: 'a\u201db' } });
});

test('blank lines and comments are no commands, a # later belongs to the value', () => {
  for (const line of ['', '   ', '\t', '# anything "', '   #x']) is(line, 'empty');
  is('ADD L2TP PASSWORD=a#b', { password: { value: 'a#b' } });
});

test('quotation marks without partner or inside a value are refused', () => {
  for (const line of ['ADD L2TP PASSWORD="abc', 'PING "a', 'ADD L2TP PASSWORD="', '"', 'ADD L2TP "']) refuses(line, 'Quotation mark without its partner.');
  for (const line of ['ADD L2TP PASSWORD=ab"c"', 'ADD L2TP PASSWORD="ab"c', 'SH"OW"', 'ADD L2TP PASS"WORD=a']) refuses(line, /^Quotation mark inside a value/);
  is('ADD L2TP PASSWORD="a b"', { password: { value: 'a b' } });
  refuses('"SHOW" L2TP', /^Unknown command/);
});

test('a line of 1000 characters is read, one of a million is refused cleanly', () => {
  is(`SET SYSTEM NAME=a CONTACT=b ${' '.repeat(1000)}`, { name: 'a', contact: 'b' });
  refuses('x'.repeat(1_000_000), `Line longer than ${MAX_LINE} characters.`);
});

test('run verifies before it applies, and tells a comment from a command', () => {
  assert.is(table.run('# x', context()), undefined);
  assert.equal(table.run('ENABLE L2TP', context()), { text: '{}' });
  const outcome = table.run('ENABLE FOO', context());
  assert.ok(typeof outcome === 'object' && 'severity' in outcome && outcome.number === 335257);
});

test('redacted shows full words and masks passwords', () => {
  const match = table.match('add l2tp call=a ty=v ip=1.1.1.1 pas=geheim', 'manager');
  assert.is(match.kind === 'command' ? redacted(match.invocation) : '', 'add l2tp call=a type=virtual ip=1.1.1.1 password=****');
});

test('? lists what may come next', () => {
  const shown = (text: string) => table.options(text, 'manager').options.map((option) => option.show);
  assert.equal(shown('SHOW L2TP '), ['[COUNTER]', 'CALL[=call-name]', 'IP', 'TUNNEL[=tunnel-id]', 'USER[={ALL|LOCAL|NONE|REMOTE|domain-name}]']);
  assert.equal(shown('EN'), ['ENABLE']);
  assert.equal(shown('ENABLE L2TP SERVER='), ['BOTH', 'LAC', 'LNS']);
  assert.equal(shown('ENABLE L2TP SERVER=L'), ['LAC', 'LNS']);
  assert.equal(shown('ADD L2TP CALL='), ['1..15 letters, digits and _']);
  assert.equal(shown('ENABLE L2TP DEBUG=ALL '), ['CALL[=call-id]', 'TUNNEL[=tunnel-id]']);
  assert.equal(shown('PING '), ['an IP address like 192.0.2.1 or a host name', '[NUMBER={CONTINUOUS|1..65535}]', '[LENGTH=0..1500]']);
  assert.ok(table.options('ENABLE L2TP ', 'manager').complete);
  assert.not(table.options('ENABLE L2TP DEBUG=ALL ', 'manager').complete);
});

test('TAB completes a word as far as it is unique, in the case that is being typed', () => {
  const cases: [string, string][] = [['sh', 'ow '], ['SH', 'OW '], ['show l2tp t', 'unnel'], ['ADD L2TP CA', 'LL='], ['enable l2tp server=b', 'oth '], ['lo', 'g'], ['add l2tp ', ''], ['xyz', ''], ['create ppp', ''], ['add l2tp call=', '']];
  for (const [text, added] of cases) assert.is(table.complete(text, 'manager'), added, text);
});

test('generated arguments of every form print to a line that reads back as them', () => {
  assert.ok(printParseEqual(commands, 1, 200) === commands.length * 200);
});

test('every example is a line of its form', () => examplesMatch(commands));

test('? and TAB work at every position', () => {
  assert.ok(askEverywhere(commands, 2, 3) > 1000);
});

test('10,000 lines match in well under a second', () => {
  const lines = ['add ip route=1', 'ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN PASSWORD=l2tpB', 'CREATE PPP=1 OVER=TNL-remote IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON', 'ENABLE L2TP', 'SET SYSTEM NAME=x'];
  const start = performance.now();
  for (let i = 0; i < 10_000; i++) table.match(lines[i % lines.length] ?? '', 'manager');
  assert.ok(performance.now() - start < 500, `${performance.now() - start} ms`);
});

test.run();
