// The suite as it is run against a real box, with the image in qemu in its place: through a pseudo terminal for a serial line, and
// through ssh. The program that runs it is started anew, as an operator would.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { PASSWORD, seedCard, SSH } from './first.ts';
import type { GuestImage } from './image.ts';
import { QemuTarget } from './target.ts';

const SSH_PORT = 42_023;

async function appears(path: string): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (await Bun.file(path).stat().then(() => true, () => false)) return;
    await Bun.sleep(100);
  }
  throw new Error(`${path} did not come`);
}

/** Throws where the suite fails. `network`: words for qemu of the network with the updates' server. */
export async function through(way: 'serial' | 'ssh', guest: GuestImage, folder: string, about: { readonly server: string; readonly guestfwd: string; say(text: string): void }): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { card, key } = seedCard(guest.image, folder);
  const network = ['-netdev', `user,id=n,${about.guestfwd},hostfwd=tcp:127.0.0.1:${SSH_PORT}-:22`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  const box = new QemuTarget({ ...guest, image: card, folder, extra: network });
  let bridge: Bun.Subprocess | undefined;
  try {
    await box.start();
    const line = join(folder, 'line');
    const words = way === 'ssh' ? [`ssh://manager@127.0.0.1:${SSH_PORT}`, '--key', key, ...SSH.flatMap((one) => ['--ssh-option', one])] : [`serial:${line}`];
    if (way === 'serial') {
      // Half a line on it, as somebody may have left it.
      box.console.send('manag');
      box.console.detach();
      bridge = Bun.spawn(['socat', `PTY,link=${line},raw,echo=0`, `UNIX-CONNECT:${join(folder, 'console.sock')}`], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
      await appears(line);
    }
    const run = Bun.spawn([process.execPath, join(import.meta.dir, 'run.ts'), '--target', ...words, '--password', PASSWORD, '--server', about.server, '--folder', join(folder, 'real')], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
    const decoder = new TextDecoder();
    for await (const part of run.stdout) for (const one of decoder.decode(part, { stream: true }).split('\n').filter((line) => line !== '')) about.say(one);
    if ((await run.exited) !== 0) throw new Error('the suite failed');
  } finally {
    bridge?.kill();
    await box.stop();
  }
}
