// "Step through a cell": recorded gates and states of two networks, one time step at a time.
// A letter has the same colour in all variants; gates that keep the old state share one.
const COLOURS = {
  i: "#2b95d6",
  f: "#d47c24",
  z: "#d47c24",
  o: "#9179f2",
  r: "#9179f2",
  g: "#29a634",
  n: "#29a634",
  h: "#d13b6f",
  c: "#7a8793",
};
const PLOT = { left: 48, right: 668, top: 8, bottom: 166, key: 202 };
const PAUSE = 700; // ms, between two time steps while it plays

const svg = (name, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

// A part of the diagram whose box is another gate: coupled gates have f = 1 - i.
const GATE_OF_PART = { coupling: "f" };
const DASHES = { i: "7 3", f: "3 3", o: "12 4", r: "7 3", z: "3 3" };

// Two decimals, and no sign of a zero.
const shown = (value) => (Math.round(value * 100) / 100 + 0).toFixed(2);

const isGate = (name) => !["h", "c", "g", "n"].includes(name);

// The curves of all gates and states over the sequence, and a line at the time step.
const drawPlot = (plot, steps, unit, time) => {
  const curves = Object.entries(steps).map(([name, rows]) => [name, rows.map((row) => row[unit])]);
  const values = curves.flatMap(([, row]) => row);
  const [low, high] = [Math.min(-1, ...values), Math.max(1, ...values)];
  const length = curves[0][1].length;
  const x = (k) => PLOT.left + ((PLOT.right - PLOT.left) * k) / Math.max(1, length - 1);
  const y = (value) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * (value - low)) / (high - low);
  plot.replaceChildren();
  for (const value of new Set([Math.ceil(low), 0, 1, Math.floor(high)])) {
    const line = { x1: PLOT.left, x2: PLOT.right, y1: y(value), y2: y(value), class: "grid" };
    plot.append(svg("line", line));
    plot.append(svg("text", { x: PLOT.left - 8, y: y(value) + 7, class: "tick" }, value));
  }
  const now = { x1: x(time), x2: x(time), y1: PLOT.top, y2: PLOT.bottom, class: "now" };
  plot.append(svg("line", now));
  curves.forEach(([name, row], k) => {
    const points = row.map((value, t) => `${x(t)},${y(value)}`).join(" ");
    const look = { stroke: COLOURS[name], "stroke-dasharray": DASHES[name] ?? "none" };
    plot.append(svg("polyline", { points, ...look }));
    plot.append(svg("circle", { cx: x(time), cy: y(row[time]), r: 5, fill: COLOURS[name] }));
    const left = PLOT.left + 100 * k;
    plot.append(svg("line", { x1: left, x2: left + 44, y1: PLOT.key, y2: PLOT.key, class: "key", ...look }));
    plot.append(svg("text", { x: left + 52, y: PLOT.key + 7, class: "key" }, name));
  });
};

// The value of each gate as the fill of its box.
const fillDiagram = (diagram, steps, unit, time) => {
  for (const part of diagram.querySelectorAll("[data-part]:not(.removed)")) {
    const name = GATE_OF_PART[part.dataset.part] ?? part.dataset.part;
    const values = steps[name];
    const box = part.querySelector("rect");
    if (!values || !box || !isGate(name)) continue;
    part.querySelector(".level")?.remove();
    const [width, height] = [box.width.baseVal.value, box.height.baseVal.value];
    const level = Math.max(0, Math.min(1, values[time][unit])) * height;
    const [left, top] = [box.x.baseVal.value, box.y.baseVal.value + height - level];
    box.after(svg("rect", { x: left, y: top, width, height: level, class: "level" }));
  }
};

const start = (stepper) => {
  const sequences = JSON.parse(stepper.querySelector(".stepper-data").content.textContent);
  const find = (name) => stepper.querySelector(`.stepper-${name}`);
  let timer; // of the next time step; undefined while it does not play
  const slider = stepper.querySelector("input[type=range]");
  const sides = [...stepper.querySelectorAll(".stepper-side")];

  const showDiagram = (side) => {
    const model = side.querySelector(".stepper-model").value;
    const template = stepper.querySelector(`template[data-model="${model}"]`);
    const box = side.querySelector(".stepper-diagram");
    box.innerHTML = template.innerHTML.replaceAll("SIDE", side.dataset.side);
  };

  const show = () => {
    const { symbols, outputs, models } = sequences[find("sequence").value];
    const [time, unit] = [slider.value - 1, find("unit").selectedIndex];
    find("symbols").replaceChildren(
      ...symbols.map((symbol, k) => {
        const mark = document.createElement(k === time ? "mark" : "span");
        mark.textContent = symbol;
        return mark;
      }),
    );
    const place = `Time step ${time + 1} of ${symbols.length}, input ${symbols[time]}`;
    for (const side of sides) {
      const model = side.querySelector(".stepper-model").value;
      const { steps, outputs: given } = models[model];
      drawPlot(side.querySelector(".stepper-plot"), steps, unit, time);
      fillDiagram(side.querySelector(".stepper-diagram"), steps, unit, time);
      const rows = Object.entries(steps).map(([name, values]) => [name, values[time][unit]]);
      rows.push(...outputs.map((name, k) => [`output: ${name}`, given[time][k]]));
      const table = stepper.querySelector(`.stepper-values[data-side=${side.dataset.side}]`);
      table.caption.textContent = `${model}, time step ${time + 1}`;
      table.tBodies[0].innerHTML = rows
        .map(([name, value]) => `<tr><th scope="row">${name}</th><td>${shown(value)}</td></tr>`)
        .join("");
    }
    find("count").textContent = `${time + 1} of ${symbols.length}`;
    slider.setAttribute("aria-valuetext", place);
    return place;
  };
  // For a screen reader that is not on the slider, which has the place as its value.
  const announce = () => (find("status").textContent = show());

  const begin = () => {
    slider.max = sequences[find("sequence").value].symbols.length;
    slider.value = 1;
    show();
  };
  const pause = () => {
    clearTimeout(timer);
    timer = undefined;
    find("play").textContent = "Play";
  };
  const move = (by) => {
    pause();
    slider.value = Number(slider.value) + by;
    announce();
  };
  const isAtEnd = () => slider.value === slider.max;

  // Time steps follow one another without announcements; where it stops is announced.
  const next = () => {
    timer = setTimeout(() => {
      if (!stepper.isConnected) return; // another page is shown
      slider.value = Number(slider.value) + 1;
      show();
      isAtEnd() ? move(0) : next();
    }, PAUSE);
  };
  const play = () => {
    if (isAtEnd()) slider.value = 1;
    find("play").textContent = "Pause";
    show();
    next();
  };

  find("sequence").addEventListener("change", () => {
    pause();
    begin();
    announce();
  });
  find("unit").addEventListener("change", announce);
  slider.addEventListener("input", () => {
    pause();
    show();
  });
  find("play").addEventListener("click", () => (timer === undefined ? play() : move(0)));
  find("back").addEventListener("click", () => move(-1));
  find("forward").addEventListener("click", () => move(1));
  for (const side of sides) {
    side.querySelector(".stepper-model").addEventListener("change", () => {
      showDiagram(side);
      show();
    });
    showDiagram(side);
  }
  stepper.hidden = false;
  document.querySelector(".stepper-static").hidden = true;
  begin();
};

document$.subscribe(() => document.querySelectorAll(".stepper[hidden]").forEach(start));
