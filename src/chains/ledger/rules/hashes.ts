import { hash } from 'node:crypto';
import type { Hash32 } from '../../../engine/index.ts';
import { concatBytes } from '../../../lib/index.ts';
import { ADDRESS_BYTES } from '../params.ts';
import type { Address, Header, PublicKey } from '../types.ts';
import { encodeHeader } from '../wire/header-codec.ts';

/** sha256 (FIPS 180-4). The native one-shot function: three times the speed of the plain one on 64 bytes. */
export function sha256(bytes: Uint8Array): Hash32 {
  // A copy: the native result is a Buffer, whose methods differ from those of Uint8Array.
  return new Uint8Array(hash('sha256', bytes, 'buffer')) as Hash32; // sha256 gives 32 bytes
}

/** A block's hash: over everything its header says, and so over its chain id and transfers. */
export function blockHash(header: Header): Hash32 {
  return sha256(concatBytes(BLOCK_DOMAIN, encodeHeader(header)));
}

/**
 * A transfer's id, which its sender signs. It covers the chain id, or the transfer could be replayed on another
 * chain, and not the signature, so nobody but the sender can give a transfer two ids.
 *
 * @param unsigned The transfer's encoding without its signature.
 */
export function transferId(chainId: string, unsigned: Uint8Array): Hash32 {
  return sha256(concatBytes(TRANSFER_DOMAIN, Uint8Array.of(chainId.length), Buffer.from(chainId, 'latin1'), unsigned));
}

/**
 * Merkle root over encoded transfers, signatures included: RFC 6962 section 2.1 with sha256, so leaves and inner
 * nodes cannot be taken for one another. The root of no transfers is sha256 of nothing.
 */
export function transactionsRoot(transfers: readonly Uint8Array[]): Hash32 {
  if (transfers.length === 0) return sha256(new Uint8Array(0));
  let level = transfers.map((bytes) => sha256(concatBytes(LEAF, bytes)));
  while (level.length > 1) {
    const above: Hash32[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Hash32; // i < level.length
      const right = level[i + 1];
      above.push(right === undefined ? left : sha256(concatBytes(NODE, left, right)));
    }
    level = above;
  }
  return level[0] as Hash32; // one is left
}

export function addressOf(key: PublicKey): Address {
  return sha256(key).slice(0, ADDRESS_BYTES) as Address; // 20 bytes
}

const BLOCK_DOMAIN = Buffer.from('syncline/ledger/block/1', 'latin1');
const TRANSFER_DOMAIN = Buffer.from('syncline/ledger/transfer/1', 'latin1');
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
