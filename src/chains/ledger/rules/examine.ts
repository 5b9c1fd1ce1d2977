import type { Examination, ExamineInput, Hash32, Height, Need, SealedBlock, Verified } from '../../../engine/index.ts';
import { concatBytes, equalBytes, u64be } from '../../../lib/index.ts';
import { HEADER_VERSION, type LedgerParams } from '../params.ts';
import type { SignedHeader } from '../types.ts';
import { u32be } from '../wire/integers.ts';
import type { DecodedTransactions } from '../wire/transactions-codec.ts';
import { collectPieces, type Piece } from './collect.ts';
import { memoNeeds } from './memos.ts';
import { rejected } from './reject.ts';
import type { SignatureChecker } from './signatures.ts';
import type { HeaderVerifier } from './verify-header.ts';
import { verifyTransactions } from './verify-transactions.ts';

/** A block is asked for by its header, which says whether there is more. A `block` brings both at once. */
export function headerNeeds(height: Height): readonly Need[] {
  return [{ height, part: 'header', weight: 'seal', fallbacks: [{ height, part: 'block', weight: 'seal' }] }];
}

function transactionNeeds(height: Height): readonly Need[] {
  return [{ height, part: 'transactions', weight: 'seal', fallbacks: [{ height, part: 'block', weight: 'seal' }] }];
}

/**
 * Looks at all candidates of one height. The header is verified even while its transactions are missing, so that
 * nobody can make us fetch transactions for a header that no validator signed.
 */
export function examine(
  params: LedgerParams,
  headerVerifier: HeaderVerifier,
  signatures: SignatureChecker,
  input: ExamineInput,
): Examination {
  const { height } = input;
  const { headers, transactions } = collectPieces(input.candidates, height);
  for (const { value, part } of headers) headerVerifier.verify(value, height, part);
  const header = headers[0];
  if (header === undefined) return { type: 'needs', needs: headerNeeds(height) };
  refuseSecondBranch(header, headers);

  const origins = { header: header.part, transactions: transactions?.part ?? header.part };
  const ids =
    transactions === null ? [] : verifyTransactions(params, signatures, header.value, transactions.value, origins);
  if (header.value.header.transactionCount === 0) return { type: 'sealed', block: seal(header, null, []) };
  if (transactions === null) return { type: 'needs', needs: transactionNeeds(height) };
  return { type: 'sealed', block: seal(header, transactions, ids) };
}

/** Two signed headers with different hashes at one height: honest sources on two branches, as during a reorg. */
function refuseSecondBranch(first: Piece<SignedHeader>, all: readonly Piece<SignedHeader>[]): void {
  for (const other of all) {
    const { header, hash } = first.value;
    if (equalBytes(other.value.hash, hash)) continue;
    const parts = [...new Set([first.part, other.part])];
    const { height } = header;
    throw rejected({ check: 'branch', expected: hash, got: other.value.hash, height, hash, parts, fault: 'source' });
  }
}

/** The only maker of a `Verified<SealedBlock>` here: both pieces have passed their checks above. */
function seal(
  header: Piece<SignedHeader>,
  body: Piece<DecodedTransactions> | null,
  ids: readonly Hash32[],
): Verified<SealedBlock> {
  const { header: fields, hash } = header.value;
  const { height } = fields;
  const block: SealedBlock = {
    ref: { height, hash },
    parent: fields.parentHash,
    stateRoot: fields.appHash,
    timestampS: fields.timestampS,
    protocolVersion: String(HEADER_VERSION),
    proofs: { header: 'signature', transactions: 'hash', state: 'state-root' },
    parts: body === null ? { header: header.bytes } : { header: header.bytes, transactions: body.bytes },
    index: ids.map((id, position) => ({
      table: 'index',
      key: concatBytes(TRANSFER_INDEX, id),
      value: concatBytes(u64be(height), u32be(position)),
    })),
    counts: { transactions: ids.length },
    late: body === null ? [] : memoNeeds(height, body.value.transfers),
    from: body === null ? { header: header.from } : { header: header.from, transactions: body.from },
  };
  return block as Verified<SealedBlock>;
}

/** Sub-table of `index`: transfer id 32 → height u64 | position in the block u32. */
const TRANSFER_INDEX = Uint8Array.of(0x01);
