/** A value of the Recursive Length Prefix encoding: a byte string, or a list of values. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Where the payload of one item lies: `[start, end)`. The item itself ends at `end` too. */
export interface RlpSpan {
  readonly type: 'string' | 'list';
  readonly start: number;
  readonly end: number;
}
