/**
 * Poseidon2 over the BN254 scalar field. The host writes canonical fields (32 bytes, big-endian, below the modulus) to
 * LEFT and RIGHT, calls, and reads OUT.
 */
import { CAPACITY, END, LEFT, OUT, RIGHT } from './layout';

// The field itself, for the tests at the bounds of its limbs.
export {
  add,
  mixExternal,
  multiply,
  multiplyAdd,
  power5,
  readCanonical,
  sumWords,
  writeCanonical,
} from './gen/field';
export { absorb, finish, hashLists, hashPairs, loadState, permuteStates, squeeze, start, storeState } from './sponge';

/** Fields that fit in LEFT, as in RIGHT, which adjoins. */
export const capacity: i32 = CAPACITY;
export const left: usize = LEFT;
export const right: usize = RIGHT;
export const out: usize = OUT;
/** Address behind all that the kernel uses. */
export const end: usize = END;
