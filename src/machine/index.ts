export { MachineError } from './issues.ts';
export { type Machine, machineOf, machineWith, ownCopy, requireMade } from './machine.ts';
export { machines, type TargetName, targetNames, type WebGpuTarget } from './machines.ts';
export {
  type Feature,
  type MachineDescription,
  type Quantity,
  type QuantityName,
  quantities,
} from './quantities.ts';
