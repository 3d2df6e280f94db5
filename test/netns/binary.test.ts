// What the binary promises its users: commands, exit codes, signals, namespaces, consoles, the command socket.

import { dlopen } from 'bun:ffi';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { inside } from '../inside.ts';
import { when } from '../needs.ts';
import { must, run, until, type Finished } from '../network.ts';

inside(import.meta.path, 'net');

const NEEDS = ['root', 'netns'] as const;
const HASHI = [process.execPath, 'board/main.ts'];
const ROOT = join(import.meta.dir, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'hs-bin-'));
const binary = suite('binary');
let flashes = 0;
const newFlash = (): string => join(folder, `flash${++flashes}`);
const hashi = (...words: string[]): Promise<Finished> => run([...HASHI, ...words], { seconds: 20 });

interface Running {
  readonly flash: string;
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  /** Everything on standard output and error so far. */
  printed(): string;
  cli(...commands: string[]): Promise<Finished>;
  /** SIGTERM; the exit code and the milliseconds it took. */
  stop(): Promise<{ readonly code: number; readonly took: number }>;
}

async function start(words: readonly string[] = [], flash = newFlash()): Promise<Running> {
  const child = Bun.spawn([...HASHI, 'run', '--flash', flash, ...(words.includes('--console') ? [] : ['--console', 'none']), ...words], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
  let printed = '';
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const part of stream) printed += decoder.decode(part, { stream: true });
  };
  void read(child.stdout);
  void read(child.stderr);
  const running: Running = {
    flash,
    child,
    printed: () => printed,
    cli: (...commands) => hashi('cli', '--flash', flash, ...commands.flatMap((command) => ['-c', command])),
    async stop() {
      const started = performance.now();
      child.kill('SIGTERM');
      return { code: await child.exited, took: performance.now() - started };
    },
  };
  await until('the router to answer', 10, async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed}`);
    return (await running.cli('SHOW TIME')).code === 0;
  });
  return running;
}

/** Runs a test on a router that is ended in any case. */
async function withRouter(words: readonly string[], body: (router: Running) => Promise<void>): Promise<void> {
  const router = await start(words);
  try {
    await body(router);
  } finally {
    router.child.kill('SIGKILL');
    await router.child.exited;
  }
}

binary.before(async () => void (await must(['ip', 'link', 'set', 'lo', 'up'])));
binary.after(() => rmSync(folder, { recursive: true, force: true }));

when(NEEDS, binary, 'wrong usage ends with 2 and says what is wrong and what is right', async () => {
  const cases: [string[], RegExp][] = [
    [[], /no command/],
    [['fly'], /unknown command "fly"/],
    [['run'], /--flash is required/],
    [['run', '--flash'], /--flash needs a value/],
    [['run', '--flash', 'x', '--speed', '9'], /run has no option "--speed"/],
    [['run', '--flash', 'x', '--port', 'eth0'], /--port "eth0" is not ethN=DEVICE/],
    [['run', '--flash', 'x', '--port', 'eth0=a', '--port', 'eth0=b'], /port eth0 is given twice/],
    [['run', '--flash', 'x', '--board', 'pc'], /no board "pc"/],
    [['run', '--flash', 'x', '--console', 'screen'], /--console screen/],
    [['run', '--flash', 'x', '--console', 'stdio', '--console', 'stdio'], /a console is given twice/],
    [['run', '--flash', 'x', '--plane', 'magic'], /--plane magic/],
    [['cli'], /--flash is required/],
    [['check'], /names of scripts/],
    [['lab', 'nowhere'], /no lab "nowhere"/],
  ];
  for (const [words, expected] of cases) {
    const { code, output } = await hashi(...words);
    assert.is(code, 2, `${words.join(' ')}: ${output}`);
    assert.match(output, expected);
    if (words[0] !== 'lab') assert.match(output, /usage:/);
  }
});

when(NEEDS, binary, 'version prints the version; --help prints the usage and succeeds', async () => {
  const version: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
  assert.equal(await hashi('version'), { code: 0, output: `${version}\n` });
  const help = await hashi('--help');
  assert.is(help.code, 0);
  assert.match(help.output, /hashi check FILE/);
});

when(NEEDS, binary, 'check names the file and line of each wrong command and ends with 1', async () => {
  const good = join(folder, 'good.cfg');
  const bad = join(folder, 'bad.cfg');
  writeFileSync(good, 'ENABLE L2TP\n# a comment\nENABLE IP\n');
  writeFileSync(bad, 'ENABLE L2TP\nENABLE NONSENSE\nADD IP INT=eth0 IP=300.1.1.1\n');
  assert.equal(await hashi('check', good), { code: 0, output: '' });
  const { code, output } = await hashi('check', good, bad);
  assert.is(code, 1);
  assert.equal(output.trim().split('\n').map((line) => line.slice(0, bad.length + 3)), [`${bad}:2:`, `${bad}:3:`]);
  assert.is((await hashi('check', join(folder, 'none.cfg'))).code, 1);
});

when(NEEDS, binary, 'run --netns new has every thread in one new namespace, and ends with 0 soon after SIGTERM', async () => {
  await withRouter(['--netns', 'new'], async (router) => {
    const tasks = readdirSync(`/proc/${router.child.pid}/task`);
    assert.ok(tasks.length > 3, `${tasks.length} threads`);
    const spaces = new Set(tasks.map((task) => readlinkSync(`/proc/${router.child.pid}/task/${task}/ns/net`)));
    assert.is(spaces.size, 1);
    assert.not.ok(spaces.has(readlinkSync('/proc/self/ns/net')));
    const { code, took } = await router.stop();
    assert.is(code, 0);
    assert.ok(took < 2000, `${took} ms`);
    assert.not.ok(readdirSync(join(router.flash, 'run')).includes('console.sock'));
  });
});

when(NEEDS, binary, 'run --netns NAME enters a namespace of ip-netns, and says so where there is none', async () => {
  const missing = await hashi('run', '--flash', newFlash(), '--netns', 'hs-bin-none');
  assert.is(missing.code, 1);
  assert.match(missing.output, /network namespace hs-bin-none cannot be entered/);
  await must(['ip', 'netns', 'add', 'hs-bin-a']);
  try {
    await withRouter(['--netns', 'hs-bin-a'], async (router) => {
      const listed = await must(['ip', 'netns', 'pids', 'hs-bin-a']);
      assert.ok(listed.split('\n').includes(String(router.child.pid)));
    });
  } finally {
    await must(['ip', 'netns', 'del', 'hs-bin-a']);
  }
});

when(NEEDS, binary, 'the flash folder, its run folder and the command socket are the user\'s alone', async () => {
  await withRouter([], async ({ flash }) => {
    for (const path of [flash, join(flash, 'run'), join(flash, 'run', 'console.sock')]) assert.is(statSync(path).mode & 0o777, 0o700, path);
  });
});

when(NEEDS, binary, 'a second router on the same flash folder is refused and names the first', async () => {
  await withRouter([], async ({ flash, child }) => {
    const second = await hashi('run', '--flash', flash, '--console', 'none');
    assert.is(second.code, 1);
    assert.match(second.output, new RegExp(`A router runs on ${flash} already \\(process ${child.pid}\\)`));
  });
});

when(NEEDS, binary, 'a router that was killed can be started again on its flash folder', async () => {
  const first = await start();
  first.child.kill('SIGKILL');
  await first.child.exited;
  const again = await start([], first.flash);
  assert.is((await again.stop()).code, 0);
});

when(NEEDS, binary, 'cli -c prints what the console would and ends with 1 where a command gave an Error', async () => {
  await withRouter([], async (router) => {
    const good = await router.cli('SET SYSTEM NAME=here', 'SHOW SYSTEM');
    assert.is(good.code, 0);
    assert.match(good.output, /Operation successful[^]*SysName\nhere/);
    const bad = await router.cli('ENABLE NONSENSE', 'SHOW TIME');
    assert.is(bad.code, 1);
    assert.match(bad.output, /^Error \(335\d+\).*\n[^]*\d\d:\d\d:\d\d/m);
  });
  const nobody = await hashi('cli', '--flash', newFlash(), '-c', 'SHOW TIME');
  assert.is(nobody.code, 1);
  assert.match(nobody.output, /No router runs on/);
});

when(NEEDS, binary, 'cli on a pipe gives prompts without escapes and runs everything before it ends', async () => {
  await withRouter([], async (router) => {
    const input = 'SHOW TIME\nPING 127.0.0.1 NUMBER=2\nSHOW SYSTEM';
    const child = Bun.spawn([...HASHI, 'cli', '--flash', router.flash], { cwd: ROOT, stdin: Buffer.from(input), stdout: 'pipe', stderr: 'inherit' });
    const output = await new Response(child.stdout).text();
    assert.is(await child.exited, 0);
    assert.match(output, /Manager[^]*Echo reply 1[^]*Echo reply 2[^]*SysUpTime/);
    assert.not.match(output, /\x1b/);
    const logoff = Bun.spawn([...HASHI, 'cli', '--flash', router.flash], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    logoff.stdin.write('LOGOFF\n');
    await logoff.stdin.flush();
    assert.is(await logoff.exited, 0, 'LOGOFF ends it while its input is still open');
  });
});

when(NEEDS, binary, 'the console of run begins at the login prompt; the end of its input does not end the router', async () => {
  await withRouter(['--console', 'stdio'], async (router) => {
    await until('the login prompt', 8, () => router.printed().endsWith('login: '));
    router.child.stdin.write('manager\nfriend\nSHOW TIME\n');
    await router.child.stdin.end();
    await until('the answer', 8, () => /Manager[^]*\d\d:\d\d:\d\d/.test(router.printed()));
    assert.not.match(router.printed(), /\x1b/);
    assert.is((await router.cli('SHOW TIME')).code, 0);
    assert.is((await router.stop()).code, 0);
  });
});

when(NEEDS, binary, 'cli --login, which ssh runs, refuses the factory password and says what to do, until it is changed', async () => {
  await withRouter([], async (router) => {
    const login = async (text: string): Promise<string> => {
      const child = Bun.spawn([...HASHI, 'cli', '--flash', router.flash, '--login'], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
      child.stdin.write(text);
      await child.stdin.end();
      const output = await new Response(child.stdout).text();
      await child.exited;
      return output;
    };
    const refused = await login('manager\nfriend\nSHOW TIME\n');
    assert.match(refused, /^login: [^]*Error \(345265\): Login refused: the factory password is valid on the console only; change it there with SET PASSWORD\./);
    assert.not.match(refused, /System time/);
    assert.match((await router.cli('SET USER=manager PASSWORD=enemies')).output, /successful/);
    assert.match(await login('manager\nenemies\nSHOW TIME\nLOGOFF\n'), /System time/);
  });
});

when(NEEDS, binary, 'the boot script is boot.cfg, or the one that --config names; its wrong lines are printed and skipped', async () => {
  const flash = newFlash();
  const config = join(folder, 'other.cfg');
  const first = await start([], flash);
  assert.is((await first.stop()).code, 0);
  writeFileSync(join(flash, 'boot.cfg'), 'SET SYSTEM NAME=booted\nSET SYSTEM NONSENSE=1\nSET SYSTEM LOCATION=rack\n');
  writeFileSync(config, 'SET SYSTEM NAME=other\n');
  const booted = await start([], flash);
  assert.match((await booted.cli('SHOW SYSTEM')).output, /SysLocation\nrack[^]*SysName\nbooted/);
  assert.match(booted.printed(), /boot\.cfg:2: /);
  assert.is((await booted.stop()).code, 0);
  const other = await start(['--config', config], flash);
  assert.match((await other.cli('SHOW SYSTEM')).output, /SysName\nother/);
  assert.is((await other.stop()).code, 0);
  const missing = await hashi('run', '--flash', flash, '--config', join(folder, 'gone.cfg'));
  assert.is(missing.code, 1);
});

when(NEEDS, binary, 'RESTART REBOOT ends a router on a host with 0', async () => {
  await withRouter([], async (router) => {
    void router.cli('RESTART REBOOT');
    assert.is(await Promise.race([router.child.exited, Bun.sleep(4000)]), 0);
  });
});

when(NEEDS, binary, 'a port without device is waited for, and gets its address when it appears', async () => {
  await withRouter(['--port', 'eth0=hs-late'], async (router) => {
    await router.cli('ENABLE IP', 'ADD IP INT=eth0 IP=10.77.0.1 MASK=255.255.255.0');
    assert.not.match(await must(['ip', '-o', 'addr']), /10\.77\.0\.1/);
    await must(['ip', 'link', 'add', 'hs-late', 'type', 'veth', 'peer', 'name', 'hs-late2']);
    await until('the address', 8, async () => /hs-late +inet 10\.77\.0\.1\/24/.test(await must(['ip', '-o', 'addr'])));
    assert.is((await router.stop()).code, 0);
    assert.not.match(await must(['ip', '-o', 'addr']), /10\.77\.0\.1/);
    await must(['ip', 'link', 'del', 'hs-late']);
  });
});

when([...NEEDS, 'script', 'stty'], binary, 'on a terminal the mode is raw while the console lives and as before afterwards', async () => {
  await withRouter([], async (router) => {
    const command = `stty > ${folder}/before; ${HASHI.join(' ')} cli --flash ${router.flash}; echo "code $?"; stty > ${folder}/after`;
    const child = Bun.spawn(['script', '-qec', command, '/dev/null'], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    let output = '';
    const reading = (async () => {
      for await (const part of child.stdout) output += new TextDecoder().decode(part);
    })();
    await until('the prompt', 5, () => output.includes('Manager'));
    child.stdin.write('show ti\t\r');
    await child.stdin.flush();
    await until('the completed command and its answer', 5, () => /show time[^]*\d\d:\d\d:\d\d/i.test(output));
    child.stdin.write('LOGOFF\r');
    await child.stdin.flush();
    await child.exited;
    await reading;
    assert.match(output, /code 0/);
    assert.is(readFileSync(`${folder}/after`, 'utf8'), readFileSync(`${folder}/before`, 'utf8'));
  });
});

when(NEEDS, binary, 'a serial console is raw, begins at the login prompt, and is there again after it was closed', async () => {
  const libc = dlopen('libc.so.6', {
    posix_openpt: { args: ['i32'], returns: 'i32' },
    grantpt: { args: ['i32'], returns: 'i32' },
    unlockpt: { args: ['i32'], returns: 'i32' },
    ptsname: { args: ['i32'], returns: 'cstring' },
  }).symbols;
  const O_RDWR_NONBLOCK = 0o4002;
  const line = libc.posix_openpt(O_RDWR_NONBLOCK);
  libc.grantpt(line);
  libc.unlockpt(line);
  let seen = '';
  const look = (): string => {
    const buffer = Buffer.alloc(4096);
    try {
      seen += buffer.toString('utf8', 0, readSync(line, buffer));
    } catch {
      // Nothing there just now.
    }
    return seen;
  };
  await withRouter(['--console', String(libc.ptsname(line))], async (router) => {
    await until('the login prompt', 8, () => look().endsWith('login: '));
    writeSync(line, 'manager\r');
    await until('the password prompt', 8, () => /password: $/i.test(look()));
    writeSync(line, 'friend\r');
    await until('the prompt', 8, () => /Manager.*> $/.test(look()));
    assert.not.match(seen, /friend/);
    assert.match((await router.cli('SHOW USER')).output, /asyn0/i);
    writeSync(line, 'LOGOFF\r');
    await until('the login prompt again', 8, () => /LOGOFF[^]*login: $/.test(look()));
  });
});

binary.run();
