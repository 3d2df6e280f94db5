// Two LNSs behind one FreeRADIUS that spreads callers over them by Tunnel-Preference: the scripts two-lns-*.cfg and the users file as the
// README shows them. Callers are the kernel's PPPoE client.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { until, type Router } from '../network.ts';
import { addressOn, assertClean, host, lab, MACHINES, type Lab } from './lab.ts';

const NEEDS: readonly Need[] = [...MACHINES, 'freeradius'];
const SCRIPTS = join(import.meta.dir, '..', 'vectors', 'scripts');
const script = (name: string): string => readFileSync(join(SCRIPTS, name), 'utf8');
/** Callers and the LNS of each. */
const CALLERS = [['anna', 1], ['tom', 2], ['eve@city.example', 1], ['max@west.example', 2]] as const;
const POOL = { 1: /^10\.0\.0\.1[0-4]\d /, 2: /^10\.0\.0\.1[5-9]\d / } as const;
const HOST = '10.0.0.5';

/** pppd for each caller, with a unit of its own. */
async function dialAll({ peer, on }: Lab): Promise<void> {
  for (const [i, [name]] of CALLERS.entries()) {
    const password = `${name.split('@')[0]}-secret`;
    if (i === 0) await peer('pppoe.sh', 'client', 'pc', '--user', name, '--password', password);
    else await on('pc', `sed 's/^name .*/name ${name}/;s/^password .*/password ${password}/;s,^logfile .*,logfile /tmp/pppd${i}.log,' /etc/ppp/peers/peer >/etc/ppp/peers/p${i}; echo 'unit ${i}' >>/etc/ppp/peers/p${i}; pppd call p${i}`);
  }
}

const usersAt = async (router: Router): Promise<string[]> =>
  [...(await router.cli('SHOW L2TP TUNNEL CALL')).matchAll(/^Username \.+ (\S+)$/gm)].flatMap(([, name]) => (name === undefined ? [] : [name])).toSorted();

const test = suite('two LNSs');

when(NEEDS, test, 'FreeRADIUS spreads callers over two LNSs by name; those of an LNS that stops come in at the other, and return when it is back', async () => {
  await lab('sp', ['lac', 'one', 'two', 'aaa', 'h'], async (here) => {
    const { net, peer } = here;
    await here.bridge('acc', 'lac/access');
    await here.bridge('core', 'lac/core', 'one/core', 'two/core', 'aaa/eth0');
    await here.bridge('lan', 'one/lan', 'two/lan', 'h/eth0');
    await net.ip('aaa', 'addr', 'add', '192.0.2.9/24', 'dev', 'eth0');
    await host(here, 'h/eth0', `${HOST}/24`, '10.0.0.1');
    await here.peerIn('aaa', ['RADIUS_ADDRESS=192.0.2.9'], 'radius.sh', 'start', 'a', 'radius-secret', join(SCRIPTS, 'two-lns.users'));
    here.atEnd(() => peer('radius.sh', 'stop', 'a'));
    const capture = await net.capture('lac', 'core', 'udp port 1701');
    const lac = await net.router('lac', ['eth0=access', 'eth1=core'], script('two-lns-lac.cfg'));
    const ports = ['eth0=lan', 'eth1=core'];
    const one = await net.router('one', ports, script('two-lns-lns1.cfg'));
    const two = await net.router('two', ports, script('two-lns-lns2.cfg'));
    await here.machine('pc', 'acc', '10.255.0.1/24');
    await dialAll(here);
    /** Each caller's address is of this LNS's pool, and the host on the LAN answers him there. */
    const assertAt = async (lnsOf: (own: 1 | 2) => 1 | 2, seconds: number): Promise<void> => {
      for (const [i, [name, own]] of CALLERS.entries()) {
        const pool = POOL[lnsOf(own)];
        await until(`${name} to be at LNS ${lnsOf(own)}`, seconds, async () => pool.test(await addressOn(here, 'pc', `ppp${i}`, 1)));
        await until(`an answer to ${name}`, 5, async () => / [1-3] received/.test(await here.on('pc', `ping -n -q -c 3 -i 0.2 -W 1 -I ppp${i} ${HOST}; true`)));
      }
    };
    await assertAt((own) => own, 40);
    assert.equal(await usersAt(one), ['anna', 'eve@city.example']);
    assert.equal(await usersAt(two), ['max@west.example', 'tom']);
    const stopped = performance.now();
    assert.is(await one.stop(), 0);
    await assertAt(() => 2, 40);
    console.log(`INFO callers of the LNS that stopped were back after ${((performance.now() - stopped) / 1000).toFixed(1)} s, with pppd's second of holding off`);
    assert.equal(await usersAt(two), CALLERS.map(([name]) => name).toSorted());
    const again = await net.startRouter('one', ports, script('two-lns-lns1.cfg'), one.flash);
    assert.is(await two.stop(), 0);
    await assertAt(() => 1, 40);
    assert.equal(await usersAt(again), CALLERS.map(([name]) => name).toSorted());
    assert.is(await again.stop(), 0);
    assert.is(await lac.stop(), 0);
    await assertClean(capture, 'tunnel-secret', [1, 2, 3, 4, 10, 11, 12]);
    assert.ok((await capture.count('l2tp.avp.message_type == 12 && l2tp.avp.proxy_authen_type == 2')) >= 4, 'each caller proves himself once, to the LNS by way of the LAC');
  });
});

test.run();
