import type { HttpAnswer } from './answer.ts';
import type { HttpRoute, ListedPath } from './router.ts';

/**
 * The page at `/`, which names the paths: HTML for browsers, plain text for everybody else.
 * @param listed Looked at when the page is asked for: paths may come later.
 */
export function indexRoute(title: string, listed: readonly ListedPath[]): HttpRoute {
  return {
    paths: ['/'],
    doc: 'this page',
    answer({ accept }) {
      const entries = listed.flatMap(({ paths, doc }) => paths.slice(0, 1).map((path) => ({ path, doc })));
      return accept.includes('text/html') ? htmlPage(title, entries) : textPage(title, entries);
    },
  };
}

interface Entry {
  readonly path: string;
  readonly doc: string;
}

function textPage(title: string, entries: readonly Entry[]): HttpAnswer {
  const lines = entries.map(({ path, doc }) => `  ${path.padEnd(16)} ${doc}`);
  return { status: 200, type: 'text/plain; charset=utf-8', text: `${title}\n\n${lines.join('\n')}\n` };
}

function htmlPage(title: string, entries: readonly Entry[]): HttpAnswer {
  const rows = entries.map(({ path, doc }) => {
    const shown = path.endsWith('/*') ? escaped(path) : `<a href="${path}">${path}</a>`;
    return `<tr><td>${shown}</td><td>${escaped(doc)}</td></tr>`;
  });
  const text = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}td{padding-right:2rem}</style>
</head><body><h1>${escaped(title)}</h1><table>${rows.join('\n')}</table></body></html>
`;
  return { status: 200, type: 'text/html; charset=utf-8', text };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
