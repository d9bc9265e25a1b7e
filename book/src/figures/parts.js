// What the figures are built from: elements, controls, and a line that is read aloud.
(function (root) {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";

  /** An HTML element; `props` are attributes, and functions are listeners. */
  function html(name, props = {}, ...children) {
    return fill(document.createElement(name), props, children);
  }

  function svg(name, props = {}, ...children) {
    return fill(document.createElementNS(SVG, name), props, children);
  }

  function fill(element, props, children) {
    for (const [key, value] of Object.entries(props)) {
      if (typeof value === "function") element.addEventListener(key, value);
      else if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  let ids = 0;

  /** A slider with its value beside it. `text` says the value in words, for eyes and ears. */
  function slider(label, { min, max, value, text = String }, changed) {
    const id = `wt-${++ids}`;
    const output = html("output", { for: id }, text(value));
    const input = html("input", { id, type: "range", min, max, value, "aria-valuetext": text(value) });
    input.addEventListener("input", () => {
      output.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
      changed(Number(input.value));
    });
    return html("div", { class: "wt-control" }, html("label", { for: id }, label), input, output);
  }

  /** One of several words. */
  function choice(label, words, chosen, changed) {
    const name = `wt-${++ids}`;
    const options = words.map(([value, text]) =>
      html(
        "label",
        {},
        html("input", {
          type: "radio",
          name,
          value,
          checked: value === chosen,
          change: () => changed(value),
        }),
        ` ${text}`,
      ),
    );
    return html("fieldset", { class: "wt-control wt-choice" }, html("legend", {}, label), ...options);
  }

  function button(label, pressed) {
    return html("button", { type: "button", class: "wt-button", click: pressed }, label);
  }

  /** Puts a figure in the place of each element of the class `wt-figure` with this name. */
  function place(name, title, build) {
    const start = () => {
      for (const figure of document.querySelectorAll(`.wt-figure[data-figure="${name}"]`)) {
        const picture = html("div", { class: "wt-picture" });
        const status = html("p", { class: "wt-status", role: "status", "aria-live": "polite" });
        const controls = html("div", { class: "wt-controls" });
        // What stood there said what one misses without JavaScript.
        figure.replaceChildren(html("h4", {}, title), controls, picture, status);
        figure.setAttribute("role", "group");
        figure.setAttribute("aria-label", title);
        build({ controls, picture, status });
      }
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
  }

  /** Two columns: what is counted, and how many. */
  function table(caption, rows) {
    return html(
      "table",
      { class: "wt-counts" },
      html("caption", {}, caption),
      html(
        "tbody",
        {},
        ...rows.map(([what, value]) => html("tr", {}, html("th", { scope: "row" }, what), html("td", {}, String(value)))),
      ),
    );
  }

  root.WtParts = { html, svg, slider, choice, button, place, table };
})(globalThis);
