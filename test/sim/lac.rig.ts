// A user, his LAC and two LNSs as whole routers in virtual time: home (PPPoE) - LAC - internet - LNS 1 and LNS 2, each with a host behind.

import { SimBoard } from '../../board/sim/board.ts';
import { SimIpHost } from '../../board/sim/iphost.ts';
import { ip, type Node } from '../../board/sim/lans.ts';
import { CLEAN, Wire, type WireQuality } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { createAppliance } from '../../firmware/appliance.ts';

export interface LacNet {
  readonly world: World;
  readonly home: Node;
  readonly lac: Node;
  readonly lns1: Node;
  readonly lns2: Node;
  readonly host1: SimIpHost;
  readonly host2: SimIpHost;
  /** Between the LAC and the internet. */
  readonly wan: Wire;
  /** The wire of the user. */
  readonly access: Wire;
}

export interface LacScripts {
  /** User name and password at home, more of CREATE PPP. */
  readonly user?: string;
  readonly password?: string;
  readonly ppp?: string;
  /** Further lines; those of the LAC come after its own. */
  readonly home?: string;
  readonly lac?: string;
  /** In place of the LAC's template and of its USER entries. */
  readonly template?: string;
  readonly users?: string;
  readonly lns1?: string;
  readonly lns2?: string;
  /** The LNS's template. */
  readonly lnsTemplate?: string;
  readonly quality?: WireQuality;
  readonly seed?: number;
  /** Names that resolve. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** The LAC of the manual has no users: the LNS judges. */
const USERS = `ADD L2TP USER="one.example" ACTION=DATABASE IP=2.2.2.2 PASSWORD=password
ADD L2TP USER="two.example" ACTION=DATABASE IP=3.3.3.3 PASSWORD=password
`;

const lns = (n: 1 | 2, { lnsTemplate = 'AUTHENTICATION=EITHER' }: LacScripts): string => `SET SYSTEM NAME=LNS${n}
ENABLE IP
ADD IP INT=eth0 IP=10.${n}.0.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=${n === 1 ? '2.2.2.2' : '3.3.3.3'} MASK=255.255.255.0
ADD IP ROUTE=1.1.1.0 MASK=255.255.255.0 INT=eth1 NEXT=${n === 1 ? '2.2.2.254' : '3.3.3.254'}
ADD USER="ann@one.example" PASSWORD=annpass LOGIN=NO
ADD USER="bob@two.example" PASSWORD=bobpass LOGIN=NO
ADD USER=local PASSWORD=localpass LOGIN=NO
CREATE IP POOL=ips IP=10.${n}.100.1-10.${n}.100.9
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF ${lnsTemplate} IPPOOL=ips
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=password
ADD L2TP IP=1.1.1.1 PPPTEMPLATE=0
`;

const lac = ({ template = 'AUTHENTICATION=EITHER LOGIN=USER', users = USERS, lac: more = '' }: LacScripts): string => `SET SYSTEM NAME=LAC
ENABLE IP
ADD IP INT=eth0 IP=172.16.0.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0
ADD IP ROUTE=0.0.0.0 MASK=0.0.0.0 INT=eth1 NEXT=1.1.1.254
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF ${template}
ADD PPP ACSERVICE=any TEMPLATE=0 ACINTERFACE=eth0
ENABLE PPP ACCESSCONCENTRATOR
ENABLE L2TP
ENABLE L2TP SERVER=LAC
${users}${more}
`;

const home = ({ user = 'ann@one.example', password = 'annpass', ppp = '', home: more = '' }: LacScripts): string => `SET SYSTEM NAME=Home
ENABLE IP
ENABLE IP REMOTEASSIGN
CREATE PPP=0 OVER=eth1-any BAP=OFF LQR=OFF IPREQUEST=ON ${user === '' ? '' : `USERNAME="${user}" PASSWORD=${password}`} ${ppp}
ADD IP INT=ppp0 IP=0.0.0.0
ADD IP ROUTE=10.0.0.0 MASK=255.0.0.0 INT=ppp0 NEXT=0.0.0.0
${more}
`;

export function lacNet(scripts: LacScripts = {}): LacNet {
  const { quality = CLEAN, seed = 1, names = {} } = scripts;
  const world = new World(seed);
  const [access, wan, core1, core2, lan1, lan2] = [new Wire(world, quality), new Wire(world, quality), new Wire(world), new Wire(world), new Wire(world), new Wire(world)];
  const internet = new SimIpHost(world);
  for (const [name, wire, address] of [['a', wan, '1.1.1.254'], ['b', core1, '2.2.2.254'], ['c', core2, '3.3.3.254']] as const) {
    internet.plug(name, wire);
    internet.addAddress(name, ip(address), 24);
  }
  internet.setForwarding(true);
  let count = 0;
  const start = (ports: Readonly<Record<string, Wire>>, script: string): Node => {
    const board = new SimBoard(world, { seed: seed * 100 + ++count });
    for (const [port, wire] of Object.entries(ports)) board.ip.plug(port, wire);
    for (const [name, addresses] of Object.entries(names)) board.names.set(name, addresses.map(ip));
    const app = createAppliance(board, { factoryScript: '' });
    const errors: string[] = [];
    app.boot({ name: 'lac.cfg', text: script }, (line) => errors.push(line));
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return { board, app };
  };
  const host = (wire: Wire, n: number): SimIpHost => {
    const node = new SimIpHost(world);
    node.plug('eth0', wire);
    node.addAddress('eth0', ip(`10.${n}.0.2`), 24);
    node.addRoute({ destination: ip('0.0.0.0'), length: 0, via: ip(`10.${n}.0.1`), name: 'eth0', metric: 0 });
    return node;
  };
  return {
    world, wan, access,
    lns1: start({ eth0: lan1, eth1: core1 }, lns(1, scripts) + (scripts.lns1 ?? '')),
    lns2: start({ eth0: lan2, eth1: core2 }, lns(2, scripts) + (scripts.lns2 ?? '')),
    lac: start({ eth0: access, eth1: wan }, lac(scripts)),
    home: start({ eth1: access }, home(scripts)),
    host1: host(lan1, 1),
    host2: host(lan2, 2),
  };
}
