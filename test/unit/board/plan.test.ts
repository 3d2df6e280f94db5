// Ports and consoles of a run: the command line before the owner's file in the flash before what the board finds.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { HOST } from '../../../board/host/board.ts';
import { choosePlan, OWN_FILES } from '../../../board/linux/plan.ts';
import type { BoardTable } from '../../../board/linux/table.ts';

const test = suite('plan');
let flash = '';
test.before.each(() => {
  flash = mkdtempSync(join(tmpdir(), 'hashi-plan-'));
});
test.after.each(() => rmSync(flash, { recursive: true, force: true }));

/** A box that has found its Ethernet, which the kernel calls eth1, and an adapter. */
const BOX: BoardTable = { ...HOST, id: 'box', flash: '/flash', boot: '/run/boot', consoles: ['/dev/ttyS1'], consoleSpeed: 115_200, lines: { asyn1: 'usb-serial:1', asyn2: 'usb-serial:2' }, leds: { tunnel: 'ACT', fault: 'PWR' } };
const FOUND = { eth0: 'eth1', eth1: 'eth0' };

interface Chosen {
  readonly ports: Record<string, string>;
  readonly consoles: readonly string[];
  readonly table: BoardTable;
  readonly said: readonly string[];
}

function chosen(own?: unknown, wishes: { readonly ports?: readonly string[]; readonly consoles?: readonly string[] } = {}, table = BOX): Chosen {
  if (own !== undefined) writeFileSync(join(flash, 'board.json'), typeof own === 'string' ? own : JSON.stringify(own));
  const said: string[] = [];
  const choice = choosePlan({ table, flash, wishes: { ports: wishes.ports, consoles: wishes.consoles }, found: FOUND, say: (text) => said.push(text) });
  if (typeof choice === 'string') throw new Error(choice);
  return { ports: Object.fromEntries(choice.plan.ports), consoles: choice.plan.consoles, table: choice.table, said };
}

const LINES = { asyn1: 'usb-serial:1', asyn2: 'usb-serial:2' };

test('a box has the ports that it finds and the serial adapters on USB', () => {
  const { ports, consoles, table, said } = chosen();
  assert.equal([ports, consoles, said], [{ ...FOUND, ...LINES }, ['/dev/ttyS1'], []]);
  assert.is(table, BOX);
});

test('board.json makes two VLANs of the one port eth0 and eth1, by the port\'s name on the box', () => {
  const { ports, said } = chosen({ ports: { eth0: 'eth0.10', eth1: 'eth0.20' } });
  assert.equal([ports, said], [{ eth0: 'eth1.10', eth1: 'eth1.20', ...LINES }, []]);
});

test('board.json swaps ports, and names devices that the box has not found', () => {
  assert.equal(chosen({ ports: { eth0: 'eth1', eth1: 'eth0', eth2: 'usb7' } }).ports, { eth0: 'eth0', eth1: 'eth1', eth2: 'usb7', ...LINES });
});

test('board.json that names call ports alone keeps the Ethernet ports', () => {
  assert.equal(chosen({ ports: { bri0: 'usb-serial:1:57600' } }).ports, { bri0: 'usb-serial:1:57600', ...FOUND });
});

test('an adapter that is the console is no modem, and a second console has its number to itself', () => {
  assert.equal(chosen({ consoles: ['/dev/ttyUSB0'], consoleSpeed: 9600 }).ports, FOUND);
  const two = chosen({ consoles: ['/dev/ttyS1', '/dev/ttyAMA0'] });
  assert.equal([two.ports, two.consoles, two.said], [{ ...FOUND, asyn2: 'usb-serial:2' }, ['/dev/ttyS1', '/dev/ttyAMA0'], []]);
});

test('board.json changes the LEDs, not what the image is', () => {
  const { table } = chosen({ leds: { link: 'user' }, consoleSpeed: 9600 });
  assert.equal([table.id, table.leds, table.consoleSpeed], ['box', { link: 'user' }, 9600]);
});

test('a wrong board.json is told in one sentence, and the box starts as it is without it', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['{', /cannot be read: .*; it is left out$/],
    ['[]', /must hold one object; it is left out$/],
    [{ prots: {} }, /unknown key "prots"; permitted: ports, consoles, consoleSpeed, leds; it is left out$/],
    [{ id: 'other' }, /unknown key "id"/],
    [{ flash: '/tmp' }, /unknown key "flash"/],
    [{ ports: ['eth0'] }, /"ports" must map names to devices/],
    [{ ports: { lan: 'eth0' } }, /board\.json: .*is not ethN=DEVICE/],
    [{ ports: { eth0: 'eth0.0' } }, /"eth0\.0": VLANs have numbers from 1 to 4094/],
    [{ ports: { eth0: 'eth0.5000' } }, /VLANs have numbers/],
    [{ ports: { eth0: 'averylongname.4000' } }, /longer than the 15 characters/],
    [{ ports: { eth0: 'eth0.10', eth1: 'eth0.10' } }, /given to two ports/],
    [{ ports: { asyn0: '/dev/ttyUSB0' } }, /asyn0 is the console/],
    [{ ports: { asyn1: '/dev/ttyS1' } }, /cannot be the same line/],
    [{ consoles: ['ttyS1'] }, /console ttyS1: stdio, none or a serial line/],
    [{ consoles: 'ttyS1' }, /"consoles" must be a list/],
    [{ consoleSpeed: 12_345 }, /"consoleSpeed" must be the speed/],
    [{ leds: { power: 'PWR' } }, /there is no "power"; permitted: link, tunnel, fault/],
  ];
  for (const [own, expected] of cases) {
    const { ports, table, said } = chosen(own);
    assert.is(said.length, 1, String(expected));
    assert.match(said[0] ?? '', expected);
    assert.not.match(said[0] ?? '', /\n/);
    assert.equal(ports, { ...FOUND, ...LINES });
    assert.is(table, BOX);
  }
});

test('the file that the router\'s own commands can bring comes before the plain one', () => {
  assert.equal(OWN_FILES, ['board.jsn', 'board.json']);
  writeFileSync(join(flash, 'board.jsn'), '{"ports": {"eth0": "a"}}');
  assert.is(chosen({ ports: { eth0: 'b' } }).ports['eth0'], 'a');
});

test('the command line wins over board.json, and a host does not read it', () => {
  const words = chosen({ ports: { eth0: 'b' }, consoles: ['/dev/x'] }, { ports: ['eth0=c'], consoles: ['none'] });
  assert.equal([words.ports, words.consoles], [{ eth0: 'c' }, ['none']]);
  assert.equal(chosen({ ports: { eth0: 'b' } }, { ports: [] }, HOST).ports, {});
});

test('a folder in place of board.json is told and left out', () => {
  mkdirSync(join(flash, 'board.json'));
  const { said, ports } = chosen();
  assert.match(said.join('\n'), /cannot be read/);
  assert.equal(ports, { ...FOUND, ...LINES });
});

test.run();
