import type { Redactor } from './redact.ts';

/** What the process gives the command line. */
export interface CliContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Results. */
  readonly stdout: NodeJS.WriteStream;
  /** Progress, logs and errors. */
  readonly stderr: NodeJS.WriteStream;
  /** Knows the secrets of this call, and blanks them in what is written. */
  readonly redactor: Redactor;
}

export function writeLine(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

export function writeJson(stream: NodeJS.WriteStream, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}
