import { resolve } from 'node:path';
import {
  type BlockRef,
  type Delivery,
  type FetchRequest,
  type Hash32,
  type Height,
  parseHash32,
  type Source,
  type SourceLimits,
  type Span,
  type Survey,
} from '../../../../engine/index.ts';
import type { Logger } from '../../../../lib/index.ts';
import { isSynclineError } from '../../../../lib/index.ts';
import { parseFelt } from '../../felt.ts';
import type { BodyLimits } from '../bounded-body.ts';
import { outlineObject, stringMember } from '../json-outline.ts';
import { type BlockPart, CLASS_PARTS, classHashIn, isBlockPart, isClassPart, PARTS } from '../parts.ts';
import { sourceError } from '../source-error.ts';
import { createFolderFiles, spansOf } from './folder-files.ts';

export interface FolderSourceOptions {
  /** The folder, relative to the working directory or absolute. */
  readonly path: string;
  /** Default: 8 files at once. */
  readonly limits?: SourceLimits;
  /** Default: 64 MiB a file, before and after inflating. */
  readonly bodyLimits?: Partial<BodyLimits>;
  readonly log: Logger;
}

export const defaultFolderLimits: SourceLimits = { concurrencyMax: 8 };

export const defaultFolderBodyLimits: BodyLimits = { wireBytesMax: 64 * 1024 * 1024, bodyBytesMax: 64 * 1024 * 1024 };

/**
 * A folder of gateway answers as a source: a replayable gateway.
 *
 *     block/N.json  state_update/N.json  signature/N.json  state_update_with_block/N.json    (or N.json.gz)
 *     class/HASH.json  compiled_class/HASH.json                  (or HASH.json.gz; HASH is the class hash, 0x1a2b…)
 *
 * It may grow while it is watched; other files in it (`latest.json`, `N.alt.json`) are ignored. Its survey names every
 * height of which both block and state update can be had, be it from two files or from the one that holds both, with
 * all holes visible. Its **head** is the top of the first span when that starts at 0, and of the last span otherwise:
 * a folder that begins at genesis is a chain up to its first hole plus single blocks that nothing leads to, while any
 * other folder has no beginning to prefer. A block whose file cannot be read is no head, and the one below it is.
 *
 * Files of two parts are preferred to the one that holds both. A `bundle` also stands for a `block` or a `stateUpdate`
 * that has no file of its own.
 *
 * @throws Its methods throw {SynclineError} `SOURCE_UNAVAILABLE` for a folder or file that cannot be read,
 *   `SOURCE_BAD_ANSWER` for a file that is too large or not one whole JSON object, `SOURCE_CLOSED` after closing.
 */
export function createFolderSource(options: FolderSourceOptions): Source {
  const path = resolve(options.path);
  const id = `folder:${path}`;
  const files = createFolderFiles(path, { ...defaultFolderBodyLimits, ...options.bodyLimits });
  let closed = false;
  /** The head's hash is asked for at every survey, and its file seldom changes. */
  let known: { readonly stamp: string; readonly hash: Hash32 } | null = null;

  const admit = (signal: AbortSignal) => {
    if (closed) throw sourceError('SOURCE_CLOSED', 'source is closed', { source: id });
    signal.throwIfAborted();
  };

  async function hashAt(height: Height, signal: AbortSignal): Promise<Hash32 | null> {
    for (const part of ['block', 'bundle'] as const) {
      const stamp = await files.stamp(part, height);
      if (stamp === null) continue;
      if (known?.stamp === stamp) return known.hash;
      const file = await files.read(part, height, signal);
      if (file === null) continue;
      const hash = readBlockHash(file.bytes, part, height);
      known = { stamp: file.stamp, hash };
      return hash;
    }
    return null;
  }

  async function headOf(spans: readonly Span[], signal: AbortSignal): Promise<BlockRef | null> {
    const span = spans[0]?.from === 0 ? spans[0] : spans.at(-1);
    if (span === undefined) return null;
    let failure: unknown = null;
    for (let height = span.to; height >= span.from && height > span.to - HEAD_TRIES_MAX; height--) {
      try {
        const hash = await hashAt(height, signal);
        if (hash !== null) return { height, hash };
      } catch (error) {
        if (!isSynclineError(error)) throw error;
        options.log.debug('file has no block hash', { source: id, height, code: error.code });
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
    return null;
  }

  async function* fetch(request: FetchRequest, signal: AbortSignal): AsyncGenerator<Delivery> {
    admit(signal);
    const { height, parts, id } = request;
    for (const part of parts) if (!isBlockPart(part) && !isClassPart(part)) yield { type: 'absent', part };
    yield* fetchBlock(height, new Set(parts.filter(isBlockPart)), signal);
    const classHash = classHashIn(id);
    for (const part of CLASS_PARTS) {
      if (!parts.includes(part)) continue;
      const file = classHash === null ? null : await files.readClass(part, classHash, signal);
      admit(signal);
      yield file === null ? { type: 'absent', part } : { type: 'bytes', part, bytes: file.bytes };
    }
  }

  async function* fetchBlock(height: Height, open: Set<BlockPart>, signal: AbortSignal): AsyncGenerator<Delivery> {
    const found = new Map<BlockPart, Uint8Array>();
    for (const part of open.has('bundle') ? BUNDLE_FIRST : open) {
      if (!open.has(part)) continue;
      const file = await files.read(part, height, signal);
      if (file !== null) found.set(part, file.bytes);
      if (part === 'bundle' && file !== null) settleBundle(file.bytes, open);
    }
    const lacks = (part: BlockPart) => open.has(part) && !found.has(part);
    if (!open.has('bundle') && (lacks('block') || lacks('stateUpdate'))) {
      // One file of both, rather than halves from two recordings that may not belong together.
      const file = await files.read('bundle', height, signal);
      if (file !== null) {
        admit(signal);
        yield { type: 'bytes', part: 'bundle', bytes: file.bytes };
        settleBundle(file.bytes, open);
      }
    }
    for (const part of open) {
      admit(signal);
      const bytes = found.get(part);
      yield bytes === undefined ? { type: 'absent', part } : { type: 'bytes', part, bytes };
    }
  }

  return {
    id,
    standing: 'carrier',
    parts: PARTS,
    limits: options.limits ?? defaultFolderLimits,
    async survey({ signal }): Promise<Survey> {
      admit(signal);
      const heights = await files.list();
      const updates = heights.get('stateUpdate');
      const whole = [...(heights.get('block') ?? [])].filter((height) => updates?.has(height));
      const spans = spansOf(new Set([...whole, ...(heights.get('bundle') ?? [])]));
      admit(signal);
      return { spans, head: await headOf(spans, signal) };
    },
    fetch: (request, { signal }) => fetch(request, signal),
    async hashAt(height, { signal }) {
      admit(signal);
      return await hashAt(height, signal);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

/** A bundle that is asked for by name spares the files that it stands for. */
const BUNDLE_FIRST: readonly BlockPart[] = ['bundle', 'block', 'stateUpdate', 'signature'];

/** Takes out of `open` what a bundle stands for. */
function settleBundle(bytes: Uint8Array, open: Set<BlockPart>): void {
  open.delete('block');
  open.delete('stateUpdate');
  if (outlineObject(bytes)?.has('signature')) open.delete('signature');
}

/** Chosen: a folder that is being written has one or two unfinished files at its end. */
const HEAD_TRIES_MAX = 8;

function readBlockHash(bytes: Uint8Array, part: 'block' | 'bundle', height: Height): Hash32 {
  const whole = outlineObject(bytes);
  const range = part === 'bundle' ? whole?.get('block') : { start: 0, end: bytes.length };
  const block = range === undefined ? null : outlineObject(bytes, range);
  try {
    return parseHash32(parseFelt(block === null ? null : stringMember(bytes, block, 'block_hash')));
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    throw sourceError('SOURCE_BAD_ANSWER', 'block names no hash', { height, part, ...error.data });
  }
}
