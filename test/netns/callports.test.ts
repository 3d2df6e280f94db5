// Call ports on the real system: sockets and serial lines (a pseudo-terminal stands for one), and users who dial into a running router.

import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxCallPorts } from '../../board/linux/callports.ts';
import { LinuxClock } from '../../board/linux/clock.ts';
import { C, pinned } from '../../board/linux/ffi/libc.ts';
import { Modem } from '../../board/linux/lab/modem.ts';
import { SerialStream } from '../../board/linux/serial.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import type { CallLine, CallPort } from '../../firmware/hal/io.ts';
import { missing, when } from '../needs.ts';
import { Network, type Router, run, until } from '../network.ts';

const NEEDS = ['root', 'netns', 'tun', 'ip', 'ping'];
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;

const ports = suite('call ports');
const folder = mkdtempSync(join(tmpdir(), 'hs-callports-'));

ports.after(() => rmSync(folder, { recursive: true, force: true }));

/** Opens one port; its lines and complaints are kept. */
function open(name: string, device: string): { readonly all: LinuxCallPorts; readonly port: CallPort; readonly lines: CallLine[]; readonly heard: string[]; readonly said: string[] } {
  const said: string[] = [];
  const all = LinuxCallPorts.open(new Map([[name, device], ['eth0', 'lo']]), (text) => said.push(text));
  if (typeof all === 'string') throw new Error(all);
  const [port, ...more] = all.list();
  assert.is(more.length, 0);
  if (port === undefined) throw new Error('no port was opened');
  const lines: CallLine[] = [];
  const heard: string[] = [];
  port.onLine = (line) => {
    lines.push(line);
    line.onData = (data) => heard.push(fromUtf8(data));
    line.onClose = () => heard.push('closed');
  };
  return { all, port, lines, heard, said };
}

const connect = (path: string, heard: string[]) =>
  Bun.connect({ unix: path, socket: { data: (_socket, data) => void heard.push(data.toString()), close: () => void heard.push('closed') } });

ports('each connection to a socket is a line, both ways, and only this user may connect', async () => {
  const path = join(folder, 'bri0.sock');
  const { all, port, lines, heard } = open('bri0', `unix:${path}`);
  assert.equal([port.name, port.kind], ['bri0', 'isdn']);
  assert.is(statSync(path).mode & 0o777, 0o600);
  const answers: string[] = [];
  const one = await connect(path, answers);
  const two = await connect(path, []);
  await until('two lines', 5, () => lines.length === 2);
  one.write('\r\nRING\r\n');
  lines[0]?.write(utf8('ATA\r'));
  await until('octets both ways', 5, () => heard.length > 0 && answers.length > 0);
  assert.equal([heard, answers], [['\r\nRING\r\n'], ['ATA\r']]);
  one.end();
  await until('the end of a line', 5, () => heard.includes('closed'));
  lines[1]?.close();
  await until('the end of the other', 5, () => heard.filter((word) => word === 'closed').length === 2);
  two.end();
  all.close();
  assert.not.ok(existsSync(path));
});

ports('a socket that another program serves is left alone, one that a crash left is taken over, a file is not', async () => {
  const path = join(folder, 'used.sock');
  const first = open('bri0', `unix:${path}`);
  assert.is(LinuxCallPorts.open(new Map([['bri1', `unix:${path}`]]), () => {}), `Port bri1: ${path} is in use by another program`);
  const left = join(folder, 'left.sock');
  const child = Bun.spawn([process.execPath, '-e', `Bun.listen({unix: ${JSON.stringify(left)}, socket: {data() {}}}); console.log('there'); setTimeout(() => {}, 60000)`], { stdout: 'pipe' });
  await until('the other program', 10, () => existsSync(left));
  child.kill('SIGKILL');
  await child.exited;
  open('bri0', `unix:${left}`).all.close();
  first.all.close();
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  assert.is(LinuxCallPorts.open(new Map([['bri0', `unix:${file}`]]), () => {}), `Port bri0: ${file} is there already and is no socket`);
  assert.is(readFileSync(file, 'utf8'), 'precious');
  assert.match(String(LinuxCallPorts.open(new Map([['bri0', `unix:${folder}/none/a.sock`]]), () => {})), /the folder of .* does not exist/);
});

/** A pseudo-terminal: the modem's end, and the name of the router's. */
function terminal(): { readonly master: number; readonly path: string } {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const word = pinned(4);
  assert.is(C.ioctl(master, TIOCSPTLCK, word.at), 0);
  assert.is(C.ioctl(master, TIOCGPTN, word.at), 0);
  return { master, path: `/dev/pts/${word.view.getUint32(0, true)}` };
}

ports('a serial line carries all octets as they are, and comes again when the router closes it', async () => {
  const { master, path } = terminal();
  const { all, port, lines, heard, said } = open('asyn1', `${path}:57600`);
  assert.is(port.kind, 'async');
  await until('the line', 5, () => lines.length === 1);
  // While nobody has its other end open, a pseudo-terminal is gone: unlike a modem that was hung up.
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const modem = new SerialStream(master, { terminal: false, from: 'modem' });
  const got: number[] = [];
  modem.onData = (data) => void got.push(...data);
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  const first = lines[0];
  if (first === undefined) throw new Error('no line');
  const arrived: number[] = [];
  first.onData = (data) => void arrived.push(...data);
  first.write(octets);
  modem.write(octets);
  await until('256 octets both ways', 5, () => got.length >= 256 && arrived.length >= 256);
  assert.equal(got, [...octets]);
  assert.equal(arrived, [...octets]);
  first.close();
  await until('the line again', 10, () => lines.length === 2);
  assert.equal(heard.slice(-1), ['closed']);
  assert.equal(said, []);
  all.close();
  modem.close();
  closeSync(held);
});

ports('a serial line that is missing, no terminal, or in use is named and looked for until it is there', async () => {
  const { master, path } = terminal();
  const taken = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  assert.is(C.flock(taken, 2 | 4), 0);
  const cases: [string, RegExp][] = [
    [join(folder, 'ttyNone'), /there is no .*ttyNone; tried again until it works$/],
    ['/dev/null', /\/dev\/null is no serial line/],
    [path, /is in use by another program/],
  ];
  for (const [device, expected] of cases) {
    const { all, lines, said } = open('asyn1', device);
    await until('the complaint', 5, () => said.length > 0);
    assert.match(said[0] ?? '', expected);
    if (device === path) {
      closeSync(taken);
      await until('the line when it is free', 10, () => lines.length === 1);
      assert.is(said.length, 1);
    } else assert.is(lines.length, 0);
    all.close();
  }
  closeSync(master);
});

const SCRIPT = `ENABLE IP
ADD IP INTERFACE=eth0 IP=10.9.0.1 MASK=255.255.255.0
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
ADD USER=alice PASSWORD=wonder LOGIN=NO
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHENTICATION=EITHER LOGIN=USER IPPOOL=ips
ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0
ADD ACC CALL=modem DIRECTION=ANSWER ASYN=1 PPPTEMPLATE=0
`;

let net: Network | undefined;
let router: Router;
let socket: string;
let line: { readonly master: number; readonly path: string };

ports.before(async () => {
  if (missing(...NEEDS) !== undefined) return;
  net = new Network('cp');
  await net.space('r', 'u');
  await net.wire('r/eth0', 'u/host');
  socket = join(net.folder, 'bri0.sock');
  line = terminal();
  router = await net.router('r', ['eth0=eth0', `bri0=unix:${socket}`, `asyn1=${line.path}`], SCRIPT);
});

ports.after(async () => net?.remove());

/** A user who dials in from his own namespace; what he printed when he has ended, or has been ended after `seconds`. */
async function user(seconds: number, ...words: string[]): Promise<string[]> {
  const space = net?.name('u') ?? '';
  const done = await run(['timeout', String(seconds), 'ip', 'netns', 'exec', space, process.execPath, 'test/dialin.ts', '--socket', socket, '--user', 'alice', '--number', '031', ...words], { seconds: 30 });
  return done.output.trim().split('\n');
}

for (const auth of ['pap', 'chap', 'mschapv2']) {
  when(NEEDS, ports, `a user who dials in gets an address by ${auth} and his pings are answered`, async () => {
    const printed = await user(6, '--password', 'wonder', '--auth', auth, '--ping', '10.9.0.1');
    assert.is(printed[0], 'connected', printed.join('\n'));
    assert.match(printed[1] ?? '', /^address 192\.168\.20\.2\d\d peer 10\.9\.0\.1 mtu 1500$/);
    assert.is(printed[2], 'reply from 10.9.0.1');
    assert.is(printed.at(-1), 'closed');
  });
}

when(NEEDS, ports, 'a user with a wrong password is refused, and told so', async () => {
  const printed = await user(10, '--password', 'wrong');
  assert.equal([printed[0], printed.at(-1)], ['connected', 'closed']);
  assert.match(printed[1] ?? '', /^refused: The peer refused our name or password/);
});

when(NEEDS, ports, 'packets of a user cross whole in both directions, whatever octets they hold', async () => {
  const child = net?.start('u', [process.execPath, 'test/dialin.ts', '--socket', socket, '--user', 'alice', '--password', 'wonder', '--tun', 'dial0']);
  await until('the device with its address', 15, async () => (await net?.exec('u', ['ip', '-4', 'addr', 'show', 'dial0']))?.output.includes('192.168.20.') ?? false);
  for (const pattern of ['7e', '7d', '00', '11', 'ff', '0d0a2b2b2b']) {
    const ping = await net?.exec('u', ['ping', '-n', '-c', '3', '-i', '0.2', '-W', '2', '-s', '1400', '-p', pattern, '10.9.0.1']);
    assert.match(ping?.output ?? '', / 0% packet loss/, pattern);
  }
  assert.match(await router.cli('SHOW ISDN CALL=rmt'), /Frames \.+ \d+ received\n/);
  child?.kill('SIGTERM');
  await until('the interface to be gone', 10, async () => !(await router.cli('SHOW PPP')).includes('ppp'));
});

when(NEEDS, ports, 'a modem on a serial line brings a call to the router too, and is hung up by the escape sequence', async () => {
  const clock = new LinuxClock();
  const stream = new SerialStream(line.master, { terminal: false, from: 'modem' });
  const events: string[] = [];
  const modem = new Modem({
    write: (octets) => stream.write(octets),
    data: () => events.push('data'),
    connected: () => events.push('connected'),
    hungUp: () => events.push('hung up'),
    dialled: () => 'BUSY',
  }, 33_600);
  stream.onData = (data) => modem.receive(data, clock.now());
  // The router may have waited for the modem since before it was there.
  await until('the call to be answered', 45, () => {
    if (!modem.online) modem.ring('0312345678', '');
    return events.includes('connected');
  });
  await until('PPP to begin', 10, () => events.includes('data'));
  assert.match(await router.cli('SHOW ACC CALL=modem'), /State \.+ up\n/);
  assert.match(await router.cli('DEACTIVATE ACC CALL=modem'), /^Info/);
  await until('the modem to be told', 10, () => events.includes('hung up'));
  stream.close();
  clock.close();
});

ports.run();
