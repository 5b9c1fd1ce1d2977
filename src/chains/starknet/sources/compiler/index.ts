export { compilerSourceUrl, defaultCompilerLimits, type SierraCompiler } from './compiler-address.ts';
export { type CompilerSourceOptions, createCompilerSource } from './compiler-source.ts';
export { type CompilerInspection, inspectCompiler } from './inspect-compiler.ts';
