/** Blanks known secrets in text that is about to be shown. */
export interface Redactor {
  add(secret: string): void;
  clean(text: string): string;
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    add(secret) {
      // Anything shorter would blank honest words, and is no secret.
      if (secret.length >= SECRET_LENGTH_MIN) secrets.add(secret);
    },
    clean(text) {
      let clean = text;
      for (const secret of secrets) clean = clean.replaceAll(secret, '***');
      return clean;
    },
  };
}

const SECRET_LENGTH_MIN = 4;
