import { SynclineError } from '../../../lib/index.ts';
import { feltToHex, parseFelt } from '../felt.ts';
import type { Felt } from '../types.ts';
import type { CompiledClassForm } from './compiled-class-hash.ts';

/** Which compiled class is meant, and what has to come out when it is hashed. */
export interface CompiledClassRef {
  readonly classHash: Felt;
  readonly compiledClassHash: Felt;
  readonly form: CompiledClassForm;
}

/** As the id of a late need: `<class hash>/<compiled class hash>/<poseidon or blake2s>`, hashes in canonical hex. */
export function formatCompiledClassId({ classHash, compiledClassHash, form }: CompiledClassRef): string {
  return `${feltToHex(classHash)}/${feltToHex(compiledClassHash)}/${form}`;
}

/** @throws {SynclineError} `CLASS_ID_MALFORMED` (fault `bug`): ids are made by `formatCompiledClassId`. */
export function parseCompiledClassId(id: string): CompiledClassRef {
  const [, classHash, compiledClassHash, form] = COMPILED_CLASS_ID.exec(id) ?? [];
  if (classHash === undefined || (form !== 'poseidon' && form !== 'blake2s')) throw malformedId(id);
  return { classHash: parseFelt(classHash), compiledClassHash: parseFelt(compiledClassHash), form };
}

/** The id of a class's late need: its hash in canonical hex. @throws as `parseCompiledClassId`. */
export function parseClassId(id: string): Felt {
  if (!CLASS_ID.test(id)) throw malformedId(id);
  return parseFelt(id);
}

function malformedId(id: string): SynclineError {
  return new SynclineError('CLASS_ID_MALFORMED', 'bug', 'the id of a late need names no class', {
    data: { got: id.slice(0, 300) },
  });
}

const CLASS_ID = /^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/;
const COMPILED_CLASS_ID = /^(0x[0-9a-f]{1,64})\/(0x[0-9a-f]{1,64})\/(poseidon|blake2s)$/;
