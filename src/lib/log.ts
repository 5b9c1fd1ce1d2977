/** Structured fields of a log line. Values are plain; bytes go in as hex. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The library never prints: it writes to one of these, and the default is silence. Messages are constant text. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

const nothing = () => {};
export const silentLogger: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing };
