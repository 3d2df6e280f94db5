// Dates and times of day as AlliedWare prints them: "28-Feb-2002", "14:07:23".

import type { WallTime } from '../hal/clock.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const two = (value: number): string => String(value).padStart(2, '0');

/** "Feb"; empty for a month that is none. */
export const monthName = (month: number): string => MONTHS[month - 1] ?? '';

/** "28-Feb-2002". */
export const formatDate = (t: WallTime): string => `${two(t.day)}-${monthName(t.month)}-${t.year}`;

/** "14:07:23". */
export const formatTime = (t: WallTime): string => `${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;

/** "Tuesday". */
export const formatWeekday = (t: WallTime): string => WEEKDAYS[t.weekday] ?? '';

/** A span of milliseconds as "00:43:44"; hours go on past 24. */
export function formatSpan(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
