/*
 * Bounds on what one gateway answer may hold. The network's own limits are far below (a transaction has at most
 * 1,000 events and some thousand felts of calldata; blocks of 2025 hold some hundred transactions): these exist so
 * that a hostile answer is refused by a rule and not by running out of memory. Chosen; nothing is derived from them.
 */

/**
 * Bytes of one JSON document. The largest genuine answers seen are classes of some 3 MiB; a document of nothing but
 * `[],` takes some 20 times its size in memory once it is parsed.
 */
export const JSON_BYTES_MAX = 64 * 1024 * 1024;

/** How deep lists and objects may nest. Genuine answers stay below 20. */
export const JSON_DEPTH_MAX = 128;

/**
 * Bytes of the name of a member of a document itself, as it is written, with its quotes and escapes. Members of what is
 * inside are free: the hash of a Cairo 0 class covers their names, whatever they are. Genuine ones stay below 40.
 */
export const JSON_NAME_BYTES_MAX = 4_096;

export const TRANSACTIONS_MAX = 100_000;

/** Field elements in one list: calldata, signature, event data, payload. */
export const FELTS_MAX = 1_000_000;

/** Events or messages in one receipt. */
export const EVENTS_MAX = 1_000_000;

/** Contracts or classes in one list of a state diff. */
export const DIFF_ENTRIES_MAX = 1_000_000;

/** Storage entries of one contract in a state diff. */
export const STORAGE_ENTRIES_MAX = 1_000_000;

/** Names in a builtin counter. Starknet has 12 builtins. */
export const BUILTINS_MAX = 64;

/** UTF-16 units of a revert reason. */
export const REVERT_ERROR_CHARS_MAX = 4 * 1024 * 1024;

/** A protocol version is hashed as a Cairo short string: at most 31 ASCII characters. */
export const PROTOCOL_VERSION_CHARS_MAX = 31;

/** Characters of a remote's text that an error repeats. */
export const NESTED_TEXT_CHARS_MAX = 80;
