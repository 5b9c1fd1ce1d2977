import { bench, describe } from 'vitest';
import { createLedgerDevnet } from '../../../devnet/ledger/index.ts';
import type { SealedBlock, Verified } from '../../../engine/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { createChainReplay } from '../../../testing/index.ts';
import { createRules } from '../rules-module.ts';

const BLOCKS = 100;
const devnet = createLedgerDevnet({ seed: 1 });
devnet.produce(BLOCKS);

/** Header first, then header and transactions, as the engine does; signatures are all checked anew. */
function examineAll(): readonly Verified<SealedBlock>[] {
  const rules = createRules(devnet.options);
  const sealed: Verified<SealedBlock>[] = [];
  for (let at = 0; at <= BLOCKS; at++) {
    const block = devnet.blockAt(at);
    if (block === null) throw new RangeError(`no block ${at}`);
    const { height } = block.ref;
    const header = { part: 'header', bytes: block.header, from: 'bench' };
    let seen = rules.examine({ height, candidates: [header], absent: [] });
    if (seen.type === 'needs') {
      const transactions = { part: 'transactions', bytes: block.transactions, from: 'bench' };
      seen = rules.examine({ height, candidates: [header, transactions], absent: [] });
    }
    if (seen.type === 'needs') throw new Error(`block ${at} was not sealed`);
    sealed.push(seen.block);
  }
  return sealed;
}

const blocks = examineAll();

describe(`ledger, ${BLOCKS} blocks of 0 to 3 transfers`, () => {
  bench('make', () => {
    createLedgerDevnet({ seed: 1 }).produce(BLOCKS);
  });

  bench('examine, header and then transactions', () => {
    if (examineAll().length !== BLOCKS + 1) throw new Error('blocks are missing');
  });

  for (const batch of [1, 16]) {
    bench(`execute and commit the state, ${batch} at a time`, async () => {
      const replay = createChainReplay(createRules(devnet.options));
      let root: Uint8Array = new Uint8Array(0);
      for (let i = 0; i < blocks.length; i += batch) root = await replay.apply(blocks.slice(i, i + batch));
      if (!equalBytes(root, devnet.head.signed.header.appHash)) throw new Error('the root is another');
    });
  }
});
