// The race without its page: bowls, rules, a learner of 57 parameters, and evolution strategies.
// What roam_lite/toy.py, rules/ and evolution.py compute, on one problem at a time; tests compare.
const raceCore = (() => {
  const [CHANNELS, HIDDEN, RANGE, FIRST_RATE] = [5, 8, 10, 1e-2];
  const PARAMETERS = HIDDEN * (CHANNELS + 1) + HIDDEN + 1; // 57
  const INITIAL_RATE = 0.05;
  const LARGEST_GRADIENT = 1;
  const EDGE = Math.exp(-RANGE);
  const TINY = 2.2250738585072014e-308; // as torch.finfo(torch.float64).tiny

  // Randomness: mulberry32, and the normal numbers that Box and Muller make of it.

  function generator(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const normals = (...shape) =>
      shape.length === 0
        ? normal()
        : Array.from({ length: shape[0] }, () => normals(...shape.slice(1)));
    return { uniform, normal, normals };
  }

  // Problems: minimize sum (x theta - y)^2, starting from theta = 0.

  function drawProblem(random, low, high, size = 2) {
    const x = [];
    const y = [];
    for (let i = 0; i < size; i++) {
      x.push(low * (high / low) ** random.uniform());
      y.push((0.5 + random.uniform()) * (random.uniform() < 0.5 ? -1 : 1));
    }
    return { x, y };
  }

  // The same problem in the coordinates epsilon * theta (eq. 15).
  const scaled = (problem, scales) => ({ x: problem.x.map((x, i) => x / scales[i]), y: problem.y });
  const drawScales = (random, kappa, size = 2) =>
    Array.from({ length: size }, () => Math.exp(kappa * (2 * random.uniform() - 1)));

  function lossOf(theta, { x, y }) {
    let sum = 0;
    for (let i = 0; i < theta.length; i++) sum += (x[i] * theta[i] - y[i]) ** 2;
    return sum;
  }

  // Rules: `init(size)` gives a state; `step(gradient, theta, loss, state)` the rates and what is
  // multiplied by them, and changes the state.

  const sgd = (rate) => ({
    init: () => ({}),
    step: (gradient) => ({ rates: gradient.map(() => rate), direction: gradient }),
  });

  const adam = (rate, decay1 = 0.9, decay2 = 0.999, epsilon = 1e-8) => ({
    init: (size) => ({ first: Array(size).fill(0), second: Array(size).fill(0), steps: 0 }),
    step(gradient, theta, loss, state) {
      state.steps += 1;
      const rates = [];
      const direction = [];
      for (let i = 0; i < gradient.length; i++) {
        state.first[i] = decay1 * state.first[i] + (1 - decay1) * gradient[i];
        state.second[i] = decay2 * state.second[i] + (1 - decay2) * gradient[i] ** 2;
        direction.push(state.first[i] / (1 - decay1 ** state.steps));
        rates.push(rate / (Math.sqrt(state.second[i] / (1 - decay2 ** state.steps)) + epsilon));
      }
      return { rates, direction };
    },
  });

  // The library's rule "fc": two layers with a tanh between them; omega in torch's order.
  function learner(omega) {
    const [bias, output] = [HIDDEN * CHANNELS, HIDDEN * (CHANNELS + 1)];
    const seen = new Float64Array(CHANNELS);
    return {
      init: (size) => ({ rates: Array(size).fill(FIRST_RATE), hidden: [] }),
      step(gradient, theta, loss, state) {
        const rates = [];
        state.hidden = [];
        for (let i = 0; i < gradient.length; i++) {
          const size = Math.abs(gradient[i]);
          seen[0] = Math.log(Math.max(state.rates[i], 1e-12)) / RANGE;
          seen[1] = size >= EDGE ? Math.log(Math.max(size, TINY)) / RANGE : -1;
          seen[2] = size >= EDGE ? Math.sign(gradient[i]) : gradient[i] * Math.exp(RANGE);
          seen[3] = theta[i];
          seen[4] = loss;
          const units = new Float64Array(HIDDEN);
          let logit = omega[PARAMETERS - 1];
          for (let unit = 0; unit < HIDDEN; unit++) {
            let sum = omega[bias + unit];
            for (let c = 0; c < CHANNELS; c++) sum += omega[unit * CHANNELS + c] * seen[c];
            units[unit] = Math.tanh(sum);
            logit += omega[output + unit] * units[unit];
          }
          rates.push(1 / (1 + Math.exp(-logit)));
          state.hidden.push(units);
        }
        state.rates = rates;
        return { rates, direction: gradient };
      },
    };
  }

  // As the library starts one: nn.Linear's uniform weights, and an output near the initial rate.
  function untrained(random) {
    const bound = 1 / Math.sqrt(CHANNELS);
    const omega = new Float64Array(PARAMETERS);
    const first = HIDDEN * (CHANNELS + 1);
    for (let i = 0; i < first; i++) omega[i] = bound * (2 * random.uniform() - 1);
    for (let i = first; i < PARAMETERS - 1; i++) omega[i] = 0.01 * random.normal();
    omega[PARAMETERS - 1] = Math.log(INITIAL_RATE / (1 - INITIAL_RATE));
    return omega;
  }

  // T updates (eq. 9). `noise` [T][P], if any, is added to y as each update sees it; the losses
  // are those of y itself.
  function unroll(rule, problem, updates, noise = null) {
    const { x, y } = problem;
    const state = rule.init(x.length);
    let theta = x.map(() => 0);
    const run = { thetas: [theta], losses: [lossOf(theta, problem)], rates: [], hidden: [] };
    for (let t = 0; t < updates; t++) {
      const seen = noise === null ? problem : { x, y: y.map((value, i) => value + noise[t][i]) };
      const gradient = theta.map((value, i) => 2 * x[i] * (x[i] * value - seen.y[i]));
      const loss = noise === null ? run.losses[t] : lossOf(theta, seen);
      const { rates, direction } = rule.step(gradient, theta, loss, state);
      theta = theta.map((value, i) => value - rates[i] * direction[i]);
      run.thetas.push(theta);
      run.losses.push(lossOf(theta, problem));
      run.rates.push(rates);
      run.hidden.push(state.hidden ?? null);
    }
    return run;
  }

  // The mean loss after each update (eq. 14); `noises` [N][T][P] or null.
  function metaLoss(omega, problems, updates, noises = null) {
    const rule = learner(omega);
    let sum = 0;
    problems.forEach((problem, n) => {
      const { losses } = unroll(rule, problem, updates, noises === null ? null : noises[n]);
      for (let t = 1; t <= updates; t++) sum += losses[t];
    });
    return sum / (problems.length * updates);
  }

  // Mean over the pairs of noise * (L(center + spread noise) - L(center - spread noise)) / (2 spread).
  function evolutionGradient(objective, center, noise, spread) {
    const gradient = new Float64Array(center.length);
    for (const row of noise) {
      const plus = objective(center.map((value, i) => value + spread * row[i]));
      const minus = objective(center.map((value, i) => value - spread * row[i]));
      const slope = (plus - minus) / (2 * spread);
      for (let i = 0; i < gradient.length; i++) gradient[i] += (slope * row[i]) / noise.length;
    }
    return gradient;
  }

  // One step of the outer optimizer: the gradient is clipped, then Adam's; changes `state`.
  function outerStep(omega, gradient, state, rate) {
    const clip = Math.min(1, LARGEST_GRADIENT / (Math.hypot(...gradient) + 1e-6));
    const clipped = Array.from(gradient, (value) => value * clip);
    const { rates, direction } = adam(rate).step(clipped, omega, 0, state);
    return omega.map((value, i) => value - rates[i] * direction[i]);
  }

  const USUAL = {
    low: 0.7, high: 1.4, size: 2, kappa: 1.5, noise: 0, updates: 10, problems: 16, pairs: 16,
    spread: 0.05, rate: 0.1,
  };
  const BUDGET = 3000; // updates of each problem: a longer horizon leaves fewer iterations

  // A meta-training under way: `step()` makes one iteration and returns its meta loss.
  function trainer(seed, options = {}) {
    const settings = { ...USUAL, ...options };
    settings.iterations ??= Math.round(BUDGET / settings.updates);
    const random = generator(seed);
    const state = adam(0).init(PARAMETERS);
    const self = { settings, omega: untrained(random), history: [], skipped: 0, step };
    function step() {
      const { low, high, size, kappa, noise, updates, problems, pairs, spread } = settings;
      const batch = Array.from({ length: problems }, () => {
        const problem = drawProblem(random, low, high, size);
        return scaled(problem, drawScales(random, kappa, size));
      });
      const labels = noise === 0 ? null : random.normals(problems, updates, size)
        .map((steps) => steps.map((row) => row.map((value) => noise * value)));
      const objective = (omega) => metaLoss(omega, batch, updates, labels);
      const directions = random.normals(pairs, PARAMETERS);
      const gradient = evolutionGradient(objective, self.omega, directions, spread);
      const rate = settings.rate * 0.1 ** (self.history.length / settings.iterations);
      // Where the losses overflow there is no direction to go.
      if (gradient.every(Number.isFinite)) {
        self.omega = outerStep(self.omega, gradient, state, rate);
      } else self.skipped += 1;
      self.history.push(objective(self.omega));
      return self.history[self.history.length - 1];
    }
    return self;
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  return {
    PARAMETERS, USUAL, BUDGET, generator, drawProblem, drawScales, scaled, lossOf, sgd, adam, learner,
    untrained, unroll, metaLoss, evolutionGradient, outerStep, trainer, median,
  };
})();
