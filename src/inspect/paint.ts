import type { Role } from './look.ts';

/** How parts of a text are set off; plain text leaves them as they are. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  /** A colour for what each part of a step is for. */
  readonly role: Readonly<Record<Role, (text: string) => string>>;
}

const same = (text: string): string => text;

/** Sets nothing off. */
export const plain: Paint = {
  bold: same,
  dim: same,
  role: { data: same, forward: same, backward: same, update: same },
};
