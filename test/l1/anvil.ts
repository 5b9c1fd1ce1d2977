import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A real Ethereum node for one test, with blocks made at once for each transaction. */
export interface Anvil extends AsyncDisposable {
  readonly port: number;
  readonly http: string;
  readonly ws: string;
  /** Asks it anything. Rejects when it answers with an error. */
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>;
  /** Makes empty blocks. */
  mine(blocks: number): Promise<void>;
  /** Replaces the newest blocks by as many empty ones. */
  reorg(depth: number): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

export interface AnvilOptions {
  /** What is final stands twice as many blocks behind the newest. Default 1. */
  readonly slotsInEpoch?: number;
  /** Default: any free one. */
  readonly port?: number;
}

/** Its own default. */
export const ANVIL_CHAIN_ID = 31_337;

/**
 * The program itself, from the npm package of this platform: the package's script would stand between us and its end.
 *
 * @returns Null where it is not installed: the tests that need it skip, and `announce.ts` says so once.
 * @throws {Error} where it is not and `SYNCLINE_REQUIRE_VECTORS=1`, so that CI cannot skip by accident.
 */
export function anvilPath(): string | null {
  const platform = process.platform === 'win32' ? 'win32' : process.platform;
  const name = `anvil-${platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const file = platform === 'win32' ? 'anvil.exe' : 'anvil';
  const path = fileURLToPath(new URL(`../../node_modules/@foundry-rs/${name}/bin/${file}`, import.meta.url));
  if (existsSync(path)) return path;
  if (process.env.SYNCLINE_REQUIRE_VECTORS === '1') throw new Error(`no anvil at ${path}`);
  return null;
}

export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const path = anvilPath();
  if (path === null) throw new Error('anvil is not installed');
  const args = ['--port', String(options.port ?? 0), '--slots-in-an-epoch', String(options.slotsInEpoch ?? 1)];
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await listeningPort(child);
  const http = `http://127.0.0.1:${port}`;
  const rpc = async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(http, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answer = (await response.json()) as { result: T; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    http,
    ws: `ws://127.0.0.1:${port}`,
    rpc,
    mine: (blocks) => rpc('anvil_mine', [`0x${blocks.toString(16)}`]),
    reorg: (depth) => rpc('anvil_reorg', [depth, []]),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** It says where it listens once it does. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const match = /Listening on [\d.]+:(\d+)/.exec(said);
      if (match !== null) resolve(Number(match[1]));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}\n${said}`)));
  });
}
