// UPDATE SYSTEM, CONFIRM, RESET and SHOW UPDATE on a board with two slots, and on one without.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import type { Context, Outcome } from '../../firmware/cli/command.ts';
import { printMessage } from '../../firmware/cli/messages.ts';
import { Files } from '../../firmware/config/files.ts';
import { loaderCommands } from '../../firmware/config/loader.commands.ts';
import { Loader } from '../../firmware/config/loader.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { Installed, Updates, UpdateRequest, UpdateState } from '../../firmware/hal/update.ts';
import { EventRing } from '../../firmware/log/log.ts';
import { updateCommands } from '../../firmware/system/update.commands.ts';
import { HEALTHY_MS, SystemUpdate } from '../../firmware/system/update.ts';

const SERVER = parseIpv4('192.168.10.9');

/** Two slots in memory. */
class FakeUpdates implements Updates {
  now: UpdateState = { running: 'A', active: 'A', next: undefined, trying: false, failed: undefined, key: true, aside: [] };
  asked: UpdateRequest | undefined;
  finish: (result: Installed | Refusal) => void = () => {};
  progress: (bytes: number) => void = () => {};
  cancelled = false;
  failure: string | undefined;
  state(): UpdateState {
    return this.now;
  }
  install(request: UpdateRequest, done: (result: Installed | Refusal) => void, progress: (bytes: number) => void): { cancel(): void } {
    this.asked = request;
    this.finish = done;
    this.progress = progress;
    return {
      cancel: () => {
        this.cancelled = true;
        done({ refused: 'stopped' });
      },
    };
  }
  confirm(): string | undefined {
    if (this.failure === undefined) this.now = { ...this.now, active: this.now.running, trying: false };
    return this.failure;
  }
  revert(): string | undefined {
    this.now = { ...this.now, next: undefined };
    return this.failure;
  }
}

function box(updates: Updates | undefined, loaderServer?: typeof SERVER) {
  const world = new World(1);
  const board = new SimBoard(world, { seed: 1 });
  const ring = new EventRing(board.wall, board.clock);
  const update = new SystemUpdate({ updates, resolver: board.resolver, clock: board.clock, log: ring });
  const files = new Files(board.flash);
  const loader = new Loader({ files, transfer: board.transfer, system: update, resolver: board.resolver, log: ring });
  const table = new CommandTable([...updateCommands({ update, loader: () => ({ server: loaderServer }) }), ...loaderCommands({ loader, files, clock: board.clock })]);
  let answer = '';
  const printed: string[] = [];
  const show = (outcome: Outcome | undefined): void => {
    if (outcome === undefined || outcome === 'silent') answer = '';
    else if ('severity' in outcome) answer = printMessage(outcome);
    else if ('text' in outcome) answer = outcome.text;
    else {
      answer = '(pending)';
      outcome.pending(show);
    }
  };
  const run = (line: string, kind: Context['kind'] = 'console'): string => {
    show(table.run(line, { user: 'manager', level: 'manager', from: 'asyn0', now: board.clock.now(), kind, print: (text) => printed.push(text), ask: () => {}, logoff: () => {} }));
    return answer;
  };
  return { world, board, ring, update, run, printed, said: () => answer };
}

const log = (ring: EventRing): string => ring.records().map(({ text }) => text).join('\n');

test('UPDATE SYSTEM fetches an update and says how to try it', () => {
  const updates = new FakeUpdates();
  const { run, said } = box(updates);
  assert.is(run('UPDATE SYSTEM FILE=hashi.update SERVER=192.168.10.9'), '(pending)');
  assert.equal(updates.asked, { server: SERVER, file: 'hashi.update', unsigned: false });
  updates.finish({ slot: 'B', version: '0.2.0', kernel: '7.2', size: 1 });
  assert.match(said(), /^Info \(\d+\): Release 0\.2\.0 \(kernel 7\.2\) is in slot B; RESTART REBOOT tries it\.$/);
});

test('UPDATE SYSTEM takes the server of SET LOADER, resolves names, and says which is missing', () => {
  const updates = new FakeUpdates();
  assert.match(box(updates).run('UPDATE SYSTEM FILE=x'), /^Error .*"SERVER" missing/);
  box(updates, SERVER).run('UPDATE SYSTEM FILE=x');
  assert.is(updates.asked?.server, SERVER);
  const named = box(updates);
  named.board.names.set('files.example', SERVER === undefined ? [] : [SERVER]);
  named.run('UPDATE SYSTEM FILE=y SERVER=files.example');
  named.world.run(1000);
  assert.is(updates.asked?.file, 'y');
  assert.is(updates.asked?.server, SERVER);
});

test('UPDATE SYSTEM tells why an update is not taken, and another one may be tried then', () => {
  const updates = new FakeUpdates();
  const { run, said, ring } = box(updates, SERVER);
  run('UPDATE SYSTEM FILE=x');
  assert.match(run('UPDATE SYSTEM FILE=y'), /^Error .*An update from x is running/);
  updates.progress(4711);
  assert.match(run('SHOW UPDATE'), /Transfer \.+ x, 4711 bytes/);
  updates.finish({ refused: 'its signature is wrong' });
  assert.match(said(), /^Error .*The update x was not taken: its signature is wrong\.$/);
  assert.match(log(ring), /signature is wrong/);
  assert.is(run('UPDATE SYSTEM FILE=y'), '(pending)');
});

test('UPDATE SYSTEM tells every five seconds how far it is, until it has ended', () => {
  const updates = new FakeUpdates();
  const { world, run, printed } = box(updates, SERVER);
  run('UPDATE SYSTEM FILE=x');
  world.run(6000);
  assert.equal(printed, [], 'nothing has come yet');
  updates.progress(12_345_678);
  world.run(5000);
  assert.equal(printed, ['x: 12.3 MB received']);
  updates.finish({ slot: 'B', version: '0.2.0', kernel: '7.2', size: 1 });
  world.run(20_000);
  assert.is(printed.length, 1);
});

test('LOAD of a file that ends in .update puts a system beside the one that runs, by HTTP alone', () => {
  const updates = new FakeUpdates();
  const { run, said, board } = box(updates, SERVER);
  assert.match(run('LOAD METHOD=TFTP FILE=releases/hashi-raspberrypi.update SERVER=192.168.10.9'), /^Error .*releases\/hashi-raspberrypi\.update is a system: it is fetched with METHOD=HTTP\.$/);
  assert.is(updates.asked, undefined);
  assert.is(run('LOAD METHOD=HTTP FILE=releases/hashi-raspberrypi.update SERVER=192.168.10.9'), '(pending)');
  assert.is(updates.asked?.file, 'releases/hashi-raspberrypi.update');
  assert.is(updates.asked?.unsigned, false);
  assert.match(run('LOAD METHOD=HTTP FILE=other.update SERVER=192.168.10.9'), /^Error .*is running/);
  updates.finish({ slot: 'B', version: '0.2.0', kernel: '7.2', size: 1 });
  assert.match(said(), /Release 0\.2\.0 \(kernel 7\.2\) is in slot B/);
  assert.equal(board.flash.list().map(({ name }) => name), []);
  assert.match(box(undefined).run('LOAD METHOD=HTTP FILE=x.update SERVER=192.168.10.9'), /^Error .*This board has no second slot for a system\.$/);
});

test('LOAD of a system is a transfer like any other: SHOW LOADER, RESET LOADER and DELAY know it', () => {
  const updates = new FakeUpdates();
  const { world, run, said } = box(updates, SERVER);
  const load = 'LOAD METHOD=HTTP FILE=x.update SERVER=192.168.10.9';
  run(load);
  updates.progress(4711);
  assert.match(run('SHOW LOADER'), /Status \.+ load, transferring[^]*File \.+ x\.update[^]*Bytes \.+ 4711/);
  assert.match(run('LOAD METHOD=HTTP FILE=boot.cfg SERVER=192.168.10.9'), /^Error .*A transfer of x\.update is running/);
  run('RESET LOADER');
  assert.ok(updates.cancelled);
  assert.match(said(), /Operation successful|stopped/);
  updates.asked = undefined;
  assert.match(run(`${load} DELAY=5`), /starts in 5 seconds/);
  assert.is(updates.asked, undefined);
  world.run(6000);
  assert.is((updates as FakeUpdates).asked?.file, 'x.update');
  updates.finish({ slot: 'B', version: '0.2.0', kernel: '7.2', size: 1 });
  assert.match(run('SHOW LOADER'), /Status \.+ none[^]*Last Load \.+ Release 0\.2\.0/);
  assert.is(run(load), '(pending)');
});

test('RESET UPDATE stops a transfer, and takes a trial back that has not begun', () => {
  const updates = new FakeUpdates();
  const { run, said } = box(updates, SERVER);
  assert.match(run('RESET UPDATE'), /^Warning .*No system is on trial/);
  run('UPDATE SYSTEM FILE=x');
  run('RESET UPDATE');
  assert.ok(updates.cancelled);
  assert.match(said(), /^(?:Error .*stopped|Info .*stops)/);
  updates.now = { ...updates.now, next: 'B' };
  assert.match(run('RESET UPDATE'), /^Info .*The next start is that of the system in slot A\.$/);
  assert.is(updates.now.next, undefined);
});

test('UPDATE SYSTEM UNSIGNED is for the console alone', () => {
  const updates = new FakeUpdates();
  const { run } = box(updates, SERVER);
  assert.match(run('UPDATE SYSTEM FILE=x UNSIGNED', 'telnet'), /^Error .*UNSIGNED is for the console/);
  assert.match(run('UPDATE SYSTEM FILE=x UNSIGNED', 'script'), /^Error .*UNSIGNED is for the console/);
  assert.is(run('UPDATE SYSTEM FILE=x UNSIGNED'), '(pending)');
  assert.is(updates.asked?.unsigned, true);
});

test('CONFIRM UPDATE keeps a system that is on trial', () => {
  const updates = new FakeUpdates();
  assert.match(box(updates).run('CONFIRM UPDATE'), /^Warning .*No system is on trial/);
  updates.now = { ...updates.now, running: 'B', trying: true };
  const { run, ring } = box(updates);
  assert.match(run('SHOW UPDATE'), /Running slot \.+ B, on trial/);
  assert.match(run('UPDATE SYSTEM FILE=x SERVER=1.1.1.1'), /^Error .*on trial/);
  assert.match(run('CONFIRM UPDATE'), /^Info .*The system in slot B is kept\.$/);
  assert.is(updates.now.active, 'B');
  assert.match(log(ring), /slot B is kept: manager said so/);
});

test('a system on trial is kept when its router has worked for some minutes, and not before', () => {
  const updates = new FakeUpdates();
  updates.now = { ...updates.now, running: 'B', trying: true };
  const { world, ring } = box(updates);
  world.run(HEALTHY_MS - 1000);
  assert.ok(updates.now.trying);
  world.run(2000);
  assert.not.ok(updates.now.trying);
  assert.is(updates.now.active, 'B');
  assert.match(log(ring), /slot B is kept: it has run well/);
});

test('a trial that ends before its minutes is not kept by the router that ended', () => {
  const updates = new FakeUpdates();
  updates.now = { ...updates.now, running: 'B', trying: true };
  const { world, update } = box(updates);
  update.close();
  world.run(2 * HEALTHY_MS);
  assert.ok(updates.now.trying);
});

test('a card that does not take the change is told of', () => {
  const updates = new FakeUpdates();
  updates.now = { ...updates.now, running: 'B', trying: true };
  updates.failure = 'input/output error';
  const { run } = box(updates);
  assert.match(run('CONFIRM UPDATE'), /^Error .*input\/output error/);
  assert.ok(updates.now.trying);
});

test('an update that did not come up is in the log of the next start', () => {
  const updates = new FakeUpdates();
  updates.now = { ...updates.now, failed: 'B' };
  const { run, ring } = box(updates);
  assert.match(log(ring), /the system in slot B was tried and did not come up: this is the one before it, in slot A/);
  assert.match(run('SHOW UPDATE'), /Failed before this start +\.* ?B/);
});

test('a board with one system says so', () => {
  const { run } = box(undefined);
  assert.match(run('SHOW UPDATE'), /one system/);
  for (const line of ['UPDATE SYSTEM FILE=x SERVER=1.1.1.1', 'CONFIRM UPDATE', 'RESET UPDATE']) assert.match(run(line), /^Error .*no second slot/);
});

test.run();
