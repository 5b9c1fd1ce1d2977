import { SynclineError } from '../../lib/index.ts';

/** A Sierra class as JSON, as far as compiling looks at it. Felts are canonical hex. */
export interface SierraJson {
  readonly sierra_program: readonly string[];
  readonly entry_points_by_type: EntryPointsJson<{ readonly selector: string; readonly function_idx: number }>;
}

/** What a Sierra class is compiled to, as JSON. */
export interface CompiledJson {
  readonly prime: string;
  readonly compiler_version: string;
  readonly bytecode: readonly string[];
  /** Absent where the class names a compiler before 2.6. */
  readonly bytecode_segment_lengths?: readonly SegmentJson[];
  readonly hints: readonly (readonly [offset: number, hints: readonly unknown[]])[];
  readonly entry_points_by_type: EntryPointsJson<CompiledEntryPointJson>;
}

export interface CompiledEntryPointJson {
  readonly selector: string;
  readonly offset: number;
  readonly builtins: readonly string[];
}

export type EntryPointsJson<T> = Readonly<Record<'EXTERNAL' | 'L1_HANDLER' | 'CONSTRUCTOR', readonly T[]>>;
export type SegmentJson = number | readonly SegmentJson[];

/**
 * Compiles a class of the devnet by a rule of the devnet's own, since a true compiler could make nothing of its program.
 * Behind the six felts that state versions, each felt becomes two of bytecode: its lower 63 bits, and itself. Functions
 * share the bytecode evenly, each a segment, cut in two where it is long.
 *
 * @throws {SynclineError} `DEVNET_CLASS` (fault `caller`) for a class that is not the devnet's.
 */
export function compileDevnetClass(sierra: SierraJson): CompiledJson {
  const { EXTERNAL, L1_HANDLER, CONSTRUCTOR } = sierra.entry_points_by_type;
  const functions = EXTERNAL.length + L1_HANDLER.length + CONSTRUCTOR.length;
  const head = sierra.sierra_program.slice(0, HEAD_FELTS).map(Number);
  const body = sierra.sierra_program.slice(HEAD_FELTS);
  if (functions === 0 || body.length < functions) {
    throw new SynclineError('DEVNET_CLASS', 'caller', 'not a class of the devnet', {
      data: { expected: 'more felts of program than functions', got: `${body.length} and ${functions}` },
    });
  }
  const bytecode = body.flatMap((felt) => [hex(BigInt(felt) & LOW_BITS), felt]);
  const offsetOf = (index: number) => 2 * Math.floor((index * body.length) / functions);
  const starts = Array.from({ length: functions }, (_, index) => offsetOf(index));
  const compile = ({ selector, function_idx }: { readonly selector: string; readonly function_idx: number }) => {
    return { selector, offset: offsetOf(function_idx), builtins: BUILTINS[function_idx % BUILTINS.length] ?? [] };
  };
  const [, , , major, minor = 0, patch] = head;
  return {
    prime: PRIME,
    compiler_version: `${major}.${minor}.${patch}`,
    bytecode,
    ...(minor < FIRST_MINOR_WITH_SEGMENTS
      ? {}
      : { bytecode_segment_lengths: starts.map((start, index) => segmentOf(offsetOf(index + 1) - start)) }),
    hints: starts.map((start) => [start, [{ AllocSegment: { dst: { register: 'AP', offset: 0 } } }]]),
    entry_points_by_type: {
      EXTERNAL: EXTERNAL.map(compile),
      L1_HANDLER: L1_HANDLER.map(compile),
      CONSTRUCTOR: CONSTRUCTOR.map(compile),
    },
  };
}

function segmentOf(length: number): SegmentJson {
  if (length <= WHOLE_SEGMENT_MAX) return length;
  const first = Math.floor(length / 2);
  return [first, length - first];
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Version of Sierra and version of the compiler, three numbers each. */
const HEAD_FELTS = 6;
/** Compilers from 2.6 on cut bytecode into segments. */
const FIRST_MINOR_WITH_SEGMENTS = 6;
/** Chosen, so that functions of both kinds are common. */
const WHOLE_SEGMENT_MAX = 6;
/** Felts below 2^63 are hashed another way by Blake2s. */
const LOW_BITS = 2n ** 63n - 1n;
const PRIME = hex(2n ** 251n + 17n * 2n ** 192n + 1n);
const BUILTINS: readonly (readonly string[])[] = [
  [],
  ['range_check'],
  ['pedersen', 'range_check'],
  ['range_check', 'poseidon'],
];
