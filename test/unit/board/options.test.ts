// The binary's command line and board files.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { HOST } from '../../../board/host/board.ts';
import { tableFromFile } from '../../../board/linux/table.ts';
import { parseArguments, parsePorts } from '../../../board/options.ts';

test('options take their value from the next word or behind "="; those that may be repeated keep all', () => {
  const given = parseArguments(['run', '--flash=/f', '--port', 'eth0=a', '--port=eth1=b', '--console', 'none']);
  if (typeof given === 'string') throw new Error(given);
  assert.equal([given.command, ...given.options], ['run', ['--flash', ['/f']], ['--port', ['eth0=a', 'eth1=b']], ['--console', ['none']]]);
  const cli = parseArguments(['cli', '--flash', 'f', '-c', 'SHOW TIME', '-c', '--weird']);
  assert.equal(typeof cli === 'string' ? cli : cli.options.get('-c'), ['SHOW TIME', '--weird']);
});

test('what is wrong with a command line is named', () => {
  const cases: [string[], string][] = [
    [[], 'no command'],
    [['constructor'], 'unknown command "constructor"'],
    [['run', '--toString', 'x'], 'run has no option "--toString"'],
    [['run', '--flash', 'a', '--flash', 'b'], 'option --flash is given twice'],
    [['cli', '-c'], 'option -c needs a value'],
    [['lab', '--check=yes'], 'option --check takes no value'],
    [['check', '--fast', 'x'], 'check has no option "--fast"'],
  ];
  for (const [words, expected] of cases) assert.is(parseArguments(words), expected);
});

test('a port is one name and one device, each once', () => {
  assert.equal([...(parsePorts(['ETH0=enp3s0', 'eth12=veth.1']) as Map<string, string>)], [['eth0', 'enp3s0'], ['eth12', 'veth.1']]);
  for (const wrong of ['eth=a', 'eth0', 'eth0=', 'ppp0=a', 'eth0=a b', 'eth0=0123456789abcdef', 'eth0=a/b']) assert.is(typeof parsePorts([wrong]), 'string', wrong);
  assert.match(parsePorts(['eth0=a', 'eth1=a']) as string, /given to two ports/);
});

test('a call port is a socket or a serial line with a speed; asyn0 is the console', () => {
  const ports = parsePorts(['bri0=unix:/run/dial.sock', 'ASYN1=/dev/ttyUSB0', 'asyn2=/dev/ttyS1:57600', 'asyn3=usb-serial:1:57600', 'eth0=a']);
  assert.equal([...(ports as Map<string, string>)], [['bri0', 'unix:/run/dial.sock'], ['asyn1', '/dev/ttyUSB0'], ['asyn2', '/dev/ttyS1:57600'], ['asyn3', 'usb-serial:1:57600'], ['eth0', 'a']]);
  const cases: [string, RegExp][] = [
    ['asyn0=/dev/ttyS0', /asyn0 is the console/],
    ['bri0=unix:dial.sock', /is not unix:\/PATH/],
    ['bri0=eth0', /neither unix:\/PATH nor a serial line/],
    ['asyn1=usb-serial:0', /neither unix/],
    ['asyn1=usb-serial:1:12345', /12345 bit\/s is no speed/],
    ['asyn1=/dev/ttyS0:12345', /12345 bit\/s is no speed/],
    [`bri0=unix:/${'x'.repeat(110)}`, /longer than the 107 octets/],
    ['pri0=unix:/a', /is not ethN=DEVICE/],
    ['eth0=unix:/a', /is not ethN=DEVICE/],
  ];
  for (const [word, expected] of cases) assert.match(String(parsePorts([word])), expected, word);
  assert.match(String(parsePorts(['bri0=unix:/a', 'bri1=unix:/a'])), /given to two ports/);
});

test('a board file changes what it names and leaves the rest; what it gets wrong is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hs-table-'));
  const file = join(folder, 'board.json');
  const read = (text: string): unknown => {
    writeFileSync(file, text);
    return tableFromFile(file, HOST);
  };
  assert.equal(read('{"id": "box", "name": "My box", "ports": {"eth0": "enp1s0"}, "flash": "/flash", "consoles": ["/dev/ttyS0"], "consoleSpeed": 115200}'), {
    ...HOST, id: 'box', name: 'My box', ports: { eth0: 'enp1s0' }, flash: '/flash', consoles: ['/dev/ttyS0'], consoleSpeed: 115_200,
  });
  assert.match(String(read('{"prots": {}}')), /unknown key "prots"/);
  assert.match(String(read('{"flash": 1}')), /"flash" must be a text/);
  assert.match(String(read('{"ports": {"eth0": 1}}')), /"ports" must map/);
  assert.match(String(read('[]')), /must hold one object/);
  assert.match(String(read('{')), /cannot be read/);
  rmSync(folder, { recursive: true });
});

test.run();
