import type { Look, Role } from '../../src/inspect/look.ts';
import type { Profile } from '../../src/profile/profile.ts';

/** What limits a machine: billions of operations a second, and billions of bytes a second. */
export interface Roofs {
  readonly arithmetic: number;
  readonly cache: number;
  readonly memory: number;
}

/** Floating-point operations of a multiply-add. */
const FLOPS = 2;
/** Of a billion a second, in a microsecond. */
const GIGA = 1000;

/** The ceilings of a machine, with all of its cores. */
export function roofsOf({ quantities }: Pick<Look, 'quantities'>): Roofs {
  const { cores, lanes, clock, coreRate, cacheRate, memoryRate } = quantities;
  return {
    arithmetic: (FLOPS * cores.value * lanes.value * clock.value) / GIGA,
    cache: Math.min(cacheRate.value, coreRate.value * cores.value) / GIGA,
    memory: memoryRate.value / GIGA,
  };
}

/** Billions of operations a second that are in reach at an intensity (FLOP per byte), by a rate in billions of bytes. */
export function inReach({ arithmetic }: Roofs, rate: number, intensity: number): number {
  return Math.min(arithmetic, rate * intensity);
}

/** A dispatch in the plane of a roofline. */
export interface RooflinePoint {
  readonly dispatch: number;
  readonly role: Role;
  /** Operations for each byte of its tensors, each once. */
  readonly intensity: number;
  /** Billions of operations a second, by the model of time and by the clock. */
  readonly predicted: number;
  readonly measured?: number;
}

/** The dispatches of an entry that compute something; those that only move bytes have no place in the plane. */
export function rooflinePoints(look: Look, entry: string): RooflinePoint[] {
  const profile = profileOf(look, entry);
  return (look.report.entries[entry]?.dispatches ?? []).flatMap(({ flops, bytes, predicted }, dispatch) => {
    if (!(flops > 0 && bytes > 0 && predicted.micros > 0)) return [];
    const median = profile?.dispatches[dispatch]?.measured?.median;
    return [
      {
        dispatch,
        role: look.entries[entry]?.dispatches[dispatch]?.role ?? 'forward',
        intensity: flops / bytes,
        predicted: flops / predicted.micros / GIGA,
        ...(median === undefined || !(median > 0) ? {} : { measured: flops / median / GIGA }),
      },
    ];
  });
}

/** The profile of an entry, where it is of what the look shows: the same dispatches, by name. */
export function profileOf(look: Look, entry: string): Profile | undefined {
  const profile = Object.hasOwn(look.profiles, entry) ? look.profiles[entry] : undefined;
  const dispatches = look.report.entries[entry]?.dispatches ?? [];
  const isOfIt =
    profile?.dispatches.length === dispatches.length &&
    dispatches.every(({ name }, k) => profile.dispatches[k]?.name === name);
  return isOfIt ? profile : undefined;
}
