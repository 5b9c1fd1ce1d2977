/** Labels that come from elsewhere, kept to a closed set: so many different ones, of a plain form. */
export interface LabelSet {
  /** The label itself, or `other`. */
  of(text: string): string;
}

export function createLabelSet(sizeMax = LABELS_MAX): LabelSet {
  const known = new Set<string>();
  return {
    of(text) {
      if (known.has(text)) return text;
      if (known.size >= sizeMax || !PLAIN.test(text)) return 'other';
      known.add(text);
      return text;
    },
  };
}

export interface SourceLabels {
  readonly source: string;
  readonly kind: string;
}

/**
 * How metrics name the sources, by id: by the id where it is one plain word, else by kind and number, counted in the
 * order in which the sources were given: ids hold hosts, paths and what may be a key in them.
 */
export function labelSources(ids: readonly string[]): ReadonlyMap<string, SourceLabels> {
  const counts = new Map<string, number>();
  return new Map(
    ids.map((id) => {
      const stated = id.split(':')[0] ?? '';
      const kind = KIND.test(stated) ? stated : 'source';
      const number = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, number);
      return [id, { source: PLAIN.test(id) ? id : `${kind}-${number}`, kind }];
    }),
  );
}

const PLAIN = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,47}$/;
const KIND = /^[a-z][a-z0-9-]{0,23}$/;
/** Far more than there are checks and error codes. */
const LABELS_MAX = 64;
