// The router's DNS client with name servers in memory: whom it asks, whom it believes, how long it remembers, and when it gives up.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ipv4, formatIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Millis } from '../../../firmware/bytes/time.ts';
import { Dns, type NameAnswer } from '../../../firmware/ip/dns.ts';
import { ip4 } from './fakehost.ts';
import { VirtualClock } from './rig.ts';
import { type Reply, answerTo, askedName } from './nameserver.ts';

const test = suite('dns');

interface Sent {
  readonly to: string;
  readonly name: string;
  readonly question: Uint8Array;
  readonly at: Millis;
  /** A datagram to the socket that asked. */
  answer(from: string, data: Uint8Array, port?: number): void;
}

const FIRST = '192.0.2.53';
const SECOND = '192.0.2.54';

class Rig {
  readonly clock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly logged: string[] = [];
  readonly answers: NameAnswer[] = [];
  readonly hostNames = new Map<string, readonly Ipv4[]>();
  open = 0;
  most = 0;
  socketFails = false;
  own = '0.0.0.0';
  /** What each server says to each question at once; undefined = nothing. */
  serve: (server: string, name: string) => Reply | undefined = () => undefined;
  #octet = 0;
  readonly dns = new Dns({
    clock: this.clock,
    random: { bytes: (count) => Uint8Array.from({ length: count }, () => (this.#octet = (this.#octet * 73 + 41) & 255)) },
    sockets: {
      open: ({ received, failed }) => {
        this.open++;
        this.most = Math.max(this.most, this.open);
        let closed = false;
        if (this.socketFails) this.clock.at(this.clock.now(), () => failed('no socket is free'));
        return {
          send: (to, port, data) => {
            assert.is(port, 53);
            const question = data.slice();
            const from = formatIpv4(to);
            const name = askedName(question);
            const answer: Sent['answer'] = (sender, reply, senderPort = 53) => {
              if (!closed) received(ip4(sender), senderPort, reply, this.clock.now());
            };
            this.sent.push({ to: from, name, question, at: this.clock.now(), answer });
            const reply = this.serve(from, name);
            if (reply !== undefined) this.clock.at(this.clock.now() + 5, () => answer(from, answerTo(question, reply)));
          },
          close: () => {
            closed = true;
            this.open--;
          },
        };
      },
    },
    resolver: { resolve: (name, done) => void this.clock.at(this.clock.now() + 1, (now) => done(this.hostNames.get(name) ?? { refused: `${name} has no address` }, now)) },
    log: { add: ({ text }) => this.logged.push(text) },
    localAddress: () => ip4(this.own),
  });

  servers(primary: string, secondary = '0.0.0.0', domain = 'ANY'): this {
    this.dns.putEntry({ domain, primary: ip4(primary), secondary: ip4(secondary), interface: '' });
    return this;
  }

  /** Starts a question; the answer is in `answers` when it has come. */
  ask(name: string): this {
    let within = true;
    this.dns.resolve(name, (answer) => {
      assert.not.ok(within, 'never called inside the call');
      this.answers.push(answer);
    });
    within = false;
    return this;
  }

  /** Asks and lets time pass until the answer; in words. */
  lookup(name: string, within = 30_000): string {
    this.answers.length = 0;
    this.ask(name);
    const end = this.clock.now() + within;
    while (this.answers.length === 0 && this.clock.now() < end) this.clock.run(this.clock.now() + 100);
    return text(this.answers[0]);
  }
}

const text = (answer: NameAnswer | undefined): string => {
  if (answer === undefined) return '(no answer)';
  return 'refused' in answer ? answer.refused : `${answer.addresses.map(formatIpv4).join(' ')} for ${Math.round(answer.life / 1000)} s`;
};
const ONE: Reply = { answers: [['lns.example', 'A', '198.51.100.1', 300]] };

test('A name is asked for at the primary server, and its addresses are kept for their TTL', () => {
  const r = new Rig().servers(FIRST, SECOND);
  r.serve = () => ONE;
  assert.is(r.lookup('LNS.example'), '198.51.100.1 for 300 s');
  assert.equal(r.sent.map(({ to, name }) => [to, name]), [[FIRST, 'lns.example']]);
  r.clock.run(100_000);
  assert.is(r.lookup('lns.example.'), '198.51.100.1 for 200 s');
  assert.is(r.sent.length, 1);
  r.clock.run(302_000);
  assert.is(r.lookup('lns.example'), '198.51.100.1 for 300 s');
  assert.is(r.sent.length, 2);
  assert.is(r.open, 0);
});

test('A TTL of 0 holds for 5 seconds, one of years for a day', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => ({ answers: [[name, 'A', '198.51.100.1', name.startsWith('a') ? 0 : 0x7fffffff]] });
  assert.is(r.lookup('a.example'), '198.51.100.1 for 5 s');
  assert.is(r.lookup('b.example'), '198.51.100.1 for 86400 s');
});

test('A silent server is followed by the other one after 2 seconds, in turn; after 10 seconds the question ends and says whom it asked', () => {
  const r = new Rig().servers(FIRST, SECOND);
  assert.is(r.lookup('lns.example'), `the name servers ${FIRST}, ${SECOND} gave no answer for lns.example`);
  assert.equal(r.sent.map(({ to, at }) => [to, at]), [[FIRST, 0], [SECOND, 2000], [FIRST, 4000], [SECOND, 6000], [FIRST, 8000]]);
  assert.equal(r.logged, [`DNS: the name servers ${FIRST}, ${SECOND} gave no answer for lns.example`]);
  assert.equal([r.open, r.clock.waiting], [0, 0]);
});

test('An answer that comes late from the server asked first is taken', () => {
  const r = new Rig().servers(FIRST, SECOND).ask('lns.example');
  r.clock.run(2500);
  const [first] = r.sent;
  first?.answer(FIRST, answerTo(first.question, ONE));
  assert.is(text(r.answers[0]), '198.51.100.1 for 300 s');
});

test('A server that fails is left out and the other asked at once; where all fail the reasons are told', () => {
  const r = new Rig().servers(FIRST, SECOND);
  r.serve = (server) => (server === FIRST ? { rcode: 2 } : ONE);
  assert.is(r.lookup('lns.example'), '198.51.100.1 for 300 s');
  assert.equal(r.sent.map(({ to, at }) => [to, at]), [[FIRST, 0], [SECOND, 5]]);
  r.dns.cache.clear();
  r.serve = (server) => ({ rcode: server === FIRST ? 2 : 5 });
  assert.is(r.lookup('lns.example'), `the name servers ${FIRST}, ${SECOND} gave no address for lns.example (${FIRST}: it failed; ${SECOND}: it refuses to answer)`);
});

test('Only the server that was asked is believed, from port 53, with the identifier and the question of the query', () => {
  const r = new Rig().servers(FIRST).ask('lns.example');
  const [query] = r.sent;
  if (query === undefined) return assert.unreachable();
  const lie = answerTo(query.question, { answers: [['lns.example', 'A', '203.0.113.66', 300]] });
  const other = lie.slice();
  other[1] = (other[1] ?? 0) ^ 1;
  const wrong = lie.slice();
  wrong[13] = 0x6d;
  query.answer('203.0.113.9', lie);
  query.answer(FIRST, lie, 5353);
  query.answer(FIRST, other);
  query.answer(FIRST, wrong);
  query.answer(FIRST, lie.subarray(0, 30));
  query.answer(FIRST, query.question);
  assert.equal(r.answers, []);
  query.answer(FIRST, answerTo(query.question, ONE));
  assert.is(text(r.answers[0]), '198.51.100.1 for 300 s');
  const { counters } = r.dns;
  assert.equal((['dns-sender', 'dns-id', 'dns-question', 'dns-name', 'dns-query', 'answers'] as const).map((name) => counters.get(name)), [2, 1, 1, 1, 1, 1]);
});

test('Each question has a socket of its own and an identifier of its own, and each server another one', () => {
  const r = new Rig().servers(FIRST, SECOND).ask('a.example').ask('b.example');
  assert.is(r.open, 2);
  r.clock.run(2000);
  const ids = r.sent.map(({ question }) => `${question[0]} ${question[1]}`);
  assert.is(new Set(ids).size, 4);
});

test('Equal questions at a time share one query and all get its answer', () => {
  const r = new Rig().servers(FIRST);
  r.serve = () => ONE;
  for (let i = 0; i < 50; i++) r.ask('lns.example');
  r.clock.run(1000);
  assert.is(r.sent.length, 1);
  assert.equal(new Set(r.answers.map(text)), new Set(['198.51.100.1 for 300 s']));
  assert.is(r.answers.length, 50);
});

test('At most 64 names are asked for at a time; others wait for their turn and are answered', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => ({ answers: [[name, 'A', '198.51.100.1', 60]] });
  for (let i = 0; i < 300; i++) r.ask(`n${i}.example`);
  r.clock.run(1000);
  assert.equal([r.answers.length, r.most, r.open], [300, 64, 0]);
});

test('A flood of names beyond what may wait is refused, not kept', () => {
  const r = new Rig().servers(FIRST);
  for (let i = 0; i < 1200; i++) r.ask(`n${i}.example`);
  r.clock.run(1);
  assert.is(r.answers.length, 1200 - 64 - 1000);
  assert.match(text(r.answers[0]), /^n1064\.example cannot be looked up: too many names/);
});

test('The cache holds 1000 names, the oldest making room', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => ({ answers: [[name, 'A', '198.51.100.1', 3600]] });
  for (let i = 0; i < 1010; i++) {
    r.ask(`n${i}.example`);
    r.clock.run(r.clock.now() + 10);
  }
  assert.is(r.dns.cache.size, 1000);
  assert.is(r.dns.cache.get('n9.example', r.clock.now()), undefined);
  assert.is(r.dns.cache.get('n10.example', r.clock.now())?.name, 'n10.example');
});

test('A name that does not exist is remembered as such, as long as its zone says', () => {
  const r = new Rig().servers(FIRST);
  r.serve = () => ({ rcode: 3, authority: [['example', 'SOA', '40', 900]] });
  assert.is(r.lookup('no.example'), 'There is no host named no.example');
  r.clock.run(30_000);
  assert.is(r.lookup('no.example'), 'There is no host named no.example');
  assert.is(r.sent.length, 1);
  r.clock.run(50_000);
  r.lookup('no.example');
  assert.is(r.sent.length, 2);
});

test('A silent server is asked again at once: silence is not remembered', () => {
  const r = new Rig().servers(FIRST);
  r.lookup('lns.example');
  r.serve = () => ONE;
  assert.is(r.lookup('lns.example'), '198.51.100.1 for 300 s');
});

test('An alias whose target the server does not tell is asked for further, within bounds', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => (name === 'lns.example' ? { answers: [['lns.example', 'CNAME', 'far.example', 20]] } : { answers: [['far.example', 'A', '198.51.100.9', 500]] });
  assert.is(r.lookup('lns.example'), '198.51.100.9 for 20 s');
  let hops = 0;
  r.serve = (_server, name) => ({ answers: [[name, 'CNAME', `h${hops++}.example`, 20]] });
  assert.is(r.lookup('loop.example'), 'loop.example is an alias that leads nowhere');
  assert.ok(hops < 12);
});

test('A truncated answer with addresses is taken; one without fails in words', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => ({ truncated: true, answers: name === 'a.example' ? [['a.example', 'A', '198.51.100.1', 60]] : [] });
  assert.is(r.lookup('a.example'), '198.51.100.1 for 60 s');
  assert.is(r.lookup('b.example'), `the name server ${FIRST} gave no address for b.example (${FIRST}: its answer does not fit into a datagram)`);
});

test('ADD IP HOST goes before name servers; an address written as text stands for itself', () => {
  const r = new Rig().servers(FIRST);
  r.dns.putHost('Branch.example', ip4('192.168.20.1'));
  assert.is(r.lookup('branch.EXAMPLE'), '192.168.20.1 for 86400 s');
  assert.is(r.lookup('10.1.2.3'), '10.1.2.3 for 86400 s');
  assert.is(r.sent.length, 0);
});

test('The most specific domain names the servers', () => {
  const r = new Rig().servers(FIRST).servers(SECOND, '0.0.0.0', 'example').servers('192.0.2.55', '0.0.0.0', 'lab.example');
  for (const name of ['a.lab.example', 'lab.example', 'a.example', 'ample', 'notexample', 'x.org']) r.ask(name);
  assert.equal(r.sent.map(({ to }) => to), ['192.0.2.55', '192.0.2.55', SECOND, FIRST, FIRST, FIRST]);
});

test('Servers of an interface are those learned there; before that the answer says what is missing', () => {
  const r = new Rig();
  r.dns.putEntry({ domain: 'ANY', primary: ip4('0.0.0.0'), secondary: ip4('0.0.0.0'), interface: 'ppp0' });
  assert.is(r.lookup('lns.example'), 'lns.example cannot be looked up: no name server is known yet on ppp0');
  assert.ok(r.dns.wantedFrom('ppp0'));
  assert.not.ok(r.dns.wantedFrom('ppp1'));
  r.dns.learned('ppp1', [ip4(SECOND)]);
  r.dns.learned('ppp0', [ip4('0.0.0.0'), ip4(FIRST), ip4(FIRST)]);
  r.serve = () => ONE;
  assert.is(r.lookup('lns.example'), '198.51.100.1 for 300 s');
  assert.is(r.sent[0]?.to, FIRST);
  r.dns.learned('ppp0', []);
  assert.match(r.lookup('lns.example'), /no name server is known yet on ppp0/);
});

test('Without any server set those learned by DHCP are asked, without any learned the resolver of the board, whose answer is not kept', () => {
  const r = new Rig();
  r.hostNames.set('lns.example', [ip4('198.51.100.7')]);
  assert.is(r.lookup('lns.example'), '198.51.100.7 for 60 s');
  assert.is(r.lookup('no.example'), 'no.example has no address');
  r.dns.learned('eth0', [ip4(FIRST)]);
  r.serve = () => ONE;
  assert.is(r.lookup('lns.example'), '198.51.100.1 for 300 s');
});

test('Other servers make what the earlier ones said forgotten', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (server) => ({ answers: [['lns.example', 'A', server === FIRST ? '198.51.100.1' : '198.51.100.2', 300]] });
  r.lookup('lns.example');
  r.servers(SECOND);
  assert.is(r.lookup('lns.example'), '198.51.100.2 for 300 s');
});

test('Callers are told PRIMARY and SECONDARY of DOMAIN=ANY, and this router itself where it relays', () => {
  const r = new Rig();
  const told = (): string => r.dns.callerDns().map(formatIpv4).join(' ');
  assert.is(told(), '');
  r.servers(SECOND, '0.0.0.0', 'example');
  assert.is(told(), '');
  r.servers(FIRST, SECOND);
  assert.is(told(), `${FIRST} ${SECOND}`);
  r.dns.setRelay(true);
  assert.is(told(), `${FIRST} ${SECOND}`, 'a router without address cannot be asked');
  r.own = '192.168.10.1';
  assert.is(told(), '192.168.10.1');
});

test('A socket that cannot be opened is a refusal with its reason', () => {
  const r = new Rig().servers(FIRST);
  r.socketFails = true;
  assert.is(r.lookup('lns.example'), 'lns.example cannot be looked up: no socket is free');
  assert.is(r.open, 0);
});

test('What cannot be a host name is refused without a question', () => {
  const r = new Rig().servers(FIRST);
  assert.is(r.lookup('a..b'), 'a..b cannot be the name of a host');
  assert.is(r.lookup(`${'a'.repeat(64)}.example`), `${'a'.repeat(64)}.example cannot be the name of a host`);
  assert.is(r.sent.length, 0);
});

test('Closing ends every question without a word, its sockets and alarms', () => {
  const r = new Rig().servers(FIRST);
  for (let i = 0; i < 100; i++) r.ask(`n${i}.example`);
  r.dns.close();
  assert.equal([r.open, r.clock.waiting], [0, 0]);
  r.clock.run(60_000);
  assert.equal(r.answers, []);
});

test('The adapter for rooms that need addresses alone gives them, or why there are none', () => {
  const r = new Rig().servers(FIRST);
  r.serve = (_server, name) => (name === 'lns.example' ? ONE : { rcode: 3 });
  const heard: unknown[] = [];
  r.dns.asResolver().resolve('lns.example', (found) => heard.push(found));
  r.dns.asResolver().resolve('no.example', (found) => heard.push(found));
  r.clock.run(100);
  assert.equal(heard, [[ip4('198.51.100.1')], { refused: 'There is no host named no.example' }]);
});

test.run();
