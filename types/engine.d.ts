// What every JavaScript engine with a host has beside the language, for the rooms that know neither Node nor the
// DOM: `tsconfig.core.json` reads this file in place of both.

declare const performance: { now(): number };
declare function atob(text: string): string;
declare function btoa(text: string): string;
interface ErrorConstructor {
  stackTraceLimit: number;
}
interface ImportMeta {
  readonly url: string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
  decode(bytes?: Uint8Array, options?: { readonly stream?: boolean }): string;
}
