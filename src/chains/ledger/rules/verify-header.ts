import type { Hash32, Height } from '../../../engine/index.ts';
import { equalBytes, toHex } from '../../../lib/index.ts';
import type { LedgerParams } from '../params.ts';
import type { PartName, PublicKey, SignedHeader } from '../types.ts';
import { blockHash } from './hashes.ts';
import { rejected, type Verdict } from './reject.ts';
import type { SignatureChecker } from './signatures.ts';

/** Verifies headers on their own: everything but the link to the parent, which is the engine's to check. */
export interface HeaderVerifier {
  /**
   * @param part Which candidate the header came in, for the verdict.
   * @throws {SynclineError} `BLOCK_REJECTED` (fault `peer`), with `check` `chain-id`, `height`, `block-hash`,
   *   `genesis`, `proposer` or `signature`.
   */
  verify(signed: SignedHeader, height: Height, part: PartName): void;
}

export function createHeaderVerifier(
  params: LedgerParams,
  genesisHash: Hash32,
  signatures: SignatureChecker,
): HeaderVerifier {
  const validators = new Set(params.validators.map(toHex));
  const isValidator = (key: PublicKey) => validators.has(toHex(key));

  return {
    verify(signed, height, part) {
      const { header, hash } = signed;
      const fail = (check: string, expected: Verdict['expected'], got: Verdict['got']) =>
        rejected({ check, expected, got, height, hash, parts: [part] });

      if (header.chainId !== params.chainId) throw fail('chain-id', params.chainId, header.chainId);
      if (header.height !== height) throw fail('height', height, header.height);
      const computed = blockHash(header);
      if (!equalBytes(computed, hash)) throw fail('block-hash', computed, hash);
      if (height === 0 && !equalBytes(computed, genesisHash)) throw fail('genesis', genesisHash, computed);
      if (!isValidator(header.proposer)) throw fail('proposer', 'a validator of the chain', header.proposer);
      if (!signatures.verify(header.proposer, hash, signed.signature)) {
        throw fail('signature', 'a signature of the proposer over the block hash', signed.signature);
      }
    },
  };
}
