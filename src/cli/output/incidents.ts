import type { Notice } from '../../engine/index.ts';

/** Something an operator wants to hear of, in one line. */
export interface Incident {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** A notice as an incident, null for those that are only progress. */
export function incidentOf(notice: Notice): Incident | null {
  switch (notice.type) {
    case 'progress':
      return null;
    case 'mode':
      return { level: notice.mode === 'halted' ? 'error' : 'info', text: `Mode ${notice.mode}: ${notice.reason}` };
    case 'reject':
      return { level: 'warn', text: rejectText(notice) };
    case 'quarantine':
      return { level: 'warn', text: `Quarantined ${notice.what} ${notice.id}: ${notice.reason}` };
    case 'source':
      return {
        level: notice.state === 'ok' ? 'info' : 'warn',
        text: `Source ${notice.id} ${notice.state}: ${notice.reason}`,
      };
    case 'stalled': {
      const { from, to } = notice.span;
      return {
        level: 'warn',
        text: `Stalled at block ${from === to ? from : `${from} to ${to}`}: ${notice.reason}`,
      };
    }
  }
}

function rejectText({ height, check, expected, got, source, message, evidence }: Notice & { type: 'reject' }): string {
  const numbers =
    expected === null && got === null ? ` (${message})` : ` expected ${expected ?? '?'}, got ${got ?? '?'},`;
  const kept = evidence === null ? '' : `; evidence ${evidence}`;
  return `Rejected block ${height}: ${check}${numbers} from ${source}${kept}`;
}

/**
 * Thins out what repeats: of the same kind from the same source one line in `intervalMs`, with the number of those
 * left out on the next. A gateway that refuses hundreds of requests should not write hundreds of lines.
 */
export function createThrottle(
  intervalMs: number,
): (key: string, nowMs: number) => { readonly skipped: number } | null {
  const last = new Map<string, { atMs: number; skipped: number }>();
  return (key, nowMs) => {
    const known = last.get(key);
    if (known !== undefined && nowMs - known.atMs < intervalMs) {
      known.skipped++;
      return null;
    }
    if (last.size >= KEYS_MAX) last.clear();
    last.set(key, { atMs: nowMs, skipped: 0 });
    return { skipped: known?.skipped ?? 0 };
  };
}

/** What a notice is throttled by; null for what must always be said. */
export function throttleKey(notice: Notice): string | null {
  if (notice.type !== 'source') return null;
  return `${notice.id} ${notice.state} ${notice.reason.split(':')[0]?.replaceAll(/[0-9]+/g, '') ?? ''}`;
}

const KEYS_MAX = 256;
