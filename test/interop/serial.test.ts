// A dial-in user of today on a serial line: pppd and the kernel's async PPP, in a machine of its own, against an ISDN call of the router.
// Its chat script plays the modem; the line is a pseudo-terminal that this test joins to the router's call port.

import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { C, pinned } from '../../board/linux/ffi/libc.ts';
import { SerialStream } from '../../board/linux/serial.ts';
import { rawMode } from '../../board/linux/termios.ts';
import { when, type Need } from '../needs.ts';
import { must, Network, run, until } from '../network.ts';

const PEERS = join(import.meta.dir, 'peers');
const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'ping', 'linux.uml', 'pppd', 'chat', 'flock'];
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const SCRIPT = `ENABLE IP
ADD IP INTERFACE=eth0 IP=192.168.20.1 MASK=255.255.255.0
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
ADD USER=alice PASSWORD=wonder LOGIN=NO
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF ECHO=ON AUTHENTICATION=EITHER LOGIN=USER IPPOOL=ips
ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0
`;
/** Plays the modem: answers the router's set-up, rings, and connects when it is told to. */
const CHAT = `chat -t 30 '' '\\c' ATZ OK ATE OK ATX OK CLIP OK CDIP OK '' '\\nRING' ATA 'CONNECT 115200'`;
const serial = suite('serial dial-in');

/** A raw pseudo-terminal that stays: the test's end, and the name of the other. */
function terminal(): { readonly master: number; readonly path: string } {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const word = pinned(4);
  assert.is(C.ioctl(master, TIOCSPTLCK, word.at), 0);
  assert.is(C.ioctl(master, TIOCGPTN, word.at), 0);
  const path = `/dev/pts/${word.view.getUint32(0, true)}`;
  assert.ok(rawMode(openSync(path, constants.O_RDWR | constants.O_NOCTTY), { speed: 115_200 }) !== undefined);
  return { master, path };
}

when(NEEDS, serial, 'pppd on a serial line dials in, by PAP, CHAP and MS-CHAPv2, and its packets cross whatever octets they hold', async () => {
  const net = new Network('sr');
  const line = terminal();
  const env = [`RUN=${join(net.folder, 'peers')}`, `PEER_WORDS=ssl0=tty:${line.path}`];
  const peer = (...words: string[]): Promise<string> => must(['env', ...env, join(PEERS, 'machine.sh'), ...words], { seconds: 120 });
  try {
    await net.space('r', 'sw', 'h');
    await net.wire('r/eth0', 'h/eth0');
    await net.ip('h', 'addr', 'add', '192.168.20.2/24', 'dev', 'eth0');
    await net.ip('sw', 'link', 'add', 'br0', 'type', 'bridge');
    const socket = join(net.folder, 'bri0.sock');
    const router = await net.router('r', ['eth0=eth0', `bri0=unix:${socket}`], SCRIPT);
    await peer('start', 'user', net.name('sw'), 'tap1', 'br0', '10.0.0.1/24');
    await peer('exec', 'user', 'for m in slhc crc-ccitt ppp_generic ppp_async; do modprobe $m; done; true');
    const stream = new SerialStream(line.master, { terminal: false, from: 'pty' });
    for (const refused of ['refuse-chap refuse-mschap-v2', 'refuse-pap refuse-mschap-v2', 'refuse-pap refuse-chap']) {
      const joined = await Bun.connect({ unix: socket, socket: { data: (_socket, data) => stream.write(data), close: () => {} } });
      stream.onData = (data) => void joined.write(data);
      await peer('exec', 'user', `cat >/tmp/modem <<'X'\n${CHAT}\nX\npppd /dev/ttyS0 115200 connect 'sh /tmp/modem' noauth user alice password wonder ${refused} refuse-eap refuse-mschap local nocrtscts asyncmap 0 noipdefault defaultroute debug logfile /tmp/log unit 0 </dev/null >/dev/null 2>&1`);
      await until(`an address on ppp0 (${refused})`, 40, async () => (await peer('exec', 'user', 'ip -4 addr show ppp0 2>/dev/null; true')).includes('192.168.20.2')).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await peer('exec', 'user', 'cat /tmp/log; dmesg | tail -5')}\n${await router.cli('SHOW LOG')}`);
      });
      for (const pattern of ['7e', '7d', '11', '0d0a2b2b2b']) {
        assert.match(await peer('exec', 'user', `ping -n -c 3 -i 0.3 -W 3 -s 1200 -p ${pattern} 192.168.20.2; true`), / 0% packet loss/, `${refused}, ${pattern}`);
      }
      const shown = await router.cli('SHOW ISDN CALL=rmt');
      assert.match(shown, /State \.+ up\n/);
      assert.match(shown, /Frames \.+ \d+ received\n/, 'nothing was damaged');
      await peer('exec', 'user', 'killall pppd; while pidof pppd >/dev/null; do sleep 0.2; done; rm -f /tmp/log');
      await until('the interface to be gone', 10, async () => !(await router.cli('SHOW PPP')).includes('ppp0'));
      joined.end();
    }
    stream.close();
  } finally {
    await run(['env', ...env, join(PEERS, 'machine.sh'), 'stop', 'user']);
    await net.remove();
  }
});

serial.run();
