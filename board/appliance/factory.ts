// The first start of a box without configuration: an address from whoever gives one on eth0, else one of its own.

export const FACTORY_SCRIPT = `ENABLE IP
ENABLE IP REMOTEASSIGN
ADD IP INTERFACE=eth0 IPADDRESS=DHCP
`;

/** When nobody has given an address: the box is the network's server. */
export const FALLBACK = {
  port: 'eth0',
  /** Seconds after the start; a switch with spanning tree lets frames pass after 30. */
  after: 40,
  script: `SET IP INTERFACE=eth0 IPADDRESS=192.168.1.1 MASK=255.255.255.0
CREATE DHCP POLICY=lan LEASETIME=3600
ADD DHCP POLICY=lan SUBNETMASK=255.255.255.0 ROUTER=192.168.1.1
CREATE DHCP RANGE=lan POLICY=lan IP=192.168.1.100 NUMBER=100
ENABLE DHCP
`,
} as const;
