// Which source this is, for everything that is built: the version of package.json, commit and date of git. SOURCE_DATE_EPOCH
// overrides the date where there is no repository.

import { join } from 'node:path';

import info from '../package.json' with { type: 'json' };

export const VERSION: string = info.version;

function git(...words: readonly string[]): string {
  if (Bun.which('git') === null) return '';
  const done = Bun.spawnSync(['git', '-C', join(import.meta.dir, '..'), ...words], { stdout: 'pipe', stderr: 'ignore' });
  return done.exitCode === 0 ? done.stdout.toString().trim() : '';
}

/** The commit, with '+' where the tree differs from it; 'unknown' outside a repository. */
export const SOURCE: string = (git('rev-parse', '--short=12', 'HEAD') || 'unknown') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** The date of the last commit as dd-mmm-yyyy. */
export function releaseDate(): string {
  const date = new Date(sourceDate() * 1000);
  return `${String(date.getUTCDate()).padStart(2, '0')}-${MONTHS[date.getUTCMonth()] ?? ''}-${date.getUTCFullYear()}`;
}

/** Seconds since 1970 of the last commit. */
export function sourceDate(): number {
  const given = Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct'));
  if (!Number.isInteger(given) || given <= 0) throw new Error('no date of the source: neither a git repository nor SOURCE_DATE_EPOCH');
  return given;
}
