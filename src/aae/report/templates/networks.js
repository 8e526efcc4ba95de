// Arrays and perceptrons of the page, and how a drawing becomes an image as the data set has them.
"use strict";
const networks = (() => {
  // An array of the page: base64, deflated, all lowest bytes first, then all second ones, and so on.
  async function unpack({type, shape, data}) {
    const text = atob(data), deflated = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) deflated[i] = text.charCodeAt(i);
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    const planes = new Uint8Array(await new Response(stream).arrayBuffer());
    const count = shape.reduce((product, side) => product * side, 1);
    const width = planes.length / count || 1, bytes = new Uint8Array(planes.length);
    for (let byte = 0, from = 0; byte < width; byte++)
      for (let to = byte; to < bytes.length; to += width) bytes[to] = planes[from++];
    return {
      uint8: () => bytes,
      uint16: () => new Uint16Array(bytes.buffer),
      int8: () => new Int8Array(bytes.buffer),
      int16: () => new Int16Array(bytes.buffer),
      float32: () => new Float32Array(bytes.buffer),
      float16: () => Float32Array.from(new Uint16Array(bytes.buffer), fromHalf),
    }[type]();
  }

  function fromHalf(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }

  const unpackLayers = (layers) =>
    Promise.all(layers.map(async ({weight, scale, bias}) => {
      const [w, s, b] = await Promise.all([weight, scale, bias].map(unpack));
      return {weight: Float32Array.from(w), scale: s, bias: b};
    }));

  // What a perceptron with ReLU units gives.
  function apply(layers, inputs) {
    let h = Float32Array.from(inputs);
    for (const layer of layers) {
      h = linear(layer, h);
      if (layer !== layers.at(-1)) for (let unit = 0; unit < h.length; unit++) h[unit] = Math.max(h[unit], 0);
    }
    return h;
  }

  // In a function of its own, with nothing but numbers and arrays: browsers compile it to fast code.
  function linear({weight, scale, bias}, h) {
    const inputs = h.length, outputs = bias.length, result = new Float32Array(outputs);
    for (let unit = 0; unit < outputs; unit++) {
      let sum = 0;
      for (let input = 0, at = unit * inputs; input < inputs; input++, at++) sum += weight[at] * h[input];
      result[unit] = sum * scale[unit] + bias[unit];
    }
    return result;
  }

  // A drawing as MNIST has its digits: the ink fits into a square of side `box`, its centre of mass into the
  // middle of the image, by whole pixels. `ink` has values in [0, 1], row by row; null where there is none.
  function normalised(ink, inkWidth, width, height, box) {
    let left = Infinity, right = -1, top = Infinity, bottom = -1;
    for (let i = 0; i < ink.length; i++) {
      if (ink[i] === 0) continue;
      const x = i % inkWidth, y = Math.floor(i / inkWidth);
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
    if (right < 0) return null;
    const scale = box / Math.max(right - left, bottom - top);
    const small = new Float32Array(box * box); // In its upper left corner.
    const mass = {x: 0, y: 0, all: 0};
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const value = ink[y * inkWidth + x];
        if (value > 0) spread(small, box, (x - left) * scale, (y - top) * scale, scale, value);
      }
    }
    for (let i = 0; i < small.length; i++) {
      mass.all += small[i];
      mass.x += small[i] * ((i % box) + 0.5);
      mass.y += small[i] * (Math.floor(i / box) + 0.5);
    }
    // Half pixels go to the right and down, as in MNIST; no ink is lost.
    const shift = (side, mass, extent) =>
      Math.max(Math.min(Math.ceil(side / 2 - mass), side - Math.ceil(extent * scale - 1e-9)), 0);
    const dx = shift(width, mass.x / mass.all, right - left);
    const dy = shift(height, mass.y / mass.all, bottom - top);
    const image = new Float32Array(width * height);
    for (let i = 0; i < small.length; i++) {
      if (small[i] > 0) image[(Math.floor(i / box) + dy) * width + (i % box) + dx] = Math.min(small[i], 1);
    }
    return image;
  }

  // Adds a square of ink to the pixels that it covers, by the areas in common.
  function spread(pixels, side, left, top, width, value) {
    const common = (pixel, start) => Math.min(pixel + 1, start + width) - Math.max(pixel, start);
    for (let y = Math.floor(top); y < Math.min(top + width, side); y++) {
      for (let x = Math.floor(left); x < Math.min(left + width, side); x++) {
        const area = Math.max(common(x, left), 0) * Math.max(common(y, top), 0);
        pixels[y * side + x] += value * area;
      }
    }
  }

  return {unpack, unpackLayers, apply, normalised};
})();
