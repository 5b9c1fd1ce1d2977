export { feltFromBytes, feltToBigint, feltToHex, parseFelt } from './felt.ts';
export { NETWORKS, type NetworkParams } from './params.ts';
export { type StarknetOptions, starknet } from './starknet.ts';
export type * from './types.ts';
