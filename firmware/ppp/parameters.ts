// The parameters of a PPP interface as CREATE PPP and SET PPP name them (AlliedWare 2.9 CREATE PPP), and what they mean for a link.

import { form, type Args } from '../cli/command.ts';
import { Secret } from '../bytes/secret.ts';
import type { Millis } from '../bytes/time.ts';
import type { AuthMethod } from './auth.ts';
import type { LinkSettings } from './link.ts';

const OPTIONS = `[AUTHENTICATION={CHAP|EITHER|MSCHAPV2|PAP|NONE}] [AUTHMODE={IN|OUT|INOUT}] [BAP={ON|OFF}] [BAPMODE={CALL|CALLBACK}] [CBDELAY=1..100]
[CBMODE={ACCEPT|OFF|REQUEST}] [CBNUMBER=phone-number] [CBOPERATION={E164NUMBER|USERAUTH}] [COMPALGORITHM={PREDICTOR|STACLZS}] [COMPRESSION={ON|OFF|LINK}]
[CONFIGURE={1..255|CONTINUOUS}] [DEBUGMAXBYTES=16..256] [DESCRIPTION=string(1..70)] [DOWNRATE=0..100] [DOWNTIME=1..300] [ECHO={ON|OFF|1..3600}] [ENCRYPTION={ON|OFF}]
[FRAGMENT={ON|OFF}] [FRAGOVERHEAD=0..100] [IDLE={ON|OFF|1..4294967295}] [INDATALIMIT={NONE|1..65535}] [IPPOOL={name|NONE}] [IPREQUEST={ON|OFF}] [LQR={ON|OFF|1..3600}]
[MAGIC={ON|OFF}] [MRU={ON|OFF|256..1500}] [MSSHEADER=40..200] [NULLFRAGTIMER=1..60] [NUMBER=1..64] [ONLINELIMIT={NONE|1..65535}] [OUTDATALIMIT={NONE|1..65535}]
[PADRRETRY={0|15}] [PASSWORD={secret(1..64)|NONE}] [PREDCHECK={CRC16|CRCCCITT}] [RECHALLENGE={ON|OFF|360..3600}] [RESTART=1..60] [STACCHECK={LCB|SEQUENCE}]
[STARENTITY=1..255] [TERMINATE={1..255|CONTINUOUS}] [TOTALDATALIMIT={NONE|1..65535}] [TYPE={DEMAND|PRIMARY|SECONDARY}] [UPRATE=0..100] [UPTIME=1..300]
[USERNAME={string(1..64)|NONE}]` as const;

export const CREATE_PPP = form({
  syntax: `CREATE PPP=0..511 OVER=physical ${OPTIONS}`,
  level: 'manager',
  // LQR has no default here: it is ON (60 seconds) as long as ECHO is off.
  defaults: {
    authentication: 'NONE', authmode: 'INOUT', bap: 'ON', bapmode: 'CALL', cbdelay: 1, cbmode: 'OFF', cboperation: 'USERAUTH', compalgorithm: 'STACLZS',
    compression: 'OFF', configure: { value: 10 }, debugmaxbytes: 32, downrate: 20, downtime: 60, echo: 'OFF', encryption: 'OFF', fragment: 'OFF', fragoverhead: 10,
    idle: 'OFF', indatalimit: 'NONE', ippool: 'NONE', iprequest: 'OFF', magic: 'ON', mru: 'OFF', mssheader: 40, nullfragtimer: 3, number: 1, onlinelimit: 'NONE',
    outdatalimit: 'NONE', padrretry: '15', password: 'NONE', predcheck: 'CRC16', rechallenge: 'ON', restart: 3, staccheck: 'LCB', starentity: 1,
    terminate: { value: 2 }, totaldatalimit: 'NONE', type: 'PRIMARY', uprate: 80, uptime: 30, username: 'NONE',
  },
  example: 'CREATE PPP=1 OVER=TNL-remote IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON',
  help:
    'Makes a PPP interface over a physical layer. IDLE (seconds without traffic; ON = 60) opens it on demand, else it opens at once and is kept open. ' +
    'ECHO=ON asks every 10 seconds whether the peer is there. LQR is ON (60 seconds) unless ECHO is on. AUTHENTICATION is how the peer must prove itself, ' +
    'USERNAME and PASSWORD are what we prove. Data limits are megabytes, ONLINELIMIT is hours.',
});

export const SET_PPP = form({
  syntax: `SET PPP=0..511 [OVER=physical] ${OPTIONS}`,
  level: 'manager',
  example: 'SET PPP=1 USERNAME=RouterA PASSWORD=PasswordA',
  help: 'Changes what is given of a PPP interface. A link that is up stays up: what is negotiated holds from its next negotiation on.',
});

/** All parameters with their values; those without a default may be missing. */
export type PppParameters = Omit<Args<typeof CREATE_PPP>, 'ppp' | 'over'>;
/** What a SET gives. */
export type PppChange = Omit<Args<typeof SET_PPP>, 'ppp' | 'over'>;

/** `base` with everything that `change` gives. */
export function merge(base: PppParameters, change: PppChange): PppParameters {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(given) };
}

/** Both keep-alives were asked for by name. Only the default LQR gives way to ECHO by itself. */
export const conflicting = (p: Pick<PppParameters, 'echo' | 'lqr'>): boolean => p.echo !== 'OFF' && p.lqr !== undefined && p.lqr !== 'OFF';

/** Seconds of `{ON|OFF|n}`; 0 = off. */
const seconds = (value: 'ON' | 'OFF' | { readonly value: number }, on: number): number => (value === 'ON' ? on : value === 'OFF' ? 0 : value.value);

/** Echo period, seconds; 0 = off. */
export const echoPeriod = (p: PppParameters): number => seconds(p.echo, 10);
/** Report period, seconds; 0 = off. */
export const lqrPeriod = (p: PppParameters): number => (p.lqr === undefined ? (p.echo === 'OFF' ? 60 : 0) : seconds(p.lqr, 60));
/** Seconds without traffic after which the link closes; 0 = never, and not on demand. */
export const idleTime = (p: PppParameters): number => seconds(p.idle, 60);
/** Seconds between CHAP challenges; 0 = none. */
export const rechallengePeriod = (p: PppParameters): number => seconds(p.rechallenge, 900);
/** The value of `{NONE|n}`; undefined = none. */
export const limitOf = (value: 'NONE' | { readonly value: number }): number | undefined => (value === 'NONE' ? undefined : value.value);

const countOf = (value: 'CONTINUOUS' | { readonly value: number }): number => (value === 'CONTINUOUS' ? Number.POSITIVE_INFINITY : value.value);
const SECOND: Millis = 1000;
/** RFC 1661 4.6: Max-Failure. */
const MAX_FAILURE = 5;

/** What the peer may prove itself with: offered in order, and taken when it asks for another. CHAP goes before PAP (RFC 1334 2). */
const METHODS: Readonly<Record<PppParameters['authentication'], { readonly demand: readonly AuthMethod[]; readonly accept: readonly AuthMethod[] }>> = {
  NONE: { demand: [], accept: [] },
  PAP: { demand: ['PAP'], accept: ['PAP'] },
  CHAP: { demand: ['CHAP-MD5'], accept: ['CHAP-MD5', 'MSCHAPv2'] },
  MSCHAPV2: { demand: ['MSCHAPv2'], accept: ['MSCHAPv2'] },
  EITHER: { demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'] },
};

/** What a link that begins now is to negotiate. */
export function linkSettings(p: PppParameters, systemName: string): LinkSettings {
  const name = p.username === 'NONE' ? undefined : p.username.value;
  const password = new Secret(p.password === 'NONE' ? '' : p.password.value);
  return {
    mru: p.mru === 'ON' || p.mru === 'OFF' ? 'path' : p.mru.value,
    lcp: { magic: p.magic === 'ON', compression: 'agree', quality: lqrPeriod(p) * 100, ...METHODS[p.authentication] },
    limits: { restart: p.restart * SECOND, maxConfigure: countOf(p.configure), maxTerminate: countOf(p.terminate), maxFailure: MAX_FAILURE },
    credentials: name === undefined ? undefined : { name, password },
    name: name ?? systemName,
    echo: echoPeriod(p) * SECOND,
    rechallenge: rechallengePeriod(p) * SECOND,
    mssHeader: p.mssheader,
  };
}
