// What the race draws: the bowl in a projection of its own, and three charts, in the theme's colors.
function raceDrawing(root) {
  const KEYS = ["sgd", "adam", "fc"];
  const marks = { sgd: "●", adam: "■", fc: "▲" };
  const RIM = 1.12; // where the bowl is cut, as a multiple of its radius at the start
  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  const power = (exponent) => `10${exponent < 0 ? "⁻" : ""}${
    [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
  const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

  function number(loss) {
    if (!(loss < 1e4)) return "diverged";
    if (loss === 0 || loss >= 0.01) return short(loss);
    const [digits, exponent] = loss.toExponential(1).split("e");
    return `${digits} · ${power(Number(exponent))}`;
  }

  // A canvas as sharp as the screen, cleared; positions are CSS pixels.
  function begin(canvas) {
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    const sharp = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(w * sharp));
    canvas.height = Math.max(1, Math.round(h * sharp));
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const style = getComputedStyle(root);
    const known = {};
    const color = (name) => (known[name] ??= style.getPropertyValue(`--${name}`).trim());
    pen.font = "12px system-ui, sans-serif";
    pen.lineJoin = "round";
    return { pen, w, h, color };
  }

  function line(pen, points, color, width = 2, dash = []) {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    for (const point of points) pen.lineTo(...point);
    pen.stroke();
    pen.setLineDash([]);
  }

  function text(pen, words, x, y, color, align = "center") {
    pen.fillStyle = color;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillText(words, x, y);
  }

  function mark(pen, key, [x, y], color, edge, size = 5) {
    pen.beginPath();
    if (key === "sgd") pen.arc(x, y, size, 0, 2 * Math.PI);
    else if (key === "adam") pen.rect(x - size, y - size, 2 * size, 2 * size);
    else for (const [dx, dy] of [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]]) {
      pen.lineTo(x + dx * size, y + dy * size);
    }
    pen.closePath();
    pen.fillStyle = color;
    pen.fill();
    pen.strokeStyle = edge;
    pen.lineWidth = 1;
    pen.stroke();
  }

  function ticks(low, high, most) {
    const rough = (high - low) / most;
    const base = 10 ** Math.floor(Math.log10(rough));
    const step = base * [1, 2, 5, 10].find((factor) => factor * base >= rough);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
    return found;
  }

  // Axes with a logarithmic ordinate; returns where x and a value lie, the latter a bit outside at most.
  function axes({ pen, w, h, color }, title, [first, last, name], [low, high]) {
    const [left, right, top, bottom] = [52, w - 16, 26, h - (name ? 36 : 12)];
    const x = (value) => left + ((right - left) * (value - first)) / Math.max(last - first, 1);
    const y = (value) => {
      const share = (Math.log10(Math.max(value, 1e-300)) - low) / (high - low);
      return bottom - (bottom - top) * Math.min(Math.max(share, -0.1), 1.1);
    };
    text(pen, title, left, 11, color("ink"), "left");
    for (const exponent of ticks(low, high, 5).filter(Number.isInteger)) {
      const level = y(10 ** exponent);
      line(pen, [[left, level], [right, level]], color("line"), 1);
      text(pen, power(exponent), left - 7, level, color("dim"), "right");
    }
    if (name) {
      for (const value of ticks(first, last, 5)) {
        text(pen, String(value), x(value), bottom + 11, color("dim"));
      }
      text(pen, name, (left + right) / 2, bottom + 27, color("dim"));
    }
    line(pen, [[left, top], [left, bottom], [right, bottom]], color("dim"), 1);
    return { x, y, left, right, top, bottom };
  }

  function inside(pen, { left, right, top, bottom }, act) {
    pen.save();
    pen.beginPath();
    pen.rect(left, top, right - left, bottom - top);
    pen.clip();
    act();
    pen.restore();
  }

  function losses(canvas, runs, step) {
    const sheet = begin(canvas);
    const { pen, color } = sheet;
    const range = [-8, 2];
    const count = runs.fc.rates.length;
    const frame = axes(sheet, "loss", [0, count, "step"], range);
    const { x, y, top, bottom } = frame;
    line(pen, [[x(step), top], [x(step), bottom]], color("dim"), 1, [3, 3]);
    for (const key of KEYS) {
      const points = runs[key].losses.map((loss, t) => [x(t), y(loss)]);
      inside(pen, frame, () => {
        line(pen, points.slice(0, step + 1), color(key));
        pen.globalAlpha = 0.3;
        line(pen, points.slice(step), color(key));
      });
      const level = Math.min(Math.max(points[step][1], top), bottom);
      mark(pen, key, [points[step][0], level], color(key), color("paper"));
    }
    canvas.setAttribute("aria-label", `Losses after step ${step}, on a logarithmic axis: ${KEYS.map(
      (key) => `${key === "fc" ? "learner" : key} ${number(runs[key].losses[step])}`).join(", ")}`);
  }

  // The learner's rates, which are all that it remembers, over its hidden units.
  function memory(canvas, problem, run, step) {
    const sheet = begin(canvas);
    const { pen, w, h, color } = sheet;
    const strip = 84;
    const title = "rates (its only memory): θ₁ solid, θ₂ dashed, best dotted";
    const count = run.rates.length;
    const frame = axes({ ...sheet, h: h - strip }, title, [0, count, ""], [-3, 0.2]);
    const { x, y, left, right, top, bottom } = frame;
    line(pen, [[x(step), top], [x(step), h - 14]], color("dim"), 1, [3, 3]);
    [0, 1].forEach((i) => {
      const dash = i === 0 ? [] : [7, 4];
      const best = y(1 / (2 * problem.x[i] ** 2));
      const points = run.rates.map((rates, t) => [x(t + 0.5), y(rates[i])]);
      inside(pen, frame, () => {
        line(pen, [[left, best], [right, best]], color("ink"), 1.5, [1.5, 4]);
        line(pen, points, color("fc"), 2, dash);
      });
    });
    const size = (strip - 20) / 16;
    run.hidden.forEach((units, t) => units.forEach((unit, i) => unit.forEach((value, u) => {
      pen.globalAlpha = Math.abs(value) * (t < step ? 1 : 0.3);
      pen.fillStyle = color(value < 0 ? "minus" : "plus");
      pen.fillRect(x(t), bottom + 10 + (8 * i + u) * size + 3 * i, x(t + 1) - x(t) - 1, size);
    })));
    pen.globalAlpha = 1;
    ["θ₁", "θ₂"].forEach((name, i) =>
      text(pen, name, left - 7, bottom + 10 + 8 * size * (i + 0.5) + 3 * i, color("ink"), "right"));
    text(pen, "the learner's 8 hidden units, −1", w / 2 + 40, h - 7, color("dim"), "right");
    ["minus", "plus"].forEach((name, i) => {
      pen.fillStyle = color(name);
      pen.fillRect(w / 2 + 44 + 14 * i, h - 12, 13, 9);
    });
    text(pen, "+1", w / 2 + 78, h - 7, color("dim"), "left");
    canvas.setAttribute("aria-label", `Rates that the learner emits over ${count} steps, first ${
      run.rates[0].map((rate) => number(rate)).join(" and ")}, and its hidden units`);
  }

  function history(canvas, values, iterations) {
    const sheet = begin(canvas);
    const logs = values.filter((value) => value > 0 && value < Infinity).map(Math.log10);
    const low = Math.floor(Math.min(...logs, -1));
    const high = Math.ceil(Math.max(...logs, 1));
    const frame = axes(sheet, "meta loss", [0, iterations, "iteration"], [low, high]);
    const points = values.map((value, i) => [
      frame.x(i + 1), frame.y(Number.isNaN(value) ? Infinity : value)]);
    inside(sheet.pen, frame, () => line(sheet.pen, points, sheet.color("fc")));
    const last = values.length ? number(values[values.length - 1]) : "none yet";
    canvas.setAttribute("aria-label", `Meta loss over ${values.length} iterations: ${last}`);
  }

  function bowl(canvas, { problem, runs }, step, { turn, tilt }) {
    const sheet = begin(canvas);
    const { pen, w, h, color } = sheet;
    const lowest = problem.x.map((x, i) => problem.y[i] / x);
    const radius = RIM * Math.hypot(...problem.y);
    const reach = (1.05 * radius) / Math.min(...problem.x);
    const [cos, sin, up, side] = [Math.cos(turn), Math.sin(turn), Math.sin(tilt), Math.cos(tilt)];
    const size = Math.min(w / 3, h / 2.7);
    // The floor is [-1, 1]^2, the rim lies 1.3 above it.
    const project = (x, y, z) => [
      w / 2 + 12 + size * (x * cos - y * sin),
      h / 2 + size * ((x * sin + y * cos) * up - (1.3 * z - 0.6) * side),
    ];
    const near = (x, y, z) => (x * sin + y * cos) * side + 1.3 * z * up;
    const place = (theta, loss) =>
      [...theta.map((value, i) => (value - lowest[i]) / reach), loss / radius ** 2];
    const at = (r, angle) => place(
      [Math.cos(angle), Math.sin(angle)].map((v, i) => lowest[i] + (radius * r * v) / problem.x[i]),
      (radius * r) ** 2);

    floor();
    surface();
    for (const key of KEYS) path(key);
    const left = KEYS.filter((key) => !(runs[key].losses[step] <= radius ** 2));
    left.forEach((key, i) => {
      mark(pen, key, [14, 16 + 18 * i], color(key), color("paper"));
      text(pen, `${{ sgd: "SGD", adam: "Adam", fc: "learner" }[key]} has left the bowl`, 26,
        16 + 18 * i, color("ink"), "left");
    });
    canvas.setAttribute("aria-label", `Loss over two parameters as a bowl, minimum at ${
      lowest.map(short).join(", ")}, with three paths from 0, 0; arrow keys turn it`);

    function floor() {
      const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
      line(pen, [...corners, corners[0]].map(([x, y]) => project(x, y, 0)), color("line"), 1);
      const out = [Math.sign(sin) || 1, Math.sign(cos) || 1]; // the edges that face the reader
      [0, 1].forEach((axis) => {
        const on = (value, far) => (axis === 0
          ? project(value, far * out[1], 0) : project(far * out[0], value, 0));
        for (const tick of ticks(lowest[axis] - reach, lowest[axis] + reach, 5)) {
          const value = (tick - lowest[axis]) / reach;
          line(pen, [on(value, -1), on(value, 1)], color("line"), 1);
          text(pen, short(tick), ...on(value, 1.14), color("dim"));
        }
        text(pen, axis === 0 ? "θ₁" : "θ₂", ...on(0, 1.34), color("ink"));
      });
      const [x, y] = corners.reduce((a, b) => (project(...b, 0)[0] < project(...a, 0)[0] ? b : a));
      line(pen, [project(x, y, 0), project(x, y, 1)], color("dim"), 1);
      for (const tick of ticks(0, radius ** 2, 3)) {
        const [px, py] = project(x, y, tick / radius ** 2);
        line(pen, [[px - 4, py], [px, py]], color("dim"), 1);
        text(pen, short(tick), px - 8, py, color("dim"), "right");
      }
      const [px, py] = project(x, y, 1);
      text(pen, "loss", px, py - 12, color("ink"));
    }

    function surface() {
      const [rings, sectors] = [10, 40];
      const tiles = [];
      for (let ring = 0; ring < rings; ring++) {
        for (let sector = 0; sector < sectors; sector++) {
          const corner = (dr, ds) =>
            at((ring + dr) / rings, (2 * Math.PI * (sector + ds)) / sectors);
          const corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
          tiles.push({ ring, corners, depth: near(...corner(0.5, 0.5)) });
        }
      }
      tiles.sort((a, b) => a.depth - b.depth);
      for (const { ring, corners } of tiles) {
        pen.beginPath();
        for (const corner of corners) pen.lineTo(...project(...corner));
        pen.closePath();
        for (const [name, alpha] of [["low", 0.55], ["high", (0.55 * ring) / rings]]) {
          pen.globalAlpha = alpha;
          pen.fillStyle = color(name);
          pen.fill();
        }
        pen.globalAlpha = 0.35;
        pen.strokeStyle = color("dim");
        pen.lineWidth = 0.5;
        pen.stroke();
      }
      pen.globalAlpha = 1;
      const [x, y] = project(...at(0, 0));
      line(pen, [[x - 5, y - 5], [x + 5, y + 5]], color("ink"));
      line(pen, [[x - 5, y + 5], [x + 5, y - 5]], color("ink"));
    }

    // The way over the surface, up to where it leaves the bowl.
    function path(key) {
      const { thetas, losses: heights } = runs[key];
      const points = [project(...place(thetas[0], heights[0]))];
      let inside = true;
      for (let t = 1; t <= step && inside; t++) {
        for (let part = 1; part <= 8 && inside; part++) {
          const theta = thetas[t].map(
            (value, i) => thetas[t - 1][i] + (part / 8) * (value - thetas[t - 1][i]));
          const loss = raceCore.lossOf(theta, problem);
          inside = loss <= radius ** 2;
          if (inside) points.push(project(...place(theta, loss)));
        }
      }
      line(pen, points, color("paper"), 4);
      line(pen, points, color(key), 2.2);
      thetas.slice(1, step).forEach((theta, t) => {
        if (heights[t + 1] > radius ** 2) return;
        mark(pen, key, project(...place(theta, heights[t + 1])), color(key), color("paper"), 2.5);
      });
      if (inside) mark(pen, key, points[points.length - 1], color(key), color("paper"), 6);
    }
  }

  return { marks, short, number, bowl, losses, memory, history };
}
