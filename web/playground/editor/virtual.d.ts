declare module 'virtual:editor-types' {
  /** Declarations of Sinter and of the language, by path: see `web/build/editorTypes.ts`. */
  const files: Readonly<Record<string, string>>;
  export default files;
}
