// LEDs are taken from the kernel's own triggers, written to when they change, and shared where a board has too few.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { Led, Leds } from '../../../board/linux/leds.ts';

const test = suite('leds');
let base = '';
test.before.each(() => {
  base = mkdtempSync(join(tmpdir(), 'hashi-leds-'));
});
test.after.each(() => rmSync(base, { recursive: true, force: true }));

function add(name: string): void {
  mkdirSync(join(base, name));
  writeFileSync(join(base, name, 'trigger'), 'heartbeat');
  writeFileSync(join(base, name, 'brightness'), '1');
}
const brightness = (name: string): string => readFileSync(join(base, name, 'brightness'), 'latin1');
const NAMES = { tunnel: 'ACT', fault: 'PWR' };
const QUIET = { link: false, tunnel: false, fault: false };

test('an LED follows what it is told', () => {
  add('ACT');
  const led = new Led('ACT', base);
  led.set(true);
  assert.is(readFileSync(join(base, 'ACT', 'trigger'), 'latin1'), 'none');
  assert.is(brightness('ACT'), '255');
  writeFileSync(join(base, 'ACT', 'brightness'), 'not written again');
  led.set(true);
  assert.is(brightness('ACT'), 'not written again');
  led.set(false);
  assert.is(brightness('ACT'), '0');
});

test('an LED whose driver comes late is used from then on; one that never comes is passed over', () => {
  const led = new Led('ACT', base);
  led.set(true);
  add('ACT');
  led.set(true);
  assert.is(brightness('ACT'), '255');
  new Leds(NAMES, join(base, 'nowhere')).show({ ...QUIET, fault: true });
});

test('tunnel and fault have an LED each where the board has two', () => {
  add('ACT');
  add('PWR');
  const leds = new Leds(NAMES, base);
  leds.show({ ...QUIET, tunnel: true });
  assert.equal([brightness('ACT'), brightness('PWR')], ['255', '0']);
  leds.show({ ...QUIET, fault: true });
  leds.show({ ...QUIET, fault: true });
  assert.equal([brightness('ACT'), brightness('PWR')], ['0', '255']);
});

test('the only LED of a board is lit by a tunnel and blinks at a fault', () => {
  for (const only of ['ACT', 'PWR']) {
    add(only);
    const leds = new Leds(NAMES, base);
    const seen = (state: Partial<typeof QUIET>): string => {
      leds.show({ ...QUIET, ...state });
      return brightness(only);
    };
    assert.equal([seen({}), seen({ tunnel: true }), seen({ tunnel: true })], ['0', '255', '255']);
    assert.equal([seen({ tunnel: true, fault: true }), seen({ tunnel: true, fault: true }), seen({ fault: true }), seen({ fault: true })], ['255', '0', '255', '0']);
    assert.equal([seen({ tunnel: true }), seen({})], ['255', '0']);
    rmSync(join(base, only), { recursive: true });
  }
});

test('a link has an LED where the board names one', () => {
  add('eth');
  const leds = new Leds({ link: 'eth' }, base);
  leds.show({ ...QUIET, link: true });
  assert.is(brightness('eth'), '255');
});

test.run();
