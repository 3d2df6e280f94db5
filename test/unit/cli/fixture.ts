// A table of forms of every shape the command reference uses, whose handlers print what they were given.
import { command, form, type Bound, type Command, type Context, type Form } from '../../../firmware/cli/command.ts';
import { CommandTable } from '../../../firmware/cli/table.ts';

const m = 'manager';
const u = 'user';
const help = 'A command of the tests.';
const show = <S extends string, D>(of: Form<S, D>): Command => command(of, { apply: (args) => ({ text: JSON.stringify(args) }) });

export const ADD_CALL = form({
  syntax: `ADD L2TP CALL=call-name TYPE={ASYNC|ISDN|VIRTUAL} IP=ipadd [REMOTE=call-name] [DIAL=phone-number] [NUMBER={ON|OFF|STARTUP}] [PASSWORD=password] [PRE13={ON|OFF}]
    [PRECEDENCE={IN|OUT}] [SPEED=300..4292967295] [SUBADDRESS=subaddress]`,
  level: m,
  defaults: { number: 'OFF', precedence: 'IN', speed: 64000 },
  example: 'ADD L2TP CALL=branch TYPE=VIRTUAL IP=192.0.2.1 REMOTE=branch',
  help,
});

export const commands: Command[] = [
  show(ADD_CALL),
  show(form({ syntax: 'ADD L2TP IP=ipadd[-ipadd] PPPTEMPLATE=0..31 [NUMBER={ON|OFF|STARTUP}] [PRE13={ON|OFF}]', level: m, example: 'ADD L2TP IP=192.0.2.1 PPPTEMPLATE=0', help })),
  show(form({ syntax: 'ADD L2TP PASSWORD={password|NONE} [IP=ipadd[-ipadd]]', level: m, example: 'ADD L2TP PASSWORD=secret', help })),
  show(
    form({
      syntax: 'ADD L2TP USER={domain-name|ALL|LOCAL|NONE|REMOTE} ACTION={DATABASE|DNSLOOKUP|IGNORE|RADIUS} [IP=ipadd [PORT=port]] [PREFIX=domain-prefix] [TIMEOUT=8..300]',
      level: m,
      defaults: { timeout: 20 },
      example: 'ADD L2TP USER=ALL ACTION=IGNORE',
      help,
    }),
  ),
  show(form({ syntax: 'DELETE L2TP PASSWORD [IP={ipadd[-ipadd]|ALL}]', level: m, example: 'DELETE L2TP PASSWORD', help })),
  show(form({ syntax: 'ENABLE L2TP', level: m, example: 'ENABLE L2TP', help })),
  show(form({ syntax: 'ENABLE L2TP SERVER={BOTH|LAC|LNS}', level: m, example: 'ENABLE L2TP SERVER=LAC', help })),
  show(form({ syntax: 'ENABLE L2TP DEBUG={ALL|PKT|STATE} {CALL[=call-id]|TUNNEL[=tunnel-id]}', level: m, example: 'ENABLE L2TP DEBUG=ALL CALL', help })),
  show(form({ syntax: 'SHOW L2TP [COUNTER]', level: u, example: 'SHOW L2TP', help })),
  show(form({ syntax: 'SHOW L2TP CALL[=call-name]', level: u, example: 'SHOW L2TP CALL', help })),
  show(form({ syntax: 'SHOW L2TP IP', level: u, example: 'SHOW L2TP IP', help })),
  show(form({ syntax: 'SHOW L2TP TUNNEL[=tunnel-id] [CALL[=call-id]] [COUNTER]', level: u, example: 'SHOW L2TP TUNNEL=1 CALL', help })),
  show(form({ syntax: 'SHOW L2TP USER[={domain-name|ALL|LOCAL|NONE|REMOTE}]', level: u, example: 'SHOW L2TP USER', help })),
  show(
    form({
      syntax: `CREATE PPP=0..511 OVER=physical [BAP={ON|OFF}] [BAPMODE={CALL|CALLBACK}] [ECHO={ON|OFF|1..65535}] [IDLE={ON|OFF|1..4294967295}] [LQR={ON|OFF|1..65535}] [MRU={ON|OFF|256..1500}]
        [USERNAME=login-name] [PASSWORD=secret]`,
      level: m,
      defaults: { mru: { value: 1500 }, lqr: 'ON' },
      example: 'CREATE PPP=0 OVER=TNL-remote',
      help,
    }),
  ),
  show(form({ syntax: 'CREATE PPP TEMPLATE=0..31 [COPY=0..31] [IPPOOL={name|NONE}] [MRU={ON|OFF|256..1656}]', level: m, example: 'CREATE PPP TEMPLATE=0', help })),
  show(form({ syntax: 'SHOW PPP[=0..511]', level: u, example: 'SHOW PPP', help })),
  show(form({ syntax: 'SHOW PPP[=0..511] CONFIG', level: u, example: 'SHOW PPP CONFIG', help })),
  show(form({ syntax: 'SHOW PPP TEMPLATE[=0..31]', level: u, example: 'SHOW PPP TEMPLATE', help })),
  show(form({ syntax: 'ADD IP INTERFACE=interface IPADDRESS={ipadd|DHCP} [MASK=ipadd] [METRIC=1..16] [METRIC1=1..16] [METRIC2=1..65535]', level: m, example: 'ADD IP INTERFACE=eth0 IPADDRESS=192.0.2.1', help })),
  show(form({ syntax: 'ADD IP DNS [SERVERS=ipadd[,...]] [OPTIONS={ALL|PING|NONE}[,...]] [PORTS={ALL|port[-port]}[,...]]', level: m, example: 'ADD IP DNS SERVERS=192.0.2.1,192.0.2.2', help })),
  show(form({ syntax: 'ADD IP FILTER=0..299 SOURCE=ipadd {ACTION={INCLUDE|EXCLUDE}|POLICY=0..15|PRIORITY={P0|P1}}', level: m, example: 'ADD IP FILTER=0 SOURCE=0.0.0.0 ACTION=INCLUDE', help })),
  show(form({ syntax: 'ADD FIREWALL POLICY=name RULE=1..1000 ACTION={ALLOW|DENY} INTERFACE=interface PROTOCOL={0..255|ALL|UDP|TCP} [IP=ipadd[-ipadd]] [PORT={ALL|port[-port]}] [GBLPORT={ALL|port[-port]}]', level: m, example: 'ADD FIREWALL POLICY=net RULE=1 ACTION=ALLOW INTERFACE=ppp0 PROTOCOL=UDP', help })),
  show(form({ syntax: 'ADD FIREWALL POLICY=name INTERFACE=interface TYPE={PUBLIC|PRIVATE}', level: m, example: 'ADD FIREWALL POLICY=net INTERFACE=ppp0 TYPE=PUBLIC', help })),
  show(form({ syntax: 'SET SYSTEM [NAME=any-string] [LOCATION=string(0..80)] [CONTACT=any-string(0..80)]', level: m, example: 'SET SYSTEM NAME=RouterA', help })),
  show(form({ syntax: 'PING [IPADDRESS=]host [NUMBER={1..65535|CONTINUOUS}] [LENGTH=0..1500]', level: u, defaults: { number: { value: 5 } }, example: 'PING 192.0.2.1', help })),
  show(form({ syntax: 'RENAME [FROM=]file-name [TO=]file-name', level: m, example: 'RENAME a.cfg b.cfg', help })),
  show(form({ syntax: 'HELP [[TOPIC=]topic]', level: u, example: 'HELP', help })),
  show(form({ syntax: 'RESTART {REBOOT|ROUTER} [CONFIG={file-name|NONE}]', level: m, example: 'RESTART ROUTER', help })),
  show(form({ syntax: 'LOGIN [[NAME=]login-name]', level: u, example: 'LOGIN', help })),
  show(form({ syntax: 'LOGOFF', level: u, example: 'LOGOFF', help })),
  show(form({ syntax: 'CREATE ENCO KEY=0..65535 TYPE=GENERAL [{RANDOM|VALUE=secret}]', level: 'security', example: 'CREATE ENCO KEY=1 TYPE=GENERAL RANDOM', help })),
  show(form({ syntax: 'SET TIME=time [DATE=date]', level: m, example: 'SET TIME=14:07:23 DATE=28-Feb-2027', help })),
  show(form({ syntax: 'ADD TEST TOKEN=string [LIST={string|ALL|NONE}[,...]] [HOST=host]', level: m, example: 'ADD TEST TOKEN=a', help })),
];

export const table = new CommandTable(commands);

export const context = (over: Partial<Context> = {}): Context => ({
  user: 'manager',
  level: 'security',
  from: 'test',
  now: 0,
  kind: 'script',
  print: () => undefined,
  ask: (_prompt, _options, answer) => answer(undefined),
  logoff: () => undefined,
  ...over,
});

/** What `line` was matched to: the arguments, or the error's text. */
export function matched(line: string, level: Context['level'] = 'security'): Bound | string {
  const match = table.match(line, level);
  return match.kind === 'command' ? match.invocation.args : match.kind === 'error' ? match.message.text : 'empty';
}
