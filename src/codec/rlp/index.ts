export { decodeRlp, type RlpLimits, readRlpSpan } from './decode.ts';
export { encodeRlp } from './encode.ts';
export type { RlpErrorCode } from './errors.ts';
export { encodeRlpInteger, parseRlpInteger } from './integer.ts';
export type { RlpItem, RlpSpan } from './item.ts';
export { putRlpPrefix, RLP_LIST, RLP_STRING } from './prefix.ts';
