import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { FELT_ONE, FELT_ZERO, feltFromAscii, feltFromNumber, joinFelts, parseFelt } from '../felt.ts';
import { isVersionFrom, type NetworkParams, VERSION_GAS_PRICES_HASH, VERSION_POSEIDON_BLOCK_HASH } from '../params.ts';
import type { Felt, Felts, Header, Price } from '../types.ts';
import { pedersenArrays, poseidonArray, poseidonArrays } from './hashing.ts';

/**
 * What a block is hashed with; it changed three times.
 *
 * - `A`: before 0.7. Pedersen, with the chain id and zeros for sequencer, timestamp and events.
 * - `B`: from 0.7. Pedersen, with sequencer, timestamp and events.
 * - `C`: from 0.13.2. Poseidon, with receipts, state diff, gas prices and version too.
 * - `D`: from 0.13.4. As C, gas prices hashed apart and with L2 gas.
 */
export type BlockHashForm = 'A' | 'B' | 'C' | 'D';

/** What a block hash covers besides the fields of the header. */
export interface HashedContents {
  readonly transactionCount: number;
  readonly eventCount: number;
  readonly transactionCommitment: Felt;
  readonly eventCommitment: Felt;
  /** These three are hashed from 0.13.2 on; null where they are not. */
  readonly receiptCommitment: Felt | null;
  readonly stateDiffCommitment: Felt | null;
  readonly stateDiffLength: number | null;
}

export interface BlockHashResult {
  readonly matches: boolean;
  /** The form that matched, else the likeliest. */
  readonly form: BlockHashForm;
  /** The hash that matched, else the one of the likeliest form. */
  readonly computed: Felt;
  /** The sequencer address that was hashed, null when nothing matched or the form hashes none. */
  readonly sequencer: Felt | null;
}

/**
 * Recomputes a block hash, trying what the header leaves open: the chain id in form A, the sequencer address in
 * form B, and the form itself where the network's boundary between the two is not known.
 *
 * @param contents Commitments and counts; the state diff's and receipts' must not be null from 0.13.2 on.
 * @see https://docs.starknet.io/learn/protocol/blocks, "Block hash"
 * @see Pathfinder, `crates/pathfinder/src/state/block_hash.rs`, for the forms before 0.13.2
 * @see sequencer, `crates/starknet_api/src/block_hash/block_hash_calculator.rs`
 */
export function computeBlockHash(
  hasher: FeltHasher,
  network: NetworkParams,
  header: Header,
  contents: HashedContents,
): BlockHashResult {
  const forms = blockHashForms(network, header);
  const form = forms[0] as BlockHashForm; // there is always one
  if (form === 'C' || form === 'D') {
    const computed = poseidonBlockHashes(hasher, form, header, [contents])[0] as Felt; // one content, one hash
    const matches = equalBytes(computed, header.hash);
    return { form, computed, matches, sequencer: matches ? header.sequencerAddress : null };
  }
  const attempts = forms.flatMap((other) => pedersenAttempts(other, network, header, contents));
  const [first, ...others] = attempts as [Attempt, ...Attempt[]]; // there is at least one chain id or sequencer
  const computed = pedersenArrays(hasher, [first.list])[0] as Felt; // one list, one hash
  if (equalBytes(computed, header.hash)) return { ...first, computed, matches: true };
  const hashes = pedersenArrays(
    hasher,
    others.map((attempt) => attempt.list),
  );
  const found = hashes.findIndex((hash) => equalBytes(hash, header.hash));
  if (found === -1) return { matches: false, form: first.form, computed, sequencer: null };
  return { ...(others[found] as Attempt), computed: hashes[found] as Felt, matches: true }; // aligned
}

/** The form a block of this network, height and version is hashed with; both where that is not known. */
export function blockHashForms(network: NetworkParams, header: Header): readonly BlockHashForm[] {
  if (isVersionFrom(header.version, VERSION_GAS_PRICES_HASH)) return ['D'];
  if (isVersionFrom(header.version, VERSION_POSEIDON_BLOCK_HASH)) return ['C'];
  if (header.version !== '') return ['B'];
  if (network.firstBlockWith07Hash === null) return ['B', 'A'];
  return header.number < network.firstBlockWith07Hash ? ['A'] : ['B'];
}

/** Header fields that the form hashes and the header does not state: without them nothing can be recomputed. */
export function missingFields(form: BlockHashForm, header: Header): readonly string[] {
  if (form === 'A' || form === 'B') return []; // an absent sequencer address is tried as zero
  const missing: string[] = [];
  if (header.sequencerAddress === null) missing.push('sequencer_address');
  if (header.l1DaMode === null) missing.push('l1_da_mode');
  const prices = { l1_gas_price: header.l1GasPrice, l1_data_gas_price: header.l1DataGasPrice };
  for (const [name, { wei, fri }] of Object.entries(
    form === 'D' ? { ...prices, l2_gas_price: header.l2GasPrice } : prices,
  )) {
    if (wei === null || fri === null) missing.push(name);
  }
  return missing;
}

/**
 * The hash an old block would have under form C: what the published lists of recomputed hashes hold, so that content
 * which the block's own hash leaves out can be proven too. Unknown data gas prices count as 1, an unknown price in
 * fri as 0, an unknown data availability mode as calldata.
 *
 * @param contents  With Poseidon commitments as of 0.13.2.
 * @param sequencer The address that the block's own hash covers.
 * @see Pathfinder, `crates/block-hashes`
 */
export function recomputedBlockHash(
  hasher: FeltHasher,
  header: Header,
  contents: HashedContents,
  sequencer: Felt,
): Felt {
  const { wei, fri } = header.l1DataGasPrice;
  const filled = {
    ...header,
    sequencerAddress: sequencer,
    l1DataGasPrice: { wei: wei ?? FELT_ONE, fri: fri ?? FELT_ONE },
  };
  return poseidonBlockHashes(hasher, 'C', filled, [contents])[0] as Felt; // one content, one hash
}

/** Hashes of one header over several contents, forms C and D. */
export function poseidonBlockHashes(
  hasher: FeltHasher,
  form: 'C' | 'D',
  header: Header,
  contents: readonly HashedContents[],
): readonly Felt[] {
  const prices = form === 'C' ? l1Prices(header) : [gasPricesHash(hasher, header)];
  return poseidonArrays(
    hasher,
    contents.map((content) => poseidonList(form, header, content, prices)),
  );
}

interface Attempt {
  readonly form: BlockHashForm;
  readonly list: Felts;
  readonly sequencer: Felt | null;
}

function pedersenAttempts(
  form: BlockHashForm,
  network: NetworkParams,
  header: Header,
  contents: HashedContents,
): readonly Attempt[] {
  if (form === 'A') {
    return network.chainIds.map((chainId) => ({ form, list: listA(header, contents, chainId), sequencer: null }));
  }
  return sequencersFor(network, header).map((sequencer) => ({
    form,
    list: listB(header, contents, sequencer),
    sequencer,
  }));
}

/** Gateways have left the address out, and served wrong ones, for the blocks of 0.8. */
function sequencersFor(network: NetworkParams, header: Header): readonly Felt[] {
  const stated = header.sequencerAddress ?? FELT_ZERO;
  return network.fallbackSequencer === null ? [stated] : [stated, parseFelt(network.fallbackSequencer)];
}

function listA(header: Header, contents: HashedContents, chainId: string): Felts {
  return joinFelts(
    feltFromNumber(header.number),
    header.stateRoot,
    FELT_ZERO,
    FELT_ZERO,
    feltFromNumber(contents.transactionCount),
    contents.transactionCommitment,
    FELT_ZERO,
    FELT_ZERO,
    FELT_ZERO,
    FELT_ZERO,
    feltFromAscii(chainId),
    header.parentHash,
  );
}

function listB(header: Header, contents: HashedContents, sequencer: Felt): Felts {
  return joinFelts(
    feltFromNumber(header.number),
    header.stateRoot,
    sequencer,
    feltFromNumber(header.timestampS),
    feltFromNumber(contents.transactionCount),
    contents.transactionCommitment,
    feltFromNumber(contents.eventCount),
    contents.eventCommitment,
    FELT_ZERO,
    FELT_ZERO,
    header.parentHash,
  );
}

function poseidonList(form: 'C' | 'D', header: Header, contents: HashedContents, prices: readonly Felt[]): Felts {
  return joinFelts(
    form === 'C' ? BLOCK_HASH_0 : BLOCK_HASH_1,
    feltFromNumber(header.number),
    header.stateRoot,
    header.sequencerAddress ?? FELT_ZERO,
    feltFromNumber(header.timestampS),
    concatenatedCounts(header, contents),
    contents.stateDiffCommitment ?? FELT_ZERO,
    contents.transactionCommitment,
    contents.eventCommitment,
    contents.receiptCommitment ?? FELT_ZERO,
    ...prices,
    feltFromAscii(header.version),
    FELT_ZERO,
    header.parentHash,
  );
}

/** Four numbers of 64 bits, big-endian: transactions, events, state diff length, and the mode in the highest bit. */
function concatenatedCounts(header: Header, contents: HashedContents): Felt {
  const out = new Uint8Array(32);
  out.set(feltFromNumber(contents.transactionCount).subarray(24), 0);
  out.set(feltFromNumber(contents.eventCount).subarray(24), 8);
  out.set(feltFromNumber(contents.stateDiffLength ?? 0).subarray(24), 16);
  out[24] = header.l1DaMode === 'BLOB' ? 0x80 : 0;
  return out as Felt; // counts are safe integers, far below the 2^59 at which the felt would overflow
}

function gasPricesHash(hasher: FeltHasher, header: Header): Felt {
  const { wei, fri } = header.l2GasPrice;
  return poseidonArray(hasher, joinFelts(GAS_PRICES_0, ...l1Prices(header), orZero(wei), orZero(fri)));
}

function l1Prices({ l1GasPrice, l1DataGasPrice }: Header): readonly Felt[] {
  return [l1GasPrice.wei, l1GasPrice.fri, l1DataGasPrice.wei, l1DataGasPrice.fri].map(orZero);
}

function orZero(price: Price): Felt {
  return price ?? FELT_ZERO;
}

const BLOCK_HASH_0 = feltFromAscii('STARKNET_BLOCK_HASH0');
const BLOCK_HASH_1 = feltFromAscii('STARKNET_BLOCK_HASH1');
const GAS_PRICES_0 = feltFromAscii('STARKNET_GAS_PRICES0');
