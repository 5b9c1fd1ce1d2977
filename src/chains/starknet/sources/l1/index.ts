export { isL1Url, l1SourceUrl } from './l1-address.ts';
export { createL1Source, DEFAULT_L1_POLL_MS, type L1Source, type L1SourceOptions } from './l1-source.ts';
