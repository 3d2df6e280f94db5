// Packet rules on their way to a board that takes its time.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RuleSet } from '../../../firmware/hal/packetfilter.ts';
import { Rules } from '../../../firmware/rules.ts';

/** A board that answers when it is told to. */
class SlowBoard {
  readonly loads: { rules: RuleSet; done: (failure?: string) => void }[] = [];
  wanted: RuleSet = { filters: [], uses: [], translations: [] };
  cleared = 0;
  readonly refused: string[] = [];
  readonly rules = new Rules({
    filter: { apply: (rules, done) => this.loads.push({ rules, done }), counters: (done) => done(new Map()), clear: () => this.cleared++, forget: () => {} },
    compose: () => this.wanted,
    refused: (why) => this.refused.push(why),
  });

  want(filter: number): void {
    this.wanted = { ...this.wanted, uses: [{ interface: 'eth0', filter }] };
  }
}

test('Nothing to load asks nothing of the board', () => {
  const board = new SlowBoard();
  const heard: (string | undefined)[] = [];
  board.rules.load((failure) => heard.push(failure));
  assert.equal(heard, [undefined]);
  assert.is(board.loads.length, 0);
});

test('Changes while a load is under way go into one more load, and each is answered by the one that holds it', () => {
  const board = new SlowBoard();
  const heard: string[] = [];
  board.want(1);
  board.rules.load(() => heard.push('first'));
  board.want(2);
  board.rules.load(() => heard.push('second'));
  board.want(3);
  board.rules.load(() => heard.push('third'));
  assert.is(board.loads.length, 1);
  board.loads[0]?.done();
  assert.equal(heard, ['first']);
  assert.is(board.loads.length, 2);
  assert.is(board.loads[1]?.rules.uses[0]?.filter, 3);
  board.loads[1]?.done();
  assert.equal(heard, ['first', 'second', 'third']);
});

test('A refusal is told to who asked, noted once, and forgotten when rules hold again', () => {
  const board = new SlowBoard();
  const heard: (string | undefined)[] = [];
  const step = (filter: number, failure?: string): void => {
    board.want(filter);
    board.rules.load((why) => heard.push(why));
    board.loads.at(-1)?.done(failure);
  };
  step(1, 'no');
  step(2, 'no');
  assert.equal(board.refused, ['no']);
  assert.is(board.rules.failure, 'no');
  step(3);
  assert.is(board.rules.failure, undefined);
  assert.equal(heard, ['no', 'no', undefined]);
});

test('Going back to what holds ends a failure without a load', () => {
  const board = new SlowBoard();
  board.want(1);
  board.rules.load();
  board.loads[0]?.done('no');
  board.wanted = { filters: [], uses: [], translations: [] };
  board.rules.load();
  assert.is(board.rules.failure, undefined);
  assert.is(board.loads.length, 1);
});

test('Closing takes everything out, answers who waits, and lets nothing more in', () => {
  const board = new SlowBoard();
  const heard: string[] = [];
  board.want(1);
  board.rules.load(() => heard.push('under way'));
  board.want(2);
  board.rules.load(() => heard.push('waiting'));
  board.rules.close();
  assert.equal(heard, ['waiting']);
  board.loads[0]?.done();
  board.want(3);
  board.rules.load(() => heard.push('late'));
  assert.equal(heard, ['waiting', 'under way', 'late']);
  assert.is(board.loads.length, 1);
  assert.is(board.cleared, 1);
});

test.run();
