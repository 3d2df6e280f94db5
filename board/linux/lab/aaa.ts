// The name server and RADIUS server of a lab as one process: a few names, a few users, tunnels by domain. For labs only: it answers
// whoever knows the lab's secret and keeps nothing.

import { equalBytes, put16, u16, u8 } from '../../../firmware/bytes/integers.ts';
import { parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { ATTRIBUTE, type Attribute, first, firstNumber, firstText, octets, SERVICE_TYPE, taggedNumber, taggedText, TUNNEL_MEDIUM, TUNNEL_TYPE } from '../../../firmware/aaa/radius.attribute.ts';
import { hideTunnelPassword, unhidePassword } from '../../../firmware/aaa/radius.hide.ts';
import { checkMessageAuthenticator, CODE, encodeReply, parsePacket, type Packet, type Trust } from '../../../firmware/aaa/radius.packet.ts';
import { chapResponse } from '../../../firmware/ppp/chap-md5.ts';
import { kernelRandom } from '../chance.ts';
import { libraryCrypto } from '../crypto.ts';
import { socketError } from '../failure.ts';

/** What the server knows; its standard input is one line of JSON of this. */
export interface AaaBook {
  readonly secret: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly users: Readonly<Record<string, string>>;
  readonly tunnels: Readonly<Record<string, readonly { readonly server: string; readonly preference: number; readonly password: string }[]>>;
}

const DNS_PORT = 53;
const RADIUS_PORTS = [1645, 1646] as const;
const DNS = { header: 12, answerFlags: 0x8580, noSuchName: 3, A: 1, life: 30 } as const;

/** Runs until its input ends. */
export async function runAaa(): Promise<number> {
  let book: AaaBook | undefined;
  for await (const line of console) {
    if (book !== undefined) continue;
    const known: AaaBook = JSON.parse(line);
    book = known;
    await serve(DNS_PORT, (data) => nameAnswer(known, data));
    for (const port of RADIUS_PORTS) await serve(port, (data) => radiusAnswer(known, data));
    process.stdout.write('ready\n');
  }
  return 0;
}

async function serve(port: number, answer: (data: Uint8Array) => Uint8Array | undefined): Promise<void> {
  await Bun.udpSocket({
    hostname: '0.0.0.0',
    port,
    // A Buffer's slices share its memory.
    binaryType: 'uint8array',
    socket: {
      data(socket, data, from, address) {
        const reply = answer(data);
        if (reply !== undefined) socket.send(reply, from, address);
      },
      error: socketError,
    },
  });
}

/** Answers a question for an address (RFC 1035 4). */
function nameAnswer({ names }: AaaBook, question: Uint8Array): Uint8Array | undefined {
  const labels: string[] = [];
  let at: number = DNS.header;
  while (at < question.length && u8(question, at) !== 0) {
    const length = u8(question, at);
    if (length > 63 || at + 1 + length > question.length) return undefined;
    labels.push(Buffer.from(question.subarray(at + 1, at + 1 + length)).toString('latin1').toLowerCase());
    at += 1 + length;
  }
  const end = at + 5;
  if (end > question.length) return undefined;
  const found = u16(question, at + 1) === DNS.A ? (names[labels.join('.')] ?? []) : [];
  const reply = new Uint8Array(end + 16 * found.length);
  reply.set(question.subarray(0, end));
  put16(reply, 2, DNS.answerFlags | (names[labels.join('.')] === undefined ? DNS.noSuchName : 0));
  put16(reply, 6, found.length);
  put16(reply, 8, 0);
  put16(reply, 10, 0);
  found.forEach((text, i) => {
    const record = end + 16 * i;
    const address = parseIpv4(text) ?? 0;
    reply.set([0xc0, DNS.header, 0, DNS.A, 0, 1, 0, 0, 0, DNS.life, 0, 4, address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255], record);
  });
  return reply;
}

function radiusAnswer(book: AaaBook, data: Uint8Array): Uint8Array | undefined {
  const request = parsePacket(data);
  if (typeof request === 'string') return undefined;
  const trust: Trust = { secret: new Secret(book.secret), crypto: libraryCrypto };
  const { id, authenticator } = request;
  if (request.code === CODE['Accounting-Request']) return encodeReply({ code: CODE['Accounting-Response'], id, attributes: [] }, authenticator, trust, 'plain');
  if (request.code !== CODE['Access-Request'] || checkMessageAuthenticator(request, authenticator, trust) !== 'right') return undefined;
  const attributes = firstNumber(request.attributes, 'Service-Type') === SERVICE_TYPE.Outbound ? tunnelsFor(book, request, trust) : isProved(book, request, trust) ? [] : undefined;
  const code = attributes === undefined ? CODE['Access-Reject'] : CODE['Access-Accept'];
  return encodeReply({ code, id, attributes: attributes ?? [] }, authenticator, trust, 'with Message-Authenticator');
}

/** The tunnels of a domain (RFC 2868); undefined = none. */
function tunnelsFor({ tunnels }: AaaBook, { attributes, authenticator }: Packet, trust: Trust): Attribute[] | undefined {
  return tunnels[firstText(attributes, 'User-Name') ?? '']?.flatMap(({ server, preference, password }, i) => {
    const tag = i + 1;
    const salt = kernelRandom.bytes(2);
    salt[0] = u8(salt, 0) | 0x80;
    return [
      taggedNumber('Tunnel-Type', TUNNEL_TYPE.L2TP, tag),
      taggedNumber('Tunnel-Medium-Type', TUNNEL_MEDIUM.IPv4, tag),
      taggedText('Tunnel-Server-Endpoint', server, tag),
      taggedNumber('Tunnel-Preference', preference, tag),
      octets('Tunnel-Password', hideTunnelPassword(utf8(password), { tag, salt, authenticator }, trust)),
    ];
  });
}

/** PAP and CHAP. */
function isProved({ users }: AaaBook, { attributes, authenticator }: Packet, trust: Trust): boolean {
  const password = users[firstText(attributes, 'User-Name') ?? ''];
  if (password === undefined) return false;
  const hidden = first(attributes, 'User-Password');
  if (hidden !== undefined) return equalBytes(unhidePassword(hidden, authenticator, trust) ?? new Uint8Array(0), utf8(password));
  const chap = attributes.find(({ type }) => type === ATTRIBUTE['CHAP-Password'])?.value;
  const challenge = first(attributes, 'CHAP-Challenge') ?? authenticator;
  return chap !== undefined && chap.length === 17 && equalBytes(chapResponse(libraryCrypto, u8(chap, 0), utf8(password), challenge), chap.subarray(1));
}
