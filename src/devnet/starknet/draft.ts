import type { ClassHashers } from '../../chains/starknet/classes/index.ts';
import type { Felt, Header, Receipt, StateDiff, Transaction } from '../../chains/starknet/index.ts';
import type { FeltHasher } from '../../crypto/index.ts';
import type { GivenDeclaration } from './given-class.ts';
import type { DevnetRandom } from './random.ts';
import type { DevnetClass, DevnetContract, DevnetWorld } from './world.ts';

/** What a block holds before anything is hashed: transaction hashes are zero, in the receipts too. */
export interface BlockDraft {
  readonly transactions: readonly Transaction[];
  readonly receipts: readonly Receipt[];
  readonly stateDiff: StateDiff;
}

/** A transaction with its receipt, whose index is not yet right. */
export interface TransactionDraft {
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

/** What the transactions of a block changed, as far as it follows from them; for the state diff. */
export interface BlockChanges {
  readonly deployed: DevnetContract[];
  /** Classes that came into being, declared or not. */
  readonly made: DevnetClass[];
  /** Declared Sierra classes, and Cairo 0 classes. */
  readonly declared: { readonly classHash: Felt; readonly compiledClassHash: Felt }[];
  readonly oldDeclared: Felt[];
  /** Accounts whose nonce rose. */
  readonly senders: Set<DevnetContract>;
}

/** Where a block is drafted: everything that its making may use. */
export interface DraftSite {
  readonly hasher: FeltHasher;
  readonly classHashers: ClassHashers;
  /** Names the block's random numbers: `seed … branch … block …`. */
  readonly label: string;
  readonly height: number;
  /** Protocol version of the block. */
  readonly version: string;
  readonly random: DevnetRandom;
  readonly world: DevnetWorld;
  readonly prices: GasPrices;
  readonly changes: BlockChanges;
  /** Classes from elsewhere that this block declares. */
  readonly given: readonly GivenDeclaration[];
  /** Accounts that send this block's invokes and declarations: a few, as the busy ones of a real block are. */
  readonly active: readonly DevnetContract[];
}

/** Prices of a unit of gas in fri (10^-18 STRK), as fees are computed with. */
export interface GasPrices {
  readonly l1DataFri: bigint;
  readonly l2Fri: bigint;
  /** As the header states them. */
  readonly header: Pick<Header, 'l1GasPrice' | 'l1DataGasPrice' | 'l2GasPrice'>;
}

export function noChanges(): BlockChanges {
  return { deployed: [], made: [], declared: [], oldDeclared: [], senders: new Set() };
}
