import type { RpcService } from '../../engine/index.ts';

/** What a person sees who opens the path of a service in a browser. */
export function serviceText(
  { methods, subscriptions = {}, foreign = [] }: RpcService,
  { path, hasUpstream }: { readonly path: string; readonly hasUpstream: boolean },
): string {
  const [example = 'method'] =
    Object.entries(methods).find(([, { params }]) => params.every((name) => name.endsWith('?'))) ??
    Object.keys(methods);
  const sections = [
    `JSON-RPC 2.0. POST a call or a batch to ${path}, or open a WebSocket there.`,
    `  curl -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"${example}"}' <this URL>`,
    ...listed('Methods', signatures(methods)),
    ...listed('Subscriptions, over WebSocket', signatures(subscriptions)),
    ...listed(
      hasUpstream ? 'Passed on to the upstream node' : 'Not answered here, since --rpc.upstream names no other node',
      foreign,
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

function signatures(entries: Readonly<Record<string, { readonly params: readonly string[] }>>): readonly string[] {
  return Object.entries(entries).map(([name, { params }]) => `${name}(${params.join(', ')})`);
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`];
}
