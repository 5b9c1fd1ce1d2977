/**
 * The versions of the Starknet JSON-RPC specification that are served, by the number after `0.`. Each has a path of its
 * own, because answers of one are not valid in another.
 * @see https://github.com/starkware-libs/starknet-specs/tree/master/api
 */
export type ApiVersion = 8 | 9 | 10;

/** What `starknet_specVersion` answers: the version of the document that the shapes are taken from. */
export const SPEC_VERSIONS: Readonly<Record<ApiVersion, string>> = { 8: '0.8.0', 9: '0.9.0', 10: '0.10.4-rc.1' };
