/** `1204113` as `1,204,113`. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** In five characters at most, for columns: `9,999`, `120k`, `1.2M`, `34G`. Rounded down. */
export function formatCompact(count: number): string {
  if (count < 10_000) return formatCount(count);
  for (const [unit, size] of COMPACT_UNITS) {
    if (count < size) continue;
    const value = count / size;
    return `${value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value)}${unit}`;
  }
  return formatCount(count);
}

const COMPACT_UNITS = [
  ['T', 1e12],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const;

/** Two units at most: `45s`, `3m20s`, `1h31m`, `2d4h`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  for (const [unit, size, next, nextSize] of UNITS) {
    if (whole < size) continue;
    const rest = Math.floor((whole % size) / nextSize);
    return `${formatCount(Math.floor(whole / size))}${unit}${rest === 0 ? '' : `${rest}${next}`}`;
  }
  return `${whole}s`;
}

const UNITS = [
  ['d', 86_400, 'h', 3_600],
  ['h', 3_600, 'm', 60],
  ['m', 60, 's', 1],
] as const;

/** `0 B`, `12.1 KiB`, `64 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

/** Blocks a second: whole above 10, else with one or two digits. */
export function formatRate(rate: number): string {
  if (rate === 0) return '0';
  if (rate >= 10) return formatCount(Math.round(rate));
  return rate >= 1 ? rate.toFixed(1) : rate.toFixed(2);
}

/** Of 100, rounded down, so that only what is done shows as 100 %. */
export function formatPercent(done: number, total: number): string {
  if (total <= 0) return '0%';
  const tenths = Math.min(1000, Math.floor((done * 1000) / total));
  return `${(tenths / 10).toFixed(1)}%`;
}

/** `0x31e5a5…19d480`: enough to tell two hashes apart. */
export function shortHash(hash: string): string {
  return hash.length <= 18 ? hash : `${hash.slice(0, 8)}…${hash.slice(-6)}`;
}
