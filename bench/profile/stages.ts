/** One sampled function of a CPU profile, as V8 writes it. */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node id of each sample, and microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export type Thread = 'main' | 'verifier' | 'writer';

/** Milliseconds by stage; idle time apart. */
export interface ThreadShares {
  readonly thread: Thread;
  readonly busyMs: number;
  readonly stages: ReadonlyMap<string, number>;
}

/**
 * Where a thread's time went. A sample belongs to the innermost function on its stack whose file says what stage it is
 * (hashing inside a trie is hashing), so that native code and WebAssembly count for who called them.
 */
export function sharesOf(profile: CpuProfile): ThreadShares {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const urls = profile.nodes.map(({ callFrame }) => callFrame.url);
  const has = (part: string) => urls.some((url) => url.includes(part));
  const thread: Thread = has('/node/apply-worker') ? 'writer' : has('/node/verify-worker') ? 'verifier' : 'main';
  const stageOfNode = new Map<number, string>();
  const stageOf = (id: number): string => {
    const known = stageOfNode.get(id);
    if (known !== undefined) return known;
    const own = byId.get(id);
    const parent = parents.get(id);
    const found = own === undefined ? null : ownStage(own);
    const stage = found ?? (parent === undefined ? 'other' : stageOf(parent));
    stageOfNode.set(id, stage);
    return stage;
  };
  const stages = new Map<string, number>();
  let busyMs = 0;
  for (const [i, id] of profile.samples.entries()) {
    const stage = stageOf(id);
    if (stage === IDLE) continue;
    const ms = (profile.timeDeltas[i] ?? 0) / 1000;
    busyMs += ms;
    stages.set(stage, (stages.get(stage) ?? 0) + ms);
  }
  return { thread, busyMs, stages };
}

const IDLE = 'idle';

function ownStage({ callFrame: { functionName, url } }: ProfileNode): string | null {
  if (functionName === '(idle)') return IDLE;
  if (functionName === '(garbage collector)') return 'garbage collection';
  for (const [part, stage] of STAGES) if (url.includes(part)) return stage;
  return null;
}

/** Piece of a file's path → stage; the first that fits counts. */
const STAGES: readonly (readonly [string, string])[] = [
  ['/crypto/stark-signature', 'signatures'],
  ['@noble/curves', 'signatures'],
  ['/starknet/rules/signature', 'signatures'],
  ['/src/crypto/', 'hashing'],
  ['/src/trie/', 'tries: shape and pages'],
  ['/starknet/wire/', 'reading JSON'],
  ['/starknet/sources/', 'sources'],
  ['/starknet/stored/', 'storage encoding'],
  ['/starknet/rules/execute', 'flat state'],
  ['/engine/commit/overlay', 'flat state'],
  ['/starknet/rules/commit-state', 'tries: changes and leaves'],
  ['/starknet/rules/event-index', 'index entries'],
  ['/starknet/rules/', 'checks'],
  ['/src/store/', 'store'],
  ['/lmdb/', 'store'],
  ['/engine/commit/', 'history, undo, records'],
  ['/node/port-rpc', 'passing between threads'],
  ['/engine/', 'scheduling'],
  ['undici', 'HTTP'],
  ['node:internal/deps/undici', 'HTTP'],
  ['node:_http', 'HTTP'],
  ['node:net', 'HTTP'],
  ['node:internal/modules', 'loading modules'],
  ['node:internal/worker', 'passing between threads'],
];
