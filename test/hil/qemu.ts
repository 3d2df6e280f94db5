// The suite on qemu's virt machine: the image is built, booted as shipped, and served updates by qemu's own network.

import { join } from 'node:path';

import type { Suite } from './suite.ts';
import { buildImage, type BuiltImage, type GuestImage } from './image.ts';
import { QemuTarget } from './target.ts';

/** As the guest reaches it; qemu runs serve.sh for each connection. */
export const SERVER = '10.0.2.100';
/** qemu's word for that server. */
export const serving = (built: BuiltImage): string => `guestfwd=tcp:${SERVER}:80-cmd:${join(import.meta.dir, 'serve.sh')} ${built.served}`;

export interface GuestOptions {
  /** The file for what the console said, where it is not one in the folder. */
  readonly transcript?: string;
  /** An image that is there already. */
  readonly ready?: BuiltImage | undefined;
  /** Where it is built else: a folder in that of the run. */
  readonly image?: string;
}

/** The guest's disk is in `folder`. */
export function qemuSuite(folder: string, cuts: number, say: (text: string) => void, options: GuestOptions = {}): Suite & { readonly built: GuestImage } {
  const { transcript, ready, image = join(folder, 'image') } = options;
  const began = performance.now();
  const built: GuestImage = { ...(ready ?? buildImage(image)), ...(transcript === undefined ? {} : { transcript }) };
  if (ready === undefined) say(`image built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const network = ['-netdev', `user,id=n,${serving(built)}`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  // At this level the kernel prints its warnings.
  const target = new QemuTarget({ ...built, folder, append: 'loglevel=5', extra: network });
  return { built, target, qemu: target, server: SERVER, cuts, say };
}
