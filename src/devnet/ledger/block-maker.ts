import {
  type Address,
  accountKey,
  decodeAccount,
  encodeSignedHeader,
  encodeTransactions,
  encodeTransfer,
  executeGenesis,
  executeTransfers,
  genesisHeader,
  type LedgerParams,
  type SignedHeader,
  type Transfer,
  transactionsRoot,
} from '../../chains/ledger/index.ts';
import { type BlockRef, type Hash32, type Height, parseHeight, type StateTransition } from '../../engine/index.ts';
import type { DevnetState } from './devnet-state.ts';
import type { MemoShelf } from './memo-shelf.ts';
import type { LedgerDevnetOptions } from './options.ts';
import type { SeededRandom } from './random.ts';
import { type SigningKey, signHeader, signTransfer } from './signing-key.ts';

/** One block of the devnet: what it says and the bytes that say it. */
export interface DevnetBlock {
  readonly ref: BlockRef;
  readonly hash: Hash32;
  readonly signed: SignedHeader;
  readonly transfers: readonly Transfer[];
  /** Part `header`. */
  readonly header: Uint8Array;
  /** Part `transactions`, also of an empty block. */
  readonly transactions: Uint8Array;
}

/** Makes the next block on top of a parent; the state must be the parent's, and is the block's afterwards. */
export interface BlockMaker {
  genesis(): DevnetBlock;
  /** @param branch Number of the branch: children of one parent on different branches differ in their time. */
  next(parent: DevnetBlock, branch: number): DevnetBlock;
}

export interface BlockMakerParts {
  readonly params: LedgerParams;
  readonly options: Required<LedgerDevnetOptions>;
  readonly random: SeededRandom;
  readonly state: DevnetState;
  readonly memos: MemoShelf;
  /** In the order of `params.validators`. */
  readonly validators: readonly SigningKey[];
  readonly accounts: readonly SigningKey[];
}

export function createBlockMaker(parts: BlockMakerParts): BlockMaker {
  const { params, options, random, state, validators } = parts;
  return {
    genesis() {
      state.advance((transition) => executeGenesis(params, transition));
      const header = genesisHeader(params);
      return finishBlock(signHeader(validators[0] as SigningKey, header), []); // the parser wants one validator
    },
    next(parent, branch) {
      const height = parseHeight(parent.ref.height + 1);
      const transfers: Transfer[] = [];
      const count = random.chance(options.emptyShare) ? 0 : 1 + random.below(options.transfersMax);
      const appHash = state.advance((transition) => {
        for (let i = 0; i < count; i++) {
          const transfer = makeTransfer(parts, transition);
          if (transfer === null) break;
          executeTransfers(params, transition, [transfer], height);
          transfers.push(transfer);
        }
      });
      const proposer = random.pick(validators);
      const header = {
        chainId: params.chainId,
        height,
        parentHash: parent.hash,
        timestampS: parent.signed.header.timestampS + options.intervalS + branch,
        proposer: proposer.publicKey,
        transactionsRoot: transactionsRoot(transfers.map(encodeTransfer)),
        transactionCount: transfers.length,
        appHash,
      };
      return finishBlock(signHeader(proposer, header), transfers);
    },
  };
}

/** Encodes a block's two parts. */
export function finishBlock(signed: SignedHeader, transfers: readonly Transfer[]): DevnetBlock {
  const { hash } = signed;
  const height: Height = signed.header.height;
  return {
    ref: { height, hash },
    hash,
    signed,
    transfers,
    header: encodeSignedHeader(signed),
    transactions: encodeTransactions({ blockHash: hash, transfers }),
  };
}

/** A transfer that its sender can make in this state, `null` when nobody has anything left. */
function makeTransfer(parts: BlockMakerParts, state: StateTransition): Transfer | null {
  const { params, options, random, memos, accounts } = parts;
  const load = (address: Address) => decodeAccount(state.get(accountKey(address)));
  const solvent = accounts.filter(({ address }) => load(address).balance > 0n);
  if (solvent.length === 0) return null;
  const sender = random.pick(solvent);
  const { balance, nonce } = load(sender.address);
  const to = random.chance(options.newAccountShare)
    ? (random.bytes(20) as Address) // addresses are 20 bytes
    : random.pick(accounts).address;
  // At most an eighth, so that money stays where keys are.
  const amount = BigInt(1 + random.below(Math.min(Number(balance / 8n) + 1, 2 ** 32)));
  const memo = random.chance(options.memoShare) ? memos.write() : null;
  return signTransfer(sender, params.chainId, { to, amount: amount > balance ? balance : amount, nonce, memo });
}
