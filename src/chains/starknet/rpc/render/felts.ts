import { feltAt, feltCount, feltToHex } from '../../felt.ts';
import type { Felts } from '../../types.ts';

/** A JSON object, ready for `JSON.stringify`. */
export type RenderedObject = Readonly<Record<string, unknown>>;

/** Felts as the specification's `FELT` writes them: `0x`, lower case, no leading zeros. */
export function hexList(felts: Felts): string[] {
  const texts: string[] = [];
  for (let i = 0; i < feltCount(felts); i++) texts.push(feltToHex(feltAt(felts, i)));
  return texts;
}
