import pino from 'pino';
import type { LogFields, Logger } from '../lib/index.ts';
import type { Redactor } from './redact.ts';
import type { Paint } from './terminal.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

interface LogTarget {
  readonly level: LogLevel;
  readonly redactor: Redactor;
  write(text: string): void;
}

/** JSON lines for programs: `time` (ISO 8601), `level` (a word), `msg` (constant text), `chain`, then the fields. */
export function createJsonLogger(target: LogTarget, chain: string | null): Logger {
  const stream = { write: (line: string) => target.write(target.redactor.clean(line)) };
  const logger = pino(
    {
      level: target.level,
      base: chain === null ? null : { chain },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      logger[level](fields, message);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Lines for people: time, level, message, fields. */
export function createPlainLogger(
  target: LogTarget & {
    readonly paint: Paint;
    /** `clock` leaves out the date, for somebody who sits before it. Default `full`. */
    readonly time?: 'full' | 'clock';
  },
): Logger {
  const least = LEVELS.indexOf(target.level);
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) > least) return;
    target.write(`${target.redactor.clean(plainLine(target, level, message, fields))}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

function plainLine(
  { paint, time: shape }: { readonly paint: Paint; readonly time?: 'full' | 'clock' },
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): string {
  const now = new Date();
  const time = paint('dim', shape === 'clock' ? now.toTimeString().slice(0, 8) : now.toISOString());
  const style = level === 'error' ? 'bad' : level === 'warn' ? 'warn' : 'dim';
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => ` ${paint('dim', `${name}=`)}${shownValue(value)}`);
  return `${time} ${paint(style, level.padEnd(5))} ${message}${shown.join('')}`;
}

function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text);
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
