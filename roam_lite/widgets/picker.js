// Shows a picture and lets the pointer draw one box on it; positions are those of the picture.
function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "roam-picker";
  canvas.style.cssText = "max-width:100%;cursor:crosshair;touch-action:none";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "first frame; drag to draw the box, or type it below");
  el.appendChild(canvas);
  const picture = new Image();
  let start = null;
  let dragged = null;

  function draw() {
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0);
    const box = dragged ?? model.get("box");
    if (box.length !== 4) return;
    const thickness = Math.max(2, canvas.width / 160);
    for (const [color, width] of [["black", thickness + 2], [model.get("color"), thickness]]) {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.strokeRect(...box);
    }
  }

  function load() {
    const bytes = model.get("picture");
    if (bytes.byteLength === 0) return;
    const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    picture.onload = () => {
      URL.revokeObjectURL(url);
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        canvas.width = picture.width;
        canvas.height = picture.height;
      }
      draw();
    };
    picture.src = url;
  }

  function position(event) {
    const area = canvas.getBoundingClientRect();
    const x = ((event.clientX - area.left) * canvas.width) / area.width;
    const y = ((event.clientY - area.top) * canvas.height) / area.height;
    return [Math.min(Math.max(x, 0), canvas.width), Math.min(Math.max(y, 0), canvas.height)];
  }

  canvas.onpointerdown = (event) => {
    if (!model.get("enabled")) return;
    canvas.setPointerCapture(event.pointerId);
    start = position(event);
  };
  canvas.onpointermove = (event) => {
    if (!start) return;
    const end = position(event);
    const corner = [Math.min(start[0], end[0]), Math.min(start[1], end[1])];
    dragged = [...corner, Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])];
    draw();
  };
  canvas.onpointerup = () => {
    // A click without a drag draws nothing.
    if (dragged && dragged[2] >= 2 && dragged[3] >= 2) {
      model.set("box", dragged.map((value) => Math.round(10 * value) / 10));
      model.save_changes();
    }
    start = dragged = null;
    draw();
  };
  model.on("change:picture", load);
  model.on("change:box", draw);
  load();
}
export default { render };
