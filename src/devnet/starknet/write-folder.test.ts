import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFolderSource } from '../../chains/starknet/sources/index.ts';
import { silentLogger, toHex } from '../../lib/index.ts';
import { createStarknetDevnet, writeFolder } from './index.ts';
import { createFollower } from './testing.ts';

test('a written folder is a source whose blocks pass the rules', async () => {
  const path = await mkdtemp(join(tmpdir(), 'syncline-devnet-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const devnet = createStarknetDevnet({ seed: 31, blocks: 8 });
  await writeFolder({ devnet, path });

  const source = createFolderSource({ path, log: silentLogger });
  const { signal } = new AbortController();
  const { head, spans } = await source.survey({ signal });
  expect(spans).toEqual([{ from: 0, to: 7 }]);
  expect(toHex(head?.hash ?? new Uint8Array())).toBe(toHex(devnet.head.hash));

  const follower = createFollower(devnet);
  for (let height = 0; height < 8; height++) {
    const ref = devnet.shelvedAt(height)?.ref ?? expect.unreachable();
    const candidates = [];
    for await (const delivery of source.fetch(
      { height: ref.height, parts: ['block', 'stateUpdate', 'signature'] },
      { signal },
    )) {
      if (delivery.type === 'bytes') candidates.push({ part: delivery.part, bytes: delivery.bytes, from: 'folder' });
    }
    expect(candidates.map(({ part }) => part).sort()).toEqual(['block', 'signature', 'stateUpdate']);
    const examination = follower.rules.examine({ height: ref.height, candidates, absent: [] });
    expect(examination).toMatchObject({ type: 'sealed', block: { ref: { hash: ref.hash } } });
    if (examination.type !== 'sealed') continue;
    for (const need of examination.block.late) {
      const asked = need.fallbacks?.[0] ?? need;
      const request = { height: ref.height, parts: [asked.part], id: asked.id ?? '' };
      for await (const delivery of source.fetch(request, { signal })) {
        if (delivery.type === 'absent') expect.unreachable();
        const candidate = { part: delivery.part, bytes: delivery.bytes, from: 'folder' };
        expect(follower.rules.examinePart?.(asked, candidate).writes).toHaveLength(1);
      }
    }
  }
});
