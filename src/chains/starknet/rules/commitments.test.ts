import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { FELT_ZERO, feltFromNumber, feltToHex, joinFelts, NO_FELTS, parseFelt, parseFelts } from '../felt.ts';
import { devnetParams } from '../params.ts';
import type { Event, Felt, Header, Receipt, StateDiff, Transaction } from '../types.ts';
import { parseReceipt } from '../wire/index.ts';
import { type BlockHashForm, computeBlockHash } from './block-hash.ts';
import {
  type CommitmentEra,
  commitmentEra,
  eventCommitment,
  receiptCommitment,
  transactionCommitment,
} from './commitments.ts';
import { stateDiffCommitment, stateDiffLength } from './state-diff-commitment.ts';
import { openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const hasher = createFeltHasher();
const felt = feltFromNumber;

/** The entries of `hash_vectors.json` used here; `published` ones are from the sequencer's and Pathfinder's tests. */
interface HashVectors {
  readonly tx_leaf: readonly { readonly v: string; readonly out: string }[];
  readonly event_leaf_pre_0_13_2: { readonly event: EventVector; readonly out: string };
  readonly event_commitment_0_13_2: {
    readonly tx: string;
    readonly events: readonly EventVector[];
    readonly out: string;
  };
  readonly receipt_commitment_0_13_2: { readonly receipt: Readonly<Record<string, unknown>>; readonly out: string };
  readonly block_hash_synthetic: readonly { readonly version: string; readonly out: string }[];
}

interface EventVector {
  readonly from_address: string;
  readonly keys: readonly string[];
  readonly data: readonly string[];
}

describe.skipIf(!vectors.areThere)('published synthetic vectors', () => {
  const published = (vectors.areThere ? vectors.json('hash_vectors.json') : null) as HashVectors;
  const h = (left: Felt, right: Felt) => hasher.pedersen(left, right) as Felt;
  const z = (left: Felt, right: Felt) => hasher.poseidon(left, right) as Felt;

  test.each([
    ['0.11.1..0.13.1', 'pedersen', [2, 3], h],
    ['0.13.2..', 'poseidon', [2, 3], z],
    ['0.13.2/0.13.3 no signature', 'poseidon-padded', [], z],
    ['0.13.4 no signature', 'poseidon', [], z],
  ] as const)('transaction leaf of %s', (name, era, signature, hash) => {
    const leaf = published.tx_leaf.find(({ v }) => v === name)?.out;
    const root = transactionCommitment(hasher, era, [invoke(felt(1), signature)]);
    expect(feltToHex(root)).toBe(feltToHex(loneRoot(parseFelt(leaf), hash)));
  });

  test('event leaf before 0.13.2', () => {
    const { event, out } = published.event_leaf_pre_0_13_2;
    const root = eventCommitment(hasher, 'pedersen', [receiptOf(felt(1), [toEvent(event)])]);
    expect(feltToHex(root)).toBe(feltToHex(loneRoot(parseFelt(out), h)));
  });

  test('event commitment of 0.13.2', () => {
    const { tx, events, out } = published.event_commitment_0_13_2;
    expect(feltToHex(eventCommitment(hasher, 'poseidon', [receiptOf(parseFelt(tx), events.map(toEvent))]))).toBe(out);
  });

  test('receipt commitment of 0.13.2', () => {
    const { receipt, out } = published.receipt_commitment_0_13_2;
    const resources = receipt.execution_resources as Record<string, unknown>;
    const parsed = parseReceipt({
      ...receipt,
      transaction_index: 0,
      execution_status: 'REVERTED',
      execution_resources: { n_steps: 0, n_memory_holes: 0, ...resources },
    });
    expect(feltToHex(receiptCommitment(hasher, [parsed]))).toBe(out);
  });

  // Inputs of the sequencer's `block_hash_calculator_test.rs`, `test_block_hash_regression`.
  test.each([
    ['0.13.2', 'C'],
    ['0.13.4', 'D'],
  ] as const)('block hash of %s', (version, form) => {
    const out = published.block_hash_synthetic.find((vector) => vector.version === version)?.out;
    const header = syntheticHeader(version, parseFelt(out));
    const { receipt } = published.receipt_commitment_0_13_2;
    const parsed = parseReceipt({
      ...receipt,
      transaction_hash: '0x1',
      transaction_index: 0,
      execution_status: 'REVERTED',
      execution_resources: { n_steps: 0, n_memory_holes: 0, ...(receipt.execution_resources as object) },
    });
    const result = computeBlockHash(hasher, devnetParams(), header, {
      transactionCount: 1,
      eventCount: 0,
      transactionCommitment: transactionCommitment(hasher, commitmentEra(version), [invoke(felt(1), [2, 3])]),
      eventCommitment: FELT_ZERO,
      receiptCommitment: receiptCommitment(hasher, [parsed]),
      stateDiffCommitment: stateDiffCommitment(hasher, SYNTHETIC_DIFF),
      stateDiffLength: stateDiffLength(SYNTHETIC_DIFF),
    });
    expect(result).toMatchObject({ matches: true, form: form satisfies BlockHashForm });
  });
});

describe('commitments of nothing', () => {
  const eras: readonly CommitmentEra[] = ['pedersen-invokes', 'pedersen', 'poseidon-padded', 'poseidon'];
  test.each(eras)('%s: empty lists commit to zero', (era) => {
    expect(transactionCommitment(hasher, era, [])).toEqual(FELT_ZERO);
    expect(eventCommitment(hasher, era, [])).toEqual(FELT_ZERO);
    expect(receiptCommitment(hasher, [])).toEqual(FELT_ZERO);
  });
});

describe('the state diff commitment', () => {
  test('does not depend on the order of its lists', () => {
    const reversed = Object.fromEntries(
      Object.entries(SYNTHETIC_DIFF).map(([name, list]) => [name, [...list].reverse()]),
    ) as unknown as StateDiff; // the same lists, reversed
    expect(stateDiffCommitment(hasher, reversed)).toEqual(stateDiffCommitment(hasher, SYNTHETIC_DIFF));
  });

  test('leaves out contracts without a storage change, and so does the length', () => {
    const withEmpty = {
      ...SYNTHETIC_DIFF,
      storageDiffs: [...SYNTHETIC_DIFF.storageDiffs, { address: felt(99), entries: [] }],
    };
    expect(stateDiffCommitment(hasher, withEmpty)).toEqual(stateDiffCommitment(hasher, SYNTHETIC_DIFF));
    expect(stateDiffLength(withEmpty)).toBe(stateDiffLength(SYNTHETIC_DIFF));
  });

  test('counts a migration like a declaration', () => {
    const pair = { classHash: felt(30), compiledClassHash: felt(31) };
    const declared = { ...SYNTHETIC_DIFF, declaredClasses: [...SYNTHETIC_DIFF.declaredClasses, pair] };
    const migrated = { ...SYNTHETIC_DIFF, migratedCompiledClasses: [pair] };
    expect(stateDiffCommitment(hasher, migrated)).toEqual(stateDiffCommitment(hasher, declared));
    expect(stateDiffLength(migrated)).toBe(stateDiffLength(declared));
  });
});

function invoke(hash: Felt, signature: readonly number[]): Transaction {
  return {
    type: 'INVOKE_V1',
    version: 1,
    hash,
    signature: joinFelts(...signature.map(felt)),
    senderAddress: felt(1),
    calldata: NO_FELTS,
    maxFee: FELT_ZERO,
    nonce: FELT_ZERO,
  };
}

function receiptOf(transactionHash: Felt, events: readonly Event[]): Receipt {
  return {
    transactionHash,
    transactionIndex: 0,
    actualFee: FELT_ZERO,
    events,
    messagesToL1: [],
    consumedMessage: null,
    revertError: null,
    executionResources: null,
  };
}

function toEvent({ from_address, keys, data }: EventVector): Event {
  return { fromAddress: parseFelt(from_address), keys: parseFelts(keys), data: parseFelts(data) };
}

/** Root of a commitment tree with one leaf at index 0: an edge of 64 zero bits. */
function loneRoot(leaf: Felt, hash: (left: Felt, right: Felt) => Felt): Felt {
  const value = BigInt(feltToHex(hash(leaf, FELT_ZERO))) + 64n;
  return parseFelt(`0x${value.toString(16)}`);
}

function syntheticHeader(version: string, hash: Felt): Header {
  return {
    number: 1,
    hash,
    parentHash: felt(11),
    stateRoot: felt(2),
    timestampS: 4,
    sequencerAddress: felt(3),
    version,
    transactionCommitment: null,
    eventCommitment: null,
    receiptCommitment: null,
    stateDiffCommitment: null,
    stateDiffLength: null,
    l1GasPrice: { wei: felt(7), fri: felt(6) },
    l1DataGasPrice: { wei: felt(9), fri: felt(10) },
    l2GasPrice: { wei: felt(12), fri: felt(11) },
    l1DaMode: 'BLOB',
    status: 'ACCEPTED_ON_L2',
  };
}

const SYNTHETIC_DIFF: StateDiff = {
  deployedContracts: [
    { address: felt(0), classHash: felt(1) },
    { address: felt(2), classHash: felt(3) },
  ],
  storageDiffs: [
    {
      address: felt(4),
      entries: [
        { key: felt(5), value: felt(6) },
        { key: felt(7), value: felt(8) },
      ],
    },
    { address: felt(9), entries: [{ key: felt(10), value: felt(11) }] },
  ],
  declaredClasses: [
    { classHash: felt(12), compiledClassHash: felt(13) },
    { classHash: felt(14), compiledClassHash: felt(15) },
  ],
  oldDeclaredContracts: [felt(16)],
  nonces: [{ address: felt(17), nonce: felt(18) }],
  replacedClasses: [{ address: felt(19), classHash: felt(20) }],
  migratedCompiledClasses: [],
};
