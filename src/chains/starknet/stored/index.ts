export * from './header-codec.ts';
export type { StoredErrorCode } from './layout.ts';
export * from './receipts-codec.ts';
export * from './signature-codec.ts';
export * from './state-diff-codec.ts';
export * from './transactions-codec.ts';
