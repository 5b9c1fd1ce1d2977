import type { AuditedContent, AuditVerdict } from '../../../engine/index.ts';
import { equalBytes, isSynclineError, toSynclineError } from '../../../lib/index.ts';
import {
  type ClassHashers,
  compiledClassHashes,
  computeClassHash,
  decodeClassRecord,
  decodeCompiledClassRecord,
  parseClass,
  parseCompiledClass,
} from '../classes/index.ts';
import { feltToHex, parseFelt } from '../felt.ts';
import type { Felt } from '../types.ts';

/** Verifies a stored class or compiled class against the hashes in its key. */
export function auditContent(hashers: ClassHashers, key: Uint8Array, record: Uint8Array): AuditedContent {
  const match = KEY.exec(Buffer.from(key).toString('latin1'));
  const [, classHash, ofCompiled, compiledClassHash] = match ?? [];
  if (classHash !== undefined) {
    return {
      verdicts: [verdictOf('class-hash', () => classVerdict(hashers, classHash, record))],
      counts: { classes: 1 },
    };
  }
  if (ofCompiled !== undefined && compiledClassHash !== undefined) {
    const verdict = verdictOf('compiled-class-hash', () => compiledVerdict(hashers, compiledClassHash, record));
    return { verdicts: [verdict], counts: { compiledClasses: 1 } };
  }
  const got = Buffer.from(key.subarray(0, 80)).toString();
  return { verdicts: [{ check: 'content', ok: false, expected: 'a class or a compiled class', got }], counts: {} };
}

/** As `classes/stored-class.ts` makes keys; hashes are canonical hex. */
const HASH = '(0x(?:0|[1-9a-f][0-9a-f]{0,63}))';
const KEY = new RegExp(`^(?:class\\0${HASH}|compiledClass\\0${HASH}/${HASH})$`);

function classVerdict(hashers: ClassHashers, hash: string, record: Uint8Array): AuditVerdict {
  const { kind, bytes } = decodeClassRecord(record);
  const definition = parseClass(bytes);
  if (definition.kind !== kind) return { check: 'class-hash', ok: false, expected: kind, got: definition.kind };
  return compared('class-hash', parseFelt(hash), computeClassHash(hashers, definition));
}

function compiledVerdict(hashers: ClassHashers, hash: string, record: Uint8Array): AuditVerdict {
  const check = 'compiled-class-hash';
  const { hashes: stored, bytes } = decodeCompiledClassRecord(record);
  const computed = compiledClassHashes(hashers, parseCompiledClass(bytes));
  for (const form of ['poseidon', 'blake2s'] as const) {
    const verdict = compared(check, stored[form], computed[form]);
    if (verdict.ok === false) return { ...verdict, reason: `its ${form} hash is not the one stored with it` };
  }
  const expected = parseFelt(hash);
  const other = equalBytes(expected, computed.blake2s) ? computed.blake2s : computed.poseidon;
  return compared(check, expected, other);
}

function compared(check: string, expected: Felt, got: Felt): AuditVerdict {
  return { check, ok: equalBytes(expected, got), expected: feltToHex(expected), got: feltToHex(got) };
}

/** What does not decode or parse is a verdict too. */
function verdictOf(check: string, verdict: () => AuditVerdict): AuditVerdict {
  try {
    return verdict();
  } catch (thrown) {
    if (!isSynclineError(thrown)) throw thrown;
    const { data, message } = toSynclineError(thrown);
    const { expected = 'a class', got = 'other bytes' } = data;
    return { check, ok: false, expected: String(expected), got: String(got), reason: message };
  }
}
