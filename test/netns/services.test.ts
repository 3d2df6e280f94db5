// What else a router's operator does, on the real kernel: PING and TRACE, TELNET, LOAD and UPLOAD, syslog.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { missing, when } from '../needs.ts';
import { until, type Network, type Router } from '../network.ts';
import { lans, NEEDS, PORTS, PRELUDE, SCRIPT_A, SCRIPT_B, seed } from './lans.ts';
import { ConsoleSession } from './session.ts';

const CAPTURING = [...NEEDS, 'tshark', 'tcpdump'];
/** An operator, and a name that is there for PPP only. */
const USERS = `ADD USER=oper PASSWORD=0perator PRIVILEGE=MANAGER TELNET=YES
ADD USER=nologin PASSWORD=0perator LOGIN=NO
`;
const SYSLOG = 'CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=192.168.10.2\n';

let net: Network;
let a: Router;
let b: Router;
let files: string;

const services = suite('services');

services.before(async () => {
  if (missing(...NEEDS) !== undefined) return;
  net = await lans('sv');
  files = join(net.folder, 'files');
  mkdirSync(files);
  net.start('h1', [process.execPath, 'test/netns/servers.ts', files]);
  await until('the servers on host 1', 10, () => existsSync(join(files, 'ready')));
  a = await net.router('a', PORTS, PRELUDE.a + SYSLOG + USERS + seed(SCRIPT_A));
  b = await net.router('b', PORTS, PRELUDE.b + seed(SCRIPT_B));
  await net.pings('h1', '192.168.20.2', 20);
});

services.after(async () => {
  await net?.remove();
});

when(CAPTURING, services, 'PING prints each answer of a host beyond the tunnel, and the capture shows as many', async () => {
  const capture = await net.capture('b', 'lan', 'icmp');
  const console = new ConsoleSession(a);
  console.type('PING 192.168.20.2 NUMBER=3 LENGTH=100');
  const printed = await console.expect(/Echo reply 3 from 192\.168\.20\.2 time delay \d+ ms/, 10);
  assert.match(printed, /Echo reply 1 from 192\.168\.20\.2[^]*Echo reply 2 from 192\.168\.20\.2/);
  await console.end();
  await capture.end();
  const requests = await capture.fields('icmp.type == 8', 'ip.src', 'ip.dst', 'data.len');
  assert.is(requests.length, 3);
  assert.equal(await capture.fields('icmp.type == 0', 'ip.src', 'data.len'), requests.map((line) => line.split('\t').slice(1).join('\t')));
  assert.ok(requests.every((line) => line.startsWith('192.168.10.1\t')), 'from an address that the other LAN can answer');
});

when(NEEDS, services, 'PING says which router found no way', async () => {
  const console = new ConsoleSession(a);
  console.type('PING 2.2.2.77 NUMBER=1 TIMEOUT=5');
  await console.expect(/Request 1 failed: Host unreachable, reported by 1\.1\.1\.254/, 10);
  console.type('PING 203.0.113.1 NUMBER=1');
  await console.expect(/Request 1 failed: .*unreachable/i, 5);
  await console.end();
});

when([...NEEDS, 'script', 'stty'], services, 'PING at a terminal leaves the prompt to STOP PING', async () => {
  const console = new ConsoleSession(a, 'terminal');
  await console.expect(/Manager RouterA> /, 5);
  console.type('PING 192.168.20.2 NUMBER=CONTINUOUS');
  await console.expect(/Echo reply 2 /, 10);
  console.type('STOP PING');
  await console.expect(/PING stopped/, 5);
  const told = console.printed.length;
  await Bun.sleep(1500);
  assert.not.match(console.printed.slice(told), /Echo reply/);
  await console.end();
});

when(NEEDS, services, 'TRACE prints the way through the tunnel, and the way through the internet', async () => {
  const console = new ConsoleSession(a);
  console.type('TRACE 192.168.20.2');
  await console.expect(/ 1\. 192\.168\.20\.1 +\d.*\(ms\)[^]* 2\. 192\.168\.20\.2 +\d.*\(ms\)/, 15);
  const from = console.printed.length;
  console.type('TRACE 2.2.2.2');
  await console.expect(/ 1\. 1\.1\.1\.254 [^]* 2\. 2\.2\.2\.2 /, 15, from);
  await console.end();
});

const telnet = async (user: string, password: string, ...commands: string[]): Promise<string> =>
  (await net.exec('h1', [process.execPath, 'test/netns/telnet.client.ts', '192.168.10.1', '23', user, password, ...commands])).output;

when(NEEDS, services, 'TELNET lets in a user, who works as at the console', async () => {
  const seen = await telnet('oper', '0perator', 'SHOW SYSTEM', 'SHOW TELNET');
  assert.match(seen, /RouterA/);
  assert.match(seen, /Data Plane {6}: user/);
  assert.match(seen, /oper from 192\.168\.10\.2/);
  assert.not.match(seen, /0perator/);
  assert.match(await a.cli('SHOW LOG'), /oper/);
});

when(NEEDS, services, 'TELNET refuses the factory password, a wrong password, an unknown name and a user with LOGIN=NO', async () => {
  assert.match(await telnet('manager', 'friend', 'SHOW SYSTEM'), /the factory password is valid on the console\s+only/);
  for (const [user, password] of [['oper', 'wrong'], ['nologin', '0perator'], ['nobody', 'x']] as const) {
    assert.not.match(await telnet(user, password, 'SHOW SYSTEM'), /Data Plane/, user);
  }
  assert.match(await a.cli('SHOW LOG'), /factory\s+password/);
});

when(NEEDS, services, 'LOAD and UPLOAD move a script by TFTP, octet for octet', async () => {
  const text = Array.from({ length: 60 }, (_, i) => `# line ${i}: ${'x'.repeat(i)}\n`).join('');
  writeFileSync(join(files, 'in.cfg'), text);
  const loaded = await a.cliResult('LOAD METHOD=TFTP FILE=in.cfg SERVER=192.168.10.2');
  assert.is(loaded.code, 0, loaded.output);
  assert.is(readFileSync(join(a.flash, 'in.cfg'), 'latin1').replaceAll('\r', ''), text);
  assert.is((await a.cliResult('COPY in.cfg out.cfg', 'UPLOAD METHOD=TFTP FILE=out.cfg SERVER=192.168.10.2')).code, 0);
  await until('the file to arrive', 5, () => existsSync(join(files, 'out.cfg')));
  assert.equal(readFileSync(join(files, 'out.cfg')), readFileSync(join(a.flash, 'out.cfg')));
  const none = await a.cliResult('LOAD METHOD=TFTP FILE=none.cfg SERVER=192.168.10.2');
  assert.is(none.code, 1);
  assert.match(none.output, /File not found/);
});

when(NEEDS, services, 'LOAD and UPLOAD move a script by HTTP, octet for octet', async () => {
  writeFileSync(join(files, 'web.cfg'), '# by HTTP\nSHOW TIME\n');
  const loaded = await a.cliResult('LOAD METHOD=HTTP FILE=web.cfg SERVER=192.168.10.2');
  assert.is(loaded.code, 0, loaded.output);
  assert.is(readFileSync(join(a.flash, 'web.cfg'), 'latin1'), '# by HTTP\nSHOW TIME\n');
  const sent = await a.cliResult('COPY web.cfg web2.cfg', 'UPLOAD METHOD=HTTP FILE=web2.cfg SERVER=192.168.10.2');
  assert.is(sent.code, 0, sent.output);
  assert.equal(readFileSync(join(files, 'web2.cfg')), readFileSync(join(a.flash, 'web2.cfg')));
  const none = await a.cliResult('LOAD METHOD=HTTP FILE=none.cfg SERVER=192.168.10.2');
  assert.is(none.code, 1);
  assert.match(none.output, /404/);
});

when(NEEDS, services, 'A file is loaded from a host beyond the tunnel', async () => {
  const far = join(net.folder, 'far');
  mkdirSync(far);
  writeFileSync(join(far, 'far.cfg'), `# ${'far '.repeat(400)}\n`);
  net.start('h2', [process.execPath, 'test/netns/servers.ts', far]);
  await until('the servers on host 2', 10, () => existsSync(join(far, 'ready')));
  for (const method of ['TFTP', 'HTTP']) {
    const loaded = await a.cliResult(`LOAD METHOD=${method} FILE=far.cfg DESTFILE=${method}.cfg SERVER=192.168.20.2`);
    assert.is(loaded.code, 0, loaded.output);
    assert.equal(readFileSync(join(a.flash, `${method}.cfg`)), readFileSync(join(far, 'far.cfg')));
  }
});

when(NEEDS, services, 'The syslog server gets the events of the log, and no secret', async () => {
  const received = (): string => readFileSync(join(files, 'syslog.txt'), 'utf8');
  await until('the tunnel\'s event at the syslog server', 5, () => existsSync(join(files, 'syslog.txt')) && received().includes('with RouterB at 2.2.2.2 is up'));
  assert.match(received(), /^<\d+>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d RouterA L2TP: CALL\/UP: call remote: up with RouterB, LNS outgoing$/m);
  await a.cli('DEACTIVATE L2TP CALL=remote');
  await until('the call\'s end at the syslog server', 5, () => /deactivated/.test(received()));
  assert.not.match(received(), /l2tp[AB]|0perator|friend/);
});

when(NEEDS, services, 'Both routers end cleanly', async () => {
  assert.is(await a.stop(), 0);
  assert.is(await b.stop(), 0);
});

services.run();
