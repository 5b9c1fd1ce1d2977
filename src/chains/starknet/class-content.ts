import type { ChainContent, StateView, StoredContent } from '../../engine/index.ts';
import { isSynclineError } from '../../lib/index.ts';
import type { CompiledClassRecord } from './classes/index.ts';
import { feltFromBytes, feltToHex } from './felt.ts';
import { declaredHashes, readClass, readCompiledClass } from './rules/stored-classes.ts';
import { CLASS_PARTS, LOCAL_COMPILED_CLASS } from './sources/parts.ts';
import type { Felt } from './types.ts';

/** Classes by their hash, with what they were declared as and what they are compiled to. */
export const classContent: ChainContent = {
  parts: [...CLASS_PARTS, LOCAL_COMPILED_CLASS],
  find(view, hash) {
    const classHash = feltOrNull(hash);
    const stored = classHash === null ? null : readClass(view, classHash);
    if (classHash === null || stored === null) return null;
    const { kind, height, bytes, from } = stored;
    return {
      kind: kind === 'sierra' ? 'Sierra class' : 'Cairo 0 class',
      height,
      bytes: bytes.length,
      facts: [
        // Older software did not write it down.
        ...(from === undefined ? [] : [['from', from] as const]),
        ...(kind === 'sierra' ? sierraFacts(view, classHash) : []),
      ],
    };
  },
};

function sierraFacts(view: StateView, classHash: Felt): StoredContent['facts'] {
  const compiled = readCompiledClass(view, classHash);
  const declared = compiled?.declared ?? declaredHashes(view, classHash).map((one) => ({ ...one, form: null }));
  return [
    ...declared.map(({ height, compiledClassHash, form }, index): readonly [string, string] => {
      const verified = form === null ? 'not stored' : `${FORM_NAMES[form]} hash of what is stored`;
      return [
        index === 0 ? 'declared' : 'migrated',
        `at block ${height} as ${feltToHex(compiledClassHash)}, ${verified}`,
      ];
    }),
    ...(compiled === null ? [] : [['compiled', compiledText(compiled)] as const]),
  ];
}

function compiledText({ bytes, from }: CompiledClassRecord): string {
  return `${bytes.length} bytes${from === undefined ? '' : ` from ${from}`}`;
}

/** Whoever asks may ask for any 32 bytes. */
function feltOrNull(bytes: Uint8Array): Felt | null {
  try {
    return feltFromBytes(bytes);
  } catch (error) {
    if (isSynclineError(error)) return null;
    throw error;
  }
}

const FORM_NAMES = { poseidon: 'Poseidon', blake2s: 'Blake2s' } as const;
