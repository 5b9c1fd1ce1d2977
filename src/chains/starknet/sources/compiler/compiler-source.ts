import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, FetchRequest, Source, SourceContext } from '../../../../engine/index.ts';
import { CLASS_BYTES_MAX } from '../../classes/limits.ts';
import { parseFelt } from '../../felt.ts';
import { readClass } from '../../rules/stored-classes.ts';
import { outlineObject } from '../json-outline.ts';
import { classHashIn, LOCAL_COMPILED_CLASS } from '../parts.ts';
import { sourceError } from '../source-error.ts';
import { createTurns } from '../turns.ts';
import { prepareInput } from './class-input.ts';
import { parseCompilerUrl } from './compiler-address.ts';
import { canWatchMemory, findLimiter, type Limiter } from './memory-limit.ts';
import { type CompilerOutcome, runCompiler } from './run-compiler.ts';

export interface CompilerSourceOptions extends SourceContext {
  /** As `compilerSourceUrl` makes it. */
  readonly url: URL;
  /** What sets limits on the compiler; null to watch its memory from outside. Default: what the system has. */
  readonly limiter?: Limiter | null;
  /** Default: 64 MiB. */
  readonly outputBytesMax?: number;
}

/**
 * A local compiler as a source of what stored Sierra classes are compiled to (`localCompiledClass`). It has no blocks.
 *
 * One program runs at a time, in a process group of its own, bounded in time, memory and output; see `runCompiler`.
 * A class that is not stored, or not Sierra, is `absent`. After some time-outs in a row the compiler is left alone
 * for a while, so that a class is not held up by one that hangs for each.
 *
 * What it prints is believed no more than what a gateway sends: the rules compare its hash.
 *
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) where there is no such program. Its `fetch` throws
 *   `SOURCE_TIMEOUT`, `SOURCE_REFUSED` (it failed, or crossed a limit), `SOURCE_BAD_ANSWER` (it printed something else),
 *   `SOURCE_UNAVAILABLE` (it cannot be started, or is left alone), `SOURCE_CLOSED`.
 * @see cairo, `starknet-sierra-compile --help`
 */
export function createCompilerSource(options: CompilerSourceOptions): Source {
  const { env, log, store, limiter = findLimiter(), outputBytesMax = CLASS_BYTES_MAX } = options;
  const { path, args, timeoutMs, memoryBytes } = parseCompilerUrl(options.url);
  const id = `compiler:${path}`;
  const turns = createTurns({ waitingMax: WAITING_MAX, crowded: 'too many wait for the compiler' });
  const running = new Set<AbortController>();
  let closed = false;
  let timeoutsInRow = 0;
  let restsUntilMs = 0;
  if (limiter === null && !canWatchMemory()) log.warn('the memory of the compiler cannot be limited here', { id });

  async function compile(json: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const folder = await mkdtemp(join(tmpdir(), 'syncline-compile-'));
    try {
      const input = await prepareInput(json, { args, folder });
      const run = { path, ...input, folder, timeoutMs, memoryBytes, outputBytesMax, limiter };
      return compiledClassIn(noted(await runCompiler(run, signal)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** @returns What was printed. @throws {SynclineError} for any other outcome. */
  function noted(outcome: CompilerOutcome): Uint8Array {
    timeoutsInRow = outcome.type === 'timeout' ? timeoutsInRow + 1 : 0;
    if (timeoutsInRow >= TIMEOUTS_MAX) {
      timeoutsInRow = 0;
      restsUntilMs = env.nowMs() + REST_MS;
      log.warn('the compiler is left alone for a while: it ran out of time again and again', { id, restMs: REST_MS });
    }
    if (outcome.type === 'done') return outcome.output;
    const { type, detail } = outcome;
    const code = CODES[type];
    throw sourceError(code, `the compiler failed: ${detail}`, { source: id, outcome: type });
  }

  function compiledClassIn(output: Uint8Array): Uint8Array {
    // Older compilers tell first what they do.
    const bytes = output.subarray(Math.max(0, output.indexOf(OPEN_BRACE)));
    const members = outlineObject(bytes);
    if (COMPILED_MEMBERS.every((name) => members?.has(name))) return new Uint8Array(bytes);
    throw sourceError('SOURCE_BAD_ANSWER', 'the compiler printed no compiled class', {
      source: id,
      expected: COMPILED_MEMBERS.join(', '),
      got: members === null ? 'no whole json object' : [...members.keys()].slice(0, 8).join(', '),
    });
  }

  /** The stored class; null where it is not stored, or of the first Cairo, which nothing compiles. */
  function storedSierra(classHash: string): Uint8Array | null {
    if (store === undefined) return null;
    using view = store.view();
    const stored = readClass(view, parseFelt(classHash));
    return stored?.kind === 'sierra' ? stored.bytes : null;
  }

  async function fetchPart(part: string, request: FetchRequest, signal: AbortSignal): Promise<Delivery> {
    const classHash = classHashIn(request.id);
    const sierra = part === LOCAL_COMPILED_CLASS && classHash !== null ? storedSierra(classHash) : null;
    if (sierra === null) return { type: 'absent', part };
    using _turn = await turns.take(signal);
    if (env.nowMs() < restsUntilMs)
      throw sourceError('SOURCE_UNAVAILABLE', 'the compiler is left alone', { source: id });
    const startedMs = env.nowMs();
    const bytes = await compile(sierra, signal);
    log.debug('compiled', { classHash, ms: env.nowMs() - startedMs, bytes: bytes.length });
    return { type: 'bytes', part, bytes };
  }

  async function* fetch(request: FetchRequest, signal: AbortSignal): AsyncGenerator<Delivery> {
    if (closed) throw closedError();
    signal.throwIfAborted();
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    running.add(controller);
    try {
      for (const part of request.parts) yield await fetchPart(part, request, controller.signal);
    } finally {
      running.delete(controller);
      signal.removeEventListener('abort', onAbort);
    }
  }

  const closedError = () => sourceError('SOURCE_CLOSED', 'source is closed', { source: id });

  return {
    id,
    standing: 'carrier',
    parts: [LOCAL_COMPILED_CLASS],
    // Its own limit governs: the engine waits for a turn before it asks, and then until the program is stopped.
    limits: { concurrencyMax: 1, requestTimeoutMs: timeoutMs + FILES_MS },
    contentOnly: true,
    survey: async () => ({ spans: [], head: null }),
    fetch: (request, { signal }) => fetch(request, signal),
    hashAt: async () => null,
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const controller of running) controller.abort(closedError());
      await turns.idle();
    },
  };
}

const OPEN_BRACE = 0x7b;
/** Without these it is none. */
const COMPILED_MEMBERS = ['bytecode', 'entry_points_by_type'];
/** Chosen: one class may be large, three in a row tell of the compiler. */
const TIMEOUTS_MAX = 3;
const REST_MS = 600_000;
/** Beside the program's own time: files are written and read, and what hangs is killed. */
const FILES_MS = 10_000;
/** The engine asks for one at a time; others that share the source wait for each other. */
const WAITING_MAX = 64;

const CODES = {
  failed: 'SOURCE_REFUSED',
  timeout: 'SOURCE_TIMEOUT',
  memory: 'SOURCE_REFUSED',
  output: 'SOURCE_BAD_ANSWER',
  unstartable: 'SOURCE_UNAVAILABLE',
} as const;
