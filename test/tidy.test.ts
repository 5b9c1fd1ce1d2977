import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The shape of the tree, checked by reading it: imports go downwards and only through a folder's `index.ts`, pure
 * folders stay pure, and every file is used. A failure is a list to work through.
 */
const SRC = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src');

/** Who may import whom. A folder may always import itself. `types` stands for type-only imports. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  crypto: ['lib'],
  codec: ['lib'],
  trie: ['lib', 'codec'],
  engine: ['lib'],
  p2p: ['lib', 'codec', 'crypto', 'engine'],
  store: ['lib', 'codec', 'engine'],
  serve: ['lib', 'codec', 'engine'],
  chains: ['lib', 'codec', 'crypto', 'trie', 'engine', 'p2p', 'store', 'serve'],
  testing: ['lib', 'codec', 'crypto', 'trie', 'engine', 'p2p', 'store', 'serve'],
  devnet: ['lib', 'codec', 'crypto', 'trie', 'engine', 'store', 'serve', 'chains', 'testing'],
  node: ['lib', 'codec', 'crypto', 'trie', 'engine', 'p2p', 'store', 'serve', 'chains'],
  cli: ['lib', 'codec', 'crypto', 'trie', 'engine', 'p2p', 'store', 'serve', 'chains', 'devnet', 'node'],
  // The package's front door.
  'index.ts': ['lib', 'engine', 'node'],
};

/** Files of these folders decide and compute; they see no clock, chance, timer, console or network. */
const PURE = [
  'engine/modes',
  'engine/range',
  'engine/finality',
  'engine/forks',
  'engine/assemble/late-needs.ts',
  'engine/audit',
  'engine/commit',
  'trie',
  'codec',
  'chains/starknet/classes',
  'chains/starknet/rules',
  'chains/starknet/wire',
  'chains/starknet/stored',
  'chains/ledger/rules',
  'chains/ledger/wire',
];

const IMPURE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/],
  ['chance', /\bMath\.random\b|\brandomBytes\b|\brandomFill|\bgetRandomValues\b/],
  ['a timer', /\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b/],
  ['the console', /\bconsole\./],
  [
    'input or output',
    /from 'node:(fs|fs\/promises|net|http|https|dns|tls|child_process|worker_threads)'|\bfetch\(|from '(undici|ws)'/,
  ],
];

/** Started by URL, not imported. */
const ENTRIES = new Set([
  'index.ts',
  'cli/main.ts',
  'node/apply-worker.ts',
  'node/verify-worker.ts',
  'node/verify/audit-worker.ts',
]);

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = listSources(SRC).map((absolute): SourceFile => {
  const path = relative(SRC, absolute).split(sep).join('/');
  const text = readFileSync(absolute, 'utf8');
  const imports = [...withoutComments(text).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) =>
      relative(SRC, join(dirname(absolute), match[1] as string))
        .split(sep)
        .join('/'), // group 1 always takes part
  );
  return { path, text, imports };
});
const shipped = files.filter((file) => !/\.(test|bench)\.ts$/.test(file.path));

describe('the tree', () => {
  it('imports only downwards', () => {
    const wrong: string[] = [];
    for (const file of shipped) {
      const from = topOf(file.path);
      for (const target of file.imports) {
        const to = topOf(target);
        if (from !== to && !(LAYERS[from] ?? []).includes(to))
          wrong.push(`${file.path} imports ${target}: ${from} may not see ${to}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps chains apart', () => {
    const wrong = shipped.flatMap((file) => {
      const own = chainOf(file.path);
      if (own === null) return [];
      return file.imports
        .filter((target) => (chainOf(target) ?? own) !== own)
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  // A chain has several faces (its index, and those of its rules, wire, sources): a devnet makes what rules verify.
  it('enters another folder only through an index', () => {
    const wrong: string[] = [];
    for (const file of shipped) {
      for (const target of file.imports) {
        const unit = unitOf(target);
        // The registry loads one module of each chain, and a chain implements the type its registry asks for.
        if (file.path === 'chains/registry.ts' && target.endsWith('/family.ts')) continue;
        if (file.path.startsWith(`${unit}/`)) continue;
        if (unit !== unitOf(file.path) && !target.endsWith('/index.ts') && !unit.includes('.')) {
          wrong.push(`${file.path} imports ${target}, not an index of ${unit}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps pure folders pure', () => {
    const wrong: string[] = [];
    for (const file of shipped.filter(({ path }) =>
      PURE.some((pure) => path === pure || path.startsWith(`${pure}/`)),
    )) {
      const code = withoutComments(file.text);
      for (const [name, pattern] of IMPURE) if (pattern.test(code)) wrong.push(`${file.path} uses ${name}`);
    }
    expect(wrong).toEqual([]);
  });

  it('names pure folders that exist', () => {
    expect(PURE.filter((path) => !existsSync(join(SRC, path)) && path !== 'codec')).toEqual([]);
  });

  it('has no file that nothing imports', () => {
    const imported = new Set(shipped.flatMap((file) => file.imports));
    const tested = new Set(files.filter((file) => file.path.endsWith('.test.ts')).flatMap((file) => file.imports));
    const exported = exportedEntries();
    const unused = shipped
      .map((file) => file.path)
      .filter((path) => !imported.has(path) && !ENTRIES.has(path) && !exported.has(path))
      // A rules module is loaded by URL; a file named testing.ts serves the tests beside it.
      .filter(
        (path) => !path.endsWith('/rules-module.ts') && !(/\/testing(\.ts|\/[^/]+)$/.test(path) && tested.has(path)),
      );
    expect(unused).toEqual([]);
  });

  it('gives each top folder of src a place in the layers', () => {
    const tops = readdirSync(SRC).filter((name) => statSync(join(SRC, name)).isDirectory());
    expect(tops.filter((name) => LAYERS[name] === undefined)).toEqual([]);
  });

  it('speaks of no chain in the engine', () => {
    const words = /\b(starknet|cairo|sierra|casm|felt|pedersen|poseidon|aztec|avalanche|coreth|ledger)\b/i;
    const wrong = shipped
      .filter((file) => /^(engine|store|serve|lib)\//.test(file.path))
      .filter((file) => words.test(withoutComments(file.text)))
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });
});

function listSources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'gen' ? [] : listSources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$|\s\/\/ .*$/gm, '');
}

function topOf(path: string): string {
  return path.split('/')[0] as string; // split never gives an empty list
}

function chainOf(path: string): string | null {
  const [top, chain] = path.split('/');
  return top === 'chains' && chain !== undefined && !chain.endsWith('.ts') ? chain : null;
}

/** The folder whose index is its face: a top folder, or one chain, or one devnet. */
function unitOf(path: string): string {
  const [top, second, third] = path.split('/') as [string, string | undefined, string | undefined];
  const nested = (top === 'chains' || top === 'devnet' || top === 'serve') && third !== undefined;
  return nested ? `${top}/${second}` : top;
}

/** Entries of the package's `exports`, as paths in src. */
function exportedEntries(): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(SRC, '..', 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return new Set(
    Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry.default.replace('./dist/', '').replace(/\.js$/, '.ts')],
    ),
  );
}
