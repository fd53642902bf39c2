// The race as a page: `raceView(root)` fills an element with bowl, charts, controls and table.
function raceView(root) {
  const STEPS = 20;
  const SCALES = [["4 times flatter", 0.25], ["as trained on", 1], ["4 times steeper", 4]];
  const RULES = {
    sgd: { name: "SGD", rule: raceCore.sgd(0.3), note: "rate 0.3" },
    adam: { name: "Adam", rule: raceCore.adam(0.3), note: "rate 0.3" },
    fc: { name: "learner", rule: null, note: "57 parameters" },
  };
  const PRESETS = {
    "as it should be": { kappa: 1.5, updates: 10 },
    "no RFS": { kappa: 0, updates: 10 },
    "horizon too long": { kappa: 1.5, updates: 100 },
  };
  root.classList.add("roam-race");
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab moves between cells by the arrow keys
  root.innerHTML = `<div class="grid">
      <section aria-label="bowl">
        <canvas class="bowl" tabindex="0" role="img"></canvas>
        <p class="hint">Turn the bowl: drag it, or focus it and press the arrow keys.</p>
      </section>
      <section aria-label="charts">
        <canvas class="losses" role="img"></canvas>
        <canvas class="memory" role="img"></canvas>
      </section>
      <section><h3>The race</h3>
        <div class="legend"></div>
        <div class="row"><button type="button" class="play">Play</button>
          <button type="button" class="new">New bowl</button></div>
        <div class="sliders race"></div>
      </section>
      <section><h3>Meta-training by evolution strategies</h3>
        <canvas class="history" role="img"></canvas>
        <div class="row"><button type="button" class="train">Train</button>
          <button type="button" class="forget">Forget</button>
          <span class="status" role="status"></span></div>
        <div class="sliders meta"></div>
        <div class="row presets"><span>Try:</span></div>
      </section>
    </div>
    <div class="scroll"><table><caption>Median loss after ${STEPS} steps, 100 unseen bowls each
      </caption><thead></thead><tbody></tbody></table></div>`;
  const find = (selector) => root.querySelector(selector);
  const make = (tag, parent, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(tag), properties));
  const draw = raceDrawing(root);
  const state = { bowl: 1, playing: false, training: false, turn: 0, tilt: 0, table: 0 };
  let trainer = null;
  let scene = null;

  function slider(parent, key, label, [low, high, step, value], read) {
    const line = make("label", find(parent));
    make("span", line, { textContent: label });
    const input = make("input", line, { type: "range", min: low, max: high, step });
    input.value = value;
    input.className = key;
    const output = make("output", line);
    const entry = {
      get value() { return Number(input.value); },
      set value(next) { input.value = next; entry.show(); },
      show() {
        output.textContent = read(Number(input.value));
        input.setAttribute("aria-valuetext", output.textContent);
      },
      input,
    };
    entry.show();
    return entry;
  }
  const plain = (digits) => (value) => value.toFixed(digits);
  const controls = {
    step: slider(".race", "step", "step", [0, STEPS, 1, STEPS], plain(0)),
    steep: slider(".race", "steep", "steepness", [-2, 2, 0.5, 0], (v) => `× ${draw.short(2 ** v)}`),
    noise: slider(".race", "noise", "noise of the labels", [0, 1, 0.05, 0], plain(2)),
    kappa: slider(".meta", "kappa", "κ of random filter scaling", [0, 2.5, 0.1, 1.5],
      (v) => (v === 0 ? "0 (off)" : v.toFixed(1))),
    updates: slider(".meta", "updates", "horizon T", [1, 100, 1, 10], plain(0)),
  };

  // What is shown follows from the sliders and from the learner's parameters.

  function problemOf(random, scale) {
    const { x, y } = raceCore.drawProblem(random, raceCore.USUAL.low, raceCore.USUAL.high);
    return { x: x.map((value) => value * scale), y };
  }
  const labels = (random) => random.normals(STEPS, 2)
    .map((row) => row.map((value) => controls.noise.value * value));

  function forget() {
    const { kappa, updates, noise } = controls;
    const chosen = { kappa: kappa.value, updates: updates.value, noise: noise.value };
    trainer = raceCore.trainer(1, chosen);
    state.training = false;
    refresh();
    fillTable();
  }

  function refresh() {
    const random = raceCore.generator(state.bowl);
    const problem = problemOf(random, 2 ** controls.steep.value);
    const noise = labels(random);
    RULES.fc.rule = raceCore.learner(trainer.omega);
    const runs = {};
    for (const [key, { rule }] of Object.entries(RULES)) {
      runs[key] = raceCore.unroll(rule, problem, STEPS, noise);
    }
    scene = { problem, runs };
    paint();
  }

  // Seen from where the start lies on the far wall, a bit to the side.
  function face() {
    const [first, second] = scene.problem.y.map((y, i) => y / scene.problem.x[i]);
    Object.assign(state, { turn: Math.atan2(first, second) + 0.5, tilt: 0.62 });
    paint();
  }

  function paint() {
    const step = controls.step.value;
    const { settings, history } = trainer;
    draw.bowl(find(".bowl"), scene, step, state);
    draw.losses(find(".losses"), scene.runs, step);
    draw.memory(find(".memory"), scene.problem, scene.runs.fc, step);
    draw.history(find(".history"), history, settings.iterations);
    for (const [key, { name }] of Object.entries(RULES)) {
      const loss = scene.runs[key].losses[step];
      find(`.legend .${key} output`).textContent = draw.number(loss);
      find(`.legend .${key}`).setAttribute("aria-label", `${name}: loss ${draw.number(loss)}`);
    }
    const done = history.length >= settings.iterations;
    const trained = `κ ${settings.kappa}, T ${settings.updates}, noise ${settings.noise}`;
    find(".status").textContent = history.length === 0
      ? "untrained"
      : `iteration ${history.length} of ${settings.iterations} (${trained})`;
    find(".train").textContent = state.training ? "Pause" : "Train";
    find(".train").disabled = done;
    find(".play").textContent = state.playing ? "Pause" : "Play";
  }

  function fillTable() {
    find("tbody").replaceChildren();
    for (const { name, rule, note } of Object.values(RULES)) {
      const row = make("tr", find("tbody"));
      make("th", row, { textContent: `${name} (${note})`, scope: "row" });
      for (const [, scale] of SCALES) {
        const random = raceCore.generator(7);
        const finals = Array.from({ length: 100 }, () =>
          raceCore.unroll(rule, problemOf(random, scale), STEPS, labels(random)).losses[STEPS]);
        make("td", row, { textContent: draw.number(raceCore.median(finals)) });
      }
    }
    state.table = performance.now();
  }

  // One loop for what moves; it ends when nothing does, or when the page has dropped the element.

  let looping = false;
  let moved = 0;
  function loop(now) {
    looping = root.isConnected && (state.playing || state.training);
    if (!looping) return;
    if (state.training) {
      const end = performance.now() + 14; // milliseconds, so that the page stays responsive
      do trainer.step();
      while (performance.now() < end && trainer.history.length < trainer.settings.iterations);
      state.training = trainer.history.length < trainer.settings.iterations;
      refresh();
      if (!state.training || performance.now() - state.table > 700) fillTable();
    }
    if (state.playing && now - moved > 160) {
      moved = now;
      controls.step.value += 1;
      state.playing = controls.step.value < STEPS;
      paint();
    }
    requestAnimationFrame(loop);
  }
  function start() {
    if (!looping) requestAnimationFrame(loop);
    looping = true;
    paint();
  }

  // What the reader does.

  find(".play").onclick = () => {
    state.playing = !state.playing;
    if (state.playing && controls.step.value === STEPS) controls.step.value = 0;
    start();
  };
  find(".new").onclick = () => {
    state.bowl += 1;
    refresh();
    face();
  };
  find(".train").onclick = () => {
    state.training = !state.training;
    start();
  };
  find(".forget").onclick = forget;
  for (const [key, entry] of Object.entries(controls)) {
    entry.input.oninput = () => {
      entry.show();
      if (key === "kappa" || key === "updates") forget();
      else if (key === "noise") { refresh(); fillTable(); }
      else if (key === "steep") refresh();
      else { state.playing = false; paint(); }
    };
  }
  for (const [name, preset] of Object.entries(PRESETS)) {
    make("button", find(".presets"), { type: "button", textContent: name }).onclick = () => {
      for (const [key, value] of Object.entries(preset)) controls[key].value = value;
      forget();
      state.training = true;
      start();
    };
  }
  const bowl = find(".bowl");
  const turn = (right, up) => {
    state.turn += right;
    state.tilt = Math.min(1.5, Math.max(0.1, state.tilt + up));
    paint();
  };
  bowl.onpointerdown = (event) => bowl.setPointerCapture(event.pointerId);
  bowl.onpointermove = (event) => {
    if (event.buttons) turn(-event.movementX / 120, event.movementY / 120);
  };
  // A notebook takes keys for its own commands before they reach a cell's output: it is asked first.
  const keys = (event) => {
    const leaves = event.key === "Tab" || event.key === "Escape";
    if (!root.contains(event.target) || leaves || event.ctrlKey || event.metaKey) return;
    event.stopImmediatePropagation(); // what a slider or a button does with a key stays
    const turns = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, -0.1],
      ArrowDown: [0, 0.1] }[event.key];
    if (event.target !== bowl || !turns) return;
    event.preventDefault();
    turn(...turns);
  };
  window.addEventListener("keydown", keys, true);

  for (const [key, { name, note }] of Object.entries(RULES)) {
    const line = make("span", find(".legend"), { className: key });
    line.setAttribute("role", "img");
    make("i", line, { textContent: draw.marks[key], ariaHidden: "true" });
    make("span", line, { textContent: `${name}, ${note}: loss ` });
    make("output", line);
  }
  const head = make("tr", find("thead"));
  for (const title of ["bowls", ...SCALES.map(([name]) => name)]) {
    make("th", head, { textContent: title, scope: "col" });
  }
  forget();
  face();
  // Pages note their theme on the body or the root, or leave it to the system.
  const again = new MutationObserver((_, self) => (root.isConnected ? paint() : self.disconnect()));
  for (const element of [document.body, document.documentElement]) {
    again.observe(element, { attributes: true });
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", paint);
  const sizes = new ResizeObserver(paint);
  sizes.observe(root);
  return () => {
    window.removeEventListener("keydown", keys, true);
    again.disconnect();
    dark.removeEventListener("change", paint);
    sizes.disconnect();
  };
}
