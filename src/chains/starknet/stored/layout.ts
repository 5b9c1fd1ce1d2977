/*
 * How verified parts of a block are kept on disk. A block is stored as up to five values, one for each part:
 * header, transactions, receipts, state diff, signature.
 *
 * Common rules
 *
 *   format    one byte at the start of each part, `STORED_FORMAT`; another value is refused
 *   varint    unsigned LEB128: seven bits a byte, low bits first, top bit says "more follows"; minimal; below 2^53
 *   text      varint byte count, then UTF-8
 *   list<T>   varint item count, then the items
 *   flags     one byte; bits that are not named are 0
 *   x?        present only if its flag says so
 *
 *   felt      one of four forms, the shortest that fits; most felts of a block are small or come again and again
 *
 *     00..7f                        the value itself, 0 to 127
 *     80..9f  n bytes               literal of n = t - 0x7f bytes (1 to 32), big-endian, first byte not zero
 *     a0..bf  1 byte                the literal number (t - 0xa0)·2^8 + byte, counted from 0 in this part
 *     c0..ff  2 bytes               the literal number 2^13 + (t - 0xc0)·2^16 + the bytes, big-endian
 *
 *     Only literals of at least `REFERABLE_BYTES_MIN` bytes are counted. The writer refers to an earlier literal
 *     whenever it finds one, so the same value always gives the same bytes.
 *
 *   felts     list<felt>
 *
 * Header
 *
 *   | format | flags | prices | number varint | timestamp varint | version text | hash felt | parent felt | root felt |
 *   | sequencer? | transactions? | events? | receipts? | state diff? felt each | state diff length? varint |
 *   | l1 wei? | l1 fri? | l1 data wei? | l1 data fri? | l2 wei? | l2 fri? felt each |
 *
 *     flags   1 sequencer, 2 transaction commitment, 4 event commitment, 8 receipt commitment,
 *             10 state diff commitment, 20 state diff length, 40 accepted on L1
 *     prices  01 … 20 which of the six prices follow; top two bits: 0 no data mode, 1 CALLDATA, 2 BLOB
 *
 * Transactions
 *
 *   | format | list of: type byte | version varint | hash felt | signature felts | fields of the type in order |
 *
 *     Types and their fields are in `transactions-codec.ts`; numbers are never reused.
 *
 * Receipts
 *
 *   | format | list of: flags | transaction hash felt | index varint | fee felt | revert error? text |
 *   |          events list | messages to L1 list | consumed message? | execution resources? |
 *
 *     flags      1 reverted, 2 consumed message, 4 its nonce, 8 execution resources, 10 data availability, 20 total gas
 *     event      | from felt | keys felts | data felts |
 *     message    | from felt | to felt | payload felts |
 *     consumed   | from felt | to felt | selector felt | payload felts | nonce? felt |
 *     resources  | steps varint | memory holes varint | builtins list | data availability? gas | total gas? gas |
 *     builtin    | 0 and name text, or n for `BUILTIN_NAMES[n - 1]` | count varint |  ascending by name
 *     gas        | l1 varint | l1 data varint | l2 varint |
 *
 * State diff: seven lists, in the order in which they are applied
 *
 *   | format | deployed: address felt, class felt | replaced: address felt, class felt | nonces: address felt, nonce felt |
 *   | storage: address felt, list of (key felt, value felt) | declared: class felt, compiled felt |
 *   | migrated: class felt, compiled felt | old declared: class felt |
 *
 * Signature
 *
 *   | format | form byte | block hash felt | r felt | s felt | number varint, state diff commitment felt: form 1 only |
 *
 *     form 0 signs the block hash, form 1 the block hash and the state diff.
 */

/** Rises with any change of the above; a store of an older format has to be rebuilt or migrated. */
export const STORED_FORMAT = 1;

/** Below 3 bytes a literal is no longer than a reference to it. */
export const REFERABLE_BYTES_MIN = 3;

export const SMALL_FELT_MAX = 0x7f;
export const LITERAL_TOKEN = 0x7f;
export const NEAR_TOKEN = 0xa0;
export const FAR_TOKEN = 0xc0;

/** Literals that a two-byte reference reaches. */
export const NEAR_LITERALS = 2 ** 13;
/** Literals that some reference reaches; later ones are written in full each time. */
export const REFERABLE_LITERALS_MAX = NEAR_LITERALS + 2 ** 22;

/** Builtins with a number of their own, in alphabetical order so far; append only. Starknet docs, "Builtins". */
export const BUILTIN_NAMES: readonly string[] = [
  'add_mod_builtin',
  'bitwise_builtin',
  'ec_op_builtin',
  'ecdsa_builtin',
  'keccak_builtin',
  'mul_mod_builtin',
  'output_builtin',
  'pedersen_builtin',
  'poseidon_builtin',
  'range_check96_builtin',
  'range_check_builtin',
  'segment_arena_builtin',
];

/** What can be wrong with the storage encoding. */
export type StoredErrorCode =
  /** The bytes are not what the layout says: a damaged disk, or another program's (fault `local`). */
  | 'STORED_CORRUPT'
  /** A number to be stored is not a safe integer from 0 (fault `bug`). */
  | 'STORED_INTEGER';
