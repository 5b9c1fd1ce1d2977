import type { SyncEnd } from '../engine/index.ts';
import type { Fault, SynclineError } from '../lib/index.ts';

/** What the process's exit code means; supervisors rely on it. */
export const EXIT = {
  /** Done, or stopped on request. */
  ok: 0,
  /** Unexpected: a bug of ours; a report file is named. */
  bug: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Data was found invalid. */
  invalidData: 3,
  /** An operator must look: a folder of another chain or a newer version, a full disk. */
  operator: 4,
  /** An outside service refused or is unreachable, and the command is one-shot. */
  outside: 5,
  /** Another writer holds the data folder. */
  locked: 6,
  /** Halted for safety. */
  halted: 7,
} as const;

/** Of the error that ended a command: what the error says itself, else by whose fault it was. */
export function exitCodeOf(error: SynclineError): number {
  const stated = error.data.exitCode;
  return typeof stated === 'number' ? stated : CODE_OF_FAULT[error.fault];
}

const CODE_OF_FAULT: Readonly<Record<Fault, number>> = {
  caller: EXIT.usage,
  local: EXIT.operator,
  source: EXIT.outside,
  peer: EXIT.outside,
  bug: EXIT.bug,
};

export function exitCodeOfEnd(end: SyncEnd): number {
  return end.type === 'halted' ? EXIT.halted : EXIT.ok;
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Of a shutdown that was cut short: 128 and the signal's number, as shells have it. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal];
}
