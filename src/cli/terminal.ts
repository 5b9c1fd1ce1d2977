import { styleText } from 'node:util';

/** How a piece of text looks. */
export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'warn' | 'bad' | 'accent';

export type Paint = (style: Style, text: string) => string;

/** Leaves text as it is. */
export const paintNothing: Paint = (_style, text) => text;

/** Paints with the terminal's colours, or not at all. */
export function createPaint(isOn: boolean): Paint {
  if (!isOn) return paintNothing;
  return (style, text) => {
    const format = FORMATS[style];
    return format === null || text === '' ? text : styleText(format, text, { validateStream: false });
  };
}

const FORMATS = {
  plain: null,
  dim: 'dim',
  bold: 'bold',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  accent: 'cyan',
} as const satisfies Record<Style, Parameters<typeof styleText>[0] | null>;

/**
 * Whether to write colours: `NO_COLOR` and `TERM=dumb` say no, `FORCE_COLOR` says yes (`0`: no), and otherwise a
 * terminal gets them.
 *
 * @see https://no-color.org
 */
export function usesColour(env: NodeJS.ProcessEnv, stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = env;
  if (no !== undefined && no !== '') return false;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true && term !== 'dumb';
}

/** Whether a view that is redrawn in place makes sense: a terminal that understands it, and somebody before it. */
export function isInteractive(env: NodeJS.ProcessEnv, stream: { readonly isTTY?: boolean }): boolean {
  const isCi = env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb' && !isCi;
}
