// SHOW L2TP in all its forms against what the AR740 command reference 2.6 prints, octet for octet (its blank lines left out).

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ipv4, type Ipv4Range, WHOLE_IPV4, parseIpv4 } from '../../firmware/bytes/ip.ts';
import type { WallTime } from '../../firmware/hal/clock.ts';
import { CALL_DEFAULTS } from '../../firmware/l2tp/calls.ts';
import { showCalls, showModule, showModuleCounters, showRanges, showUsers } from '../../firmware/l2tp/l2tp.show.ts';
import { type CallDescription, type CallSnapshot, type ModuleSnapshot, type TunnelSnapshot, noControl, noData } from '../../firmware/l2tp/snapshot.ts';
import { TEMPLATE_DEFAULTS } from '../../firmware/l2tp/templates.ts';
import { showCallCounters, showTunnelCall, showTunnelCalls, showTunnelCounters, showTunnels } from '../../firmware/l2tp/tunnel.show.ts';
import { USER_DEFAULTS } from '../../firmware/l2tp/users.ts';

const test = suite('SHOW L2TP');

function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

const range = (low: string, high: string): Ipv4Range => ({ low: ip(low), high: ip(high) });
const at = (hour: number, minute: number, second: number): WallTime => ({ year: 2001, month: 10, day: 2, hour, minute, second, weekday: 2 });

const MODULE: ModuleSnapshot = {
  enabled: true,
  server: 'BOTH',
  passwords: [
    { range: range('192.168.10.1', '192.168.10.254'), password: 'bcdef' },
    { range: WHOLE_IPV4, password: 'abcde' },
  ],
  filter: undefined,
  checksum: true,
  failedAuthentications: 0,
  discards: { disabled: 0, filtered: 0, noSuchTunnel: 0, noSuchCall: 0, malformed: 0 },
  control: { ...noControl(), in: 30, out: 47 },
  data: noData(),
  tunnels: 1,
};

const SILENT: CallDescription = {
  processingDelay: 0, physicalChannel: undefined, framing: 0, bearer: 0, connectSpeed: 0, dialedNumber: '', subAddress: '', privateGroupId: '',
};

const CALL: CallSnapshot = {
  id: 29131, tunnelId: 65278, role: 'LNS', started: at(11, 56, 4), userName: undefined, state: 'established', debug: { state: false, packet: false, decode: false },
  serial: 5, remoteSerial: undefined, remoteId: 43202, authenticationType: 0, remoteReceiveWindow: 0, local: SILENT, remote: SILENT,
  roundTrip: 0, adaptiveTimeout: 0, lastAcked: 0, unacked: 0, receivedUnacked: 0, forceAckWindow: 0, currentWindow: 0, txQueueLength: 0,
  nextSent: 0, nextReceived: 0, inDiscards: 0, inBytes: 0, outBytes: 0, inControl: 0, outControl: 0, data: noData(), payloadTimeouts: 0,
};

const TUNNEL: TunnelSnapshot = {
  id: 65278, state: 'established', started: at(11, 56, 4), debug: { state: false, packet: false, decode: false }, receiveWindow: 4, peer: ip('12.34.56.78'), peerPort: 1701,
  remoteId: 46676, remoteReceiveWindow: 4, remoteFirmware: 0x0202, remoteFraming: 3, remoteBearer: 3, remoteHostName: 'bulbul', maxTimeout: 5,
  roundTrip: 14000, adaptiveTimeout: 14000, lastAcked: 2, nextSent: 3, nextReceived: 3, counters: noControl(), calls: [CALL],
};

test('SHOW L2TP prints the manual\'s sample', () => {
  assert.is(
    showModule(MODULE),
    `L2TP Server
State ............................ enabled
Server ........................... both
Passwords
192.168.10.1 - 192.168.10.254 ........ bcdef
0.0.0.0 - 255.255.255.255 ............ abcde
Filter ........................... not set
Checksum Payload Packets ......... on
Failed Authentications ........... 0
In Messages ...................... 30
Out Messages ..................... 47
In Errors ........................ 0
Tunnels .......................... 1`,
  );
});

test('SHOW L2TP COUNTER prints the manual\'s sample', () => {
  const counted: ModuleSnapshot = {
    ...MODULE,
    control: { in: 30, inWithData: 26, inNoData: 4, processed: 30, inOrder: 26, outOfOrder: 0, orderDiscarded: 0, out: 51, outWithData: 37, outNoData: 14, timeouts: 0 },
    data: { in: 93, inWithData: 93, inNoData: 0, processed: 93, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, out: 94, outWithData: 94, outNoData: 0 },
  };
  assert.is(
    showModuleCounters(counted),
    `L2TP Server
State ............................ enabled
Server ........................... both
Passwords
192.168.10.1 - 192.168.10.254 ........ bcdef
0.0.0.0 - 255.255.255.255 ............ abcde
Filter ........................... not set
Checksum Payload Packets ......... on
Failed Authentications ........... 0
In Messages ...................... 123
Out Messages ..................... 145
In Errors ........................ 0
In Discarded - Disabled .......... 0
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
  );
});

test('SHOW L2TP of a router without passwords, server or filter says so', () => {
  assert.match(
    showModule({ ...MODULE, enabled: false, server: undefined, passwords: [], filter: 7, checksum: false, tunnels: 0 }),
    `State ............................ disabled
Server ........................... disabled
Passwords ........................ not set
Filter ........................... 7
Checksum Payload Packets ......... off`,
  );
});

test('SHOW L2TP CALL prints the manual\'s sample', () => {
  const call = { name: 'vpn', type: 'VIRTUAL', ip: ip('12.34.56.78'), remote: 'vpn', ...CALL_DEFAULTS, precedence: 'OUT' } as const;
  assert.is(
    showCalls([{ call, waiting: undefined }]),
    `L2TP Call Information
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
  );
});

test('SHOW L2TP CALL adds a Status line to a call that waits', () => {
  const call = { name: 'vpn', type: 'VIRTUAL', ip: ip('12.34.56.78'), ...CALL_DEFAULTS } as const;
  assert.match(showCalls([{ call, waiting: 'waiting for a route to 12.34.56.78' }]), 'Status .................. waiting for a route to 12.34.56.78');
});

test('SHOW L2TP IP prints the manual\'s sample', () => {
  assert.is(
    showRanges([{ range: WHOLE_IPV4, template: 0, ...TEMPLATE_DEFAULTS }]),
    `L2TP IP Range Information
-------------------------------------------------------------------------------
IP Range ........................ 0.0.0.0 - 255.255.255.255
  PPP template .................. 0
  Sequence numbering ............ off
  Pre-draft 13 support .......... off
------------------------------------------------------------------------------`,
  );
});

test('SHOW L2TP USER prints the manual\'s sample', () => {
  assert.is(
    showUsers([{ user: 'ALL', action: 'DATABASE', ip: ip('192.168.1.32'), password: 'jogefoge', ...USER_DEFAULTS }]),
    `L2TP User Information
-------------------------------------------------------------------------------
User : all
Action ................... database
Password ................. jogefoge
Maximum timeout .......... 20
Sequence Numbering ....... off
Remote is pre draft13 .... off
Remote IP ................ 192.168.1.32
Remote Port .............. 1701`,
  );
});

test('SHOW L2TP USER prints a Prefix for DNSLOOKUP and no Remote IP', () => {
  const shown = showUsers([{ user: { value: 'tunnel.xxx' }, action: 'DNSLOOKUP', prefix: 'lns', ...USER_DEFAULTS }]);
  assert.match(shown, 'User : tunnel.xxx');
  assert.match(shown, 'Prefix ................... lns');
  assert.not.match(shown, 'Remote IP');
});

// "Round Time Trip" and "Max Timeout (s )" are the manual's spellings in the sample; its table says Round Trip Time, Max Timeout (s).
test('SHOW L2TP TUNNEL prints the manual\'s sample', () => {
  assert.is(
    showTunnels([TUNNEL]),
    `Tunnel ID ..................... 65278
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
Call ID ......................... 29131
Tunnel ID ....................... 65278
Server Type ..................... LNS
Started ......................... 02-Oct-2001 11:56:04
Username ........................ not set
State ........................... established
Call Serial Number .............. 5
Remote Call ID .................. 43202`,
  );
});

test('SHOW L2TP TUNNEL CALL prints the manual\'s sample', () => {
  assert.is(
    showTunnelCalls([{ ...CALL, id: 52987, tunnelId: 8323, started: at(11, 57, 11), serial: 6, remoteId: 32012 }]),
    `Call ID ......................... 52987
Tunnel ID ....................... 8323
Server Type ..................... LNS
Started ......................... 02-Oct-2001 11:57:11
Username ........................ not set
State ........................... established
Call Serial Number .............. 6
Remote Call ID .................. 32012`,
  );
});

test('SHOW L2TP TUNNEL COUNTER prints the manual\'s sample', () => {
  const counters = { in: 3, inWithData: 3, inNoData: 0, processed: 3, inOrder: 3, outOfOrder: 0, orderDiscarded: 0, out: 4, outWithData: 3, outNoData: 1, timeouts: 0 };
  assert.is(
    showTunnelCounters([{ ...TUNNEL, id: 8323, started: at(11, 57, 11), remoteId: 12765, counters }]),
    `Tunnel ID ..................... 8323
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
  );
});

test('SHOW L2TP TUNNEL of a call that the peer made shows the peer\'s serial number', () => {
  const shown = showTunnelCalls([{ ...CALL, serial: undefined, remoteSerial: 9 }]);
  assert.match(shown, 'Call Serial Number .............. not set\nRemote Serial Number ............ 9\nRemote Call ID .................. 43202');
});

const labels = (shown: string): string[] => shown.split('\n').map((line) => line.replace(/ \.+ .*$/, ''));

test('SHOW L2TP TUNNEL CALL=id prints all fields of table 6 in its order', () => {
  assert.equal(labels(showTunnelCall(CALL)), [
    'Call ID', 'Started', 'Username', 'State', 'Debug', 'Call Serial Number', 'Remote Call ID', 'Authentication Type', 'Remote Receive Window',
    'Processing Delay', 'Physical Channel', 'Framing', 'Bearer', 'Connect Speed', 'Dialed Number', 'Sub-Address', 'Private Group ID',
    'Remote Processing Delay', 'Remote Physical Channel', 'Remote Framing', 'Remote Bearer', 'Remote Connect Speed', 'Remote Dialed Number',
    'Remote Sub-Address', 'Remote Private Group ID', 'Round Trip Time', 'Adaptive Time-Out', 'Last Acked', 'Unacked', 'Received Unacked',
    'Force Ack Window', 'Current Window', 'Tx Queue Length', 'Next Sent', 'Next Received', 'In Discards', 'In Packets', 'In Bytes', 'Out Packets', 'Out Bytes',
  ]);
});

test('SHOW L2TP TUNNEL CALL=id prints each value beside its own label', () => {
  const local: CallDescription = {
    processingDelay: 1, physicalChannel: 2, framing: 1, bearer: 2, connectSpeed: 64000, dialedNumber: '0312345678', subAddress: '9', privateGroupId: 'a',
  };
  const remote: CallDescription = {
    processingDelay: 3, physicalChannel: 4, framing: 2, bearer: 1, connectSpeed: 128000, dialedNumber: 'remote', subAddress: '8', privateGroupId: 'b\x1b[2J',
  };
  const shown = showTunnelCall({
    ...CALL, userName: 'userA', debug: { state: true, packet: true, decode: false }, authenticationType: 2, remoteReceiveWindow: 5, local, remote, roundTrip: 1, adaptiveTimeout: 2001,
    lastAcked: 6, unacked: 7, receivedUnacked: 8, forceAckWindow: 9, currentWindow: 10, txQueueLength: 11, nextSent: 12, nextReceived: 13, inDiscards: 14,
    inBytes: 15, outBytes: 16, data: { ...noData(), in: 17, out: 18 },
  });
  assert.is(
    shown,
    `Call ID ......................... 29131
Started ......................... 02-Oct-2001 11:56:04
Username ........................ userA
State ........................... established
Debug ........................... state+packet
Call Serial Number .............. 5
Remote Call ID .................. 43202
Authentication Type ............. chap
Remote Receive Window ........... 5
Processing Delay ................ 1
Physical Channel ................ 2
Framing ......................... sync
Bearer .......................... analog
Connect Speed ................... 64000
Dialed Number ................... 0312345678
Sub-Address ..................... 9
Private Group ID ................ a
Remote Processing Delay ......... 3
Remote Physical Channel ......... 4
Remote Framing .................. async
Remote Bearer ................... digital
Remote Connect Speed ............ 128000
Remote Dialed Number ............ remote
Remote Sub-Address .............. 8
Remote Private Group ID ......... b\\x1b[2J
Round Trip Time ................. 1
Adaptive Time-Out ............... 3
Last Acked ...................... 6
Unacked ......................... 7
Received Unacked ................ 8
Force Ack Window ................ 9
Current Window .................. 10
Tx Queue Length ................. 11
Next Sent ....................... 12
Next Received ................... 13
In Discards ..................... 14
In Packets ...................... 17
In Bytes ........................ 15
Out Packets ..................... 18
Out Bytes ....................... 16`,
  );
});

test('SHOW L2TP TUNNEL CALL=id COUNTER prints all call fields of table 7 in its order', () => {
  const shown = showCallCounters([
    {
      ...CALL, inControl: 2, outControl: 3, inBytes: 4, outBytes: 5, inDiscards: 6, payloadTimeouts: 7,
      data: { in: 10, inWithData: 9, inNoData: 1, processed: 8, inOrder: 7, outOfOrder: 2, orderDiscarded: 3, out: 20, outWithData: 19, outNoData: 1 },
    },
  ]);
  assert.is(
    shown,
    `Call ID ......................... 29131
Started ......................... 02-Oct-2001 11:56:04
Username ........................ not set
State ........................... established
Call Serial Number .............. 5
Remote Call ID .................. 43202
In Packets ...................... 12
In Bytes ........................ 4
In Payload Packets .............. 10
In Payload Packets With Data .... 9
In Payload Packets No Data ...... 1
Processed Payload Packets ....... 8
In Order Payload Packets ........ 7
Out Of Order Payload Packets .... 2
Order Discarded Packets ......... 3
In Discards ..................... 6
Out Packets ..................... 23
Out Bytes ....................... 5
Out Payload Packets ............. 20
Out Payload Packets With Data ... 19
Out Payload Packets No Data ..... 1
Out Flow Payload Timeouts ....... 7`,
  );
});

test.run();
