// Replacing this process by another program, and the namespaces to do it in. Bun has threads from its start: a thread that
// changes its namespace leaves the others behind, so every change is followed by execve, which ends them.

import { check, SystemError } from './errno.ts';
import { C, cString, errno, O_CLOEXEC, O_RDONLY, type Pinned, pinned } from './libc.ts';

export const CLONE = { NEWNS: 0x00020000, NEWNET: 0x40000000 } as const;
export const MS = { BIND: 0x1000, REC: 0x4000, PRIVATE: 0x40000 } as const;
const PR_SET_PDEATHSIG = 1;

/** What would make a compiled binary behave as a JavaScript shell or take flags from outside. */
const REFUSED_VARIABLES = new Set(['BUN_OPTIONS', 'BUN_BE_BUN']);

function pointers(texts: readonly Pinned[]): Pinned {
  const out = pinned((texts.length + 1) * 8);
  for (const [i, text] of texts.entries()) out.view.setBigUint64(i * 8, BigInt(text.at), true);
  return out;
}

/** Becomes the program at `path`; returns only by throwing. */
export function execute(path: string, argv: readonly string[]): never {
  const environment = Object.entries(process.env).filter(([name, value]) => value !== undefined && !REFUSED_VARIABLES.has(name));
  const words = argv.map(cString);
  const variables = environment.map(([name, value]) => cString(`${name}=${value}`));
  C.execve(cString(path).at, pointers(words).at, pointers(variables).at);
  throw new SystemError(`execute ${path}`, errno());
}

/** How this program starts itself: the binary alone, or Bun and the script. */
export function ownCommand(): readonly string[] {
  const compiled = import.meta.url.includes('/$bunfs/');
  return compiled ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** Becomes this program again with other arguments. */
export const executeSelf = (args: readonly string[]): never => execute(process.execPath, [...ownCommand(), ...args]);

/** A descriptor of the network namespace the calling thread is in, or of the one a file names. */
export const openNamespace = (file = '/proc/thread-self/ns/net'): number => check(`open ${file}`, C.open(cString(file).at, O_RDONLY | O_CLOEXEC, 0));

/** Moves the calling thread alone. */
export const enterNetwork = (fd: number): number => check('setns', C.setns(fd, CLONE.NEWNET));

/** Gives the calling thread alone namespaces of its own. */
export const unshare = (flags: number): number => check('unshare', C.unshare(flags));

/** mount(2); `type` empty for none. */
export function mount(source: string, target: string, type: string, flags: number): void {
  check(`mount on ${target}`, C.mount(cString(source).at, cString(target).at, cString(type).at, flags, null));
}

/** The kernel sends `signal` to this process when the thread that started it ends, whatever ended it. */
export const endWithParent = (signal: number): number => check('prctl', C.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0));
