// The USER commands (AR740 command reference, "Operation": ADD, SET, DELETE, PURGE, ENABLE, DISABLE, RESET, SHOW USER) and
// the lines that CREATE CONFIG writes for the user database.

import { ANY_IPV4, formatIpv4, isHost, lengthOf, type Ipv4 } from '../bytes/ip.ts';
import { command, form, write, type Args, type Command, type ConfigSection, type Context, type Outcome } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Logins } from './login.ts';
import { printPassword } from './password.ts';
import { showPolicy, showSessions, showUsers, type ActiveSession } from './user.show.ts';
import { POLICY_DEFAULTS, type User, type UserChange, type Users, type UserSettings } from './users.ts';

const SETTINGS =
  '[CALLINGNUMBER=phone-number] [CBNUMBER=phone-number] [DESCRIPTION=any-string(0..24)] [IPADDRESS=ipadd] [IPXNETWORK=hex] [LOGIN={TRUE|FALSE|ON|OFF|YES|NO}] [MTU=40..1500] [NETMASK=ipadd] [PRIVILEGE={USER|MANAGER|SECURITYOFFICER}] [TELNET={YES|NO}]';

const ADD_USER = form({
  syntax: `ADD USER=login-name PASSWORD=user-password ${SETTINGS}`,
  level: 'manager',
  defaults: { description: '', privilege: 'USER', telnet: 'NO' },
  example: 'ADD USER=remuser PASSWORD=rempass LOGIN=NO IPADDRESS=192.168.20.200 NETMASK=255.255.255.255',
  help: 'Adds a user. LOGIN=NO users authenticate PPP peers only; LOGIN must be given where PRIVILEGE is USER. The password of a LOGIN=YES user is kept as a digest.',
});
const SET_USER = form({
  syntax: `SET USER=login-name [PASSWORD=user-password] ${SETTINGS}`,
  level: 'manager',
  example: 'SET USER=remuser PASSWORD=newpass',
  help: 'Changes what is given of a user; all else stays. IPADDRESS=0.0.0.0 takes the address away.',
});
const SET_POLICY = form({
  syntax: 'SET USER [LOGINFAIL=1..10] [LOCKOUTPD=1..30000] [MANPWDFAIL=1..5] [MINPWDLEN=1..23] [SECUREDELAY=10..3600] [TACRETRIES=0..10] [TACTIMEOUT=1..60]',
  level: 'manager',
  example: 'SET USER LOGINFAIL=3 LOCKOUTPD=1200',
  help: 'Sets the rules for passwords and logins: after LOGINFAIL failures a source is locked out for LOCKOUTPD seconds.',
});
const DELETE_USER = form({ syntax: 'DELETE USER=login-name', level: 'manager', example: 'DELETE USER=remuser', help: 'Deletes a user. The last one who may manage the router stays.' });
const PURGE_USER = form({ syntax: 'PURGE USER', level: 'manager', example: 'PURGE USER', help: 'Deletes all users but the built-in account manager.' });
const ENABLE_USER = form({ syntax: 'ENABLE USER=login-name', level: 'manager', example: 'ENABLE USER=remuser', help: 'Lets a disabled user in again.' });
const DISABLE_USER = form({ syntax: 'DISABLE USER=login-name', level: 'manager', example: 'DISABLE USER=remuser', help: 'Refuses a user without deleting the entry.' });
const RESET_USER = form({
  syntax: 'RESET USER[=login-name] [COUNTER={ALL|GLOBAL|USER}]',
  level: 'manager',
  defaults: { counter: 'ALL' },
  example: 'RESET USER COUNTER=ALL',
  help: 'Sets counters to zero; without a name also ends all lockouts.',
});
const SHOW_USER = form({ syntax: 'SHOW USER[=login-name] [CONFIGURATION]', level: 'manager', example: 'SHOW USER', help: 'Shows users and who is logged in, or with CONFIGURATION the rules and counters of logins.' });

/** What the commands work on. */
export interface UserOwner {
  readonly users: Users;
  readonly logins: Logins;
  /** Who is at a prompt now. */
  sessions(): readonly ActiveSession[];
}

type Given = Omit<Args<typeof SET_USER>, 'user' | 'password'>;

/** The settings that were given, in the words of the database. */
const changeOf = (a: Given): UserChange => ({
  description: a.description,
  privilege: a.privilege,
  login: a.login === undefined ? undefined : a.login === 'YES' || a.login === 'ON' || a.login === 'TRUE',
  telnet: a.telnet === undefined ? undefined : a.telnet === 'YES',
  callingNumber: a.callingnumber,
  cbNumber: a.cbnumber,
  ipAddress: a.ipaddress,
  netmask: a.netmask,
  ipxNetwork: a.ipxnetwork,
  mtu: a.mtu,
});

const settingsOf = (a: Args<typeof ADD_USER>): UserSettings => {
  const change = changeOf(a);
  return { ...change, description: a.description, privilege: a.privilege, login: change.login ?? a.privilege !== 'USER', telnet: a.telnet === 'YES' };
};

function badAddress({ ipaddress, netmask }: { readonly ipaddress?: Ipv4 | undefined; readonly netmask?: Ipv4 | undefined }): Message | undefined {
  if (netmask !== undefined && lengthOf(netmask) === undefined) return messages.user.maskHoles(formatIpv4(netmask));
  if (ipaddress === undefined || ipaddress === ANY_IPV4 || isHost(ipaddress)) return undefined;
  return messages.parser.badValue(formatIpv4(ipaddress), 'IPADDRESS', '; permitted: the address of a host, or 0.0.0.0 for none');
}

export function userCommands(owner: UserOwner): Command[] {
  const { users, logins } = owner;
  const shown = (user: User): Outcome => ({ text: showUsers(users, [user]) });
  return [
    command(ADD_USER, {
      verify: (a) => {
        if (a.privilege === 'USER' && a.login === undefined) return messages.parser.parameterMissing('LOGIN', ': YES for users of the command line, NO for PPP alone');
        if (a.netmask !== undefined && a.ipaddress === undefined) return messages.user.maskAlone();
        return badAddress(a) ?? users.mayAdd(a.user, a.password);
      },
      apply: (a) => shown(users.add(a.user, a.password, settingsOf(a))),
    }),
    command(SET_USER, {
      verify: (a) => {
        const user = users.get(a.user);
        if (user === undefined) return messages.user.notFound(a.user);
        if (a.netmask !== undefined && a.ipaddress === undefined && user.ipAddress === undefined) return messages.user.maskAlone();
        const { user: _, ...given } = a;
        return badAddress(a) ?? users.maySet(a.user, { ...changeOf(a), password: a.password }) ?? nothingGiven(given);
      },
      apply: (a, context) => {
        const hadLogin = users.get(a.user)?.login === true;
        const user = users.set(a.user, { ...changeOf(a), password: a.password });
        if (user === undefined) return messages.user.notFound(a.user);
        if (a.password !== undefined) logins.countChange(user.name, whoIs(context));
        return hadLogin && !user.login && user.password.kind === 'digest' ? messages.user.digestOnly(user.name) : messages.user.done();
      },
    }),
    command(SET_POLICY, {
      verify: (a) => (Object.values(a).every((value) => value === undefined) ? messages.user.nothingGiven('LOGINFAIL, LOCKOUTPD, MANPWDFAIL, MINPWDLEN, SECUREDELAY, TACRETRIES, TACTIMEOUT') : undefined),
      apply: (a) => {
        const old = users.policy;
        users.policy = {
          loginfail: a.loginfail ?? old.loginfail,
          lockoutpd: a.lockoutpd ?? old.lockoutpd,
          manpwdfail: a.manpwdfail ?? old.manpwdfail,
          securedelay: a.securedelay ?? old.securedelay,
          minpwdlen: a.minpwdlen ?? old.minpwdlen,
          tacretries: a.tacretries ?? old.tacretries,
          tactimeout: a.tactimeout ?? old.tactimeout,
        };
        return messages.user.done();
      },
    }),
    command(DELETE_USER, {
      verify: (a) => users.mayDelete(a.user),
      apply: (a) => {
        users.delete(a.user);
        return messages.user.done();
      },
    }),
    command(PURGE_USER, {
      apply: () => {
        users.purge();
        return messages.user.done();
      },
    }),
    command(ENABLE_USER, {
      verify: (a) => users.mayEnable(a.user, true),
      apply: (a) => {
        users.enable(a.user, true);
        return messages.user.done();
      },
    }),
    command(DISABLE_USER, {
      verify: (a) => users.mayEnable(a.user, false),
      apply: (a) => {
        users.enable(a.user, false);
        return messages.user.done();
      },
    }),
    command(RESET_USER, {
      verify: (a) => (a.user !== true && users.get(a.user) === undefined ? messages.user.notFound(a.user) : undefined),
      apply: (a) => {
        const name = a.user === true ? undefined : a.user;
        if (a.counter !== 'GLOBAL') users.resetCounters(name);
        if (a.counter !== 'USER' && name === undefined) logins.reset();
        return messages.user.done();
      },
    }),
    command(SHOW_USER, {
      verify: (a) => (a.user !== true && users.get(a.user) === undefined ? messages.user.notFound(a.user) : undefined),
      apply: (a) => {
        if (a.configuration === true) return { text: showPolicy(users.policy, logins.counters, users) };
        const one = a.user === true ? undefined : users.get(a.user);
        return one === undefined ? { text: `${showUsers(users, users.list())}\n\n${showSessions(owner.sessions())}` } : shown(one);
      },
    }),
  ];
}

/** SET PASSWORD asks for the old, the new and again the new password of whoever gives it. */
const SET_PASSWORD = form({ syntax: 'SET PASSWORD', level: 'user', example: 'SET PASSWORD', help: 'Changes your own password: asks for the old one, then twice for the new one.' });

export function passwordCommands(owner: Pick<UserOwner, 'users' | 'logins'>): Command[] {
  const { users, logins } = owner;
  return [
    command(SET_PASSWORD, {
      verify: (_, context) => (users.get(context.user) === undefined ? messages.user.notAUser(context.user) : undefined),
      apply: (_, context) => ({ pending: (done) => askPasswords(context, (answers) => done(answers === undefined ? messages.user.cancelled() : change(context, answers))) }),
    }),
  ];

  function change(context: Context, answers: Answers): Message {
    const name = context.user;
    const user = users.get(name);
    if (user === undefined) return messages.user.notFound(name);
    if (!users.verify(name, answers.old)) return messages.user.passwordWrong();
    if (answers.fresh !== answers.again) return messages.user.passwordsDiffer();
    const refused = users.mayUsePassword(answers.fresh) ?? outOfForm(answers.fresh);
    if (refused !== undefined) return refused;
    users.set(name, { password: answers.fresh });
    logins.countChange(user.name, whoIs(context));
    return messages.user.passwordChanged(user.name);
  }
}

const whoIs = ({ user, from }: Context): string => `${user} from ${from}`;

interface Answers {
  readonly old: string;
  readonly fresh: string;
  readonly again: string;
}

function askPasswords(context: Context, done: (answers: Answers | undefined) => void): void {
  const ask = (prompt: string, next: (text: string) => void): void => context.ask(prompt, { hidden: true }, (text) => (text === undefined ? done(undefined) : next(text)));
  ask('Old password: ', (old) => ask('New password: ', (fresh) => ask('Confirm: ', (again) => done({ old, fresh, again }))));
}

/** What a script could not write back is refused at the prompt too; so is a text that looks like a digest. */
const outOfForm = (password: string): Message | undefined =>
  /^[^\u0000-\u001f\u007f-\u009f"\u2028\u2029]{1,32}$/u.test(password) ? undefined : messages.user.passwordForm();

const flag = (value: boolean): 'YES' | 'NO' => (value ? 'YES' : 'NO');

/** USER section: rules, users, and the built-in account where it differs from a new box's. */
export function userConfig(owner: Pick<UserOwner, 'users'>): ConfigSection[] {
  const { users } = owner;
  const { minpwdlen, ...rules } = users.policy;
  // A password may be shorter than the rule that came after it: the rule is written behind the users, before them the length they need.
  const shortest = Math.min(POLICY_DEFAULTS.minpwdlen, ...users.list().map((user) => (user.password.kind === 'clear' ? [...user.password.secret.reveal()].length : minpwdlen)));
  const lines: string[] = [];
  if (shortest < POLICY_DEFAULTS.minpwdlen) lines.push(write(SET_POLICY, { minpwdlen: shortest }));
  const builtIn = users.get('manager');
  for (const user of users.list()) if (user !== builtIn) lines.push(userLine(user));
  if (builtIn !== undefined) lines.push(...builtInLines(builtIn));
  else lines.push(write(DELETE_USER, { user: 'manager' }));
  for (const user of users.list()) if (!user.enabled) lines.push(write(DISABLE_USER, { user: user.name }));
  const changed = Object.entries(rules).filter(([key, value]) => Object.entries(POLICY_DEFAULTS).some(([name, usual]) => name === key && usual !== value));
  if (minpwdlen !== shortest) changed.push(['minpwdlen', minpwdlen]);
  if (changed.length > 0) lines.push(write(SET_POLICY, Object.fromEntries(changed)));
  return lines.length === 0 ? [] : [{ title: 'USER', lines }];
}

const settingsArgs = (user: User) => ({
  privilege: user.privilege,
  login: flag(user.login),
  telnet: flag(user.telnet),
  description: user.description,
  ...(user.ipAddress === undefined ? {} : { ipaddress: user.ipAddress }),
  ...(user.netmask === undefined ? {} : { netmask: user.netmask }),
  ...(user.callingNumber === undefined ? {} : { callingnumber: user.callingNumber }),
  ...(user.cbNumber === undefined ? {} : { cbnumber: user.cbNumber }),
  ...(user.ipxNetwork === undefined ? {} : { ipxnetwork: user.ipxNetwork }),
  ...(user.mtu === undefined ? {} : { mtu: user.mtu }),
});

const userLine = (user: User): string => write(ADD_USER, { user: user.name, password: printPassword(user.password), ...settingsArgs(user) });

/** The account that every box has: what differs from a new box's. */
function builtInLines(user: User): string[] {
  const { privilege, login, telnet, description, ...rest } = settingsArgs(user);
  const change = {
    ...(user.factory ? {} : { password: printPassword(user.password) }),
    ...(privilege === 'MANAGER' ? {} : { privilege }),
    ...(login === 'YES' ? {} : { login }),
    ...(telnet === 'YES' ? {} : { telnet }),
    ...(description === 'Manager Account' ? {} : { description }),
    ...rest,
  };
  return Object.keys(change).length === 0 ? [] : [write(SET_USER, { user: 'manager', ...change })];
}
