import { errorAnswer, type HttpAnswer } from './answer.ts';
import type { HttpEndpoint } from './endpoint.ts';

export interface HttpQuery {
  /** Text of the path after a route that ends in `/*`, decoded; empty for other routes. */
  readonly rest: string;
  readonly search: URLSearchParams;
  /** What the client says it accepts; empty when it says nothing. */
  readonly accept: string;
}

export interface HttpRoute {
  /** `/status`, or `/explain/*` for one more segment. The first is the path shown; the others are aliases. */
  readonly paths: readonly [string, ...string[]];
  /** One line for the index page. */
  readonly doc: string;
  answer(query: HttpQuery): HttpAnswer | Promise<HttpAnswer>;
}

/** What the index page and a 404 name. */
export type ListedPath = { readonly paths: readonly string[]; readonly doc: string };

/** Finds the route and asks it. Routes are for reading: GET, and HEAD for the same without the body. */
export async function route(
  routes: readonly HttpRoute[],
  url: URL,
  { method, accept }: { readonly method: string; readonly accept: string },
): Promise<HttpAnswer | null> {
  for (const candidate of routes) {
    for (const path of candidate.paths) {
      const rest = matchPath(path, url.pathname);
      if (rest === null) continue;
      if (method === 'GET' || method === 'HEAD') return candidate.answer({ rest, search: url.searchParams, accept });
      return methodRefused(['GET', 'HEAD']);
    }
  }
  return null;
}

/** Finds the endpoint for a path. */
export function findEndpoint(endpoints: readonly HttpEndpoint[], { pathname }: URL): HttpEndpoint | null {
  return endpoints.find(({ paths }) => paths.some((path) => matchPath(path, pathname) !== null)) ?? null;
}

export function methodRefused(methods: readonly string[]): HttpAnswer {
  const allow = methods.join(', ');
  const message = `this path takes ${methods.length > 1 ? `${methods.slice(0, -1).join(', ')} and ${methods.at(-1)}` : allow} only`;
  return errorAnswer(405, { code: 'METHOD_NOT_ALLOWED', message }, { allow });
}

export function pathUnknown(listed: readonly ListedPath[]): HttpAnswer {
  const known = listed.flatMap(({ paths }) => paths.slice(0, 1));
  const fix = `paths are ${known.join(', ')}`;
  return errorAnswer(404, { code: 'NOT_FOUND', message: 'there is nothing at this path', fix });
}

/** Path and query as they stood in the request line; null for what is no URL. */
export function parseTarget(target: string): URL | null {
  return URL.canParse(target, BASE) ? new URL(target, BASE) : null;
}

/** What the wildcard stands for, empty without one; null when the path is another. */
function matchPath(pattern: string, path: string): string | null {
  if (!pattern.endsWith('/*')) return path === pattern || path === `${pattern}/` ? '' : null;
  const prefix = pattern.slice(0, -1);
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : '';
  if (rest === '' || rest.includes('/')) return null;
  try {
    return decodeURIComponent(rest);
  } catch {
    return null;
  }
}

const BASE = 'http://localhost';
