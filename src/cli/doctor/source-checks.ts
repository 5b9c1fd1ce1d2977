import type { ChainFamily, FamilySettings, InspectOptions } from '../../chains/index.ts';
import type { Chain, Source, Survey } from '../../engine/index.ts';
import { createSystemEnv, type Env, silentLogger, toSynclineError } from '../../lib/index.ts';
import { formatCount } from '../format.ts';
import { bad, type DoctorCheck, doubtful, good, outside } from './check.ts';

export interface SourceChecksInput {
  readonly chain: Chain;
  readonly family: ChainFamily;
  readonly settings: FamilySettings;
  /** URLs that the settings name; none for the network's own. */
  readonly sources: readonly string[];
  /** The node that answers the JSON-RPC calls which this one cannot; null where none is named. */
  readonly upstream: string | null;
}

/** Every source, and what belongs to the chain beside them, asked once. */
export async function checkSources(input: SourceChecksInput): Promise<readonly DoctorCheck[]> {
  const { chain, sources } = input;
  const urls = sources.length > 0 ? sources : chain.defaultSources;
  const env = createSystemEnv();
  const surveyed = await Promise.all(urls.map((url) => survey(chain, env, url)));
  const companions = await Promise.all((chain.companions ?? []).map((url) => checkCompanion(input, env, url)));
  const upstream = await checkUpstream(input, env);
  const keys = await Promise.all(
    surveyed.flatMap(({ url, outcome }) => (url !== null && 'survey' in outcome ? [inspect(input, env, url)] : [])),
  );
  const isServed = surveyed.some(({ outcome }) => 'survey' in outcome);
  return [
    ...(urls.length > 0 ? [] : [NO_SOURCE]),
    ...surveyed.map((one) => judgeSource(one, isServed)),
    ...keys.flat(),
    ...companions,
    ...upstream,
  ];
}

const NO_SOURCE = bad('source', 'there is no source to sync from', 'name one with --source URL');

interface Surveyed {
  readonly id: string;
  /** Null for text that is no URL of a source. */
  readonly url: URL | null;
  readonly outcome: { readonly survey: Survey; readonly tookMs: number } | { readonly failed: unknown };
}

async function survey(chain: Chain, env: Env, text: string): Promise<Surveyed> {
  let source: Source | null = null;
  const startedMs = env.nowMs();
  const url = URL.canParse(text) ? new URL(text) : null;
  try {
    if (url === null) throw new TypeError('it is no URL');
    source = chain.createSource(url, { env, log: silentLogger });
    const survey = await source.survey({ signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { id: source.id, url, outcome: { survey, tookMs: env.nowMs() - startedMs } };
  } catch (failed) {
    return { id: source?.id ?? `${url?.protocol ?? ''}//${url?.host ?? 'unreadable'}`, url, outcome: { failed } };
  } finally {
    await source?.[Symbol.asyncDispose]();
  }
}

/** @param isServed Whether any source answers: then one that does not is no reason to stop. */
function judgeSource({ id, outcome }: Surveyed, isServed: boolean): DoctorCheck {
  const name = 'source';
  if ('failed' in outcome) {
    const message = `${id}: ${reasonOf(outcome.failed)}`;
    const fix = 'check the URL that --source names, and that this machine can reach it';
    return outside(isServed ? doubtful(name, message, fix) : bad(name, message, fix));
  }
  const { head } = outcome.survey;
  const took = `in ${Math.round(outcome.tookMs)} ms`;
  if (head !== null) return outside(good(name, `${id}: block ${formatCount(head.height)} ${took}`));
  return outside(
    doubtful(name, `${id}: answers ${took}, and has no blocks`, 'check that the URL or path is the right one'),
  );
}

/** What the family looks at in its own way, such as a program, and otherwise a source like any other. */
async function checkCompanion(input: SourceChecksInput, env: Env, text: string): Promise<DoctorCheck> {
  const found = URL.canParse(text)
    ? await input.family.inspectCompanion?.(new URL(text), inspectOptions(input, env))
    : null;
  return found == null ? judgeCompanion(await survey(input.chain, env, text)) : { ...found, where: 'local' };
}

async function checkUpstream(input: SourceChecksInput, env: Env): Promise<readonly DoctorCheck[]> {
  const { family, upstream } = input;
  if (upstream === null) return [];
  const found = await family.inspectUpstream?.(upstream, inspectOptions(input, env));
  return found === undefined ? [] : [{ ...found, where: 'outside' }];
}

/** What a chain opens beside its sources, such as its layer 1; when it is away, only what it tells is missing. */
function judgeCompanion({ id, url, outcome }: Surveyed): DoctorCheck {
  const scheme = url?.protocol ?? '';
  const name = /^([a-z0-9]+)\+/.exec(scheme)?.[1] ?? 'companion';
  const place = /\b(https?|wss?):$/.test(scheme) ? outside : (check: DoctorCheck) => check;
  if ('survey' in outcome) return place(good(name, `${id}: answers in ${Math.round(outcome.tookMs)} ms`));
  const fix = `check its setting (--${name}.url), its key, and that it is of the right network`;
  return place(bad(name, `${id}: ${reasonOf(outcome.failed)}`, fix));
}

/** What the family compares beyond blocks, such as a gateway's key with the pinned one. */
async function inspect(input: SourceChecksInput, env: Env, url: URL): Promise<readonly DoctorCheck[]> {
  const verdicts = await input.family.inspectSource?.(url, inspectOptions(input, env));
  return (verdicts ?? []).map(({ name, ok, expected, got, reason }) => {
    if (ok === true) return outside(good(name, `${url.host}: ${got ?? 'as expected'}`));
    if (ok === null) return outside(doubtful(name, `${url.host}: ${reason ?? 'not told'}`, null));
    const message = `${url.host}: expected ${expected}, got ${got}`;
    return outside(
      bad(name, message, 'do not trust this source: it is of another network, or not what it claims to be'),
    );
  });
}

function inspectOptions({ chain, settings }: SourceChecksInput, env: Env): InspectOptions {
  return { chain, settings, env, log: silentLogger, signal: AbortSignal.timeout(TIMEOUT_MS) };
}

function reasonOf(failed: unknown): string {
  if (failed instanceof Error && failed.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`;
  const { message, data } = toSynclineError(failed);
  const detail = data.reason ?? data.status;
  return detail === undefined || detail === null ? message : `${message} (${detail})`;
}

const TIMEOUT_MS = 10_000;
