/*
 * Bounds on one class. Starknet takes classes of some 4 MB and some 82,000 felts of bytecode (docs.starknet.io, "Chain
 * information"); older ones were not bounded that way. Chosen well above, so that a hostile answer is refused by a rule
 * after some seconds at worst, and not by running out of memory.
 */

/** Bytes of a class, a compiled class included, as JSON. */
export const CLASS_BYTES_MAX = 64 * 1024 * 1024;

/** Values in such a document, inner ones included: each takes some 30 to 250 bytes of memory while it is read. */
export const CLASS_VALUES_MAX = 1_000_000;

/** Field elements of a Cairo 0 program, which are hashed one after the other at some 20 µs each. */
export const CAIRO0_FELTS_MAX = 250_000;

/** Entry points of one kind. */
export const ENTRY_POINTS_MAX = 10_000;

/** Builtins of a program or an entry point; Starknet has 12. */
export const BUILTINS_MAX = 64;
