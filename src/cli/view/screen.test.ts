import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createScreen } from './screen.ts';

/** A terminal that understands what the screen writes, and shows the result. */
class FakeTerminal extends EventEmitter {
  columns = 80;
  rows = 10;
  lines: string[] = [''];
  row = 0;
  column = 0;
  isCursorShown = true;
  writes: string[] = [];

  write(text: string): boolean {
    this.writes.push(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are a terminal's control sequences.
    for (const token of text.match(/\u001b\[\??[0-9]*[a-zA-Z]|[^\u001b]/g) ?? []) this.take(token);
    return true;
  }

  private take(token: string): void {
    const line = this.lines[this.row] ?? '';
    if (token === '\n') {
      this.row++;
      this.column = 0;
      this.lines[this.row] ??= '';
    } else if (token === '\r') this.column = 0;
    else if (token === '\u001b[K') this.lines[this.row] = line.slice(0, this.column);
    else if (token === '\u001b[J') this.lines = [...this.lines.slice(0, this.row), line.slice(0, this.column)];
    else if (token === '\u001b[?25l') this.isCursorShown = false;
    else if (token === '\u001b[?25h') this.isCursorShown = true;
    else if (token.endsWith('A')) this.row -= Number(token.slice(2, -1));
    else if (!token.startsWith('\u001b')) {
      this.lines[this.row] = `${line.slice(0, this.column)}${token}${line.slice(this.column + 1)}`;
      this.column++;
    }
  }
}

describe('a screen', () => {
  it('redraws in place, also when a frame grows or shrinks', () => {
    const terminal = new FakeTerminal();
    const screen = createScreen(terminal);
    for (const frame of [['a', 'b'], ['a', 'longer', 'c'], ['x'], ['y', 'z']]) {
      screen.draw(frame);
      expect(terminal.lines).toEqual([...frame, '']);
    }
  });

  it('writes each frame at once, and only what changed', () => {
    const terminal = new FakeTerminal();
    const screen = createScreen(terminal);
    screen.draw(['same', 'old']);
    terminal.writes = [];
    screen.draw(['same', 'new']);
    expect(terminal.writes).toHaveLength(1);
    expect(terminal.writes[0]).toContain('new');
    expect(terminal.writes[0]).not.toContain('same');
  });

  it('prints lines that stay above what is drawn', () => {
    const terminal = new FakeTerminal();
    const screen = createScreen(terminal);
    screen.draw(['frame', 'two']);
    screen.print('first\n');
    screen.print('second\n');
    expect(terminal.lines).toEqual(['first', 'second', 'frame', 'two', '']);
  });

  it('never draws more lines than the terminal has', () => {
    const terminal = new FakeTerminal();
    terminal.rows = 4;
    const screen = createScreen(terminal);
    screen.draw(['1', '2', '3', '4', '5', '6']);
    expect(terminal.lines).toEqual(['1', '2', '3', '']);
  });

  it('hides the cursor, and gives it back when it closes, once', () => {
    const terminal = new FakeTerminal();
    const screen = createScreen(terminal);
    expect(terminal.isCursorShown).toBe(false);
    screen.draw(['frame']);
    screen.close({ keep: false });
    screen.close();
    screen.draw(['late']);
    expect(terminal.isCursorShown).toBe(true);
    expect(terminal.lines).toEqual(['']);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('begins anew when the terminal changes its size', () => {
    const terminal = new FakeTerminal();
    const screen = createScreen(terminal);
    screen.draw(['a', 'b']);
    terminal.columns = 60;
    terminal.emit('resize');
    screen.draw(['c']);
    expect(terminal.lines).toEqual(['c', '']);
    expect(screen.width).toBe(59);
  });
});
