// Rules whose examination ends the thread: once at one height, always when a source of a certain name delivered.
import { existsSync, writeFileSync } from 'node:fs';

export async function createRules({ inner, options, diesOnceAt, mark, deadlySource }) {
  const module = await import(inner);
  const rules = await module.createRules(options);
  return {
    ...rules,
    examine: (input) => {
      if (input.height === diesOnceAt && !existsSync(mark)) {
        writeFileSync(mark, '');
        process.exit(1); // of this thread
      }
      if (input.candidates.some(({ from }) => from === deadlySource)) process.exit(1);
      return rules.examine(input);
    },
  };
}
