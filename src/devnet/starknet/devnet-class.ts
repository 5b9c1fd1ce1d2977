import {
  type ClassHashers,
  type ClassKind,
  type CompiledClassHashes,
  compiledClassHashes,
  computeClassHash,
  parseClass,
  parseCompiledClass,
} from '../../chains/starknet/classes/index.ts';
import type { Felt } from '../../chains/starknet/index.ts';
import { CAIRO0_ERAS, drawCairo0Text } from './cairo0-text.ts';
import { compileDevnetClass, type SierraJson } from './compile-class.ts';
import { createDevnetRandom } from './random.ts';
import { drawSierraText } from './sierra-text.ts';

/** All that a class of the devnet follows from: nothing else is kept of it. */
export type ClassSeed = DrawnSeed | GivenSeed;

/** A class that the devnet draws. */
export interface DrawnSeed {
  readonly kind: ClassKind;
  /** Names its random numbers; another one for each class. */
  readonly label: string;
  /** Number among the classes of its block. */
  readonly number: number;
}

/** A class that the options hold. */
export interface GivenSeed {
  readonly kind: ClassKind;
  readonly files: DevnetClassFiles;
}

/** A class as a gateway serves it. */
export interface DevnetClassFiles {
  readonly kind: ClassKind;
  /** As `get_class_by_hash` answers; null for a given class that nobody has. */
  readonly json: string | null;
  /**
   * As `get_compiled_class_by_class_hash` answers; null for Cairo 0, which is not compiled, and for what nobody has of a
   * given class.
   */
  readonly compiledJson: string | null;
}

interface DrawnFiles extends DevnetClassFiles {
  readonly json: string;
}

/** A class with its hashes, computed as a node computes them: from the text. */
export interface DevnetClassHashes {
  readonly classHash: Felt;
  /** Null for Cairo 0, and where nobody has what a given class is compiled to. */
  readonly compiled: CompiledClassHashes | null;
}

/** Writes a class anew; the same text each time. */
export function writeClass(seed: ClassSeed): DevnetClassFiles {
  return 'files' in seed ? seed.files : drawClass(seed);
}

function drawClass({ kind, label, number }: DrawnSeed): DrawnFiles {
  const random = createDevnetRandom(label);
  if (kind === 'cairo0') {
    const era = CAIRO0_ERAS[number % CAIRO0_ERAS.length] ?? 'attributes';
    return { kind, json: drawCairo0Text(random, era), compiledJson: null };
  }
  const json = drawSierraText(random);
  const compiled = compileDevnetClass(JSON.parse(json) as SierraJson); // just written
  return { kind, json, compiledJson: JSON.stringify(compiled) };
}

export function hashClass(hashers: ClassHashers, seed: DrawnSeed): DevnetClassHashes {
  const { json, compiledJson } = drawClass(seed);
  return {
    classHash: computeClassHash(hashers, parseClass(Buffer.from(json))),
    compiled:
      compiledJson === null ? null : compiledClassHashes(hashers, parseCompiledClass(Buffer.from(compiledJson))),
  };
}
