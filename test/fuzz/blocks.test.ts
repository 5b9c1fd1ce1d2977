import { describe, expect, it } from 'vitest';
import { parseFelt } from '../../src/chains/starknet/index.ts';
import type { Candidate } from '../../src/engine/index.ts';
import { judgeBlock, type Offer } from './judge-block.ts';
import { mutate, mutateMeaning } from './mutators.ts';
import { chance, pick, pickWeighted, type Random } from './random.ts';
import { reseal } from './reseal.ts';
import { fuzz, shareOfBodies, type Trial } from './run.ts';
import { type AnswerName, capturedSites, devnetSites, type Site, weightOf } from './sites.ts';
import { sourceVerdict } from './source-verdict.ts';

/*
 * Genuine answers about blocks, damaged, taken the whole way: what the source makes of them, what the rules do, and,
 * where a block is sealed all the same, what a store on the right height does.
 */

describe('damaged answers about blocks', () => {
  it('are refused with an error of ours or commit a valid block, and never leave half of one', async () => {
    const sites = [
      ...(await devnetSites({ seed: 1, blocks: 5, transactionsPerBlock: 2, storageUpdatesPerBlock: 3 })),
      ...(await devnetSites({ seed: 2, blocks: 4, transactionsPerBlock: 1, protocolVersion: '0.13.1' })),
      ...(await devnetSites({ seed: 3, blocks: 6, transactionsPerBlock: 1, upgradeHeight: 3 }, false)),
    ];
    const captured = await capturedSites();
    const rounds = shareOfBodies(0.35);
    const outcomes = await fuzz({
      name: 'blocks',
      rounds,
      draw: (random) => {
        if (chance(RESEALED_SHARE, random)) return drawResealed(pickSite(sites, random), random);
        const isCaptured = captured.length > 0 && chance(CAPTURED_SHARE, random);
        return drawDamaged(pickSite(isCaptured ? captured : sites, random), random);
      },
    });
    const often = Object.entries(EXPECTED_SHARES).map(([outcome, share]) => [outcome, rounds * share] as const);
    for (const [outcome, least] of often) expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(least - 5);
  }, 900_000);
});

function pickSite(sites: readonly Site[], random: Random): Site {
  return pickWeighted(
    sites.map((site) => [weightOf(site), site] as const),
    random,
  );
}

function drawDamaged(site: Site, random: Random): Trial {
  const names = Object.keys(site.answers) as AnswerName[]; // its own keys
  const name = pickWeighted(
    names.map((one) => [WEIGHTS[one], one] as const),
    random,
  );
  const genuine = site.answers[name] as string; // one of its keys
  const { bytes, by } = mutate(genuine, random, pick(site.donors, random)[name] ?? genuine);
  const isSourceAsked = chance(0.5, random);
  const offer = offerOf(site, { name, bytes }, random);
  return {
    label: `${by} of ${name} of ${site.label}`,
    bytes,
    judge: async () => (isSourceAsked ? sourceVerdict(bytes) : null) ?? (await judgeBlock(site, offer)).outcome,
  };
}

/** The damaged answer among genuine ones, all that a node would have of a height. */
function offerOf(
  site: Site,
  { name, bytes }: { readonly name: AnswerName; readonly bytes: Uint8Array },
  random: Random,
): Offer {
  const damaged = name === 'signatureOverDiff' ? 'signature' : name;
  const beside = pickWeighted<readonly AnswerName[]>(
    damaged === 'bundle'
      ? [
          [8, []],
          [1, ['signature']],
          [1, ['block', 'stateUpdate']],
        ]
      : [
          [8, ['block', 'stateUpdate', 'signature']],
          [1, ['block', 'stateUpdate']],
          [1, ['bundle']],
        ],
    random,
  );
  const genuine = beside.flatMap((part): readonly Candidate[] => {
    const text = part === damaged ? undefined : site.answers[part];
    return text === undefined ? [] : [{ part, bytes: Buffer.from(text), from: 'honest' }];
  });
  const candidates = [{ part: damaged, bytes, from: 'liar' }, ...genuine];
  return {
    candidates,
    damaged,
    isUnsigned: chance(0.5, random),
    isFlat: chance(0.2, random),
    isUnwound: chance(0.2, random),
  };
}

/** A block that is true to itself, as a sequencer that lies would make it: now and then it does not even lie. */
function drawResealed(site: Site, random: Random): Trial {
  const { devnet, answers } = site;
  const genuine = answers.bundle as string; // the devnet makes one
  if (devnet === null) throw new Error(`${site.label} cannot be sealed anew`);
  const donor = pick(site.donors, random).bundle ?? genuine;
  const changed = chance(0.15, random) ? withReplayed(genuine, donor) : mutateMeaning(genuine, random, donor);
  const sealed = reseal(devnet, changed);
  const offer = (text: string): Offer => ({
    candidates: [{ part: 'bundle', bytes: Buffer.from(text), from: 'liar' }],
    isUnsigned: false,
    isFlat: false,
    isUnwound: true,
  });
  const isFlat = chance(0.3, random);
  return {
    label: `resealed bundle of ${site.label}`,
    bytes: Buffer.from(sealed ?? changed),
    async judge() {
      const { outcome, root } = await judgeBlock(site, { ...offer(sealed ?? changed), isFlat });
      // The hash of genesis is known in advance: there another root is another network.
      const truth = root === null || site.parent === null ? null : reseal(devnet, changed, parseFelt(root));
      if (truth === null) return `resealed: ${outcome}`;
      const second = await judgeBlock(site, offer(truth));
      if (!second.outcome.startsWith('committed')) throw new Error(`with its true state root: ${second.outcome}`);
      return `resealed: ${outcome}; with its true state root: ${second.outcome}`;
    },
  };
}

/** The block with the transactions of another one behind its own. */
function withReplayed(text: string, donor: string): string {
  const own = JSON.parse(text);
  const { transactions, transaction_receipts: receipts } = JSON.parse(donor).block;
  own.block.transactions.push(...transactions);
  for (const receipt of receipts) {
    const position = own.block.transaction_receipts.length;
    own.block.transaction_receipts.push({ ...receipt, transaction_index: position });
  }
  return JSON.stringify(own);
}

/** Of all bodies. */
const RESEALED_SHARE = 0.015;
const CAPTURED_SHARE = 0.2;

const WEIGHTS: Readonly<Record<AnswerName, number>> = {
  block: 35,
  stateUpdate: 22,
  bundle: 25,
  signature: 6,
  signatureOverDiff: 6,
};

/** Less of one of these, and the run has missed a part of the way. */
const EXPECTED_SHARES: Readonly<Record<string, number>> = {
  GATEWAY_MALFORMED: 0.3,
  SOURCE_BAD_ANSWER: 0.05,
  BLOCK_REJECTED: 0.03,
  GATEWAY_CONTRADICTION: 0.01,
  STATE_ROOT_MISMATCH: 0.002,
  CONTRACT_UNKNOWN: 0.0005,
  committed: 0.03,
  'committed flat': 0.005,
  'committed flat, refused once its state was built': 0.0005,
  'resealed: committed, another valid block': 0.001,
};
