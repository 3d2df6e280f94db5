// The MSS option of TCP SYN segments (RFC 9293 3.2), lowered on the way through a tunnel.

const TCP = 6;
const SYN = 0x02;
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const TCP_HEADER = 20;
/** IPv6 headers are this much longer than IPv4's, so the same packet holds that much less. */
const IPV6_MORE = 20;

/**
 * Lowers the MSS that a SYN in the IP packet of `length` octets at `at` announces to `mss` (IPv6: to 20 less) and corrects the TCP
 * checksum. The packet's headers must have been checked to lie within it. IPv6 extension headers, fragments: left alone.
 */
export function clampMss(view: DataView, at: number, length: number, mss: number): void {
  let tcp = 0;
  let most = mss;
  if (view.getUint8(at) >> 4 === 4) {
    if (view.getUint8(at + 9) !== TCP || (view.getUint16(at + 6) & 0x1fff) !== 0) return;
    tcp = at + (view.getUint8(at) & 15) * 4;
  } else {
    if (view.getUint8(at + 6) !== TCP) return;
    tcp = at + 40;
    most -= IPV6_MORE;
  }
  const end = at + length;
  if (tcp + TCP_HEADER > end || (view.getUint8(tcp + 13) & SYN) === 0) return;
  const options = Math.min(end, tcp + (view.getUint8(tcp + 12) >> 4) * 4);
  for (let p = tcp + TCP_HEADER; p < options; ) {
    const kind = view.getUint8(p);
    if (kind === OPTION_END) return;
    if (kind === OPTION_NOP) {
      p++;
      continue;
    }
    if (p + 2 > options) return;
    const size = view.getUint8(p + 1);
    if (size < 2 || p + size > options) return;
    if (kind === OPTION_MSS && size === 4) {
      const old = view.getUint16(p + 2);
      if (old <= most) return;
      view.setUint16(p + 2, most);
      correct(view, tcp, p + 2, old);
      return;
    }
    p += size;
  }
}

/** RFC 1624: the checksum after one 16-bit field went from `old` to what stands at `field`; a field at an odd offset counts swapped. */
function correct(view: DataView, tcp: number, field: number, old: number): void {
  const now = view.getUint16(field);
  const odd = ((field - tcp) & 1) !== 0;
  const before = odd ? ((old & 255) << 8) | (old >> 8) : old;
  const after = odd ? ((now & 255) << 8) | (now >> 8) : now;
  let s = (~view.getUint16(tcp + 16) & 0xffff) + (~before & 0xffff) + after;
  s = (s & 0xffff) + (s >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  view.setUint16(tcp + 16, ~s & 0xffff);
}
