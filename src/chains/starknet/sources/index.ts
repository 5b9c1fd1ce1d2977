export * from './compiler/index.ts';
export { createStarknetSource, type StarknetSourceOptions } from './create-source.ts';
export * from './folder/index.ts';
export * from './gateway/index.ts';
export { type ByteRange, type Outline, outlineObject } from './json-outline.ts';
export * from './l1/index.ts';
export { BLOCK_PARTS, type BlockPart, CLASS_PARTS, type ClassPart, PARTS, type Part } from './parts.ts';
export type { SourceErrorCode } from './source-error.ts';
