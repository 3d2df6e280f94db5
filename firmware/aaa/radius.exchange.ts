// Questions to RADIUS servers in their order (RFC 2865 2.4, 2.5; RFC 5080 2): identifiers, repetition, silent servers, replies that are to be
// believed. Sans-IO: datagrams and time in, datagrams out. As many questions are under way as a server answers in time, the rest wait.

import type { Ipv4 } from '../bytes/ip.ts';
import { TimerQueue, type Alarm, type Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import { checkMessageAuthenticator, CODE, parsePacket, replyIsTrue, type Packet, type Trust } from './radius.packet.ts';
import { freshCounters, type Lane, type RadiusServer, type ServerCounters, type ServerState } from './radius.server.ts';

/** What is set for all servers; ms. */
export interface ExchangeSettings {
  timeout: Millis;
  /** How often a request is repeated before the next server is asked. */
  retransmit: number;
  /** For how long a silent server is left out; 0 = it is asked first again. */
  deadTime: Millis;
}

/** Something to ask; exactly one of `answered` and `silent` is called, once. */
export interface Question {
  readonly lane: Lane;
  /** The only server that is asked; undefined = one after the other. */
  readonly only?: Ipv4;
  /** The request to this server. `authenticator`: 16 octets to use where the kind of request takes unpredictable ones. */
  build(server: RadiusServer, head: { readonly id: number; readonly authenticator: Uint8Array }, now: Millis): Uint8Array;
  /** A reply of whom the secret proves. `authenticator` is that of the request. */
  answered(reply: Packet, asked: { readonly server: RadiusServer; readonly authenticator: Uint8Array; readonly trust: Trust }, now: Millis): void;
  /** No server answered; one sentence. */
  silent(reason: string, now: Millis): void;
}

export interface ExchangeOutput {
  /** Sends from a socket, which is opened when it is first used; `socket` counts up. */
  send(socket: number, to: Ipv4, port: number, data: Uint8Array): void;
  /** This socket is used no more. */
  close(socket: number): void;
  /** A server fell silent, answers again, or answers what cannot be believed. */
  noticed(server: RadiusServer, lane: Lane, what: 'silent' | 'back' | 'unsigned' | 'forged'): void;
}

/** Own limits. */
const LIMITS = {
  /** RFC 2865 3: one octet. */
  identifiers: 256,
  sockets: 4,
  /** Questions under way at a server at first, at least and at most (the receive buffer of a usual server holds some 90 of ours); how many more at a time, and the ms that make an answer late. */
  window: { first: 64, least: 16, most: 1024, step: 8, late: 10 },
  /** Questions under way for each ms of the shortest answer, where that is more than at first: ten thousand a second are more than any storm asks. */
  perMilli: 10,
  /** Questions that wait for a server; more are told at once that nobody answers. */
  queue: 10_000,
} as const;
const AUTHENTICATOR_OCTETS = 16;

interface Job {
  readonly question: Question;
  readonly tried: Set<Channel>;
}

interface Sent {
  readonly job: Job;
  readonly id: number;
  readonly socket: Socket;
  readonly octets: Uint8Array;
  readonly authenticator: Uint8Array;
  readonly first: Millis;
  times: number;
  alarm: Alarm;
}

interface Socket {
  readonly number: number;
  readonly waiting: Map<number, Sent>;
  nextId: number;
}

/** One server in one lane. */
interface Channel {
  readonly server: RadiusServer;
  readonly lane: Lane;
  readonly port: number;
  readonly trust: Trust;
  readonly counters: ServerCounters;
  readonly sockets: Socket[];
  readonly queue: Job[];
  inFlight: number;
  window: number;
  /** The shortest time that an answer took, and how many since the window grew were hardly longer. */
  quickest: Millis;
  prompt: number;
  lastCut: Millis;
  lastReply: Millis;
  deadUntil: Millis;
  silent: boolean;
}

export class Exchange {
  readonly settings: ExchangeSettings;
  readonly #parts: { readonly random: Random; readonly crypto: Crypto; readonly output: ExchangeOutput };
  readonly #timers = new TimerQueue();
  #channels: Channel[] = [];
  readonly #bySocket = new Map<number, { readonly channel: Channel; readonly socket: Socket }>();
  #nextSocket = 0;
  /** Datagrams on our sockets from addresses or ports that are no server's. */
  foreign = 0;

  constructor(parts: { readonly random: Random; readonly crypto: Crypto; readonly output: ExchangeOutput }, settings: ExchangeSettings) {
    this.#parts = parts;
    this.settings = settings;
  }

  get servers(): readonly RadiusServer[] {
    return this.#channels.filter(({ lane }) => lane === 'login').map(({ server }) => server);
  }

  /** True where a server takes questions of this kind. */
  takes(lane: Lane): boolean {
    return this.#channels.some((channel) => channel.lane === lane && channel.port !== 0);
  }

  /** Adds a server behind the others, or replaces the one of the same address, whose questions it is asked instead. */
  put(server: RadiusServer, now: Millis): void {
    const old = this.#channels.filter((channel) => channel.server.address === server.address);
    const counters = old[0]?.counters ?? freshCounters();
    const made = (['login', 'account'] as const).map((lane) => this.#channel(server, lane, counters));
    const at = old[0] === undefined ? this.#channels.length : this.#channels.indexOf(old[0]);
    const left = this.#channels.filter((channel) => !old.includes(channel));
    this.#channels = [...left.slice(0, at), ...made, ...left.slice(at)];
    for (const channel of old) this.#retire(channel, now);
  }

  /** Forgets a server; what it was asked goes to the next. */
  remove(address: Ipv4, now: Millis): void {
    const old = this.#channels.filter((channel) => channel.server.address === address);
    this.#channels = this.#channels.filter((channel) => !old.includes(channel));
    for (const channel of old) this.#retire(channel, now);
  }

  states(now: Millis): ServerState[] {
    const state = (channel: Channel): 'alive' | 'dead' | 'silent' => (channel.deadUntil > now ? 'dead' : channel.silent ? 'silent' : 'alive');
    return this.#channels.flatMap((channel, i) => {
      const account = this.#channels[i + 1];
      if (channel.lane !== 'login' || account === undefined) return [];
      const waiting = channel.inFlight + channel.queue.length + account.inFlight + account.queue.length;
      return [{ server: channel.server, counters: channel.counters, login: state(channel), account: account.port === 0 ? 'off' : state(account), waiting }];
    });
  }

  ask(question: Question, now: Millis): void {
    this.#place({ question, tried: new Set() }, now);
  }

  /** A datagram that arrived on a socket of ours. */
  receive(at: { readonly socket: number; readonly from: Ipv4; readonly port: number }, data: Uint8Array, now: Millis): void {
    const found = this.#bySocket.get(at.socket);
    if (found === undefined) return;
    const { channel, socket } = found;
    if (at.from !== channel.server.address || at.port !== channel.port) {
      this.foreign++;
      return;
    }
    const reply = parsePacket(data);
    if (typeof reply === 'string' || !answers(reply.code, channel.lane)) {
      channel.counters.malformed++;
      return;
    }
    const sent = socket.waiting.get(reply.id);
    if (sent === undefined) {
      channel.counters.unexpected++;
      return;
    }
    if (this.#believed(channel, sent, reply)) this.#answered(channel, sent, reply, now);
  }

  /** Does what is due. */
  tick(now: Millis): void {
    this.#timers.run(now);
  }

  deadline(): Millis {
    return this.#timers.deadline();
  }

  /** Sends once, without waiting for room or answers, what has not been sent yet, and forgets everything. Nobody is told. */
  close(now: Millis): void {
    for (const channel of this.#channels) {
      if (channel.lane === 'account') for (const job of channel.queue.splice(0, LIMITS.window.most - channel.inFlight)) this.#send(channel, job, now);
      for (const socket of channel.sockets.splice(0)) this.#closeSocket(socket);
    }
    this.#channels = [];
  }

  // -- private --

  #channel(server: RadiusServer, lane: Lane, counters: ServerCounters): Channel {
    return {
      server, lane, counters,
      port: lane === 'login' ? server.port : server.accPort,
      trust: { secret: server.secret, crypto: this.#parts.crypto },
      sockets: [], queue: [], inFlight: 0, window: LIMITS.window.first, quickest: Number.POSITIVE_INFINITY, prompt: 0, lastCut: 0, lastReply: Number.NEGATIVE_INFINITY, deadUntil: 0, silent: false,
    };
  }

  /** Gives a question to the first server that may answer it and has not been asked. */
  #place(job: Job, now: Millis): void {
    const { question, tried } = job;
    const possible = this.#channels.filter((c) => c.lane === question.lane && c.port !== 0 && !tried.has(c) && (question.only === undefined || c.server.address === question.only));
    const alive = possible.find((channel) => channel.deadUntil <= now);
    // Where all are dead, one question at a time finds out who is back.
    const probed = alive ?? (tried.size === 0 ? possible.find((channel) => channel.inFlight + channel.queue.length === 0) : undefined);
    if (probed === undefined) {
      question.silent(this.takes(question.lane) ? 'No RADIUS server answers' : 'No RADIUS server is configured', now);
      return;
    }
    if (probed.queue.length >= LIMITS.queue) {
      question.silent(`${LIMITS.queue} requests wait for the RADIUS server already`, now);
      return;
    }
    probed.queue.push(job);
    this.#pump(probed, now);
  }

  #pump(channel: Channel, now: Millis): void {
    while (channel.inFlight < channel.window) {
      const job = channel.queue.shift();
      if (job === undefined) return;
      this.#send(channel, job, now);
    }
  }

  #send(channel: Channel, job: Job, now: Millis): void {
    const socket = this.#socketFor(channel);
    const id = freeId(socket);
    const octets = job.question.build(channel.server, { id, authenticator: this.#parts.random.bytes(AUTHENTICATOR_OCTETS) }, now);
    const sent: Sent = {
      job, id, socket, octets, authenticator: octets.slice(4, 4 + AUTHENTICATOR_OCTETS), first: now, times: 1,
      alarm: this.#timers.set(now + this.settings.timeout, (at) => this.#due(channel, sent, at)),
    };
    socket.waiting.set(id, sent);
    channel.inFlight++;
    channel.counters.requests++;
    this.#parts.output.send(socket.number, channel.server.address, channel.port, octets);
  }

  #socketFor(channel: Channel): Socket {
    const room = channel.sockets.find(({ waiting }) => waiting.size < LIMITS.identifiers);
    if (room !== undefined) return room;
    const number = this.#nextSocket++;
    const socket: Socket = { number, waiting: new Map(), nextId: this.#parts.random.bytes(1)[0] ?? 0 };
    channel.sockets.push(socket);
    this.#bySocket.set(number, { channel, socket });
    return socket;
  }

  /** No answer in time. */
  #due(channel: Channel, sent: Sent, now: Millis): void {
    const { timeout, retransmit } = this.settings;
    if (sent.times <= retransmit) {
      sent.times++;
      channel.counters.retransmissions++;
      if (now - channel.lastCut >= timeout) {
        channel.window = Math.max(LIMITS.window.least, channel.window >> 1);
        channel.lastCut = now;
      }
      sent.alarm = this.#timers.set(now + timeout, (at) => this.#due(channel, sent, at));
      this.#parts.output.send(sent.socket.number, channel.server.address, channel.port, sent.octets);
      return;
    }
    channel.counters.timeouts++;
    if (channel.lastReply < sent.first) {
      this.#mute(channel, now);
      return;
    }
    // The server lives: this one question it does not answer.
    this.#forget(channel, sent);
    sent.job.tried.add(channel);
    this.#place(sent.job, now);
    this.#pump(channel, now);
  }

  /** A server that answers nothing at all: everything it was asked goes to the next one. */
  #mute(channel: Channel, now: Millis): void {
    channel.deadUntil = now + this.settings.deadTime;
    if (!channel.silent) this.#parts.output.noticed(channel.server, channel.lane, 'silent');
    channel.silent = true;
    channel.window = LIMITS.window.first;
    for (const job of this.#drain(channel)) {
      job.tried.add(channel);
      this.#place(job, now);
    }
  }

  /** A server that is no more, or has other settings. */
  #retire(channel: Channel, now: Millis): void {
    const jobs = this.#drain(channel);
    for (const socket of channel.sockets.splice(0)) this.#closeSocket(socket);
    for (const job of jobs) this.#place(job, now);
  }

  #drain(channel: Channel): Job[] {
    const jobs: Job[] = [];
    for (const { waiting } of channel.sockets) {
      for (const sent of waiting.values()) {
        sent.alarm.cancel();
        jobs.push(sent.job);
      }
      waiting.clear();
    }
    channel.inFlight = 0;
    return [...jobs, ...channel.queue.splice(0)];
  }

  #forget(channel: Channel, sent: Sent): void {
    sent.alarm.cancel();
    sent.socket.waiting.delete(sent.id);
    channel.inFlight--;
  }

  #closeSocket(socket: Socket): void {
    for (const sent of socket.waiting.values()) sent.alarm.cancel();
    this.#bySocket.delete(socket.number);
    this.#parts.output.close(socket.number);
  }

  #believed(channel: Channel, sent: Sent, reply: Packet): boolean {
    const { trust, counters, server } = channel;
    const signature = checkMessageAuthenticator(reply, sent.authenticator, trust);
    if (!replyIsTrue(reply, sent.authenticator, trust) || signature === 'wrong') {
      counters.forged++;
      this.#parts.output.noticed(server, channel.lane, 'forged');
      return false;
    }
    if (signature === 'missing' && channel.lane === 'login' && server.messageAuth === 'REQUIRED') {
      counters.unsigned++;
      this.#parts.output.noticed(server, channel.lane, 'unsigned');
      return false;
    }
    return true;
  }

  /**
   * More may be under way after a whole window of answers, and only while the server is not late already and the way to it is what holds its
   * answers up: then more would but wait in its receive buffer or in ours, which drop what they have no room for, and each of those costs a
   * caller the timeout.
   */
  #widen(channel: Channel, took: Millis): void {
    channel.quickest = Math.min(channel.quickest, took);
    if (took > 2 * channel.quickest + LIMITS.window.late || ++channel.prompt < channel.window) return;
    channel.prompt = 0;
    const useful = Math.min(LIMITS.window.most, channel.quickest * LIMITS.perMilli);
    if (channel.window < useful) channel.window = Math.min(useful, channel.window + LIMITS.window.step);
  }

  #answered(channel: Channel, sent: Sent, reply: Packet, now: Millis): void {
    this.#forget(channel, sent);
    channel.lastReply = now;
    channel.deadUntil = 0;
    if (sent.times === 1) this.#widen(channel, now - sent.first);
    if (channel.silent) this.#parts.output.noticed(channel.server, channel.lane, 'back');
    channel.silent = false;
    channel.counters[COUNTED[reply.code] ?? 'responses']++;
    const { server, trust } = channel;
    sent.job.question.answered(reply, { server, authenticator: sent.authenticator, trust }, now);
    this.#pump(channel, now);
  }
}

const COUNTED: Readonly<Record<number, 'accepts' | 'rejects' | 'challenges'>> = {
  [CODE['Access-Accept']]: 'accepts',
  [CODE['Access-Reject']]: 'rejects',
  [CODE['Access-Challenge']]: 'challenges',
};

const answers = (code: number, lane: Lane): boolean => (lane === 'account' ? code === CODE['Accounting-Response'] : COUNTED[code] !== undefined);

/** An identifier that no request has, the longest unused one first, so that late answers meet nobody. */
function freeId(socket: Socket): number {
  while (socket.waiting.has(socket.nextId)) socket.nextId = (socket.nextId + 1) % LIMITS.identifiers;
  const id = socket.nextId;
  socket.nextId = (id + 1) % LIMITS.identifiers;
  return id;
}
