// DHCP between two routers on a wire: hashi's server (dnsmasq) gives hashi's client (udhcpc) its address; what each does when the other is gone.

import { existsSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { when } from '../needs.ts';
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

/** Process ids of programs whose command line holds `text`. */
function running(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .filter((pid) => pid !== process.pid);
}

const program = (flash: string, name: string): number | undefined =>
  running(flash).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, 2).some((word) => word.endsWith(name)));

const bound = (router: Router): Promise<void> => until('a lease', 20, async () => /eth0 +DHCP +192\.168\.10\.1/.test(await router.cli('SHOW IP INT')));

async function pair(body: (net: Network, server: Router, client: Router) => Promise<void>): Promise<void> {
  const net = new Network('names');
  try {
    await net.space('s', 'c');
    await net.wire('s/lan0', 'c/lan0');
    const server = await net.router('s', ['eth0=lan0'], SERVER);
    const client = await net.router('c', ['eth0=lan0'], CLIENT);
    await body(net, server, client);
  } finally {
    await net.remove();
  }
}

when(NEEDS, test, 'ADD IP INTERFACE with IPADDRESS=DHCP takes address, default route and name servers of hashi\'s own DHCP server', () =>
  pair(async (net, server, client) => {
    await bound(client);
    const kernel = await net.ip('c', 'addr', 'show', 'dev', 'lan0');
    const [, address = ''] = /inet (192\.168\.10\.1\d\d)\/24/.exec(kernel) ?? [];
    assert.ok(address !== '', kernel);
    assert.match(await net.ip('c', 'route'), /default via 192\.168\.10\.1 dev lan0/);
    assert.match(await client.cli('SHOW IP ROUTE'), /0\.0\.0\.0 +0\.0\.0\.0 +192\.168\.10\.1 +eth0 [^]*remote +0 +dhcp/);
    assert.match(await client.cli('SHOW IP INT=eth0'), /DHCP server \.+ 192\.168\.10\.1\nLease left \(s\) \.+ 3[56]\d\d\nGateway \.+ 192\.168\.10\.1\nName servers \.+ 192\.168\.10\.1/);
    assert.match(await client.cli('SHOW IP DNS'), /in use those learned: 192\.168\.10\.1/);
    const clients = await server.cli('SHOW DHCP CLIENT');
    assert.match(clients, new RegExp(`${address.replaceAll('.', '\\.')} +[0-9a-f]{2}(-[0-9a-f]{2}){5} +3[56]\\d\\d`));
    await net.pings('c', '192.168.10.1', 5);

    const flash = server.flash;
    const dnsmasq = program(flash, 'dnsmasq') ?? 0;
    const status = readFileSync(`/proc/${dnsmasq}/status`, 'latin1');
    assert.match(status, /^Uid:\t65534/m, 'dnsmasq has given up root');
    assert.is(statSync(join(flash, 'run', 'dnsmasq')).mode & 0o777, 0o700);
    for (const name of [[flash, 'dnsmasq'], [client.flash, 'udhcpc']] as const) {
      const pid = program(...name) ?? 0;
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      assert.not.ok(files.some((file) => /tun|eventfd|bpf|anon_inode:\[eventpoll\]/.test(file) && name[1] === 'udhcpc'), `descriptors of ${name[1]}: ${files.join(' ')}`);
      assert.ok(files.length < 20, `descriptors of ${name[1]}: ${files.join(' ')}`);
    }
  }));

test.run();
