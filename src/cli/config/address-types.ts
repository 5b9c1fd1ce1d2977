import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ValueType } from './value-types.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** `HOST:PORT`; an IPv6 host stands in brackets. There is no short form that would listen on all interfaces. */
export const listenAddressType: ValueType<ListenAddress> = {
  name: 'address',
  placeholder: 'HOST:PORT',
  parse(text) {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):([0-9]{1,5})$/.exec(text);
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3]);
    if (host === undefined || port > 65_535) return { expected: 'HOST:PORT, such as 127.0.0.1:9545' };
    return { value: { host, port } };
  },
  format: formatListenAddress,
};

export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A URL, kept as text; a path that begins with `/`, `./` or `../` becomes the `file:` URL of that folder. */
export const sourceUrlType: ValueType<string> = {
  name: 'URL',
  placeholder: 'URL',
  parse(text) {
    if (/^\.{0,2}\//.test(text)) return { value: pathToFileURL(resolve(text)).href };
    if (!URL.canParse(text)) return { expected: 'a URL, such as https://host/feeder_gateway or file:///folder' };
    return { value: text };
  },
  format: blankCredentials,
};

/** The URL without what may be secret in it: user, password, and the values of its query. */
export function blankCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.username !== '') url.username = '***';
  if (url.password !== '') url.password = '***';
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, '***');
  return url.href;
}

/** Splits at commas, but only where another URL or path begins: URLs may hold commas themselves. */
export function splitUrls(text: string): readonly string[] {
  return text
    .split(/,(?=[a-zA-Z][a-zA-Z0-9+.-]*:|\.{0,2}\/)/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
