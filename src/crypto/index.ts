export type { FeltHasher } from './felt-hasher.ts';
