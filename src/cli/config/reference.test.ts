import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderReference } from './reference.ts';
import { environmentName, settingRows } from './settings.ts';

it('the reference page is current (renew it with `npx vitest run src/cli/config -u`)', async () => {
  const page = fileURLToPath(new URL('../../../docs/reference/configuration.md', import.meta.url));
  await expect(renderReference()).toMatchFileSnapshot(page);
});

it('the reference names every flag and variable', () => {
  const text = renderReference();
  for (const { key } of settingRows) {
    expect(text).toContain(key);
    expect(text).toContain(environmentName(key));
  }
});

it('no two settings share an environment name', () => {
  const names = settingRows.map(({ key }) => environmentName(key));
  expect(new Set(names).size).toBe(names.length);
});
