// The manual's remote access on the real kernel: a dial-in user on bri0 of the LAC, which has no users, and an LNS that judges him by what
// the LAC passes on. Its scripts run as they stand there.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { until, type Network, type Router } from '../network.ts';
import { field, lans, NEEDS, PORTS, PRELUDE, seed } from './lans.ts';

const ALL: readonly Need[] = [...NEEDS, 'tshark', 'tcpdump'];
const test = suite('remote access');

interface Scene {
  readonly net: Network;
  readonly lac: Router;
  readonly lns: Router;
  /** What the dial-in user has printed. */
  user(): string;
  /** Begins a call; it ends with the network. */
  dial(name: string, password: string, ...more: string[]): Bun.Subprocess;
}

/** user - bri0 of a (LAC) - inet - b (LNS) - h2. */
async function scene(prefix: string, scripts: { readonly lac: string; readonly lns: string }, body: (scene: Scene) => Promise<void>): Promise<void> {
  const net = await lans(prefix);
  try {
    await net.space('u');
    const socket = join(net.folder, 'bri0.sock');
    const lac = await net.router('a', [...PORTS, `bri0=unix:${socket}`], PRELUDE.a + scripts.lac);
    const lns = await net.router('b', PORTS, PRELUDE.b + scripts.lns);
    let printed = '';
    await body({
      net, lac, lns,
      user: () => printed,
      dial: (name, password, ...more) => {
        const child = Bun.spawn(
          ['ip', 'netns', 'exec', net.name('u'), process.execPath, join(import.meta.dir, '..', 'dialin.ts'), '--socket', socket, '--user', name, '--password', password, '--number', '0312345678', ...more],
          { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } },
        );
        void (async () => {
          for await (const part of child.stdout) printed += Buffer.from(part).toString();
        })();
        return child;
      },
    });
    assert.is(await lac.stop(), 0, 'the LAC ends with 0 on SIGTERM');
    assert.is(await lns.stop(), 0, 'the LNS ends with 0 on SIGTERM');
  } finally {
    await net.remove();
  }
}

for (const [what, lns, template] of [
  ['an address of the pool', 'seed003-02-lns-pool.cfg', ''],
  ['the address that belongs to him', 'seed003-03-lns-fixed-user-ip.cfg', ''],
] as const) {
  when(ALL, test, `a dial-in user gets ${what} from the LNS through a LAC without users, and every packet on the wire is well formed`, () =>
    scene(lns.includes('pool') ? 'rp' : 'rf', { lac: seed('seed003-01-lac-isdn.cfg') + template, lns: seed(lns) }, async ({ net, lac, lns: router, user, dial }) => {
      const capture = await net.capture('inet', 'toa', 'udp port 1701');
      const child = dial('remuser', 'rempass', '--tun', 'ppp0');
      await until('the user to get an address', 20, () => user().includes('address 192.168.20.200'));
      await net.pings('u', '192.168.20.2', 10);
      await net.pings('h2', '192.168.20.200', 5);
      assert.is((await net.exec('u', ['ping', '-n', '-c', '3', '-s', '1372', '-W', '2', '192.168.20.2'])).code, 0, 'large packets too');
      const call = await router.cli('SHOW L2TP TUNNEL CALL');
      assert.is(field(call, 'Username'), 'remuser');
      assert.match(await router.cli('SHOW LOG'), /LCP is taken over from the LAC,\s+authentication by CHAP-MD5 of remuser\s+too/);
      assert.match(await router.cli('SHOW IP ROUTE'), /192\.168\.20\.200 +255\.255\.255\.255 +0\.0\.0\.0 +ppp0/);
      assert.not.match(await lac.cli('SHOW PPP'), /ppp0/, 'the LAC keeps no interface');
      child.kill('SIGTERM');
      await until('the LNS to let go of him', 10, async () => !/established/.test(await router.cli('SHOW L2TP TUNNEL CALL')));
      assert.not.match(await router.cli('SHOW IP ROUTE'), /192\.168\.20\.200/);
      await capture.end();
      assert.equal(await capture.complaints('l2tp', 'password'), []);
      for (const [type, name] of [[1, 'SCCRQ'], [2, 'SCCRP'], [3, 'SCCCN'], [10, 'ICRQ'], [11, 'ICRP'], [12, 'ICCN'], [14, 'CDN']] as const) {
        assert.ok((await capture.count(`l2tp.avp.message_type == ${type}`)) >= 1, name);
      }
      assert.is((await capture.fields('l2tp.avp.message_type == 12', 'l2tp.avp.proxy_authen_type')).join(), '2', 'the CHAP response goes along');
      assert.is(await capture.count('chap.code == 1'), 0, 'the LNS asks for no second proof');
    }));
}

when(ALL, test, 'a wrong password is refused by the LNS and the user is told; the right one comes in at once after it', () =>
  scene('rw', { lac: seed('seed003-01-lac-isdn.cfg'), lns: seed('seed003-02-lns-pool.cfg') }, async ({ net, lns, user, dial }) => {
    const wrong = dial('remuser', 'wrong', '--tun', 'ppp0');
    assert.is(await wrong.exited, 1, user());
    assert.match(user(), /refused: /);
    assert.match((await lns.cli('SHOW LOG')).replace(/\n +/g, ' '), /Wrong password for user remuser/);
    dial('remuser', 'rempass', '--tun', 'ppp0');
    await until('the user to get an address', 20, () => user().includes('address 192.168.20.200'));
    await net.pings('u', '192.168.20.2', 10);
  }));

when(ALL, test, 'an LNS that is killed loses its callers to the other one within 35 seconds; its port answers that nobody is there', async () => {
  const net = await lans('rk');
  try {
    await net.space('u', 'c', 'aaa');
    await net.wire('inet/toc', 'c/wan');
    await net.wire('inet/toaaa', 'aaa/eth0');
    await net.ip('inet', 'addr', 'add', '3.3.3.254/24', 'dev', 'toc');
    await net.ip('inet', 'addr', 'add', '9.9.9.254/24', 'dev', 'toaaa');
    await net.ip('aaa', 'addr', 'add', '9.9.9.9/24', 'dev', 'eth0');
    await net.ip('aaa', 'route', 'add', 'default', 'via', '9.9.9.254');
    const book = join(net.folder, 'book.json');
    writeFileSync(book, `${JSON.stringify({ secret: 'x', names: { 'one.example': ['2.2.2.2', '3.3.3.3'] }, users: {}, tunnels: {} })}\n`);
    net.start('aaa', ['sh', '-c', `(cat ${book}; sleep 1000) | ${process.execPath} board/main.ts lab-aaa`]);
    const socket = join(net.folder, 'bri0.sock');
    const lac = PRELUDE.a + seed('seed003-01-lac-isdn.cfg').replace(/^ADD L2TP USER.*$/m, 'ADD L2TP USER="one.example" ACTION=DNSLOOKUP PASSWORD=password\nADD IP DNS PRIMARY=9.9.9.9\nADD IP ROUTE=0.0.0.0 MASK=0.0.0.0 INT=eth1 NEXT=1.1.1.254');
    const lns = seed('seed003-02-lns-pool.cfg').replace('USER=remuser', 'USER="remuser@one.example"');
    await net.router('a', [...PORTS, `bri0=unix:${socket}`], lac);
    const first = await net.router('b', PORTS, PRELUDE.b + lns);
    const second = await net.router('c', ['eth1=wan'], `SET SYSTEM NAME=RouterC
ENABLE IP
ADD IP INT=eth1 IP=3.3.3.3 MASK=255.255.255.0
ADD IP ROUTE=1.1.1.0 MASK=255.255.255.0 INT=eth1 NEXT=3.3.3.254
${lns}`);
    net.start('u', [process.execPath, 'board/main.ts', 'lab-dialin', '--socket', socket, '--user', 'remuser@one.example', '--password', 'rempass']);
    await net.pings('u', '192.168.20.2', 20);
    assert.match(await first.cli('SHOW L2TP TUNNEL CALL'), /^Username \.+ remuser@one\.example$/m);
    // Traffic goes on: what meets the closed port comes back as ICMP.
    net.start('u', ['ping', '-n', '-i', '0.5', '192.168.20.2']);
    const killed = performance.now();
    await first.kill();
    await until('the call to be at the second LNS', 40, async () => /^Username \.+ remuser@one\.example$/m.test(await second.cli('SHOW L2TP TUNNEL CALL')));
    assert.ok(performance.now() - killed < 35_000, `after ${Math.round((performance.now() - killed) / 1000)} s`);
  } finally {
    await net.remove();
  }
});

test.run();
