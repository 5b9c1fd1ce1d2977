export interface OutlineLimits {
  /** Arrays and objects inside each other. */
  readonly depthMax: number;
  /** Elements of an outermost array. */
  readonly batchMax: number;
}

/**
 * Looks at the shape of a JSON text before anything is made of it, since a short text can be deep or wide. Text that is
 * no JSON gets by: the parser will tell.
 *
 * @param bytes UTF-8.
 * @returns What is wrong with it, null for nothing.
 */
export function outlineOf(bytes: Uint8Array, { depthMax, batchMax }: OutlineLimits): string | null {
  let depth = 0;
  let isBatch = false;
  let commas = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = endOfText(bytes, i);
        break;
      case BRACKET:
      case BRACE:
        if (depth === 0) isBatch = bytes[i] === BRACKET;
        if (++depth > depthMax) return `more than ${depthMax} arrays and objects inside each other`;
        break;
      case BRACKET_END:
      case BRACE_END:
        depth--;
        break;
      case COMMA:
        if (depth === 1 && isBatch && ++commas >= batchMax) return `more than ${batchMax} calls in a batch`;
        break;
      default:
    }
  }
  return null;
}

/** Where the text ends that begins at the quotation mark. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return bytes.length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
