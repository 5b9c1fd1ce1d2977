import type { ChainRules, PlainData } from '../../engine/index.ts';
import { parseLedgerOptions } from './params.ts';
import { createLedgerRules } from './rules/create-rules.ts';

/** What a worker loads. @throws {SynclineError} `LEDGER_OPTIONS_INVALID` (fault `caller`). */
export function createRules(options: PlainData): ChainRules {
  return createLedgerRules(parseLedgerOptions(options));
}
