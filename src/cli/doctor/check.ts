/** One thing that was looked at. */
export interface DoctorCheck {
  readonly name: string;
  /** False for what has to be mended. Null for a warning, and for what could not be found out. */
  readonly ok: boolean | null;
  readonly message: string;
  /** What to do about it, in plain words; null where there is nothing to do. */
  readonly fix: string | null;
  /** Where the trouble lies: on this machine, or with a service that others run. */
  readonly where: 'local' | 'outside';
}

/** What `syncline doctor --json` prints. Stable: scripts depend on it. */
export interface DoctorReport {
  readonly type: 'doctor';
  /** Whether nothing has to be mended. */
  readonly ok: boolean;
  readonly network: string | null;
  readonly dataDir: string | null;
  readonly checks: readonly DoctorCheck[];
}

export function good(name: string, message: string): DoctorCheck {
  return { name, ok: true, message, fix: null, where: 'local' };
}

export function doubtful(name: string, message: string, fix: string | null): DoctorCheck {
  return { name, ok: null, message, fix, where: 'local' };
}

export function bad(name: string, message: string, fix: string): DoctorCheck {
  return { name, ok: false, message, fix, where: 'local' };
}

/** The same, of a service that others run. */
export function outside(check: DoctorCheck): DoctorCheck {
  return { ...check, where: 'outside' };
}
