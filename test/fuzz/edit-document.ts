import { chance, pick, type Random } from './random.ts';

/** One value of a document, where it stands. */
export interface Slot {
  /** Of the member, or of the list that it is an item of. */
  readonly name: string;
  get(): unknown;
  set(value: unknown): void;
  remove(): void;
}

/** Whether a value is one to be changed; `name` as in `Slot`. */
export type Wanted = (value: unknown, name: string) => boolean;

/**
 * Applies `change` to one value of the document among those that satisfy `wanted`: half of the time each value is as
 * likely as any other, half of the time each name of a member is. What is no JSON any more stays as it is.
 */
export function edit(
  text: string,
  random: Random,
  change: (slot: Slot) => void,
  wanted: Wanted = () => true,
): Uint8Array {
  const holder = { document: parsed(text) };
  if (holder.document === undefined) return utf8(text);
  const slots: Slot[] = [];
  collect(holder.document, '', slots, wanted);
  if (slots.length > 0) change(pickSlot(slots, random));
  return utf8(JSON.stringify(holder.document) ?? '');
}

function pickSlot(slots: readonly Slot[], random: Random): Slot {
  if (chance(0.5, random)) return pick(slots, random);
  const name = pick([...new Set(slots.map((slot) => slot.name))], random);
  return pick(
    slots.filter((slot) => slot.name === name),
    random,
  );
}

function collect(value: unknown, listName: string, slots: Slot[], wanted: Wanted): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>; // lists too: their indices are names
  for (const key of Object.keys(holder)) {
    const name = Array.isArray(holder) ? listName : key;
    if (wanted(holder[key], name)) {
      slots.push({
        name,
        get: () => holder[key],
        set: (changed) => {
          holder[key] = changed;
        },
        remove: () => {
          if (Array.isArray(holder)) holder.splice(Number(key), 1);
          else delete holder[key];
        },
      });
    }
    collect(holder[key], name, slots, wanted);
  }
}

const donatedBy = new Map<string, ReadonlyMap<string, readonly unknown[]>>();

/** The values of a document by the names of their members, those of lists one by one. */
export function valuesByName(donor: string): ReadonlyMap<string, readonly unknown[]> {
  const known = donatedBy.get(donor);
  if (known !== undefined) return known;
  const values = new Map<string, unknown[]>();
  const slots: Slot[] = [];
  collect(parsed(donor), '', slots, () => true);
  for (const slot of slots) {
    const named = values.get(slot.name) ?? [];
    named.push(slot.get());
    values.set(slot.name, named);
  }
  if (donatedBy.size >= DONORS_KEPT) donatedBy.clear();
  donatedBy.set(donor, values);
  return values;
}

/** Far more than a run has bases. */
const DONORS_KEPT = 200;

/** An object with these members as its own, whatever they are called. */
export function fromMembers(members: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [name, value] of members) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** Undefined for what is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // An earlier mutator has seen to that.
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
