/** A machine that cannot be, or is not one: something is missing, or contradicts another thing. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly code = 'machine';
  /** The machine's name; empty where it has none. */
  readonly machine: string;
  /** The number, or the part of the description: `features`, `numbers`, `name`, `about`, `description` for the whole. */
  readonly quantity: string;

  constructor(machine: string, quantity: string, text: string) {
    super(`${machine === '' ? 'a machine' : `machine ${machine}`}: ${quantity} ${text}`);
    this.machine = machine;
    this.quantity = quantity;
  }
}
