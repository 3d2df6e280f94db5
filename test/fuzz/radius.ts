// Mutated input for the RADIUS client. A target's `run` throws where an input breaks a rule; the input is in the error.

import { libraryCrypto } from '../../board/linux/crypto.ts';
import { SeededRandom } from '../../board/sim/world.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { equalBytes } from '../../firmware/bytes/integers.ts';
import { maskOf, toIpv4 } from '../../firmware/bytes/ip.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import type { RadiusSession } from '../../firmware/aaa/accounting.ts';
import { ATTRIBUTE, firstMicrosoft, microsoft, number, octets, taggedNumber, taggedText, text, type Attribute } from '../../firmware/aaa/radius.attribute.ts';
import { DynamicAuthorization } from '../../firmware/aaa/radius.dynamic.ts';
import { Exchange } from '../../firmware/aaa/radius.exchange.ts';
import type { RadiusServer } from '../../firmware/aaa/radius.server.ts';
import { hideTunnelPassword, unhidePassword, unhideTunnelPassword } from '../../firmware/aaa/radius.hide.ts';
import { readRoute, readVerdict, type RadiusProof } from '../../firmware/aaa/radius.login.ts';
import { checkMessageAuthenticator, CODE, encodeAccessRequest, encodeDigestRequest, encodeReply, parsePacket, replyIsTrue, requestIsTrue, type Packet, type Trust } from '../../firmware/aaa/radius.packet.ts';
import { readTunnels } from '../../firmware/aaa/radius.tunnel.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs in one test run. */
  readonly count: number;
  run(input: Uint8Array): void;
}

function check(holds: boolean, what: string, input: Uint8Array): void {
  if (!holds) throw new Error(`${what}: ${hex(input)}`);
}

const TRUST: Trust = { secret: new Secret('testing123'), crypto: libraryCrypto };
const REQUEST = Uint8Array.from({ length: 16 }, (_, i) => i);
const SERVER: RadiusServer = { address: toIpv4(0x0a000001), port: 1645, accPort: 1646, secret: TRUST.secret, messageAuth: 'REQUIRED' };
const PROOF = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

const GRANT: readonly Attribute[] = [
  number('Service-Type', 2), number('Framed-Protocol', 1), number('Framed-IP-Address', 0x0a010203), text('Framed-Route', '10.1.0.0/16 0.0.0.0 1'), text('Framed-Pool', 'gold'),
  number('Session-Timeout', 60), octets('Class', Uint8Array.of(1, 2, 3)), microsoft('MS-CHAP2-Success', Uint8Array.of(7, ...utf8(PROOF))), text('Reply-Message', 'hello'),
];
const TUNNELS: readonly Attribute[] = [
  taggedNumber('Tunnel-Type', 3, 1), taggedNumber('Tunnel-Medium-Type', 1, 1), taggedText('Tunnel-Server-Endpoint', '192.0.2.1', 1), taggedNumber('Tunnel-Preference', 3, 1),
  octets('Tunnel-Password', hideTunnelPassword(utf8('password'), { tag: 1, salt: Uint8Array.of(0x80, 1), authenticator: REQUEST }, TRUST)), taggedText('Tunnel-Assignment-ID', 'a', 1),
];
const DYNAMIC: readonly Attribute[] = [text('User-Name', 'nemo'), text('Acct-Session-Id', 'a1'), number('Framed-IP-Address', 0x0a010203), number('Session-Timeout', 60), octets('Proxy-State', Uint8Array.of(1))];

/** Attributes as octets: what stands behind the header. */
const body = (attributes: readonly Attribute[]): Uint8Array => encodeDigestRequest({ code: 1, id: 1, attributes }, TRUST).subarray(20);
const PACKETS = [GRANT, TUNNELS, DYNAMIC].flatMap((attributes) => [
  encodeReply({ code: 2, id: 1, attributes }, REQUEST, TRUST, 'with Message-Authenticator'),
  encodeReply({ code: 3, id: 1, attributes }, REQUEST, TRUST, 'plain'),
  encodeDigestRequest({ code: 40, id: 1, attributes }, TRUST),
]);
const PROOFS: readonly RadiusProof[] = [
  { kind: 'pap', password: new Secret('x') },
  { kind: 'mschapv2', id: 7, challenge: new Uint8Array(16), response: new Uint8Array(49) },
];

/** A packet around mutated attributes, as somebody who knows the secret would send it; undefined where they are none. */
function around(code: number, attributes: Uint8Array): Packet | undefined {
  const data = new Uint8Array(20 + attributes.length);
  data[0] = code;
  data[2] = data.length >> 8;
  data[3] = data.length;
  data.set(attributes, 20);
  const packet = parsePacket(data);
  return typeof packet === 'string' ? undefined : packet;
}

/** Answers of a server that knows the secret and says anything. */
function answers(input: Uint8Array): void {
  for (const code of [CODE['Access-Accept'], CODE['Access-Reject']]) {
    const packet = around(code, input);
    if (packet === undefined) return;
    for (const proof of PROOFS) {
      const verdict = readVerdict(packet, proof);
      if (!verdict.accepted) continue;
      check(code === CODE['Access-Accept'], 'a reject accepts', input);
      const { address, routes, dns, interim } = verdict;
      for (const one of [...(address === undefined ? [] : [address]), ...dns]) check(one >>> 24 !== 0 && one >>> 24 !== 127 && one >>> 24 < 224, 'an address that no host has', input);
      for (const { prefix, metric } of routes) check(prefix.length <= 32 && toIpv4(prefix.address & maskOf(prefix.length)) === prefix.address && metric >= 1, 'a route that is none', input);
      check(interim === undefined || interim >= 60, 'updates too often', input);
      check(proof.kind === 'pap' || (verdict.success !== undefined && /^S=[0-9A-Fa-f]{40}$/.test(verdict.success) && firstMicrosoft(packet.attributes, 'MS-CHAP2-Success')?.[0] === proof.id), 'accepted without a proof', input);
    }
    const { tunnels } = readTunnels(packet.attributes, REQUEST, TRUST);
    check(tunnels.every(({ server }) => server !== ''), 'a tunnel to nowhere', input);
    check(tunnels.every(({ preference }, i) => i === 0 || preference >= (tunnels[i - 1]?.preference ?? 0)), 'tunnels out of order', input);
  }
}

/** Requests of a server that knows the secret: the judge says anything but never by half. */
function dynamicTarget(): FuzzTarget {
  let touched: string[] = [];
  const session: RadiusSession = {
    name: 'nemo', line: { nasPort: 1, portType: 'virtual', callingNumber: '1', calledNumber: '2', sessionId: 'a1' }, class: [], interim: undefined, proved: 'radius',
    address: () => toIpv4(0x0a010203),
    traffic: () => undefined,
    disconnect: () => touched.push('end'),
    change: () => touched.push('change'),
  };
  const dynamic = new DynamicAuthorization({
    crypto: libraryCrypto, seconds: () => 1_000_000_000, server: () => SERVER, sessions: () => [session], identity: () => [text('NAS-Identifier', 'RouterA')], noticed: () => {},
  });
  return {
    name: 'radius requests of servers',
    count: 200_000,
    seeds: [body(DYNAMIC), body(DYNAMIC.slice(0, 3)), body([...DYNAMIC, number('Event-Timestamp', 1_000_000_000)]), body([text('NAS-Identifier', 'RouterA')])],
    run(input) {
      const shape = around(CODE['CoA-Request'], input);
      if (shape === undefined) return;
      for (const code of [CODE['CoA-Request'], CODE['Disconnect-Request']]) {
        touched = [];
        const request = encodeDigestRequest({ code, id: input.length & 255, attributes: shape.attributes }, TRUST);
        const answer = dynamic.receive(SERVER.address, 1, request, 0);
        if (answer === undefined) {
          check(touched.length === 0, 'done without an answer', input);
          continue;
        }
        const parsed = parsePacket(answer);
        check(typeof parsed !== 'string' && parsed.code > code && parsed.code <= code + 2, 'a malformed answer', input);
        check(touched.length === 0 || (typeof parsed !== 'string' && parsed.code === code + 1), 'done and refused', input);
        check(answer.length <= request.length + 30, 'an answer much longer than its question', input);
      }
    },
  };
}

/** Datagrams of anybody to a client that waits for one answer: none but the true one is believed. */
function clientTarget(): FuzzTarget {
  let answered = 0;
  let sent = new Uint8Array(0);
  const exchange = new Exchange(
    { random: new SeededRandom(5), crypto: libraryCrypto, output: { send: (_socket, _to, _port, data) => void (sent = data.slice()), close: () => {}, noticed: () => {} } },
    { timeout: 1000, retransmit: 1, deadTime: 0 },
  );
  exchange.put(SERVER, 0);
  exchange.ask(
    {
      lane: 'login',
      build: (_server, { id }) => encodeAccessRequest({ code: 1, id, attributes: [] }, REQUEST, TRUST),
      answered: () => answered++,
      silent: () => {},
    },
    0,
  );
  const id = sent[1] ?? 0;
  const truth = encodeReply({ code: 2, id, attributes: GRANT }, REQUEST, TRUST, 'with Message-Authenticator');
  return {
    name: 'radius datagrams of anybody',
    count: 300_000,
    seeds: [truth, encodeReply({ code: 2, id, attributes: TUNNELS }, REQUEST, { ...TRUST, secret: new Secret('guess') }, 'with Message-Authenticator'), encodeReply({ code: 3, id, attributes: [] }, REQUEST, TRUST, 'plain')],
    run(input) {
      // The true answer would end the waiting; padding behind it is no difference.
      if (equalBytes(input.subarray(0, truth.length), truth)) return;
      exchange.receive({ socket: 0, from: SERVER.address, port: SERVER.port }, input, 1);
      check(answered === 0, 'a forged answer was believed', input);
    },
  };
}

export const targets: readonly FuzzTarget[] = [
  {
    name: 'radius packets',
    count: 1_000_000,
    seeds: PACKETS,
    run(input) {
      const packet = parsePacket(input);
      if (typeof packet === 'string') return;
      const length = packet.attributes.reduce((sum, { value }) => sum + 2 + value.length, 20);
      check(length === packet.octets.length && length <= input.length, 'attributes and length differ', input);
    },
  },
  {
    name: 'radius signatures',
    count: 200_000,
    seeds: PACKETS,
    run(input) {
      if (PACKETS.some((one) => equalBytes(input.subarray(0, one.length), one))) return;
      const packet = parsePacket(input);
      if (typeof packet === 'string') return;
      check(!replyIsTrue(packet, REQUEST, TRUST), 'a changed answer is true', input);
      check(!requestIsTrue(packet, TRUST), 'a changed request is true', input);
      checkMessageAuthenticator(packet, REQUEST, TRUST);
    },
  },
  { name: 'radius answers', count: 300_000, seeds: [body(GRANT), body(TUNNELS), body([...GRANT, ...TUNNELS])], run: answers },
  {
    name: 'radius hidden passwords',
    count: 300_000,
    seeds: [...TUNNELS.filter(({ type }) => type === ATTRIBUTE['Tunnel-Password']).map(({ value }) => value), new Uint8Array(16), new Uint8Array(128)],
    run(input) {
      const password = unhidePassword(input, REQUEST, TRUST);
      check(password === undefined || password.length <= input.length, 'longer than it was', input);
      const tunnel = unhideTunnelPassword(input, REQUEST, TRUST);
      check(tunnel === undefined || (tunnel.tag <= 31 && tunnel.password.length < input.length), 'longer than it was', input);
    },
  },
  {
    name: 'radius routes',
    count: 300_000,
    seeds: ['10.1.0.0/16 0.0.0.0 1', '192.168.1.0 192.168.1.1 1 2 3', '0.0.0.0/0', '255.255.255.255/32 1.1.1.1 65535'].map(utf8),
    run(input) {
      const route = readRoute(String.fromCharCode(...input.subarray(0, 253)));
      check(route === undefined || (route.prefix.length <= 32 && toIpv4(route.prefix.address & maskOf(route.prefix.length)) === route.prefix.address), 'a route that is none', input);
    },
  },
  dynamicTarget(),
  clientTarget(),
];
