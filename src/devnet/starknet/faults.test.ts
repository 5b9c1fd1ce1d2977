import { describe, expect, test } from 'vitest';
import { FaultPlan, type InjectedFault } from './fault-plan.ts';
import { faultHelp, parseFault } from './faults.ts';

test.each([
  ['reorg:7', { kind: 'reorg', depth: 7, atHeight: null }],
  ['reorg:300@1000', { kind: 'reorg', depth: 300, atHeight: 1000 }],
  ['429', { kind: '429', every: 10 }],
  ['429:3', { kind: '429', every: 3 }],
  ['429:every5', { kind: '429', every: 5 }],
  ['slow', { kind: 'slow', ms: 200 }],
  ['slow:0', { kind: 'slow', ms: 0 }],
  ['wrong-root', { kind: 'wrong-root', every: 10 }],
  ['drop-field:1', { kind: 'drop-field', every: 1 }],
  ['gateway-rollback:5', { kind: 'gateway-rollback', depth: 5, atHeight: null }],
  ['gateway-rollback:5@40', { kind: 'gateway-rollback', depth: 5, atHeight: 40 }],
  ['late-signature', { kind: 'late-signature', ms: 700 }],
  ['late-signature:50', { kind: 'late-signature', ms: 50 }],
  ['missing-class', { kind: 'missing-class', every: null }],
  ['missing-class:every3', { kind: 'missing-class', every: 3 }],
  ['wrong-class', { kind: 'wrong-class', every: 2 }],
  ['wrong-casm:1', { kind: 'wrong-casm', every: 1 }],
])('%s is understood', (text, fault) => {
  expect(parseFault(text)).toEqual({ ...fault, text });
});

test.each(['', 'wrong', 'constructor', '429x'])('%s is no fault, and the error lists those there are', (text) => {
  expect(() => parseFault(text)).toThrowError(
    expect.objectContaining({ code: 'FAULT_UNKNOWN', data: { got: text, expected: Object.values(faultHelp) } }),
  );
});

test.each([
  'reorg',
  'reorg:0',
  'reorg:5@',
  'reorg:-1',
  '429:1',
  '429:0',
  'slow:fast',
  'truncate:0',
  'wrong-hash:',
  'gateway-rollback',
  'gateway-rollback:0',
  'late-signature:1s',
  'missing-class:0',
  'wrong-class:all',
  'wrong-casm:every',
])('the parameter of %s is refused with the way to write it', (text) => {
  const kind = text.split(':')[0] as keyof typeof faultHelp;
  expect(() => parseFault(text)).toThrowError(
    expect.objectContaining({ code: 'FAULT_MALFORMED', data: { got: text, expected: faultHelp[kind] } }),
  );
});

const bundle = (height: number) => ({ height, call: 'bundle', block: true, stateUpdate: true, signature: true });

function planOf(faults: readonly string[], servings = 2) {
  const reported: InjectedFault[] = [];
  const plan = new FaultPlan({ faults: faults.map(parseFault), servings, onFault: (fault) => reported.push(fault) });
  return { plan, reported };
}

test('a fault strikes every n-th height, never genesis, and only its first servings', () => {
  const { plan } = planOf(['wrong-hash:3']);
  const struck = [0, 1, 2, 3, 3, 3, 4, 6, 6, 6, 3].map((height) => plan.answerFault(bundle(height))?.turn ?? null);
  expect(struck).toEqual([null, null, null, 0, 0, null, null, 1, 1, null, null]);
});

test('each call for a height is counted apart, and a fault leaves alone what it cannot falsify', () => {
  const { plan } = planOf(['wrong-signature:1'], 1);
  const block = { ...bundle(5), call: 'get_block', stateUpdate: false, signature: false };
  const signature = { ...bundle(5), call: 'get_signature', block: false, stateUpdate: false };
  const struck = [block, signature, bundle(5), signature, bundle(5)].map((answer) => plan.answerFault(answer) !== null);
  expect(struck).toEqual([false, true, true, false, false]);
});

test('of several faults due at a height one strikes after the other', () => {
  const { plan } = planOf(['wrong-hash:2', 'truncate:2'], 1);
  const struck = [2, 2, 2].map((height) => plan.answerFault(bundle(height))?.kind ?? null);
  expect(struck).toEqual(['wrong-hash', 'truncate', null]);
});

test('every n-th request is refused', () => {
  const { plan } = planOf(['429:3']);
  expect(Array.from({ length: 7 }, () => plan.refusalOf() !== null)).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
});

test('a reorg is due once: when the head was served, or at its height', () => {
  const { plan } = planOf(['reorg:2', 'reorg:3@20']);
  const due = [
    { height: 9, headServed: false },
    { height: 9, headServed: true },
    { height: 9, headServed: true },
    { height: 21, headServed: false },
    { height: 22, headServed: true },
  ].map((head) => plan.dueReorg(head)?.depth ?? null);
  expect(due).toEqual([null, 2, null, 3, null]);
});

test('a roll-back is due once, as a reorg is', () => {
  const { plan } = planOf(['gateway-rollback:2', 'reorg:3@20']);
  const due = [9, 9, 21, 22].map((height) => plan.dueReorg({ height, headServed: true })?.kind ?? null);
  expect(due).toEqual(['gateway-rollback', null, 'reorg', null]);
});

test('a signature is late from when it is first asked for, for each block', () => {
  const { plan } = planOf(['late-signature:100']);
  const asked: [string, number][] = [
    ['0xa', 0],
    ['0xa', 60],
    ['0xb', 60],
    ['0xa', 100],
    ['0xb', 159],
    ['0xb', 160],
    ['0xa', 1],
  ];
  const late = asked.map(([hash, nowMs]) => plan.lateSignature(hash, nowMs) !== null);
  expect(late).toEqual([true, true, true, false, true, false, true]);
});

describe('faults of classes', () => {
  const file = (ordinal: number) => ({ call: 'get_class_by_hash' as const, ordinal });
  const compiled = (ordinal: number) => ({ call: 'get_compiled_class_by_class_hash' as const, ordinal });

  test('every class is missing for the first servings of each call', () => {
    const { plan } = planOf(['missing-class'], 1);
    const asked = [file(1), compiled(1), file(1), compiled(1), file(2)];
    expect(asked.map((one) => plan.classFault(one)?.kind ?? null)).toEqual([
      'missing-class',
      'missing-class',
      null,
      null,
      'missing-class',
    ]);
  });

  test('or every n-th one for good', () => {
    const { plan } = planOf(['missing-class:every2'], 1);
    const asked = [file(1), file(2), file(2), compiled(2), file(3), file(4)];
    expect(asked.map((one) => plan.classFault(one) !== null)).toEqual([false, true, true, true, false, true]);
  });

  test('a false class and a false compiled class strike their own call, the first servings', () => {
    const { plan } = planOf(['wrong-class:2', 'wrong-casm:1'], 1);
    const asked = [file(1), file(2), file(2), compiled(1), compiled(1)];
    expect(asked.map((one) => plan.classFault(one)?.kind ?? null)).toEqual([
      null,
      'wrong-class',
      null,
      'wrong-casm',
      null,
    ]);
  });

  test('leave blocks alone, as faults of blocks leave classes', () => {
    const { plan } = planOf(['wrong-class:1', 'wrong-hash:1', 'late-signature']);
    expect(plan.answerFault(bundle(1))?.kind).toBe('wrong-hash');
    expect(plan.classFault(compiled(1))).toBeNull();
  });
});

test('what struck is counted and reported', () => {
  const { plan, reported } = planOf(['slow:5']);
  for (const slow of plan.delays()) plan.report(slow, null, 'waited');
  expect(plan.counts()).toEqual({ slow: 1 });
  expect(reported).toEqual([{ kind: 'slow', fault: 'slow:5', height: null, detail: 'waited' }]);
});
