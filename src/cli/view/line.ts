import { type Paint, paintNothing, type Style } from '../terminal.ts';

/** A piece of a line. */
export type Piece = string | readonly [style: Style, text: string];

/** Joins pieces into one line of at most `width` characters; what is too long ends in `…`. */
export function renderLine(pieces: readonly Piece[], width: number, paint: Paint = paintNothing): string {
  let left = width;
  let line = '';
  const total = lengthOf(pieces);
  for (const piece of pieces) {
    const [style, text] = typeof piece === 'string' ? (['plain', piece] as const) : piece;
    const characters = [...text];
    // The last character of a line that does not fit is the mark that says so.
    const room = total > width ? left - 1 : left;
    if (characters.length > room && total > width) {
      line += paint(style, characters.slice(0, Math.max(0, room)).join(''));
      return left > 0 ? `${line}…` : line;
    }
    line += paint(style, text);
    left -= characters.length;
  }
  return line;
}

/** Pieces at both ends of a line, with the space between them. */
export function renderEnds(
  ends: { readonly left: readonly Piece[]; readonly right: readonly Piece[] },
  width: number,
  paint: Paint,
): string {
  const gap = width - lengthOf(ends.left) - lengthOf(ends.right);
  return gap < 2
    ? renderLine(ends.left, width, paint)
    : renderLine([...ends.left, ' '.repeat(gap), ...ends.right], width, paint);
}

/** Text in a column: cut with `…` or filled up. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const characters = [...text];
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
  const space = ' '.repeat(width - characters.length);
  return align === 'left' ? `${text}${space}` : `${space}${text}`;
}

/** A bar of `width` characters. */
export function bar(share: number, width: number): { readonly full: string; readonly empty: string } {
  const filled = Math.floor(Math.min(1, Math.max(0, share)) * width);
  return { full: '█'.repeat(filled), empty: '░'.repeat(width - filled) };
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + [...(typeof piece === 'string' ? piece : piece[1])].length, 0);
}
