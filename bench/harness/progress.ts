/** Says on stderr what a long bench is at; rows go elsewhere. */
export function progress(message: string): void {
  process.stderr.write(`  … ${message}\n`);
}
