export type { DevnetBlock } from './block-maker.ts';
export { type Forgery, forgeBlock, forgeries } from './forgery.ts';
export { createLedgerDevnet, type DevnetView, type LedgerDevnet } from './ledger-devnet.ts';
export { defaultLedgerDevnetOptions, type LedgerDevnetOptions } from './options.ts';
export { createSeededRandom, type SeededRandom } from './random.ts';
export { createSigningKey, type SigningKey, signHeader, signTransfer } from './signing-key.ts';
