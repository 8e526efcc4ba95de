// The live latent space: a plane of codes, a drawing that is encoded, and the codes over training.
"use strict";
(async () => {
  const data = JSON.parse(document.getElementById("latent-data").textContent);
  const COLOURS = data.colours;
  const WIDE = data.sheet.width, HIGH = data.sheet.height; // Of an image, in pixels.
  const NEAR = 14; // Pixels from a point within which the pointer is on it.
  const STEP = 1 / 60; // Of the plane's width: an arrow key's.
  const TRAVEL = 3000; // Milliseconds from one end of a line to the other.
  const EPOCH = 700; // Milliseconds from one epoch to the next.
  const FINER = 10; // Pixels of the drawing's canvas for one of an image.
  const PEN = 0.085; // Width of a stroke, of the canvas's.
  const MARK = "#ffd60a"; // Colour of the drawing's mark.

  const $ = (id) => document.getElementById("latent-" + id);
  const plane = $("plane"), context = plane.getContext("2d");
  const sketch = $("sketch"), ink = sketch.getContext("2d", {willReadFrequently: true});
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const INK = "#111"; // On the plane, which is light in dark mode too: colours of digits are made for paper.

  if (!window.DecompressionStream) {
    $("landed").textContent = "The live plane needs a browser from 2023 or later.";
    return;
  }

  // --- What the page holds ---

  const unpackSpace = async (space) => ({
    ...space,
    codes: inPlane(await networks.unpack(space.codes), space),
    grid: await networks.unpack(space.grid),
    layers: await networks.unpackLayers(space.layers),
  });

  // Codes of whole steps from one edge of a plane to the other.
  function inPlane(steps, {low, high}) {
    return Float32Array.from(steps, (step, i) => low[i % 2] + (step / 65535) * (high[i % 2] - low[i % 2]));
  }

  const spaces = await Promise.all(data.spaces.map(unpackSpace));
  const [base] = spaces;
  const digits = await networks.unpack(data.digits);
  const encoder = await networks.unpackLayers(data.drawing.layers);
  const expected = data.drawing.expected && (await networks.unpack(data.drawing.expected));
  const places = data.sheet.places, shownAt = new Map(places.map((place, tile) => [place, tile]));
  const epochs = data.training.epochs, last = epochs.length - 1;
  // Of the shown images, an array an epoch; those of the last stand in the plane.
  const history = inPlane(await networks.unpack(data.training.codes), base);
  const sheet = new Image();
  sheet.src = "data:image/webp;base64," + data.sheet.image;
  await sheet.decode();

  // --- State ---

  let space = base;
  let at = [0, 0]; // The code that is decoded.
  let ends = []; // Of the line.
  let nearest = null; // The place in the test set of the point under the pointer.
  let dots = null; // The plane without what moves, drawn once a size, space and epoch.
  let epoch = last; // Whose codes are shown; between two while they move.
  let drawn = null; // The drawing: its image, its code, and the test image's place if it is one.

  // Pixels in [0, 1] of the code [z1, z2].
  const decode = (layers, z) => networks.apply(layers, z).map((logit) => 1 / (1 + Math.exp(-logit)));
  const encode = (image) => [...networks.apply(encoder, image)];

  const size = () => plane.width;
  const trained = () => space !== base || epoch === last;
  const toPixel = ([x, y]) => [
    ((x - space.low[0]) / (space.high[0] - space.low[0])) * size(),
    (1 - (y - space.low[1]) / (space.high[1] - space.low[1])) * size(),
  ];
  const toCode = (px, py) => [
    space.low[0] + (px / size()) * (space.high[0] - space.low[0]),
    space.low[1] + (1 - py / size()) * (space.high[1] - space.low[1]),
  ];

  // The code of a test image; of the shown ones at any epoch.
  function codeAt(place) {
    if (trained()) return space.codes.subarray(2 * place, 2 * place + 2);
    const first = Math.floor(epoch), share = epoch - first, tile = shownAt.get(place);
    const [from, to] = [first, first + 1].map((which) =>
      which < last ? history.subarray(2 * (which * places.length + tile)) : base.codes.subarray(2 * place));
    return [0, 1].map((d) => from[d] + (share ? share * (to[d] - from[d]) : 0));
  }

  // --- Drawing ---

  function drawDots() {
    const layer = document.createElement("canvas");
    layer.width = layer.height = size();
    const c = layer.getContext("2d");
    const all = trained() ? digits.keys() : places;
    // Fewer points are larger, for as much colour.
    const radius = Math.max(1, size() / 450) * (trained() ? 1 : Math.min((digits.length / places.length) ** 0.25, 2));
    c.globalAlpha = 0.75;
    for (const place of all) {
      const [x, y] = toPixel(codeAt(place));
      c.fillStyle = COLOURS[digits[place]];
      c.beginPath();
      c.arc(x, y, radius, 0, 2 * Math.PI);
      c.fill();
    }
    c.globalAlpha = 1;
    if ($("grid").checked && trained()) drawGrid(c);
    if ($("contours").checked) {
      c.strokeStyle = INK;
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
    const middles = codes.map(toPixel);
    middles.forEach(([x, y], i) => {
      const beside = [i % side ? i - 1 : i + 1, i + 1 < count ? i + 1 : i - 1, i - side, i + side];
      const near = beside.filter((j) => middles[j]).map((j) => Math.hypot(x - middles[j][0], y - middles[j][1]));
      const width = Math.min(...near, size() / 18);
      paint(tile, decode(space.layers, codes[i]));
      c.drawImage(tile, x - width / 2, y - width / 2, width, width);
    });
  }

  // Pixels in [0, 1] on a canvas of their size.
  function paint(canvas, pixels) {
    const target = canvas.getContext("2d"), image = target.createImageData(WIDE, HIGH);
    for (let i = 0; i < pixels.length; i++) {
      image.data.fill(Math.round(255 * pixels[i]), 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    }
    target.putImageData(image, 0, 0);
  }

  // A shown test image on a canvas, as large as that is.
  function paintTest(target, place) {
    const tile = shownAt.get(place), columns = data.sheet.columns;
    const {width, height} = target.canvas;
    target.imageSmoothingEnabled = false;
    target.drawImage(
      sheet, (tile % columns) * WIDE, Math.floor(tile / columns) * HIGH, WIDE, HIGH, 0, 0, width, height);
  }

  // The pixel of a canvas at which the pointer is.
  function onCanvas(canvas, event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height];
  }

  const clear = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);

  function draw() {
    if (!dots) drawDots();
    context.clearRect(0, 0, size(), size());
    context.drawImage(dots, 0, 0);
    if (!trained()) return;
    const unit = size() / plane.clientWidth;
    context.strokeStyle = context.fillStyle = INK;
    context.lineWidth = 2 * unit;
    if (ends.length === 2) {
      context.beginPath();
      ends.forEach((end) => context.lineTo(...toPixel(end)));
      context.stroke();
    }
    ends.forEach((end) => {
      const [x, y] = toPixel(end);
      context.fillRect(x - 5 * unit, y - 5 * unit, 10 * unit, 10 * unit);
    });
    const [x, y] = toPixel(at);
    context.beginPath();
    context.arc(x, y, 7 * unit, 0, 2 * Math.PI);
    context.moveTo(x - 13 * unit, y);
    context.lineTo(x + 13 * unit, y);
    context.moveTo(x, y - 13 * unit);
    context.lineTo(x, y + 13 * unit);
    context.stroke();
    if (nearest !== null) {
      const [nx, ny] = toPixel(codeAt(nearest));
      context.beginPath();
      context.arc(nx, ny, 5 * unit, 0, 2 * Math.PI);
      context.stroke();
    }
    if (drawn && space === base) drawMark(unit);
  }

  // The drawing's place: at the edge if it lies beyond.
  function drawMark(unit) {
    const reach = 9 * unit;
    const [x, y] = toPixel(drawn.code).map((v) => Math.min(Math.max(v, reach), size() - reach));
    context.beginPath();
    for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(x + dx * reach, y + dy * reach);
    context.closePath();
    context.lineJoin = "round";
    for (const [colour, width] of [["#fff", 6], ["#000", 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * unit;
      context.stroke();
    }
    context.fillStyle = MARK;
    context.fill();
    context.font = `bold ${14 * unit}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.textAlign = x > size() / 2 ? "right" : "left";
    const left = x + (x > size() / 2 ? -1 : 1) * 15 * unit, words = drawn.place === null ? "your digit" : "this image";
    context.strokeStyle = "#fff";
    context.lineWidth = 4 * unit;
    context.strokeText(words, left, y);
    context.fillStyle = "#000";
    context.fillText(words, left, y);
  }

  // A function that does the work with the next frame, once however often it is called before.
  function oncePerFrame(work) {
    let asked = false;
    return () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        work();
      });
    };
  }
  const redraw = oncePerFrame(draw);

  function redrawDots() {
    dots = null;
    redraw();
  }

  let speaking = 0;
  function say(words) {
    clearTimeout(speaking);
    speaking = setTimeout(() => ($("status").textContent = words), 400); // Not at every step.
  }

  const numbers = (z) => `(${z.map((value) => value.toFixed(2)).join(", ")})`.replaceAll("-0.00", "0.00");

  // --- The point that is decoded ---

  function moveTo(z, aloud = true) {
    at = z.map((value, d) => Math.min(Math.max(value, space.low[d]), space.high[d]));
    // The decoder is the trained one's, and does not fit codes of earlier epochs.
    if (trained()) paint($("decoded"), decode(space.layers, at));
    else clear($("decoded"));
    showNearest();
    $("where").textContent = numbers(at);
    const where = `z = ${numbers(at)}`;
    if (aloud) say(nearest === null ? where : `${where}, at a test image of the digit ${digits[nearest]}`);
    redraw();
  }

  function showNearest() {
    const [px, py] = toPixel(at), reach = NEAR * (size() / plane.clientWidth);
    let best = reach ** 2;
    nearest = null;
    for (const place of places) {
      const [x, y] = toPixel(codeAt(place));
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < best) [best, nearest] = [distance, place];
    }
    $("digit").textContent = nearest === null ? "-" : digits[nearest];
    if (nearest === null) clear($("original"));
    else paintTest($("original").getContext("2d"), nearest);
    if (nearest === null || !trained()) clear($("rebuilt"));
    else paint($("rebuilt"), decode(space.layers, codeAt(nearest)));
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
    stop();
    space = spaces[place];
    ends = [];
    $("play").disabled = true;
    $("contours").disabled = space.contours.length === 0;
    $("space").value = place;
    goTo(last);
    moveTo(space.low.map((value, d) => (value + space.high[d]) / 2));
    redrawDots();
  }

  function resize() {
    const width = Math.round(plane.clientWidth * (window.devicePixelRatio || 1));
    if (width && width !== plane.width) {
      plane.width = plane.height = width;
      redrawDots();
    }
  }

  // --- A drawing ---

  sketch.width = WIDE * FINER;
  sketch.height = HIGH * FINER;

  // A test image, as it is.
  function put(place) {
    clear(sketch);
    paintTest(ink, place);
    const tile = document.createElement("canvas");
    [tile.width, tile.height] = [WIDE, HIGH];
    const target = tile.getContext("2d");
    paintTest(target, place);
    land(grey(target), place);
    say(`a test image of the digit ${digits[place]}: ${$("landed").textContent}`);
  }

  const grey = (c) => {
    const {data} = c.getImageData(0, 0, c.canvas.width, c.canvas.height);
    return Float32Array.from({length: data.length / 4}, (_, i) => (data[4 * i] * data[4 * i + 3]) / 255 ** 2);
  };

  // What was drawn, centred and scaled as the data are.
  function readSketch() {
    const image = networks.normalised(grey(ink), sketch.width, WIDE, HIGH, data.drawing.box);
    if (image) land(image, null);
    else wipe();
  }

  function land(image, place) {
    if (!trained() || space !== base) choose(0);
    drawn = {image, place, code: encode(image)};
    paint($("seen"), image);
    paint($("redrawn"), decode(base.layers, drawn.code));
    $("landed").textContent = `z = ${numbers(drawn.code)}. ${density(drawn.code)}`;
    const near = neighbours(drawn.code).filter((each) => each !== place);
    const canvases = [...$("near").children];
    canvases.forEach((canvas, i) => paintTest(canvas.getContext("2d"), near[i]));
    $("near").setAttribute(
      "aria-label", `nearest test images: ${canvases.map((_, i) => digits[near[i]]).join(", ")}`);
    redraw();
  }

  function wipe() {
    drawn = null;
    [sketch, $("seen"), $("redrawn"), ...$("near").children].forEach(clear);
    $("near").setAttribute("aria-label", "nearest test images: none");
    $("landed").textContent = "Nothing is drawn yet.";
    redraw();
  }

  // The shown test images, the nearest code first.
  function neighbours(z) {
    const distance = (place) => Math.hypot(base.codes[2 * place] - z[0], base.codes[2 * place + 1] - z[1]);
    return places.map((place) => [distance(place), place]).sort((a, b) => a[0] - b[0]).map(([, place]) => place);
  }

  // How many codes are near, beside how many the prior has there.
  function counts(z) {
    const radius = data.drawing.radius;
    let found = 0;
    for (let i = 0; i < base.codes.length; i += 2)
      if (Math.hypot(base.codes[i] - z[0], base.codes[i + 1] - z[1]) <= radius) found++;
    return {found, due: expected && interpolated(z)};
  }

  function interpolated(z) {
    const side = data.drawing.expected.shape[0];
    const place = z.map((value, d) => ((value - base.low[d]) / (base.high[d] - base.low[d])) * (side - 1));
    if (place.some((value) => value < 0 || value > side - 1)) return 0;
    const [i, j] = place.map((value) => Math.min(Math.floor(value), side - 2));
    const [u, v] = [place[0] - i, place[1] - j];
    const row = (k) => expected[k * side + i] * (1 - u) + expected[k * side + i + 1] * u;
    return row(j) * (1 - v) + row(j + 1) * v;
  }

  function density(z) {
    const {found, due} = counts(z), total = digits.length.toLocaleString("en");
    const near = `${found} of ${total} test codes lie within ${data.drawing.radius.toFixed(2)} of it`;
    if (due === null) return `${near}.`;
    if (due < 1) return `${near}; the prior expects next to none.`;
    return `${near}; the prior expects ${Math.round(due)}. So q(z) is ${(found / due).toFixed(2)} times p(z) there.`;
  }

  let stroke = null; // Where the pen is.
  function mark(point) {
    ink.strokeStyle = "#fff";
    ink.lineWidth = PEN * sketch.width;
    ink.lineCap = ink.lineJoin = "round";
    ink.beginPath();
    ink.moveTo(...stroke);
    ink.lineTo(...point);
    ink.stroke();
    stroke = point;
  }

  const readSoon = oncePerFrame(readSketch);

  sketch.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    sketch.setPointerCapture(event.pointerId);
    if (drawn && drawn.place !== null) wipe(); // A test image makes room for a digit of one's own.
    stroke = onCanvas(sketch, event);
    mark(stroke);
    readSoon();
    event.preventDefault();
  });
  sketch.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) mark(onCanvas(sketch, each));
    readSoon();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    sketch.addEventListener(end, () => {
      if (!stroke) return;
      stroke = null;
      readSketch();
      say(`your digit: ${$("landed").textContent}`);
    });
  }
  $("random").addEventListener("click", () => put(places[Math.floor(Math.random() * places.length)]));
  $("clear").addEventListener("click", () => {
    wipe();
    say("cleared");
  });

  // --- Training ---

  const slider = $("epoch");
  let moving = 0; // The latest move from epoch to epoch; earlier ones stop.
  slider.max = last;

  const lossesOf = (place) => data.training.curves.map(({title, values}) => `${title}: ${values[place].toFixed(3)}`);

  function goTo(place, travel = 0, then = () => {}) {
    const from = epoch, start = performance.now(), move = ++moving;
    slider.value = place;
    slider.setAttribute("aria-valuetext", [`epoch ${epochs[place]} of ${epochs[last]}`, ...lossesOf(place)].join("; "));
    $("epoch-name").textContent = `epoch ${epochs[place]} of ${epochs[last]}`;
    data.training.curves.forEach(({values}, i) => showCurve($(`curve-${i}`), values, place));
    const step = (now) => {
      if (move !== moving) return;
      const share = travel ? Math.min(Math.max((now - start) / travel, 0), 1) : 1;
      epoch = share === 1 ? place : from + share * (place - from);
      dots = null;
      if (share < 1) {
        draw();
        requestAnimationFrame(step);
      } else {
        moveTo(at, false);
        then();
      }
    };
    if (travel) requestAnimationFrame(step);
    else step(start);
  }

  function showCurve(row, values, place) {
    row.querySelector(".value").textContent = values[place].toFixed(3);
    const most = Math.max(...values), wide = 100, high = 26;
    const points = values.map((value, i) => [3 + (i / Math.max(last, 1)) * (wide - 6), high - 3 - (value / most) * (high - 6)]);
    row.querySelector("polyline").setAttribute("points", points.join(" "));
    const dot = row.querySelector("circle");
    ["cx", "cy"].forEach((name, d) => dot.setAttribute(name, points[place][d]));
  }

  let playing = null;
  function stop() {
    clearTimeout(playing);
    playing = null;
    $("train").textContent = "Play the training";
  }

  function playTraining() {
    $("train").textContent = "Stop";
    goTo(0);
    const next = (place) => {
      if (place > last) {
        stop();
        say(slider.getAttribute("aria-valuetext"));
        return;
      }
      // Whoever wants less motion sees one epoch after the other, none move.
      if (still.matches) playing = setTimeout(() => goTo(place, 0, () => next(place + 1)), EPOCH);
      else playing = setTimeout(() => goTo(place, 0.7 * EPOCH, () => next(place + 1)), 0.3 * EPOCH);
    };
    next(1);
  }

  slider.addEventListener("input", () => {
    const place = Number(slider.value);
    stop();
    if (space !== base) choose(0);
    goTo(place, still.matches ? 0 : EPOCH / 3);
  });
  $("train").addEventListener("click", () => {
    if (playing) {
      stop();
      goTo(Math.round(epoch));
      return;
    }
    if (space !== base) choose(0);
    playTraining();
  });

  // --- Listening ---

  const codeOf = (event) => toCode(...onCanvas(plane, event));
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
  for (const id of ["contours", "grid"]) $(id).addEventListener("change", redrawDots);
  $("space").addEventListener("change", (event) => choose(Number(event.target.value)));
  new ResizeObserver(resize).observe(plane);

  resize();
  choose(0);
  put(places[0]);
  $("status").textContent = "";
  clearTimeout(speaking);

  // For tests, and for whoever wants to ask the networks more.
  window.latent = {
    decode: (z, place = 0) => decode(spaces[place].layers, z),
    moveTo,
    put,
    counts,
    image: () => [...drawn.image],
    normalised: (pixels, width) => networks.normalised(pixels, width, WIDE, HIGH, data.drawing.box),
    shown: () => places,
    codeAt: (place) => [...codeAt(place)],
    corners: () => [space.low, space.high],
    state: () => ({at, nearest, ends, space: spaces.indexOf(space), epoch, drawing: drawn && drawn.code}),
    // A test image with its place on the plane, in the page's pixels.
    somewhere: () => {
      const place = places[0], scale = plane.clientWidth / size();
      return [place, ...toPixel(codeAt(place)).map((pixel) => pixel * scale)];
    },
  };
})();
