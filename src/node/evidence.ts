import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Candidate, Rejection } from '../engine/index.ts';

/** Keeps the raw bytes behind a rejection. */
export type EvidenceKeeper = (rejection: Rejection, candidates: readonly Candidate[]) => Promise<string | null>;

/**
 * Writes `height-check-time.json.gz` files: the rejection, and what each source sent (text where it is text, base64
 * otherwise). Bounded in number and size; the oldest go first. Failing to keep evidence never stops a sync.
 */
export function createEvidenceKeeper(path: string, onError: (error: unknown) => void): EvidenceKeeper {
  let sequence = 0;
  return async (rejection, candidates) => {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const check = rejection.check.replaceAll(/[^a-z0-9-]/g, '_').slice(0, 40);
      // Time first, so that names sort by age.
      const name = `${rejection.timeMs}-${String(sequence++).padStart(6, '0')}-${rejection.height}-${check}.json.gz`;
      const file = join(path, name);
      await writeFile(file, gzipSync(JSON.stringify({ rejection, parts: candidates.map(shown) })), { mode: 0o600 });
      await dropOldest(path);
      return file;
    } catch (error) {
      onError(error);
      return null;
    }
  };
}

function shown(candidate: Candidate) {
  const bytes = Buffer.from(candidate.bytes.buffer, candidate.bytes.byteOffset, candidate.bytes.byteLength);
  const kept = bytes.subarray(0, PART_BYTES_MAX);
  const text = kept.toString('utf8');
  const isText = !text.includes('\u0000') && Buffer.byteLength(text) === kept.length;
  return {
    part: candidate.part,
    from: candidate.from,
    bytes: bytes.length,
    truncated: bytes.length > kept.length,
    ...(isText ? { text } : { base64: kept.toString('base64') }),
  };
}

async function dropOldest(path: string): Promise<void> {
  const files = (await readdir(path)).filter((name) => name.endsWith('.json.gz')).sort();
  for (const name of files.slice(0, Math.max(0, files.length - FILES_MAX))) await rm(join(path, name), { force: true });
}

const PART_BYTES_MAX = 4 * 1024 * 1024;
const FILES_MAX = 200;
