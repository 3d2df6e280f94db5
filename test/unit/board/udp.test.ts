import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxUdpSockets } from '../../../board/linux/udp.ts';
import { toIpv4 } from '../../../firmware/bytes/ip.ts';

const HERE = toIpv4(0x7f000001);
// The sockets alone do not keep the process running.
const awake = setInterval(() => {}, 1000);
test.after(() => clearInterval(awake));

const failed = (why: string): void => assert.unreachable(why);

test('A Linux UDP socket sends what was given before it was open, and hears the answer', async () => {
  const sockets = new LinuxUdpSockets();
  const first = Promise.withResolvers<number>();
  const server = sockets.open({ port: 0, failed, received: (from, port, data) => server.send(from, port, data) });
  // Learns the server's port by having it speak first.
  const client = sockets.open({ port: 41799, failed, received: (_from, port, data) => (data.length === 1 ? first.resolve(port) : answer.resolve(data.join())) });
  const answer = Promise.withResolvers<string>();
  server.send(HERE, 41799, Uint8Array.of(7));
  client.send(HERE, await first.promise, Uint8Array.of(1, 2, 3));
  assert.is(await answer.promise, '1,2,3');
  sockets.close();
});

test('A Linux UDP socket hands up plain octets, of which slice makes a copy', async () => {
  const sockets = new LinuxUdpSockets();
  const heard = Promise.withResolvers<Uint8Array>();
  const server = sockets.open({ port: 41796, failed, received: (_from, _port, data) => heard.resolve(data) });
  server.send(HERE, 41796, Uint8Array.of(1, 2));
  assert.is((await heard.promise).constructor, Uint8Array);
  sockets.close();
});

test('A Linux UDP socket on a taken port says so', async () => {
  const sockets = new LinuxUdpSockets();
  const why = Promise.withResolvers<string>();
  sockets.open({ port: 41798, failed, received: () => {} });
  sockets.open({ port: 41798, failed: why.resolve, received: () => {} });
  assert.is(await why.promise, 'UDP port 41798 is in use by another program');
  sockets.close();
});

test('A Linux UDP socket that was told of a closed port still sends its next datagram', async () => {
  const sockets = new LinuxUdpSockets();
  const heard = Promise.withResolvers<string>();
  sockets.open({ port: 41797, failed, received: (_from, _port, data) => heard.resolve(data.join()) });
  const client = sockets.open({ port: 0, failed, received: () => {} });
  await Bun.sleep(20);
  // The ICMP error of the first comes back at once on loopback and is met by the second.
  client.send(HERE, 9, Uint8Array.of(0));
  client.send(HERE, 41797, Uint8Array.of(5));
  assert.is(await heard.promise, '5');
  sockets.close();
});

test.run();
