/**
 * Learns to balance a pole on a cart by Q-learning with a network, a memory and a target network that follows (Mnih et al.
 * 2015), with the double estimate of van Hasselt, Guez and Silver (2016).
 *
 *     npx tsx examples/dqn.ts
 *
 * On WebAssembly (two shared cores, other work beside) it takes 11 s, and keeps the pole up for some 140 of 500 steps, with this
 * seed; how far it comes varies much with it.
 */
import { compile, defineModule, nn, optim, type Session } from 'sinter';
import { commandLine, runExample } from './commandLine.ts';

const STATE = 4;
const ACTIONS = 2;
const BATCH = 64;
const DISCOUNT = 0.99;

export const dqn = defineModule('dqn', (m) => {
  const batch = m.size('batch', { max: BATCH });
  const before = m.input('before', { shape: [batch, STATE] });
  const action = m.input('action', { shape: [batch], dtype: 'i32' });
  const reward = m.input('reward', { shape: [batch] });
  const after = m.input('after', { shape: [batch, STATE] });
  const goesOn = m.input('goesOn', { shape: [batch] }); // 0 where the pole fell, else 1

  const parts = [
    nn.dense(64, { activation: 'relu' }),
    nn.dense(64, { activation: 'relu' }),
    nn.dense(ACTIONS),
  ];
  const online = nn.sequential(parts, { name: 'online' });
  const value = online(before);
  const target = online.clone({ name: 'target' });
  // The network chooses, its slower copy judges.
  const next = target(after).pick(online(after).argmax(1));
  const wanted = reward.add(next.mul(goesOn).mul(DISCOUNT)).detach();
  const loss = nn.huber(value.pick(action), wanted);
  const updates = optim.adam({ lr: 1e-3 }).minimize(loss, { wrt: online, clipGlobalNorm: 10 });
  m.entry('train', {
    loss,
    updates: [...updates, ...nn.copyWeights(online, target, { share: 0.01, after: updates })],
  });
  m.entry('act', { action: value.argmax(1) });
});

/** The cart and the pole of Barto, Sutton and Anderson (1983): 50 steps a second, at most 500 of them. */
class CartPole {
  readonly #random: () => number;
  #state: number[] = [];
  #steps = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.reset();
  }

  /** Place and speed of the cart, angle and turn of the pole. */
  get state(): readonly number[] {
    return this.#state;
  }

  reset(): void {
    this.#state = Array.from({ length: STATE }, () => this.#random() / 10 - 0.05);
    this.#steps = 0;
  }

  /** Pushes the cart to the left (0) or the right (1). */
  step(action: number): { readonly fell: boolean; readonly ended: boolean } {
    const [x = 0, speed = 0, angle = 0, turn = 0] = this.#state;
    const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
    const push = ((action === 1 ? 10 : -10) + 0.05 * turn * turn * sine) / 1.1;
    const bend = (9.8 * sine - cosine * push) / (0.5 * (4 / 3 - (0.1 * cosine * cosine) / 1.1));
    const pull = push - (0.05 * bend * cosine) / 1.1;
    this.#state = [x + 0.02 * speed, speed + 0.02 * pull, angle + 0.02 * turn, turn + 0.02 * bend];
    this.#steps++;
    const fell = Math.abs(this.#state[0] ?? 0) > 2.4 || Math.abs(this.#state[2] ?? 0) > 0.2095;
    return { fell, ended: fell || this.#steps === 500 };
  }
}

/** The last transitions, as many as it holds: the newest takes the place of the oldest. */
class Memory {
  readonly #size: number;
  readonly #fields = {
    before: new Float32Array(0),
    action: new Int32Array(0),
    reward: new Float32Array(0),
    after: new Float32Array(0),
    goesOn: new Float32Array(0),
  };
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#fields = {
      before: new Float32Array(size * STATE),
      action: new Int32Array(size),
      reward: new Float32Array(size),
      after: new Float32Array(size * STATE),
      goesOn: new Float32Array(size),
    };
  }

  get length(): number {
    return Math.min(this.#count, this.#size);
  }

  keep(before: readonly number[], action: number, after: readonly number[], fell: boolean): void {
    const at = this.#count++ % this.#size;
    this.#fields.before.set(before, at * STATE);
    this.#fields.action[at] = action;
    this.#fields.reward[at] = 1;
    this.#fields.after.set(after, at * STATE);
    this.#fields.goesOn[at] = fell ? 0 : 1;
  }

  /** A batch of transitions, any of them. */
  batch(random: () => number): Record<string, Float32Array | Int32Array> {
    const rows = Array.from({ length: BATCH }, () => Math.floor(random() * this.length));
    const { before, action, reward, after, goesOn } = this.#fields;
    const taken = (from: Float32Array, width: number): Float32Array =>
      Float32Array.from(
        { length: BATCH * width },
        (_, k) => from[(rows[Math.floor(k / width)] ?? 0) * width + (k % width)] ?? 0,
      );
    return {
      before: taken(before, STATE),
      action: Int32Array.from(rows, (row) => action[row] ?? 0),
      reward: taken(reward, 1),
      after: taken(after, STATE),
      goesOn: taken(goesOn, 1),
    };
  }
}

/** How many steps the pole stays up with the best actions that the network knows, on average of some attempts. */
async function balanced(session: Session, random: () => number, attempts: number): Promise<number> {
  const cart = new CartPole(random);
  let steps = 0;
  for (let k = 0; k < attempts; k++) {
    cart.reset();
    for (let ended = false; !ended; steps++) ended = cart.step(await best(session, cart.state)).ended;
  }
  return steps / attempts;
}

async function best(session: Session, state: readonly number[]): Promise<number> {
  const { action } = await session.run('act', { before: Float32Array.from(state) });
  return action?.data[0] ?? 0;
}

await runExample(import.meta.url, async () => {
  const options = commandLine('Learns to balance a pole on a cart.', {
    steps: { value: 15000, about: 'steps of the cart' },
  });
  if (options === undefined) return;
  const { target, seed, steps, ...rest } = options;
  const program = await compile(dqn, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...rest });
  const random = randomFrom(seed);
  const [cart, memory] = [new CartPole(random), new Memory(10_000)];
  const start = performance.now();
  let [length, lengths] = [0, [0]];
  for (let step = 1; step <= steps; step++) {
    // At first at random, then ever less.
    const explores = random() < Math.max(0.02, 1 - step / (0.3 * steps));
    const before = cart.state;
    const action = explores ? Math.floor(random() * ACTIONS) : await best(session, before);
    const { fell, ended } = cart.step(action);
    memory.keep(before, action, cart.state, fell);
    length++;
    if (ended) {
      lengths = [...lengths.slice(-19), length];
      length = 0;
      cart.reset();
    }
    if (memory.length >= 1000) await session.run('train', memory.batch(random));
    if (step % Math.ceil(steps / 10) === 0) {
      const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
      console.log(`step ${step}/${steps}: the last ${lengths.length} attempts took ${mean.toFixed(0)} steps`);
    }
  }
  console.log(`trained in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  console.log(`the pole stays up for ${(await balanced(session, random, 10)).toFixed(0)} of 500 steps`);
  session.dispose();
});

/** Numbers from 0 to 1 of a seed (Mulberry32, T. Ettinger). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
