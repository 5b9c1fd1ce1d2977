/** What a route answers: JSON, or text of a stated type. */
export type HttpAnswer =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly status: number;
      readonly text: string;
      readonly type: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** Every error of the server has this shape; there are no stack traces. */
export function errorAnswer(
  status: number,
  error: { readonly code: string; readonly message: string; readonly fix?: string },
  headers?: Readonly<Record<string, string>>,
): HttpAnswer {
  return { status, json: { error }, ...(headers === undefined ? {} : { headers }) };
}

export interface EncodedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function encodeAnswer(answer: HttpAnswer): EncodedAnswer {
  const isJson = 'json' in answer;
  const body = Buffer.from(isJson ? `${JSON.stringify(answer.json)}\n` : answer.text);
  return {
    status: answer.status,
    headers: {
      'content-type': isJson ? 'application/json; charset=utf-8' : answer.type,
      'content-length': String(body.length),
      // Health and status are only ever true now, and nothing here is meant to be sniffed or framed.
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      ...answer.headers,
    },
    body,
  };
}
