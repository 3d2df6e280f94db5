// Commands of modules that this build does not have: each with a line that is read, answered "not available in this build" and kept,
// and a line that is refused as wrong.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Context } from '../../firmware/cli/command.ts';
import { printMessage } from '../../firmware/cli/messages.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { laterCommands } from '../../firmware/later.ts';

const test = suite('commands of later builds');

/** [accepted, refused, how the refusal begins]. */
const LINES: readonly (readonly [string, string, string])[] = [
  ['ENABLE FIREWALL NOTIFY=MANAGER,SNMP', 'ENABLE FIREWALL NOTIFY=PIGEON', 'Error (335261): Value "PIGEON" not valid for parameter "NOTIFY"'],
  ['DISABLE FIREWALL', 'DISABLE FIREWALL=1', 'Error (335266): Parameter "FIREWALL" takes no value.'],
  ['CREATE FIREWALL POLICY=net DYNAMIC=remote', 'CREATE FIREWALL POLICY="my net"', 'Error (335261): Value "my net" not valid for parameter "POLICY"'],
  ['DESTROY FIREWALL POLICY=net', 'DESTROY FIREWALL', 'Error (335260): Parameter "POLICY" missing'],
  ['ENABLE FIREWALL POLICY=net ICMP_F=PING,UNREACHABLE OPT=ALL PING LOG=DENY', 'ENABLE FIREWALL POLICY=net LOG=EVERYTHING', 'Error (335261): Value "EVERYTHING" not valid for parameter "LOG"'],
  ['DISABLE FIREWALL POLICY=net IDENTPROXY', 'DISABLE FIREWALL POLICY=net IDENT=PROXY', 'Error (335266): Parameter "IDENTPROXY" takes no value.'],
  ['SET FIREWALL POLICY=net TCPT=60 UDPT=20 OTHERT=20 FTP=RFC', 'SET FIREWALL POLICY=net TCPTIMEOUT=43201', 'Error (335261): Value "43201" not valid for parameter "TCPTIMEOUT"'],
  ['SHOW FIREWALL', 'SHOW FIREWALL RULES', 'Error (335257): Parameter "RULES" not recognised'],
  ['SHOW FIREWALL POLICY=net', 'SHOW FIREWALL POLICY=a.b', 'Error (335261): Value "a.b" not valid for parameter "POLICY"'],
  ['SHOW FIREWALL SESSION', 'SHOW FIREWALL SESSION=1', 'Error (335266): Parameter "SESSION" takes no value.'],
  ['SHOW FIREWALL EVENT=DENY', 'SHOW FIREWALL EVENT=DROP', 'Error (335261): Value "DROP" not valid for parameter "EVENT"'],
  ['ADD FIREWALL POLICY=net INT=ppp1 TYPE=PRIVATE METHOD=PASSALL', 'ADD FIREWALL POLICY=net INT=ppp1 TYPE=SECRET', 'Error (335261): Value "SECRET" not valid for parameter "TYPE"'],
  ['DELETE FIREWALL POLICY=net INT=dyn-remote', 'DELETE FIREWALL POLICY=net', 'Error (335260): Parameter "INTERFACE" missing'],
  ['ADD FIREWALL POLICY=net DYNAMIC=remote USER=ANY', 'ADD FIREWALL POLICY=net DYNAMIC=remote', 'Error (335260): Parameter "USER" missing'],
  ['DELETE FIREWALL POLICY=net DYNAMIC=remote USER=bob', 'DELETE FIREWALL POLICY=net DYNAMIC=remote', 'Error (335260): Parameter "USER" missing'],
  ['ADD FIREWALL POLICY=net NAT=ENHANCED INT=eth0 GBLINT=ppp0', 'ADD FIREWALL POLICY=net NAT=DOUBLE INT=eth0 GBLINT=ppp0', 'Error (335261): Value "DOUBLE" not valid for parameter "NAT"'],
  ['DELETE FIREWALL POLICY=net NAT=STANDARD INT=eth0 GBLINT=ppp0 IP=192.168.10.1', 'DELETE FIREWALL POLICY=net NAT=STANDARD INT=eth0', 'Error (335260): Parameter "GBLINTERFACE" missing'],
  ['ADD FIREWALL POLICY=net RU=1 AC=ALLOW INT=ppp0 PROT=UDP GBLPORT=1701 GBLIP=1.1.1.1 PORT=1701 IP=1.1.1.1 DAYS=MON,WEEKEND AFTER=9:00 TTL=0:30', 'ADD FIREWALL POLICY=net RULE=1 ACTION=ALLOW INT=ppp0', 'Error (335260): Parameter "PROTOCOL" missing'],
  ['SET FIREWALL POLICY=net RU=1 REMOTEIP=198.51.100.1-198.51.100.9', 'SET FIREWALL POLICY=net RU=0', 'Error (335261): Value "0" not valid for parameter "RULE"'],
  ['DELETE FIREWALL POLICY=net RULE=1', 'DELETE FIREWALL POLICY=net RULE=1001', 'Error (335261): Value "1001" not valid for parameter "RULE"'],
  ['CREATE ENCO KEY=1 TYPE=GENERAL VALUE="pre shared"', 'CREATE ENCO KEY=1 TYPE=DES RANDOM VALUE=0x0123', 'Error (335263): Parameters "RANDOM" and "VALUE" conflict.'],
  ['DESTROY ENCO KEY=1', 'DESTROY ENCO KEY=65536', 'Error (335261): Value "65536" not valid for parameter "KEY"'],
  ['SHOW ENCO KEY', 'SHOW ENCO KEY=x', 'Error (335261): Value "x" not valid for parameter "KEY"'],
  ['ENABLE IPSEC', 'ENABLE IPSEC NOW', 'Error (335257): Parameter "NOW" not recognised'],
  ['DISABLE IPSEC', 'DISABLE IPSEC=1', 'Error (335266): Parameter "IPSEC" takes no value.'],
  ['CREATE IPSEC SASPEC=1 KEYMAN=ISAKMP PROTO=ESP ENCALG=DES HASHALG=SHA MODE=TRANSPORT', 'CREATE IPSEC SASPEC=1 KEYMAN=ISAKMP PROTO=ESP ENCALG=ROT13', 'Error (335261): Value "ROT13" not valid for parameter "ENCALG"'],
  ['SET IPSEC SASPEC=1 INSPI=256 REPLAYWINDOWSIZE=64', 'SET IPSEC SASPEC=1 INSPI=255', 'Error (335261): Value "255" not valid for parameter "INSPI"'],
  ['DESTROY IPSEC SASPEC=1', 'DESTROY IPSEC SASPEC', 'Error (335259): Value missing for parameter "SASPECIFICATION"'],
  ['CREATE IPSEC BUNDLE=1 KEYMAN=ISAKMP STR="1 AND 2" EXPIRYS=3600', 'CREATE IPSEC BUNDLE=1 KEYMAN=ISAKMP', 'Error (335260): Parameter "STRING" missing'],
  ['SET IPSEC BUNDLE=1 EXPIRYKBYTES=1000', 'SET IPSEC BUNDLE=1 EXPIRYSECONDS=299', 'Error (335261): Value "299" not valid for parameter "EXPIRYSECONDS"'],
  ['DESTROY IPSEC BUNDLE=1', 'DESTROY IPSEC BUNDLE=256', 'Error (335261): Value "256" not valid for parameter "BUNDLESPECIFICATION"'],
  ['CREATE IPSEC POLICY=l2 INT=ppp0 ACTION=IPSEC KEYMAN=ISAKMP BUNDLE=1 PEER=DYNAMIC', 'CREATE IPSEC POLICY=l2 INT=ppp0', 'Error (335260): Parameter "ACTION" missing'],
  ['SET IPSEC POLICY=l2 LAD=1.1.1.1 LPORT=1701 RAD=2.2.2.2-2.2.2.9 RPORT=ANY TRANSPORT=UDP', 'SET IPSEC POLICY=l2 TRANSPORT=TELEPATHY', 'Error (335261): Value "TELEPATHY" not valid for parameter "TRANSPORTPROTOCOL"'],
  ['DESTROY IPSEC POLICY=l2', 'DESTROY IPSEC', 'Error (335267): Parameter missing'],
  ['RESET IPSEC POLICY', 'RESET IPSEC POLICY=l2 NOW', 'Error (335257): Parameter "NOW" not recognised'],
  ['PURGE IPSEC', 'PURGE IPSEC=ALL', 'Error (335266): Parameter "IPSEC" takes no value.'],
  ['SHOW IPSEC', 'SHOW IPSEC KEYS', 'Error (335257): Parameter "KEYS" not recognised'],
  ['SHOW IPSEC SA=1', 'SHOW IPSEC SA=x', 'Error (335261): Value "x" not valid for parameter "SA"'],
  ['SHOW IPSEC SASPEC', 'SHOW IPSEC SASPEC=256', 'Error (335261): Value "256" not valid for parameter "SASPECIFICATION"'],
  ['SHOW IPSEC BUNDLE=1', 'SHOW IPSEC BUNDLE=x', 'Error (335261): Value "x" not valid for parameter "BUNDLESPECIFICATION"'],
  ['SHOW IPSEC POLICY', 'SHOW IPSEC POLICY COUNTER', 'Error (335257): Parameter "COUNTER" not recognised'],
  ['ENABLE ISAKMP', 'ENABLE ISAKMP=1', 'Error (335266): Parameter "ISAKMP" takes no value.'],
  ['DISABLE ISAKMP', 'DISABLE ISAKMP NOW', 'Error (335257): Parameter "NOW" not recognised'],
  ['CREATE ISAKMP POLICY=peer PEER=ANY KEY=1 ENCALG=3DESOUTER GROUP=14 MODE=AGGRESSIVE NATT=TRUE', 'CREATE ISAKMP POLICY=peer PEER=2.2.2.2', 'Error (335260): Parameter "KEY" missing'],
  ['SET ISAKMP POLICY=peer EXPIRYSECONDS=86400', 'SET ISAKMP POLICY=peer GROUP=3', 'Error (335261): Value "3" not valid for parameter "GROUP"'],
  ['DESTROY ISAKMP POLICY=peer', 'DESTROY ISAKMP', 'Error (335260): Parameter "POLICY" missing'],
  ['SHOW ISAKMP', 'SHOW ISAKMP KEYS', 'Error (335257): Parameter "KEYS" not recognised'],
  ['SHOW ISAKMP POLICY=peer', 'SHOW ISAKMP POLICY=peer KEY', 'Error (335257): Parameter "KEY" not recognised'],
  ['SHOW ISAKMP SA', 'SHOW ISAKMP SA=x', 'Error (335261): Value "x" not valid for parameter "SA"'],
  ['SHOW ISAKMP EXCHANGE', 'SHOW ISAKMP EXCHANGE=x', 'Error (335261): Value "x" not valid for parameter "EXCHANGE"'],
  ['SHOW ISAKMP COUNTERS', 'SHOW ISAKMP COUNTERS=1', 'Error (335266): Parameter "COUNTERS" takes no value.'],
];

const CONTEXT: Context = { user: 'manager', level: 'manager', from: 'asyn0', now: 0, kind: 'console', print: () => {}, ask: () => {}, logoff: () => {} };
const kept: string[] = [];
const table = new CommandTable(laterCommands((line) => kept.push(line)));

/** What the console prints; a command of these never answers with anything but one message. */
function answer(line: string): string {
  const outcome = table.run(line, CONTEXT);
  if (typeof outcome !== 'object' || !('severity' in outcome)) throw new Error(`${line} gave no message`);
  return printMessage(outcome);
}

/** Full words of the command and its object, as the answer names them. */
function titleOf(line: string): string {
  const match = table.match(line, 'manager');
  if (match.kind !== 'command') throw new Error(`${line} is no command`);
  const { read } = match.invocation.command.form;
  return [...read.words, ...(read.object === undefined ? [] : [read.object.name])].join(' ');
}

for (const [accepted, refused, refusal] of LINES) {
  test(`"${accepted}" is not available in this build`, () => {
    assert.is(answer(accepted), `Error (335264): ${titleOf(accepted)} is not available in this build.`);
  });
  test(`"${refused}" is refused: ${refusal}`, () => {
    kept.length = 0;
    const printed = answer(refused);
    assert.ok(printed.startsWith(refusal), printed);
    assert.equal(kept, []);
  });
}

test('Every command of later builds is in the table of lines', () => {
  const seen = new Set(LINES.map(([accepted]) => {
    const match = table.match(accepted, 'manager');
    return match.kind === 'command' ? match.invocation.command.form.syntax : accepted;
  }));
  assert.equal(table.commands.map(({ form }) => form.syntax).filter((syntax) => !seen.has(syntax)), []);
});

test('Lines that configure something are kept in full words, and read back as the same line', () => {
  const configures = /^(ADD|CREATE|SET|ENABLE|DISABLE|DELETE|DESTROY) /;
  for (const [accepted] of LINES) {
    kept.length = 0;
    answer(accepted);
    if (!configures.test(accepted)) {
      assert.equal(kept, [], accepted);
      continue;
    }
    const [line = ''] = kept;
    assert.is(kept.length, 1, accepted);
    answer(line);
    assert.equal(kept, [line, line]);
  }
});

test('A kept line spells its parameters out and loses no value', () => {
  kept.length = 0;
  answer('ADD FIREWALL POLICY=net RU=1 AC=ALLOW INT=ppp0 PROT=UDP GBLPORT=1701 GBLIP=1.1.1.1 PORT=1701 IP=1.1.1.1 DAYS=MON,WEEKEND');
  assert.equal(kept, [
    'add firewall policy=net rule=1 action=allow interface=ppp0 protocol=udp ip=1.1.1.1 port=1701 gblip=1.1.1.1 gblport=1701 days=mon,weekend',
  ]);
});

test('The example of each command of later builds is accepted', () => {
  for (const { form } of table.commands) assert.is(table.match(form.example, form.level).kind, 'command', form.example);
});

test.run();
