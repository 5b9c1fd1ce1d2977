import { createFeltHasher, type FeltHasher } from '../../../crypto/index.ts';
import type { ChainRules } from '../../../engine/index.ts';
import { SynclineError } from '../../../lib/index.ts';
import { type ClassHashers, createClassHashers } from '../classes/index.ts';
import type { NetworkParams } from '../params.ts';
import { decodeStateDiff } from '../stored/index.ts';
import { createAudit } from './audit.ts';
import { createStateBuild } from './build-state.ts';
import { hasClassPart } from './class-needs.ts';
import { createStateCommitter } from './commit-state.ts';
import { blockNeeds, type ExamineContext, examine } from './examine.ts';
import { examineClassPart } from './examine-class.ts';
import { executeDiff } from './execute.ts';
import { createSignatureVerifier } from './signature.ts';
import { STATE } from './state-keys.ts';
import type { SignaturePolicy } from './verify-block.ts';

export interface StarknetRulesOptions {
  readonly network: NetworkParams;
  /** What a missing or false block signature means, default `fail`. Missing ones matter from 0.13.2 on. */
  readonly signaturePolicy?: SignaturePolicy;
  /** Published 0.13.2-form hashes of this network's older blocks, 32 bytes each, from block 0; null without. */
  readonly hashTable?: Uint8Array | null;
  /** Default: the fastest one there is. */
  readonly hasher?: FeltHasher;
}

/** The rules of one Starknet network. */
export function createStarknetRules(options: StarknetRulesOptions): ChainRules {
  const { network, signaturePolicy = 'fail', hashTable = null, hasher = createFeltHasher() } = options;
  const signatureVerifier = createSignatureVerifier(network);
  const context: ExamineContext = { hasher, network, signaturePolicy, signatureVerifier, hashTable };
  const committer = createStateCommitter(hasher);
  // Made when the first class comes: whoever only applies blocks needs none.
  let classHashers: ClassHashers | null = null;
  return {
    needs: blockNeeds,
    examine: (input) => examine(context, input),
    has: hasClassPart,
    examinePart(need, candidate) {
      classHashers ??= createClassHashers(hasher);
      return examineClassPart(classHashers, need, candidate);
    },
    execute(state, block) {
      const bytes = block.parts.stateDiff;
      if (bytes === undefined) {
        throw new SynclineError('PART_MISSING', 'bug', `block ${block.ref.height} was sealed without its state diff`, {
          data: { height: block.ref.height },
        });
      }
      executeDiff(state, decodeStateDiff(bytes));
    },
    commitState: (view, changed, { protocolVersion }) => committer.commit(view, changed, protocolVersion),
    buildState: ({ protocolVersion }, cursor) => createStateBuild({ hasher, version: protocolVersion, cursor }),
    derivedState: [STATE.storageRoot],
    audit: createAudit(context),
  };
}
