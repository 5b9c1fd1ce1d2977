import { accessSync, constants, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sourceError } from '../source-error.ts';

/** A program that compiles Sierra classes, and how it is called. */
export interface SierraCompiler {
  /** The program, relative to the working directory or absolute. */
  readonly path: string;
  /**
   * Its arguments. `{sierra}` stands for a file with the class without its ABI, which compilers read as a list where the
   * gateway has a text; `{class}` for a file with the class as the gateway gave it. Where neither occurs, the class
   * is written to standard input, as the gateway gave it. What it is compiled to is read from standard output.
   *
   * Default: by the program's name. `universal-sierra-compiler` is called as `compile-contract --sierra-path {sierra}`,
   * `pathfinder` as `compile`, and any other as `starknet-sierra-compile` is: `{sierra}`.
   */
  readonly args?: readonly string[];
  /** How long it may take for one class. Default 10,000. The engine does not wait for more than 20,000. */
  readonly timeoutMs?: number;
  /** How much memory it may take, where that can be enforced. Default 4 GiB. */
  readonly memoryBytes?: number;
}

/** Where the default limits are from: Pathfinder, `crates/compiler/src/lib.rs`, `ResourceLimits`. */
export const defaultCompilerLimits = { timeoutMs: 10_000, memoryBytes: 4 * 2 ** 30 } as const;

/** The URL of a compiler as a source: `compiler:///path?arg=…&arg=…&timeoutMs=…&memoryBytes=…`. */
export function compilerSourceUrl({ path, args = [], timeoutMs, memoryBytes }: SierraCompiler): string {
  const url = new URL(`compiler://${pathToFileURL(resolve(path)).pathname}`);
  for (const arg of args) url.searchParams.append('arg', arg);
  if (timeoutMs !== undefined) url.searchParams.set('timeoutMs', String(timeoutMs));
  if (memoryBytes !== undefined) url.searchParams.set('memoryBytes', String(memoryBytes));
  return url.href;
}

/**
 * The compiler behind such a URL, everything filled in.
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) where there is no program that may be run.
 */
export function parseCompilerUrl(url: URL): Required<SierraCompiler> {
  const path = pathOf(url);
  requireProgram(path);
  const args = url.searchParams.getAll('arg');
  return {
    path,
    args: args.length > 0 ? args : (ARGS_BY_NAME[basename(path).replace(/\.exe$/, '')] ?? FILE_ARGS),
    timeoutMs: positive(url, 'timeoutMs') ?? defaultCompilerLimits.timeoutMs,
    memoryBytes: positive(url, 'memoryBytes') ?? defaultCompilerLimits.memoryBytes,
  };
}

function pathOf(url: URL): string {
  try {
    if (url.host === '') return fileURLToPath(`file://${url.pathname}`);
  } catch {
    // As below: no path.
  }
  throw unsupported('compiler url names no local program', { got: url.href, expected: 'compiler:///path' });
}

function requireProgram(path: string): void {
  let isProgram = false;
  try {
    accessSync(path, constants.X_OK);
    isProgram = statSync(path).isFile();
  } catch {
    // Then it is none.
  }
  if (!isProgram) throw unsupported('no such program can be run', { got: path, fix: 'check --sierra.compiler' });
}

function positive(url: URL, name: string): number | null {
  const text = url.searchParams.get(name);
  if (text === null) return null;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw unsupported('a limit of the compiler is no whole number', { got: `${name}=${text.slice(0, 40)}` });
}

function unsupported(message: string, data: Readonly<Record<string, string>>) {
  return sourceError('SOURCE_UNSUPPORTED', message, { ...data, exitCode: 2 });
}

const FILE_ARGS: readonly string[] = ['{sierra}'];

/**
 * @see universal-sierra-compiler README, "Using as a binary"
 * @see Pathfinder, `crates/compiler/src/lib.rs`, `compile_sierra_to_casm`
 */
const ARGS_BY_NAME: Readonly<Record<string, readonly string[]>> = {
  'universal-sierra-compiler': ['compile-contract', '--sierra-path', '{sierra}'],
  pathfinder: ['compile'],
};
