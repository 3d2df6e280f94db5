// SHOW INTERFACE of one port: state, counters and what its hardware tells.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import type { LinkHardware, LinkState } from '../../../firmware/hal/iphost.ts';
import { Links } from '../../../firmware/system/links.ts';

const PORT: LinkState = { name: 'eth0', device: 'eth1', mac: '00-00-f4-90-19-9f', mtu: 1500, present: true, admin: true, up: true, inPackets: 3, inBytes: 300, inErrors: 1, outPackets: 4, outBytes: 400, outErrors: 2 };
const CLOCK = { now: () => 0, at: () => ({ at: 0, cancel() {} }) };

function shown(state: Partial<LinkState>, hardware?: LinkHardware): string {
  const link = { ...PORT, ...state };
  return new Links({ links: () => [link], ...(hardware === undefined ? {} : { hardware: () => hardware }) }, CLOCK).showOne(link);
}

test('SHOW INTERFACE of a port tells speed, duplex and driver where the hardware does', () => {
  const text = shown({}, { driver: 'bcmgenet', speed: 1_000_000_000, duplex: 'full' });
  for (const line of [/ifSpeed\.+ 1000000000$/m, /Duplex\.+ full$/m, /Driver\.+ bcmgenet$/m, /ifPhysAddress\.+ 00-00-f4-90-19-9f$/m, /ifOperStatus\.+ Up$/m, /ifInOctets\.+ 300$/m, /ifOutErrors\.+ 2$/m]) assert.match(text, line);
  for (const without of [shown({}), shown({}, {})]) assert.not.match(without, /ifSpeed|Duplex|Driver/);
});

test('SHOW INTERFACE of a port that is missing names the device that is not there', () => {
  assert.match(shown({ present: false, admin: false, up: false, mac: '' }, {}), /ifOperStatus\.+ Not present: there is no device eth1$/m);
});

test.run();
