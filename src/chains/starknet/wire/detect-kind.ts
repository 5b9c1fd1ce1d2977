/** What a captured gateway answer holds. */
export type GatewayKind =
  | 'block'
  | 'state-update'
  | 'state-update-with-block'
  | 'class'
  | 'compiled-class'
  | 'signature'
  | 'storage-proof';

/**
 * Tells from its content alone what a JSON document of a gateway or node holds, for files whose name says nothing.
 * Blocks being built and answers of `headerOnly=true` count as blocks; whether they parse is another question. A
 * storage proof may stand in its JSON-RPC envelope.
 *
 * @returns `null` for anything else, error answers among them.
 */
export function detectKind(json: unknown): GatewayKind | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const has = (key: string) => Object.hasOwn(json, key);
  if (has('block') && has('state_update')) return 'state-update-with-block';
  if (has('state_diff')) return 'state-update';
  if (has('signature') && (has('block_hash') || has('signature_input'))) return 'signature';
  if (has('transactions') && (has('status') || has('block_hash') || has('timestamp'))) return 'block';
  if (has('bytecode') && has('entry_points_by_type')) return 'compiled-class';
  if (has('sierra_program') && has('entry_points_by_type')) return 'class';
  if (has('program') && has('entry_points_by_type')) return entryPointsNameBuiltins(json) ? 'compiled-class' : 'class';
  if (has('classes_proof') && has('contracts_proof')) return 'storage-proof';
  if (has('contract_proof') && (has('state_commitment') || has('contract_data'))) return 'storage-proof';
  if (has('block_hash') && has('block_number')) return 'block';
  if (has('jsonrpc') && has('result')) {
    const kind = detectKind((json as { result: unknown }).result); // `has` has just seen it
    return kind === 'storage-proof' ? kind : null;
  }
  return null;
}

/**
 * The first compiled Sierra classes (compiler alpha, early 2023) had the `program` of a Cairo 0 class instead of a
 * `bytecode`. What tells them apart is that every entry point lists its builtins.
 */
function entryPointsNameBuiltins(json: object): boolean {
  const byType = (json as { entry_points_by_type: unknown }).entry_points_by_type; // asked for when it is there
  if (typeof byType !== 'object' || byType === null) return false;
  return Object.values(byType)
    .flat()
    .some((entry) => typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'builtins'));
}
