#!/usr/bin/env node
/**
 * Stands in for a Sierra compiler: knows the devnet's rule, or misbehaves.
 *
 *     sierra-compiler.mjs FILE             compiles the class in the file, as starknet-sierra-compile does
 *     sierra-compiler.mjs                  compiles the class on standard input, as Pathfinder's does
 *     sierra-compiler.mjs MODE [FILE]      does what the mode says
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const MODES = {
  /** Prints what the class is compiled to. */
  async compile(file) {
    process.stdout.write(JSON.stringify(await compiled(file)));
  },
  /** Prints it behind a line for people, indented. */
  async chatty(file) {
    process.stdout.write(`Compiling Sierra to Casm ...\n${JSON.stringify(await compiled(file), null, 2)}\n`);
  },
  /** Takes its time, then prints what the class is compiled to. */
  async slow(file) {
    await sleep(500);
    process.stdout.write(JSON.stringify(await compiled(file)));
  },
  /** Prints what another class would be compiled to. */
  async wrong(file) {
    const { bytecode, ...rest } = await compiled(file);
    process.stdout.write(JSON.stringify({ ...rest, bytecode: [...bytecode.slice(0, -1), '0x2a'] }));
  },
  async garbage() {
    process.stdout.write('Segmentation fault? No: {"bytecode": [');
  },
  async crash() {
    process.stderr.write('thread main panicked at libfunc\n');
    process.kill(process.pid, 'SIGABRT');
    await sleep(60_000);
  },
  async refuse() {
    process.stderr.write('Error: Compilation failed.\n\u001b[31mUnsupported libfunc\u001b[0m\n');
    process.exitCode = 1;
  },
  async hang() {
    await sleep(600_000);
  },
  /** Hangs together with a process of its own, whose id it writes down. */
  async family(file) {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { stdio: 'inherit' });
    writeFileSync(file, String(child.pid));
    await sleep(600_000);
  },
  /** Ends well, but leaves a process behind that keeps its output open. */
  async litter(file) {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { stdio: 'inherit' });
    writeFileSync(file, String(child.pid));
    process.stdout.write('{"bytecode":[],"entry_points_by_type":{}}', () => process.exit(0));
  },
  async endless() {
    const chunk = Buffer.alloc(64 * 1024, '{"bytecode":[');
    for (;;) if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  async hungry() {
    const held = [];
    for (;;) {
      held.push(Buffer.alloc(16 * 2 ** 20, held.length));
      await sleep(1);
    }
  },
  /** Fails when another one runs at the same time; the file is what tells. */
  async alone(file) {
    writeFileSync(file, '', { flag: 'wx' });
    await sleep(150);
    rmSync(file);
    process.stdout.write('{"bytecode":[],"entry_points_by_type":{}}');
  },
  /** Tells what it was given. */
  async confess() {
    const { argv, env } = process;
    process.stderr.write(JSON.stringify({ args: argv.slice(3).length, env: Object.keys(env).sort() }));
    process.exitCode = 1;
  },
};

async function compiled(file) {
  const { compileDevnetClass } = await import('../../../dist/devnet/starknet/compile-class.js');
  return compileDevnetClass(JSON.parse(readFileSync(file ?? 0, 'utf8')));
}

const [first, second] = process.argv.slice(2);
const isMode = first !== undefined && Object.hasOwn(MODES, first);
await MODES[isMode ? first : 'compile'](isMode ? second : first);
