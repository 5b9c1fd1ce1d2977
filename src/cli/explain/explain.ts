import type { ChainFace } from '../../chains/index.ts';
import {
  type BlockRecord,
  type Hash32,
  type Need,
  type Proof,
  parseHash32,
  parseStoredJson,
  provenHeight,
  type QuarantineEntry,
  type ReadStore,
  type Rejection,
  readBlock,
  readHeight,
  readOrphan,
  readRejections,
  readTips,
  type StateView,
  type StoredContent,
} from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import { usageInvalid } from '../config/index.ts';
import { showRejection } from '../full-status.ts';

/** All that a store knows of one height, or of one hash of a block or class. */
export interface Explanation {
  readonly type: 'explanation';
  readonly query: string;
  readonly network: string;
  readonly block: ExplainedBlock | null;
  /** Set when the hash is that of a block which was confirmed once and rolled back since. */
  readonly orphan: { readonly height: number; readonly hash: string; readonly reason: string } | null;
  /** Set when content is addressed by the hash (a class) and the store knows of it. */
  readonly content: ExplainedContent | null;
  /** Newest first. */
  readonly rejections: readonly Rejection[];
  readonly quarantined: readonly QuarantineEntry[];
}

export interface ExplainedContent {
  readonly hash: string;
  readonly stored: StoredContent | null;
  /** What is still to come, in the chain's words, and the block that named it. */
  readonly wanted: readonly { readonly what: string; readonly id: string; readonly height: number }[];
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
  const id = 'hash' in sought ? format(sought.hash) : null;
  const content = 'hash' in sought && block === null ? explainContent(view, chain, sought.hash, format) : null;
  const rejections = rejectionsOf(view, 'height' in sought ? sought : { hash: sought.hash, id: format(sought.hash) });
  const quarantined = quarantinedOf(view, { id, height: height ?? orphan?.ref.height ?? null });
  const isKnown = block !== null || orphan !== null || content !== null;
  if (!isKnown && rejections.length === 0 && quarantined.length === 0) return null;
  return {
    type: 'explanation',
    query,
    network: chain.network,
    block: block === null ? null : explainBlock(block, format, isPending(view, chain, block)),
    orphan:
      orphan === null ? null : { height: orphan.ref.height, hash: format(orphan.ref.hash), reason: orphan.reason },
    content,
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

/** Of a block by its height or stated hash, or of content by its hash. */
function rejectionsOf(
  view: StateView,
  sought: { readonly height: number } | { readonly hash: Hash32; readonly id: string },
): readonly Rejection[] {
  const isSought = (rejection: Rejection) =>
    'height' in sought
      ? rejection.height === sought.height
      : (rejection.hash !== null && sameHash(rejection.hash, sought.hash)) || isOf(sought.id, rejection.id);
  return readRejections(view, REJECTIONS_MAX).filter(isSought);
}

/** Whether an id is a hash, or that of something that belongs to it. */
function isOf(hash: string, id: string | undefined): boolean {
  return id === hash || id?.startsWith(`${hash}/`) === true;
}

function sameHash(text: string, hash: Hash32): boolean {
  return text.replace(/^0x/, '').toLowerCase().padStart(64, '0') === toHex(hash).slice(2);
}

function explainContent(
  view: StateView,
  { content }: ChainFace,
  hash: Hash32,
  format: (hash: Hash32) => string,
): ExplainedContent | null {
  if (content === undefined) return null;
  const id = format(hash);
  const stored = content.find(view, hash);
  const wanted = content.parts.flatMap((part) => [...recordsOf(view, 'wanted', part, id)]) as readonly Need[]; // the engine's own
  if (stored === null && wanted.length === 0) return null;
  return {
    hash: id,
    stored,
    wanted: wanted.map((need) => ({ what: need.part, id: need.id ?? id, height: need.height })),
  };
}

/** Records of a part whose id is the hash, or begins with it and a slash. */
function* recordsOf(view: StateView, table: 'wanted', part: string, hash: string): Generator<unknown> {
  const exact = view.get(table, Buffer.from(`${part}\0${hash}`));
  if (exact !== undefined) yield parseStoredJson(table, exact);
  // 0 comes right behind the slash.
  const range = { start: Buffer.from(`${part}\0${hash}/`), end: Buffer.from(`${part}\0${hash}0`), limit: WANTED_MAX };
  for (const [, value] of view.range(table, range)) yield parseStoredJson(table, value);
}

/** Those of the content, and those that the block at the height named. */
function quarantinedOf(
  view: StateView,
  { id, height }: { readonly id: string | null; readonly height: number | null },
): readonly QuarantineEntry[] {
  const found: QuarantineEntry[] = [];
  for (const [, value] of view.range('quarantine', { limit: REJECTIONS_MAX })) {
    const record = parseStoredJson('quarantine', value) as QuarantineEntry; // written by the engine
    if (record.height === height || (id !== null && isOf(id, record.id))) found.push(record);
  }
  return found;
}

const EXAMPLE = 'syncline explain 122549, or syncline explain 0x31e5…';
/** A class has a few compiled classes at most. */
const WANTED_MAX = 64;
/** The newest ones are looked through. */
const REJECTIONS_MAX = 10_000;
