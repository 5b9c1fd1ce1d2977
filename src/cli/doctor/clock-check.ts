import { bad, type DoctorCheck, doubtful, good } from './check.ts';

/** What a server's `Date` header says of our clock. */
export interface ClockReading {
  readonly host: string;
  /** Ours minus theirs, in milliseconds. */
  readonly offsetMs: number;
  /** Half the time that the answer took, and the second that the header is cut to. */
  readonly uncertaintyMs: number;
}

/** Compares the clock with the time that the sources' servers state. @param urls Any; those of web servers are asked. */
export async function checkClock(urls: readonly string[]): Promise<DoctorCheck> {
  const origins = urls.flatMap((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) ? [url.origin] : [];
  });
  const readings = await Promise.all([...new Set(origins)].map(readClock));
  return judgeClock(readings.filter((reading) => reading !== null));
}

export function judgeClock(readings: readonly ClockReading[]): DoctorCheck {
  const [best] = [...readings].sort((a, b) => Math.abs(a.offsetMs) - Math.abs(b.offsetMs));
  if (best === undefined) return doubtful('clock', 'no server told the time to compare with', null);
  const { host, offsetMs, uncertaintyMs } = best;
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  // One server that agrees is enough: it is the others that are wrong.
  if (Math.abs(offsetMs) <= TOLERANCE_MS + uncertaintyMs) return good('clock', `within ${seconds} s of ${host}`);
  const message = `${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ${host}`;
  return bad('clock', message, 'set it, and keep it set: timedatectl set-ntp true, or an NTP service of your own');
}

/** Null where the server is away or does not say. */
async function readClock(origin: string): Promise<ClockReading | null> {
  const startedMs = Date.now();
  try {
    const response = await fetch(`${origin}/`, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const tookMs = Date.now() - startedMs;
    await response.body?.cancel();
    const statedMs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(statedMs)) return null;
    // The header is cut to whole seconds: on average half of one has passed.
    const offsetMs = startedMs + tookMs / 2 - (statedMs + 500);
    return { host: new URL(origin).host, offsetMs, uncertaintyMs: tookMs / 2 + 500 };
  } catch {
    return null;
  }
}

/** Chosen: block times and certificates can live with it. */
const TOLERANCE_MS = 5_000;
const TIMEOUT_MS = 5_000;
