/**
 * What sources of this chain deliver, by name:
 *
 * - `block`: a block object, as `get_block` answers.
 * - `stateUpdate`: a state update object, as `get_state_update` answers.
 * - `signature`: a signature object, as `get_signature` answers, in either of its two shapes.
 * - `bundle`: `{ "block", "state_update", "signature"? }`, as `get_state_update?includeBlock=true` answers. It stands
 *   for a `block` and a `stateUpdate`, and for a `signature` where it has that member.
 */
export const PARTS = ['block', 'stateUpdate', 'signature', 'bundle'] as const;

export type Part = (typeof PARTS)[number];

export function isPart(name: string): name is Part {
  return (PARTS as readonly string[]).includes(name);
}
