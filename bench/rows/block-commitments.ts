import { parseNetwork } from '../../src/chains/starknet/index.ts';
import { findCheck, verifyBlock } from '../../src/chains/starknet/rules/index.ts';
import type { Block } from '../../src/chains/starknet/types.ts';
import { parseBlock, parseJsonBytes } from '../../src/chains/starknet/wire/index.ts';
import type { FeltHasher } from '../../src/crypto/index.ts';
import type { Bench } from '../harness/bench.ts';
import { compete } from '../harness/compete.ts';
import { noFigures } from '../harness/row.ts';
import { NO_VECTORS, readVector } from '../harness/vectors.ts';

const BENCH = 'block-commitments-65000';
const WARM_UP_ROUNDS = 4;

/** Everything that a block before 0.13.2 commits to: all of it is Pedersen. */
export const blockCommitments: Bench = {
  rows: [BENCH],
  async *run({ rounds, hasher: fastest }) {
    const frame = {
      bench: BENCH,
      unit: 'ms CPU',
      baselineName: null,
      goal: { figure: 'ours', atMost: 200 },
    } as const;
    const bytes = readVector('starknet/mainnet/block/65000.json');
    if (bytes === null) {
      yield { ...frame, workload: 'block 65000', checked: false, figures: noFigures, skipped: NO_VECTORS };
      return;
    }
    const counting = countHashes(fastest());
    requireTrue(verify(counting.hasher, parse(bytes)));
    const hasher = fastest();
    const figures = await compete<Block>({
      rounds,
      warmUpRounds: WARM_UP_ROUNDS,
      makeInput: () => parse(bytes),
      ours: {
        run(block) {
          verify(hasher, block);
          return 1;
        },
      },
      baseline: null,
      by: 'cpu',
      figure: 'time',
    });
    const { transactions, receipts } = parse(bytes);
    const events = receipts.reduce((sum, receipt) => sum + receipt.events.length, 0);
    yield {
      ...frame,
      workload:
        `hashes of the ${transactions.length} transactions, the commitments to them and to the ${events} events, and ` +
        'the block hash, of the parsed block',
      checked: true,
      figures,
      detail: { hashes: counting.count(), checkedBy: "the block's own hash" },
      warmUpRounds: WARM_UP_ROUNDS,
    };
  },
};

function parse(bytes: Uint8Array): Block {
  return parseBlock(parseJsonBytes(bytes, BENCH));
}

function verify(hasher: FeltHasher, block: Block) {
  return verifyBlock({
    hasher,
    network: MAINNET,
    block,
    stateUpdate: null,
    signature: null,
    hashTable: null,
    signaturePolicy: 'fail',
  });
}

/** The two checks that prove the rest: the stated transaction hashes, and the block hash over the commitments. */
function requireTrue({ checks }: ReturnType<typeof verifyBlock>): void {
  for (const name of ['transaction-hashes', 'block-hash'] as const) {
    const check = findCheck(checks, name);
    if (check.ok !== true) throw new Error(`${name}: ${JSON.stringify(check)}`);
  }
}

const MAINNET = parseNetwork('starknet-mainnet');

/** A hasher that counts the pairs it hashes, those of the chains included. */
function countHashes(hasher: FeltHasher): { readonly hasher: FeltHasher; count(): number } {
  let count = 0;
  const steps = (lists: readonly Uint8Array[]) => lists.reduce((sum, list) => sum + list.length / 32 + 1, 0);
  return {
    hasher: {
      ...hasher,
      pedersen(left, right) {
        count += left.length / 32;
        return hasher.pedersen(left, right);
      },
      pedersenArrays(lists) {
        count += steps(lists);
        return hasher.pedersenArrays(lists);
      },
    },
    count: () => count,
  };
}
