import { afterEach, describe, expect, it } from 'vitest';
import { createSystemEnv, type Env, type SynclineError, silentLogger } from '../../../../lib/index.ts';
import { feltFromNumber, joinFelts, NO_FELTS } from '../../felt.ts';
import type { MessageToL2 } from '../../types.ts';
import { createL1Source, type L1SourceOptions } from './l1-source.ts';
import { CHAIN_ID, CONTRACT, receiptOf, ScriptedL1 } from './testing.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const SCHEMES = ['http', 'ws'] as const;
const signal = new AbortController().signal;
const hashOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}`;
const messageOf = (nonce: number, payloadWords = 1): MessageToL2 => ({
  fromAddress: feltFromNumber(1),
  toAddress: feltFromNumber(2),
  selector: feltFromNumber(3),
  payload: joinFelts(NO_FELTS, ...Array.from({ length: payloadWords }, () => feltFromNumber(5))),
  nonce: feltFromNumber(nonce),
});

async function listen(port?: number): Promise<ScriptedL1> {
  const node = await ScriptedL1.listen(port);
  cleanups.push(() => node.close());
  return node;
}

function open(node: ScriptedL1, scheme: 'http' | 'ws', options: Partial<L1SourceOptions> = {}) {
  const url = node.url(scheme, '/hush-key');
  const common = { chainId: CHAIN_ID, coreContract: CONTRACT, env: createSystemEnv(), log: silentLogger };
  const source = createL1Source({ url, ...common, ...options });
  cleanups.push(() => source[Symbol.asyncDispose]() as Promise<void>);
  return source;
}

/** How often the node was asked for a receipt. */
const asked = (node: ScriptedL1) => node.calls.filter((call) => call.startsWith('eth_getTransactionReceipt')).length;

describe.each(SCHEMES)('messages over %s', (scheme) => {
  it('are those of the transaction that was asked for; of an unknown one it is said that it is unknown', async () => {
    const node = await listen();
    const source = open(node, scheme);
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), [messageOf(1), messageOf(2)]));
    node.receipts.set(hashOf(2), receiptOf(hashOf(2), []));
    expect(await source.sentMessages(hashOf(1), { signal })).toEqual([messageOf(1), messageOf(2)]);
    expect(await source.sentMessages(hashOf(2), { signal })).toEqual([]);
    expect(await source.sentMessages(hashOf(3), { signal })).toBeNull();
    node.receipts.set(hashOf(3), receiptOf(hashOf(3), [messageOf(3)]));
    expect(await source.sentMessages(hashOf(3), { signal })).toEqual([messageOf(3)]);
    // One connection, whose chain is looked at once.
    expect(node.calls.filter((call) => call.startsWith('eth_chainId'))).toHaveLength(1);
    expect(node.clients.length).toBe(scheme === 'ws' ? 1 : 0);
  });

  it('are remembered for a minute', async () => {
    const node = await listen();
    const env = createSystemEnv();
    let nowMs = 5_000;
    const clock: Env = { ...env, nowMs: () => nowMs };
    const source = open(node, scheme, { env: clock });
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), [messageOf(1)]));
    await source.sentMessages(hashOf(1), { signal });
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), [messageOf(2)])); // as a reorg may have it
    nowMs += 59_999;
    expect(await source.sentMessages(hashOf(1), { signal })).toEqual([messageOf(1)]);
    expect(asked(node)).toBe(1);
    nowMs += 1;
    expect(await source.sentMessages(hashOf(1), { signal })).toEqual([messageOf(2)]);
    expect(asked(node)).toBe(2);
  });

  it('are forgotten, the oldest first, where there are too many', async () => {
    const node = await listen();
    const source = open(node, scheme);
    for (let i = 0; i < 5; i++) node.receipts.set(hashOf(i), receiptOf(hashOf(i), [messageOf(i, 16_000)]));
    for (let i = 0; i < 5; i++) await source.sentMessages(hashOf(i), { signal });
    expect(asked(node)).toBe(5);
    for (let i = 1; i < 5; i++) await source.sentMessages(hashOf(i), { signal });
    expect(asked(node)).toBe(5);
    expect(await source.sentMessages(hashOf(0), { signal })).toEqual([messageOf(0, 16_000)]);
    expect(asked(node)).toBe(6);
  });

  it('are not taken from another chain, until it is the right one', async () => {
    const node = await listen();
    const source = open(node, scheme);
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), []));
    node.chainId = 1;
    await expect(source.sentMessages(hashOf(1), { signal })).rejects.toMatchObject({ code: 'SOURCE_OTHER_CHAIN' });
    expect(asked(node)).toBe(0);
    node.chainId = CHAIN_ID;
    expect(await source.sentMessages(hashOf(1), { signal })).toEqual([]);
  });

  it('are not taken from a false answer, which is not remembered and shows no secret', async () => {
    const node = await listen();
    const source = open(node, scheme);
    node.receipts.set(hashOf(1), receiptOf(hashOf(2), []));
    const error = await source.sentMessages(hashOf(1), { signal }).catch((thrown: SynclineError) => thrown);
    expect(error).toMatchObject({ code: 'SOURCE_BAD_ANSWER', fault: 'source' });
    expect(JSON.stringify(error)).not.toContain('hush-key');
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), []));
    expect(await source.sentMessages(hashOf(1), { signal })).toEqual([]);
  });

  it('are read again when the node is back', async () => {
    const node = await ScriptedL1.listen();
    const { port } = node;
    const source = open(node, scheme);
    node.receipts.set(hashOf(1), receiptOf(hashOf(1), []));
    await source.sentMessages(hashOf(1), { signal });
    await node.close();
    await expect(source.sentMessages(hashOf(2), { signal })).rejects.toMatchObject({ fault: 'source' });
    const again = await listen(port);
    again.receipts.set(hashOf(2), receiptOf(hashOf(2), [messageOf(2)]));
    expect(await source.sentMessages(hashOf(2), { signal })).toEqual([messageOf(2)]);
  });

  it('end with the source, also while they are asked for', async () => {
    const node = await listen();
    if (scheme === 'http') node.reply = () => {};
    const source = open(node, scheme);
    const asking = source.sentMessages(hashOf(1), { signal });
    await source[Symbol.asyncDispose]();
    await expect(asking).rejects.toMatchObject({ code: 'SOURCE_CLOSED' });
    await expect(source.sentMessages(hashOf(1), { signal })).rejects.toMatchObject({ code: 'SOURCE_CLOSED' });
  });
});

describe('messages of many transactions', () => {
  it('are asked for one by one; a crowd is refused at once, and who leaves makes room', async () => {
    const node = await listen();
    const pending: (() => void)[] = [];
    node.reply = (response) => void pending.push(() => response.destroy());
    const source = open(node, 'http');
    const callers = Array.from({ length: 17 }, () => new AbortController());
    const ask = (caller: AbortController, i: number) => source.sentMessages(hashOf(i), { signal: caller.signal });
    const first = callers.slice(0, 1).map(ask);
    await expect.poll(() => node.calls.length).toBe(1);
    const asking = [...first, ...callers.slice(1).map(ask)];
    await expect(source.sentMessages(hashOf(99), { signal })).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'too many wait for L1',
    });
    for (const caller of callers) caller.abort(new Error('left'));
    const outcomes = await Promise.allSettled(asking);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.message)).toEqual(
      callers.map(() => 'left'),
    );
    expect(node.calls).toHaveLength(1);
    for (const end of pending) end();
    node.reply = null;
    node.receipts.set(hashOf(99), receiptOf(hashOf(99), []));
    expect(await source.sentMessages(hashOf(99), { signal })).toEqual([]);
  });
});
