export * from './detect-kind.ts';
export {
  asFelt,
  has,
  type JsonObject,
  malformed,
  member,
  type Place,
  placeOf,
  readEach,
  readFelts,
  readText,
  rootPlace,
} from './json-reader.ts';
export { FELTS_MAX, JSON_BYTES_MAX, JSON_DEPTH_MAX, JSON_NAME_BYTES_MAX } from './limits.ts';
export * from './parse-block.ts';
export * from './parse-bundle.ts';
export * from './parse-json.ts';
export * from './parse-provisional.ts';
export * from './parse-receipt.ts';
export * from './parse-signature.ts';
export { parseStateUpdate } from './parse-state-update.ts';
export * from './parse-storage-proof.ts';
export * from './parse-transaction.ts';
export * from './render.ts';
export { type WireErrorCode, wireError } from './wire-error.ts';
