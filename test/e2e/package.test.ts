import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { temporaryFolder } from './folders.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('the packed package installs into an empty project, and the README snippet runs and type-checks there', {
  timeout: 180_000,
}, async () => {
  const project = temporaryFolder('package');
  // Without scripts: the build is there already, and other tests are using it.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: ROOT });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'embedder', private: true, type: 'module' }));
  await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: project });

  const devnet = createStarknetDevnet({ seed: 21, transactionsPerBlock: 1, storageUpdatesPerBlock: 2 });
  devnet.produce(5);
  await using server = await serveStarknetDevnet({ devnet });
  const snippet = readmeSnippet()
    .replace("network: 'starknet-mainnet'", `network: ${JSON.stringify(devnet.network)}`)
    .replace('https://feeder.alpha-mainnet.starknet.io/feeder_gateway', server.url.href);
  writeFileSync(join(project, 'snippet.mjs'), snippet);
  expect(await untilHeight(project, devnet.head.height)).toContain(`height: ${devnet.head.height}`);

  writeFileSync(join(project, 'snippet.mts'), snippet);
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
  ];
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/lib/tsc.js'), ...options, ...types, 'snippet.mts'], {
    cwd: project,
  });
});

/** The first JavaScript block of the README, as a reader would copy it. */
function readmeSnippet(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const snippet = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  if (snippet === undefined) throw new Error('the README has no JavaScript snippet');
  return snippet;
}

/** Runs the snippet until it prints that the height is confirmed; then ends it. */
function untilHeight(project: string, height: number): Promise<string> {
  const child = spawn(process.execPath, ['snippet.mjs'], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line.includes(`height: ${height}`)) {
        child.kill('SIGKILL');
        resolve(output);
      }
    });
    gone.then(() => reject(new Error(`the snippet ended early\n${output}`)));
  });
}
