import { readAnswer } from '../../src/chains/starknet/sources/gateway/gateway-answer.ts';
import { refusalCode, SOURCE_CODES } from './typed-error.ts';

/** What the gateway source makes of a body before anybody looks inside; null when it passes it on. */
export function sourceVerdict(body: Uint8Array): string | null {
  try {
    const { type } = readAnswer({ status: 200, body, url: 'http://127.0.0.1/' });
    return type === 'object' ? null : `an answer that is ${type}`;
  } catch (thrown) {
    return refusalCode(thrown, { codes: SOURCE_CODES });
  }
}
