// Compiles the benches and the product's sources beside each other into bench/dist. The product's own dist/ stays as
// it is: a bench must not pull the build from under a node that runs from it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const benchDir = dirname(fileURLToPath(import.meta.url));
const dist = join(benchDir, 'dist');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', benchDir], { stdio: ['ignore', 2, 2] });
// The product under test must find its own dependencies first, not those of the baselines in bench/node_modules.
mkdirSync(dist, { recursive: true });
symlinkSync(join(dirname(benchDir), 'node_modules'), join(dist, 'node_modules'), 'junction');
process.exitCode = status ?? 1;
