import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockSignature } from '../../src/chains/starknet/index.ts';
import {
  createStarknetRules,
  olderStateDiffCommitment,
  signatureMessage,
} from '../../src/chains/starknet/rules/index.ts';
import { networkOf } from '../../src/chains/starknet/rules/testing.ts';
import {
  parseBlock,
  renderBareSignature,
  renderBlock,
  renderSignature,
  renderStateUpdate,
} from '../../src/chains/starknet/wire/index.ts';
import { createFeltHasher } from '../../src/crypto/index.ts';
import {
  createStarknetDevnet,
  type DevnetBlock,
  type StarknetDevnet,
  type StarknetDevnetOptions,
} from '../../src/devnet/starknet/index.ts';
import { createSigningKey } from '../../src/devnet/starknet/signing-key.ts';
import {
  type BlockRef,
  type ChainRules,
  createApplyHost,
  encodeTips,
  META,
  parseHash32,
  parseHeight,
  type SealedBlock,
  type Verified,
} from '../../src/engine/index.ts';
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '../../src/store/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { dumpOf } from './store-dump.ts';

/** What a gateway answers about a block, by the names of the parts; a signature also in its older form. */
export type AnswerName = 'block' | 'stateUpdate' | 'signature' | 'signatureOverDiff' | 'bundle';

/** A height with genuine answers, and a store that holds the chain below it. */
export interface Site {
  readonly label: string;
  readonly ref: BlockRef;
  readonly rules: ChainRules;
  readonly answers: Readonly<Partial<Record<AnswerName, string>>>;
  /** The store as it is before this block. To be copied, never written to. */
  readonly before: Readonly<MemoryDisk>;
  /** The block that the store ends with; null below genesis. */
  readonly parent: BlockRef | null;
  /** The genuine block, and what it makes of the state; null where the state below it is not known. */
  readonly genuine: { readonly block: SealedBlock; readonly stateAfter: string } | null;
  /** Genuine answers about other blocks of the chain, or about another block of this height. */
  readonly donors: readonly Site['answers'][];
  /** Where blocks can be sealed anew: what makes them. */
  readonly devnet: StarknetDevnet | null;
}

export const TIPS = { provisional: 'preConfirmed', confirmed: 'acceptedOnL2', final: 'acceptedOnL1' } as const;

/** The state with what unwinds it. */
export const STATE_TABLES = ['state', 'history', 'trie'] as const;

export function hostOn(disk: MemoryDisk, rules: ChainRules) {
  const store = createMemoryStore({ disk });
  return { store, host: createApplyHost({ rules, store, tips: TIPS, identity: 'fuzz' }) };
}

/** The blocks of a devnet, with a store of its own for each. @param isSigned Whether its key is known to the rules. */
export async function devnetSites(options: StarknetDevnetOptions, isSigned = true): Promise<readonly Site[]> {
  const devnet = createStarknetDevnet({ emptyShare: 0, contracts: 4, ...options });
  const network = isSigned ? devnet.network : { ...devnet.network, publicKey: null };
  const rules = createStarknetRules({ network });
  const key = createSigningKey(devnet.options.seed);
  const blockAt = (height: number) => blockOf(devnet, height);
  const label = `devnet ${devnet.options.protocolVersion} seed ${devnet.options.seed}`;
  const heights = Array.from({ length: devnet.head.height + 1 }, (_, height) => height);
  const all = heights.map((height) => answersOf(blockAt(height), key.sign));
  const rival = createStarknetDevnet(devnet.options);
  rival.reorg({ depth: 1 });
  const rivalAnswers = answersOf(blockOf(rival, rival.head.height), key.sign);
  const bare = heights.map((height) => ({
    label: `${label} block ${height}`,
    rules,
    answers: all[height] as Site['answers'], // one for each height
    donors: [...all.filter((_, other) => other !== height), ...(height === devnet.head.height ? [rivalAnswers] : [])],
    devnet,
  }));
  return replay(rules, bare);
}

function blockOf(devnet: StarknetDevnet, height: number): DevnetBlock {
  const block = devnet.blockAt(height);
  if (block === null) throw new Error(`no block ${height}`);
  return block;
}

function answersOf(
  { block, stateUpdate, signature }: DevnetBlock,
  sign: (message: BlockSignature['r']) => BlockSignature,
): Record<AnswerName, string> {
  const { hash: blockHash, number: blockNumber } = block.header;
  const stateDiffCommitment = olderStateDiffCommitment(hasher, stateUpdate.stateDiff);
  const unsigned = { form: 'block-hash-and-diff', blockNumber, blockHash, stateDiffCommitment } as const;
  const { r, s } = sign(signatureMessage(hasher, { ...unsigned, r: blockHash, s: blockHash }));
  const rendered = { block: renderBlock(block), stateUpdate: renderStateUpdate(stateUpdate) };
  return {
    block: JSON.stringify(rendered.block),
    stateUpdate: JSON.stringify(rendered.stateUpdate),
    signature: JSON.stringify(renderSignature(signature)),
    signatureOverDiff: JSON.stringify(renderSignature({ ...unsigned, r, s })),
    bundle: JSON.stringify({
      block: rendered.block,
      state_update: rendered.stateUpdate,
      signature: renderBareSignature(signature),
    }),
  };
}

/** Captured chains that are whole from genesis on, none without vectors. */
export async function capturedSites(): Promise<readonly Site[]> {
  const sites: Site[] = [];
  for (const [network, head] of CAPTURED_CHAINS) {
    const rules = createStarknetRules({ network: networkOf(network) });
    const heights = Array.from({ length: head + 1 }, (_, height) => height);
    const all = heights.map((height) => capturedAnswers(network, height));
    if (all.some(({ block }) => block === undefined)) continue;
    const bare = heights.map((height) => ({
      label: `${network} block ${height}`,
      rules,
      answers: all[height] as Site['answers'], // one for each height
      donors: all.filter((_, other) => other !== height),
      devnet: null,
    }));
    sites.push(...(await replay(rules, bare)));
  }
  return [...sites, ...LATER_BLOCKS.flatMap(([network, height]) => laterSite(network, height))];
}

const CAPTURED_CHAINS = [
  ['mainnet', 2],
  ['sepolia', 6],
  ['goerli2', 6],
  ['integration', 1],
] as const;

/** Blocks of other times, above a state that nobody has: they can be sealed and not be applied. */
const LATER_BLOCKS = [
  ['goerli', 39232],
  ['goerli', 47543],
  ['integration', 283364],
  ['integration', 330363],
  ['sepolia', 100000],
  ['sepolia-integration', 35748],
  ['sepolia-integration', 63881],
  ['sepolia-integration', 9703],
  ['sepolia-integration', 11493796],
] as const;

/** Larger blocks come less often: verifying one takes as long as verifying several others. */
export function weightOf({ answers }: Site): number {
  return 1 / Object.values(answers).reduce((sum, text) => sum + text.length, 2_000);
}

function laterSite(network: string, height: number): readonly Site[] {
  const answers = capturedAnswers(network, height);
  const { block = null, stateUpdate, bundle = null } = answers;
  const whole = block ?? (bundle === null ? null : JSON.stringify(JSON.parse(bundle).block));
  if (whole === null) return [];
  const { header } = parseBlock(JSON.parse(whole));
  const parent = { height: parseHeight(header.number - 1), hash: parseHash32(header.parentHash) };
  const before = createMemoryDisk();
  createMemoryStore({ disk: before }).commit([
    { table: 'meta', key: META.identity, value: Buffer.from('fuzz') },
    { table: 'meta', key: META.tips, value: encodeTips({ [TIPS.confirmed]: parent }) },
  ]);
  return [
    {
      label: `${network} block ${height}`,
      ref: { height: parseHeight(height), hash: parseHash32(header.hash) },
      rules: createStarknetRules({ network: networkOf(network), signaturePolicy: 'warn' }),
      answers: stateUpdate === undefined && bundle === null ? { block: whole } : answers,
      before,
      parent,
      genuine: null,
      donors: [answers],
      devnet: null,
    },
  ];
}

function capturedAnswers(network: string, height: number): Site['answers'] {
  const root = vectorsDir();
  if (root === null) return {};
  const found: Partial<Record<AnswerName, string>> = {};
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const path = join(root, 'starknet', network, folder, `${height}.json`);
    if (existsSync(path)) found[name as AnswerName] = readFileSync(path, 'utf8'); // a key of FOLDERS
  }
  return found;
}

const FOLDERS: Readonly<Partial<Record<AnswerName, string>>> = {
  block: 'block',
  stateUpdate: 'state_update',
  signature: 'signature',
  bundle: 'state_update_with_block',
};

/** Applies blocks one after the other, and keeps the store as it was before each. */
async function replay(
  rules: ChainRules,
  bare: readonly Pick<Site, 'label' | 'rules' | 'answers' | 'donors' | 'devnet'>[],
): Promise<readonly Site[]> {
  const disk = createMemoryDisk();
  const { store, host } = hostOn(disk, rules);
  await host.recover();
  const sites: Site[] = [];
  let parent: BlockRef | null = null;
  for (const [height, site] of bare.entries()) {
    const before = { ...disk };
    const block = sealed(rules, height, site.answers);
    const { failure } = await host.commit([block]);
    if (failure !== null) throw new Error(`${site.label}: ${failure.error.message}`);
    const stateAfter = dumpOf(store, STATE_TABLES);
    sites.push({ ...site, ref: block.ref, before, parent, genuine: { block, stateAfter } });
    parent = block.ref;
  }
  return sites;
}

function sealed(rules: ChainRules, height: number, answers: Site['answers']): Verified<SealedBlock> {
  const candidates = Object.entries(answers)
    .filter(([part]) => part !== 'signatureOverDiff')
    .map(([part, text]) => ({ part, bytes: Buffer.from(text), from: 'genuine' }));
  const examination = rules.examine({ height: parseHeight(height), candidates, absent: ['signature'] });
  if (examination.type !== 'sealed') throw new Error(`block ${height} is not sealed`);
  return examination.block;
}

const hasher = createFeltHasher();
