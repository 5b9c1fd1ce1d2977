/**
 * The text of one member of a JSON object, as it stands there. For texts whose numbers must not pass through ours.
 *
 * @param text A JSON object; it must have been parsed before, or what comes out means nothing.
 * @param name Without characters that JSON would escape.
 * @returns Null where there is no such member. The last of several, as a parser would have it.
 */
export function memberText(text: string, name: string): string | null {
  const key = `"${name}"`;
  let depth = 0;
  let start = -1;
  let found: string | null = null;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = endOfText(text, i);
        if (depth === 1 && start < 0 && end - i + 1 === key.length && text.startsWith(key, i)) {
          const colon = skipSpace(text, end + 1);
          if (text[colon] === ':') {
            start = colon + 1;
            i = colon;
            break;
          }
        }
        i = end;
        break;
      }
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
      case ',':
        if (depth === 1 && start >= 0) {
          found = text.slice(start, i).trim();
          start = -1;
        }
        if (text[i] !== ',') depth--;
        break;
      default:
    }
  }
  return found;
}

function skipSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && (text[i] as string).trim() === '') i++; // i < length
  return i;
}

function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
