import type { Brand } from '../../lib/index.ts';

/** A field element: 32 bytes, big-endian, below P = 2^251 + 17·2^192 + 1. Only a parser makes one. */
export type Felt = Brand<Uint8Array, 'Felt'>;

/** Field elements in one flat buffer, 32 bytes each, in order. */
export type Felts = Brand<Uint8Array, 'Felts'>;

/** Unsigned 128-bit amounts and prices are felts; `null` where the gateway gives none. */
export type Price = Felt | null;

/** Prices in the two fee tokens: `wei` of ETH, `fri` of STRK. */
export interface ResourcePrice {
  readonly wei: Price;
  readonly fri: Price;
}

/**
 * A block header as the gateway renders it. The gateway renders old blocks in the newest shape with filler, so
 * the rules decide by `version` and `number`, never by which fields are there.
 */
export interface Header {
  readonly number: number;
  readonly hash: Felt;
  readonly parentHash: Felt;
  readonly stateRoot: Felt;
  /** Seconds since the Unix epoch. */
  readonly timestampS: number;
  /** Absent before 0.8. */
  readonly sequencerAddress: Felt | null;
  /** Verbatim, hashed verbatim; empty where absent. */
  readonly version: string;
  /** As stated by the gateway; advisory below 0.13.2. */
  readonly transactionCommitment: Felt | null;
  readonly eventCommitment: Felt | null;
  readonly receiptCommitment: Felt | null;
  readonly stateDiffCommitment: Felt | null;
  readonly stateDiffLength: number | null;
  readonly l1GasPrice: ResourcePrice;
  readonly l1DataGasPrice: ResourcePrice;
  readonly l2GasPrice: ResourcePrice;
  readonly l1DaMode: 'CALLDATA' | 'BLOB' | null;
  /** A hint of the gateway, never proof of finality. */
  readonly status: 'ACCEPTED_ON_L2' | 'ACCEPTED_ON_L1';
}

/** Bounds of one resource in a version 3 transaction, each a felt. */
export interface ResourceBound {
  readonly maxAmount: Felt;
  readonly maxPricePerUnit: Felt;
}

/** Fields every version 3 transaction carries. */
export interface V3Fields {
  readonly nonce: Felt;
  readonly tip: Felt;
  readonly l1Gas: ResourceBound;
  readonly l2Gas: ResourceBound;
  /** `null` when the field is absent: its presence is hashed. */
  readonly l1DataGas: ResourceBound | null;
  readonly paymasterData: Felts;
  /** 0 for L1, 1 for L2. */
  readonly nonceDataAvailabilityMode: number;
  readonly feeDataAvailabilityMode: number;
}

interface Common {
  readonly hash: Felt;
  readonly version: number;
  readonly signature: Felts;
}

export type Transaction = Common &
  (
    | {
        readonly type: 'INVOKE_V0';
        readonly contractAddress: Felt;
        readonly selector: Felt;
        readonly calldata: Felts;
        readonly maxFee: Felt;
        /** Before 0.8 the gateway typed L1 handlers as invokes. */
        readonly entryPointType: 'EXTERNAL' | 'L1_HANDLER' | null;
        readonly nonce: Felt | null;
      }
    | {
        readonly type: 'INVOKE_V1';
        readonly senderAddress: Felt;
        readonly calldata: Felts;
        readonly maxFee: Felt;
        readonly nonce: Felt;
      }
    | ({
        readonly type: 'INVOKE_V3';
        readonly senderAddress: Felt;
        readonly calldata: Felts;
        readonly accountDeploymentData: Felts;
        readonly proofFacts: Felts;
      } & V3Fields)
    | {
        readonly type: 'DECLARE_V0' | 'DECLARE_V1' | 'DECLARE_V2';
        readonly senderAddress: Felt;
        readonly classHash: Felt;
        readonly maxFee: Felt;
        readonly nonce: Felt;
        /** Version 2 only. */
        readonly compiledClassHash: Felt | null;
      }
    | ({
        readonly type: 'DECLARE_V3';
        readonly senderAddress: Felt;
        readonly classHash: Felt;
        readonly compiledClassHash: Felt;
        readonly accountDeploymentData: Felts;
      } & V3Fields)
    | {
        readonly type: 'DEPLOY';
        readonly contractAddress: Felt;
        readonly classHash: Felt;
        readonly contractAddressSalt: Felt;
        readonly constructorCalldata: Felts;
      }
    | {
        readonly type: 'DEPLOY_ACCOUNT_V1';
        readonly contractAddress: Felt;
        readonly classHash: Felt;
        readonly contractAddressSalt: Felt;
        readonly constructorCalldata: Felts;
        readonly maxFee: Felt;
        readonly nonce: Felt;
      }
    | ({
        readonly type: 'DEPLOY_ACCOUNT_V3';
        readonly contractAddress: Felt;
        readonly classHash: Felt;
        readonly contractAddressSalt: Felt;
        readonly constructorCalldata: Felts;
      } & V3Fields)
    | {
        readonly type: 'L1_HANDLER';
        readonly contractAddress: Felt;
        readonly selector: Felt;
        readonly calldata: Felts;
        /** Absent in old captures. */
        readonly nonce: Felt | null;
      }
  );

export interface Event {
  readonly fromAddress: Felt;
  readonly keys: Felts;
  readonly data: Felts;
}

export interface MessageToL1 {
  readonly fromAddress: Felt;
  /** An Ethereum address, as a felt. */
  readonly toAddress: Felt;
  readonly payload: Felts;
}

export interface MessageToL2 {
  readonly fromAddress: Felt;
  readonly toAddress: Felt;
  readonly selector: Felt;
  readonly payload: Felts;
  readonly nonce: Felt | null;
}

/** Gas in units; safe integers. */
export interface GasVector {
  readonly l1Gas: number;
  readonly l1DataGas: number;
  readonly l2Gas: number;
}

export interface ExecutionResources {
  readonly steps: number;
  readonly memoryHoles: number;
  /** Builtin name as the gateway writes it → count. */
  readonly builtins: Readonly<Record<string, number>>;
  readonly dataAvailability: GasVector | null;
  readonly totalGasConsumed: GasVector | null;
}

export interface Receipt {
  readonly transactionHash: Felt;
  readonly transactionIndex: number;
  readonly actualFee: Felt;
  readonly events: readonly Event[];
  readonly messagesToL1: readonly MessageToL1[];
  readonly consumedMessage: MessageToL2 | null;
  /** The revert reason, or null when the transaction succeeded. */
  readonly revertError: string | null;
  readonly executionResources: ExecutionResources | null;
}

export interface Block {
  readonly header: Header;
  readonly transactions: readonly Transaction[];
  /** Same length and order as the transactions. */
  readonly receipts: readonly Receipt[];
}

export interface StorageEntry {
  readonly key: Felt;
  readonly value: Felt;
}

/** What a block changed. Lists are in the gateway's order. */
export interface StateDiff {
  readonly storageDiffs: readonly { readonly address: Felt; readonly entries: readonly StorageEntry[] }[];
  readonly nonces: readonly { readonly address: Felt; readonly nonce: Felt }[];
  readonly deployedContracts: readonly { readonly address: Felt; readonly classHash: Felt }[];
  readonly replacedClasses: readonly { readonly address: Felt; readonly classHash: Felt }[];
  /** Cairo 0 class hashes. */
  readonly oldDeclaredContracts: readonly Felt[];
  readonly declaredClasses: readonly { readonly classHash: Felt; readonly compiledClassHash: Felt }[];
  readonly migratedCompiledClasses: readonly { readonly classHash: Felt; readonly compiledClassHash: Felt }[];
}

export interface StateUpdate {
  readonly blockHash: Felt;
  readonly newRoot: Felt;
  readonly oldRoot: Felt;
  readonly stateDiff: StateDiff;
}

/** The sequencer's signature of a block, in either of the two forms the gateway has used. */
export type BlockSignature =
  /** Signs the block hash. */
  | { readonly form: 'block-hash'; readonly blockHash: Felt; readonly r: Felt; readonly s: Felt }
  /** Signs Poseidon(block hash, state diff commitment in the older form). */
  | {
      readonly form: 'block-hash-and-diff';
      readonly blockNumber: number;
      readonly blockHash: Felt;
      readonly stateDiffCommitment: Felt;
      readonly r: Felt;
      readonly s: Felt;
    };
