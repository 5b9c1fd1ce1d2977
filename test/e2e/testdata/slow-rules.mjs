// Rules that are right but slow to apply: what back-pressure is tested with.
export async function createRules({ inner, options, delayMs }) {
  const module = await import(inner);
  const rules = await module.createRules(options);
  return {
    ...rules,
    execute: async (state, block) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return rules.execute(state, block);
    },
  };
}
