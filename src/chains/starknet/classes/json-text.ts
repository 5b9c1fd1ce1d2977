import type { SynclineError } from '../../../lib/index.ts';
import { JSON_DEPTH_MAX, JSON_NAME_BYTES_MAX, wireError } from '../wire/index.ts';
import { CLASS_BYTES_MAX, CLASS_VALUES_MAX } from './limits.ts';

/** JSON as it was written: numbers keep their source text, which `JSON.parse` would round. */
export type JsonValue = string | boolean | null | JsonNumber | readonly JsonValue[] | JsonMembers;

/** Own properties only; a member called `__proto__` is one like any other. Of equal names the last one counts. */
export interface JsonMembers {
  readonly [name: string]: JsonValue;
}

/** A number's source text, e.g. `1000000000000000000000000000000000000000`. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads a JSON document with all numbers as source text: a Cairo 0 class holds integers of up to 252 bits, and its
 * hash covers their text.
 *
 * @param bytes UTF-8 without a byte order mark, at most `CLASS_BYTES_MAX` bytes, `CLASS_VALUES_MAX` values and
 *   `JSON_DEPTH_MAX` levels, with names of `JSON_NAME_BYTES_MAX` bytes in the outermost object.
 * @param what  What was asked for, for the error.
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`); `got` ends with the offset, in UTF-16 units.
 * @see RFC 8259
 */
export function parseJsonText(bytes: Uint8Array, what: string): JsonValue {
  if (bytes.length > CLASS_BYTES_MAX)
    throw unreadable(what, `at most ${CLASS_BYTES_MAX} bytes`, `${bytes.length} bytes`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw unreadable(what, 'UTF-8', 'other bytes', error);
  }
  return new JsonTextReader(text, what).document();
}

/** Whether a value is a JSON object, with members. */
export function isMembers(value: JsonValue | undefined): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** One pass over the text, by recursion no deeper than `JSON_DEPTH_MAX`. */
class JsonTextReader {
  readonly #text: string;
  readonly #what: string;
  #at = 0;
  #values = 0;
  #depth = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  document(): JsonValue {
    const value = this.#value();
    if (this.#next() !== END) throw this.#unexpected('the end');
    return value;
  }

  #value(): JsonValue {
    if (++this.#values > CLASS_VALUES_MAX) throw this.#error(`at most ${CLASS_VALUES_MAX} values`, 'more');
    switch (this.#next()) {
      case QUOTE:
        return this.#string();
      case OPEN_OBJECT:
        return this.#object();
      case OPEN_LIST:
        return this.#list();
      case LETTER_T:
        return this.#word('true', true);
      case LETTER_F:
        return this.#word('false', false);
      case LETTER_N:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(): JsonMembers {
    const members: Record<string, JsonValue> = {};
    if (this.#opens(CLOSE_OBJECT)) return members;
    do {
      if (this.#next() !== QUOTE) throw this.#unexpected('the name of a member');
      const name = this.#name();
      if (this.#next() !== COLON) throw this.#unexpected('a colon');
      this.#at++;
      setMember(members, name, this.#value());
    } while (this.#goesOn(CLOSE_OBJECT));
    return members;
  }

  /** Those of the document itself are bounded, so that what is accepted can also be outlined. */
  #name(): string {
    const start = this.#at;
    const name = this.#string();
    // No unit of UTF-16 takes more than three bytes.
    if (this.#depth > 1 || (this.#at - start) * 3 <= JSON_NAME_BYTES_MAX) return name;
    const bytes = Buffer.byteLength(this.#text.slice(start, this.#at));
    if (bytes <= JSON_NAME_BYTES_MAX) return name;
    throw this.#error(`names of at most ${JSON_NAME_BYTES_MAX} bytes`, `${bytes} bytes`, start);
  }

  #list(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    if (this.#opens(CLOSE_LIST)) return items;
    do items.push(this.#value());
    while (this.#goesOn(CLOSE_LIST));
    return items;
  }

  /** Takes an opening bracket, and the closing one where nothing stands between them: then it is true. */
  #opens(close: number): boolean {
    if (++this.#depth > JSON_DEPTH_MAX) throw this.#error(`at most ${JSON_DEPTH_MAX} levels of nesting`, 'more');
    this.#at++;
    if (this.#next() !== close) return false;
    this.#at++;
    this.#depth--;
    return true;
  }

  /** Takes the comma before a further item, or the closing bracket: then it is false. */
  #goesOn(close: number): boolean {
    const code = this.#next();
    if (code !== COMMA && code !== close) throw this.#unexpected('a comma or a closing bracket');
    this.#at++;
    if (code === COMMA) return true;
    this.#depth--;
    return false;
  }

  /** Text between quotes. What has escapes is rare and goes through `JSON.parse`, which knows them all. */
  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let hasEscapes = false;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return hasEscapes ? this.#unescaped(start - 1, at + 1) : text.slice(start, at);
      }
      if (code === BACKSLASH) {
        hasEscapes = true;
        at++;
      } else if (code < SPACE) {
        throw this.#unexpected('text without control characters', at);
      }
    }
    throw this.#unexpected('the end of a text', text.length);
  }

  #unescaped(start: number, end: number): string {
    try {
      return JSON.parse(this.#text.slice(start, end)) as string; // it begins with a quote
    } catch (error) {
      throw this.#error('the escapes of JSON', 'others', start, error);
    }
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined) throw this.#unexpected('a value');
    this.#at += text.length;
    return new JsonNumber(text);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected(word);
    this.#at += word.length;
    return value;
  }

  /** Skips space and looks at the next character without taking it. */
  #next(): number {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB)
        return code >= 0 ? code : END;
      this.#at++;
    }
  }

  #unexpected(expected: string, at = this.#at): SynclineError {
    const got = at < this.#text.length ? JSON.stringify(this.#text.slice(at, at + 20)) : 'the end';
    return this.#error(expected, got, at);
  }

  #error(expected: string, got: string, at = this.#at, cause?: unknown): SynclineError {
    return unreadable(this.#what, expected, `${got} at ${at}`, cause);
  }
}

function unreadable(what: string, expected: string, got: string, cause?: unknown): SynclineError {
  return wireError('GATEWAY_MALFORMED', `${what} is not a readable JSON document`, { path: '', expected, got }, cause);
}

function setMember(members: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name !== '__proto__') members[name] = value;
  // Assigning this one would set the prototype.
  else Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `ignoreBOM` leaves a byte order mark in the text, where JSON does not allow one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Behind the end `charCodeAt` gives NaN. */
const END = -1;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
