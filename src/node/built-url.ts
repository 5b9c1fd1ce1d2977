/**
 * The compiled twin of a module. Workers load no TypeScript on Node 20, so they start from the build even when the
 * rest of the process runs from the sources, as tests do.
 */
export function builtUrl(module: URL): URL {
  if (!module.pathname.endsWith('.ts')) return module;
  const built = new URL(module);
  const at = built.pathname.lastIndexOf('/src/');
  built.pathname = `${built.pathname.slice(0, at)}/dist/${built.pathname.slice(at + 5, -3)}.js`;
  return built;
}
