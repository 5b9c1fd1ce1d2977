import { type Hash32, type Height, parseHash32, parseHeight } from '../../../engine/index.ts';
import { concatBytes, u64be } from '../../../lib/index.ts';
import { CHAIN_ID_PATTERN, HEADER_VERSION, TRANSACTIONS_MAX } from '../params.ts';
import type { Header, PublicKey, Signature, SignedHeader } from '../types.ts';
import { ByteReader, malformed } from './byte-reader.ts';
import { u32be } from './integers.ts';

/**
 * What the block hash is taken over, and the front of part `header`:
 *
 *     version u8 | chainId: length u8, ASCII | height u64 | parentHash 32 | timestampS u64 | proposer 32
 *     | transactionsRoot 32 | transactionCount u32 | appHash 32
 */
export function encodeHeader(header: Header): Uint8Array {
  return concatBytes(
    Uint8Array.of(HEADER_VERSION, header.chainId.length),
    Buffer.from(header.chainId, 'latin1'),
    u64be(header.height),
    header.parentHash,
    u64be(header.timestampS),
    header.proposer,
    header.transactionsRoot,
    u32be(header.transactionCount),
    header.appHash,
  );
}

/** Part `header`: `encodeHeader`, then hash 32 | signature 64. */
export function encodeSignedHeader(signed: SignedHeader): Uint8Array {
  return concatBytes(encodeHeader(signed.header), signed.hash, signed.signature);
}

/** Decodes part `header`. @throws {SynclineError} `LEDGER_MALFORMED` (fault `peer`). */
export function decodeSignedHeader(bytes: Uint8Array): SignedHeader {
  const reader = new ByteReader('header', bytes);
  const signed = readSignedHeader(reader);
  reader.end();
  return signed;
}

/** Reads a header where it stands at the front of something longer. */
export function readSignedHeader(reader: ByteReader): SignedHeader {
  const version = reader.u8('version');
  if (version !== HEADER_VERSION) throw malformed(reader.part, 'version', String(HEADER_VERSION), String(version));
  const header: Header = {
    chainId: readChainId(reader),
    height: readHeight(reader),
    parentHash: readHash(reader, 'parentHash'),
    timestampS: reader.u64('timestampS'),
    proposer: reader.bytes('proposer', 32) as PublicKey,
    transactionsRoot: readHash(reader, 'transactionsRoot'),
    transactionCount: reader.u32('transactionCount', TRANSACTIONS_MAX),
    appHash: readHash(reader, 'appHash'),
  };
  return { header, hash: readHash(reader, 'hash'), signature: reader.bytes('signature', 64) as Signature };
}

export function readHash(reader: ByteReader, field: string): Hash32 {
  return parseHash32(reader.bytes(field, 32));
}

function readHeight(reader: ByteReader): Height {
  return parseHeight(reader.u64('height'));
}

function readChainId(reader: ByteReader): string {
  const bytes = reader.bytes('chainId', reader.u8('chainId'));
  const text = Buffer.from(bytes).toString('latin1');
  if (!CHAIN_ID_PATTERN.test(text)) throw malformed(reader.part, 'chainId', CHAIN_ID_PATTERN.source, bytes);
  return text;
}
