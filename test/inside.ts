// Runs a test file inside namespaces of its own: the file calls `inside` first; outside it becomes a child in fresh namespaces.

import { missing } from './needs.ts';

const MARK = 'HASHI_TEST_INSIDE';

/** What the fresh namespaces are: 'net' alone, or 'net' and 'mount'. */
export type Space = 'net' | 'mount';

/**
 * True inside. Outside: runs this file again in fresh namespaces, passes its output on and ends with its exit code; where the
 * machine gives no namespaces it returns false, and the file's tests must skip.
 */
export function inside(file: string, ...spaces: readonly Space[]): boolean {
  if (process.env[MARK] === file) return true;
  if (missing('root', 'netns', 'unshare') !== undefined) return false;
  const flags = spaces.map((space) => (space === 'net' ? '-n' : '-m'));
  const child = Bun.spawnSync(['unshare', ...flags, process.execPath, file], { env: { ...process.env, [MARK]: file }, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  process.exit(child.exitCode);
}
