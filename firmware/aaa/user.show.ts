// SHOW USER and SHOW USER CONFIGURATION (layouts after AlliedWare).

import { formatIpv4, maskOf } from '../bytes/ip.ts';
import type { WallTime } from '../hal/clock.ts';
import { formatDate, formatTime } from '../log/calendar.ts';
import type { LoginCounters } from './login.ts';
import type { User, UserCounters, UserPolicy, Users } from './users.ts';

const RULE = '-'.repeat(79);
const PRIVILEGE = { USER: 'user', MANAGER: 'manager', SECURITYOFFICER: 'Sec Off' } as const;

/** Somebody at a prompt. */
export interface ActiveSession {
  readonly user: string;
  /** 'asyn0', '192.168.1.5:40123', 'cli'. */
  readonly from: string;
  readonly since: WallTime;
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');

function entry(user: User, counters: UserCounters): string[] {
  const lines = [
    `Username: ${user.name} (${user.description})`,
    `   Status: ${(user.enabled ? 'enabled' : 'disabled').padEnd(10)}Privilege: ${PRIVILEGE[user.privilege].padEnd(10)}Telnet: ${yes(user.telnet).padEnd(5)}Login: ${yes(user.login)}`,
  ];
  if (user.ipAddress !== undefined) lines.push(`   IP address: ${formatIpv4(user.ipAddress)}   Netmask: ${formatIpv4(user.netmask ?? maskOf(32))}`);
  if (user.ipxNetwork !== undefined) lines.push(`   IPX network: ${user.ipxNetwork}`);
  if (user.mtu !== undefined) lines.push(`   MTU: ${user.mtu}`);
  if (user.callingNumber !== undefined) lines.push(`   Calling number: ${user.callingNumber}`);
  if (user.cbNumber !== undefined) lines.push(`   Callback number: ${user.cbNumber}`);
  if (user.factory) lines.push('   Password: as made; logins from the network are refused until it is changed');
  lines.push(
    `   Logins: ${String(counters.logins).padEnd(10)}Fails: ${String(counters.loginFails).padEnd(14)}Sent: 0      Rcvd: 0`,
    `   Authentications: ${String(counters.authentications).padEnd(6)}Fails: ${counters.authenticationFails}`,
  );
  return lines;
}

/** The entries given, as ADD USER and SHOW USER print them. */
export function showUsers(users: Users, which: readonly User[]): string {
  const lines = ['User Authentication Database', RULE];
  for (const user of which) lines.push(...entry(user, users.counters(user.name)));
  return [...lines, RULE].join('\n');
}

/** The table below SHOW USER: who is logged in. */
export function showSessions(sessions: readonly ActiveSession[]): string {
  const lines = ['Active (logged in) Users', RULE, 'User                Login time            Location', RULE];
  for (const s of sessions) lines.push(`${s.user.padEnd(19)} ${formatDate(s.since)} ${formatTime(s.since)}  ${s.from}`);
  return [...lines, RULE].join('\n');
}

const row = (label: string, value: string): string => `  ${`${label} `.padEnd(46, '.')} ${value}`;

/** SHOW USER CONFIGURATION: the policy of SET USER, and counters since start. */
export function showPolicy(policy: UserPolicy, counters: LoginCounters, users: Users): string {
  let authentications = 0;
  for (const user of users.list()) authentications += users.counters(user.name).authentications;
  const pair = (a: string, m: number, b: string, n: number): string => `  ${a.padEnd(24)}${String(m).padEnd(8)}${b.padEnd(24)}${n}`;
  return [
    'Security parameters',
    RULE,
    row('login failures before lockout', `${policy.loginfail} (LOGINFAIL)`),
    row('lockout period', `${policy.lockoutpd} seconds (LOCKOUTPD)`),
    row('manager password failures before logoff', `${policy.manpwdfail} (MANPWDFAIL)`),
    row('maximum security command interval', `${policy.securedelay} seconds (SECUREDELAY)`),
    row('minimum password length', `${policy.minpwdlen} characters (MINPWDLEN)`),
    row('TACACS retries', `${policy.tacretries} (TACRETRIES)`),
    row('TACACS timeout period', `${policy.tactimeout} seconds (TACTIMEOUT)`),
    '',
    'Security counters',
    RULE,
    pair('logins', counters.logins, 'authentications', authentications),
    pair('managerPwdChanges', counters.managerPwdChanges, 'unknownLoginNames', counters.unknownLoginNames),
    pair('totalPwdFails', counters.totalPwdFails, 'managerPwdFails', counters.managerPwdFails),
    pair('loginLockouts', counters.loginLockouts, 'users', users.list().length),
    RULE,
  ].join('\n');
}
