/**
 * Whether a value is the ABI of a Cairo 0 class in the documented form.
 * @see Starknet JSON-RPC specification, `CONTRACT_ABI`
 */
export function isContractAbi(value: unknown): boolean {
  return isListOf(value, (entry) => isObject(entry) && isText(entry.name) && isEntry(entry));
}

function isEntry(entry: Members): boolean {
  switch (entry.type) {
    case 'function':
    case 'constructor':
    case 'l1_handler': {
      const { stateMutability = 'view' } = entry;
      return isListOf(entry.inputs, isParameter) && isListOf(entry.outputs, isParameter) && stateMutability === 'view';
    }
    case 'event':
      return isListOf(entry.keys, isParameter) && isListOf(entry.data, isParameter);
    case 'struct':
      return isCount(entry.size) && entry.size !== 0 && isListOf(entry.members, isMember);
    default:
      return false;
  }
}

function isMember(value: unknown): boolean {
  return isParameter(value) && isObject(value) && (value.offset === undefined || isCount(value.offset));
}

function isParameter(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.type);
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
