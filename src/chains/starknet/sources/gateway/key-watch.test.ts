import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createSystemEnv, type Logger, silentLogger } from '../../../../lib/index.ts';
import { parseFelt } from '../../felt.ts';
import { createGatewaySource } from './gateway-source.ts';

const BLOCK = JSON.stringify({ block_hash: '0x1', block_number: 5 });

/** A gateway that tells this key (null: knows no such call); surveyed twice, half an hour and then two hours later. */
async function errorsOf(key: string | null): Promise<{ errors: unknown[]; asked: number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    const isKey = request.url?.includes('get_public_key') ?? false;
    if (isKey) asked++;
    response.statusCode = isKey && key === null ? 404 : 200;
    response.end(isKey ? JSON.stringify(key) : BLOCK);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const errors: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (_, fields) => errors.push(fields) };
  let nowMs = 1_000;
  await using source = createGatewaySource({
    url: new URL(`http://127.0.0.1:${port}/feeder_gateway`),
    publicKey: parseFelt('0xabc'),
    env: { ...createSystemEnv(), nowMs: () => nowMs },
    log,
  });
  for (const passMs of [0, 1_800_000, 7_200_000]) {
    nowMs += passMs;
    const { head } = await source.survey({ signal: new AbortController().signal });
    expect(head?.height).toBe(5);
  }
  return { errors, asked };
}

it('a gateway that tells the pinned key is asked once an hour, and nothing is said', async () => {
  expect(await errorsOf('0xabc')).toEqual({ errors: [], asked: 2 });
});

it('another key is reported as an error, with both keys and what to do', async () => {
  const { errors } = await errorsOf('0xdef');
  expect(errors).toHaveLength(2);
  expect(errors[0]).toMatchObject({ expected: '0xabc', got: '0xdef', fix: expect.stringContaining('publicKey') });
});

it('a gateway that knows no keys, or tells rubbish, is surveyed all the same', async () => {
  expect((await errorsOf(null)).errors).toEqual([]);
  expect((await errorsOf('no key at all')).errors).toEqual([]);
});
