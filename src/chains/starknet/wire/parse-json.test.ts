import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { JSON_BYTES_MAX, JSON_DEPTH_MAX } from './limits.ts';
import { parseJsonBytes } from './parse-json.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('parseJsonBytes', () => {
  it('reads a document', () => {
    expect(parseJsonBytes(bytesOf('{"a":["ü",1]}'), 'answer')).toEqual({ a: ['ü', 1] });
  });

  it('reads nesting up to the bound, brackets in strings not counted', () => {
    const brackets = JSON.stringify({ a: `${'['.repeat(500)}\\"${'{'.repeat(500)}`, b: '\\', c: '', d: '"[["' });
    expect(parseJsonBytes(bytesOf(brackets), 'answer')).toEqual(JSON.parse(brackets));
    expect(parseJsonBytes(bytesOf(nested(JSON_DEPTH_MAX)), 'answer')).toBeInstanceOf(Array);
    expect(errorOf(bytesOf(nested(JSON_DEPTH_MAX + 1)))).toMatchObject({
      data: { expected: `at most ${JSON_DEPTH_MAX} levels of nesting` },
    });
    expect(errorOf(bytesOf('{"a":'.repeat(1_000_000)))).not.toBeNull();
  });

  it('makes a member named __proto__ an ordinary one', () => {
    const parsed = parseJsonBytes(bytesOf('{"__proto__":{"polluted":true}}'), 'answer');
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect((parsed as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ['an empty body', bytesOf(''), 'JSON'],
    ['an HTML page', bytesOf('<!doctype html><html><body>502 Bad Gateway</body></html>'), 'JSON'],
    ['a truncated document', bytesOf('{"block_hash":"0x1","transac'), 'JSON'],
    ['a truncated string with an escape', bytesOf('"\\'), 'JSON'],
    ['two documents', bytesOf('{}{}'), 'JSON'],
    ['a byte order mark', bytesOf('\ufeff{}'), 'JSON'],
    ['bad UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 'UTF-8'],
    ['truncated UTF-8', bytesOf('"ü"').subarray(0, 2), 'UTF-8'],
    ['compressed bytes', new Uint8Array([0x1f, 0x8b, 0x08, 0x00]), 'UTF-8'],
  ])('says what it got instead: %s', (_, bytes, expected) => {
    expect(errorOf(bytes)).toMatchObject({
      code: 'GATEWAY_MALFORMED',
      fault: 'peer',
      message: 'block 5 is not a readable JSON document',
      data: { expected },
    });
  });

  it('quotes the start of a foreign body', () => {
    expect(errorOf(bytesOf('<html>'))?.data.got).toBe('6 bytes: "<html>"');
  });

  it('refuses a body over the bound before it reads it', () => {
    const huge = new Uint8Array(JSON_BYTES_MAX + 1);
    expect(errorOf(huge)).toMatchObject({ data: { expected: `at most ${JSON_BYTES_MAX} bytes` } });
  });
});

function errorOf(bytes: Uint8Array) {
  try {
    parseJsonBytes(bytes, 'block 5');
  } catch (error) {
    if (isSynclineError(error)) return error;
    throw error;
  }
  return null;
}
