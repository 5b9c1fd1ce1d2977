import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface VersionInfo {
  readonly version: string;
  /** Of the checkout it was built in, null for an installed package. */
  readonly commit: string | null;
  readonly node: string;
}

export function readVersion(): VersionInfo {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { readonly version: string };
  return { version, commit: readCommit(), node: process.version };
}

/** From the files of a git checkout; no program is started for it. */
function readCommit(): string | null {
  try {
    const git = readGitFolder();
    const head = readFileSync(new URL('HEAD', git), 'utf8').trim();
    const ref = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
    if (ref === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? head : null;
    return readLooseRef(git, ref) ?? readPackedRef(git, ref);
  } catch {
    return null; // no checkout
  }
}

/** In a linked work tree `.git` is a file that names the folder. */
function readGitFolder(): URL {
  const git = new URL('.git/', ROOT);
  try {
    readFileSync(new URL('HEAD', git));
    return git;
  } catch {
    const named = /^gitdir: (.+)$/m.exec(readFileSync(fileURLToPath(new URL('.git', ROOT)), 'utf8'))?.[1];
    if (named === undefined) throw new TypeError('not a git folder');
    return new URL(`${named}/`, ROOT);
  }
}

function readLooseRef(git: URL, ref: string): string | null {
  for (const folder of [git, commonFolder(git)]) {
    try {
      return readFileSync(new URL(ref, folder), 'utf8').trim();
    } catch {
      // packed, or kept in the other folder
    }
  }
  return null;
}

function readPackedRef(git: URL, ref: string): string | null {
  const packed = readFileSync(new URL('packed-refs', commonFolder(git)), 'utf8').split('\n');
  return packed.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0] ?? null;
}

function commonFolder(git: URL): URL {
  try {
    return new URL(`${readFileSync(new URL('commondir', git), 'utf8').trim()}/`, git);
  } catch {
    return git;
  }
}

/** Where `package.json` lies: two levels up from the sources and from the build alike. */
const ROOT = new URL('../../', import.meta.url);
