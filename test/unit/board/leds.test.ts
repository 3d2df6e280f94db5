// An LED is taken from the kernel's own triggers, and written to when it changes.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Led } from '../../../board/linux/leds.ts';

test('an LED follows what it is told, and one that the board lacks is passed over', () => {
  const base = mkdtempSync(join(tmpdir(), 'hashi-leds-'));
  try {
    mkdirSync(join(base, 'ACT'));
    const [trigger, brightness] = [join(base, 'ACT', 'trigger'), join(base, 'ACT', 'brightness')];
    const led = new Led('ACT', base);
    assert.is(readFileSync(trigger, 'latin1'), 'none');
    led.set(true);
    assert.is(readFileSync(brightness, 'latin1'), '255');
    writeFileSync(brightness, 'not written again');
    led.set(true);
    assert.is(readFileSync(brightness, 'latin1'), 'not written again');
    led.set(false);
    assert.is(readFileSync(brightness, 'latin1'), '0');
    new Led('PWR', base).set(true);
    new Led(undefined, base).set(true);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

test.run();
