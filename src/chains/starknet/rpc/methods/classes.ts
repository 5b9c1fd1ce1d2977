import { type Height, type RpcMethod, readStateAt, type StateView } from '../../../../engine/index.ts';
import { equalBytes } from '../../../../lib/index.ts';
import type { ClassRecord } from '../../classes/index.ts';
import {
  classesNamedBy,
  compiledClassHashKey,
  declaredHashes,
  readClass,
  readCompiledClass,
} from '../../rules/index.ts';
import { decodeStateDiff } from '../../stored/index.ts';
import type { Felt } from '../../types.ts';
import { feltArgument } from '../arguments.ts';
import type { ResolvedBlock } from '../block-id.ts';
import { type MethodContext, withBlock } from '../context.ts';
import { fault } from '../faults.ts';
import { openState } from '../open-state.ts';
import { renderCairo0Class, renderCompiledClass, renderSierraClass } from '../render/contract-class.ts';
import { deployed } from './state.ts';

/** Classes and what they are compiled to. @see Starknet JSON-RPC specification, the methods of these names. */
export function classMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  return {
    starknet_getClass: {
      params: ['block_id', 'class_hash'],
      async call(params) {
        const classHash = feltArgument(params, 'class_hash');
        const found = withBlock(context, params.block_id, (view, { resolved }) => {
          const record = readClass(view, classHash);
          return record !== null && isVisible(view, { classHash, record, resolved }) ? record : null;
        });
        return renderClass(found);
      },
    },
    starknet_getClassAt: {
      params: ['block_id', 'contract_address'],
      async call(params) {
        const address = feltArgument(params, 'contract_address');
        // A contract of it shows that the class was there.
        const found = withBlock(context, params.block_id, (view, { resolved }) =>
          readClass(view, deployed(openState(view, resolved), address)),
        );
        return renderClass(found);
      },
    },
    starknet_getCompiledCasm: {
      params: ['class_hash'],
      call: (params) => compiledCasm(context, feltArgument(params, 'class_hash')),
    },
  };
}

/** @throws {RpcFault} 28, class hash not found, also for a definition that is still being fetched. */
function renderClass(record: ClassRecord | null): unknown {
  if (record === null) throw fault('classHashNotFound');
  return record.kind === 'sierra' ? renderSierraClass(record.bytes) : renderCairo0Class(record.bytes);
}

/** Whether the chain had the class at a block: what is stored may have come with a later one, or with another branch. */
function isVisible(
  view: StateView,
  where: { readonly classHash: Felt; readonly record: ClassRecord; readonly resolved: ResolvedBlock },
): boolean {
  const { classHash, record, resolved } = where;
  const isThereAt = (height: Height) =>
    record.kind === 'sierra'
      ? readStateAt(view, compiledClassHashKey(classHash), height) !== undefined
      : record.height <= height;
  if (resolved.type === 'confirmed') return isThereAt(resolved.ref.height);
  if (isThereAt(resolved.tip.height)) return true;
  return resolved.blocks.some(
    ({ parts: { stateDiff } }) =>
      stateDiff !== undefined &&
      classesNamedBy(decodeStateDiff(stateDiff)).some((named) => equalBytes(named, classHash)),
  );
}

/** A Cairo 0 class is not compiled to anything: it is not found, as with Pathfinder. */
function compiledCasm({ environment }: MethodContext, classHash: Felt): unknown {
  using view = environment.store.view();
  if (declaredHashes(view, classHash).length === 0) throw fault('classHashNotFound');
  const record = readCompiledClass(view, classHash);
  if (record === null) throw fault('compilationError', { compilation_error: 'the compiled class is not stored yet' });
  const rendered = renderCompiledClass(record.bytes);
  if (rendered !== null) return rendered;
  throw fault('compilationError', { compilation_error: 'the class was compiled to a form that had no CASM hints' });
}
