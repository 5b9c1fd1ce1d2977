import { errorAnswer, type HttpAnswer } from './answer.ts';

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

/** A request, reduced to what routing needs. */
export interface HttpTarget {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly target: string;
  readonly accept: string;
}

/** Finds the route and asks it. All routes are for reading: GET, and HEAD for the same without the body. */
export async function route(routes: readonly HttpRoute[], { method, target, accept }: HttpTarget): Promise<HttpAnswer> {
  const url = URL.canParse(target, BASE) ? new URL(target, BASE) : null;
  if (url === null) return errorAnswer(400, { code: 'URL_MALFORMED', message: 'the URL cannot be read' });
  for (const candidate of routes) {
    for (const path of candidate.paths) {
      const rest = matchPath(path, url.pathname);
      if (rest === null) continue;
      if (method === 'GET' || method === 'HEAD') return candidate.answer({ rest, search: url.searchParams, accept });
      const message = 'this path takes GET and HEAD only';
      return errorAnswer(405, { code: 'METHOD_NOT_ALLOWED', message }, { allow: 'GET, HEAD' });
    }
  }
  const fix = `paths are ${routes.map(({ paths }) => paths[0]).join(', ')}`;
  return errorAnswer(404, { code: 'NOT_FOUND', message: 'there is nothing at this path', fix });
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
