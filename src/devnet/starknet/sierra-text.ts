import { feltToHex } from '../../chains/starknet/index.ts';
import type { DevnetRandom } from './random.ts';
import { CONSTRUCTORS, EXTERNALS, L1_HANDLERS, type NamedFunction } from './selectors.ts';

/** Draws a Sierra class and writes it as `get_class_by_hash` answers. Its program means nothing. */
export function drawSierraText(random: DevnetRandom): string {
  const externals = EXTERNALS.filter(() => random.chance(0.25)).slice(0, EXTERNALS_MAX);
  const functions = [...CONSTRUCTORS, ...(externals.length === 0 ? EXTERNALS.slice(0, 1) : externals)];
  if (random.chance(0.3)) functions.push(random.pick(L1_HANDLERS));
  const entryPointsOf = (kind: readonly NamedFunction[]) =>
    functions.flatMap(({ selector }, function_idx) =>
      kind.some((one) => one.selector === selector) ? [{ selector: feltToHex(selector), function_idx }] : [],
    );
  return JSON.stringify({
    contract_class_version: '0.1.0',
    sierra_program: drawProgram(random),
    entry_points_by_type: {
      EXTERNAL: entryPointsOf(EXTERNALS),
      L1_HANDLER: entryPointsOf(L1_HANDLERS),
      CONSTRUCTOR: entryPointsOf(CONSTRUCTORS),
    },
    abi: abiText(random, functions),
  });
}

/** Versions of Sierra and of the compiler, then small numbers and some large ones, as true programs have them. */
function drawProgram(random: DevnetRandom): readonly string[] {
  const minor = random.pick([4, 6, 11]); // those before 6 cut no segments
  const program = [1, minor === 11 ? 6 : 4, 0, 2, minor, random.below(5)].map((part) => `0x${part.toString(16)}`);
  for (let i = random.between(PROGRAM_FELTS_MIN, 2 * PROGRAM_FELTS_MIN); i > 0; i--) {
    program.push(random.chance(0.25) ? feltToHex(random.felt()) : `0x${random.below(2 ** 16).toString(16)}`);
  }
  return program;
}

/** The ABI is a text within the text, and hashed byte for byte: some write spaces, some do not. */
function abiText(random: DevnetRandom, functions: readonly NamedFunction[]): string {
  const abi = functions.map(({ name }) => ({
    type: name === 'constructor' ? 'constructor' : 'function',
    name,
    inputs: [{ name: random.pick(['to', 'amount', 'größe']), type: 'core::felt252' }],
  }));
  return random.chance(0.5) ? JSON.stringify(abi) : JSON.stringify(abi, null, 1);
}

/** Chosen, as the number of felts: classes are small, because many are made, and each is hashed. */
const EXTERNALS_MAX = 4;
/** More than there can be functions. */
const PROGRAM_FELTS_MIN = 8;
