import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of its own, gone when the test is. Tests that run side by side pass their own `onTestFinished`. */
export function temporaryFolder(name: string, onFinished: (clean: () => void) => void = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), `syncline-${name}-`));
  onFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
