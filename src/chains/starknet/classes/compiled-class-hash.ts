import { concatAll } from '../../../lib/index.ts';
import { FELT_PRIME, feltAt, feltFromAscii, feltFromBigint, feltFromNumber, feltToBigint, joinFelts } from '../felt.ts';
import type { Felt, Felts } from '../types.ts';
import { type BytecodeSegment, type CompiledClass, type CompiledEntryPoint, feltsIn } from './class-definition.ts';
import type { ClassHashers } from './hashers.ts';

/**
 * Which function a compiled class hash is made with: Poseidon where blocks before 0.14.1 declared it, Blake2s where
 * later ones did, and in all migrations.
 */
export type CompiledClassForm = 'poseidon' | 'blake2s';

/** Both hashes of one compiled class. */
export type CompiledClassHashes = Readonly<Record<CompiledClassForm, Felt>>;

/**
 * The hash of a compiled class in both forms: over its entry points of each kind with their builtins, and the
 * bytecode, cut into segments where the compiler says so. The hints and all other members are not hashed.
 *
 * @see https://docs.starknet.io/learn/protocol/state, "Compiled class hash"
 * @see sequencer `crates/starknet_api/src/contract_class/compiled_class_hash.rs`; SNIP-34 for Blake2s
 */
export function compiledClassHashes(hashers: ClassHashers, definition: CompiledClass): CompiledClassHashes {
  return {
    poseidon: compiledClassHash((lists) => hashers.felts.poseidonArrays(lists), definition),
    blake2s: compiledClassHash((lists) => hashers.blake2s.blake2sFeltsMany(lists), definition),
  };
}

/** Hashes lists of felts, one felt for each. */
type HashLists = (lists: readonly Uint8Array[]) => Uint8Array;

function compiledClassHash(hash: HashLists, { entryPoints, bytecode, segments }: CompiledClass): Felt {
  const kinds = [entryPoints.externals, entryPoints.l1Handlers, entryPoints.constructors];
  const builtins = kinds.flat().map((entry) => entry.builtins);
  // The innermost lists in one batch; the rest is made of their hashes.
  const leaves = hash([...builtins, ...(segments === null ? [bytecode] : leavesOf(segments, bytecode))]) as Felts;
  let next = 0;
  const nextLeaf = () => feltAt(leaves, next++);
  const entries = hash(kinds.map((kind) => entryPointList(kind, nextLeaf)));
  const code = segments === null ? nextLeaf() : nodeHash(hash, segments, nextLeaf);
  return hash([joinFelts(COMPILED_CLASS_V1, entries, code)]) as Felt;
}

function entryPointList(entries: readonly CompiledEntryPoint[], nextLeaf: () => Felt): Felts {
  return concatAll(entries.flatMap(({ selector, target }) => [selector, target, nextLeaf()])) as Felts; // whole felts
}

/** The pieces of bytecode that segments without inner ones cover, from left to right. */
function leavesOf(segments: readonly BytecodeSegment[], bytecode: Felts): readonly Felts[] {
  const leaves: Felts[] = [];
  let at = 0;
  const visit = (segment: BytecodeSegment): void => {
    if (typeof segment === 'number') {
      leaves.push(bytecode.subarray(at * 32, (at + segment) * 32) as Felts);
      at += segment;
    } else {
      segment.forEach(visit);
    }
  };
  segments.forEach(visit);
  return leaves;
}

/** One more than the hash of length and hash of each segment: a hash of bytecode alone cannot pass for it. */
function nodeHash(hash: HashLists, segments: readonly BytecodeSegment[], nextLeaf: () => Felt): Felt {
  const list = segments.flatMap((segment) => [
    feltFromNumber(typeof segment === 'number' ? segment : feltsIn(segment)),
    typeof segment === 'number' ? nextLeaf() : nodeHash(hash, segment, nextLeaf),
  ]);
  const sum = feltToBigint(hash([concatAll(list)])) + 1n;
  return feltFromBigint(sum === FELT_PRIME ? 0n : sum);
}

/** It stays at version 1 in both forms. */
const COMPILED_CLASS_V1 = feltFromAscii('COMPILED_CLASS_V1');
