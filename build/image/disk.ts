// The card: its partitions, and the table that says so (MBR: what the Raspberry Pi's boot ROM of every model reads).
// The two records of the slots' state and the area for what flash.sh gives along lie before the first partition.

export const SECTOR = 512;
const MIB = 1 << 20;

/** Tells our cards from others: the MBR's disk identifier. */
export const DISK_ID = 0xa740a740;

/** Places on the card in octets. The loader (board/appliance/init) and flash.sh know them too; a test compares. */
export const PLACES = {
  state: [1 * MIB, 2 * MIB],
  seed: { at: 3 * MIB, size: 1 * MIB },
} as const;

export interface Partition {
  readonly name: 'boot' | 'slot-a' | 'slot-b' | 'flash';
  /** In octets. */
  readonly at: number;
  readonly size: number;
  readonly type: number;
}

const FAT32 = 0x0c;
const LINUX = 0x83;

/** One after the other from 4 MiB on. */
export const PARTITIONS: readonly Partition[] = [
  { name: 'boot', at: 4 * MIB, size: 80 * MIB, type: FAT32 },
  { name: 'slot-a', at: 84 * MIB, size: 96 * MIB, type: LINUX },
  { name: 'slot-b', at: 180 * MIB, size: 96 * MIB, type: LINUX },
  { name: 'flash', at: 276 * MIB, size: 64 * MIB, type: LINUX },
];

export const partition = (name: Partition['name']): Partition => {
  const found = PARTITIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no partition ${name}`);
  return found;
};

/** Octets of a whole image. */
export const imageSize = (): number => PARTITIONS.reduce((end, one) => Math.max(end, one.at + one.size), 0);

/** The first sector of the card. */
export function masterBootRecord(): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  const view = new DataView(sector.buffer);
  view.setUint32(440, DISK_ID, true);
  for (const [index, { at, size, type }] of PARTITIONS.entries()) {
    const entry = 446 + index * 16;
    // Cylinder, head, sector of what lies beyond their reach.
    sector.set([index === 0 ? 0x80 : 0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], entry);
    view.setUint32(entry + 8, at / SECTOR, true);
    view.setUint32(entry + 12, size / SECTOR, true);
  }
  sector.set([0x55, 0xaa], 510);
  return sector;
}
