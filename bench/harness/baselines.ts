import { readFileSync } from 'node:fs';

/** What `npm run bench:setup` installs, as far as it is used here. Types of our own: it may not be there. */
export interface EthereumTries {
  createMPT(): Promise<EthereumTrie>;
  verifyMerkleRangeProof(
    root: Uint8Array,
    firstKey: Uint8Array | null,
    lastKey: Uint8Array | null,
    keys: Uint8Array[],
    values: Uint8Array[],
    proof: Uint8Array[] | null,
  ): Promise<boolean>;
}

export interface EthereumTrie {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  root(): Uint8Array;
}

/** `@ethereumjs/mpt`, null when it is not installed. */
export function loadEthereumTries(): Promise<EthereumTries | null> {
  return load<EthereumTries>('@ethereumjs/mpt');
}

export interface Barretenberg {
  readonly BackendType: { readonly Wasm: string };
  readonly BarretenbergSync: { new: (options: object) => Promise<BarretenbergSync> };
}

export interface BarretenbergSync {
  /** Fields are 32 bytes, big-endian. */
  poseidon2Hash(command: { readonly inputs: readonly Uint8Array[] }): { readonly hash: Uint8Array };
}

/** The synchronous single-thread WASM of `@aztec/bb.js`, null when it is not installed. */
export async function loadBarretenberg(): Promise<BarretenbergSync | null> {
  const module = await load<Barretenberg>('@aztec/bb.js');
  if (module === null) return null;
  return module.BarretenbergSync.new({ backend: module.BackendType.Wasm });
}

/** Name and pinned version of a baseline, as the rows show it. */
export function nameOfBaseline(name: '@ethereumjs/mpt' | '@aztec/bb.js'): string {
  // This module runs from bench/dist/bench/harness.
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { readonly dependencies: Readonly<Record<string, string>> };
  return `${name} ${dependencies[name]}`;
}

async function load<Module>(name: string): Promise<Module | null> {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}
