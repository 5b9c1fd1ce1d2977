import type { ChainFace } from '../../chains/index.ts';
import {
  type BlockRecord,
  type Hash32,
  type Proof,
  parseHash32,
  parseStoredJson,
  provenHeight,
  type ReadStore,
  type Rejection,
  readBlock,
  readHeight,
  readOrphan,
  readRejections,
  readTips,
  type StateView,
} from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import { usageInvalid } from '../config/index.ts';
import { showRejection } from '../full-status.ts';

/** All that a store knows of one height or hash. */
export interface Explanation {
  readonly type: 'explanation';
  readonly query: string;
  readonly network: string;
  readonly block: ExplainedBlock | null;
  /** Set when the hash is that of a block which was confirmed once and rolled back since. */
  readonly orphan: { readonly height: number; readonly hash: string; readonly reason: string } | null;
  /** Newest first. */
  readonly rejections: readonly Rejection[];
  readonly quarantined: readonly unknown[];
}

export interface ExplainedBlock {
  readonly height: number;
  readonly hash: string;
  readonly parent: string;
  readonly stateRoot: string;
  readonly timestampS: number;
  readonly protocolVersion: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly proofs: Readonly<Record<string, ExplainedProof>>;
  /** Part → the source that delivered it. */
  readonly from: Readonly<Record<string, string>>;
}

export interface ExplainedProof {
  /** `hash`, `signature`, `state-root`, `l1`, `table`, `pending`, or `unverified`. */
  readonly by: string;
  /** The same in words; of what is unverified, why. */
  readonly meaning: string;
}

/**
 * Looks up a height or a hash.
 *
 * @returns `null` where the store has nothing about it.
 * @throws {SynclineError} `USAGE_INVALID` for text that is neither.
 */
export function explain(input: {
  readonly store: ReadStore;
  readonly chain: ChainFace;
  readonly query: string;
}): Explanation | null {
  const { store, chain, query } = input;
  const sought = parseQuery(query);
  using view = store.view();
  const format = (hash: Hash32) => chain.formatHash?.(hash) ?? toHex(hash);
  const height = 'height' in sought ? sought.height : readHeight(view, sought.hash);
  const block = height === null ? null : readBlock(view, height);
  const orphan = 'hash' in sought && block === null ? readOrphan(view, sought.hash) : null;
  const rejections = rejectionsOf(view, 'height' in sought ? sought : { hash: sought.hash, height: null });
  const quarantined = quarantinedAt(view, height ?? orphan?.ref.height ?? null);
  if (block === null && orphan === null && rejections.length === 0 && quarantined.length === 0) return null;
  return {
    type: 'explanation',
    query,
    network: chain.network,
    block: block === null ? null : explainBlock(block, format, isPending(view, chain, block)),
    orphan:
      orphan === null ? null : { height: orphan.ref.height, hash: format(orphan.ref.hash), reason: orphan.reason },
    rejections: rejections.map((rejection) => showRejection(rejection, chain)),
    quarantined,
  };
}

/** Whether the root after this block, or after a later one, is still to be compared. */
function isPending(view: StateView, chain: ChainFace, { ref }: BlockRecord): boolean {
  return ref.height > provenHeight(view, readTips(view), chain.tips.confirmed);
}

function explainBlock(record: BlockRecord, format: (hash: Hash32) => string, pending: boolean): ExplainedBlock {
  const { ref, parent, stateRoot, timestampS, protocolVersion, counts, proofs, from } = record;
  return {
    height: ref.height,
    hash: format(ref.hash),
    parent: format(parent),
    stateRoot: format(stateRoot),
    timestampS,
    protocolVersion,
    counts,
    proofs: Object.fromEntries(
      Object.entries(proofs).map(([group, proof]) => [
        group,
        explainProof(pending && proof === 'state-root' ? 'pending' : proof),
      ]),
    ),
    from,
  };
}

function explainProof(proof: Proof): ExplainedProof {
  if (typeof proof === 'object') return { by: 'unverified', meaning: proof.unverified };
  return { by: proof, meaning: MEANINGS[proof] };
}

const MEANINGS: Readonly<Record<Exclude<Proof, object>, string>> = {
  hash: 'the block hash commits to it, and was recomputed',
  signature: 'the block producer signed it',
  'state-root':
    'applying it leads to the state root in the header, or with the blocks it was hashed together with to that of the ' +
    'last; a value that one of those replaced again is then not proven',
  l1: 'it is anchored on layer 1',
  table: 'it equals the published table of recomputed hashes',
  pending: 'its proof is still to come: the state root is compared when the tries have been built',
};

function parseQuery(query: string): { readonly height: number } | { readonly hash: Hash32 } {
  if (/^[0-9]{1,15}$/.test(query)) return { height: Number(query) };
  const digits = /^0x([0-9a-fA-F]{1,64})$/.exec(query)?.[1];
  if (digits === undefined) throw usageInvalid(`${query.slice(0, 80)} is neither a height nor a hash`, EXAMPLE);
  // Chains that write hashes as numbers drop leading zeros.
  return { hash: parseHash32(new Uint8Array(Buffer.from(digits.padStart(64, '0'), 'hex'))) };
}

function rejectionsOf(
  view: StateView,
  sought: { readonly height: number } | { readonly hash: Hash32; readonly height: null },
): readonly Rejection[] {
  const isSought = (rejection: Rejection) =>
    'hash' in sought
      ? rejection.hash !== null && sameHash(rejection.hash, sought.hash)
      : rejection.height === sought.height;
  return readRejections(view, REJECTIONS_MAX).filter(isSought);
}

function sameHash(text: string, hash: Hash32): boolean {
  return text.replace(/^0x/, '').toLowerCase().padStart(64, '0') === toHex(hash).slice(2);
}

/** Quarantine records are the chain's own JSON; those that name the height. */
function quarantinedAt(view: StateView, height: number | null): readonly unknown[] {
  if (height === null) return [];
  const found: unknown[] = [];
  for (const [, value] of view.range('quarantine', { limit: REJECTIONS_MAX })) {
    const record = parseStoredJson('quarantine', value);
    if (typeof record === 'object' && record !== null && (record as { height?: unknown }).height === height) {
      found.push(record);
    }
  }
  return found;
}

const EXAMPLE = 'syncline explain 122549, or syncline explain 0x31e5…';
/** The newest ones are looked through. */
const REJECTIONS_MAX = 10_000;
