// Callers and the router that takes them, as whole routers in virtual time: scripts, further routers on the internet, what SHOW says.

import { SimBoard } from '../../board/sim/board.ts';
import { ip, lans, PRELUDE, type Lans, type Node } from '../../board/sim/lans.ts';
import { CLEAN, Wire, type WireQuality } from '../../board/sim/wire.ts';
import { createAppliance } from '../../firmware/appliance.ts';
import { show } from './calls.rig.ts';

/** The manual's dynamic LAN-to-LAN example, router B: it takes calls from anywhere and gives addresses of a pool. */
export const SERVER = `ADD USER=RouterA PASSWORD=PasswordA LOGIN=NO
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE PPP TEMPLATE=0 IDLE=60 BAP=OFF LQR=OFF AUTHEN=EITHER IPPOOL=ips
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP PASSWORD=l2tpB
ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0
`;

/** Router A of the same example, without its NAT lines. */
export const CLIENT = `ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP CALL=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=OUT PASSWORD=l2tpB
CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF IPREQUEST=ON
SET PPP=1 USER=RouterA PASSWORD=PasswordA
ENABLE IP REMOTEASSIGN
ADD IP INT=ppp1 IP=0.0.0.0
ADD IP ROUTE=192.168.20.0 MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0
`;

/** A second call of the same router: number n, user and password. */
export const caller = (n: number, user = 'RouterA', password = 'PasswordA'): string => `ADD L2TP CALL=c${n} TYPE=VIRTUAL IP=2.2.2.2 PASSWORD=l2tpB
CREATE PPP=${n} OVER=TNL-c${n} BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=${user} PASSWORD=${password}
ADD IP INT=ppp${n} IP=0.0.0.0
`;

export const dialIn = (server = SERVER, client = CLIENT, quality: WireQuality = CLEAN, seed = 1): Lans =>
  lans(seed, quality, { a: PRELUDE.a + client, b: PRELUDE.b + server });

/** Another router that reaches B by a wire of its own: 3.3.3.n. */
export function further(net: Lans, n: number, script: string): Node {
  const wire = new Wire(net.world);
  const address = `3.3.${n}.1`;
  net.b.board.ip.plug(`x${n}`, wire);
  net.b.board.ip.addAddress(`x${n}`, ip(`3.3.${n}.254`), 24);
  const board = new SimBoard(net.world, { seed: 1000 + n });
  board.ip.plug('eth1', wire);
  const node: Node = { board, app: createAppliance(board, { factoryScript: '' }) };
  node.app.boot({ name: `c${n}.cfg`, text: `SET SYSTEM NAME=Client${n}\nENABLE IP\nADD IP INT=eth1 IP=${address} MASK=255.255.255.0\nADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=3.3.${n}.254\n${script}` });
  return node;
}

/** Addresses in use as SHOW IP POOL lists them: '192.168.20.200 ppp0'. */
export const inUse = (node: Node): string[] => [...show(node, 'SHOW IP POOL').matchAll(/^ {2}(\d[\d.]+) +(ppp\d+)$/gm)].map((m) => `${m[1]} ${m[2]}`);

/** Host routes of dynamic interfaces as SHOW IP ROUTE lists them. */
export const hostRoutes = (node: Node): string[] => [...show(node, 'SHOW IP ROUTE').matchAll(/^(\d[\d.]+) +255\.255\.255\.255 +0\.0\.0\.0 +(ppp\d+#?) /gm)].map((m) => `${m[1]} ${m[2]}`);

/** Dynamic interfaces as SHOW IP INTERFACE lists them. */
export const dynamics = (node: Node): string[] => [...show(node, 'SHOW IP INTERFACE').matchAll(/^(ppp\d+) +Dynamic/gm)].map((m) => m[1] ?? '');
