import type { Candidate, Height } from '../../../engine/index.ts';
import { SynclineError } from '../../../lib/index.ts';
import type { PartName, SignedHeader } from '../types.ts';
import { decodeBlock } from '../wire/block-codec.ts';
import { decodeSignedHeader } from '../wire/header-codec.ts';
import { type DecodedTransactions, decodeTransactions } from '../wire/transactions-codec.ts';

/** A decoded part with its bytes, what it came in, and who delivered it. */
export interface Piece<T> {
  readonly value: T;
  readonly bytes: Uint8Array;
  readonly part: PartName;
  readonly from: string;
}

/** What is used of the candidates of one height. A block is two pieces that came in one. */
export interface Pieces {
  /** The header to seal with first; a second one is that of a block used for its transactions. */
  readonly headers: readonly Piece<SignedHeader>[];
  readonly transactions: Piece<DecodedTransactions> | null;
}

/**
 * Decodes the first candidate of each part, and a block only for want of one of the other two: what is not used
 * cannot be the reason for a refusal.
 *
 * @throws {SynclineError} `LEDGER_MALFORMED`, `PART_UNKNOWN` (both fault `peer`).
 */
export function collectPieces(candidates: readonly Candidate[], height: Height): Pieces {
  for (const candidate of candidates) if (!BLOCK_PARTS.has(candidate.part)) throw unknownPart(candidate, height);
  const first = (part: PartName) => candidates.find((candidate) => candidate.part === part);
  const header = first('header');
  const transactions = first('transactions');
  const block = first('block');

  const whole = block !== undefined && (header === undefined || transactions === undefined) ? openBlock(block) : null;
  const own = header === undefined ? null : pieceOf(header, 'header', decodeSignedHeader(header.bytes));
  const body =
    transactions === undefined ? null : pieceOf(transactions, 'transactions', decodeTransactions(transactions.bytes));
  return {
    headers: [own, whole?.header ?? null].filter((piece) => piece !== null),
    transactions: body ?? whole?.transactions ?? null,
  };
}

function openBlock(block: Candidate): {
  readonly header: Piece<SignedHeader>;
  readonly transactions: Piece<DecodedTransactions>;
} {
  const { signed, headerBytes, transactions, transactionsBytes } = decodeBlock(block.bytes);
  const { from } = block;
  // Copies: the two parts are stored and sent on their own, and a view would drag the whole block along.
  return {
    header: { value: signed, bytes: new Uint8Array(headerBytes), part: 'block', from },
    transactions: { value: transactions, bytes: new Uint8Array(transactionsBytes), part: 'block', from },
  };
}

function pieceOf<T>(candidate: Candidate, part: PartName, value: T): Piece<T> {
  return { value, bytes: candidate.bytes, part, from: candidate.from };
}

/** Nothing asked for this, so whoever delivered it does not keep to the protocol. */
function unknownPart({ part }: Candidate, height: Height): SynclineError {
  const expected = [...BLOCK_PARTS].join(', ');
  return new SynclineError('PART_UNKNOWN', 'peer', 'a ledger block has no such part', {
    data: { check: 'part', expected, got: part, height, hash: null, parts: [part] },
  });
}

const BLOCK_PARTS: ReadonlySet<string> = new Set<PartName>(['header', 'transactions', 'block']);
