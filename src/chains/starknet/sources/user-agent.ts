import { createRequire } from 'node:module';

/** `syncline/<version>`, read from our own package so that a release cannot forget it. */
export function userAgent(): string {
  try {
    const own: unknown = createRequire(import.meta.url)('syncline/package.json');
    return `syncline/${(own as { version: string }).version}`; // our own file
  } catch {
    return 'syncline/unknown'; // Bundled into another program.
  }
}
