// The live latent space. `decode` is the decoder; the rest draws the plane and answers pointer and keys.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("latent-data").textContent);
  const COLOURS = data.colours;
  const WIDE = data.sheet.width, HIGH = data.sheet.height; // Of an image, in pixels.
  const NEAR = 14; // Pixels from a point within which the pointer is on it.
  const STEP = 1 / 60; // Of the plane's width: an arrow key's.
  const TRAVEL = 3000; // Milliseconds from one end of a line to the other.

  const $ = (id) => document.getElementById("latent-" + id);
  const plane = $("plane"), context = plane.getContext("2d");
  const screen = $("decoded").getContext("2d");

  // --- Arrays and decoder ---

  function unpack({type, data}) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    return {
      uint8: () => bytes,
      float32: () => new Float32Array(bytes.buffer),
      float16: () => Float32Array.from(new Uint16Array(bytes.buffer), fromHalf),
    }[type]();
  }

  function fromHalf(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }

  function unpackSpace(space) {
    return {
      ...space,
      codes: unpack(space.codes),
      grid: unpack(space.grid),
      layers: space.layers.map(({weight, bias}) => ({weight: unpack(weight), bias: unpack(bias)})),
    };
  }

  // Pixels in [0, 1] of the code [z1, z2].
  function decode(layers, z) {
    let h = Float32Array.from(z);
    for (const layer of layers) {
      h = linear(layer, h);
      if (layer !== layers.at(-1)) for (let unit = 0; unit < h.length; unit++) h[unit] = Math.max(h[unit], 0);
    }
    return h.map((logit) => 1 / (1 + Math.exp(-logit)));
  }

  // In a function of its own, with nothing but numbers and arrays: browsers compile it to fast code.
  function linear({weight, bias}, h) {
    const inputs = h.length, outputs = bias.length, result = new Float32Array(outputs);
    for (let unit = 0; unit < outputs; unit++) {
      let sum = bias[unit];
      for (let input = 0, at = unit * inputs; input < inputs; input++, at++) sum += weight[at] * h[input];
      result[unit] = sum;
    }
    return result;
  }

  // --- State ---

  const spaces = data.spaces.map(unpackSpace);
  const digits = unpack(data.digits);
  const shownAt = new Map(data.sheet.places.map((place, tile) => [place, tile]));
  const sheet = new Image();
  let space = spaces[0];
  let at = [0, 0]; // The code that is decoded.
  let ends = []; // Of the line.
  let nearest = null; // The place in the test set of the point under the pointer.
  let dots = null; // The plane without what moves, drawn once a size and space.

  const size = () => plane.width;
  const codeAt = (place) => space.codes.subarray(2 * place, 2 * place + 2); // Of a test image.
  const toPixel = ([x, y]) => [
    ((x - space.low[0]) / (space.high[0] - space.low[0])) * size(),
    (1 - (y - space.low[1]) / (space.high[1] - space.low[1])) * size(),
  ];
  const toCode = (px, py) => [
    space.low[0] + (px / size()) * (space.high[0] - space.low[0]),
    space.low[1] + (1 - py / size()) * (space.high[1] - space.low[1]),
  ];

  // --- Drawing ---

  function dark() {
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function drawDots() {
    const layer = document.createElement("canvas");
    layer.width = layer.height = size();
    const c = layer.getContext("2d");
    const radius = Math.max(1, size() / 450);
    c.globalAlpha = 0.75;
    for (let place = 0; place < digits.length; place++) {
      const [x, y] = toPixel(codeAt(place));
      c.fillStyle = COLOURS[digits[place]];
      c.beginPath();
      c.arc(x, y, radius, 0, 2 * Math.PI);
      c.fill();
    }
    c.globalAlpha = 1;
    if ($("grid").checked) drawGrid(c);
    if ($("contours").checked) {
      c.strokeStyle = dark() ? "#eee" : "#111";
      c.lineWidth = size() / 500;
      for (const line of space.contours) {
        c.beginPath();
        line.forEach((point) => c.lineTo(...toPixel(point)));
        c.stroke();
      }
    }
    dots = layer;
  }

  // Each image as large as the distance to its neighbours leaves room for.
  function drawGrid(c) {
    const tile = document.createElement("canvas");
    [tile.width, tile.height] = [WIDE, HIGH];
    const count = space.grid.length / 2, side = Math.round(Math.sqrt(count));
    const codes = Array.from({length: count}, (_, i) => [space.grid[2 * i], space.grid[2 * i + 1]]);
    const places = codes.map(toPixel);
    places.forEach(([x, y], i) => {
      const beside = [i % side ? i - 1 : i + 1, i + 1 < count ? i + 1 : i - 1, i - side, i + side];
      const near = beside.filter((j) => places[j]).map((j) => Math.hypot(x - places[j][0], y - places[j][1]));
      const width = Math.min(...near, size() / 18);
      paint(tile.getContext("2d"), decode(space.layers, codes[i]));
      c.drawImage(tile, x - width / 2, y - width / 2, width, width);
    });
  }

  function paint(target, pixels) {
    const image = target.createImageData(WIDE, HIGH);
    for (let i = 0; i < pixels.length; i++) {
      const at = 4 * i;
      image.data[at] = image.data[at + 1] = image.data[at + 2] = Math.round(255 * pixels[i]);
      image.data[at + 3] = 255;
    }
    target.putImageData(image, 0, 0);
  }

  function draw() {
    if (!dots) drawDots();
    context.clearRect(0, 0, size(), size());
    context.drawImage(dots, 0, 0);
    const mark = dark() ? "#fff" : "#000", unit = size() / 500;
    context.strokeStyle = context.fillStyle = mark;
    context.lineWidth = 1.5 * unit;
    if (ends.length === 2) {
      context.beginPath();
      ends.forEach((end) => context.lineTo(...toPixel(end)));
      context.stroke();
    }
    ends.forEach((end) => {
      const [x, y] = toPixel(end);
      context.fillRect(x - 4 * unit, y - 4 * unit, 8 * unit, 8 * unit);
    });
    const [x, y] = toPixel(at);
    context.beginPath();
    context.arc(x, y, 6 * unit, 0, 2 * Math.PI);
    context.moveTo(x - 11 * unit, y);
    context.lineTo(x + 11 * unit, y);
    context.moveTo(x, y - 11 * unit);
    context.lineTo(x, y + 11 * unit);
    context.stroke();
    if (nearest !== null) {
      const [nx, ny] = toPixel(codeAt(nearest));
      context.beginPath();
      context.arc(nx, ny, 4 * unit, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  }

  // --- Moving ---

  function moveTo(z, aloud = true) {
    at = z.map((value, d) => Math.min(Math.max(value, space.low[d]), space.high[d]));
    paint(screen, decode(space.layers, at));
    showNearest();
    const where = `z = (${at.map((value) => value.toFixed(2)).join(", ")})`;
    $("where").textContent = where;
    if (aloud) say(nearest === null ? where : `${where}, at a test image of the digit ${digits[nearest]}`);
    redraw();
  }

  let speaking = 0;
  function say(words) {
    clearTimeout(speaking);
    speaking = setTimeout(() => ($("status").textContent = words), 400); // Not at every step.
  }

  function showNearest() {
    const [px, py] = toPixel(at), reach = NEAR * (size() / plane.clientWidth);
    let best = reach ** 2;
    nearest = null;
    for (const place of shownAt.keys()) {
      const [x, y] = toPixel(codeAt(place));
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < best) [best, nearest] = [distance, place];
    }
    const original = $("original").getContext("2d"), rebuilt = $("rebuilt").getContext("2d");
    if (nearest === null) {
      original.clearRect(0, 0, WIDE, HIGH);
      rebuilt.clearRect(0, 0, WIDE, HIGH);
      $("digit").textContent = "-";
      return;
    }
    const tile = shownAt.get(nearest), columns = data.sheet.columns;
    original.drawImage(
      sheet, (tile % columns) * WIDE, Math.floor(tile / columns) * HIGH, WIDE, HIGH, 0, 0, WIDE, HIGH);
    paint(rebuilt, decode(space.layers, codeAt(nearest)));
    $("digit").textContent = digits[nearest];
  }

  function setEnd() {
    ends = ends.length === 2 ? [at] : [...ends, at];
    $("play").disabled = ends.length < 2;
    say(ends.length === 2 ? "line set" : "first end of a line set");
    redraw();
  }

  function play() {
    if (ends.length < 2) return;
    const start = performance.now(), [a, b] = ends;
    const frame = (now) => {
      const share = Math.min((now - start) / TRAVEL, 1);
      moveTo(a.map((value, d) => value + share * (b[d] - value)), share === 1);
      if (share < 1 && ends[0] === a && ends[1] === b) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  function choose(place) {
    space = spaces[place];
    ends = [];
    dots = null;
    $("play").disabled = true;
    $("contours").disabled = space.contours.length === 0;
    moveTo(space.low.map((value, d) => (value + space.high[d]) / 2));
  }

  function resize() {
    const width = Math.round(plane.clientWidth * (window.devicePixelRatio || 1));
    if (width && width !== plane.width) {
      plane.width = plane.height = width;
      dots = null;
      redraw();
    }
  }

  // --- Listening ---

  const codeOf = (event) => {
    const box = plane.getBoundingClientRect(), scale = size() / box.width;
    return toCode((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
  };
  plane.addEventListener("pointermove", (event) => moveTo(codeOf(event)));
  plane.addEventListener("pointerdown", (event) => {
    moveTo(codeOf(event));
    setEnd();
  });
  plane.addEventListener("keydown", (event) => {
    const width = space.high[0] - space.low[0], step = width * STEP * (event.shiftKey ? 5 : 1);
    const move = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowDown: [0, -step], ArrowUp: [0, step]}[event.key];
    if (move) moveTo(at.map((value, d) => value + move[d]));
    else if (event.key === "Enter") setEnd();
    else if (event.key === " ") play();
    else return;
    event.preventDefault();
  });
  $("play").addEventListener("click", play);
  for (const id of ["contours", "grid"]) {
    $(id).addEventListener("change", () => {
      dots = null;
      redraw();
    });
  }
  if (spaces.length > 1) $("space").addEventListener("change", (event) => choose(Number(event.target.value)));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    dots = null;
    redraw();
  });
  new ResizeObserver(resize).observe(plane);

  sheet.onload = () => moveTo(at, false);
  sheet.src = "data:image/png;base64," + data.sheet.png;
  resize();
  choose(0);

  // For tests, and for whoever wants to ask the decoder more.
  window.latent = {
    decode: (z, place = 0) => decode(spaces[place].layers, z),
    moveTo,
    shown: () => [...shownAt.keys()],
    codeAt: (place) => [...codeAt(place)],
    corners: () => [space.low, space.high],
    state: () => ({at, nearest, ends, space: spaces.indexOf(space)}),
    // A test image with its place on the plane, in the page's pixels.
    somewhere: () => {
      const place = data.sheet.places[0], scale = plane.clientWidth / size();
      return [place, ...toPixel(codeAt(place)).map((pixel) => pixel * scale)];
    },
  };
})();
