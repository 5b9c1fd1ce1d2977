import type { RpcFault } from '../../engine/index.ts';
import { type Env, isSynclineError, silentLogger, toSynclineError } from '../../lib/index.ts';
import type { Finding, InspectOptions } from '../family.ts';
import { feltFromAscii, feltToHex, parseFelt } from './felt.ts';
import { parseNetwork } from './params.ts';

/**
 * Asks the RPC upstream for its chain and the version of the specification that it follows; both only read.
 * @see Starknet JSON-RPC specification, `starknet_chainId`, `starknet_specVersion`
 */
export async function inspectUpstream(url: string, { chain, env, signal }: InspectOptions): Promise<Finding> {
  const { network } = chain.options as { readonly network: Parameters<typeof parseNetwork>[0] }; // as `starknet` makes it
  const { chainIds, name } = parseNetwork(network);
  const host = URL.canParse(url) ? new URL(url).host : 'the upstream';
  const startedMs = env.nowMs();
  let answers: UpstreamAnswers;
  try {
    answers = await ask(url, signal);
  } catch (error) {
    return { name: NAME, ok: false, message: `${host}: ${reasonOf(error)}`, fix: UNREACHABLE };
  }
  const expected = chainIds.map((id) => feltToHex(feltFromAscii(id)));
  const got = canonical(answers.chainId);
  if (!expected.includes(got)) {
    const message = `${host}: is of chain ${got.slice(0, 80)}, and ${name} is ${expected.join(' or ')}`;
    return { name: NAME, ok: false, message, fix: OTHER_CHAIN };
  }
  return {
    name: NAME,
    ok: true,
    message: `${host}: ${told(answers.specVersion)} ${tookText(env, startedMs)}`,
    fix: null,
  };
}

interface UpstreamAnswers {
  readonly chainId: unknown;
  /** Null where it does not tell. */
  readonly specVersion: unknown;
}

async function ask(url: string, signal: AbortSignal): Promise<UpstreamAnswers> {
  // Not loaded before it is needed: most commands serve nothing.
  const { createUpstream } = await import('../../serve/jsonrpc/index.ts');
  await using upstream = createUpstream({
    url,
    connectionsMax: 1,
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    log: silentLogger,
  });
  const call = async (method: string) =>
    JSON.parse((await upstream.call({ method, params: [] }, signal)).text) as unknown;
  const chainId = await call('starknet_chainId');
  const specVersion = await call('starknet_specVersion').catch(() => null);
  return { chainId, specVersion };
}

function reasonOf(error: unknown): string {
  const body = error instanceof Error && error.name === 'RpcFault' ? (error as RpcFault).body : null;
  if (body === null) return toSynclineError(error).message;
  const { code, message, data } = body;
  if (typeof data === 'object' && data !== null && 'reason' in data) return String(data.reason);
  return `it answers with error ${code}: ${message.slice(0, MESSAGE_CHARS_MAX)}`;
}

function canonical(chainId: unknown): string {
  try {
    return feltToHex(parseFelt(chainId));
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    return JSON.stringify(chainId) ?? 'nothing';
  }
}

function told(specVersion: unknown): string {
  const isVersion = typeof specVersion === 'string' && /^[0-9A-Za-z.+-]{1,40}$/.test(specVersion);
  return isVersion ? `same chain, specification ${specVersion}` : 'same chain, specification not told';
}

function tookText(env: Env, startedMs: number): string {
  return `in ${Math.round(env.nowMs() - startedMs)} ms`;
}

const NAME = 'upstream';
/** Of one call; there are two. */
const TIMEOUT_MS = 4_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const MESSAGE_CHARS_MAX = 200;
const UNREACHABLE =
  'check the URL that --rpc.upstream names, its key, and that this machine can reach it; without it, calls that need ' +
  'execution fail';
const OTHER_CHAIN = 'name a node of the same network with --rpc.upstream';
