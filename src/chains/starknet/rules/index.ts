export { type BlockHashForm, blockHashForms, computeBlockHash, recomputedBlockHash } from './block-hash.ts';
export type { CheckName, CheckResult } from './check-result.ts';
export { classNeeds, type LatePartName } from './class-needs.ts';
export {
  CLASSES_TRIE_PREFIX,
  CONTRACTS_TRIE_PREFIX,
  commitState,
  STATE_TRIE_HEIGHT,
  stateRoot,
  storageTriePrefix,
} from './commit-state.ts';
export {
  type CommitmentEra,
  commitmentEra,
  eventCommitment,
  eventCount,
  receiptCommitment,
  transactionCommitment,
} from './commitments.ts';
export { createStarknetRules, type StarknetRulesOptions } from './create-rules.ts';
export {
  ERA_BLOCKS,
  type EventList,
  eventIndexHeight,
  eventIndexKey,
  eventIndexWrites,
  firstKeyBit,
  firstKeyBits,
  LIST_OF_CROWDED,
  listOfEmitter,
  listOfKey,
} from './event-index.ts';
export { TRANSACTION_INDEX, transactionIndexKey } from './examine.ts';
export { classesNamedBy, executeDiff } from './execute.ts';
export { l1HandlerHashes } from './l1-handler-hashes.ts';
export { checkSignature, createSignatureVerifier, signatureMessage } from './signature.ts';
export { olderStateDiffCommitment, stateDiffCommitment, stateDiffLength } from './state-diff-commitment.ts';
export * from './state-keys.ts';
export { contractStateHash } from './state-leaves.ts';
export {
  type DeclaredHash,
  declaredHashes,
  readClass,
  readCompiledClass,
  type StoredCompiledClass,
} from './stored-classes.ts';
export { computeTransactionHashes, type TransactionHash } from './transaction-hash.ts';
export {
  type BlockVerdict,
  findCheck,
  type SignaturePolicy,
  type VerifyBlockInput,
  verifyBlock,
} from './verify-block.ts';
export { type Capture, type VerifyCapturesInput, verifyCaptures } from './verify-captures.ts';
export type { ClassCapture } from './verify-class-captures.ts';
