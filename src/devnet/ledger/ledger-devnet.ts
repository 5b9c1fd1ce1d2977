import {
  type Account,
  type Address,
  type BlockProvider,
  type LedgerOptions,
  parseLedgerOptions,
} from '../../chains/ledger/index.ts';
import { type BlockRef, type Height, parseHeight } from '../../engine/index.ts';
import { SynclineError, toHex } from '../../lib/index.ts';
import { type BlockMakerParts, createBlockMaker, type DevnetBlock } from './block-maker.ts';
import { createDevnetState } from './devnet-state.ts';
import { createMemoShelf } from './memo-shelf.ts';
import { defaultLedgerDevnetOptions, type LedgerDevnetOptions } from './options.ts';
import { createSeededRandom } from './random.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';

/** A chain that is made on demand, from a seed. Its blocks are valid: signed, linked, with true AppHashes. */
export interface LedgerDevnet {
  /** Options of the chain, for `ledger(options)` or `createRules(options)`. */
  readonly options: Required<LedgerOptions>;
  /** The newest block of the current branch; there is always one, the genesis block. */
  readonly head: DevnetBlock;
  /** Number of the current branch: 0, and one more with each reorg. */
  readonly branch: number;
  /** Adds blocks to the current branch and returns them. */
  produce(count: number): readonly DevnetBlock[];
  /**
   * Abandons the newest `depth` blocks and makes `newLength` others in their place, on a new branch, which becomes
   * the current one. @throws {SynclineError} `DEVNET_REORG` (fault `caller`) when `depth` would take genesis too.
   */
  reorg(depth: number, newLength: number): readonly DevnetBlock[];
  /** A block of a branch (default: the current one), `null` where the branch has none. */
  blockAt(height: number, branch?: number): DevnetBlock | null;
  /** Serves the chain, at first the current branch as it grows. */
  view(): DevnetView;
  /** Part `memo` by hash as hex, `null` for one that is unknown, archived or lost. */
  memo(id: string): Uint8Array | null;
  /** Every account after the newest block. */
  accounts(): readonly { readonly address: Address; readonly account: Account }[];
  /**
   * An independent devnet with the same past, which makes the same blocks as this one if asked for the same: cheaper
   * than making a chain a second time.
   */
  copy(): LedgerDevnet;
  readonly validators: readonly SigningKey[];
  readonly funded: readonly SigningKey[];
}

/** One node's sight of the devnet: a provider that can lag behind, stay on an old branch, or change over. */
export interface DevnetView extends BlockProvider {
  /** Serves the current branch up to its newest block, now and later. */
  follow(): void;
  /** Serves one branch (default: the current one) up to `head` (default: its newest block now), and stays there. */
  pin(at: { readonly branch?: number; readonly head?: number }): void;
}

export function createLedgerDevnet(given: LedgerDevnetOptions): LedgerDevnet {
  const settings = { ...defaultLedgerDevnetOptions, ...given };
  const keys = (kind: string, count: number) =>
    Array.from({ length: count }, (_, i) => createSigningKey(`seed ${settings.seed} ${kind} ${i}`));
  const validators = keys('validator', settings.validators);
  const funded = keys('account', settings.accounts);
  const options: Required<LedgerOptions> = {
    network: settings.chainId,
    genesis: {
      chainId: settings.chainId,
      timestampS: settings.timestampS,
      validators: validators.map(({ publicKey }) => toHex(publicKey)),
      accounts: funded.map(({ address }) => ({ address: toHex(address), balance: FIRST_BALANCE })),
    },
  };
  const random = createSeededRandom(settings.seed);
  const memos = createMemoShelf(random, settings);
  const params = parseLedgerOptions(options);
  const parts = { params, options: settings, random, state: createDevnetState(), memos, validators, accounts: funded };
  return openDevnet(options, parts, [[createBlockMaker(parts).genesis()]]);
}

/** @param branches Branch → its blocks by height; a branch shares those below its fork point with the one before. */
function openDevnet(options: Required<LedgerOptions>, parts: BlockMakerParts, branches: DevnetBlock[][]): LedgerDevnet {
  const { state, memos, validators, accounts: funded } = parts;
  const maker = createBlockMaker(parts);
  const current = () => branches[branches.length - 1] as DevnetBlock[]; // there is a first branch
  const headOf = (branch: readonly DevnetBlock[]) => branch[branch.length - 1] as DevnetBlock; // it has a genesis
  const produce = (count: number) => {
    const blocks = current();
    const start = blocks.length;
    for (let i = 0; i < count; i++) blocks.push(maker.next(headOf(blocks), branches.length - 1));
    return blocks.slice(start);
  };

  return {
    options,
    validators,
    funded,
    get head() {
      return headOf(current());
    },
    get branch() {
      return branches.length - 1;
    },
    produce,
    reorg(depth, newLength) {
      const blocks = current();
      if (depth < 1 || depth >= blocks.length) {
        throw new SynclineError('DEVNET_REORG', 'caller', 'the branch is not that long', {
          data: { depth, blocks: blocks.length },
        });
      }
      state.rewind(depth);
      branches.push(blocks.slice(0, blocks.length - depth));
      return produce(newLength);
    },
    blockAt: (height, branch = branches.length - 1) => branches[branch]?.[height] ?? null,
    view: () => createView(branches, memos),
    memo: memos.memo,
    accounts: state.accounts,
    copy() {
      const random = parts.random.copy();
      const copied = { ...parts, random, state: state.copy(), memos: memos.copy(random) };
      return openDevnet(
        options,
        copied,
        branches.map((blocks) => [...blocks]),
      );
    },
  };
}

function createView(
  branches: readonly (readonly DevnetBlock[])[],
  memos: Pick<BlockProvider, 'memo' | 'archivedMemo'>,
): DevnetView {
  let pinned: { readonly branch: number; readonly length: number } | null = null;
  const branch = () => branches[pinned?.branch ?? branches.length - 1] ?? [];
  const length = () => Math.min(pinned?.length ?? Number.POSITIVE_INFINITY, branch().length);
  return {
    head: (): BlockRef | null => branch()[length() - 1]?.ref ?? null,
    blockAt: (height: Height) => (height < length() ? (branch()[height] ?? null) : null),
    memo: memos.memo,
    archivedMemo: memos.archivedMemo,
    follow() {
      pinned = null;
    },
    pin(at) {
      const number = at.branch ?? branches.length - 1;
      const blocks = branches[number] ?? [];
      pinned = { branch: number, length: at.head === undefined ? blocks.length : parseHeight(at.head) + 1 };
    },
  };
}

/** Of each funded account, in the smallest unit. With up to a thousand accounts all sums are safe integers. */
const FIRST_BALANCE = '1000000000000';
