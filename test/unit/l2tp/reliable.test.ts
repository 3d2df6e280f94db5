import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NEVER } from '../../../firmware/bytes/time.ts';
import type { GiveUp } from '../../../firmware/l2tp/giveup.ts';
import type { Limits } from '../../../firmware/l2tp/limits.ts';
import { type Outgoing, Reliable } from '../../../firmware/l2tp/reliable.ts';

const test = suite('L2TP reliable delivery');
const NOTHING = new Uint8Array(0);
const body = (value: number, size = 1): Uint8Array => new Uint8Array(size).fill(value);

interface Packet {
  readonly at: number;
  readonly name: string;
  readonly ns: number;
  readonly nr: number;
}

/** A transport, what it sent, what it delivered. */
class Bench {
  now = 0;
  data = Number.NEGATIVE_INFINITY;
  readonly packets: Packet[] = [];
  readonly delivered: number[] = [];
  readonly sessions: number[] = [];
  record: GiveUp | undefined;
  onDeliver: () => void = () => undefined;
  readonly reliable: Reliable;

  constructor(limits: Partial<Limits> = {}) {
    this.reliable = new Reliable(
      {
        transmit: (message, ns, nr) => {
          this.packets.push({ at: this.now, name: message?.name ?? 'ZLB', ns, nr });
          return 12 + (message?.body.length ?? 0);
        },
        deliver: (session, octets) => {
          this.delivered.push(octets[0] ?? -1);
          this.sessions.push(session);
          this.onDeliver();
        },
        failed: (record) => {
          this.record = record;
        },
        lastData: () => this.data,
      },
      limits,
    );
  }

  send(name: string, size = 1): boolean {
    const message: Outgoing = { name, sessionId: 0, body: body(0, size) };
    return this.reliable.send(message, this.now);
  }

  receive(ns: number, nr: number, octets: Uint8Array = body(ns & 255)): string {
    return this.reliable.receive(ns & 0xffff, nr & 0xffff, 9, octets, this.now);
  }

  run(span: number): void {
    const end = this.now + span;
    for (let due = this.reliable.deadline(); due <= end; due = this.reliable.deadline()) {
      this.now = Math.max(this.now, due);
      this.reliable.tick(this.now);
    }
    this.now = end;
  }

  take(): Packet[] {
    return this.packets.splice(0);
  }
}
const show = (packets: readonly Packet[]): string[] => packets.map((packet) => `${packet.name} ns ${packet.ns} nr ${packet.nr}`);

test('numbers start at 0 and grow by one for each message', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 1);
  bench.send('B');
  assert.equal(show(bench.take()), ['A ns 0 nr 0', 'B ns 1 nr 1']);
});

test('a message not acknowledged is sent again after 1, 2, 4, 8, 8 seconds and given up 8 later, 31 seconds in all', () => {
  const bench = new Bench();
  bench.send('SCCRQ');
  bench.run(30_999);
  assert.equal(bench.take().map((packet) => packet.at), [0, 1000, 3000, 7000, 15_000, 23_000]);
  assert.is(bench.record, undefined);
  bench.run(1);
  assert.equal(bench.record, { message: 'SCCRQ', sends: 6, firstSent: 0, gaveUp: 31_000, lastHeard: undefined, instead: undefined });
  assert.is(bench.reliable.deadline(), NEVER);
});

test('the number of retransmissions and their longest interval can be set', () => {
  const bench = new Bench({ retransmissions: 7, longestTimeout: 20_000 });
  bench.send('A');
  bench.run(200_000);
  assert.equal(bench.take().map((packet) => packet.at), [0, 1000, 3000, 7000, 15_000, 31_000, 51_000, 71_000]);
  assert.is(bench.record?.gaveUp, 91_000);
});

test('a retransmission keeps Ns and carries the present Nr', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 0);
  bench.receive(1, 0);
  bench.run(1000);
  assert.equal(show(bench.take().filter((packet) => packet.name === 'A')), ['A ns 0 nr 0', 'A ns 0 nr 2']);
});

test('an acknowledgement stops retransmission and resets the interval', () => {
  const bench = new Bench();
  bench.send('A');
  bench.run(1500);
  bench.receive(0, 1, NOTHING);
  assert.is(bench.reliable.deadline(), NEVER);
  bench.take();
  bench.send('B');
  bench.run(999);
  assert.is(bench.take().length, 1);
  bench.run(1);
  assert.is(bench.take().length, 1);
});

test('a message is acknowledged by one that goes out, else by a ZLB after 20 ms', () => {
  const bench = new Bench();
  bench.receive(0, 0);
  bench.run(10);
  bench.send('A');
  bench.run(500);
  assert.equal(show(bench.take()), ['A ns 0 nr 1']);
  bench.receive(1, 1);
  bench.run(19);
  assert.equal(bench.take(), []);
  bench.run(1);
  assert.equal(show(bench.take()), ['ZLB ns 1 nr 2']);
});

test('several messages in order are acknowledged by one ZLB', () => {
  const bench = new Bench();
  for (let ns = 0; ns < 4; ns++) bench.receive(ns, 0);
  bench.run(100);
  assert.equal(show(bench.take()), ['ZLB ns 0 nr 4']);
});

test('a ZLB takes no number, is not delivered and is never acknowledged', () => {
  const bench = new Bench();
  for (let i = 0; i < 1000; i++) assert.is(bench.receive(0, 0, NOTHING), 'acknowledgement');
  bench.run(100_000);
  assert.equal([bench.take(), bench.delivered, bench.reliable.nextReceived], [[], [], 0]);
});

test('a duplicate is acknowledged at once and not delivered again', () => {
  const bench = new Bench();
  bench.receive(0, 0);
  bench.run(100);
  bench.take();
  assert.is(bench.receive(0, 0), 'duplicate');
  assert.equal(show(bench.take()), ['ZLB ns 0 nr 1']);
  assert.equal(bench.delivered, [0]);
});

test('a number up to 32768 back is a duplicate, beyond it is ahead', () => {
  const bench = new Bench();
  for (let ns = 0; ns < 16; ns++) bench.receive(ns, 0);
  assert.is(bench.receive(15, 0), 'duplicate');
  assert.is(bench.receive(0, 0), 'duplicate');
  assert.is(bench.receive(32784, 0), 'duplicate');
  assert.is(bench.receive(65535, 0), 'duplicate');
  assert.is(bench.receive(32783, 0), 'outside');
});

test('a message ahead of order is kept and delivered when the missing one came', () => {
  const bench = new Bench();
  assert.is(bench.receive(2, 0), 'held');
  assert.is(bench.receive(1, 0), 'held');
  assert.is(bench.receive(2, 0), 'duplicate');
  assert.equal(bench.delivered, []);
  assert.is(bench.receive(0, 0), 'delivered');
  assert.equal([bench.delivered, bench.sessions, bench.reliable.nextReceived], [[0, 1, 2], [9, 9, 9], 3]);
});

test('a kept message is a copy of what came', () => {
  const bench = new Bench();
  const buffer = body(1);
  bench.receive(1, 0, buffer);
  buffer.fill(0xee);
  bench.receive(0, 0);
  assert.equal(bench.delivered, [0, 1]);
});

test('a message far ahead of the window is dropped and costs nothing', () => {
  const bench = new Bench();
  assert.is(bench.receive(33, 0), 'outside');
  assert.is(bench.receive(32767, 0), 'outside');
  assert.equal([bench.delivered, bench.reliable.counters.orderDiscarded], [[], 2]);
});

test('what is kept out of order is bounded in messages and octets', () => {
  const bench = new Bench({ heldMessages: 3, heldBytes: 100 });
  assert.is(bench.receive(1, 0, body(1, 60)), 'held');
  assert.is(bench.receive(2, 0, body(2, 60)), 'outside');
  assert.is(bench.receive(2, 0, body(2, 40)), 'held');
  assert.is(bench.receive(3, 0, body(3, 1)), 'outside');
  assert.is(bench.receive(4, 0, body(4, 0)), 'acknowledgement');
  assert.is(bench.receive(0, 0), 'delivered');
  assert.equal(bench.delivered, [0, 1, 2]);
});

test('what waits to be sent is bounded in messages and octets', () => {
  const bench = new Bench({ queueMessages: 3, queueBytes: 100 });
  assert.ok(bench.send('A', 60));
  assert.not(bench.send('B', 60));
  assert.ok(bench.send('B', 20));
  assert.ok(bench.send('C', 20));
  assert.not(bench.send('D', 0));
  bench.receive(0, 1, NOTHING);
  assert.ok(bench.send('D', 60));
});

test('numbers wrap from 65535 to 0 both ways', () => {
  const bench = new Bench();
  for (let i = 0; i < 65_540; i++) {
    bench.send('A');
    bench.receive(i, i + 1);
  }
  assert.equal([bench.reliable.nextSent, bench.reliable.nextReceived, bench.delivered.length, bench.reliable.unacknowledged], [4, 4, 65_540, 0]);
  assert.is(bench.receive(65_535, 4), 'duplicate');
  assert.is(bench.receive(5, 4), 'held');
  assert.is(bench.receive(4, 4), 'delivered');
  assert.is(bench.reliable.nextReceived, 6);
});

test('a message that acknowledges what was never sent is dropped whole', () => {
  const bench = new Bench();
  bench.send('A');
  assert.is(bench.receive(0, 2), 'nr ahead');
  assert.is(bench.receive(0, 32_000), 'nr ahead');
  assert.equal([bench.delivered, bench.reliable.unacknowledged, bench.reliable.counters.nrAhead], [[], 1, 2]);
});

test('an old Nr is no news, its message is delivered', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 1);
  bench.send('B');
  bench.receive(1, 2);
  bench.send('C');
  assert.is(bench.receive(2, 0), 'delivered');
  assert.is(bench.reliable.unacknowledged, 1);
});

test('no more is on its way than the congestion window: it starts at one, grows by one per acknowledgement to the peer\'s window', () => {
  const bench = new Bench();
  for (let i = 0; i < 20; i++) bench.send('A');
  const sizes = [bench.take().length];
  let acknowledged = 0;
  for (let round = 0; round < 5; round++) {
    const flight = bench.reliable.nextSent;
    while (acknowledged < flight) bench.receive(0, ++acknowledged, NOTHING);
    sizes.push(bench.take().length);
  }
  assert.equal(sizes, [1, 2, 4, 4, 4, 4]);
});

test('a peer with window 1 gets one message at a time', () => {
  const bench = new Bench();
  bench.reliable.announced(1);
  for (let i = 0; i < 5; i++) bench.send('A');
  for (let nr = 1; nr <= 5; nr++) {
    assert.is(bench.take().length, 1);
    bench.receive(0, nr, NOTHING);
  }
});

test('a large window of the peer is used up to congestion, then grows by one per round', () => {
  const bench = new Bench();
  bench.reliable.announced(100);
  for (let i = 0; i < 400; i++) bench.send('A');
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const flight = bench.reliable.nextSent;
    while (acknowledged < flight) bench.receive(0, ++acknowledged, NOTHING);
  }
  assert.is(bench.reliable.window, 16);
  bench.run(1000);
  assert.is(bench.reliable.window, 1);
  bench.take();
  for (let round = 0; round < 3; round++) {
    const flight = bench.reliable.nextSent;
    while (acknowledged < flight) bench.receive(0, ++acknowledged, NOTHING);
  }
  assert.ok(bench.reliable.window >= 8 && bench.reliable.window <= 11, `${bench.reliable.window}`);
});

test('after a time-out one message is sent again, the others as acknowledgements come', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 1, NOTHING);
  bench.send('B');
  bench.send('C');
  bench.take();
  bench.run(1000);
  assert.equal(show(bench.take()), ['B ns 1 nr 0']);
  bench.receive(0, 2, NOTHING);
  assert.equal(show(bench.take()), ['C ns 2 nr 0']);
  bench.receive(0, 3, NOTHING);
  assert.is(bench.reliable.deadline(), NEVER);
});

test('one Nr that acknowledges all ends all retransmission', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 1, NOTHING);
  bench.send('B');
  bench.send('C');
  bench.run(1000);
  bench.receive(0, 3, NOTHING);
  assert.equal([bench.reliable.unacknowledged, bench.reliable.deadline()], [0, NEVER]);
});

test('a message that an answer to it provokes carries the acknowledgement', () => {
  const bench = new Bench();
  bench.onDeliver = () => void bench.send('B');
  bench.send('A');
  bench.receive(0, 1);
  bench.run(100);
  assert.equal(show(bench.take()), ['A ns 0 nr 0', 'B ns 1 nr 1']);
});

test('the round trip is smoothed, and only over messages sent once', () => {
  const bench = new Bench();
  bench.send('A');
  bench.run(100);
  bench.receive(0, 1, NOTHING);
  assert.is(bench.reliable.roundTrip, 100);
  bench.send('B');
  bench.run(180);
  bench.receive(0, 2, NOTHING);
  assert.is(bench.reliable.roundTrip, 110);
  bench.send('C');
  bench.run(2500);
  bench.receive(0, 3, NOTHING);
  assert.is(bench.reliable.roundTrip, 110);
});

test('on a slow path the time-out adapts above a second, and never beyond the longest', () => {
  const bench = new Bench();
  bench.send('A');
  bench.run(900);
  bench.receive(0, 1, NOTHING);
  assert.is(bench.reliable.adaptiveTimeout, 2700);
  const fast = new Bench();
  fast.send('A');
  fast.receive(0, 1, NOTHING);
  assert.is(fast.reliable.adaptiveTimeout, 1000);
  const slow = new Bench({ longestTimeout: 8000 });
  slow.reliable.receive(0, 0, 0, NOTHING, 0);
  assert.ok(slow.reliable.adaptiveTimeout <= 8000);
});

test('counters tell with data, without, in order, out of order, discarded and sent again', () => {
  const bench = new Bench();
  bench.send('A');
  bench.run(1000);
  bench.receive(0, 1);
  bench.receive(2, 1);
  bench.receive(1, 1);
  bench.receive(1, 1);
  bench.receive(90, 1);
  bench.receive(0, 1, NOTHING);
  bench.run(100);
  assert.equal(bench.reliable.counters, {
    inPackets: 6, inWithData: 5, inNoData: 1, processed: 4, inOrder: 2, outOfOrder: 1, orderDiscarded: 2, nrAhead: 0,
    outPackets: 4, outWithData: 2, outNoData: 2, flowControlTimeouts: 1,
  });
  assert.equal([bench.reliable.lastAcked, bench.reliable.nextSent, bench.reliable.nextReceived], [2, 1, 3]);
});

test('Last Acked is 0 before anything came', () => {
  const bench = new Bench();
  bench.send('A');
  assert.is(bench.reliable.lastAcked, 0);
});

test('what is sent to an unproven address stays within three times what came, until it acknowledges', () => {
  const bench = new Bench({ unprovenGain: 3 });
  bench.receive(0, 0, body(0, 41));
  bench.send('SCCRP', 100);
  bench.run(31_000);
  const sent = bench.take().map((packet) => (packet.name === 'ZLB' ? 12 : 112)).reduce((sum, size) => sum + size, 0);
  assert.ok(sent <= 3 * 53, `${sent} octets for 53`);
  assert.is(bench.record?.sends, 6);
  const proven = new Bench({ unprovenGain: 3 });
  proven.receive(0, 0, body(0, 41));
  proven.send('SCCRP', 100);
  proven.receive(1, 1, body(1));
  assert.ok(proven.reliable.proven);
  proven.send('NEXT', 100);
  proven.run(5000);
  assert.is(proven.take().filter((packet) => packet.name === 'NEXT').length, 3);
});

test('every SCCRQ that comes again lets a retransmission go', () => {
  const bench = new Bench({ unprovenGain: 3 });
  bench.receive(0, 0, body(0, 41));
  bench.send('SCCRP', 100);
  bench.run(900);
  bench.receive(0, 0, body(0, 41));
  bench.run(31_000);
  assert.is(bench.take().filter((packet) => packet.name === 'SCCRP').length, 2);
});

test('a HELLO is forgiven while data comes, and given up when all is silent', () => {
  const bench = new Bench();
  bench.send('HELLO');
  for (let second = 0; second < 120; second++) {
    bench.data = bench.now;
    bench.run(1000);
  }
  assert.is(bench.record, undefined);
  bench.run(60_000);
  assert.is(bench.record?.message, 'HELLO');
});

test('other messages are not forgiven for data', () => {
  const bench = new Bench();
  bench.send('ICRQ');
  for (let second = 0; second < 40; second++) {
    bench.data = bench.now;
    bench.run(1000);
  }
  assert.is(bench.record?.message, 'ICRQ');
});

test('a peer that is heard but does not acknowledge gets three times the retransmissions, and no more', () => {
  const bench = new Bench();
  bench.send('ICRQ');
  for (let second = 0; second < 200; second++) {
    bench.receive(0, 0, NOTHING);
    bench.run(1000);
  }
  assert.is(bench.record?.sends, 16);
});

test('a message behind a HELLO that nobody acknowledges still leaves', () => {
  const bench = new Bench();
  bench.send('HELLO');
  bench.run(3000);
  bench.take();
  bench.send('CDN');
  bench.run(5000);
  assert.ok(bench.take().some((packet) => packet.name === 'CDN'));
});

test('messages never sent can be dropped so that a StopCCN comes next', () => {
  const bench = new Bench();
  for (const name of ['A', 'B', 'C']) bench.send(name);
  bench.reliable.dropUnsent();
  bench.send('StopCCN');
  bench.receive(0, 1, NOTHING);
  assert.equal(show(bench.take()), ['A ns 0 nr 0', 'StopCCN ns 1 nr 0']);
});

test('tick is idempotent and does nothing before its time', () => {
  const bench = new Bench();
  bench.send('A');
  bench.receive(0, 0);
  bench.take();
  bench.now = 10;
  for (let i = 0; i < 3; i++) bench.reliable.tick(10);
  assert.equal(bench.take(), []);
  bench.now = 1000;
  for (let i = 0; i < 3; i++) bench.reliable.tick(1000);
  assert.equal(show(bench.take()), ['A ns 0 nr 1']);
});

test('after giving up nothing is sent, taken or delivered', () => {
  const bench = new Bench();
  bench.send('A');
  bench.run(31_000);
  bench.take();
  assert.not(bench.send('B'));
  bench.receive(0, 1);
  bench.run(100_000);
  assert.equal([bench.take(), bench.delivered], [[], []]);
});

test('the examples of RFC 2661 appendix B run as printed', () => {
  const lns = new Bench();
  // B.1: SCCRQ, SCCRP, SCCCN, ZLB.
  lns.onDeliver = () => (lns.delivered.length === 1 ? void lns.send('SCCRP') : undefined);
  lns.receive(0, 0);
  lns.receive(1, 1);
  lns.run(20);
  assert.equal(show(lns.take()), ['SCCRP ns 0 nr 1', 'ZLB ns 1 nr 2']);
  // B.2: ICRP is lost, the ICRQ comes again.
  lns.onDeliver = () => (lns.delivered.length === 3 ? void lns.send('ICRP') : undefined);
  lns.receive(2, 1);
  lns.run(900);
  lns.receive(2, 1);
  lns.run(100);
  lns.receive(3, 2);
  lns.run(20);
  assert.equal(show(lns.take()), ['ICRP ns 1 nr 3', 'ZLB ns 2 nr 3', 'ICRP ns 1 nr 3', 'ZLB ns 2 nr 4']);
});

test.run();
