// Connections that the kernel's connection tracking knows (nfnetlink_conntrack): those of some hosts are made to begin anew, so that
// translation rules see their next packet. The kernel asks its NAT rules only about the first packet of a connection.

import type { Ipv4Range } from '../../../firmware/bytes/ip.ts';
import { AF } from '../ffi/socket.ts';
import { NetlinkClient } from './client.ts';
import { attributesOf, type MessageWriter, NLM_F, type Received } from './message.ts';

const NETLINK_NETFILTER = 12;
const CTNETLINK = 1 << 8;
const IPCTNL_MSG_CT = { GET: 1, DELETE: 2 } as const;
const CTA = { TUPLE_ORIG: 1, STATUS: 3 } as const;
const CTA_TUPLE_IP = 1;
const CTA_IP_V4_SRC = 1;
const NESTED = 0x8000;
/** Source or destination translated. */
const IPS_NAT = 0x30;
const SIZEOF_NFGENMSG = 4;

const header = (w: MessageWriter): MessageWriter => w.u8(AF.INET, 0, 0, 0);
const octetsOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Forgets the connections from these addresses that no rule translates; undefined, or why the kernel would not. */
export function forgetUntranslated(sources: readonly Ipv4Range[]): string | undefined {
  if (sources.length === 0) return undefined;
  const client = new NetlinkClient(NETLINK_NETFILTER);
  try {
    let tuples: Uint8Array[] = [];
    const each = (message: Received): void => {
      const attributes = attributesOf(message.body, SIZEOF_NFGENMSG);
      const tuple = attributes.get(CTA.TUPLE_ORIG);
      const address = tuple === undefined ? undefined : attributesOf(tuple, 0).get(CTA_TUPLE_IP);
      const source = address === undefined ? undefined : attributesOf(address, 0).get(CTA_IP_V4_SRC);
      const status = attributes.get(CTA.STATUS)?.getUint32(0) ?? 0;
      if (tuple === undefined || source === undefined || source.byteLength !== 4 || (status & IPS_NAT) !== 0) return;
      const from = source.getUint32(0);
      if (sources.some(({ low, high }) => from >= low && from <= high)) tuples.push(octetsOf(tuple).slice());
    };
    const failure = client.request(CTNETLINK | IPCTNL_MSG_CT.GET, NLM_F.DUMP, header, { each, restart: () => (tuples = []) });
    if (failure !== undefined) return failure.text;
    // One that has ended by itself meanwhile is no failure.
    for (const tuple of tuples) client.request(CTNETLINK | IPCTNL_MSG_CT.DELETE, 0, (w) => header(w).attribute(CTA.TUPLE_ORIG | NESTED, tuple));
    return undefined;
  } finally {
    client.close();
  }
}
