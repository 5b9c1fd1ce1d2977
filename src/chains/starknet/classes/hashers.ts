import {
  type Blake2sHasher,
  createBlake2sHasher,
  createFeltHasher,
  createKeccakHasher,
  type FeltHasher,
  type KeccakHasher,
} from '../../../crypto/index.ts';

/** What hashing classes takes. */
export interface ClassHashers {
  readonly felts: FeltHasher;
  readonly blake2s: Blake2sHasher;
  readonly keccak: KeccakHasher;
}

/** The fastest ones there are, with memory of their own: one set a thread is enough. */
export function createClassHashers(felts: FeltHasher = createFeltHasher()): ClassHashers {
  return { felts, blake2s: createBlake2sHasher(), keccak: createKeccakHasher() };
}
