/** The passes that can be switched off, each by itself, to see and to test what it does. */
export const optionalPasses = [
  'alignAxes',
  'fusePointwise',
  'splitResidues',
  'listTerms',
  'partition',
  'splitReductions',
  'rematerialize',
  'packStages',
] as const;
export type OptionalPass = (typeof optionalPasses)[number];
