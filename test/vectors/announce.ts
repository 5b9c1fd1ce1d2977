import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vectorsDir } from './locate.ts';

/** Says once, before the tests, what a run without the captured chain data leaves out. */
export default function announceMissingVectors(): void {
  if (vectorsDir() !== null) return;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const readers = ['src', 'test'].flatMap((folder) => testFiles(join(root, folder))).filter(readsVectors);
  console.log(
    `no captured chain data in ../shared/vectors or SYNCLINE_VECTORS: ${readers.length} vector files are skipped`,
  );
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

function readsVectors(path: string): boolean {
  return /\bvectorsDir\(/.test(readFileSync(path, 'utf8'));
}
