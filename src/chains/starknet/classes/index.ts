export * from './class-definition.ts';
export * from './class-hash.ts';
export * from './compiled-class-hash.ts';
export * from './compiled-class-id.ts';
export * from './hashers.ts';
export { type JsonMembers, JsonNumber, type JsonValue, parseJsonText } from './json-text.ts';
export { CLASS_BYTES_MAX } from './limits.ts';
export * from './stored-class.ts';
