import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { isSynclineError } from '../../../lib/index.ts';
import { feltToHex } from '../felt.ts';
import { hintedProgram } from './cairo0-program.ts';
import { type Cairo0Class, type ClassDefinition, computeClassHash, createClassHashers, parseClass } from './index.ts';
import { CAIRO0_FELTS_MAX } from './limits.ts';

const root = vectorsDir();
const hashers = createClassHashers();
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const hashOf = (bytes: Uint8Array) => feltToHex(computeClassHash(hashers, parseClass(bytes)));
const NO_ENTRY_POINTS = { EXTERNAL: [], L1_HANDLER: [], CONSTRUCTOR: [] };

describe('the text that a Cairo 0 class hash covers', () => {
  const text = (program: object, rest: object = { abi: [] }) =>
    hintedProgram(parseClass(bytesOf({ entry_points_by_type: {}, program, ...rest })) as Cairo0Class);
  const inner = (program: object) => text(program).slice('{"abi": [], "program": '.length, -1);

  it('has ABI and program, sorted, and nothing else', () => {
    expect(text({ prime: '0x1', data: [] }, { abi: null, other: 1 })).toBe(
      '{"abi": null, "program": {"data": [], "debug_info": null, "prime": "0x1"}}',
    );
    expect(text({}, {})).toBe('{"abi": null, "program": {"debug_info": null}}');
  });

  it('counts debug information as null', () => {
    expect(inner({ debug_info: { file_contents: {} } })).toBe('{"debug_info": null}');
  });

  it('leaves out what older compilers did not write', () => {
    expect(inner({ attributes: [], compiler_version: null })).toBe('{"debug_info": null}');
    expect(inner({ attributes: null })).toBe('{"debug_info": null}');
    const attributes = [
      { accessible_scopes: [], flow_tracking_data: null, name: 'a' },
      { accessible_scopes: ['x'], flow_tracking_data: {}, name: 'b' },
      { accessible_scopes: null, name: 'c' },
    ];
    expect(inner({ attributes, compiler_version: '0.10.1' })).toBe(
      '{"attributes": [{"name": "a"}, {"accessible_scopes": ["x"], "flow_tracking_data": {}, "name": "b"}, ' +
        '{"accessible_scopes": null, "name": "c"}], "compiler_version": "0.10.1", "debug_info": null}',
    );
  });

  it('sorts hints as numbers, and everything else as text', () => {
    expect(inner({ hints: { '10': [], '9': [], '0': [] }, identifiers: { '10': 0, '9': 0 } })).toBe(
      '{"debug_info": null, "hints": {"0": [], "9": [], "10": []}, "identifiers": {"10": 0, "9": 0}}',
    );
    expect(() => inner({ hints: { x: [] } })).toThrow(
      expect.objectContaining({
        code: 'GATEWAY_MALFORMED',
        data: expect.objectContaining({ path: 'class.program.hints' }),
      }),
    );
  });

  it('has a space before the colons of named tuples where no compiler version is stated', () => {
    const program = {
      identifiers: { a: { cairo_type: '(x: felt, y : felt)', other: 'a: b' } },
      reference_manager: { references: [{ value: '[cast(fp: felt*)]' }] },
      main_scope: 'a: b',
      hints: { '0': [{ value: 'a: b' }] },
    };
    expect(inner(program)).toBe(
      '{"debug_info": null, "hints": {"0": [{"value": "a: b"}]}, ' +
        '"identifiers": {"a": {"cairo_type": "(x : felt, y : felt)", "other": "a: b"}}, "main_scope": "a: b", ' +
        '"reference_manager": {"references": [{"value": "[cast(fp : felt*)]"}]}}',
    );
    expect(inner({ ...program, compiler_version: '0.10.0' })).toContain('"(x: felt, y : felt)"');
  });

  it('keeps numbers of any size as they are', () => {
    const number = '3618502788666131213697322783095070105623107215331596699973092056135872020480';
    const bytes = Buffer.from(`{"entry_points_by_type":{},"abi":[${number}],"program":{}}`);
    expect(hintedProgram(parseClass(bytes) as Cairo0Class)).toContain(`[${number}]`);
  });
});

describe('reading a class', () => {
  const sierra = { contract_class_version: '0.1.0', sierra_program: ['0x1'], entry_points_by_type: {}, abi: '[]' };
  const cairo0 = { program: { data: ['0x1'], builtins: ['pedersen'] }, entry_points_by_type: {}, abi: [] };
  const entry = (fields: object) => ({ entry_points_by_type: { EXTERNAL: [{ selector: '0x1', ...fields }] } });

  it('tells the two kinds apart', () => {
    expect(parseClass(bytesOf(sierra)).kind).toBe('sierra');
    expect(parseClass(bytesOf(cairo0)).kind).toBe('cairo0');
  });

  it('takes offsets as numbers and as hex', () => {
    const number = hashOf(bytesOf({ ...cairo0, ...entry({ offset: 58 }) }));
    expect(hashOf(bytesOf({ ...cairo0, ...entry({ offset: '0x3a' }) }))).toBe(number);
    expect(hashOf(bytesOf({ ...cairo0, ...entry({ offset: '0x03A' }) }))).toBe(number);
    expect(hashOf(bytesOf({ ...cairo0, ...entry({ offset: 59 }) }))).not.toBe(number);
  });

  it('takes kinds of entry points that are left out for empty, and a missing ABI of Sierra too', () => {
    const { abi: _, ...without } = sierra;
    expect(hashOf(bytesOf(without))).toBe(hashOf(bytesOf({ ...sierra, abi: '' })));
    expect(hashOf(bytesOf(sierra))).toBe(hashOf(bytesOf({ ...sierra, entry_points_by_type: NO_ENTRY_POINTS })));
  });

  it.each<[string, unknown, string]>([
    ['no object', [], 'class'],
    ['of neither kind', { entry_points_by_type: {} }, 'class'],
    ['without entry points', { ...sierra, entry_points_by_type: undefined }, 'class.entry_points_by_type'],
    ['with a number for entry points', { ...sierra, entry_points_by_type: 5 }, 'class.entry_points_by_type'],
    ['with a number for a program', { ...cairo0, program: 5 }, 'class.program'],
    ['with a text in its Sierra program', { ...sierra, sierra_program: ['x'] }, 'class.sierra_program[0]'],
    ['with a number in its Sierra program', { ...sierra, sierra_program: ['0x1', 2] }, 'class.sierra_program[1]'],
    ['with an ABI of Sierra as JSON', { ...sierra, abi: [] }, 'class.abi'],
    ['without a version', { ...sierra, contract_class_version: undefined }, 'class.contract_class_version'],
    ['with a long version', { ...sierra, contract_class_version: '0'.repeat(16) }, 'class.contract_class_version'],
    ['with a foreign version', { ...sierra, contract_class_version: '0.ü.0' }, 'class.contract_class_version'],
    ['with a builtin that has no name', { ...cairo0, program: { builtins: [''] } }, 'class.program.builtins[0]'],
    [
      'with a fraction as offset',
      { ...cairo0, ...entry({ offset: 1.5 }) },
      'class.entry_points_by_type.EXTERNAL[0].offset',
    ],
    [
      'with a negative index',
      { ...sierra, ...entry({ function_idx: -1 }) },
      'class.entry_points_by_type.EXTERNAL[0].function_idx',
    ],
    [
      'with an entry point that is a number',
      { ...sierra, entry_points_by_type: { EXTERNAL: [1] } },
      'class.entry_points_by_type.EXTERNAL[0]',
    ],
  ])('refuses one %s', (_, value, path) => {
    expect(() => parseClass(bytesOf(value))).toThrow(
      expect.objectContaining({ code: 'GATEWAY_MALFORMED', fault: 'peer', data: expect.objectContaining({ path }) }),
    );
  });
});

describe('a class', () => {
  it.each([
    ['program of Cairo 0', { program: { data: Array(CAIRO0_FELTS_MAX + 1).fill('0x1') }, entry_points_by_type: {} }],
    [
      'list of entry points',
      { sierra_program: [], contract_class_version: '', entry_points_by_type: { EXTERNAL: Array(10_001).fill(1) } },
    ],
  ])('with a longer %s than there ever was is refused before it is hashed', (_, value) => {
    expect(() => parseClass(bytesOf(value))).toThrow(expect.objectContaining({ code: 'GATEWAY_MALFORMED' }));
  });
});

describe.skipIf(root === null)('a class with a byte changed', () => {
  it.each([
    ['sierra', 'integration/class/0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b.json', 250],
    ['cairo0', 'sepolia/class/0x28d1671fb74ecb54d848d463cefccffaef6df3ae40db52130e19fe8299a7b43.json', 120],
  ])('(%s) is refused, hashes to something else, or says the same', (_, file, numRuns) => {
    const whole = new Uint8Array(readFileSync(join(root ?? '', 'starknet', file)));
    const expected = hashOf(whole);
    const definition = said(parseClass(whole));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = whole.slice();
        changed[at] = (changed[at] as number) ^ mask;
        try {
          const other = parseClass(changed);
          if (feltToHex(computeClassHash(hashers, other)) === expected) expect(said(other)).toEqual(definition);
        } catch (error) {
          if (!isSynclineError(error) || error.fault !== 'peer') throw error;
        }
      }),
      { numRuns },
    );
  });

  it('or cut short anywhere is refused', () => {
    const file = 'integration/class/0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b.json';
    const whole = new Uint8Array(readFileSync(join(root ?? '', 'starknet', file)));
    for (let end = 0; end < whole.length; end += 97) {
      expect(() => parseClass(whole.subarray(0, end))).toThrow(expect.objectContaining({ code: 'GATEWAY_MALFORMED' }));
    }
  });
});

/** What of a class is hashed. */
function said(definition: ClassDefinition): unknown {
  return definition.kind === 'sierra'
    ? definition
    : { ...definition, program: { ...definition.program, debug_info: null } };
}
