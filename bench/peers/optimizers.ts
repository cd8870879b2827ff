/** How a peer updates the parameters of a workload: options are those of PyTorch's optimizers. */
export interface PeerOptimizer {
  readonly kind: 'sgd' | 'adam' | 'adamw';
  readonly options: Readonly<Record<string, number>>;
  /** Gradients are scaled down together where their common norm is larger. */
  readonly clipGlobalNorm?: number;
}

/** The workloads that peers take too, and what they are told of the update. */
const optimizers: Readonly<Record<string, PeerOptimizer>> = {
  w1: { kind: 'sgd', options: { lr: 0.1 } },
  w2: { kind: 'adam', options: { lr: 1e-3 } },
  w3: { kind: 'adam', options: { lr: 1e-3 } },
  w5: { kind: 'adamw', options: { lr: 1e-3, weight_decay: 0.01 } },
  w6: { kind: 'sgd', options: { lr: 0.05, momentum: 0.9, weight_decay: 5e-4 } },
  w7: { kind: 'adam', options: { lr: 1e-3 }, clipGlobalNorm: 1 },
  w8: { kind: 'sgd', options: { lr: 0.5 } },
  w9: { kind: 'sgd', options: { lr: 0.05, momentum: 0.9 } },
};

/** Names of the workloads that peers take. */
export const peerWorkloads: readonly string[] = Object.keys(optimizers);

/** The update of a workload. @throws RangeError for one that no peer takes */
export function optimizerOf(workload: string): PeerOptimizer {
  const optimizer = Object.hasOwn(optimizers, workload) ? optimizers[workload] : undefined;
  if (optimizer === undefined)
    throw new RangeError(`no peer takes ${workload}; there are ${peerWorkloads.join(', ')}`);
  return optimizer;
}
