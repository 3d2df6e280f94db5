// Seeded mutation of valid inputs: the same seed gives the same inputs.

/** mulberry32: 32 bits at a time. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Octets that lengths and flags trip over. */
const EDGES = [0, 1, 2, 5, 6, 7, 8, 127, 128, 254, 255];

/** Inputs without end: seeds as they are, cut, flipped, overwritten, lengthened, spliced. The buffer handed out is reused by the next call. */
export function mutator(seed: number, seeds: readonly Uint8Array[]): () => Uint8Array {
  const next = chance(seed);
  const buffer = new Uint8Array(8192);
  return () => {
    const from = seeds[next() % seeds.length] ?? buffer.subarray(0, 0);
    buffer.set(from);
    let size = from.length;
    for (let steps = next() % 4; steps >= 0; steps--) {
      const at = size === 0 ? 0 : next() % size;
      switch (next() % 8) {
        case 0:
          size = at;
          break;
        case 1:
        case 2:
          buffer[at] = (buffer[at] ?? 0) ^ (1 << (next() & 7));
          break;
        case 3:
          buffer[at] = EDGES[next() % EDGES.length] ?? 0;
          break;
        case 4:
          buffer[at] = next() & 255;
          break;
        case 5: {
          const other = seeds[next() % seeds.length] ?? from;
          const piece = other.subarray(other.length === 0 ? 0 : next() % other.length).subarray(0, 64);
          if (size + piece.length > buffer.length) break;
          buffer.set(piece, size);
          size += piece.length;
          break;
        }
        case 6: {
          const piece = Math.min(size - at, 1 + (next() & 31));
          if (size + piece > buffer.length) break;
          buffer.copyWithin(at + piece, at, size);
          size += piece;
          break;
        }
        default:
          break;
      }
    }
    return buffer.subarray(0, size);
  };
}
