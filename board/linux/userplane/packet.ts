// Numbers of the packets that pass through a TUN device: PPP protocols of IP, virtio_net_hdr (linux/virtio_net.h).

export const PPP_IPV4 = 0x21;
export const PPP_IPV6 = 0x57;

export const IP_TCP = 6;
export const IP_UDP = 17;

/** struct virtio_net_hdr: where its fields lie; all little-endian here. */
export const VNET = { FLAGS: 0, GSO_TYPE: 1, HDR_LEN: 2, GSO_SIZE: 4, CSUM_START: 6, CSUM_OFFSET: 8, SIZE: 10 } as const;
/** The checksum field holds the sum of the pseudo header only. */
export const VNET_NEEDS_CSUM = 1;
export const GSO = { NONE: 0, TCPV4: 1, TCPV6: 4, UDP: 5, ECN: 0x80 } as const;

/** The longest IP packet. */
export const MAX_PACKET = 65535;
