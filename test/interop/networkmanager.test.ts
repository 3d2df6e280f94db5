// The daemons that NetworkManager-l2tp starts, with the options that it writes for them (nm-l2tp-service.c), against the router as LNS; and
// several of them behind one address, by masquerading with port translation.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { must, until, type Router } from '../network.ts';
import { addressOn, assertClean, host, lab, MACHINES, reaches, type Lab } from './lab.ts';

const NEEDS: readonly Need[] = [...MACHINES, 'xl2tpd', 'nft'];
const HOST = '192.168.20.2';

const lns = `SET SYSTEM NAME=hashi-lns
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0
ADD IP DNS PRIMARY=192.0.2.53 SECONDARY=192.0.2.54
ADD USER=ann PASSWORD=annpass LOGIN=NO
ADD USER=bob PASSWORD=bobpass LOGIN=NO
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE PPP TEMPLATE=0 AUTHENTICATION=EITHER IPPOOL=ips BAP=OFF LQR=OFF ECHO=ON
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP IP=192.0.2.2-192.0.2.254 PPPTEMPLATE=0
`;

/** How NetworkManager-l2tp calls: one xl2tpd and one pppd for the connection, from port 1701 or (ephemeral source port) from any. */
const dial = ({ on }: Lab, name: string, { user, port, more = '' }: { readonly user: string; readonly port: number; readonly more?: string }): Promise<string> =>
  on(name, `mkdir -p /run/nm /etc/ppp; modprobe -a ppp_generic l2tp_ppp 2>/dev/null; : >/etc/ppp/options
printf '%s * %s *\\n' ${user} ${user}pass | tee /etc/ppp/chap-secrets >/etc/ppp/pap-secrets; chmod 600 /etc/ppp/*-secrets
cat >/run/nm/xl2tpd.conf <<'X'
[global]
access control = yes
port = ${port}
[lac l2tp]
lns = 192.0.2.1
pppoptfile = /run/nm/ppp-options
autodial = yes
tunnel rws = 8
tx bps = 100000000
rx bps = 100000000
X
cat >/run/nm/ppp-options <<'X'
debug
logfile /tmp/pppd.log
ipparam nm-l2tp-service
nodetach
usepeerdns
noipdefault
nodefaultroute
noauth
noccp
refuse-eap
ipcp-accept-local
ipcp-accept-remote
lcp-echo-failure 5
lcp-echo-interval 30
mtu 1400
mru 1400
name ${user}
${more}
X
rm -f /tmp/pppd.log /run/nm/ctl
setsid xl2tpd -D -c /run/nm/xl2tpd.conf -C /run/nm/ctl -p /run/nm/pid >/tmp/xl2tpd.log 2>&1 &
sleep 0.2`);

/** NetworkManager ends a connection with SIGTERM to xl2tpd; `left` callers remain. */
async function leave({ on }: Lab, name: string, router: Router, left: number): Promise<void> {
  await on(name, 'kill $(cat /run/nm/pid)');
  await until('the address to be free', 5, async () => new RegExp(`\\(${left}\\)`).test(await router.cli('SHOW IP POOL')));
  // Its daemons take their time to end.
  await on(name, 'for i in $(seq 50); do killall -q -KILL pppd xl2tpd || exit 0; sleep 0.1; done; exit 1');
}

const test = suite('NetworkManager');

when(NEEDS, test, "NetworkManager's daemons get an address and name servers and carry packets of 1400 octets, whatever authentication both take", async () => {
  await lab('nm', ['r', 'h'], async (here) => {
    const { net, machine, on } = here;
    await here.bridge('core', 'r/wan');
    await net.wire('r/lan', 'h/eth0');
    await host(here, 'h/eth0', `${HOST}/24`, '192.168.20.1');
    const capture = await net.capture('r', 'wan', 'udp');
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], lns);
    await machine('one', 'core', '192.0.2.11/24');
    for (const [demanded, more] of [['EITHER', ''], ['PAP', ''], ['MSCHAPV2', 'refuse-pap\nrefuse-chap\nrefuse-mschap']] as const) {
      await router.cli(`SET PPP TEMPLATE=0 AUTHENTICATION=${demanded}`);
      await dial(here, 'one', { user: 'ann', port: 1701, more });
      assert.match(await addressOn(here, 'one', 'ppp0', 20), /^192\.168\.20\.200 peer 192\.168\.20\.1\//, demanded);
      await on('one', 'ip route replace 192.168.20.0/24 dev ppp0');
      assert.match(await reaches(here, 'one', HOST, '-M do -s 1372'), / 3 received/);
      assert.equal((await on('one', 'cat /etc/ppp/resolv.conf')).trim().split('\n'), ['nameserver 192.0.2.53', 'nameserver 192.0.2.54']);
      assert.match(await on('one', 'ip -o link show ppp0'), /mtu 1400 /);
      const log = await on('one', 'cat /tmp/pppd.log');
      assert.match(log, new RegExp(`auth ${{ EITHER: 'chap MD5|auth chap MS-v2', PAP: 'pap', MSCHAPV2: 'chap MS-v2' }[demanded]}`));
      assert.not.match(log, /ProtRej|CodeRej/, 'nothing that pppd offers is unknown');
      await leave(here, 'one', router, 0);
    }
    assert.is(await router.stop(), 0);
    await assertClean(capture, '', [1, 2, 3, 4, 10, 11, 12]);
  });
});

when(NEEDS, test, 'two clients behind one address and port translation are told apart, from port 1701 and from ports of their own: their traffic at the same time does not mix', async () => {
  await lab('mq', ['r', 'h', 'nat'], async (here) => {
    const { net, machine, on } = here;
    await net.wire('r/wan', 'nat/out');
    await net.wire('r/lan', 'h/eth0');
    await host(here, 'h/eth0', `${HOST}/24`, '192.168.20.1');
    await here.bridge('home', 'nat/in');
    await net.ip('nat', 'addr', 'add', '192.0.2.7/24', 'dev', 'out');
    await net.ip('nat', 'addr', 'add', '10.0.0.1/24', 'dev', 'in');
    await net.exec('nat', ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    await must(['ip', 'netns', 'exec', net.name('nat'), 'nft', 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c oifname out udp dport 1701 masquerade to :20000-30000']);
    const capture = await net.capture('r', 'wan', 'udp');
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], lns);
    const users = [['one', 'ann'], ['two', 'bob']] as const;
    for (const [i, [name]] of users.entries()) {
      await machine(name, 'home', `10.0.0.${11 + i}/24`);
      await on(name, 'ip route replace default via 10.0.0.1');
    }
    for (const port of [1701, 0]) {
      const addresses: string[] = [];
      for (const [name, user] of users) {
        await dial(here, name, { user, port });
        const address = await addressOn(here, name, 'ppp0', 20);
        assert.match(address, /^192\.168\.20\.20[01] peer /);
        addresses.push(address.split(' ')[0] ?? '');
        await on(name, 'ip route replace 192.168.20.0/24 dev ppp0');
      }
      assert.is(new Set(addresses).size, 2, addresses.join(' '));
      const calls = await router.cli('SHOW L2TP TUNNEL CALL');
      assert.equal([...calls.matchAll(/^Username \.+ (\S+)$/gm)].map(([, name]) => name).toSorted(), ['ann', 'bob'], calls);
      // Packets of both at once, from the host and from the clients; each counts what reaches it and what is another's.
      for (const [name] of users) await on(name, 'sh -c "tcpdump -nni ppp0 -w /tmp/seen.pcap >/dev/null 2>&1 & sleep 0.5"');
      const pings = [
        ...addresses.map((address, i) => net.exec('h', ['ping', '-n', '-q', '-c', '40', '-i', '0.03', '-W', '2', '-p', `a${i}`, address])),
        ...users.map(async ([name], i) => ({ code: 0, output: await on(name, `ping -n -q -c 40 -i 0.03 -W 2 -p b${i} ${HOST}`) })),
      ];
      for (const { output } of await Promise.all(pings)) assert.match(output, / 0% packet loss/, output);
      for (const [i, [name]] of users.entries()) {
        const seen = (await on(name, `sleep 0.3; killall tcpdump; sleep 0.3; tcpdump -nnr /tmp/seen.pcap -x icmp 2>/dev/null`));
        const words = (octet: string): number => seen.split(`${octet}${octet} ${octet}${octet} ${octet}${octet} ${octet}${octet}`).length - 1;
        assert.ok(words(`a${i}`) >= 80 && words(`b${i}`) >= 80, `${name} has its own: ${words(`a${i}`)} ${words(`b${i}`)}`);
        assert.is(words(`a${1 - i}`) + words(`b${1 - i}`), 0, `${name} sees nothing of the other`);
      }
      // One of them leaves; the other is not disturbed.
      await leave(here, 'one', router, 1);
      assert.match(await reaches(here, 'two', HOST), / 3 received/);
      await leave(here, 'two', router, 0);
    }
    assert.is(await router.stop(), 0);
    await assertClean(capture, '', [1, 2, 3, 4, 10, 11, 12]);
    const ports = new Set((await capture.fields('ip.dst == 192.0.2.1 && l2tp', 'udp.srcport')));
    assert.ok(ports.size >= 3 && !ports.has('1701'), `translated: ${[...ports].join(' ')}`);
  });
});

test.run();
