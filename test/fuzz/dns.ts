// Fuzz targets of the DNS answer decoder and of a whole question. Throw where a rule is broken.

import { NEVER } from '../../firmware/bytes/time.ts';
import { parseIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { DNS_REFUSALS, decodeAnswer, encodeQuestion } from '../../firmware/ip/dns.message.ts';
import { Query, type QueryOutcome } from '../../firmware/ip/dns.query.ts';
import { type Reply, answerTo } from '../unit/ip/nameserver.ts';

const ASKED = { id: 0x0707, name: 'lns.example' };
const QUESTION = encodeQuestion(ASKED.id, ASKED.name);
const REPLIES: readonly Reply[] = [
  { answers: [['lns.example', 'A', '192.0.2.1', 300], ['lns.example', 'A', '192.0.2.2', 60]] },
  { answers: [['lns.example', 'CNAME', 'b.example', 20], ['b.example', 'CNAME', 'c.example', 20], ['c.example', 'A', '192.0.2.3', 500]] },
  { answers: [['lns.example', 'CNAME', 'far.example', 77]] },
  { rcode: 3, authority: [['example', 'SOA', '40', 900]] },
  { truncated: true, answers: [['lns.example', 'A', '192.0.2.1', 30]] },
  { rcode: 2 },
];
/** Compressed: an alias and the address of its target, both by pointers. */
const COMPRESSED = Uint8Array.from([...QUESTION.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, ...QUESTION.subarray(12), 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 7, 4, 0x68, 0x6f, 0x73, 0x74, 0xc0, 16, 0xc0, 41, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 7]);
export const ANSWERS = [...REPLIES.map((reply) => answerTo(QUESTION, reply)), COMPRESSED];
const REFUSALS: ReadonlySet<string> = new Set(DNS_REFUSALS);

/** What the decoder makes of a datagram: a kind of answer or a refusal. */
export function decodeKind(input: Uint8Array): string {
  const answer = decodeAnswer(input, ASKED);
  if (typeof answer === 'string') {
    if (!REFUSALS.has(answer)) throw new Error(`unknown refusal ${answer}`);
    return answer;
  }
  if (answer.kind === 'addresses') {
    if (answer.addresses.length === 0 || answer.addresses.length > 64 || new Set(answer.addresses).size !== answer.addresses.length) throw new Error(`addresses: ${answer.addresses.length}`);
    if (answer.ttl < 0 || answer.ttl > 0x7fffffff) throw new Error(`TTL ${answer.ttl}`);
  }
  if (answer.kind === 'alias' && answer.target === ASKED.name) throw new Error('an alias of itself');
  return answer.kind;
}

const SERVER = parseIpv4('192.0.2.53') ?? toIpv4(0);

/** A question that gets this datagram and then nothing: it ends once, within its time, with few questions sent. */
export function questionEnds(input: Uint8Array): boolean {
  let sent = 0;
  const outcomes: QueryOutcome[] = [];
  const random = { bytes: (count: number) => new Uint8Array(count).fill(7) };
  const query = new Query({ name: ASKED.name, servers: [SERVER], random }, { send: () => void sent++, done: (outcome) => outcomes.push(outcome) });
  query.start(0);
  query.receive(SERVER, 53, input, 1);
  const taken = outcomes.length > 0 || sent > 1;
  for (let now = query.deadline(); now !== NEVER; now = query.deadline()) {
    if (now > 10_000) throw new Error(`still waiting at ${now}`);
    query.tick(now);
  }
  query.receive(SERVER, 53, input, 20_000);
  if (outcomes.length !== 1) throw new Error(`${outcomes.length} outcomes`);
  if (sent > 6) throw new Error(`${sent} questions`);
  return taken;
}

export const targets = [
  { name: 'ip dns', seeds: ANSWERS, run: (input: Uint8Array): boolean => !REFUSALS.has(decodeKind(input)) },
  { name: 'ip dns question', seeds: ANSWERS, run: questionEnds },
] as const;
