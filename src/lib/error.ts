/**
 * Whose fault an error is: the one thing a caller acts on.
 *
 * - `peer`: the remote sent something false or broke the protocol. Penalise it, ask someone else.
 * - `source`: the remote is unavailable, slow or behind. Back off, retry, fail over.
 * - `local`: disk, memory, permissions. Stop cleanly, keep the data.
 * - `caller`: bad configuration or argument. Report before starting.
 * - `bug`: an invariant of ours is broken. Halt with everything we know.
 */
export type Fault = 'peer' | 'source' | 'local' | 'caller' | 'bug';

/** Plain data that explains an error. Mismatches carry `expected` and `got`. Bytes are written as 0x hex. */
export type ErrorData = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** The one error class. Compare by `code`, not by `instanceof`: two copies of a package may be loaded. */
export class SynclineError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly data: ErrorData;

  constructor(code: string, fault: Fault, message: string, options: { data?: ErrorData; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SynclineError';
    this.code = code;
    this.fault = fault;
    this.data = options.data ?? {};
  }
}

/** An error as plain data: what crosses a thread, a log line or a JSON answer. */
export interface PlainError {
  readonly code: string;
  readonly fault: Fault;
  readonly message: string;
  readonly data: ErrorData;
  readonly stack?: string;
}

export function isSynclineError(error: unknown): error is SynclineError {
  return error instanceof Error && typeof (error as SynclineError).code === 'string' && 'fault' in error;
}

/** Anything thrown becomes a SynclineError; what is not one of ours is a bug until a boundary translates it. */
export function toSynclineError(error: unknown): SynclineError {
  if (isSynclineError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SynclineError('UNEXPECTED', 'bug', message, { cause: error });
}

export function toPlainError(error: unknown): PlainError {
  const known = toSynclineError(error);
  const stack = known.fault === 'bug' ? ((known.cause as Error | undefined)?.stack ?? known.stack) : undefined;
  const plain = { code: known.code, fault: known.fault, message: known.message, data: known.data };
  return stack === undefined ? plain : { ...plain, stack };
}

export function fromPlainError(plain: PlainError): SynclineError {
  return new SynclineError(plain.code, plain.fault, plain.message, {
    data: plain.data,
    ...(plain.stack === undefined ? {} : { cause: { stack: plain.stack } }),
  });
}
