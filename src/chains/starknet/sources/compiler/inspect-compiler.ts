import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCompilerUrl } from './compiler-address.ts';
import { findLimiter } from './memory-limit.ts';
import { type CompilerOutcome, runCompiler } from './run-compiler.ts';

/** What a compiler answers when it is asked for its version. */
export type CompilerInspection =
  | { readonly type: 'version'; readonly path: string; readonly version: string }
  /** It was started, and did not answer as programs do. */
  | { readonly type: 'silent'; readonly path: string; readonly detail: string }
  /** It cannot be started on this machine. */
  | { readonly type: 'unstartable'; readonly path: string; readonly detail: string };

/**
 * Runs a compiler with `--version` alone, within its limits of memory and a short one of time. All compilers that are
 * known by name understand it; others need not.
 *
 * @param url As `compilerSourceUrl` makes it.
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) where there is no such program. The signal's reason.
 */
export async function inspectCompiler(url: URL, signal: AbortSignal): Promise<CompilerInspection> {
  const { path, memoryBytes } = parseCompilerUrl(url);
  const folder = await mkdtemp(join(tmpdir(), 'syncline-compile-'));
  try {
    const bounds = { timeoutMs: VERSION_TIMEOUT_MS, memoryBytes, outputBytesMax: VERSION_BYTES_MAX };
    const limiter = findLimiter();
    return judge(
      path,
      await runCompiler({ path, args: ['--version'], stdin: null, folder, ...bounds, limiter }, signal),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judge(path: string, outcome: CompilerOutcome): CompilerInspection {
  if (outcome.type !== 'done') {
    const { type, detail } = outcome;
    const isUnstartable = type === 'unstartable' || (type === 'failed' && LIMITER_FAILED.test(detail));
    return { type: isUnstartable ? 'unstartable' : 'silent', path, detail };
  }
  const [line = ''] = Buffer.from(outcome.output).toString('latin1').split('\n');
  const version = line
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, VERSION_CHARS_MAX);
  return version === '' ? { type: 'silent', path, detail: 'it prints nothing' } : { type: 'version', path, version };
}

/** Chosen: compilers answer within milliseconds. */
const VERSION_TIMEOUT_MS = 5_000;
const VERSION_BYTES_MAX = 64 * 1024;
const VERSION_CHARS_MAX = 80;
/** The limiter has started, and the program behind it has not. @see prlimit(1), "Exit status" of util-linux programs */
const LIMITER_FAILED = /^exit code 12[67]: prlimit: /;
