import { expect, it } from 'vitest';
import { isContractAbi } from './contract-abi.ts';

const parameter = { name: 'x', type: 'felt' };
const method = { type: 'function', name: 'f', inputs: [parameter], outputs: [] };
const event = { type: 'event', name: 'e', keys: [], data: [parameter] };
const struct = { type: 'struct', name: 's', size: 2, members: [{ ...parameter, offset: 0 }] };

it('an ABI of functions, events and structs is one', () => {
  expect(isContractAbi([])).toBe(true);
  expect(isContractAbi([method, { ...method, stateMutability: 'view' }, { ...method, type: 'l1_handler' }])).toBe(true);
  expect(isContractAbi([{ ...method, type: 'constructor' }, event, struct])).toBe(true);
});

it.each([
  ['null', null],
  ['text', '[]'],
  ['a list of text', ['function']],
  ['an entry of another type', [{ ...method, type: 'interface' }]],
  ['a function without a name', [{ ...method, name: undefined }]],
  ['a function without outputs', [{ type: 'function', name: 'f', inputs: [] }]],
  ['a function of another mutability', [{ ...method, stateMutability: 'pure' }]],
  ['a parameter that is text', [{ ...method, inputs: ['felt'] }]],
  ['an event without keys', [{ ...event, keys: null }]],
  ['a struct of no size', [{ ...struct, size: 0 }]],
  ['a struct with a member at a negative place', [{ ...struct, members: [{ ...parameter, offset: -1 }] }]],
])('%s is no ABI', (_what, value) => {
  expect(isContractAbi(value)).toBe(false);
});
