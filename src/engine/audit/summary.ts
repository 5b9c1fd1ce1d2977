import type { AuditVerdict } from './chain-audit.ts';

/** How often a check was made, and why where it could not be. */
export interface CheckSummary {
  readonly passed: number;
  readonly undecided: number;
  /** At most `REASONS_MAX` different ones. */
  readonly reasons: readonly string[];
}

/** Check → summary. */
export type CheckSummaries = Readonly<Record<string, CheckSummary>>;

/** Collects verdicts, none of which is negative. */
export class CheckCounter {
  private readonly counts = new Map<string, { passed: number; undecided: number; reasons: Set<string> }>();

  pass(check: string, times = 1): void {
    this.of(check).passed += times;
  }

  undecided(check: string, reason: string): void {
    const count = this.of(check);
    count.undecided++;
    if (count.reasons.size < REASONS_MAX) count.reasons.add(reason);
  }

  add({ check, ok, reason }: AuditVerdict): void {
    if (ok === null) this.undecided(check, reason ?? 'it was not made');
    else this.pass(check);
  }

  finish(): CheckSummaries {
    return Object.fromEntries(
      [...this.counts].map(([check, { passed, undecided, reasons }]) => [
        check,
        { passed, undecided, reasons: [...reasons] },
      ]),
    );
  }

  private of(check: string) {
    const known = this.counts.get(check);
    if (known !== undefined) return known;
    const fresh = { passed: 0, undecided: 0, reasons: new Set<string>() };
    this.counts.set(check, fresh);
    return fresh;
  }
}

export function mergeSummaries(a: CheckSummaries, b: CheckSummaries): CheckSummaries {
  const merged: Record<string, CheckSummary> = { ...a };
  for (const [check, one] of Object.entries(b)) {
    const other = merged[check] ?? { passed: 0, undecided: 0, reasons: [] };
    merged[check] = {
      passed: other.passed + one.passed,
      undecided: other.undecided + one.undecided,
      reasons: [...new Set([...other.reasons, ...one.reasons])].slice(0, REASONS_MAX),
    };
  }
  return merged;
}

/** Sums of named numbers. */
export type Sums = Readonly<Record<string, number>>;

export function addSums(a: Sums, b: Sums): Sums {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** Chosen: more would be a list of blocks. */
const REASONS_MAX = 8;
