// What a program links to: DT_NEEDED of 64-bit little-endian ELF files (System V ABI, gABI 4.1 and 5).

const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

/** Names of the shared objects that an ELF file needs; empty for static programs and for what is no ELF file. */
export function neededBy(file: Uint8Array): string[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 64 || view.getUint32(0, true) !== MAGIC || file[4] !== CLASS_64 || file[5] !== LITTLE_ENDIAN) return [];
  const at = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  const loads: { readonly virtual: bigint; readonly offset: bigint; readonly length: bigint }[] = [];
  let dynamic: { readonly offset: number; readonly length: number } | undefined;
  for (let i = 0; i < count; i++) {
    const header = at + i * size;
    const type = view.getUint32(header, true);
    const offset = view.getBigUint64(header + 8, true);
    const virtual = view.getBigUint64(header + 16, true);
    const length = view.getBigUint64(header + 32, true);
    if (type === PT_LOAD) loads.push({ virtual, offset, length });
    if (type === PT_DYNAMIC) dynamic = { offset: Number(offset), length: Number(length) };
  }
  if (dynamic === undefined) return [];
  const names: bigint[] = [];
  let strings = 0n;
  for (let i = dynamic.offset; i < dynamic.offset + dynamic.length; i += 16) {
    const tag = view.getBigUint64(i, true);
    const value = view.getBigUint64(i + 8, true);
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED) names.push(value);
    if (tag === DT_STRTAB) strings = value;
  }
  const home = loads.find(({ virtual, length }) => strings >= virtual && strings < virtual + length);
  if (home === undefined) return [];
  const table = Number(strings - home.virtual + home.offset);
  return names.map((name) => {
    const start = table + Number(name);
    return new TextDecoder().decode(file.subarray(start, file.indexOf(0, start)));
  });
}
