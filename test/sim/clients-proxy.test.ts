// Clients of today behind a LAC of another make: the whole router takes over LCP and proof where its template permits, begins anew where not,
// and both ways end the same (RFC 2661 4.4.5).

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import { log, show } from './calls.rig.ts';
import { LacCaller, type LacOptions } from './clients.lac.ts';
import { clients } from './clients.player.ts';
import { router, server } from './clients.rig.ts';
import { dynamics, hostRoutes, inUse } from './remote.rig.ts';

const MINUTE = 60_000;
const ANY_METHOD: LacOptions['link'] = { demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'] };
const EITHER = 'AUTHENTICATION=EITHER BAP=OFF LQR=OFF';
const TAKEN = /ppp0: LCP is taken over from the LAC, authentication by (\S+) of bob too/;
const ANEW = /ppp0: LCP begins anew with the caller, for what the LAC passed on does not do: (.*)/;

/** What SHOW says of a caller that does not depend on chance. */
const standing = (net: ReturnType<typeof router>): string =>
  [show(net.b, 'SHOW PPP=0'), show(net.b, 'SHOW PPP=0 CONFIG')].join('\n').replace(/Up for .*\n|^.*Magic Number.*$/gm, '');

for (const { name, variant } of clients()) {
  test(`${name}: behind a LAC is taken over without an LCP packet of ours, and ends as it does when LCP begins anew`, () => {
    const over = router(server(EITHER));
    const first = new LacCaller(over, variant, { link: ANY_METHOD });
    assert.ok(first.comesUp(), `${first.ended} ${first.player.heard.join()} ${log(over.b)}`);
    over.world.run(1000);
    assert.match(log(over.b), TAKEN);
    assert.equal([first.player.lcpOpened, first.player.trouble, first.player.terminated], [1, [], undefined], 'the client notices nothing');

    const anew = router(server(EITHER));
    const second = new LacCaller(anew, variant, { link: ANY_METHOD, passed: (proxy) => ({ ...proxy, authenType: undefined }) });
    assert.ok(second.comesUp(), `${second.ended} ${second.player.heard.join()} ${log(anew.b)}`);
    anew.world.run(1000);
    assert.match(log(anew.b), ANEW);
    assert.is(second.player.lcpOpened, 2);

    assert.equal([formatIpv4(first.player.address), formatIpv4(second.player.address)], ['192.168.20.200', '192.168.20.200']);
    assert.match(standing(over), /peer 192\.168\.20\.200, MTU 1[0-9]{3}\b/);
    assert.is(standing(over), standing(anew));
    for (const net of [over, anew]) assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b)], [['192.168.20.200 ppp0'], ['192.168.20.200 ppp0'], ['ppp0']]);
    for (const one of [first, second]) one.hangUp();
    for (const net of [over, anew]) {
      net.world.run(2000);
      assert.equal([inUse(net.b), dynamics(net.b)], [[], []]);
    }
  });

  test(`${name}: behind a LAC with a wrong password is refused under the identifier of its proof, and put out`, () => {
    const net = router(server(EITHER));
    const one = new LacCaller(net, variant, { link: ANY_METHOD, password: 'Secret' });
    net.world.run(20_000, () => one.ended !== undefined);
    assert.is.not(one.player.refusedText, undefined);
    assert.match(log(net.b), /Wrong password for user bob/);
    net.world.run(MINUTE);
    assert.equal([inUse(net.b), dynamics(net.b)], [[], []]);
    assert.not.match(log(net.b), /Secret/);
  });
}

const [LINUX] = clients().filter(({ name }) => name.startsWith('networkmanager')).map(({ variant }) => variant);
if (LINUX === undefined) throw new Error('no Linux client');

for (const [what, template, link, why] of [
  ['PAP at the LAC, CHAP at the router', 'AUTHENTICATION=CHAP BAP=OFF LQR=OFF', { demand: ['PAP'] }, /it asked for PAP, which AUTHENTICATION does not permit/],
  ['nothing at the LAC, PAP at the router', 'AUTHENTICATION=PAP BAP=OFF LQR=OFF', {}, /it asked for no authentication/],
  ['CHAP at the LAC, MS-CHAPv2 at the router', 'AUTHENTICATION=MSCHAPV2 BAP=OFF LQR=OFF', { demand: ['CHAP-MD5'] }, /it asked for CHAP-MD5/],
  ['PAP at the LAC, nothing at the router', 'AUTHENTICATION=NONE BAP=OFF LQR=OFF', { demand: ['PAP'] }, /it asked for PAP/],
  ['an MRU at the LAC that does not fit', EITHER, { ...ANY_METHOD, mtu: 1492 }, /its MRU of 1492 does not fit 1460/],
  ['a smaller MTU at the router', `${EITHER} MTU=1300`, ANY_METHOD, /its MRU of 1460 does not fit 1300/],
] as const)
  test(`${what}: LCP begins anew with the caller, who comes up all the same`, () => {
    const net = router(server(template));
    const one = new LacCaller(net, LINUX, { link });
    assert.ok(one.comesUp(), `${one.ended} ${log(net.b)}`);
    assert.match(log(net.b), ANEW);
    assert.match(log(net.b), why);
    assert.is(formatIpv4(one.player.address), '192.168.20.200');
  });

test('a caller of a LAC is challenged again as any other, with an identifier of the router', () => {
  const net = router(server('AUTHENTICATION=CHAP BAP=OFF LQR=OFF RECHALLENGE=360'));
  const one = new LacCaller(net, LINUX, { link: { demand: ['CHAP-MD5'] } });
  assert.ok(one.comesUp());
  net.world.run(6 * MINUTE + 5000);
  assert.equal([one.player.heard.filter((word) => word === 'c223 1').length, one.player.terminated], [2, undefined]);
  assert.is(inUse(net.b).length, 1);
});

test('a caller of a LAC that goes silent is found by ECHO though LCP was never begun with him here', () => {
  const net = router(server(`${EITHER} ECHO=5`));
  const one = new LacCaller(net, LINUX, { link: ANY_METHOD });
  assert.ok(one.comesUp());
  net.world.run(MINUTE);
  assert.equal([inUse(net.b).length, one.player.lcpOpened], [1, 1], 'answers keep him');
  one.die();
  net.world.run(MINUTE);
  assert.equal([inUse(net.b), dynamics(net.b)], [[], []]);
  assert.match(log(net.b), /left 5 LCP echo requests unanswered/);
});

test.run();
