function (root, data) {
  // Draws one frame of `data` with boxes, one map and the loss curves; everything is embedded.
  const make = (tag, parent, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(tag), properties));
  const [width, height] = data.size;
  const last = data.frames.length - 1;
  const sheet = root.querySelector("img.sheet");
  const maps = {};
  let timer = null;

  const bar = make("div", root);
  bar.style.cssText = "display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;margin:4px 0";
  const play = make("button", bar, { textContent: "Play", type: "button" });
  play.style.minWidth = "4.5em";
  const slider = make("input", bar, { type: "range", min: 0, max: last, value: 0 });
  slider.setAttribute("aria-label", "frame");
  slider.style.cssText = "flex:1 1 180px;max-width:420px";
  const label = make("span", bar);
  label.style.minWidth = "6em";
  const choice = make("select", bar);
  choice.setAttribute("aria-label", "map over the frame");
  make("option", choice, { textContent: "no map", value: "" });
  for (const track of data.tracks) {
    for (const [layer, source] of Object.entries(track.layers)) {
      const key = `${track.name}: ${layer}`;
      make("option", choice, { textContent: key, value: key });
      maps[key] = { track, image: new Image() };
      maps[key].image.onload = () => draw();
      maps[key].image.src = `data:image/png;base64,${source}`;
    }
  }

  const stage = make("div", root);
  stage.style.cssText = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start";
  const view = make("canvas", stage, { className: "view", width: 2 * width, height: 2 * height });
  view.style.cssText = `width:min(100%, ${1.5 * width}px)`;
  const chart = make("canvas", stage, { className: "chart", width: 640, height: 400 });
  chart.style.cssText = "width:min(100%, 380px)";
  const legend = make("div", root);
  legend.style.cssText = "display:flex;flex-wrap:wrap;gap:4px 18px;margin:4px 0";
  const entry = (name, color) => {
    const line = make("span", legend);
    const mark = make("span", line);
    mark.style.cssText =
      `display:inline-block;width:14px;height:10px;margin-right:6px;background:${color}`;
    make("span", line, { textContent: name });
    return make("span", line);
  };
  entry("truth", data.truth.color);
  const readings = data.tracks.map((track) => entry(track.name, track.color));

  function outline(pen, box, color, thickness) {
    if (!box) return;
    pen.lineWidth = thickness;
    pen.strokeStyle = color;
    pen.strokeRect(...box.map((value) => 2 * value));
  }

  function drawChart(frame) {
    const pen = chart.getContext("2d");
    const losses = data.tracks.flatMap((track) => track.losses.map((point) => point[1]));
    const positive = losses.filter((loss) => loss > 0);
    const [left, right, top, bottom] = [80, 630, 20, 340];
    const low = Math.log10(Math.min(...positive, 1)) - 0.1;
    const high = Math.log10(Math.max(...positive, 0.01)) + 0.1;
    const end = Math.max(data.frames[last], 1);
    const x = (value) => left + ((right - left) * value) / end;
    const y = (value) =>
      bottom - ((bottom - top) * (Math.log10(Math.max(value, 1e-9)) - low)) / (high - low);
    const ink = getComputedStyle(root).color;
    pen.clearRect(0, 0, chart.width, chart.height);
    pen.font = "20px sans-serif";
    pen.fillStyle = pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(left, top, right - left, bottom - top);
    const digits = high - low < 2 ? [1, 2, 5] : [1];
    for (let power = Math.floor(low); power <= high; power++) {
      for (const digit of digits) {
        const height = y(digit * 10 ** power);
        if (height < top || height > bottom) continue;
        pen.textAlign = "right";
        pen.fillText(String(Number(`${digit}e${power}`)), left - 8, height + 7);
        pen.beginPath();
        pen.moveTo(left, height);
        pen.lineTo(left + 8, height);
        pen.stroke();
      }
    }
    pen.textAlign = "center";
    pen.fillText(`frame (0 to ${end})`, (left + right) / 2, bottom + 40);
    pen.fillText("update loss (12)", (left + right) / 2, top + 28);
    for (const track of data.tracks) {
      pen.strokeStyle = pen.fillStyle = track.color;
      pen.lineWidth = 3;
      pen.beginPath();
      for (const [moment, loss] of track.losses) pen.lineTo(x(moment), y(loss));
      pen.stroke();
      for (const [moment, loss] of track.losses) {
        if (moment <= frame) pen.fillRect(x(moment) - 5, y(loss) - 5, 10, 10);
      }
    }
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x(frame), top);
    pen.lineTo(x(frame), bottom);
    pen.stroke();
  }

  function draw() {
    const index = Number(slider.value);
    const frame = data.frames[index];
    const pen = view.getContext("2d");
    const [column, row] = [index % data.columns, Math.floor(index / data.columns)];
    pen.drawImage(sheet, column * width, row * height, width, height, 0, 0, view.width, view.height);
    const map = maps[choice.value];
    if (map && map.image.complete && map.track.regions[index]) {
      const side = map.image.width / data.frames.length;
      const [left, top, w, h] = map.track.regions[index].map((value) => 2 * value);
      pen.drawImage(map.image, index * side, 0, side, map.image.height, left, top, w, h);
    }
    outline(pen, data.truth.boxes[index], data.truth.color, 2);
    for (const track of data.tracks) outline(pen, track.boxes[index], track.color, 4);
    label.textContent = `frame ${frame}`;
    data.tracks.forEach((track, number) => {
      const overlap = track.overlaps[index];
      readings[number].textContent = overlap === null ? "" : `, overlap ${overlap.toFixed(2)}`;
    });
    drawChart(frame);
  }

  function rest() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }
  play.onclick = () => {
    if (timer) return rest();
    if (Number(slider.value) === last) slider.value = 0;
    play.textContent = "Pause";
    timer = setInterval(() => {
      // The page may have dropped this output.
      if (!root.isConnected || Number(slider.value) === last) return rest();
      slider.value = Number(slider.value) + 1;
      draw();
    }, 120);
  };
  slider.oninput = draw;
  choice.onchange = draw;
  sheet.style.display = "none";
  sheet.decode().then(draw);
  // JupyterLab and the documentation note their theme on the body; the chart's ink follows it.
  new MutationObserver((_, observer) => (root.isConnected ? draw() : observer.disconnect()))
    .observe(document.body, { attributes: true });
}
