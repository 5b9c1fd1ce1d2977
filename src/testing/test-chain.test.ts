import { describe, expect, it } from 'vitest';
import { createRules } from '../chains/ledger/rules-module.ts';
import { createLedgerDevnet } from '../devnet/ledger/index.ts';
import type { ChainRules, Hash32, Need, SealedBlock, Verified } from '../engine/index.ts';
import { SynclineError } from '../lib/index.ts';
import { type ChainUnderTest, testChain } from './test-chain.ts';

const devnet = createLedgerDevnet({ seed: 6, memoShare: 0.5 });
devnet.produce(9);
const honest: ChainRules = createRules(devnet.options);

function subject(rules: ChainRules): ChainUnderTest {
  const view = devnet.view();
  return {
    rules,
    head: devnet.head.ref.height,
    supply({ part, height, id = '' }: Need) {
      if (part === 'memo') return view.memo(id);
      const block = view.blockAt(height);
      if (part === 'header') return block?.header ?? null;
      return part === 'transactions' ? (block?.transactions ?? null) : null;
    },
    expected(height) {
      const block = devnet.blockAt(height);
      if (block === null) throw new RangeError(`no block ${height}`);
      return { hash: block.hash, stateRoot: block.signed.header.appHash };
    },
  };
}

/** The claims of the suite that rules do not live up to. */
async function brokenClaims(changes: Partial<ChainRules>): Promise<readonly string[]> {
  const claims: { readonly claim: string; readonly body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (claim: string, body: () => Promise<void>) => claims.push({ claim, body }),
  };
  testChain(runner, 'sabotaged', () => subject({ ...honest, ...changes }));
  const broken: string[] = [];
  for (const { claim, body } of claims) await body().catch(() => broken.push(claim));
  return broken;
}

/** Rules that seal as the ledger does and then change the block. */
function sealing(change: (block: SealedBlock) => SealedBlock): Partial<ChainRules> {
  return {
    examine(input) {
      const seen = honest.examine(input);
      return seen.type === 'needs' ? seen : { type: 'sealed', block: change(seen.block) as Verified<SealedBlock> };
    },
  };
}

/** Rules whose errors are replaced. */
function failing(replace: (error: SynclineError) => unknown): Partial<ChainRules> {
  return {
    examine(input) {
      try {
        return honest.examine(input);
      } catch (error) {
        throw replace(error as SynclineError); // the ledger throws nothing else
      }
    },
  };
}

describe('testChain', () => {
  it('has nothing against rules that are right', async () => {
    expect(await brokenClaims({})).toEqual([]);
  });

  let calls = 0;
  it.each<[string, Partial<ChainRules>, string]>([
    ['answers change with time', sealing((b) => ({ ...b, timestampS: ++calls })), 'the same bytes make the same block'],
    ['the hash is another', sealing((b) => ({ ...b, ref: { ...b.ref, hash: b.stateRoot } })), 'honest parts seal'],
    ['the parent is another', sealing((b) => ({ ...b, parent: b.stateRoot })), 'honest parts seal'],
    ['blocks hold functions', sealing((b) => ({ ...b, counts: { now: (() => 1) as never } })), 'is plain data'],
    ['nobody delivered it', sealing((b) => ({ ...b, from: { header: 'nobody' } })), 'who delivered it'],
    ['damage is a TypeError', failing(() => new TypeError('undefined is not a function')), 'a damaged part is refused'],
    ['damage is our bug', failing((e) => new SynclineError(e.code, 'bug', e.message)), 'a damaged part is refused'],
    ['errors blame no part', failing((e) => new SynclineError(e.code, 'peer', e.message)), 'a damaged part is refused'],
    [
      'heights do not matter',
      { examine: (i) => honest.examine({ ...i, height: heightIn(i.candidates) }) },
      'of another',
    ],
    [
      'first needs never seal',
      { needs: (h) => honest.needs(h).map((n) => ({ ...n, weight: 'wanted' })) },
      'first needs',
    ],
    [
      'the state root is stale',
      { commitState: (v, c, at) => honest.commitState(v, c.slice(1), at) },
      'at a time reach',
    ],
    ['what is deleted stays', { commitState: (v, c, at) => honest.commitState(v, kept(v, c), at) }, 'undoing batches'],
    ['late parts are never there', { has: () => false }, 'a late part is missing until'],
    ['late parts are always there', { has: () => true }, 'a late part is missing until'],
    [
      'late parts go unexamined',
      { examinePart: () => ({ writes: [], counts: {} }) as never },
      'a late part is missing until',
    ],
  ])('notices when %s', async (_, changes, claim) => {
    expect(await brokenClaims(changes)).toContainEqual(expect.stringContaining(claim));
  });

  it('tells of damage that was sealed as another block', async () => {
    const findings: string[] = [];
    const blind: ChainRules = {
      ...honest,
      examine(input) {
        const [first] = input.candidates;
        const seen = honest.examine({ ...input, candidates: truth(input.height, input.candidates) });
        if (seen.type === 'needs' || first === undefined) return seen;
        const hash = new Uint8Array(32).fill(first.bytes[0] ?? 0) as Hash32; // 32 bytes
        return { type: 'sealed', block: { ...seen.block, ref: { ...seen.block.ref, hash } } as typeof seen.block };
      },
    };
    const bodies: (() => Promise<void>)[] = [];
    const runner = {
      describe: (_: string, body: () => void) => body(),
      it: (_: string, body: () => Promise<void>) => bodies.push(body),
    };
    testChain(runner, 'blind', () => ({ ...subject(blind), report: (finding) => findings.push(finding) }));
    for (const body of bodies) await body().catch(() => {});
    expect(findings).toContainEqual(expect.stringContaining('part header of block 0, emptied: sealed with the hash'));
  });
});

/** Changed keys without those that are gone. */
function kept(view: Parameters<ChainRules['commitState']>[0], changed: readonly Uint8Array[]): readonly Uint8Array[] {
  return changed.filter((key) => view.get('state', key) !== undefined);
}

type Candidates = Parameters<ChainRules['examine']>[0]['candidates'];

/** The height that the header states. */
function heightIn(candidates: Candidates): Need['height'] {
  const header = candidates.find(({ part }) => part === 'header')?.bytes;
  const match = [...Array(devnet.head.ref.height + 1).keys()].find((height) => {
    const block = devnet.blockAt(height);
    return header !== undefined && block !== null && Buffer.compare(block.header, header) === 0;
  });
  return (match ?? 0) as Need['height'];
}

/** The candidates as they were before anyone damaged them. */
function truth(height: number, candidates: Candidates): Candidates {
  const block = devnet.blockAt(height);
  if (block === null) return candidates;
  return candidates.map((candidate) => ({
    ...candidate,
    bytes: candidate.part === 'header' ? block.header : block.transactions,
  }));
}
