// DHCP between two routers on a wire: hashi's server (dnsmasq) gives hashi's client (udhcpc) its address; what each does when the other is gone.

import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { missing, when } from '../needs.ts';
import { Network, type Router, until } from '../network.ts';

const test = suite('dhcp');
const NEEDS = ['root', 'tun', 'netns', 'ethtool', 'dnsmasq', 'busybox'] as const;

const SERVER = `
enable ip
add ip interface=eth0 ipaddress=192.168.10.1
create dhcp policy=lan leasetime=3600
add dhcp policy=lan router=192.168.10.1 dnsserver=192.168.10.1 domainname=branch.example
create dhcp range=lan policy=lan ip=192.168.10.100 number=20
enable dhcp
`;
const CLIENT = `
set system name="branch router"
enable ip
enable ip remoteassign
add ip interface=eth0 ipaddress=dhcp
`;

/** The words of a process's command line; none where it has ended. */
function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

/** Process ids of programs with `text` in their command line. */
const running = (text: string): number[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid !== process.pid && wordsOf(pid).some((word) => word.includes(text)));

/** The program that a router on this flash folder runs. */
const program = (flash: string, name: string): number | undefined => running(flash).find((pid) => wordsOf(pid).slice(0, 2).some((word) => word.endsWith(name)));

const bound = (router: Router): Promise<void> => until('a lease', 20, async () => /eth0 +DHCP +192\.168\.10\.\d/.test(await router.cli('SHOW IP INT')));

const addressOf = async (net: Network): Promise<string> => /inet (192\.168\.10\.\d+)\//.exec(await net.ip('c', 'addr', 'show', 'dev', 'lan0'))?.[1] ?? '';

/** One pair of routers for all tests that leave it working; each goes on where the one before ended. */
let net: Network;
let server: Router;
let client: Router;

test.before(async () => {
  if (missing(...NEEDS) !== undefined) return;
  net = new Network('names');
  await net.space('s', 'c');
  await net.wire('s/lan0', 'c/lan0');
  client = await net.router('c', ['eth0=lan0'], CLIENT);
});

test.after(async () => {
  await net?.remove();
});

when(NEEDS, test, 'A port without DHCP server says so, and asks on until one is there', async () => {
  await until('the client to say so', 15, async () => /Reason \.+ no DHCP server answers/.test(await client.cli('SHOW IP INT=eth0')));
  server = await net.router('s', ['eth0=lan0'], SERVER);
  await bound(client);
});

when(NEEDS, test, 'ADD IP INTERFACE with IPADDRESS=DHCP takes address, default route and name servers of hashi\'s own DHCP server', async () => {
  await bound(client);
  const kernel = await net.ip('c', 'addr', 'show', 'dev', 'lan0');
  assert.match(kernel, /inet 192\.168\.10\.1\d\d\/24/);
  const address = await addressOf(net);
  assert.match(await net.ip('c', 'route'), /default via 192\.168\.10\.1 dev lan0/);
  assert.match(await client.cli('SHOW IP ROUTE'), /0\.0\.0\.0 +0\.0\.0\.0 +192\.168\.10\.1 +eth0 [^]*remote +0 +dhcp/);
  assert.match(await client.cli('SHOW IP INT=eth0'), /DHCP server \.+ 192\.168\.10\.1\nLease left \(s\) \.+ 3[56]\d\d\nGateway \.+ 192\.168\.10\.1\nName servers \.+ 192\.168\.10\.1/);
  assert.match(await client.cli('SHOW IP DNS'), /in use those learned: 192\.168\.10\.1/);
  const clients = await server.cli('SHOW DHCP CLIENT');
  assert.match(clients, new RegExp(`${address.replaceAll('.', '\\.')} +[0-9a-f]{2}(-[0-9a-f]{2}){5} +3[56]\\d\\d`));
  await net.pings('c', '192.168.10.1', 5);

  const dnsmasq = program(server.flash, 'dnsmasq') ?? 0;
  assert.match(readFileSync(`/proc/${dnsmasq}/status`, 'latin1'), /^Uid:\t65534/m, 'dnsmasq has given up root');
  assert.is(statSync(join(server.flash, 'run', 'dnsmasq')).mode & 0o777, 0o700);
  for (const pid of [dnsmasq, program(client.flash, 'udhcpc') ?? 0]) {
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    assert.not.ok(files.some((file) => /tun|eventpoll|console\.sock/.test(file)), `descriptors of ${pid}: ${files.join(' ')}`);
    // Its three, its sockets and pipes: nothing of hashi's some forty.
    assert.ok(files.length < 16, `descriptors of ${pid}: ${files.join(' ')}`);
  }
});

when(NEEDS, test, 'A dnsmasq that is killed is started again, and its leases are still known; they outlive a restart of the router', async () => {
  await bound(client);
  const address = await addressOf(net);
  const killed = program(server.flash, 'dnsmasq') ?? 0;
  process.kill(killed, 'SIGKILL');
  await until('another dnsmasq', 10, () => {
    const now = program(server.flash, 'dnsmasq');
    return now !== undefined && now !== killed;
  });
  await until('the log to tell', 5, async () => /stopped: dnsmasq: it was ended by signal 9; .* run again/.test((await server.cli('SHOW LOG')).replace(/\s+/g, ' ')));
  assert.ok((await server.cli('SHOW DHCP CLIENT')).includes(address));
  assert.is(await server.stop(), 0);
  assert.is(program(server.flash, 'dnsmasq'), undefined);
  server = await net.startRouter('s', ['eth0=lan0'], SERVER, server.flash);
  assert.ok((await server.cli('SHOW DHCP CLIENT')).includes(address), await server.cli('SHOW LOG'));
});

when(NEEDS, test, 'RESET IP INTERFACE takes the address out and asks for one again; one kept for the client\'s MAC is given to it', async () => {
  await bound(client);
  const [, mac = ''] = /ether ([0-9a-f:]{17})/.exec(await net.ip('c', 'link', 'show', 'dev', 'lan0')) ?? [];
  assert.match(await server.cli(`ADD DHCP RANGE=lan IP=192.168.10.50 ADDRESS=${mac}`), /Operation successful/);
  await client.cli('RESET IP INT=eth0');
  await until('the kept address', 20, async () => (await addressOf(net)) === '192.168.10.50');
  assert.match(await server.cli('SHOW DHCP CLIENT'), /192\.168\.10\.50 +/);
  assert.match(await client.cli('SHOW IP INT'), /eth0 +DHCP +192\.168\.10\.50/);
});

when(NEEDS, test, 'A client whose server gives other addresses now is refused its old one after the wire was cut, and takes a new one; the old one is gone', async () => {
  await bound(client);
  const before = await addressOf(net);
  await server.cli('DESTROY DHCP RANGE=lan', 'CREATE DHCP RANGE=lan POLICY=lan IP=192.168.10.150 NUMBER=1');
  await net.ip('s', 'link', 'set', 'lan0', 'down');
  await until('IP of the client to be down', 5, async () => /eth0# +DHCP/.test(await client.cli('SHOW IP INT')));
  await net.ip('s', 'link', 'set', 'lan0', 'up');
  await until('another address', 25, async () => (await addressOf(net)) === '192.168.10.150');
  assert.is.not(before, '192.168.10.150');
  assert.not.match(await net.ip('c', 'addr', 'show', 'dev', 'lan0'), new RegExp(`${before}/`));
  await net.pings('c', '192.168.10.1', 5);
});

when(NEEDS, test, 'Programs whose keeper was killed with hashi are found and ended by the next start', async () => {
  await until('dnsmasq', 5, () => program(server.flash, 'dnsmasq') !== undefined);
  const left = program(server.flash, 'dnsmasq') ?? 0;
  for (const pid of running(join(server.flash, 'run', 'dnsmasq', 'keeper'))) process.kill(pid, 'SIGKILL');
  await server.kill();
  await Bun.sleep(500);
  assert.is(program(server.flash, 'dnsmasq'), left);
  server = await net.startRouter('s', ['eth0=lan0'], SERVER, server.flash);
  await until('one dnsmasq, another one', 5, () => !running('dnsmasq.conf').includes(left) && program(server.flash, 'dnsmasq') !== undefined);
});

when(NEEDS, test, 'Neither kill -9 nor SIGTERM of hashi leaves a udhcpc or dnsmasq behind, and the next start takes the old address away', async () => {
  await bound(client);
  const address = await addressOf(net);
  await client.kill();
  await server.kill();
  await until('the programs to end', 3, () => running(client.flash).length === 0 && running(server.flash).length === 0);
  assert.ok((await net.ip('c', 'addr', 'show', 'dev', 'lan0')).includes(`${address}/`), 'as the crash left it');
  const again = await net.startRouter('c', ['eth0=lan0'], CLIENT, client.flash);
  assert.not.ok((await net.ip('c', 'addr', 'show', 'dev', 'lan0')).includes(`${address}/`));
  assert.is(await again.stop(), 0);
  assert.equal(running(client.flash), []);
});

test.run();
