export { MachineError } from './issues.ts';
export {
  type Feature,
  type Machine,
  type MachineDescription,
  machineOf,
  machineWith,
  type Quantity,
  type QuantityName,
  quantities,
} from './machine.ts';
export { machines, type TargetName, targetNames, type WebGpuTarget } from './machines.ts';
