import { describe, expect, it } from 'vitest';
import { familyNames, loadFamily } from './registry.ts';

describe.each(familyNames)('the family %s', (name) => {
  it('describes any of its networks, also one it has never heard of', async () => {
    const family = await loadFamily(name);
    const face = family.describe(`${name}-private`);
    expect(face).toMatchObject({ family: name, network: `${name}-private`, tips: { confirmed: expect.any(String) } });
  });

  it('makes a chain of each network it names', async () => {
    const family = await loadFamily(name);
    for (const network of family.networks) {
      const chain = family.create(network, {});
      expect(chain).toMatchObject({ family: name, network });
      expect(chain.identity.startsWith(`${name}:${network}:`)).toBe(true);
    }
  });
});

it('a family of another name is refused with those there are', async () => {
  await expect(loadFamily('toString')).rejects.toMatchObject({
    code: 'FAMILY_UNKNOWN',
    data: { expected: familyNames, exitCode: 2 },
  });
});
