import { starknetKeccak } from '../../../crypto/index.ts';
import { concatAll } from '../../../lib/index.ts';
import { feltAt, feltFromAscii, feltFromNumber, joinFelts } from '../felt.ts';
import type { Felt, Felts } from '../types.ts';
import { hintedProgram } from './cairo0-program.ts';
import type { Cairo0Class, ClassDefinition, EntryPoint, EntryPoints, SierraClass } from './class-definition.ts';
import type { ClassHashers } from './hashers.ts';

/** The hash that names a class of either kind. */
export function computeClassHash(hashers: ClassHashers, definition: ClassDefinition): Felt {
  return definition.kind === 'sierra' ? sierraClassHash(hashers, definition) : cairo0ClassHash(hashers, definition);
}

/**
 * Poseidon over the version, the entry points of each kind, the ABI's text and the program.
 * @see https://docs.starknet.io/learn/protocol/state, "Class hash"
 * @see cairo `crates/cairo-lang-starknet-classes`, and Pathfinder, `crates/class-hash/src/lib.rs`, `compute_sierra_class_hash`
 */
export function sierraClassHash({ felts, keccak }: ClassHashers, definition: SierraClass): Felt {
  const lists = [...entryPointLists(definition.entryPoints), definition.program];
  const hashes = felts.poseidonArrays(lists) as Felts; // one for each list
  const abi = starknetKeccak(new TextEncoder().encode(definition.abi), keccak);
  const version = feltFromAscii(`CONTRACT_CLASS_V${definition.version}`);
  const entryPoints = hashes.subarray(0, 3 * 32);
  return felts.poseidonArrays([joinFelts(version, entryPoints, abi, feltAt(hashes, 3))]) as Felt;
}

/**
 * Pedersen over the entry points of each kind, the builtins, the hash of ABI and program as text, and the program.
 * @see https://docs.starknet.io/learn/protocol/state, "Class hash", Cairo 0
 * @see cairo-lang 0.13, `starkware/starknet/core/os/contract_class/deprecated_class_hash.py`
 */
export function cairo0ClassHash({ felts, keccak }: ClassHashers, definition: Cairo0Class): Felt {
  const { entryPoints, builtins, data } = definition;
  const lists = [...entryPointLists(entryPoints), builtins, data];
  const hashes = felts.pedersenArrays(lists) as Felts; // one for each list
  const hinted = starknetKeccak(Buffer.from(hintedProgram(definition), 'latin1'), keccak);
  const beforeProgram = hashes.subarray(0, 4 * 32);
  return felts.pedersenArrays([joinFelts(API_VERSION, beforeProgram, hinted, feltAt(hashes, 4))]) as Felt;
}

/** For each kind, in the order in which kinds are hashed: selector and target of each entry point. */
function entryPointLists({ externals, l1Handlers, constructors }: EntryPoints<EntryPoint>): readonly Felts[] {
  return [externals, l1Handlers, constructors].map(
    (list) => concatAll(list.flatMap(({ selector, target }) => [selector, target])) as Felts, // whole felts
  );
}

/** Of Cairo 0 classes. */
const API_VERSION = feltFromNumber(0);
