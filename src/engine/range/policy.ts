/** How patient, how greedy and how forgiving the range scheduler is. Times in milliseconds. */
export interface RangePolicy {
  /** Heights between the first uncommitted block and the furthest one asked for. */
  readonly windowBlocks: number;
  /** Bytes held for blocks that are not committed: candidates, sealed blocks, and an estimate for those under way. */
  readonly windowBytes: number;
  /** A request without an answer for this long has failed, unless the source's limits say another time. */
  readonly requestTimeoutMs: number;
  /** The block everything waits for is asked for a second time elsewhere after this long. */
  readonly hedgeAfterMs: number;
  /** Wait before all sources are asked again for what none could give; doubles up to the maximum. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Cool-down of a source that failed (book of slowness); doubles with each failure in a row. */
  readonly coolBaseMs: number;
  readonly coolMaxMs: number;
  /** Bench time of a source that sent something false (book of malice); quadruples with each strike. */
  readonly strikeBaseMs: number;
  readonly strikeMaxMs: number;
  /** Blocks accepted from a source that take one strike off its book. */
  readonly forgiveBlocks: number;
  /** Size assumed for a block until some have been seen. */
  readonly blockBytesGuess: number;
}

export const defaultRangePolicy: RangePolicy = {
  windowBlocks: 64,
  windowBytes: 64 * 1024 * 1024,
  requestTimeoutMs: 20_000,
  hedgeAfterMs: 4_000,
  retryBaseMs: 250,
  retryMaxMs: 10_000,
  coolBaseMs: 500,
  coolMaxMs: 30_000,
  strikeBaseMs: 5_000,
  strikeMaxMs: 600_000,
  forgiveBlocks: 64,
  blockBytesGuess: 64 * 1024,
};
