/** Modules as StableHLO, for XLA: `sinter/stablehlo`. */
export { type ArtifactOptions, type StableHloArtifact, stableHloArtifact } from './artifact.ts';
export {
  MANIFEST_VERSION,
  type Manifest,
  type ManifestDim,
  type ManifestEntry,
} from './manifest.ts';
export { toStableHlo } from './print.ts';
