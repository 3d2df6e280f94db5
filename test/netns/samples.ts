// What the AR740 command reference 2.6 prints for SHOW L2TP in its forms (its blank lines left out): the layout that live
// routers are compared with. SHOW L2TP has one password here, as the manual's LAN-to-LAN script sets.

const HEAD = `L2TP Server
State ............................ enabled
Server ........................... both
Passwords
0.0.0.0 - 255.255.255.255 ............ abcde
Filter ........................... not set
Checksum Payload Packets ......... on
Failed Authentications ........... 0
In Messages ...................... 30
Out Messages ..................... 47
In Errors ........................ 0
`;

const CALL = `Call ID ......................... 52987
Tunnel ID ....................... 8323
Server Type ..................... LNS
Started ......................... 02-Oct-2001 11:57:11
Username ........................ not set
State ........................... established
Call Serial Number .............. 6
Remote Call ID .................. 32012`;

export const SAMPLES: Readonly<Record<string, string>> = {
  'SHOW L2TP': `${HEAD}Tunnels .......................... 1`,
  'SHOW L2TP COUNTER': `${HEAD}In Discarded - Disabled .......... 0
In Discarded - Filtered .......... 0
In Discarded - No Such Tunnel .... 0
In Discarded - No Such Call ...... 0
Mal Formed Packets ............... 0
In Control Packets ............... 30
In Control Packets With Data ..... 26
In Control Packets No Data ....... 4
Processed Control Packets ........ 30
In Order Control Packets ......... 26
Out Of Order Control Packets ..... 0
Order Discarded Ctl Packets ...... 0
Out Control Packets .............. 51
Out Control Packets With Data .... 37
Out Control Packets No Data ...... 14
In Data Packets .................. 93
In Data Packets With Data ........ 93
In Data Packets No Data .......... 0
Processed Data Packets ........... 93
In Order Data Packets ............ 0
Out Of Order Data Packets ........ 0
Order Discarded Data Packets ..... 0
Out Data Packets ................. 94
Out Data Packets With Data ....... 94
Out Data Packets No Data ......... 0
Tunnels .......................... 1`,
  'SHOW L2TP CALL': `L2TP Call Information
-------------------------------------------------------------------------------
Name : vpn
Type .................... virtual
Precedence .............. out
Sequence numbering ...... off
Remote is pre draft13 ... off
Speed ................... 64000
IP address .............. 12.34.56.78
Password ................ not set
Remote callname ......... vpn
Dial .................... not set
Subaddress .............. not set`,
  'SHOW L2TP TUNNEL': `Tunnel ID ..................... 65278
  State ....................... established
  Started ..................... 02-Oct-2001 11:56:04
  Debug ....................... disabled
  Receive Window .............. 4
  Remote IP Address ........... 12.34.56.78
  Remote UDP Port ............. 1701
  Remote Tunnel ID ............ 46676
  Remote Receive Window ....... 4
  Remote Firmware ............. 2-2
  Remote Framing .............. sync+async
  Remote Bearer ............... digital+analog
  Remote Hostname ............. bulbul
  Max Timeout (s ) ............ 5
  Round Time Trip ............. 14
  Adaptive Time-Out ........... 14
  Last Acked .................. 2
  Next Sent ................... 3
  Next Received ............... 3
  Calls Active ................ 1
${CALL}`,
  'SHOW L2TP TUNNEL CALL': CALL,
  'SHOW L2TP TUNNEL COUNTER': `Tunnel ID ..................... 8323
  State ....................... established
  Started ..................... 02-Oct-2001 11:57:11
  Remote IP Address ........... 12.34.56.78
  Remote UDP Port ............. 1701
  Remote Tunnel ID ............ 12765
  Remote Hostname ............. bulbul
In Control Packets .............. 3
In Control Packets With Data .... 3
In Control Packets No Data ...... 0
Processed Control Packets ....... 3
In Order Control Packets ........ 3
Out Of Order Control Packets .... 0
Order Discarded Ctl Packets ..... 0
Out Control Packets ............. 4
Out Control Packets With Data ... 3
Out Control Packets No Data ..... 1
Out Flow Control Timeouts ....... 0`,
};
