import type { HttpAnswer } from './answer.ts';
import { errorAnswer } from './answer.ts';
import type { HttpRoute } from './router.ts';

/** One named thing that is well or not. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Since when it has been so, ISO 8601. */
  readonly since: string;
  readonly message: string;
  /** What an operator can do; null when there is nothing to do. */
  readonly fix: string | null;
}

export interface HealthSource {
  /** Whether the process does anything at all. Not alive: restart it. */
  live(): readonly HealthCheck[];
  /** Whether it can serve what it has. */
  ready(): readonly HealthCheck[];
  /** Whether it is at most `lag` blocks behind. */
  synced(lag: number): readonly HealthCheck[];
}

/** The paths that supervisors ask, with the names that different ecosystems know them by. */
export function healthRoutes(source: HealthSource): readonly HttpRoute[] {
  return [
    {
      paths: ['/live', '/livez', '/health'],
      doc: 'whether the process is alive',
      answer: () => healthAnswer(source.live()),
    },
    { paths: ['/ready', '/readyz'], doc: 'whether it can serve', answer: () => healthAnswer(source.ready()) },
    {
      paths: ['/ready/synced'],
      doc: `whether it is near the tip; ?lag=N blocks, ${LAG_BLOCKS} by default`,
      answer({ search }) {
        const text = search.get('lag') ?? String(LAG_BLOCKS);
        if (/^[0-9]{1,15}$/.test(text)) return healthAnswer(source.synced(Number(text)));
        return errorAnswer(400, { code: 'LAG_MALFORMED', message: 'lag is not a number of blocks' });
      },
    },
  ];
}

/** 200 when every check is well, else 503; the body is the same shape in both cases. */
function healthAnswer(checks: readonly HealthCheck[]): HttpAnswer {
  const ok = checks.every((check) => check.ok);
  return { status: ok ? 200 : 503, json: { ok, checks } };
}

/**
 * Remembers since when each check has been as it is.
 * @param id Tells apart checks of one name, such as two lags; the oldest of too many is forgotten.
 */
export function createHealthMemory(
  nowMs: () => number,
): (check: Omit<HealthCheck, 'since'>, id?: string) => HealthCheck {
  const memory = new Map<string, { readonly ok: boolean; readonly since: string }>();
  return ({ name, ok, message, fix }, id = name) => {
    const known = memory.get(id);
    const since = known?.ok === ok ? known.since : new Date(nowMs()).toISOString();
    memory.set(id, { ok, since });
    const [oldest] = memory.keys();
    if (memory.size > REMEMBERED_MAX && oldest !== undefined) memory.delete(oldest);
    return { name, ok, since, message, fix };
  };
}

/** Clients choose the lag, so that there can be any number of checks. */
const REMEMBERED_MAX = 64;
/** Chosen as Pathfinder's and Juno's readiness tolerance. */
const LAG_BLOCKS = 6;
