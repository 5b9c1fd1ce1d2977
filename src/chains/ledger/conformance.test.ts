import { describe, it } from 'vitest';
import { createLedgerDevnet } from '../../devnet/ledger/index.ts';
import type { Need } from '../../engine/index.ts';
import { testChain } from '../../testing/index.ts';
import { encodeBlock } from './index.ts';
import { createRules } from './rules-module.ts';

/** Serves a seeded devnet, with or without the parts that only fallbacks need. */
function setup(options: { readonly parts: readonly string[] }) {
  return () => {
    const devnet = createLedgerDevnet({ seed: 7, memoShare: 0.5, archivedMemoShare: 0.4 });
    devnet.produce(24);
    const view = devnet.view();
    return {
      rules: createRules(devnet.options),
      head: devnet.head.ref.height,
      supply({ part, height, id = '' }: Need) {
        const block = view.blockAt(height);
        if (block === null || !options.parts.includes(part)) return null;
        if (part === 'header') return block.header;
        if (part === 'transactions') return block.transactions;
        if (part === 'block') return encodeBlock(block.header, block.transactions);
        return part === 'memo' ? view.memo(id) : view.archivedMemo(id);
      },
      expected(height: number) {
        const block = devnet.blockAt(height);
        if (block === null) throw new RangeError(`no block ${height}`);
        return { hash: block.hash, stateRoot: block.signed.header.appHash };
      },
      report(finding: string) {
        throw new Error(finding); // every bit of a ledger block is signed or hashed
      },
    };
  };
}

testChain({ describe, it }, 'ledger', setup({ parts: ['header', 'transactions', 'memo', 'archivedMemo'] }));
testChain({ describe, it }, 'ledger, whole blocks', setup({ parts: ['block', 'archivedMemo'] }));
testChain({ describe, it }, 'ledger, bodies in blocks', setup({ parts: ['header', 'block', 'memo'] }));
