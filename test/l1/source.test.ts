import { describe, expect, it, onTestFinished } from 'vitest';
import { createL1Source } from '../../src/chains/starknet/sources/index.ts';
import type { FinalClaim } from '../../src/engine/index.ts';
import { createSystemEnv, type SynclineError, silentLogger } from '../../src/lib/index.ts';
import { ANVIL_CHAIN_ID, type Anvil, anvilPath, startAnvil } from './anvil.ts';
import { deployCoreContract } from './core-contract.ts';

const block = (height: number, root = height + 1) => ({ height, root: word(root), hash: word(height + 1000) });

describe.skipIf(anvilPath() === null).each(['http', 'ws'] as const)('claims from a real L1 over %s', (transport) => {
  it('follow its finality, two blocks behind here', async () => {
    await using anvil = await startAnvil();
    const contract = await deployCoreContract(anvil);
    await contract.update(block(-1)); // as before the first block
    await anvil.mine(3);
    const watch = follow(anvil, transport, contract.address);
    const l1Block = await contract.update(block(5));
    await anvil.mine(1);
    await watch.quiet();
    expect(watch.claims).toEqual([]);
    await anvil.mine(1);
    const claim = await watch.reaches(5);
    expect([claim.stateRoot, claim.hash]).toEqual([word(6), word(1005)]);
    expect(claim.reference).toMatch(new RegExp(`^L1 block ${l1Block}, log 0, transaction 0x[0-9a-f]{64}$`));
    await contract.update(block(6));
    await contract.update(block(9));
    await anvil.mine(2);
    await watch.reaches(9);
  });

  it('begin with what was final before anybody looked', async () => {
    await using anvil = await startAnvil();
    const contract = await deployCoreContract(anvil);
    await contract.update(block(7));
    await contract.update(block(8));
    await anvil.mine(1);
    const watch = follow(anvil, transport, contract.address);
    expect((await watch.reaches(7)).reference).toContain('state of the core contract');
    await anvil.mine(1);
    expect((await watch.reaches(8)).reference).toContain('log 0');
  });

  for (const depth of [1, 2, 7, 32]) {
    it(`leave out what a reorg of depth ${depth} dropped, and have what was made again`, async () => {
      await using anvil = await startAnvil({ slotsInEpoch: 20 });
      const contract = await deployCoreContract(anvil);
      await contract.update(block(1));
      await anvil.mine(40);
      const watch = follow(anvil, transport, contract.address);
      await watch.reaches(1);

      await contract.update(block(5));
      if (depth > 1) await anvil.mine(depth - 1);
      await watch.quiet();
      await anvil.reorg(depth);
      await anvil.mine(41);
      await watch.quiet();
      expect(watch.heights()).toEqual([1]);

      await contract.update(block(6));
      if (depth > 1) await anvil.mine(depth - 1);
      await watch.quiet();
      await anvil.reorg(depth);
      const l1Block = await contract.update(block(6, 66));
      await anvil.mine(40);
      const claim = await watch.reaches(6);
      expect(claim.stateRoot).toEqual(word(66));
      expect(claim.reference).toContain(`L1 block ${l1Block},`);
      expect(watch.heights()).toEqual([1, 6]);
    });
  }

  for (const depth of [7, 32]) {
    it(`are made again when ${depth} blocks go although they were final`, async () => {
      await using anvil = await startAnvil();
      const contract = await deployCoreContract(anvil);
      await contract.update(block(1));
      await anvil.mine(40);
      const watch = follow(anvil, transport, contract.address);
      await watch.reaches(1);
      await contract.update(block(5));
      await anvil.mine(3);
      await watch.reaches(5);
      await anvil.reorg(depth);
      await watch.reaches(1);
      await contract.update(block(5, 55));
      await anvil.mine(2);
      expect((await watch.reaches(5)).stateRoot).toEqual(word(55));
    });
  }

  it('go on when the node is killed and started again', async () => {
    const anvil = await startAnvil();
    const contract = await deployCoreContract(anvil);
    await contract.update(block(5));
    await anvil.mine(2);
    const watch = follow(anvil, transport, contract.address);
    await watch.reaches(5);
    await anvil.kill();
    await watch.fails('SOURCE_UNAVAILABLE');
    await using again = await startAnvil({ port: anvil.port });
    const redeployed = await deployCoreContract(again);
    expect(redeployed.address).toBe(contract.address);
    await redeployed.update(block(8));
    await again.mine(2);
    await watch.reaches(8);
    await watch.recovers();
  });

  it('are not taken from another chain', async () => {
    await using anvil = await startAnvil();
    const contract = await deployCoreContract(anvil);
    await contract.update(block(5));
    await anvil.mine(2);
    const watch = follow(anvil, transport, contract.address, 1);
    expect((await watch.fails('SOURCE_OTHER_CHAIN')).message).toContain(`chain ${ANVIL_CHAIN_ID}`);
    expect(watch.claims).toEqual([]);
  });

  it('are not taken from where there is no contract', async () => {
    await using anvil = await startAnvil();
    await anvil.mine(3);
    const watch = follow(anvil, transport, `0x${'c0'.repeat(20)}`);
    expect((await watch.fails('SOURCE_BAD_ANSWER')).message).toContain('no core contract');
  });
});

/** Watches in the background until the test is over. */
function follow(anvil: Anvil, transport: 'http' | 'ws', coreContract: string, chainId = ANVIL_CHAIN_ID) {
  const source = createL1Source({
    url: new URL(`l1+${anvil[transport]}`),
    chainId,
    coreContract,
    pollMs: POLL_MS,
    env: createSystemEnv(),
    log: silentLogger,
  });
  const stop = new AbortController();
  const claims: FinalClaim[] = [];
  const watching = (async () => {
    for await (const claim of source.watchFinal?.({ signal: stop.signal }) ?? []) claims.push(claim);
  })();
  onTestFinished(async () => {
    stop.abort();
    await watching;
    await source[Symbol.asyncDispose]();
  });
  const trouble = async (): Promise<SynclineError | null> => {
    try {
      await source.survey({ signal: stop.signal });
      return null;
    } catch (error) {
      return error as SynclineError;
    }
  };
  return {
    claims,
    /** Of the claims so far. One may repeat: while anvil reorganises, its finality goes back for a moment. */
    heights: () => claims.map(({ height }) => Number(height)).filter((height, i, all) => height !== all[i - 1]),
    /** Waits for a claim of that height to be the newest. */
    async reaches(height: number): Promise<FinalClaim> {
      await until(() => claims.at(-1)?.height === height, `a claim of ${height}, have ${claims.map((c) => c.height)}`);
      return claims.at(-1) as FinalClaim; // just seen
    },
    /** Gives it time for several looks. */
    quiet: () => new Promise((resolve) => setTimeout(resolve, POLL_MS * 8)),
    async fails(code: string): Promise<SynclineError> {
      await until(async () => (await trouble())?.code === code, code);
      return (await trouble()) as SynclineError; // just seen, and it stays
    },
    recovers: () => until(async () => (await trouble()) === null, 'recovery'),
  };
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function word(value: number): Uint8Array {
  return new Uint8Array(Buffer.from(BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0'), 'hex'));
}

const POLL_MS = 30;
