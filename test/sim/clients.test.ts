// Dial-in clients of today, played from their lists: at a bare PPP link with name servers to give, and at a whole router by its template.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import { TimerQueue } from '../../firmware/bytes/time.ts';
import { address, End, seeded, type EndSettings } from '../unit/ppp/wire.ts';
import { Client, router, server } from './clients.rig.ts';
import { clients, Player, type ClientVariant, type Method } from './clients.player.ts';
import { log, show } from './calls.rig.ts';
import { dynamics, hostRoutes, inUse } from './remote.rig.ts';

/** A client and a link of ours, in virtual time. */
class Dialogue {
  readonly end: End;
  readonly player: Player;
  readonly #timers = new TimerQueue();
  #now = 0;

  constructor(variant: ClientVariant, settings: EndSettings, loss = 0, seed = 1) {
    const random = seeded(seed);
    const carry = (to: (frame: Uint8Array, now: number) => void) => (frame: Uint8Array): void => {
      if (random.next() >= loss) this.#timers.set(this.#now + 10, (now) => to(frame.slice(), now));
    };
    this.end = new End({ users: { bob: 'secret' }, ...settings }, seeded(seed + 1), this.#timers, carry((frame, now) => this.player.frame(frame, now)));
    this.player = new Player(variant, { name: 'bob', password: 'secret' }, { send: carry((frame, now) => this.end.link.frame(frame, now)) });
    this.end.link.start(0);
    this.player.start(0);
  }

  run(span: number, until: () => boolean = () => false): boolean {
    const stop = this.#now + span;
    while (!until()) {
      const next = Math.min(this.#timers.deadline(), this.end.link.deadline(), this.player.deadline());
      if (next > stop) return until();
      this.#now = Math.max(this.#now, next);
      this.#timers.run(this.#now);
      this.end.link.tick(this.#now);
      this.player.tick(this.#now);
    }
    return true;
  }
}

const EITHER = { demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'] } as const;
const DNS = [address('192.168.20.53'), address('192.168.20.54')];
const given = (dns = DNS): EndSettings => ({ ...EITHER, ip: { local: address('192.168.20.1'), remote: address('192.168.20.200'), remoteMode: 'must', dns } });

for (const { name, basis, variant } of clients()) {
  test(`${name}: its list says whether it was written from documents and sources or from a real call`, () => {
    assert.match(basis, /Not a capture|logged it with `debug` in a call to this router/);
  });

  test(`${name}: comes up with address and name servers, and what we do not know is refused as it should be`, () => {
    const { end, player, run } = bound(new Dialogue(variant, given()));
    assert.ok(run(30_000, () => player.ready && end.up !== undefined), player.heard.join());
    assert.equal([formatIpv4(player.address), player.dns.map(formatIpv4)], ['192.168.20.200', DNS.map(formatIpv4)]);
    assert.equal(player.rejected(0xc021), variant.rejected, 'LCP options rejected, in one Reject and nothing else');
    for (const { protocol, rejected = [], outcome } of variant.network) {
      const number = Number.parseInt(protocol, 16);
      assert.is(player.outcome(number), outcome, protocol);
      if (outcome === 'opened') assert.equal(player.rejected(number), rejected, protocol);
    }
    assert.equal([player.lcpOpened, player.terminated, player.trouble], [1, undefined, []]);
    const mru = variant.lcp.find((option) => option.startsWith('0104'));
    assert.is(end.mtu, mru === undefined ? 1460 : Math.min(1460, Number.parseInt(mru.slice(4), 16)));
    assert.is(end.ipv6, variant.network.some(({ protocol }) => protocol === '8057'));
    run(600_000);
    assert.equal([player.lcpOpened, player.terminated, end.ended, end.up?.remote], [1, undefined, undefined, address('192.168.20.200')], 'and stays');
  });

  test(`${name}: with one name server to give it has one, with none it comes up without`, () => {
    for (const dns of [DNS.slice(0, 1), []]) {
      const { end, player, run } = bound(new Dialogue(variant, given(dns)));
      assert.ok(run(30_000, () => player.ready && end.up !== undefined));
      assert.equal(player.dns.map(formatIpv4), dns.map(formatIpv4));
    }
  });

  test(`${name}: comes up on lines that lose a fifth of the packets`, () => {
    for (let seed = 1; seed <= 25; seed++) {
      const { end, player, run } = bound(new Dialogue(variant, { ...given(), quality: seed % 2 === 0 ? 6000 : 0 }, 0.2, seed));
      assert.ok(run(300_000, () => player.ready && end.up !== undefined), `seed ${seed}: ${end.ended} ${player.trouble.join()}`);
      assert.equal([formatIpv4(player.address), player.dns.map(formatIpv4)], ['192.168.20.200', DNS.map(formatIpv4)], `seed ${seed}`);
    }
  });

  for (const method of variant.methods) {
    test(`${name}: proves itself by ${method} at a whole router, and its traffic flows both ways up to its MTU`, () => {
      const authentication: Record<Method, string> = { MSCHAPv2: 'MSCHAPV2', 'CHAP-MD5': 'CHAP', PAP: 'PAP' };
      const net = router(server(`AUTHENTICATION=${authentication[method]} BAP=OFF`));
      const client = new Client(net, { ...variant, methods: [method] });
      assert.ok(client.comesUp(), `${client.ended} ${client.player.heard.join()} ${log(net.b)}`);
      assert.is(formatIpv4(client.player.address), '192.168.20.200');
      assert.equal([client.player.lcpOpened, client.player.terminated, client.player.trouble], [1, undefined, []]);
      net.world.run(1000);
      assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b)], [['192.168.20.200 ppp0'], ['192.168.20.200 ppp0'], ['ppp0']]);
      assert.is(client.pings('192.168.20.2'), 4, 'a host behind the router');
      assert.is(client.pings('192.168.20.1'), 4, 'the router itself');
      assert.ok(client.mtu <= 1460);
      assert.is(client.pings('192.168.20.2', client.mtu), 4, `packets of ${client.mtu} octets`);
      client.hangUp();
      net.world.run(2000);
      assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b)], [[], [], []]);
    });
  }

  test(`${name}: is told the name servers of the router, two, one or none`, () => {
    for (const [more, told] of [['ADD IP DNS PRIMARY=192.168.20.53 SECONDARY=192.168.20.54', ['192.168.20.53', '192.168.20.54']], ['ADD IP DNS PRIMARY=192.168.20.53', ['192.168.20.53']], ['', []]] as const) {
      const net = router(server(undefined, more));
      const client = new Client(net, variant);
      assert.ok(client.comesUp(), more);
      assert.equal(client.player.dns.map(formatIpv4), told, more);
    }
  });

  test(`${name}: gets its own address though it asks for another caller's, the router's or none that can be`, () => {
    const net = router();
    const first = new Client(net, variant);
    assert.ok(first.comesUp());
    let number = 0;
    for (const wish of ['c0a814c8', 'c0a81401', '7f000001', 'ffffffff', '00000001', 'e0000001']) {
      const asks = { ...variant, network: variant.network.map((one) => ({ ...one, request: one.request.map((each) => (one.protocol === '8021' && each.startsWith('0306') ? `0306${wish}` : each)) })) };
      const second = new Client(net, asks, { number: ++number });
      assert.ok(second.comesUp(), wish);
      assert.is(formatIpv4(second.player.address), '192.168.20.201', wish);
      assert.is(first.pings('192.168.20.2'), 4, 'the first is untouched');
      second.hangUp();
      net.world.run(2000);
    }
  });

  test(`${name}: comes up at a whole router over a line that loses frames, again and again`, () => {
    const net = router(server('AUTHENTICATION=EITHER'), 3);
    for (let round = 0; round < 4; round++) {
      const client = new Client(net, variant, { loss: 0.1, number: round });
      assert.ok(client.comesUp(200_000), `round ${round}: ${client.ended} ${client.player.trouble.join()}`);
      assert.is(formatIpv4(client.player.address), '192.168.20.200');
      client.hangUp();
      net.world.run(5000);
      assert.equal(inUse(net.b), [], 'given back');
    }
  });

  test(`${name}: with a wrong password it is told so and put out, and nothing stays`, () => {
    const net = router();
    const client = new Client(net, variant, { password: 'Secret' });
    net.world.run(20_000, () => client.ended !== undefined);
    assert.is.not(client.player.refusedText, undefined);
    if (client.player.refusedText?.startsWith('E=') === true) assert.match(client.player.refusedText, /^E=691 R=0 C=[0-9A-F]{32} V=3 M=/);
    assert.is(client.player.address, 0);
    assert.is.not(client.player.terminated, undefined, 'LCP closes');
    net.world.run(20_000);
    assert.equal([inUse(net.b), dynamics(net.b)], [[], []]);
    assert.match(log(net.b), /Wrong password for user bob/);
    assert.not.match(show(net.b, 'SHOW LOG'), /Secret/);
  });
}

/** The parts of a dialogue as a test uses them. */
function bound(dialogue: Dialogue): { end: End; player: Player; run: Dialogue['run'] } {
  return { end: dialogue.end, player: dialogue.player, run: (span, until) => dialogue.run(span, until) };
}

test.run();
