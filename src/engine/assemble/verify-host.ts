import type { Candidate, ChainRules, Examination, ExamineInput, LatePart, Need, Verified } from '../chain.ts';
import type { Height } from '../types.ts';

/**
 * Where candidates are parsed and verified: inline, or in a worker. Bytes go in, sealed blocks come out; nothing
 * is parsed on the way.
 */
export interface VerifyHost {
  /** What to ask for first at any height. */
  firstNeeds(): Promise<readonly Need[]>;
  examine(input: ExamineInput): Promise<Examination>;
  examinePart(need: Need, candidate: Candidate): Promise<Verified<LatePart>>;
  close(): Promise<void>;
}

export function createVerifyHost(rules: ChainRules): VerifyHost {
  return {
    firstNeeds: async () => rules.needs(0 as Height),
    examine: async (input) => rules.examine(input),
    examinePart: async (need, candidate) => {
      if (rules.examinePart === undefined) throw new TypeError('the chain names no late parts');
      return rules.examinePart(need, candidate);
    },
    close: async () => {},
  };
}
