// Builds every WASM kernel: generates its AssemblyScript, compiles it and embeds the bytes in a TypeScript module.
//   node kernels/build.mjs           writes the generated files
//   node kernels/build.mjs --check   exits 1 if a committed generated file differs from what would be written
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';
import * as blake2s from './blake2s/generate.mjs';
import * as bn254 from './bn254/generate.mjs';
import * as keccak from './keccak/generate.mjs';
import * as starkField from './stark-field/generate.mjs';

const kernelsDir = dirname(fileURLToPath(import.meta.url));
const rootDir = dirname(kernelsDir);

/** One entry per WASM module. `flags` are added to those of `compile`. */
const kernels = [
  {
    name: 'stark-field-9x29',
    entry: 'stark-field/9x29/index.ts',
    summary: 'STARK-field Pedersen and Poseidon, nine signed 29-bit limbs, integer instructions only.',
    flags: ['--initialMemory', '102', '--maximumMemory', '102'],
  },
  {
    name: 'stark-field-5x51',
    entry: 'stark-field/5x51/index.ts',
    summary: 'STARK-field Pedersen and Poseidon, five 51-bit limbs in two lanes, relaxed SIMD multiply-add.',
    flags: ['--initialMemory', '115', '--maximumMemory', '115', '--enable', 'simd', '--enable', 'relaxed-simd'],
  },
  {
    name: 'stark-signature',
    entry: 'stark-field/signature/index.ts',
    summary: 'Sums of multiples of the generator of the STARK curve and of one key, for signatures.',
    flags: ['--initialMemory', '10', '--maximumMemory', '10'],
  },
  {
    name: 'keccak',
    entry: 'keccak/index.ts',
    summary: 'Keccak-256 over many messages, two at a time in vectors.',
    flags: ['--initialMemory', '5', '--maximumMemory', '5', '--enable', 'simd'],
  },
  {
    name: 'blake2s',
    entry: 'blake2s/index.ts',
    summary: 'Blake2s-256 over felts.',
    flags: ['--initialMemory', '4', '--maximumMemory', '4'],
  },
  {
    name: 'bn254-poseidon2',
    entry: 'bn254/index.ts',
    summary: 'BN254 scalar-field Poseidon2, nine signed 29-bit limbs, integer instructions only.',
    flags: ['--initialMemory', '6', '--maximumMemory', '6'],
  },
];

/** What writes the generated sources of a folder here, and the modules of constants for its twin. */
const generators = { blake2s, bn254, keccak, 'stark-field': starkField };

const check = process.argv.includes('--check');
const stale = [];

for (const [folder, { generatedSources, generatedModules }] of Object.entries(generators)) {
  for (const [path, text] of Object.entries(generatedSources())) emit(`kernels/${folder}/${path}`, text);
  for (const [name, text] of Object.entries(generatedModules?.() ?? {})) emit(`src/crypto/gen/${name}.ts`, text);
}
for (const kernel of kernels) emit(`src/crypto/gen/${kernel.name}.ts`, moduleText(kernel, await compile(kernel)));

if (stale.length > 0) {
  console.error(`stale generated files, run \`node kernels/build.mjs\`:\n  ${stale.join('\n  ')}`);
  process.exitCode = 1;
}

function emit(path, text) {
  const file = join(rootDir, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  if (check) {
    stale.push(path);
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`wrote ${path}`);
}

async function compile({ name, entry, flags }) {
  const scratchDir = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    const outFile = join(scratchDir, `${name}.wasm`);
    const { error, stderr } = await asc.main([
      join(kernelsDir, entry),
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--use',
      'abort=',
      ...flags,
      '--outFile',
      outFile,
    ]);
    if (error) throw new Error(`${entry} does not compile\n${stderr.toString()}`);
    return readFileSync(outFile);
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

function moduleText({ name, entry, summary }, bytes) {
  const compiler = JSON.parse(readFileSync(join(rootDir, 'node_modules/assemblyscript/package.json'), 'utf8')).version;
  return `// Generated from kernels/${entry} by \`node kernels/build.mjs\` with assemblyscript ${compiler}. Not to be edited.

/** ${summary} A WASM module of ${bytes.length} bytes, base64. */
export const ${camelCase(name)}: string =
${wrap(bytes.toString('base64'))};
`;
}

function wrap(base64) {
  return base64
    .match(/.{1,116}/g)
    .map((line) => `  '${line}'`)
    .join(' +\n');
}

function camelCase(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}
