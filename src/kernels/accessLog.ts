/**
 * Who read and who wrote each element of one memory during a dispatch, as far as the next access needs it.
 * An *interval* is what one workgroup does between two barriers; its number occurs once in a dispatch.
 *
 * Two accesses of one element, one of them a write, race if different invocations of a workgroup make them
 * in one interval, or different workgroups in one dispatch.
 */
export class AccessLog {
  readonly #writer: Int32Array;
  readonly #writeInterval: Int32Array;
  readonly #writeGroup: Int32Array;
  readonly #reader: Int32Array;
  readonly #readInterval: Int32Array;
  readonly #readGroup: Int32Array;

  /** @param length elements */
  constructor(length: number) {
    const none = (): Int32Array => new Int32Array(length).fill(-1);
    this.#writer = none();
    this.#writeInterval = none();
    this.#writeGroup = none();
    this.#reader = none();
    this.#readInterval = none();
    this.#readGroup = none();
  }

  /** Notes a read; says with what it races, or undefined. */
  read(element: number, group: number, invocation: number, interval: number): string | undefined {
    const writeGroup = this.#writeGroup[element] ?? -1;
    if (writeGroup !== -1 && writeGroup !== group) {
      return `workgroup ${group} reads what workgroup ${writeGroup} writes`;
    }
    if (this.#writeInterval[element] === interval && this.#writer[element] !== invocation) {
      return `invocation ${invocation} reads what invocation ${this.#writer[element]} writes`;
    }
    const again = this.#readInterval[element] === interval && this.#reader[element] !== invocation;
    this.#reader[element] = again ? SEVERAL : invocation;
    this.#readInterval[element] = interval;
    const others = this.#readGroup[element] ?? -1;
    this.#readGroup[element] = others === -1 || others === group ? group : SEVERAL;
    return undefined;
  }

  /** Notes a write; says with what it races, or undefined. */
  write(element: number, group: number, invocation: number, interval: number): string | undefined {
    const writeGroup = this.#writeGroup[element] ?? -1;
    if (writeGroup !== -1 && writeGroup !== group) {
      return `workgroup ${group} writes what workgroup ${writeGroup} writes`;
    }
    const readGroup = this.#readGroup[element] ?? -1;
    if (readGroup !== -1 && readGroup !== group) {
      return `workgroup ${group} writes what ${name('workgroup', readGroup)} read`;
    }
    if (this.#writeInterval[element] === interval && this.#writer[element] !== invocation) {
      return `invocation ${invocation} writes what invocation ${this.#writer[element]} writes`;
    }
    const reader = this.#reader[element] ?? -1;
    if (this.#readInterval[element] === interval && reader !== invocation) {
      return `invocation ${invocation} writes what ${name('invocation', reader)} read`;
    }
    this.#writer[element] = invocation;
    this.#writeInterval[element] = interval;
    this.#writeGroup[element] = group;
    return undefined;
  }

  /** Whether `group` has written the element. */
  isWrittenBy(element: number, group: number): boolean {
    return this.#writeGroup[element] === group;
  }

  /** Forgets what earlier workgroups did: memory that each workgroup has its own of. */
  forgetGroups(): void {
    this.#writeGroup.fill(-1);
    this.#readGroup.fill(-1);
  }
}

const SEVERAL = -2;

function name(what: string, number: number): string {
  return number === SEVERAL ? `several ${what}s` : `${what} ${number}`;
}
