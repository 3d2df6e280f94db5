// The option negotiation automaton against the state transition table of RFC 1661 4.1, cell by cell.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Automaton, STATES, type Event } from '../../firmware/ppp/automaton.ts';

// As printed, the two halves side by side; p, r and x are the notes.
const TABLE = `
 Up   |    2     irc,scr/6     -         -         -         -    |    -         -         -           -
 Down |    -         -         0       tls/1       0         1    |    1         1         1         tld/1
 Open |  tls/1       1     irc,scr/6     3r        5r        5r   |    6         7         8           9r
 Close|    0       tlf/0       2         2         4         4    |irc,str/4 irc,str/4 irc,str/4 tld,irc,str/4
  TO+ |    -         -         -         -       str/4     str/5  |  scr/6     scr/6     scr/8         -
  TO- |    -         -         -         -       tlf/2     tlf/3  |  tlf/3p    tlf/3p    tlf/3p        -
 RCR+ |    -         -       sta/2 irc,scr,sca/8   4         5    |  sca/8   sca,tlu/9   sca/8   tld,scr,sca/8
 RCR- |    -         -       sta/2 irc,scr,scn/6   4         5    |  scn/6     scn/7     scn/6   tld,scr,scn/6
 RCA  |    -         -       sta/2     sta/3       4         5    |  irc/7     scr/6x  irc,tlu/9   tld,scr/6x
 RCN  |    -         -       sta/2     sta/3       4         5    |irc,scr/6   scr/6x  irc,scr/8   tld,scr/6x
 RTR  |    -         -       sta/2     sta/3     sta/4     sta/5  |  sta/6     sta/6     sta/6   tld,zrc,sta/5
 RTA  |    -         -         2         3       tlf/2     tlf/3  |    6         6         8       tld,scr/6
 RUC  |    -         -       scj/2     scj/3     scj/4     scj/5  |  scj/6     scj/7     scj/8       scj/9
 RXJ+ |    -         -         2         3         4         5    |    6         6         8           9
 RXJ- |    -         -       tlf/2     tlf/3     tlf/2     tlf/3  |  tlf/3     tlf/3     tlf/3   tld,irc,str/5
 RXR  |    -         -         2         3         4         5    |    6         7         8         ser/9
`;

/** Events that lead from Initial to each state. */
const WAYS: readonly (readonly Event[])[] = [
  [],
  ['Open'],
  ['Up'],
  ['Up', 'Open', 'TO-'],
  ['Up', 'Open', 'Close'],
  ['Up', 'Open', 'RCA', 'RCR+', 'RTR'],
  ['Up', 'Open'],
  ['Up', 'Open', 'RCA'],
  ['Up', 'Open', 'RCR+'],
  ['Up', 'Open', 'RCA', 'RCR+'],
];
const EVENTS: readonly Event[] = ['Up', 'Down', 'Open', 'Close', 'TO+', 'TO-', 'RCR+', 'RCR-', 'RCA', 'RCN', 'RTR', 'RTA', 'RUC', 'RXJ+', 'RXJ-', 'RXR'];
const LIMITS = { restart: 3000, maxTerminate: 2, maxConfigure: 10, maxFailure: 5 };

function at(way: readonly Event[]): { automaton: Automaton; actions: string[] } {
  const actions: string[] = [];
  const automaton = new Automaton((action) => actions.push(action), LIMITS);
  for (const event of way) assert.ok(automaton.event(event, 0), `${event} in ${automaton.state}`);
  actions.length = 0;
  return { automaton, actions };
}

const rows = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [label = '', left = '', right = ''] = line.split('|');
    return { event: label.trim(), cells: [...left.trim().split(/\s+/), ...right.trim().split(/\s+/)] };
  });

test('the table has all sixteen events in ten states', () => {
  assert.equal(
    rows.map(({ event }) => event),
    EVENTS,
  );
  for (const { event, cells } of rows) assert.is(cells.length, 10, event);
});

for (const { event: label, cells } of rows) {
  const event = EVENTS.find((name) => name === label);
  if (event === undefined) throw new Error(label);
  cells.forEach((cell, number) => {
    const state = STATES[number];
    const way = WAYS[number] ?? [];
    test(`${event} in ${state} does ${cell}`, () => {
      const { automaton, actions } = at(way);
      assert.is(automaton.state, state);
      const happened = automaton.event(event, 0);
      if (cell === '-') {
        assert.not.ok(happened);
        assert.is(automaton.state, state);
        assert.equal(actions, []);
        return;
      }
      const parts = /^(?:(.*)\/)?(\d)[prx]?$/.exec(cell);
      const expected = parts?.[1]?.split(',') ?? [];
      assert.equal(
        actions,
        expected.filter((action) => action !== 'irc' && action !== 'zrc'),
      );
      assert.is(automaton.state, STATES[Number(parts?.[2])]);
      const sends = expected.filter((action) => action === 'scr' || action === 'str').length;
      if (expected.includes('irc')) assert.is(automaton.counter, (expected.includes('str') ? LIMITS.maxTerminate : LIMITS.maxConfigure) - sends);
      if (expected.includes('zrc')) assert.is(automaton.counter, 0);
    });
  });
}

test('the restart timer runs in the states Closing to Ack-Sent and in no other', () => {
  WAYS.forEach((way, number) => {
    const { automaton } = at(way);
    assert.is(automaton.deadline() !== Number.POSITIVE_INFINITY, number >= 4 && number <= 8, STATES[number]);
  });
});

test('a peer that never answers is sent Max-Configure requests, one every restart time, and then left alone', () => {
  const sent: number[] = [];
  let finished = -1;
  const automaton = new Automaton((action, now) => {
    if (action === 'scr') sent.push(now);
    if (action === 'tlf') finished = now;
  }, LIMITS);
  automaton.event('Open', 0);
  automaton.event('Up', 0);
  while (automaton.deadline() !== Number.POSITIVE_INFINITY) automaton.tick(automaton.deadline());
  assert.equal(sent, [0, 3000, 6000, 9000, 12000, 15000, 18000, 21000, 24000, 27000]);
  assert.is(finished, 30000);
  assert.is(automaton.state, 'Stopped');
});

test('a peer that never answers a Terminate-Request is asked Max-Terminate times', () => {
  const sent: number[] = [];
  const automaton = new Automaton((action, now) => {
    if (action === 'str') sent.push(now);
  }, LIMITS);
  for (const event of ['Up', 'Open', 'RCA', 'RCR+'] as const) automaton.event(event, 0);
  automaton.event('Close', 1000);
  while (automaton.deadline() !== Number.POSITIVE_INFINITY) automaton.tick(automaton.deadline());
  assert.equal(sent, [1000, 4000]);
  assert.is(automaton.state, 'Closed');
});

test('whoever is asked to terminate waits one restart time before it goes down', () => {
  const { automaton } = at(['Up', 'Open', 'RCA', 'RCR+']);
  automaton.event('RTR', 5000);
  assert.is(automaton.deadline(), 8000);
  automaton.tick(7999);
  assert.is(automaton.state, 'Stopping');
  automaton.tick(8000);
  assert.is(automaton.state, 'Stopped');
});

test('counts without end (CONTINUOUS) go on asking', () => {
  let sent = 0;
  const automaton = new Automaton((action) => {
    if (action === 'scr') sent++;
  }, { ...LIMITS, maxConfigure: Number.POSITIVE_INFINITY });
  automaton.event('Up', 0);
  automaton.event('Open', 0);
  for (let i = 0; i < 1000; i++) automaton.tick(automaton.deadline());
  assert.is(sent, 1001);
  assert.is(automaton.state, 'Req-Sent');
});

test.run();
