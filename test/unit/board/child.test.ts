// Programs beside the router, with small shell programs in their place.

import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Child, Kept, endLeftover, prepare } from '../../../board/linux/child.ts';

const test = suite('child');

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hs-child-'));
  try {
    prepare(folder);
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A program that runs to its end or until it has said `until`. */
async function hear(folder: string, script: string, until?: string): Promise<{ readonly lines: string[]; readonly why: string }> {
  const lines: string[] = [];
  let why = '';
  const child = new Child(['/bin/sh', '-c', script], folder, {
    line: (text) => {
      lines.push(text);
      if (text === until) void child.stop();
    },
    ended: (text) => {
      why = text;
    },
  });
  await child.ended;
  return { lines, why };
}

test('A program\'s lines are heard, of both outputs, and how it ended', () =>
  inFolder(async (folder) => {
    const { lines, why } = await hear(folder, 'echo one; echo two >&2; printf three; exit 3');
    assert.equal([...lines].sort(), ['one', 'three', 'two']);
    assert.is(why, 'it ended with status 3');
  }));

test('A program that is killed or not there is told as such', () =>
  inFolder(async (folder) => {
    assert.is((await hear(folder, 'kill -9 $$')).why, 'it was ended by signal 9');
    let why = '';
    await new Child(['/nonexistent/program'], folder, { line: () => {}, ended: (text) => void (why = text) }).ended;
    assert.is(why, 'it could not be started');
  }));

test('A program that is stopped gets SIGTERM; one that does not listen is ended by force', () =>
  inFolder(async (folder) => {
    const polite = await hear(folder, 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done', 'ready');
    assert.equal(polite.lines, ['ready', 'bye']);
    const deaf = await hear(folder, 'trap "" TERM; echo ready; while :; do sleep 0.05; done', 'ready');
    assert.is(deaf.why, 'it was ended by signal 9');
  }));

test('A program has three descriptors of hashi\'s making and no other', () =>
  inFolder(async (folder) => {
    const { lines } = await hear(folder, 'for fd in /proc/$$/fd/*; do [ -e "$fd" ] && echo "${fd##*/}"; done; true');
    assert.equal(lines.map(Number).filter((fd) => fd > 2 && fd !== 10 && fd !== 255), [], lines.join(' '));
    assert.ok(readdirSync('/proc/self/fd').length > 3, `this process has more: ${readlinkSync('/proc/self/fd/0')}`);
  }));

test('SIGUSR1 that comes before the program has spoken waits for its first line', () =>
  inFolder(async (folder) => {
    const lines: string[] = [];
    const child = new Child(['/bin/sh', '-c', 'trap "echo renewed; exit 0" USR1; sleep 0.2; echo ready; while :; do sleep 0.05; done'], folder, { line: (text) => void lines.push(text), ended: () => {} });
    child.renew();
    await child.ended;
    assert.equal(lines, ['ready', 'renewed']);
  }));

test('A program that ends by itself is started again, until it is stopped', () =>
  inFolder(async (folder) => {
    let starts = 0;
    const downs: string[] = [];
    await new Promise<void>((over) => {
      const kept = new Kept(['/bin/sh', '-c', 'echo here; exit 1'], folder, {
        line: () => {
          if (++starts === 2) void kept.stop().then(over);
        },
        down: (why) => downs.push(why),
      });
    });
    assert.equal([starts, downs], [2, ['it ended with status 1 (here)']]);
  }));

test('A process id file ends only a program whose command line names the folder', () =>
  inFolder(async (folder) => {
    const stranger = Bun.spawn(['sleep', '5']);
    const ours = Bun.spawn(['/bin/sh', '-c', 'sleep 5; true', folder]);
    // Until the program has been started its process still has the command line of this one.
    while (!readFileSync(`/proc/${ours.pid}/cmdline`, 'latin1').includes(folder)) await Bun.sleep(5);
    writeFileSync(join(folder, 'a.pid'), `${stranger.pid}\n`);
    writeFileSync(join(folder, 'b.pid'), `${ours.pid}\n`);
    endLeftover(join(folder, 'a.pid'), folder);
    endLeftover(join(folder, 'b.pid'), folder);
    endLeftover(join(folder, 'c.pid'), folder);
    await ours.exited;
    assert.is(ours.signalCode, 'SIGKILL');
    assert.is(stranger.signalCode, null);
    stranger.kill();
    assert.equal(readdirSync(folder).filter((name) => name.endsWith('.pid')), []);
  }));

test.run();
