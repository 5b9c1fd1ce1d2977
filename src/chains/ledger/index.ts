export { ledger } from './ledger.ts';
export {
  ARCHIVE_MEMOS_MAX,
  type LedgerGenesis,
  type LedgerOptions,
  type LedgerParams,
  MEMO_BYTES_MAX,
  parseLedgerOptions,
  TRANSACTIONS_MAX,
} from './params.ts';
export { accountKey, decodeAccount } from './rules/accounts.ts';
export { createLedgerRules } from './rules/create-rules.ts';
export { executeGenesis, executeTransfers } from './rules/execute.ts';
export { genesisHash, genesisHeader } from './rules/genesis.ts';
export { addressOf, blockHash, sha256, transactionsRoot, transferId } from './rules/hashes.ts';
export { memoKey } from './rules/memos.ts';
export { commitAccounts } from './rules/state-trie.ts';
export {
  type BlockProvider,
  createLedgerSource,
  type LedgerSourceOptions,
  type ProvidedBlock,
} from './sources/provider-source.ts';
export type * from './types.ts';
export { decodeBlock, encodeBlock } from './wire/block-codec.ts';
export { decodeSignedHeader, encodeSignedHeader } from './wire/header-codec.ts';
export { decodeArchivedMemos, encodeArchivedMemos } from './wire/memo-codec.ts';
export {
  decodeTransactions,
  encodeTransactions,
  encodeTransfer,
  encodeUnsignedTransfer,
} from './wire/transactions-codec.ts';
