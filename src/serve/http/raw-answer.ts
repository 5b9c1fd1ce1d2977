import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeAnswer, type HttpAnswer } from './answer.ts';

/** Answers on a socket that Node has let go of, or never understood, and hangs up. */
export function endWithAnswer(socket: Duplex, answer: HttpAnswer): void {
  const { status, headers, body } = encodeAnswer(answer);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body.toString()}`);
  // Who does not hang up is hung up on.
  const patience = setTimeout(() => socket.destroy(), HANG_UP_MS).unref();
  socket.once('close', () => clearTimeout(patience));
  socket.resume();
}

const HANG_UP_MS = 1_000;
