import { gunzipSync, gzipSync } from 'node:zlib';
import type { Felt } from '../../chains/starknet/index.ts';
import {
  parseBundle,
  parseJsonBytes,
  renderBareSignature,
  renderBlock,
  renderStateUpdate,
} from '../../chains/starknet/wire/index.ts';
import { type BlockRef, type Height, parseHash32, parseHeight } from '../../engine/index.ts';
import { SynclineError, toHex } from '../../lib/index.ts';
import type { DevnetBlock } from './seal-block.ts';

/** A block as it is kept. */
export interface ShelvedBlock {
  readonly ref: BlockRef;
  readonly stateRoot: Felt;
  readonly timestampS: number;
  /** `{"block":…,"state_update":…,"signature":[r,s]}`, gzipped: what most requests are answered with as it is. */
  readonly bundle: Uint8Array;
}

/**
 * The blocks of the current branch. What they take is their compressed JSON, some 5 KiB for a block of default size:
 * nothing is cached in another form, whatever is asked for.
 */
export class BlockShelf {
  readonly #blocks: ShelvedBlock[] = [];
  readonly #heights = new Map<string, Height>();

  get length(): number {
    return this.#blocks.length;
  }

  get last(): ShelvedBlock | null {
    return this.#blocks.at(-1) ?? null;
  }

  /** @param added At the next height. */
  push(added: DevnetBlock): void {
    const { header } = added.block;
    const ref = { height: parseHeight(header.number), hash: parseHash32(header.hash) };
    this.#heights.set(toHex(ref.hash), ref.height);
    const { stateRoot, timestampS } = header;
    this.#blocks.push({ ref, stateRoot, timestampS, bundle: encodeBundle(added) });
  }

  drop(count: number): void {
    for (const { ref } of this.#blocks.splice(this.#blocks.length - count, count)) {
      this.#heights.delete(toHex(ref.hash));
    }
  }

  at(height: number): ShelvedBlock | null {
    return this.#blocks[height] ?? null;
  }

  /** @param hash 32 bytes. */
  heightOf(hash: Uint8Array): Height | null {
    return this.#heights.get(toHex(hash)) ?? null;
  }
}

/** JSON as the gateway's `get_state_update?includeBlock=true&includeSignature=true` answers, gzipped. */
export function encodeBundle({ block, stateUpdate, signature }: DevnetBlock): Uint8Array {
  const json = JSON.stringify({
    block: renderBlock(block),
    state_update: renderStateUpdate(stateUpdate),
    signature: renderBareSignature(signature),
  });
  return gzipSync(json, { level: 1 });
}

/** The block that `encodeBundle` was given. */
export function decodeBundle(bundle: Uint8Array): DevnetBlock {
  const { block, stateUpdate, signature } = parseBundle(parseJsonBytes(gunzipSync(bundle), 'block of the devnet'));
  if (signature === null) throw new SynclineError('DEVNET_UNSIGNED', 'bug', 'a block of the devnet lost its signature');
  return { block, stateUpdate, signature };
}
