// Which release this is.

import info from '../../package.json' with { type: 'json' };

export const VERSION: string = info.version;

/** Date of the release as dd-mmm-yyyy. */
export const RELEASED = '21-Nov-2026';
