import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SynclineError } from '../../../../lib/index.ts';
import { feltToHex, parseFelt } from '../../felt.ts';
import { type Outline, outlineObject } from '../../sources/json-outline.ts';
import { isContractAbi } from './contract-abi.ts';
import type { RenderedObject } from './felts.ts';

/**
 * `CONTRACT_CLASS` from a Sierra class as it was received. Its `abi` is text and stays what it was.
 * @see Starknet JSON-RPC specification, `CONTRACT_CLASS`
 */
export function renderSierraClass(bytes: Uint8Array): RenderedObject {
  return pick(openDocument(bytes), ['sierra_program', 'contract_class_version', 'entry_points_by_type', 'abi']);
}

/**
 * `DEPRECATED_CONTRACT_CLASS` from a Cairo 0 class as it was received. The program is packed as it was written and never
 * parsed: it holds integers that no JavaScript number can.
 * @see Starknet JSON-RPC specification, `DEPRECATED_CONTRACT_CLASS`
 */
export async function renderCairo0Class(bytes: Uint8Array): Promise<RenderedObject> {
  const document = openDocument(bytes);
  const entryPoints = document.json('entry_points_by_type') as Readonly<Record<string, readonly Cairo0EntryPoint[]>>;
  const abi = document.json('abi');
  const packed = await gzipAsync(document.slice('program'), { level: GZIP_LEVEL });
  return {
    program: packed.toString('base64'),
    entry_points_by_type: Object.fromEntries(
      ENTRY_POINT_KINDS.map((kind) => [kind, (entryPoints[kind] ?? []).map(renderCairo0EntryPoint)]),
    ),
    // Whoever declares a class writes its ABI, and nobody checks it: one of another form is left out.
    ...(isContractAbi(abi) ? { abi } : {}),
  };
}

/**
 * `CASM_COMPILED_CONTRACT_CLASS` from a compiled class as it was received; null for the form of early 2023, which has
 * its bytecode inside a `program` and hints in another language.
 * @see Starknet JSON-RPC specification, `starknet_executables.json`
 */
export function renderCompiledClass(bytes: Uint8Array): RenderedObject | null {
  const document = openDocument(bytes);
  if (!document.outline.has('bytecode')) return null;
  const names = ['prime', 'compiler_version', 'entry_points_by_type', 'bytecode', 'hints', 'bytecode_segment_lengths'];
  return pick(document, names);
}

interface Cairo0EntryPoint {
  readonly selector: string;
  /** Hex in older classes. */
  readonly offset: string | number;
}

function renderCairo0EntryPoint({ selector, offset }: Cairo0EntryPoint): RenderedObject {
  return {
    offset: typeof offset === 'number' ? `0x${offset.toString(16)}` : feltToHex(parseFelt(offset)),
    selector: feltToHex(parseFelt(selector)),
  };
}

const ENTRY_POINT_KINDS = ['CONSTRUCTOR', 'EXTERNAL', 'L1_HANDLER'] as const;

/** A stored class: its members as they were written. */
interface Document {
  readonly outline: Outline;
  slice(name: string): Uint8Array;
  /** Undefined where there is no such member. For members without large numbers. */
  json(name: string): unknown;
}

function openDocument(bytes: Uint8Array): Document {
  const outline = outlineObject(bytes);
  if (outline === null) throw corrupt('one JSON object');
  const slice = (name: string) => {
    const range = outline.get(name);
    if (range === undefined) throw corrupt(name);
    return bytes.subarray(range.start, range.end);
  };
  return {
    outline,
    slice,
    json: (name) => (outline.has(name) ? JSON.parse(Buffer.from(slice(name)).toString()) : undefined),
  };
}

function pick(document: Document, names: readonly string[]): RenderedObject {
  const present = names.filter((name) => document.outline.has(name));
  return Object.fromEntries(present.map((name) => [name, document.json(name)]));
}

function corrupt(expected: string): SynclineError {
  return new SynclineError('STORED_CORRUPT', 'local', 'a stored class is not what was verified', {
    data: { expected },
  });
}

const gzipAsync = promisify(gzip);
/** Some five times as fast as the default and a tenth larger: it is packed for one answer. */
const GZIP_LEVEL = 1;
