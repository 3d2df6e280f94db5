// The dial-in user of a lab as a process: calls a router's socket port, routes its whole namespace into the call, and calls again when
// the call ends. Prints a line for each event.

import { formatIpv4, parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { kernelRandom } from '../chance.ts';
import { LinuxClock } from '../clock.ts';
import { libraryCrypto } from '../crypto.ts';
import { RouteClient } from '../netlink/route.ts';
import { type SocketData, SocketStream } from '../stream.ts';
import { Tun } from '../tuntap.ts';
import { Caller, type CallerEvent, sayEvent } from './caller.ts';

export interface DialInOptions {
  readonly socket: string;
  readonly user: string;
  readonly password: string;
}

const DEVICE = 'ppp0';
const AGAIN_MS = 500;
/** Routes of programs like this one (rtm_protocol "static"). */
const RTPROT_STATIC = 4;
const NOWHERE = parseIpv4('0.0.0.0');

/** Runs until the process is ended. */
export async function runDialIn(options: DialInOptions): Promise<never> {
  const clock = new LinuxClock();
  for (;;) {
    await call(options, clock).catch((error: unknown) => console.log(`refused: ${error instanceof Error ? error.message : String(error)}`));
    await Bun.sleep(AGAIN_MS);
  }
}

/** One call from its first ring to its end. */
async function call({ socket: unix, user, password }: DialInOptions, clock: LinuxClock): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let tun: Tun | undefined;
  const event = (one: CallerEvent): void => {
    console.log(sayEvent(one));
    if (one.kind === 'address') tun = route(one, (packet) => caller.send(packet));
    if (one.kind !== 'closed') return;
    tun?.release();
    ended.resolve();
  };
  const socket = await Bun.connect<SocketData>({
    unix,
    socket: {
      open(one) {
        one.data = { stream: new SocketStream(one, { terminal: false, from: 'router' }) };
      },
      data: (one, data) => one.data.stream?.received(data),
      drain: (one) => one.data.stream?.drained(),
      close: (one) => one.data.stream?.ended(),
      error(_one, error) {
        throw error;
      },
    },
    data: { stream: undefined },
  });
  const { stream } = socket.data;
  if (stream === undefined) throw new Error(`${unix} did not open`);
  const caller = new Caller(
    { user, password, number: '0312345678', dials: '0398765432' },
    {
      clock, crypto: libraryCrypto, random: kernelRandom, event,
      write: (octets) => stream.write(octets),
      close: () => stream.close(),
      packet: (packet) => tun?.write(packet.slice()),
    },
  );
  stream.onData = (data) => caller.received(data);
  stream.onClose = () => caller.closed();
  caller.call();
  await ended.promise;
}

/** The device of the call, with the address that was given and everything routed into it. */
function route({ address, mtu }: Extract<CallerEvent, { kind: 'address' }>, send: (packet: Uint8Array) => void): Tun {
  const tun = new Tun(DEVICE);
  tun.mtu = mtu;
  tun.ipv4 = `${formatIpv4(address)}/32`;
  tun.isUp = true;
  tun.on('data', send);
  const client = new RouteClient();
  const index = client.link(DEVICE)?.index ?? 0;
  if (NOWHERE !== undefined) client.addRoute({ destination: NOWHERE, length: 0, via: NOWHERE, index, metric: 0, protocol: RTPROT_STATIC }, 'only');
  client.close();
  return tun;
}
