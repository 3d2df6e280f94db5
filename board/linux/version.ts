// Which release this is.

import info from '../../package.json' with { type: 'json' };

export const VERSION: string = info.version;

/** Put there by the build: the date of the source. */
declare const HASHI_RELEASED: string | undefined;

/** Date of the release as dd-mmm-yyyy. */
export const RELEASED: string = typeof HASHI_RELEASED === 'string' ? HASHI_RELEASED : '21-Nov-2026';
