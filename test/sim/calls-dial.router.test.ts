// A whole router with a dial-in line, in memory: a user who calls from his modem to his IP address, and a restart beneath him.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Caller, sayEvent } from '../../board/linux/lab/caller.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { SeededRandom, World } from '../../board/sim/world.ts';
import { libraryCrypto } from '../../board/linux/crypto.ts';
import { createAppliance } from '../../firmware/appliance.ts';
import type { AuthMethod } from '../../firmware/ppp/auth.ts';

const SCRIPT = `ENABLE IP
ADD IP INTERFACE=eth0 IP=192.168.20.1 MASK=255.255.255.0
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.201
ADD USER=alice PASSWORD=wonder LOGIN=NO
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHENTICATION=EITHER LOGIN=USER IPPOOL=ips
ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0
`;

class Box {
  readonly world = new World(3);
  readonly board = new SimBoard(this.world, { seed: 3 });
  readonly app;

  constructor() {
    this.board.calls.add('bri0');
    this.board.ip.plug('eth0', new Wire(this.world));
    this.app = createAppliance(this.board, { factoryScript: SCRIPT });
    this.app.boot(undefined);
    this.world.run(1000);
  }

  say(line: string): string {
    let printed = '';
    this.app.runCommand(line, (text) => (printed += `${text}\n`), () => {});
    return printed;
  }

  user(password: string, auth?: AuthMethod): { readonly said: string[]; readonly caller: Caller } {
    const said: string[] = [];
    const end = this.board.calls.connect('bri0');
    const caller = new Caller(
      { user: 'alice', password, auth, number: '031', dials: '0698' },
      {
        clock: this.world.clock(), crypto: libraryCrypto, random: new SeededRandom(said.length + 11),
        write: (octets) => end.write(octets), close: () => end.close(), event: (event) => said.push(sayEvent(event)), packet: () => {},
      },
    );
    end.onData = (data) => caller.received(data);
    end.onClose = () => caller.closed();
    caller.call();
    return { said, caller };
  }
}

for (const auth of [undefined, 'PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) {
  test(`a user who dials in is given an address${auth === undefined ? '' : ` by ${auth}`}, and it goes back to the pool when he hangs up`, () => {
    const box = new Box();
    for (let round = 0; round < 3; round++) {
      const { said, caller } = box.user('wonder', auth);
      box.world.run(10_000);
      assert.equal(said, ['connected', 'address 192.168.20.200 peer 192.168.20.1 mtu 1500']);
      assert.match(box.say('SHOW PPP'), /ISDN-rmt +LCP +OPENED/);
      caller.hangUp();
      box.world.run(10_000);
      assert.is(said.at(-1), 'closed');
      assert.not.match(box.say('SHOW PPP'), /ppp0/);
    }
  });
}

test('a user with a wrong password is refused and the call ends', () => {
  const box = new Box();
  const { said } = box.user('wrong');
  box.world.run(30_000);
  assert.is(said[0], 'connected');
  assert.match(said[1] ?? '', /^refused: /, said.join('; '));
  assert.is(said[2], 'closed');
});

test('RESTART ROUTER ends the calls, and users dial in again', () => {
  const box = new Box();
  const { said } = box.user('wonder');
  box.world.run(10_000);
  assert.is(said.length, 2);
  box.say('RESTART ROUTER');
  box.world.run(10_000);
  assert.is(said.at(-1), 'closed');
  const again = box.user('wonder');
  box.world.run(10_000);
  assert.is(again.said.length, 2, again.said.join(', '));
});

test('a third user finds the pool empty and is told; the first two keep their addresses', () => {
  const box = new Box();
  const users = [box.user('wonder'), box.user('wonder'), box.user('wonder')];
  box.world.run(30_000);
  assert.equal(users.map(({ said }) => said.some((line) => line.startsWith('address'))), [true, true, false]);
  assert.equal(users.map(({ said }) => said.includes('closed')), [false, false, true]);
});

test.run();
