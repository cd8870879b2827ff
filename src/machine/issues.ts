/** A machine that cannot be: a number is missing, or contradicts another. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly code = 'machine';
  /** The machine's name. */
  readonly machine: string;
  /** The number, or `features`. */
  readonly quantity: string;

  constructor(machine: string, quantity: string, text: string) {
    super(`machine ${machine}: ${quantity} ${text}`);
    this.machine = machine;
    this.quantity = quantity;
  }
}
