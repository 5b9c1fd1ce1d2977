import { feltToHex, parseFelt } from '../felt.ts';

/**
 * What sources of this chain deliver of a block, by name:
 *
 * - `block`: a block object, as `get_block` answers.
 * - `stateUpdate`: a state update object, as `get_state_update` answers.
 * - `signature`: a signature object, as `get_signature` answers, in either of its two shapes.
 * - `bundle`: `{ "block", "state_update", "signature"? }`, as `get_state_update?includeBlock=true` answers. It stands
 *   for a `block` and a `stateUpdate`, and for a `signature` where it has that member.
 */
export const BLOCK_PARTS = ['block', 'stateUpdate', 'signature', 'bundle'] as const;

/**
 * What they deliver by content, whose `id` begins with a class hash, alone or before a slash:
 *
 * - `class`: a class, as `get_class_by_hash` answers.
 * - `compiledClass`: what a Sierra class is compiled to, as `get_compiled_class_by_class_hash` answers.
 */
export const CLASS_PARTS = ['class', 'compiledClass'] as const;

/** What a compiler of our own makes of a stored Sierra class, with the same id and content as a `compiledClass`. */
export const LOCAL_COMPILED_CLASS = 'localCompiledClass';

/** All that gateways and folders deliver. */
export const PARTS = [...BLOCK_PARTS, ...CLASS_PARTS] as const;

export type BlockPart = (typeof BLOCK_PARTS)[number];
export type ClassPart = (typeof CLASS_PARTS)[number];
export type Part = BlockPart | ClassPart;

export function isBlockPart(name: string): name is BlockPart {
  return (BLOCK_PARTS as readonly string[]).includes(name);
}

export function isClassPart(name: string): name is ClassPart {
  return (CLASS_PARTS as readonly string[]).includes(name);
}

/** The class hash in an id, as canonical hex, fit for a query or a file name; null where there is none. */
export function classHashIn(id: string | undefined): string | null {
  const text = id?.split('/', 1)[0] ?? '';
  try {
    return feltToHex(parseFelt(text));
  } catch {
    return null; // The only thing that a parser of text throws.
  }
}
