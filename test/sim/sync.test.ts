import { describe, expect, it } from 'vitest';
import { World } from './world.ts';

describe('a node on an honest chain', () => {
  it('reaches the head, and a second run with the same seed does exactly the same', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const world = new World(7, { blocks: 150 });
      world.addSource({ id: 'a' });
      world.addSource({ id: 'b' });
      await world.syncToHead();
      runs.push({ trace: world.env.traceHash(), dump: world.dump() });
    }
    expect(runs[0]).toEqual(runs[1]);
  });
});
