// PPP packets as text for DEBUG and logs. Never a password, response or challenge.

import { hex } from '../bytes/hex.ts';
import { u16, u32, u8 } from '../bytes/integers.ts';
import { formatIpv4, toIpv4 } from '../bytes/ip.ts';
import { fromUtf8, printable } from '../bytes/text.ts';
import { CHAP_CODE } from './chap.ts';
import { CODE, PROTOCOL, protocolName, type ControlPacket } from './frame.ts';
import { IPCP_OPTION } from './ipcp.ts';
import { IPV6CP_OPTION } from './ipv6cp.ts';
import { authMethod, LCP_OPTION } from './lcp.ts';
import { parseOptions, type Option } from './option.ts';
import { PAP_CODE, parsePapRequest } from './pap.ts';

const spaced = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1-$2');
const CODES = new Map<number, string>(Object.entries(CODE).map(([name, code]) => [code, spaced(name)]));
const PAP_CODES = new Map<number, string>(Object.entries(PAP_CODE).map(([name, code]) => [code, name]));
const CHAP_CODES = new Map<number, string>(Object.entries(CHAP_CODE).map(([name, code]) => [code, name]));
const LCP_NAMES = new Map<number, string>(Object.entries(LCP_OPTION).map(([name, type]) => [type, name]));
const IPCP_NAMES = new Map<number, string>(Object.entries(IPCP_OPTION).map(([name, type]) => [type, name]));
const IPV6CP_NAMES = new Map<number, string>(Object.entries(IPV6CP_OPTION).map(([name, type]) => [type, name]));

/** One packet on one line: "LCP Configure-Request id 1 (Mru 1460, Magic 1a2b3c4d)". */
export function describePacket(protocol: number, packet: ControlPacket): string {
  const codes = protocol === PROTOCOL.PAP ? PAP_CODES : protocol === PROTOCOL.CHAP ? CHAP_CODES : CODES;
  const head = `${protocolName(protocol)} ${codes.get(packet.code) ?? `code ${packet.code}`} id ${packet.identifier}`;
  const more = details(protocol, packet);
  return more === '' ? head : `${head} (${more})`;
}

function details(protocol: number, { code, data }: ControlPacket): string {
  if (protocol === PROTOCOL.PAP) {
    const request = code === PAP_CODE.Request ? parsePapRequest(data) : undefined;
    return request === undefined ? '' : typeof request === 'string' ? request : `name ${printable(request.name)}`;
  }
  if (protocol === PROTOCOL.CHAP) {
    if (code > CHAP_CODE.Response || data.length === 0) return '';
    return `name ${printable(fromUtf8(data.subarray(1 + u8(data, 0))))}`;
  }
  switch (code) {
    case CODE.ConfigureRequest:
    case CODE.ConfigureAck:
    case CODE.ConfigureNak:
    case CODE.ConfigureReject: {
      const options = parseOptions(data);
      return typeof options === 'string' ? options : options.map((option) => describeOption(protocol, option)).join(', ');
    }
    case CODE.TerminateRequest:
      return printable(fromUtf8(data.subarray(0, 80)));
    case CODE.CodeReject:
      return data.length > 0 ? `code ${u8(data, 0)}` : '';
    case CODE.ProtocolReject:
      return data.length >= 2 ? protocolName(u16(data, 0)) : '';
    case CODE.EchoRequest:
    case CODE.EchoReply:
      return data.length >= 4 ? `magic ${hex(data.subarray(0, 4))}` : '';
    default:
      return '';
  }
}

function describeOption(protocol: number, option: Option): string {
  const names = protocol === PROTOCOL.LCP ? LCP_NAMES : protocol === PROTOCOL.IPCP ? IPCP_NAMES : IPV6CP_NAMES;
  const name = names.get(option.type) ?? `option ${option.type}`;
  const value = describeValue(protocol, option);
  return value === '' ? name : `${name} ${value}`;
}

function describeValue(protocol: number, option: Option): string {
  const { type, data } = option;
  if (protocol === PROTOCOL.LCP && type === LCP_OPTION.Mru && data.length === 2) return String(u16(data, 0));
  if (protocol === PROTOCOL.LCP && type === LCP_OPTION.Authentication) return authMethod(option) ?? hex(data);
  if (protocol === PROTOCOL.LCP && type === LCP_OPTION.Quality && data.length === 6) return `${protocolName(u16(data, 0))} every ${u32(data, 2) / 100} s`;
  if (protocol === PROTOCOL.IPCP && IPCP_NAMES.has(type) && data.length === 4) return formatIpv4(toIpv4(u32(data, 0)));
  return hex(data.subarray(0, 32));
}
