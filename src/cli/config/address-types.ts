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

/** An Ethereum node's URL, as its provider states it. Paths hold keys there, so nothing of it is shown. */
export const l1UrlType: ValueType<string> = {
  name: 'URL',
  placeholder: 'URL',
  parse: (text) =>
    URL.canParse(text) && /^(l1\+)?(https?|wss?):\/\//.test(text)
      ? { value: text }
      : { expected: 'the URL of an Ethereum node, such as https://host or wss://host' },
  format: () => '***',
};

/** A URL of a server, kept as text. */
export const serverUrlType: ValueType<string> = {
  name: 'URL',
  placeholder: 'URL',
  parse(text) {
    const isServer = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
    return isServer ? { value: text } : { expected: 'a URL, such as https://host/path' };
  },
  format: blankCredentials,
};

/** Where web pages come from, as browsers state it: scheme, host, and port where it is not the usual one. */
export const originType: ValueType<string> = {
  name: 'origin',
  placeholder: 'ORIGIN',
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isOrigin =
      url !== null && url.host !== '' && text.replace(/\/$/, '').toLowerCase() === `${url.protocol}//${url.host}`;
    if (text === '*') return { value: text };
    return isOrigin
      ? { value: `${url.protocol}//${url.host}` }
      : { expected: 'an origin, such as https://app.example, or *' };
  },
  format: (value) => value,
};

/** The URL without what may be secret in it: user, password, the values of its query, and the path of an L1 node. */
export function blankCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.username !== '') url.username = '***';
  if (url.password !== '') url.password = '***';
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, '***');
  // Where providers of Ethereum nodes put keys.
  if (url.protocol.startsWith('l1+') && url.pathname.length > 1) url.pathname = '/***';
  return url.href;
}

/** Splits at commas, but only where another URL or path begins: URLs may hold commas themselves. */
export function splitUrls(text: string): readonly string[] {
  return text
    .split(/,(?=[a-zA-Z][a-zA-Z0-9+.-]*:|\.{0,2}\/)/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function splitCommas(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
