// One message of each type with every AVP it can carry: for round trips and as seeds of mutation.

import type { ControlMessage } from '../../../firmware/l2tp/catalog.ts';

const list = (count: number, from: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (from + i) & 255);

export const SAMPLES: readonly ControlMessage[] = [
  {
    type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, bearerCapabilities: 3, tieBreaker: list(8, 1), firmwareRevision: 0x0202, hostName: 'bulbul',
    vendorName: 'Allied Telesis', assignedTunnelId: 65278, receiveWindowSize: 4, challenge: list(16, 0x10),
  },
  {
    type: 'SCCRP', protocolVersion: 0x0100, framingCapabilities: 1, bearerCapabilities: 0, firmwareRevision: 1, hostName: 'h', vendorName: '', assignedTunnelId: 1,
    receiveWindowSize: 65535, challenge: list(1, 7), challengeResponse: list(16, 9),
  },
  { type: 'SCCCN', challengeResponse: list(16, 200) },
  { type: 'StopCCN', assignedTunnelId: 5, resultCode: { code: 2, error: 8, message: 'unknown AVP 99' } },
  { type: 'StopCCN', assignedTunnelId: 5, resultCode: { code: 1 } },
  { type: 'StopCCN', assignedTunnelId: 5, resultCode: { code: 5, error: 256 } },
  { type: 'HELLO' },
  {
    type: 'OCRQ', assignedSessionId: 3, callSerialNumber: 4294967295, minimumBps: 300, maximumBps: 64000, bearerType: 1, framingType: 1, calledNumber: 'branch:0312345678',
    subAddress: '12',
  },
  { type: 'OCRP', assignedSessionId: 4, physicalChannelId: 17 },
  { type: 'OCCN', txConnectSpeed: 64000, framingType: 1, rxConnectSpeed: 32000, sequencingRequired: true, lcpWantOptions: list(4, 1), lcpAllowOptions: list(6, 1) },
  {
    type: 'ICRQ', assignedSessionId: 43202, callSerialNumber: 5, bearerType: 2, physicalChannelId: 1, calledNumber: '0312345678', callingNumber: '0687654321',
    subAddress: '',
  },
  { type: 'ICRP', assignedSessionId: 29131 },
  {
    type: 'ICCN', txConnectSpeed: 9600, framingType: 2, initialReceivedConfreq: list(20, 1), lastSentConfreq: list(24, 1), lastReceivedConfreq: list(18, 1),
    proxyAuthenType: 2, proxyAuthenName: list(9, 0x61), proxyAuthenChallenge: list(16, 50), proxyAuthenId: 1, proxyAuthenResponse: list(16, 90),
    privateGroupId: 'group', rxConnectSpeed: 33600, sequencingRequired: true,
  },
  { type: 'ICCN', txConnectSpeed: 9600, framingType: 2, receiveWindowSize: 8, packetProcessingDelay: 3 },
  {
    type: 'CDN', resultCode: { code: 1, error: 0, message: '回線断' }, assignedSessionId: 43202, q931Cause: { cause: 16, message: 69, advisory: 'bye' },
    pppDisconnectCause: { code: 3, protocol: 0xc021, direction: 1, message: 'idle' },
  },
  { type: 'WEN', callErrors: { crc: 1, framing: 2, hardware: 3, buffer: 4, timeout: 5, alignment: 4294967295 } },
  { type: 'SLI', accm: { send: 0xffffffff, receive: 0x000a0000 } },
];
