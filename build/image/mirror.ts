// Where the image's Debian packages come from, and which suites. The one place that names a mirror; HASHI_MIRROR and
// HASHI_MIRROR_SECURITY in the environment replace it.

export interface Suite {
  readonly name: string;
  readonly archive: 'debian' | 'security';
  readonly components: readonly string[];
}

const MIRRORS = {
  debian: process.env['HASHI_MIRROR'] ?? 'http://deb.debian.org/debian',
  security: process.env['HASHI_MIRROR_SECURITY'] ?? 'http://deb.debian.org/debian-security',
} as const;

/** The address of a file of an archive. */
export const urlOf = (archive: Suite['archive'], path: string): string => `${MIRRORS[archive].replace(/\/+$/, '')}/${path}`;

/** Later suites win where versions are equal; a package may name its suite in packages.ts. */
export const SUITES: readonly Suite[] = [
  { name: 'trixie', archive: 'debian', components: ['main', 'non-free-firmware'] },
  { name: 'trixie-updates', archive: 'debian', components: ['main', 'non-free-firmware'] },
  { name: 'trixie-security', archive: 'security', components: ['main', 'non-free-firmware'] },
  { name: 'trixie-backports', archive: 'debian', components: ['main'] },
];

export const ARCHITECTURE = 'arm64';
/** Signs the suites' Release files; of the package debian-archive-keyring. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
