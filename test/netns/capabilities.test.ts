// The service of board/host/hashi.service: a user who is not root and three capabilities are enough for the whole router.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync, chownSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when } from '../needs.ts';
import { run, until, type Network } from '../network.ts';
import { field, lans, NEEDS, PORTS, PRELUDE, SCRIPT_A, SCRIPT_B, seed } from './lans.ts';

const ROOT = join(import.meta.dir, '..', '..');
const UNIT = join(ROOT, 'board', 'host', 'hashi.service');
/** A user id that owns nothing. */
const NOBODY = 64_321;
const unit = readFileSync(UNIT, 'utf8');
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
/** As setpriv(1) writes a set: "-all,+net_admin,...". */
const only = (set: string): string => ['-all', ...set.split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join();

const capabilities = suite('capabilities');

/** Starts `hashi run` in a namespace as the unit would; the flash folder is its user's. */
async function start(net: Network, space: string, script: string, folder: string): Promise<{ readonly child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>; readonly flash: string }> {
  const flash = mkdtempSync(join(folder, `${space}-`));
  writeFileSync(join(flash, 'boot.cfg'), script);
  chownSync(flash, NOBODY, NOBODY);
  chownSync(join(flash, 'boot.cfg'), NOBODY, NOBODY);
  const child = Bun.spawn(
    [
      'ip', 'netns', 'exec', net.name(space),
      // /dev/net/tun is open to all where udev makes it; elsewhere it is made so in the namespace of mounts that is entered here, too.
      'sh', '-c', 'test -n "$(find /dev/net/tun -perm -006)" || { mount -t tmpfs tun /dev/net && mknod /dev/net/tun c 10 200 && chmod 666 /dev/net/tun; } && exec "$@"', 'sh',
      'setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs',
      `--bounding-set=${only(setting('CapabilityBoundingSet'))}`, `--inh-caps=${only(setting('AmbientCapabilities'))}`, `--ambient-caps=${only(setting('AmbientCapabilities'))}`,
      process.execPath, join(ROOT, 'board', 'main.ts'), 'run', '--flash', flash, '--board', 'host', '--console', 'none', ...PORTS.flatMap((port) => ['--port', port]),
    ],
    { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  );
  await until(`the router in ${space} to answer`, 15, async () => {
    if (child.exitCode !== null) throw new Error(`the router ended at once:\n${await new Response(child.stderr).text()}${await new Response(child.stdout).text()}`);
    return (await cli(flash, 'SHOW TIME')).code === 0;
  });
  return { child, flash };
}

const cli = (flash: string, ...commands: string[]): ReturnType<typeof run> =>
  run([process.execPath, 'board/main.ts', 'cli', '--flash', flash, ...commands.flatMap((command) => ['-c', command])], { seconds: 30 });

when([...NEEDS, 'setpriv'], capabilities, 'the whole router works for a user that has the unit\'s three capabilities and nothing else', async () => {
  const net = await lans('cp');
  const children: Bun.Subprocess[] = [];
  try {
    // Reached by a user who may not read the test's own folder.
    chmodSync(net.folder, 0o755);
    const folder = join(net.folder, 'state');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const a = await start(net, 'a', `${PRELUDE.a}ADD USER=oper PASSWORD=0perator PRIVILEGE=MANAGER\n${seed(SCRIPT_A)}`, folder);
    children.push(a.child);
    const b = await start(net, 'b', PRELUDE.b + seed(SCRIPT_B), folder);
    children.push(b.child);
    await net.pings('h1', '192.168.20.2', 20);
    await net.pings('h2', '192.168.10.2', 5);

    const status = readFileSync(`/proc/${a.child.pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\\s+${NOBODY}\\s+${NOBODY}`, 'm'));
    // CAP_NET_BIND_SERVICE 10, CAP_NET_ADMIN 12, CAP_NET_RAW 13.
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\\s+0000000000003400$`, 'm'), set);
    assert.match(status, /^NoNewPrivs:\s+1$/m);

    assert.is(field((await cli(a.flash, 'SHOW L2TP TUNNEL')).output, 'State'), 'established');
    assert.match((await cli(a.flash, 'SHOW SYSTEM')).output, /^Data Plane {6}: user$/m);
    const log = (await cli(a.flash, 'SHOW LOG')).output;
    assert.not.match(log, /permission|not permitted|EPERM|EACCES/i);
    assert.match(log, /commands run, 0 with an error/);
    // Raw sockets of its own.
    const ping = await cli(a.flash, 'PING 192.168.20.2 NUMBER=2', 'TRACE 192.168.20.2');
    assert.match(ping.output, /Echo reply 2 from 192\.168\.20\.2/);
    assert.match(ping.output, / 2\. 192\.168\.20\.2 /);
    // A port below 1024.
    const telnet = await net.exec('h1', [process.execPath, 'test/netns/telnet.client.ts', '192.168.10.1', '23', 'oper', '0perator', 'SHOW TIME']);
    assert.match(telnet.output, /System time/i);
    // Its own flash.
    const saved = await cli(a.flash, 'CREATE CONFIG=saved.cfg');
    assert.is(saved.code, 0, saved.output);
    // TCP through the tunnel, in pieces larger than a packet.
    const changed = await cli(a.flash, 'DISABLE PPP=1', 'ENABLE PPP=1', 'ADD IP INT=eth0-1 IP=192.168.12.1 MASK=255.255.255.0', 'DELETE IP INT=eth0-1');
    assert.is(changed.code, 0, changed.output);
    await net.pings('h1', '192.168.20.2', 20);
    for (const { child } of [a, b]) {
      child.kill('SIGTERM');
      assert.is(await child.exited, 0);
    }
    assert.not.match(await net.ip('a', '-o', 'link'), /ppp1/);
    assert.not.match(await net.ip('a', '-o', '-4', 'addr'), /192\.168\.10\.1/);
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    await net.remove();
  }
});

when(['systemd-analyze'], capabilities, 'systemd reads the unit without a complaint', async () => {
  const folder = mkdtempSync('/tmp/hs-unit-');
  try {
    // The command must exist where it is verified.
    const copy = join(folder, 'hashi.service');
    writeFileSync(copy, unit.replaceAll('/usr/local/bin/hashi', '/bin/true'));
    const { code, output } = await run(['systemd-analyze', 'verify', '--man=no', copy]);
    const ours = output.split('\n').filter((line) => line.includes('hashi'));
    assert.equal(ours, []);
    assert.is(code, 0, output);
  } finally {
    await run(['rm', '-r', folder]);
  }
});

capabilities.run();
