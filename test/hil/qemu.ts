// The suite on qemu's virt machine: the image is built, booted as shipped, and served updates by qemu's own network.

import { join } from 'node:path';

import type { Suite } from './cases.ts';
import { buildImage, type BuiltImage } from './image.ts';
import { QemuTarget } from './target.ts';

/** As the guest reaches it; qemu runs serve.sh for each connection. */
const SERVER = '10.0.2.100';

export function qemuSuite(folder: string, cuts: number, say: (text: string) => void): Suite & { readonly built: BuiltImage } {
  const began = performance.now();
  const built = buildImage(join(folder, 'image'));
  say(`image built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const network = ['-netdev', `user,id=n,guestfwd=tcp:${SERVER}:80-cmd:${join(import.meta.dir, 'serve.sh')} ${built.served}`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  // At this level the kernel prints its warnings.
  const target = new QemuTarget({ ...built, folder, append: 'loglevel=5', extra: network });
  return { built, target, qemu: target, server: SERVER, cuts, say };
}
