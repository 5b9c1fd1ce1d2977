import type { FeltHasher } from '../../../crypto/index.ts';
import type {
  Examination,
  ExamineInput,
  Hash32,
  Height,
  Need,
  Proofs,
  SealedBlock,
  Verified,
  Write,
} from '../../../engine/index.ts';
import { concatBytes, equalBytes, SynclineError, toHex, u64be } from '../../../lib/index.ts';
import { feltToHex, parseFelt } from '../felt.ts';
import {
  isUnverifiable,
  isVersion,
  isVersionFrom,
  type NetworkParams,
  VERSION_POSEIDON_BLOCK_HASH,
} from '../params.ts';
import { encodeHeader, encodeReceipts, encodeSignature, encodeStateDiff, encodeTransactions } from '../stored/index.ts';
import type { Block, BlockSignature, Felt, StateUpdate, Transaction } from '../types.ts';
import type { CheckName, CheckResult } from './check-result.ts';
import { classNeeds } from './class-needs.ts';
import { collectParts, type Piece, type Pieces } from './collect-parts.ts';
import { eventCount } from './commitments.ts';
import { eventIndexWrites } from './event-index.ts';
import type { SignatureVerifier } from './signature.ts';
import { findCheck, type SignaturePolicy, verifyBlock } from './verify-block.ts';

/** What stays the same from block to block. */
export interface ExamineContext {
  readonly hasher: FeltHasher;
  readonly network: NetworkParams;
  readonly signaturePolicy: SignaturePolicy;
  readonly signatureVerifier: SignatureVerifier | null;
  readonly hashTable: Uint8Array | null;
}

/** A block and its state update make a block; the signature is asked for everywhere. */
export function blockNeeds(height: Height): readonly Need[] {
  return [
    { height, part: 'block', weight: 'seal' },
    { height, part: 'stateUpdate', weight: 'seal' },
    { height, part: 'signature', weight: 'wanted' },
  ];
}

/**
 * Parses and verifies all candidates of one height.
 *
 * @throws {SynclineError} `BLOCK_REJECTED` (`peer`) when a check fails; `GATEWAY_CONTRADICTION` (`source`) when the
 *   parts are of different blocks, as honest sources have them around a reorg; `SIGNATURE_MISSING` (`source`) when
 *   the policy wants one and nobody has it; whatever the parsers throw.
 */
export function examine(context: ExamineContext, { height, candidates, absent }: ExamineInput): Examination {
  const pieces = collectParts(candidates, height);
  const { block, stateUpdate, signature } = pieces;
  requireOneBlock(pieces, height);
  const missing = blockNeeds(height).filter(
    ({ part }) => pieces[part as keyof Pieces] === null && !(part === 'signature' && absent.includes(part)),
  );
  if (block === null || stateUpdate === null || missing.length > 0) return { type: 'needs', needs: missing };
  requireHeader(context.network, block);
  const { checks, proofs } = verifyBlock({
    ...context,
    block: block.value,
    stateUpdate: stateUpdate.value,
    signature: signature?.value ?? null,
    truncated: 'fail',
  });
  requireChecks(context.network, checks, { block, stateUpdate, signature });
  if (signature === null) requireUnsignedAllowed(context, block);
  return { type: 'sealed', block: seal(block, stateUpdate, signature, proofs) };
}

/** @throws {SynclineError} `GATEWAY_CONTRADICTION` (fault `source`). */
function requireOneBlock({ block, stateUpdate, signature }: Pieces, height: Height): void {
  const differ = (check: string, expected: string, got: string, ...pieces: readonly Piece<unknown>[]) => {
    if (expected === got) return;
    const parts = [...new Set(pieces.map((piece) => piece.part))];
    const hash = block === null ? null : toHex(block.value.header.hash);
    throw new SynclineError('GATEWAY_CONTRADICTION', 'source', `parts of block ${height} contradict: ${check}`, {
      data: { check, expected, got, height, hash, parts },
    });
  };
  if (signature?.value.form === 'block-hash-and-diff') {
    differ('height', String(height), String(signature.value.blockNumber), signature);
  }
  if (block === null) return;
  const { header } = block.value;
  differ('height', String(height), String(header.number), block);
  if (stateUpdate !== null) {
    const { blockHash, newRoot } = stateUpdate.value;
    differ('same-block', feltToHex(header.hash), feltToHex(blockHash), block, stateUpdate);
    differ('state-root', feltToHex(header.stateRoot), feltToHex(newRoot), block, stateUpdate);
  }
  if (signature !== null) {
    differ('same-block', feltToHex(header.hash), feltToHex(signature.value.blockHash), block, signature);
  }
}

/** What must hold before anything can be recomputed: a version that can be compared, and the pinned genesis. */
function requireHeader(network: NetworkParams, { value: { header }, part }: Piece<Block>): void {
  const { number: height, hash, version } = header;
  if (!isVersion(version)) {
    throw rejected(height, hash, { check: 'version', expected: 'dotted numbers', got: version, parts: [part] });
  }
  if (height !== 0 || network.genesisHash === null) return;
  const pinned = parseFelt(network.genesisHash);
  if (equalBytes(pinned, hash)) return;
  const numbers = { expected: feltToHex(pinned), got: feltToHex(hash) };
  throw rejected(height, hash, { check: 'genesis', ...numbers, parts: [part] });
}

/** @throws {SynclineError} `BLOCK_REJECTED` for the first check that fails, in the order of `BY_BLAME`. */
function requireChecks(
  network: NetworkParams,
  checks: readonly CheckResult[],
  pieces: Pieces & { readonly block: Piece<Block> },
): void {
  const { header } = pieces.block.value;
  const failed = BY_BLAME.map((name) => findCheck(checks, name)).find(
    ({ name, ok }) => ok === false || (name === 'block-hash' && ok === null && !isUnverifiable(network, header.number)),
  );
  if (failed === undefined) return;
  const { name: check, expected = 'a value to compare with', got = 'nothing' } = failed;
  const reason = failed.reason === undefined ? {} : { reason: failed.reason };
  const parts = partsAtFault(failed, checks, pieces);
  throw rejected(header.number, header.hash, { check, expected, got, ...reason, parts });
}

/** What tells most about the block itself comes first: a false header makes the checks against it worthless. */
const BY_BLAME: readonly CheckName[] = [
  'transaction-hashes',
  'transaction-commitment',
  'event-commitment',
  'receipt-commitment',
  'block-hash',
  'state-diff-commitment',
  'state-diff-length',
  'signature',
];

function partsAtFault({ name, form }: CheckResult, checks: readonly CheckResult[], pieces: Pieces): readonly string[] {
  const own = (...names: readonly (keyof Pieces)[]) => [
    ...new Set(names.flatMap((part) => (pieces[part] === null ? [] : [pieces[part].part]))),
  ];
  const holds = (other: CheckName) => findCheck(checks, other).ok === true;
  switch (name) {
    case 'signature':
      return own('signature');
    case 'receipt-commitment':
      // Of form C in a block of form B: the table's hash covers the state diff too.
      return form === 'C' && !holds('state-diff-commitment') ? own('block', 'stateUpdate') : own('block');
    case 'state-diff-commitment':
    case 'state-diff-length': {
      const { version } = pieces.block?.value.header ?? { version: '' };
      if (isVersionFrom(version, VERSION_POSEIDON_BLOCK_HASH)) return own('stateUpdate');
      return holds('signature') ? own('stateUpdate') : own('stateUpdate', 'signature');
    }
    default:
      return own('block');
  }
}

interface Verdict {
  readonly check: string;
  readonly expected: string;
  readonly got: string;
  readonly reason?: string;
  readonly parts: readonly string[];
}

function rejected(height: number, hash: Felt, verdict: Verdict): SynclineError {
  const because = verdict.reason === undefined ? '' : `: ${verdict.reason}`;
  return new SynclineError('BLOCK_REJECTED', 'peer', `block ${height} fails the check ${verdict.check}${because}`, {
    data: { ...verdict, height, hash: toHex(hash) },
  });
}

function requireUnsignedAllowed({ network, signaturePolicy }: ExamineContext, block: Piece<Block>): void {
  const { number: height, hash, version } = block.value.header;
  if (signaturePolicy === 'warn' || network.publicKey === null) return;
  if (!isVersionFrom(version, VERSION_POSEIDON_BLOCK_HASH)) return;
  const numbers = { expected: `a signature by ${network.publicKey}`, got: 'none' };
  throw new SynclineError('SIGNATURE_MISSING', 'source', `block ${height} has no signature`, {
    data: { check: 'signature', ...numbers, height, hash: toHex(hash), parts: [block.part] },
  });
}

/** The only maker of a `Verified<SealedBlock>` of Starknet: everything has passed its checks before. */
export function seal(
  block: Piece<Block>,
  stateUpdate: Piece<StateUpdate>,
  signature: Piece<BlockSignature> | null,
  proofs: Proofs,
): Verified<SealedBlock> {
  const { header, transactions, receipts } = block.value;
  const height = header.number as Height; // the parser made it a safe integer from 0
  const from = { block: block.from, stateUpdate: stateUpdate.from };
  const sealed: SealedBlock = {
    ref: { height, hash: hash32(header.hash) },
    parent: hash32(header.parentHash),
    stateRoot: hash32(header.stateRoot),
    timestampS: header.timestampS,
    protocolVersion: header.version,
    proofs,
    parts: {
      header: encodeHeader(header),
      transactions: encodeTransactions(transactions),
      receipts: encodeReceipts(receipts),
      stateDiff: encodeStateDiff(stateUpdate.value.stateDiff),
      ...(signature === null ? {} : { signature: encodeSignature(signature.value) }),
    },
    index: [
      ...transactions.map((transaction, position) => indexWrite(height, transaction, position)),
      ...eventIndexWrites(height, receipts),
    ],
    counts: { transactions: transactions.length, events: eventCount(receipts) },
    late: classNeeds(height, header.version, stateUpdate.value.stateDiff),
    from: signature === null ? from : { ...from, signature: signature.from },
  };
  return sealed as Verified<SealedBlock>;
}

function hash32(felt: Felt): Hash32 {
  return felt as Uint8Array as Hash32; // a felt is 32 bytes
}

/**
 * Starknet's part of the engine's table `index`: sub-table 1, transaction hash 32 → height u64 ‖ position u32, both
 * big-endian. Sub-tables 2 to 4 are those of `event-index.ts`.
 */
export const TRANSACTION_INDEX = 1;

export function transactionIndexKey(hash: Felt): Uint8Array {
  return concatBytes(Uint8Array.of(TRANSACTION_INDEX), hash);
}

function indexWrite(height: Height, { hash }: Transaction, position: number): Write {
  const value = new Uint8Array(12);
  value.set(u64be(height));
  new DataView(value.buffer).setUint32(8, position);
  return { table: 'index', key: transactionIndexKey(hash), value };
}
