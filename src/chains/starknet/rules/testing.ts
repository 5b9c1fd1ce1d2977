import type { StateView } from '../../../engine/index.ts';
import { NETWORKS, type NetworkParams } from '../params.ts';
import type { Block, BlockSignature, StateUpdate } from '../types.ts';
import { parseBareSignature, parseBlock, parseSignature, parseStateUpdate } from '../wire/index.ts';

/** One entry of the published vectors' `manifest.json`, which says where each capture is from and what it proves. */
export interface VectorFile {
  readonly file: string;
  readonly network: string;
  readonly kind: string;
  readonly number: number | null;
  readonly transactions?: number;
  readonly proves: {
    readonly block_hash?: boolean | string;
    readonly block_hash_form?: string | null;
    readonly transaction_hashes?: boolean;
    readonly header_commitments?: Readonly<Record<'transactions' | 'events' | 'receipts', string | null>>;
    readonly state_diff_commitment?: boolean;
    readonly old_state_diff_commitment?: boolean;
    readonly signature?: boolean | string;
    readonly format?: string;
  };
}

/** The published vectors, parsed on demand. */
export interface StarknetVectors {
  /** False where there are none: the tests that need them skip. */
  readonly areThere: boolean;
  /** All files of the manifest, none without vectors. */
  readonly files: readonly VectorFile[];
  /** The JSON of a file, by its path below the folder `starknet`; the caller knows its shape. */
  json(file: string): unknown;
  block(file: string): Block;
  stateUpdate(file: string): StateUpdate;
  signature(file: string): BlockSignature;
  /** A block together with its state update, and its signature where the capture has one. */
  bundle(file: string): Bundle;
}

export interface Bundle {
  readonly block: Block;
  readonly stateUpdate: StateUpdate;
  readonly signature: BlockSignature | null;
}

/** @param read Reads a file below the folder `starknet` as text, null where there are no vectors. */
export function openVectors(read: ((file: string) => string) | null): StarknetVectors {
  const json = (file: string): unknown => {
    if (read === null) throw new Error('there are no vectors');
    return JSON.parse(read(file));
  };
  return {
    areThere: read !== null,
    files: read === null ? [] : (json('manifest.json') as { files: VectorFile[] }).files,
    json,
    block: (file) => parseBlock(json(file)),
    stateUpdate: (file) => parseStateUpdate(json(file)),
    signature: (file) => parseSignature(json(file)),
    bundle(file) {
      const parts = json(file) as { block: unknown; state_update: unknown; signature?: unknown };
      const block = parseBlock(parts.block);
      const signature = parts.signature === undefined ? null : parseBareSignature(parts.signature, block.header.hash);
      return { block, stateUpdate: parseStateUpdate(parts.state_update), signature };
    },
  };
}

/** The preset of a folder of the vectors, which are named without the family. */
export function networkOf(folder: string): NetworkParams {
  const network = NETWORKS[`starknet-${folder}`];
  if (network === undefined) throw new Error(`no preset for ${folder}`);
  return network;
}

/** State and tries in maps: enough of a store for the rules. */
export interface MemoryState {
  readonly view: StateView;
  get(table: 'state' | 'trie', key: Uint8Array): Uint8Array | undefined;
  set(table: string, key: Uint8Array, value: Uint8Array | null): void;
  /** How many records the table holds. */
  size(table: 'state' | 'trie'): number;
}

export function createMemoryState(): MemoryState {
  const tables = new Map<string, Map<string, Uint8Array>>();
  const tableOf = (name: string) => {
    const table = tables.get(name) ?? new Map<string, Uint8Array>();
    tables.set(name, table);
    return table;
  };
  const id = (key: Uint8Array) => Buffer.from(key).toString('hex');
  return {
    get: (table, key) => tableOf(table).get(id(key)),
    set(table, key, value) {
      if (value === null) tableOf(table).delete(id(key));
      else tableOf(table).set(id(key), value.slice());
    },
    size: (table) => tableOf(table).size,
    view: {
      get: (table, key) => tableOf(table).get(id(key)),
      range() {
        throw new Error('the rules look up single keys');
      },
      [Symbol.dispose]() {},
    },
  };
}
