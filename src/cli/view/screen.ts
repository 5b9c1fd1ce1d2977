/** The part of a terminal that the screen needs. */
export interface TerminalStream {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Lines that are redrawn in place at the bottom of a terminal. */
export interface Screen {
  /** Width that lines may have. */
  readonly width: number;
  draw(lines: readonly string[]): void;
  /** Writes lines that stay, above what is drawn. */
  print(text: string): void;
  /** Leaves the last frame where it is, or removes it, and gives the cursor back. Harmless when repeated. */
  close(options?: { readonly keep: boolean }): void;
}

/**
 * One write for each frame, wrapped in a synchronised update, so that no terminal shows half of it. Lines that did not
 * change are skipped. A frame never has more lines than the terminal, since those that scrolled off cannot be redrawn.
 */
export function createScreen(stream: TerminalStream): Screen {
  let shown: readonly string[] = [];
  let isOpen = true;

  /** After a change of size nothing is known about where lines wrapped: begin below what is there. */
  function onResize(): void {
    if (!isOpen || shown.length === 0) return;
    stream.write(`${up(shown.length)}${ERASE_BELOW}`);
    shown = [];
  }
  function showCursor(): void {
    if (isOpen) stream.write(SHOW_CURSOR);
  }

  stream.write(HIDE_CURSOR);
  stream.on('resize', onResize);
  process.on('exit', showCursor);
  return {
    get width() {
      // The last column stays free: writing into it makes some terminals wrap at once.
      return Math.max(20, (stream.columns ?? 80) - 1);
    },
    draw(lines) {
      if (!isOpen) return;
      const frame = lines.slice(0, Math.max(1, (stream.rows ?? 24) - 1));
      stream.write(`${BEGIN_UPDATE}${redraw(shown, frame)}${END_UPDATE}`);
      shown = frame;
    },
    print(text) {
      if (!isOpen) return;
      const again = shown;
      stream.write(`${BEGIN_UPDATE}${up(again.length)}${ERASE_BELOW}${text}${redraw([], again)}${END_UPDATE}`);
    },
    close({ keep } = { keep: true }) {
      if (!isOpen) return;
      if (!keep) stream.write(`${up(shown.length)}${ERASE_BELOW}`);
      stream.write(SHOW_CURSOR);
      isOpen = false;
      stream.off('resize', onResize);
      process.off('exit', showCursor);
    },
  };
}

/** From the line below the old frame to the line below the new one. */
function redraw(before: readonly string[], after: readonly string[]): string {
  let text = up(before.length);
  for (const [index, line] of after.entries()) {
    text += line === before[index] ? '\n' : `\r${line}${ERASE_LINE_END}\n`;
  }
  return after.length < before.length ? `${text}${ERASE_BELOW}` : text;
}

function up(lines: number): string {
  return lines === 0 ? '\r' : `\r\u001b[${lines}A`;
}

/** ECMA-48 control sequences; the update marks are those of the terminal working group's synchronised output. */
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';
