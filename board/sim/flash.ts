// Flash in memory, with failures on demand: full, read-only, power cut in the middle of a save.

import type { WallClock } from '../../firmware/hal/clock.ts';
import type { FileInfo, Flash, FlashDone } from '../../firmware/hal/flash.ts';
import type { World } from './world.ts';

interface Stored {
  info: FileInfo;
  data: Uint8Array;
}

export class SimFlash implements Flash {
  /** What the next writes do: 'ok', 'full', 'read-only', or 'cut': never answer, keep the old file. */
  mode: 'ok' | 'full' | 'read-only' | 'cut' = 'ok';
  readonly #files = new Map<string, Stored>();
  readonly #world: World;
  readonly #wall: WallClock;

  constructor(world: World, wall: WallClock) {
    this.#world = world;
    this.#wall = wall;
  }

  list(): readonly FileInfo[] {
    return [...this.#files.values()].map((f) => f.info).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(name: string): Uint8Array | undefined {
    return this.#files.get(name.toLowerCase())?.data.slice();
  }

  write(name: string, data: Uint8Array, done: FlashDone): void {
    const copy = data.slice();
    this.#change(done, () => {
      const info = { name: this.#files.get(name.toLowerCase())?.info.name ?? name, size: copy.length, created: this.#wall.now() };
      this.#files.set(name.toLowerCase(), { info, data: copy });
      return undefined;
    });
  }

  remove(name: string, done: FlashDone): void {
    this.#change(done, () => (this.#files.delete(name.toLowerCase()) ? undefined : `There is no file ${name}`));
  }

  rename(from: string, to: string, done: FlashDone): void {
    this.#change(done, () => {
      const file = this.#files.get(from.toLowerCase());
      if (file === undefined) return `There is no file ${from}`;
      this.#files.delete(from.toLowerCase());
      this.#files.set(to.toLowerCase(), { info: { ...file.info, name: to }, data: file.data });
      return undefined;
    });
  }

  space(): { readonly free: number; readonly total: number } {
    let used = 0;
    for (const file of this.#files.values()) used += file.data.length;
    return { free: 6_291_456 - used, total: 6_291_456 };
  }

  #change(done: FlashDone, apply: () => string | undefined): void {
    const { mode } = this;
    if (mode === 'cut') return;
    this.#world.at(this.#world.now + 1, () => {
      if (mode === 'full') done('The flash is full');
      else if (mode === 'read-only') done('The flash is read-only');
      else done(apply());
    });
  }
}
