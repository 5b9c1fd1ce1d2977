import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import { RpcFault, type RpcFaultBody, type RpcService } from '../../../../engine/index.ts';
import type { ApiVersion } from '../api-version.ts';

/** The published OpenRPC documents of one version, as a judge of answers. */
export interface OpenRpc {
  /** Names of the methods in `starknet_api_openrpc.json`. */
  readonly methods: readonly string[];
  /** What is wrong with a method's result, null for nothing. */
  resultError(method: string, result: unknown): string | null;
  /** What is wrong with the `result` of a notification. */
  notificationError(method: string, result: unknown): string | null;
  /** Names of parameters in order; those that may be left out end in `?`. */
  paramsOf(method: string): readonly string[];
  /** Codes and messages of the errors that a method may end with. */
  errorsOf(method: string): readonly { readonly code: number; readonly message: string }[];
}

/**
 * @param read Reads a document by its name in the vectors' folder `openrpc`.
 */
export function openRpcDocuments(read: (file: string) => string, version: ApiVersion): OpenRpc {
  const prefix = `v${String(version).padStart(2, '0')}`;
  const api = prepare(JSON.parse(read(`${prefix}.starknet_api_openrpc.json`)) as Document, API_ID);
  const ws = prepare(JSON.parse(read(`${prefix}.starknet_ws_api.json`)) as Document, WS_ID);
  const ajv = new Ajv2019({ strict: false, allErrors: false, validateSchema: false, unevaluated: true });
  ajv.addSchema(api);
  ajv.addSchema(ws);
  const compiled = new Map<string, ValidateFunction>();
  const errorAt = (pointer: string, value: unknown): string | null => {
    // Schemas speak of JSON, so a result is looked at as it is sent.
    const json: unknown = JSON.parse(JSON.stringify(value ?? null));
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: pointer });
    compiled.set(pointer, validate);
    return validate(json) ? null : `${ajv.errorsText(validate.errors)} in ${JSON.stringify(json).slice(0, 400)}`;
  };
  const find = (name: string) => {
    for (const document of [api, ws]) {
      const index = document.methods.findIndex((method) => method.name === name);
      const method = document.methods[index];
      if (method !== undefined) return { document, index, method };
    }
    throw new Error(`the documents have no method ${name}`);
  };
  return {
    methods: api.methods.map(({ name }) => name),
    resultError(name, result) {
      const { document, index } = find(name);
      return errorAt(`${document.$id}#/methods/${index}/result/schema`, result);
    },
    notificationError(name, result) {
      const { document, index, method } = find(name);
      const at = method.params.findIndex((param) => param.name === 'result');
      return errorAt(`${document.$id}#/methods/${index}/params/${at}/schema`, result);
    },
    paramsOf: (name) => find(name).method.params.map((param) => `${param.name}${param.required === true ? '' : '?'}`),
    errorsOf(name) {
      const { document, method } = find(name);
      return (method.errors ?? []).map(({ $ref }) => {
        const owner = $ref.startsWith('#') ? document : api;
        const error = owner.components.errors[$ref.split('/').at(-1) as string]; // split never gives an empty list
        if (error === undefined) throw new Error(`the documents have no error ${$ref}`);
        return { code: error.code, message: error.message };
      });
    },
  };
}

interface Document {
  readonly $id: string;
  readonly methods: readonly {
    readonly name: string;
    readonly params: readonly { readonly name: string; readonly required?: boolean; schema: Schema }[];
    readonly result?: { schema: Schema };
    readonly errors?: readonly { readonly $ref: string }[];
  }[];
  readonly components: {
    schemas: Record<string, Schema>;
    readonly errors: Readonly<Record<string, { readonly code: number; readonly message: string }>>;
  };
}

type Schema = Readonly<Record<string, unknown>>;

/** The WebSocket document refers to `./api/starknet_api_openrpc.json`. */
const WS_ID = 'http://openrpc.test/ws.json';
const API_ID = 'http://openrpc.test/api/starknet_api_openrpc.json';

/** A document as a validator can read it, and stricter: members that it does not name are errors. */
function prepare(document: Document, $id: string): Document {
  const methods = document.methods.map((method) => ({
    ...method,
    params: method.params.map((param) => ({ ...param, schema: closed(param.schema) })),
    ...(method.result === undefined ? {} : { result: { schema: closed(method.result.schema) } }),
  }));
  const schemas = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [name, strict(schema)]),
  );
  return { $id, methods, components: { schemas, errors: document.components.errors } };
}

/**
 * A schema where a value stands: nothing but what it names may be in it. Of alternatives each is closed by itself: else a
 * confirmed block would be a pre-confirmed one too, which has the same members and fewer.
 */
function closed(schema: Schema): Schema {
  const inner = strict(schema);
  if (!Array.isArray(inner.oneOf)) return { ...inner, unevaluatedProperties: false };
  return { ...inner, oneOf: inner.oneOf.map((part: Schema) => ({ ...part, unevaluatedProperties: false })) };
}

function strict(schema: Schema): Schema {
  // Several components wrap their schema into `schema`, which means nothing in a JSON schema and would allow anything.
  if (isSchema(schema.schema) && schema.type === undefined && schema.$ref === undefined) return strict(schema.schema);
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) out[key] = strictMember(key, value);
  return out;
}

function strictMember(key: string, value: unknown): unknown {
  if (key === 'properties' && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member as Schema)]));
  }
  if (key === 'items' && isSchema(value)) return closed(value);
  if ((key === 'allOf' || key === 'anyOf') && Array.isArray(value)) return value.map((part: Schema) => strict(part));
  if (key === 'oneOf' && Array.isArray(value)) return value.map((part: Schema) => strict(part));
  return value;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What came of a call. */
export type CallOutcome =
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'fault'; readonly fault: RpcFaultBody };

/** Calls a method as a dispatcher would, with named parameters that are all declared. */
export async function callMethod(
  service: RpcService,
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<CallOutcome> {
  const method = service.methods[name];
  if (method === undefined) throw new Error(`${service.path} has no method ${name}`);
  requireDeclared(params, method.params, name);
  try {
    const result = await method.call(params, { signal: new AbortController().signal });
    return { type: 'result', result };
  } catch (error) {
    if (error instanceof RpcFault) return { type: 'fault', fault: error.body };
    throw error;
  }
}

/** The result. @throws when there is none. */
export async function resultOf(
  service: RpcService,
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const outcome = await callMethod(service, name, params);
  if (outcome.type === 'fault') throw new Error(`${name}: ${JSON.stringify(outcome.fault)}`);
  return outcome.result;
}

/** A dispatcher would refuse what is not declared. */
export function requireDeclared(
  params: Readonly<Record<string, unknown>>,
  declared: readonly string[],
  name: string,
): void {
  const names = declared.map((entry) => entry.replace(/\?$/, ''));
  const unknown = Object.keys(params).find((param) => !names.includes(param));
  if (unknown !== undefined) throw new Error(`${name} has no parameter ${unknown}`);
}
