import type { AuditedBlock, AuditVerdict, StoredBlock } from '../../../engine/index.ts';
import { equalBytes, isSynclineError } from '../../../lib/index.ts';
import { FELT_ZERO, feltToHex, parseFelt } from '../felt.ts';
import { isUnverifiable, isVersion } from '../params.ts';
import { decodeHeader, decodeReceipts, decodeSignature, decodeStateDiff, decodeTransactions } from '../stored/index.ts';
import type { Block, BlockSignature, Receipt, StateUpdate, Transaction } from '../types.ts';
import { type ExamineContext, seal } from './examine.ts';
import { computeTransactionHashes, type TransactionHash } from './transaction-hash.ts';
import { verifyBlock } from './verify-block.ts';

/**
 * Verifies stored blocks again: decodes their parts and recomputes all that can be recomputed of them, as when they
 * came. Their transactions are hashed together.
 *
 * @returns For each the eight checks of blocks, or the one that says why they were not made.
 */
export function auditBlocks(context: ExamineContext, stored: readonly StoredBlock[]): readonly AuditedBlock[] {
  const decoded = stored.map(({ parts }) => decodeParts(parts));
  const blocks = decoded.flatMap((one) => ('block' in one ? [one.block] : []));
  const hashes = computeTransactionHashes(
    context.hasher,
    blocks.flatMap(({ transactions }) => transactions),
    blocks.flatMap(({ receipts }) => receipts),
    context.network.chainIds,
  );
  let start = 0;
  return decoded.map((one, i) => {
    if ('failed' in one) return { verdicts: [one.failed], block: null };
    const end = start + one.block.transactions.length;
    const own = hashes.slice(start, end);
    start = end;
    return auditBlock(context, stored[i] as StoredBlock, one, own); // one decoded a stored one
  });
}

function auditBlock(
  context: ExamineContext,
  { record }: StoredBlock,
  { block, stateUpdate, signature }: Decoded,
  transactionHashes: readonly TransactionHash[],
): AuditedBlock {
  const early = headerVerdict(context, block);
  if (early !== null) return { verdicts: [early], block: null };
  const given = { block, stateUpdate, signature, transactionHashes };
  const { checks, proofs } = verifyBlock({ ...context, ...given, truncated: 'fail' });
  const verdicts = checks.map(({ name, form: _, ...verdict }): AuditVerdict => {
    const isExcused =
      name !== 'block-hash' || verdict.ok !== null || isUnverifiable(context.network, block.header.number);
    return isExcused ? { check: name, ...verdict } : { check: name, ...verdict, ok: false };
  });
  if (signature === null && record.proofs.blockHash === 'signature') verdicts.push(LOST_SIGNATURE);
  const piece = <T>(value: T, part: string) => ({ value, part, from: record.from[part] ?? '' });
  return {
    verdicts,
    block: seal(
      piece(block, 'block'),
      piece(stateUpdate, 'stateUpdate'),
      signature === null ? null : piece(signature, 'signature'),
      proofs,
    ),
  };
}

interface Decoded {
  readonly block: Block;
  readonly stateUpdate: StateUpdate;
  readonly signature: BlockSignature | null;
}

function decodeParts(parts: ReadonlyMap<string, Uint8Array>): Decoded | { readonly failed: AuditVerdict } {
  const part = <T>(name: string, decode: (bytes: Uint8Array) => T): T => {
    const bytes = parts.get(name);
    if (bytes === undefined) throw new Damaged({ expected: `a part ${name}`, got: 'none' });
    return decode(bytes);
  };
  try {
    for (const name of parts.keys()) {
      if (!PARTS.has(name)) throw new Damaged({ expected: `one of ${[...PARTS].join(', ')}`, got: `a part ${name}` });
    }
    const header = part('header', decodeHeader);
    const transactions = part('transactions', decodeTransactions);
    const receipts = part('receipts', decodeReceipts);
    requirePairs(transactions, receipts);
    const stateDiff = part('stateDiff', decodeStateDiff);
    const signature = parts.has('signature') ? part('signature', decodeSignature) : null;
    // The old root is the parent's, to whose record the engine compares; nothing here looks at it.
    const stateUpdate = { blockHash: header.hash, newRoot: header.stateRoot, oldRoot: FELT_ZERO, stateDiff };
    return { block: { header, transactions, receipts }, stateUpdate, signature };
  } catch (thrown) {
    if (thrown instanceof Damaged) return { failed: { check: 'parts', ok: false, ...thrown.numbers } };
    if (!isSynclineError(thrown) || thrown.code !== 'STORED_CORRUPT') throw thrown;
    const { expected, got } = thrown.data;
    const numbers = { expected: String(expected), got: String(got) };
    return { failed: { check: 'parts', ok: false, ...numbers, reason: thrown.message } };
  }
}

/** As the parser leaves them: as many receipts as transactions, each the one of its transaction. */
function requirePairs(transactions: readonly Transaction[], receipts: readonly Receipt[]): void {
  if (transactions.length !== receipts.length) {
    throw new Damaged({ expected: `${transactions.length} receipts`, got: `${receipts.length} receipts` });
  }
  for (const [index, { hash }] of transactions.entries()) {
    const { transactionHash, transactionIndex } = receipts[index] as Receipt; // the lengths are equal
    if (equalBytes(hash, transactionHash) && transactionIndex === index) continue;
    throw new Damaged({
      expected: `the receipt of transaction ${index}, ${feltToHex(hash)}`,
      got: `that of transaction ${transactionIndex}, ${feltToHex(transactionHash)}`,
    });
  }
}

/** What must hold before anything can be recomputed: a version that can be compared, and the pinned genesis. */
function headerVerdict({ network }: ExamineContext, { header }: Block): AuditVerdict | null {
  if (!isVersion(header.version))
    return { check: 'version', ok: false, expected: 'dotted numbers', got: header.version };
  if (header.number !== 0 || network.genesisHash === null) return null;
  const pinned = parseFelt(network.genesisHash);
  if (equalBytes(pinned, header.hash)) return null;
  return { check: 'genesis', ok: false, expected: feltToHex(pinned), got: feltToHex(header.hash) };
}

class Damaged extends Error {
  readonly numbers: { readonly expected: string; readonly got: string };

  constructor(numbers: Damaged['numbers']) {
    super('a part is damaged');
    this.numbers = numbers;
  }
}

const PARTS: ReadonlySet<string> = new Set(['header', 'transactions', 'receipts', 'stateDiff', 'signature']);

const LOST_SIGNATURE: AuditVerdict = {
  check: 'signature',
  ok: false,
  expected: 'the signature that proved the block hash',
  got: 'none',
};
