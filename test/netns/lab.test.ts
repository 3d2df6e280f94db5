// `hashi lab`: the proof of each lab, what it says when the tunnel is cut under it, and that nothing of it stays behind.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { when } from '../needs.ts';
import { run, until, type Finished } from '../network.ts';

const NEEDS = ['root', 'tun', 'netns'] as const;
const ROOT = join(import.meta.dir, '..', '..');
const LAB = [process.execPath, 'board/main.ts', 'lab', 'static'];
const lab = suite('lab');

interface Lab {
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  printed(): string;
}

function start(...words: string[]): Lab {
  const child = Bun.spawn([...LAB, ...words], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
  let printed = '';
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const part of stream) printed += Buffer.from(part).toString();
  };
  void read(child.stdout);
  void read(child.stderr);
  return { child, printed: () => printed };
}

/** The routers and hosts that a lab has started. */
function membersOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter((word) => word !== '').map(Number);
}
const alive = (pids: readonly number[]): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`));

/** Runs a command in the lab's own namespaces: its network is the internet between the routers. */
const inLab = (pid: number, ...command: string[]): Promise<Finished> => run(['nsenter', '-t', String(pid), '-m', '-n', ...command]);

when(NEEDS, lab, '--check proves ping, TCP and UDP both ways, a killed router, a cut line and colliding calls, a line each', async () => {
  const started = performance.now();
  const { code, output } = await run([...LAB, '--check'], { seconds: 60 });
  assert.is(code, 0, output);
  const lines = output.trim().split('\n');
  assert.is(lines.length, 10, output);
  for (const line of lines) assert.match(line, /^ok {5}.* \(\d+\.\d s\)$/);
  for (const word of ['ping', 'TCP', 'UDP', 'killed', 'line was down', 'called at once']) assert.ok(output.includes(word), word);
  assert.ok(performance.now() - started < 50_000);
});

for (const [name, words] of [
  ['dynamic', ['host1\'s', 'lowest address of the pool', 'stopped and started']],
  ['remote', ['dial-in user on bri0', 'PPPoE user', 'address of the pool', 'LNS 2 stops', 'LNS 1 stops']],
] as const) {
  when([...NEEDS, 'nft'], lab, `${name} --check proves its network within 25 seconds, a line each`, async () => {
    const started = performance.now();
    const { code, output } = await run([process.execPath, 'board/main.ts', 'lab', name, '--check'], { seconds: 60 });
    assert.is(code, 0, output);
    for (const line of output.trim().split('\n')) assert.match(line, /^ok {5}.* \(\d+\.\d s\)$/);
    for (const word of words) assert.ok(output.includes(word), `${word}\n${output}`);
    assert.ok(performance.now() - started < 25_000, output);
  });
}

when([...NEEDS, 'nsenter'], lab, '--check ends with 1 and names the step when the tunnel is cut under it', async () => {
  const { child, printed } = start('--check');
  await until('the routers to run', 15, () => printed().includes('ok     both routers'));
  const cut = await inLab(child.pid, 'ip', 'link', 'set', 'to-a', 'down');
  assert.is(cut.code, 0, cut.output);
  assert.is(await child.exited, 1);
  const step = /^FAILED (.*) \(\d+\.\d s\): (.*)$/m.exec(printed());
  assert.ok(step !== null, printed());
  assert.ok(printed().includes(`hashi: lab static failed at: ${step?.[1]}`), printed());
});

when(NEEDS, lab, 'a signal ends it with all its routers and hosts', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, printed } = start('--check');
    await until('the routers to run', 15, () => printed().includes('ok     both routers'));
    const members = membersOf(child.pid);
    assert.is(members.length, 4);
    child.kill(signal);
    assert.is(await child.exited, 1);
    await until('its members to end', 5, () => alive(members).length === 0);
  }
});

when(NEEDS, lab, 'its routers and hosts end also when it is killed, and the next lab runs', async () => {
  const first = start();
  await until('the prompt', 15, () => first.printed().includes('Manager'));
  const members = membersOf(first.child.pid);
  first.child.kill('SIGKILL');
  await first.child.exited;
  await until('its members to end', 5, () => alive(members).length === 0);
  const next = start();
  next.child.stdin.write('SHOW TIME\n');
  await next.child.stdin.end();
  assert.is(await next.child.exited, 0, next.printed());
});

when(NEEDS, lab, 'the console is that of router A as manager; LOGOFF and the end of input end it with 0', async () => {
  const logoff = start();
  logoff.child.stdin.write('PING 192.168.20.2\nSHOW L2TP TUNNEL\nLOGOFF\n');
  await logoff.child.stdin.flush();
  assert.is(await logoff.child.exited, 0, logoff.printed());
  assert.match(logoff.printed(), /Manager RouterA> [^]*Echo reply \d+ from 192\.168\.20\.2[^]*State \.+ established[^]*Remote Hostname \.+ RouterB/);
  assert.not.match(logoff.printed(), /\x1b/);
  const end = start();
  end.child.stdin.write('SHOW SYSTEM');
  await end.child.stdin.end();
  assert.is(await end.child.exited, 0);
  assert.match(end.printed(), /SysName\nRouterA/);
});

when(NEEDS, lab, 'nothing of it is seen on the machine', async () => {
  const before = [readdirSync('/sys/class/net').join(), existsSync('/run/netns') ? readdirSync('/run/netns').join() : ''];
  const { child, printed } = start();
  await until('the prompt', 15, () => printed().includes('Manager'));
  assert.equal([readdirSync('/sys/class/net').join(), existsSync('/run/netns') ? readdirSync('/run/netns').join() : ''], before);
  await child.stdin.end();
  assert.is(await child.exited, 0);
});

when(['root', 'setpriv', 'unshare'], lab, 'without root it runs in a user namespace, or says what is refused and runs in memory', async () => {
  const { code, output } = await run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...LAB, '--check'], { seconds: 60 });
  assert.is(code, 0, output);
  const refused = /^hashi: (TUN devices|User namespaces|Mounts) are refused here \(.+\)\. The same routers run in memory instead, in virtual time\.$/m.test(output);
  const lines = output.trim().split('\n').filter((line) => line.startsWith('ok     '));
  assert.is(lines.length, refused ? 7 : 10, output);
});

lab.run();
