import type { BlockSignature } from '../types.ts';
import { StoredReader } from './stored-reader.ts';
import { StoredWriter } from './stored-writer.ts';

/** Encodes a block signature for the store, in the layout of `layout.ts`. */
export function encodeSignature(signature: BlockSignature): Uint8Array {
  const writer = new StoredWriter();
  writer.byte(signature.form === 'block-hash' ? BLOCK_HASH : BLOCK_HASH_AND_DIFF);
  writer.felt(signature.blockHash);
  writer.felt(signature.r);
  writer.felt(signature.s);
  if (signature.form === 'block-hash-and-diff') {
    writer.varint(signature.blockNumber);
    writer.felt(signature.stateDiffCommitment);
  }
  return writer.finish();
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeSignature(bytes: Uint8Array): BlockSignature {
  const reader = new StoredReader(bytes, 'signature');
  const form = reader.flags(BLOCK_HASH_AND_DIFF);
  const common = { blockHash: reader.felt(), r: reader.felt(), s: reader.felt() };
  const signature: BlockSignature =
    form === BLOCK_HASH
      ? { form: 'block-hash', ...common }
      : {
          form: 'block-hash-and-diff',
          ...common,
          blockNumber: reader.varint(),
          stateDiffCommitment: reader.felt(),
        };
  reader.end();
  return signature;
}

const BLOCK_HASH = 0;
const BLOCK_HASH_AND_DIFF = 1;
