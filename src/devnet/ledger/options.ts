/** What kind of chain the devnet makes. Shares are probabilities, 0 to 1. */
export interface LedgerDevnetOptions {
  /** Same seed and options, same chain: any integer. */
  readonly seed: number;
  /** Default `ledger-devnet`. */
  readonly chainId?: string;
  /** Default 4. */
  readonly validators?: number;
  /** Funded accounts, which make the transfers. Default 8. */
  readonly accounts?: number;
  /** Share of blocks without transfers. Default 0.25. */
  readonly emptyShare?: number;
  /** A block that is not empty has 1 to this many transfers. Default 3. */
  readonly transfersMax?: number;
  /** Share of transfers that go to an address nobody has seen before. Default 0.1. */
  readonly newAccountShare?: number;
  /** Share of transfers that name a memo. Default 0.1. */
  readonly memoShare?: number;
  /** Share of memos that only an archive has (part `archivedMemo`). Default 0. */
  readonly archivedMemoShare?: number;
  /** Share of memos that nobody has. Default 0. */
  readonly lostMemoShare?: number;
  /** Time of block 0, seconds since the Unix epoch. Default 1,700,000,000. */
  readonly timestampS?: number;
  /** Time between blocks, in seconds. Default 15. */
  readonly intervalS?: number;
}

export const defaultLedgerDevnetOptions = {
  chainId: 'ledger-devnet',
  validators: 4,
  accounts: 8,
  emptyShare: 0.25,
  transfersMax: 3,
  newAccountShare: 0.1,
  memoShare: 0.1,
  archivedMemoShare: 0,
  lostMemoShare: 0,
  timestampS: 1_700_000_000,
  intervalS: 15,
} as const satisfies Omit<Required<LedgerDevnetOptions>, 'seed'>;
