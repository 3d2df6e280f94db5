// A TELNET client for the tests: HOST PORT USER PASSWORD COMMAND... Logs in, types the commands, logs off, prints what it saw.

import { argv } from 'node:process';

const [host = '', port = '23', user = '', password = '', ...commands] = argv.slice(2);
let text = '';
let answered = 0;
/** How often the pager asked and was told to go on. */
let pages = 0;
/** What is typed at each prompt, in order. */
const steps: readonly (readonly [prompt: RegExp, answer: string])[] = [
  [/login:\s*$/i, user],
  [/password:\s*$/i, password],
  ...[...commands, 'LOGOFF'].map((line) => [/> ?$/, line] as const),
];

/** The text without option negotiation (RFC 854): IAC verb option. */
const plain = (data: Uint8Array): string => {
  const out: number[] = [];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 255) i += 2;
    else out.push(data[i] ?? 0);
  }
  return Buffer.from(out).toString();
};

const end = (): never => {
  process.stdout.write(text);
  process.exit(0);
};
setTimeout(end, 8000);
await Bun.connect({
  hostname: host,
  port: Number(port),
  socket: {
    data(socket, data) {
      text += plain(data);
      const seen = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '');
      const asked = seen.split('quit)').length - 1;
      if (asked > pages) {
        pages = asked;
        socket.write('C');
        return;
      }
      // Asked again: the login was refused.
      if (answered === 2 && /login:\s*$/i.test(seen)) return end();
      const step = steps[answered];
      if (step === undefined || !step[0].test(seen)) return;
      answered++;
      socket.write(`${step[1]}\r\n`);
    },
    close: end,
    error: end,
  },
});
