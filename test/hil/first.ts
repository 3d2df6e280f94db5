// The first minutes: what flash.sh gives along is taken once, ssh lets a key in to the router's login, and without a DHCP server
// the box gets an address of its own.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { type GuestImage, must } from './image.ts';
import { QemuTarget } from './target.ts';

const ROOT = join(import.meta.dir, '..', '..');
export const PASSWORD = 'changed-once';
const SSH_PORT = 42_022;

/** Options of ssh to a guest whose key nobody knows yet. */
export const SSH = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'] as const;

/** A card as flash.sh writes it, with a name, a password and a key to log in with. */
export function seedCard(image: string, folder: string): { readonly card: string; readonly key: string } {
  const key = join(folder, 'key');
  const card = join(folder, 'card.img');
  must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  must(['sh', join(ROOT, 'flash.sh'), '--hostname', 'first-1', '--password', PASSWORD, '--ssh-key', `${key}.pub`, image, card]);
  return { card, key };
}

/** Name, password and key from flash.sh; then a login over ssh. */
export async function seeded(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { card, key } = seedCard(built.image, folder);
  const network = ['-netdev', `user,id=n,hostfwd=tcp:127.0.0.1:${SSH_PORT}-:22`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  const box = new QemuTarget({ ...built, image: card, folder, extra: network });
  try {
    await box.start();
    if (/Network logins are refused/.test(box.console.history)) throw new Error('the password that came along was not taken');
    await box.console.login(PASSWORD);
    const system = await box.console.command('show system');
    if (!/first-1/.test(system)) throw new Error(`the name that came along was not taken: ${system}`);
    const ssh = Bun.spawn(['ssh', '-tt', '-p', String(SSH_PORT), '-i', key, ...SSH.flatMap((one) => ['-o', one]), '-o', 'ConnectTimeout=30', '-o', 'ConnectionAttempts=10', 'manager@127.0.0.1'], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    let heard = '';
    const reading = (async () => {
      for await (const part of ssh.stdout) heard += Buffer.from(part).toString('latin1');
    })();
    const until = async (pattern: RegExp): Promise<void> => {
      for (let turn = 0; turn < 600 && !pattern.test(heard); turn++) await Bun.sleep(100);
      if (!pattern.test(heard)) throw new Error(`ssh: ${String(pattern)} did not come: ${heard}`);
    };
    await until(/login: $/);
    for (const [words, answer] of [['manager\r', /[Pp]assword: $/], [`${PASSWORD}\r`, /> $/], ['show update\r', /Running slot/]] as const) {
      ssh.stdin.write(words);
      await ssh.stdin.flush();
      await until(answer);
    }
    ssh.kill();
    await reading;
    say('a key, then the router\'s login, over ssh');
    // The second start takes it from the saved configuration.
    await box.cut();
    await box.start();
    await box.console.login(PASSWORD);
    if (!/first-1/.test(await box.console.command('show system'))) throw new Error('the name was not saved');
  } finally {
    await box.stop();
  }
}

/** A port with a line but nobody who answers. */
export async function alone(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const box = new QemuTarget({ ...built, folder, extra: ['-netdev', 'hubport,id=n,hubid=1', '-device', 'virtio-net-pci,netdev=n,romfile='] });
  try {
    await box.start();
    await box.console.login();
    await box.console.expect(/No DHCP server answered on eth0: its address is 192\.168\.1\.1/, 120);
    const address = await box.console.command('show ip interface');
    if (!/192\.168\.1\.1/.test(address)) throw new Error(address);
    const server = await box.console.command('show dhcp');
    say(`without a DHCP server: ${/[^\n]*(?:state|enabled|status)[^\n]*/i.exec(server)?.[0] ?? server.slice(0, 80)}`);
    if (/^Error/m.test(server)) throw new Error(server);
  } finally {
    await box.stop();
  }
}

/** No network card at all. */
export async function portless(built: GuestImage, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const box = new QemuTarget({ ...built, folder });
  try {
    await box.start();
    if (!/Port eth0 is missing: no built-in Ethernet was found/.test(box.console.history)) throw new Error('the console does not say which port is missing');
    await box.console.login();
    if (!/eth0 .*Not present/.test(await box.console.command('show interface'))) throw new Error('SHOW INTERFACE does not say that eth0 is not there');
  } finally {
    await box.stop();
  }
}
