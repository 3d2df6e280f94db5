// One port, two VLANs, which a file that flash.sh gave along makes eth0 and eth1. The other end of the port's line is this program:
// it takes frames of qemu in datagrams, and answers ARP and ICMP echo in VLAN 10 and VLAN 20 (IEEE 802.1Q) each for one address.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type GuestImage, must } from './image.ts';
import { check } from './suite.ts';
import { QemuTarget } from './target.ts';

const ROOT = join(import.meta.dir, '..', '..');
const TAG = 0x8100;
const ETHERTYPE = { arp: 0x0806, ipv4: 0x0800 } as const;
/** Ethernet header with a tag. */
const HEADER = 18;
const ICMP = 1;
const SELF = Buffer.from([2, 0, 0, 0, 0, 2]);
const hostOf = (vlan: number): Buffer => Buffer.from([192, 168, vlan, 2]);

/** The answer to a frame; undefined where it gets none. */
export function answerTo(frame: Buffer): Buffer | undefined {
  if (frame.length < HEADER + 28 || frame.readUInt16BE(12) !== TAG) return undefined;
  const host = hostOf(frame.readUInt16BE(14) & 0xfff);
  const out = Buffer.from(frame);
  frame.copy(out, 0, 6, 12);
  SELF.copy(out, 6);
  const body = out.subarray(HEADER);
  const type = frame.readUInt16BE(16);
  if (type === ETHERTYPE.arp && body.readUInt16BE(6) === 1 && body.subarray(24, 28).equals(host)) {
    body.writeUInt16BE(2, 6);
    frame.copy(body, 18, HEADER + 8, HEADER + 18);
    SELF.copy(body, 8);
    host.copy(body, 14);
    return out;
  }
  if (type !== ETHERTYPE.ipv4 || body[9] !== ICMP || body[20] !== 8 || !body.subarray(16, 20).equals(host)) return undefined;
  const asked = Buffer.from(body.subarray(12, 16));
  host.copy(body, 12);
  asked.copy(body, 16);
  body[20] = 0;
  // RFC 1624: the type went from 8 to 0.
  const sum = body.readUInt16BE(22) + 0x0800;
  body.writeUInt16BE((sum & 0xffff) + (sum >> 16), 22);
  return out;
}

/** Throws where the two ports do not carry traffic in their VLANs. */
export async function vlans(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'vlans.json');
  const card = join(folder, 'card.img');
  writeFileSync(file, '{"ports": {"eth0": "eth0.10", "eth1": "eth0.20"}}\n');
  must(['sh', join(ROOT, 'flash.sh'), '--ports', file, built.image, card]);
  const seen = new Map<number, number>();
  const wire = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data(socket, data, port, address) {
        const frame = Buffer.from(data);
        const vlan = frame.readUInt16BE(12) === TAG ? frame.readUInt16BE(14) & 0xfff : 0;
        const answer = answerTo(frame);
        if (answer === undefined) return;
        seen.set(vlan, (seen.get(vlan) ?? 0) + 1);
        socket.send(answer, port, address);
      },
    },
  });
  const spare = await Bun.udpSocket({ hostname: '127.0.0.1' });
  const own = spare.port;
  spare.close();
  const network = ['-netdev', `socket,id=n,udp=127.0.0.1:${wire.port},localaddr=127.0.0.1:${own}`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  const box = new QemuTarget({ ...built, image: card, folder, extra: network });
  try {
    await box.start();
    await box.console.login();
    await box.console.command('delete ip interface=eth0');
    for (const [port, vlan] of [['eth0', 10], ['eth1', 20]] as const) {
      const added = await box.console.command(`add ip interface=${port} ipaddress=192.168.${vlan}.1 mask=255.255.255.0`);
      check(!/^Error/m.test(added), added);
    }
    for (const vlan of [10, 20]) {
      box.console.send(`ping 192.168.${vlan}.2 number=3\r`);
      await box.console.expect(new RegExp(`Echo reply 3 from 192\\.168\\.${vlan}\\.2[^>]*> $`), 60);
    }
    check([...seen.keys()].toSorted((a, b) => a - b).join() === '10,20', `frames were answered in the VLANs ${[...seen.keys()].join()}`);
    const shown = await box.console.command('show interface');
    check(/^ *\d+ eth0 +Up +Up/m.test(shown) && /^ *\d+ eth1 +Up +Up/m.test(shown), shown);
    say(`frames answered in VLAN 10: ${seen.get(10)}, in VLAN 20: ${seen.get(20)}`);
  } finally {
    await box.stop();
    wire.close();
  }
}
