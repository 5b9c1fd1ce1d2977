/**
 * Finds the folder of published test vectors: `$SYNCLINE_VECTORS`, else `../shared/vectors` beside the checkout.
 *
 * @returns Its path, or null where there is none, with a line on stderr that says so: the tests that need it skip.
 * @throws {Error} where there is none and `SYNCLINE_REQUIRE_VECTORS=1`, so that CI cannot skip by accident.
 */
export declare function vectorsDir(): string | null;
