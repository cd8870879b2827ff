/** Turns the text of a WebAssembly module into its bytes. */
export type Assemble = (text: string) => Uint8Array;

/** The assembler, loaded when a program for WebAssembly is made, and only then. */
export async function loadAssembler(): Promise<Assemble> {
  const { assembleModule } = await import('./assembler/module.ts');
  return assembleModule;
}
